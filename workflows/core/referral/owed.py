"""How a duty about a referral is made: whose it is, and which rule stands behind it."""

from datetime import datetime

from workflows.core.engine.calendar import Delay
from workflows.core.engine.duty import Duty
from workflows.core.referral.facts import ReferralFacts

RULES = {"therapist": "C3", "mutual_help": "C4", "service": "C5", "level_of_care": "I3"}


def owed(
    facts: ReferralFacts,
    key: str,
    within: Delay,
    outcomes: tuple[str, ...],
    asks: str,
    *,
    since: datetime | None = None,
    done_by: tuple[str, ...] = (),
    rule: str | None = None,
    announced: str | None = None,
) -> Duty:
    """A duty of the case manager about a referral, whose id is told with it.

    Args:
        facts: The facts of the moment.
        key: Kind and subject.
        within: How long it may take.
        outcomes: How it may be answered.
        asks: What is asked, in a sentence.
        since: When it begins; None: with the referral.
        done_by: The kinds of statements that do what is owed.
        rule: The rule behind it; None: that of the referral's kind.
        announced: The name of the deadline at which it begins, where it lies ahead.
    """
    return Duty(
        key,
        "case_manager",
        since or facts.start.began_at,
        within,
        outcomes,
        rule or RULES[facts.start.kind],
        (facts.start.need,) if facts.start.need else (),
        f"{asks} ({facts.start.referral_id})",
        done_by=done_by,
        announced=announced,
    )
