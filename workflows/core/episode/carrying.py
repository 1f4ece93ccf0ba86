"""What an episode hands on to the one that follows it on another pathway.

Use, tests, medication, flags, goals, the screening, the team and closed days stay true whatever the pathway.
Attendance, tasks and decisions belong to the program they were made in, and consents are never inherited silently (E3).
"""

from typing import Any

from workflows.core.episode.entries import (
    Closure,
    Entry,
    Flag,
    Goal,
    Medication,
    Screening,
    Source,
    TeamChange,
    Test,
    Use,
)
from workflows.core.episode.facts import Answer, Facts

CARRIED: tuple[type[Entry], ...] = (Screening, Use, Test, Medication, Flag, Goal, TeamChange, Closure)


def carried_over(facts: Facts, decision: Answer, level: str) -> tuple[dict[str, Any], ...]:
    """The entries to begin with, as plain JSON: what stands of the kinds above, dated as it was, and the level of care
    on which the decision to move on was taken."""
    entries = [recorded for kind in CARRIED for recorded in facts.record.standing(kind)]
    carried = [
        {
            **recorded.entry.model_dump(
                mode="json",
                by_alias=True,
                exclude_none=True,
                exclude={"supersedes", "supersedes_reason", "signature"},
            ),
            "source": Source.IMPORT.value,
            **({"on": recorded.effective_at.date().isoformat()} if _undated(recorded.entry) else {}),
        }
        for recorded in entries
    ]
    if facts.last_use_on and not any(entry["kind"] == "use" for entry in carried):
        # What admission stated is no return to use of the episode to come: it lies before its admission.
        carried.append(
            {
                "kind": "use",
                "id": f"{decision.key}:last-use",
                "by": decision.by,
                "on": facts.last_use_on.isoformat(),
                "source": Source.IMPORT.value,
            }
        )
    decided = {
        "kind": "level_of_care",
        "id": f"{decision.key}:level",
        "by": decision.by,
        "level": level,
        "reason": decision.reason or decision.choice,
        "source": Source.IMPORT.value,
        "on": facts.calendar.day_of(decision.at).isoformat(),
    }
    return (*carried, decided)


def _undated(entry: Entry) -> bool:
    return entry.when() is None and "on" in type(entry).model_fields
