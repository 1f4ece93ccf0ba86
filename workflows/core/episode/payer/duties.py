"""A payer's refusal is appealed, and the appeal followed until it is answered; treatment goes on (S11)."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from workflows.core.engine.duty import Duty, repeated
from workflows.core.engine.reading import kept
from workflows.core.episode.facts import Facts
from workflows.core.episode.payer.facts import Refusal


@kept
def payer_appeals(facts: Facts) -> Iterator[Duty]:
    """For each refusal the appeal, then its answer: a further decision of the payer, which is recorded."""
    rules = facts.policy.payer
    for refusal in facts.payer_refusals:
        appealed = facts.answer(f"payer_appeal:{refusal.key}")
        if appealed is None:
            yield _appeal(facts, refusal)
        elif appealed.choice == "appealed":
            answer = Duty(
                f"payer_answer:{refusal.key}",
                "case_manager",
                appealed.at,
                rules.answer,
                ("not_answered", "withdrawn"),
                "S11",
                (refusal.key,),
                f"Ask the payer for its answer to the appeal on authorization {refusal.authorization_id}, and record "
                "it as a further decision of the payer. Treatment goes on.",
                done_by=("payer",),
            )
            yield from repeated(facts, answer, {"not_answered": rules.answer_again})


def _appeal(facts: Facts, refusal: Refusal) -> Duty:
    again = " The payer has refused before: an external review can be asked for." if refusal.times > 1 else ""
    return Duty(
        f"payer_appeal:{refusal.key}",
        "case_manager",
        refusal.known_at,
        facts.policy.payer.appeal,
        ("appealed", "not_appealed"),
        "S11",
        (refusal.key,),
        f"The payer has refused {refusal.said}. Appeal, and go on treating: a refusal is about the bill.{again}",
        lapses=True,
        done_by=("payer",),
        latest=_last_moment(facts, refusal),
    )


def _last_moment(facts: Facts, refusal: Refusal) -> datetime | None:
    """When the office closes last before the payer takes no appeal any more."""
    calendar = facts.calendar
    if refusal.appeal_by is None:
        return None
    last = next(
        (day for back in range(14) if calendar.is_open(day := refusal.appeal_by - timedelta(days=back))),
        refusal.appeal_by,
    )
    return calendar.at(last, calendar.hours.closes)
