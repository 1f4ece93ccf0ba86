"""Decisions whose grounds have fallen away: flagged to a clinician, never undone by themselves (T3, S13)."""

from collections.abc import Iterator

from workflows.core.engine.calendar import Delay, day_in_words
from workflows.core.engine.duty import CLINICIAN, Duty, repeated
from workflows.core.engine.reading import kept
from workflows.core.engine.signing import CLINICIANS
from workflows.core.episode.facts import Facts

ALWAYS_WEIGHTY = ("level_of_care", "level_of_care_review", "hold_review")
"""Kinds of decisions that shape care although they neither move nor close an episode."""


@kept
def decisions_to_review(facts: Facts) -> Iterator[Duty]:
    """A decision that rested on an entry which no longer stands."""
    if not facts.record.is_corrected:
        return
    kinds = {kind for kind, _ in (*facts.frame.moves, *facts.frame.exits)}.union(ALWAYS_WEIGHTY)
    for kind in sorted(kinds):
        for _, answer in facts.answers_to(kind):
            gone = [undone for key in answer.grounds if (undone := facts.record.undone_by(key))]
            if gone:
                duty = Duty(
                    f"decision_review:{answer.key}",
                    CLINICIAN,
                    max(undone.recorded_at for undone in gone),
                    Delay(business_days=1),
                    ("keep", "changed"),
                    "T3",
                    (answer.key, *(undone.key for undone in gone)),
                    f"The decision {answer.choice.replace('_', ' ')} about {kind.replace('_', ' ')} of "
                    f"{day_in_words(facts.calendar.day_of(answer.at))} rested on an entry that no longer "
                    "stands: keep it, or decide anew. Nothing is undone by itself.",
                    signed_by=CLINICIANS,
                )
                # Who says that it was decided anew is asked again for as long as the decision stands.
                yield from repeated(facts, duty, {"changed": Delay(business_days=1)})


@kept
def contradictory_corrections(facts: Facts) -> Iterator[Duty]:
    """Two entries have taken the place of the same one: both stand, and a person says which is right (T3).

    To refuse the second would let the order of arrival decide (T4).
    """
    for key in facts.record.contested if facts.record.is_corrected else ():
        rivals = sorted(facts.record.successors(key), key=lambda one: (one.recorded_at, one.key))
        yield Duty(
            f"correction_conflict:{key}:{'|'.join(one.key for one in rivals)}",
            "case_manager",
            rivals[-1].known_at,
            Delay(business_days=1),
            ("both_hold",),
            "T3",
            (key, *(one.key for one in rivals)),
            f"Entry {key} was superseded {len(rivals)} times: retract what is wrong, or say that all of it holds.",
            lapses=True,
            done_by=("retraction",),
        )
