"""What each listing costs: the fewest points come first. Pure.

One point is a tenth of a kilometre of way, so every wish is worth a distance. Nothing costs a point without a sentence
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

PER_KM = 10
NOT_A_SPECIALTY = 300
NOT_A_PAYER = 400
PAYER_NOT_SAID = 100
LANGUAGE_NOT_SAID = 150
NOT_THEIR_LANGUAGE = 200
NOT_A_FORMAT = 100
FOR_OTHERS = 150
"""A meeting for some people only, which nobody asked for."""
OPENNESS_NOT_SAID = 80
HOURS_NOT_SAID = 50
NO_ACCESS = 300
JOINED_ONLINE = 100
"""Where both will do, online counts like ten kilometres: people are better met in person."""
PER_DAY_OF_WAITING = 10
WAITS_TOO_LONG = 200
WAIT_NOT_SAID = 70
FROM_ANYBODY = 100
WAITED_FOR = ("therapist", "level_of_care")


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
        if self.fitting.ask.kind in WAITED_FOR:
            points = map(add, points, [self._waiting(listings[n].wait_days) for n in numbers])
        return points

    def cost(self, marks: int) -> int:
        """The points for everything that is said of a listing, but for its way and its waiting time."""
        index, ask, points = self.fitting.index, self.fitting.ask, 0
        wishes = ask.wishes
        counted = (
            ("specialty", wishes.specialties, NOT_A_SPECIALTY),
            ("format", wishes.formats, NOT_A_FORMAT),
            ("access", wishes.access, NO_ACCESS),
        )
        for sort, values, each in counted:
            points += each * sum(not marks & index.bits([f"{sort}:{value}"]) for value in values)
        if wishes.payers and not marks & index.bits(f"payer:{one}" for one in wishes.payers):
            points += NOT_A_PAYER if marks & SAYS_PAYER else PAYER_NOT_SAID
        if wishes.languages and not marks & SAYS_LANGUAGE:
            points += LANGUAGE_NOT_SAID
        if self.foreign(marks):
            points += NOT_THEIR_LANGUAGE
        if wishes.open_meetings_only and not marks & OPEN:
            points += OPENNESS_NOT_SAID
        if wishes.at_some_time and not marks & SAYS_HOURS:
            points += HOURS_NOT_SAID
        if marks & index.bits(f"format:{one}" for one in vocabulary.AUDIENCES - set(wishes.formats)):
            points += FOR_OTHERS
        if not ask.near and wishes.modality == "either" and not marks & IN_PERSON:
            points += JOINED_ONLINE
        return points + (FROM_ANYBODY if marks & UNVERIFIED else 0)

    def foreign(self, marks: int) -> bool:
        """Whether a listing states languages and the patient's is not among them, where none is wished."""
        speaks = self.fitting.ask.speaks
        if speaks is None or self.fitting.ask.wishes.languages or not marks & SAYS_LANGUAGE:
            return False
        return not marks & self.fitting.index.bits([f"language:{speaks}"])

    def _ways(self, numbers: Sequence[int]) -> list[int]:
        """What it costs to get to each, on the way that costs less; where the patient lives is known."""
        marks, modality = self.fitting.index.marks, self.fitting.ask.wishes.modality
        online = 0 if modality == "online" else JOINED_ONLINE
        not_known = round((self.fitting.limit + 1) * PER_KM)
        costs = []
        for n in numbers:
            if modality == "online" or not marks[n] & IN_PERSON:
                costs.append(online)
                continue
            km = self.fitting.km(n)
            # A hybrid one beyond the limit is not gone to, either.
            cost = not_known if km is None else round(km * PER_KM)
            costs.append(min(cost, online) if marks[n] & ONLINE and modality == "either" else cost)
        return costs

    def _waiting(self, days: int | None) -> int:
        if days is None:
            return WAIT_NOT_SAID
        return days * PER_DAY_OF_WAITING + (WAITS_TOO_LONG if days > self.longest_wait else 0)

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
