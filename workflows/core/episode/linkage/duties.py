"""What leaving the program owes: a therapist and mutual help are offered, and may be declined (C3, C4, C6)."""

from collections.abc import Iterator

from workflows.core.engine.duty import Duty
from workflows.core.engine.reading import kept
from workflows.core.episode.entries import MutualHelp
from workflows.core.episode.facts import Facts


@kept
def offers(facts: Facts) -> Iterator[Duty]:
    """Once for each step down. A `need` that was stated, or that the person goes already, does what is owed."""
    since = facts.stepped_down_on
    if since is None:
        return
    stated = {need.kind for need in facts.needs}
    goes_already = bool(facts.record.standing(MutualHelp))
    for kind, rule, outcomes, asks in (
        (
            "therapist",
            "C3",
            ("declined", "has_one"),
            "Offer a therapist outside the clinic; record the need with the person's wishes, or that they decline.",
        ),
        (
            "mutual_help",
            "C4",
            ("declined", "goes_already"),
            "Offer mutual help (12-step or secular, as the person prefers); record the need, or that they decline.",
        ),
    ):
        if kind not in stated and not (kind == "mutual_help" and goes_already):
            yield Duty(
                f"offer_{kind}:{since}",
                "case_manager",
                facts.calendar.at(since),
                facts.policy.linkage.offer,
                outcomes,
                rule,
                (),
                asks,
                lapses=True,
                done_by=("need", "mutual_help"),
            )
