"""Extensions of the program and their limit (S11)."""

from collections.abc import Iterator

from workflows.core.engine.calendar import Delay
from workflows.core.engine.duty import CLINICIAN, Duty, repeated
from workflows.core.engine.reading import kept
from workflows.core.episode.facts import Facts


@kept
def continued_stay(facts: Facts) -> Iterator[Duty]:
    """Each extension has its review; at the limit a team review is mandatory, and nothing else (S11)."""
    number = len(facts.extensions)
    within = facts.policy.length.continued_stay_review
    if facts.extensions:
        first, unmet = facts.extensions[-1]
        yield Duty(
            f"continued_stay_review:{number}",
            CLINICIAN,
            facts.calendar.at(first),
            within,
            ("continue", "change_plan"),
            "S11",
            (),
            f"Review extension {number}. The gate still needs: {', '.join(unmet).replace('_', ' ')}.",
        )
    if facts.at_extension_limit and facts.program_ends_on:
        review = Duty(
            "team_review",
            "supervisor",
            facts.calendar.at(facts.program_ends_on),
            within,
            ("continue", "change_plan"),
            "S11",
            (),
            f"Meet as a team: the program has been extended {number} times.",
        )
        # Nothing else follows at the limit, so the team looks again for as long as the gate is shut.
        again = Delay(days=facts.policy.length.extension_days)
        yield from repeated(facts, review, {"continue": again, "change_plan": again})
