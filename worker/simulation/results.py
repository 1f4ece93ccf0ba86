"""What a simulation found as JSON, for programs: every count, day by day where it is counted by day."""

from typing import Any

from worker.simulation.compare import Comparison
from worker.simulation.parameters import REASONS
from worker.simulation.run import Simulated
from worker.simulation.tally import Tally
from workflows.core.engine.calendar import WEEKDAYS


def as_json(found: Simulated) -> dict[str, Any]:
    """Everything, for programs."""
    content: dict[str, Any] = {
        "patients": found.patients,
        "seed": found.seed,
        "parameters": found.parameters.model_dump(mode="json", by_alias=True),
        "policy": _tally_json(found.tally),
    }
    if found.against and found.comparison:
        content["against"] = _tally_json(found.against)
        content["comparison"] = _comparison_json(found.comparison)
    return content


def _tally_json(tally: Tally) -> dict[str, Any]:
    return {
        "referred": tally.patients,
        "admitted": tally.admitted,
        "entries": tally.entries,
        "ends": {
            reason: {
                "patients": tally.reasons[reason],
                "share": tally.share(reason),
                **tally.stays[reason].spread(),
            }
            for reason in REASONS
        },
        "still_in_program": tally.reasons["in_program"],
        "stay_days": tally.stay.spread(),
        "exits": dict(tally.exits),
        "slips": {
            "patients_in_program": tally.with_slip,
            "in_program": tally.slips,
            "in_aftercare": tally.slips_after,
            "recoveries": tally.recoveries,
        },
        "aftercare": {
            "patients": tally.completed,
            "used_again": tally.used_again,
            "returned_to_program": tally.returned,
            "ends": dict(tally.aftercare_ends),
        },
        "extensions": {str(number): count for number, count in sorted(tally.extensions.items())},
        "unmet_at_length": dict(tally.unmet),
        "gate_wait_days": tally.gate_waits.spread(),
        "signature_hours": tally.signatures.spread(),
        "tasks": [
            {"role": role, "kind": kind, "count": count} for (role, kind), count in tally.tasks.most_common()
        ],
        "tasks_by_weekday": {
            role: {day: tally.tasks_on[role, day] for day in WEEKDAYS} for role in tally.roles
        },
        "tasks_by_day": {role: tally.tasks_by_day[role].counts for role in tally.roles},
        "levels": [
            {"role": role, "level": level, "count": count}
            for (role, level), count in sorted(tally.levels.items())
        ],
        "notices": dict(tally.notices),
        "messages": tally.messages,
        "misses": tally.misses,
        "seat_days": tally.seat_days,
        "seats_by_day": tally.seats.running(),
        "aftercare_by_day": tally.following.running(),
        "waits_for_nothing": dict(tally.waits_for_nothing),
        "refused": dict(tally.refused),
        "open_at_the_end": dict(tally.unanswered),
    }


def _comparison_json(comparison: Comparison) -> dict[str, Any]:
    return {
        "patients": comparison.patients,
        "different": comparison.different,
        "how": dict(comparison.how),
        "ends": [{"first": a, "second": b, "patients": n} for (a, b), n in comparison.ends.most_common()],
        "groups": [
            {"by": by, "group": group, "different": different, "of": of}
            for (by, group), (different, of) in sorted(comparison.groups.items())
        ],
        "stay_days": comparison.stay_days,
        "seat_days": comparison.seat_days,
    }
