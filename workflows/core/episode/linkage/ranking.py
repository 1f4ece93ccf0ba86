"""What each thing that a place lacks costs it in the list that the person chooses from (C3)."""

from typing import Annotated

from pydantic import Field

from workflows.core.engine.policy import Part
from workflows.core.episode.linkage.vocabulary import ReferralKind

Tenths = Annotated[int, Field(ge=0, le=10_000)]
"""In tenths of a kilometre of way: so every wish is worth a distance."""


class Ranking(Part):
    """In which order places are offered (C3): the fewest points first, one for each tenth of a kilometre of way.

    The numbers are this program's own. What they put last is still offered; only a wish leaves a place out.
    """

    not_a_specialty: Tenths = 300
    """A wished specialty that it does not state; for each."""
    not_a_payer: Tenths = 400
    """It states who pays, and none of the wished ones is among them."""
    payer_not_said: Tenths = 100
    """It does not state who pays."""
    language_not_said: Tenths = 150
    """A language is wished, and it states none."""
    not_their_language: Tenths = 200
    """It states languages, and the person's own is not among them."""
    not_a_format: Tenths = 100
    """A wished format of a meeting that it does not state; for each."""
    for_others: Tenths = 150
    """A meeting for some people only, which nobody asked for."""
    openness_not_said: Tenths = 80
    """Open meetings are wished, and it does not say that it is one."""
    hours_not_said: Tenths = 50
    """A time is wished, and it states no hours."""
    no_access: Tenths = 300
    """Access that is needed and that it does not state, such as for a wheelchair; for each."""
    joined_online: Tenths = 100
    """It is joined online where both will do: people are better met in person."""
    day_of_waiting: Tenths = 10
    """Each day until a first visit."""
    waits_too_long: Tenths = 200
    """A first visit later than the wait clock allows (C3)."""
    wait_not_said: Tenths = 70
    """It does not state a waiting time."""
    from_anybody: Tenths = 100
    """It comes from a list that anybody may write, and nobody has checked it."""
    waited_for: tuple[ReferralKind, ...] = ("therapist", "level_of_care")
    """Kinds of referrals for which the waiting time counts."""
