"""What each listing costs: the fewest points come first. Pure.

One point is a tenth of a kilometre of way, so every wish is worth a distance; what each is worth says the policy
(`workflows.core.episode.linkage.ranking`). Nothing costs a point without a sentence
in `reasons`. A distance that is not known costs more than any that is allowed: nothing vague is ever near.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import add

from activities.directory import vocabulary
from activities.directory.fitting import Fitting
from activities.directory.index import (
    IN_PERSON,
    ONLINE,
    OPEN,
    SAYS_HOURS,
    SAYS_LANGUAGE,
    SAYS_PAYER,
    UNVERIFIED,
)

_PER_KM = 10


@dataclass(frozen=True, slots=True)
class Points:
    """The points of one search, column by column."""

    fitting: Fitting

    def totals(self, numbers: Sequence[int]) -> Iterable[int]:
        """The points of each of them, in order."""
        marks, listings, costs = self.fitting.index.marks, self.fitting.index.listings, _Costs(self)
        points: Iterable[int] = [costs[marks[n]] for n in numbers]
        if self.fitting.ask.near:
            points = map(add, points, self._ways(numbers))
        if self.fitting.ask.kind in self.fitting.ask.weights.waited_for:
            points = map(add, points, [self._waiting(listings[n].wait_days) for n in numbers])
        return points

    def cost(self, marks: int) -> int:
        """The points for everything that is said of a listing, but for its way and its waiting time."""
        index, ask, points = self.fitting.index, self.fitting.ask, 0
        wishes, weights = ask.wishes, ask.weights
        counted = (
            ("specialty", wishes.specialties, weights.not_a_specialty),
            ("format", wishes.formats, weights.not_a_format),
            ("access", wishes.access, weights.no_access),
        )
        for sort, values, each in counted:
            points += each * sum(not marks & index.bits([f"{sort}:{value}"]) for value in values)
        if wishes.payers and not marks & index.bits(f"payer:{one}" for one in wishes.payers):
            points += weights.not_a_payer if marks & SAYS_PAYER else weights.payer_not_said
        if wishes.languages and not marks & SAYS_LANGUAGE:
            points += weights.language_not_said
        if self.foreign(marks):
            points += weights.not_their_language
        if wishes.open_meetings_only and not marks & OPEN:
            points += weights.openness_not_said
        if wishes.at_some_time and not marks & SAYS_HOURS:
            points += weights.hours_not_said
        if marks & index.bits(f"format:{one}" for one in vocabulary.AUDIENCES - set(wishes.formats)):
            points += weights.for_others
        if not ask.near and wishes.modality == "either" and not marks & IN_PERSON:
            points += weights.joined_online
        return points + (weights.from_anybody if marks & UNVERIFIED else 0)

    def foreign(self, marks: int) -> bool:
        """Whether a listing states languages and the patient's is not among them, where none is wished."""
        speaks = self.fitting.ask.speaks
        if speaks is None or self.fitting.ask.wishes.languages or not marks & SAYS_LANGUAGE:
            return False
        return not marks & self.fitting.index.bits([f"language:{speaks}"])

    def _ways(self, numbers: Sequence[int]) -> list[int]:
        """What it costs to get to each, on the way that costs less; where the patient lives is known."""
        marks, modality = self.fitting.index.marks, self.fitting.ask.wishes.modality
        weights = self.fitting.ask.weights
        online = 0 if modality == "online" else weights.joined_online
        not_known = round((self.fitting.limit + 1) * _PER_KM)
        costs = []
        for n in numbers:
            if modality == "online" or not marks[n] & IN_PERSON:
                costs.append(online)
                continue
            km = self.fitting.km(n)
            # A hybrid one beyond the limit is not gone to, either.
            cost = not_known if km is None else round(km * _PER_KM)
            costs.append(min(cost, online) if marks[n] & ONLINE and modality == "either" else cost)
        return costs

    def _waiting(self, days: int | None) -> int:
        weights = self.fitting.ask.weights
        if days is None:
            return weights.wait_not_said
        return days * weights.day_of_waiting + (weights.waits_too_long if days > self.longest_wait else 0)

    @property
    def longest_wait(self) -> int:
        """Days until a first visit after which a wait is too long."""
        wished = self.fitting.ask.wishes.max_wait_days
        return self.fitting.ask.longest_wait_days if wished is None else wished


class _Costs(dict[int, int]):
    """The points of each combination of marks, counted once: many listings share one."""

    def __init__(self, points: Points) -> None:
        self._points = points

    def __missing__(self, marks: int) -> int:
        self[marks] = found = self._points.cost(marks)
        return found
