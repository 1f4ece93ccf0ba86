"""Ranking: what can be attended comes into the list, and points say in which order. Pure.

What would send a person in vain leaves a listing out: closed, on another day, too far, in a language not theirs.
Everything else costs points, the fewest come first, and each point has its sentence. One point is a tenth of a
kilometre of way, so every wish is worth a distance. Listings with equal points stand in the order of their ids: equal
input gives an equal list. Distances that are not known cost more than any that is allowed: nothing vague is ever near.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from heapq import nsmallest
from operator import add

from activities.directory import geometry, vocabulary
from activities.directory.index import (
    CLOSED,
    IN_PERSON,
    ONLINE,
    OPEN,
    PARTNER,
    SAYS_HOURS,
    SAYS_LANGUAGE,
    SAYS_PAYER,
    SEVERAL_TIMES,
    UNVERIFIED,
    Index,
)
from activities.directory.listing import DAY, WEEK, Listing, Slot
from activities.directory.secular import ALWAYS
from activities.directory.times import in_words
from activities.directory.wishes import Wishes
from activities.models import ReferralKind

ALWAYS_OFFERED = "a secular choice, always offered"

PER_KM = 10
FARTHEST_KM = 80.0
"""How far a place may be where nothing is said (50 miles)."""

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
FROM_A_PARTNER = 20
FROM_ANYBODY = 100
OLD_DAYS = 2 * 365
WAITED_FOR = ("therapist", "level_of_care")
WAIT_DAYS = 14
"""The wait to a first visit after which it is too long (C3)."""


@dataclass(frozen=True, slots=True)
class Ask:
    """What is asked of the directory. `near` are degrees; without it distance plays no part."""

    kind: ReferralKind
    wishes: Wishes
    now: datetime
    service: str = ""
    near: tuple[float, float] | None = None
    zone: str | None = None
    """The patient's time zone, in which wished times are meant; without it each listing's own."""
    speaks: str | None = None
    """The patient's language, which costs points where it is not spoken; a wished one leaves others out."""
    leave_out: frozenset[str] = frozenset()
    at_most: int = 5


@dataclass(frozen=True, slots=True)
class Ranked:
    """One listing of the answer; `why` says what speaks for it, then what it lacks."""

    listing: Listing
    points: int
    why: tuple[str, ...]
    km: float | None = None


@dataclass(frozen=True, slots=True)
class Ranking:
    """The best listings, and how many would do."""

    found: tuple[Ranked, ...]
    fitting: int


def rank(index: Index, ask: Ask) -> Ranking:
    """The best listings for what is asked, the best first.

    For mutual help the list always holds a secular choice (C4): the best one that fits takes the last place if none
    is among the best; else one at another time or place; else the meetings that everybody can join online.
    """
    ask = _understood(ask)
    sought = _Sought(index, ask)
    numbers = sought.fitting()
    if ask.kind != "mutual_help":
        return Ranking(sought.best(numbers, ask.at_most), len(numbers))
    best = sought.best(numbers, ask.at_most)
    if any(one.listing.secular for one in best):
        return Ranking(best, len(numbers))
    return Ranking((*best[: max(1, ask.at_most - 1)], _secular(index, ask)), len(numbers))


def _understood(ask: Ask) -> Ask:
    """A service that names a specialty or a fellowship is a wish for it."""
    code, wishes = vocabulary.service(ask.service), ask.wishes
    if ask.kind == "therapist":
        special = vocabulary.specialty(ask.service)
        if special in vocabulary.SPECIALTIES and special not in wishes.specialties:
            wishes = wishes.model_copy(update={"specialties": (*wishes.specialties, special)})
        code = ""
    elif ask.kind == "mutual_help":
        group = vocabulary.fellowship(ask.service)
        if group in vocabulary.FELLOWSHIPS and not wishes.fellowships:
            wishes = wishes.model_copy(update={"fellowships": (group,)})
        code = ""
    return replace(ask, wishes=wishes, service=code)


def _secular(index: Index, ask: Ask) -> Ranked:
    """The best choice that is built on no higher power: as wished, else at any time, else from anywhere."""
    as_wished: dict[str, object] = {"fellowships": tuple(index.secular)}
    any_time = {**as_wished, "weekdays": (), "not_before": None, "not_after": None}
    anywhere = {**any_time, "modality": "online", "languages": (), "open_meetings_only": False}
    steps = ((as_wished, ask.near, ()), (any_time, ask.near, ("at another time than wished",)),
             (anywhere, None, ("in another way than wished",)))  # fmt: skip
    for update, near, note in steps if index.secular else ():
        wishes = ask.wishes.model_copy(update=update)
        sought = _Sought(index, replace(ask, wishes=wishes, near=near))
        for one in sought.best([n for n in sought.fitting() if index.listings[n].secular], 1):
            return replace(one, why=(ALWAYS_OFFERED, *note, *one.why))
    choice = next((one for one in ALWAYS if one.listing_id not in ask.leave_out), ALWAYS[0])
    return Ranked(choice, JOINED_ONLINE, (ALWAYS_OFFERED, "online, every day, from anywhere"))


@dataclass(slots=True)
class _Sought:
    """One search: the listings that fit, then their points, column by column, then sentences for the few best."""

    index: Index
    ask: Ask
    cosines: dict[int, float] = field(default_factory=dict)
    """Of those whose distance is known, how near they are."""
    shifts: list[int] = field(init=False)
    weeks: list[bytes] = field(default_factory=list)
    """For each zone of the index, the minutes of its week that suit."""

    def __post_init__(self) -> None:
        self.shifts = self.index.shifts(self.ask.zone, self.ask.now)

    # -- what fits ------------------------------------------------------------------------------------------

    def fitting(self) -> list[int]:
        """The numbers of those that can be attended, in order."""
        index, ask, wishes, marks = self.index, self.ask, self.ask.wishes, self.index.marks
        parts = wishes.fellowships if ask.kind == "mutual_help" else filter(None, [ask.service])
        numbers: Sequence[int] = index.pool(ask.kind, parts)
        if ask.near:
            around = index.around(ask.kind, ask.near, self._limit)
            numbers = [n for n in numbers if n in around]
        if wishes.modality != "either":
            wanted = ONLINE if wishes.modality == "online" else IN_PERSON
            numbers = [n for n in numbers if marks[n] & wanted]
        if wishes.open_meetings_only:
            numbers = [n for n in numbers if not marks[n] & CLOSED]
        if wishes.languages:
            spoken = index.bits(f"language:{one}" for one in wishes.languages)
            numbers = [n for n in numbers if marks[n] & spoken or not marks[n] & SAYS_LANGUAGE]
        if wishes.at_some_time:
            numbers = self._at_some_time(numbers)
        if ask.near:
            numbers = self._near(numbers, ask.near)
        if ask.leave_out:
            numbers = [n for n in numbers if index.listings[n].listing_id not in ask.leave_out]
        return list(numbers)

    @property
    def _limit(self) -> float:
        return self.ask.wishes.max_km or FARTHEST_KM

    def _at_some_time(self, numbers: Iterable[int]) -> list[int]:
        index, week = self.index, self.ask.wishes.week()
        self.weeks = [_turned(week, shift) for shift in self.shifts]
        weeks, zones, starts, marks = self.weeks, index.zone_numbers, index.starts, index.marks
        if self.ask.kind == "mutual_help":  # one meets at the start, and few meet more than once a week
            several = [
                n
                for n in numbers
                if marks[n] & SEVERAL_TIMES and not weeks[zones[n]][starts[n]] and self._has_a_time(n)
            ]
            at_first = [n for n in numbers if weeks[zones[n]][starts[n]]]
            return sorted([*at_first, *several]) if several else at_first
        return [n for n in numbers if not marks[n] & SAYS_HOURS or self._has_a_time(n)]

    def _has_a_time(self, n: int) -> bool:
        return any(self._suits(slot, n) for slot in self.index.listings[n].weekly)

    def _suits(self, slot: Slot, n: int) -> bool:
        """Whether a meeting's start, or some of a place's hours, are at a time that is wished."""
        start = slot.minute_of_week
        length = 1 if self.ask.kind == "mutual_help" else max(1, slot.minutes)
        return 1 in self.weeks[self.index.zone_numbers[n]][start : start + length]

    def _near(self, numbers: Iterable[int], near: tuple[float, float]) -> list[int]:
        """Those within the limit, and those that are joined online or have no place that is known."""
        x, y, z = geometry.vector(*near)
        limit, vectors, marks = geometry.cosine(self._limit), self.index.vectors, self.index.marks
        online_will_do = ONLINE if self.ask.wishes.modality != "in_person" else 0
        kept = []
        for n in numbers:
            place = vectors[n]
            if place is None:
                kept.append(n)
                continue
            cosine = x * place[0] + y * place[1] + z * place[2]
            if cosine >= limit:
                self.cosines[n] = cosine
                kept.append(n)
            elif marks[n] & online_will_do:
                kept.append(n)
        return kept

    # -- points ---------------------------------------------------------------------------------------------

    def best(self, numbers: Sequence[int], at_most: int) -> tuple[Ranked, ...]:
        """The best of them with their reasons."""
        marks, costs = self.index.marks, _Costs(self)
        points: Iterable[int] = [costs[marks[n]] for n in numbers]
        if self.ask.near:
            points = map(add, points, self._ways(numbers))
        if self.ask.kind in WAITED_FOR:
            points = map(add, points, [self._waiting(self.index.listings[n].wait_days) for n in numbers])
        first = nsmallest(at_most, zip(points, numbers, strict=True))
        return tuple(Ranked(self.index.listings[n], total, self._why(n), self._km(n)) for total, n in first)

    def cost(self, marks: int) -> int:
        """The points for everything that is said of a listing, but for its way and its waiting time."""
        index, wishes, points = self.index, self.ask.wishes, 0
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
        if self._foreign(marks):
            points += NOT_THEIR_LANGUAGE
        if wishes.open_meetings_only and not marks & OPEN:
            points += OPENNESS_NOT_SAID
        if wishes.at_some_time and not marks & SAYS_HOURS:
            points += HOURS_NOT_SAID
        if marks & index.bits(f"format:{one}" for one in vocabulary.AUDIENCES - set(wishes.formats)):
            points += FOR_OTHERS
        if not self.ask.near and wishes.modality == "either" and not marks & IN_PERSON:
            points += JOINED_ONLINE
        return points + (FROM_A_PARTNER if marks & PARTNER else FROM_ANYBODY if marks & UNVERIFIED else 0)

    def _foreign(self, marks: int) -> bool:
        """Whether a listing states languages and the patient's is not among them, where none is wished."""
        speaks = self.ask.speaks
        if speaks is None or self.ask.wishes.languages or not marks & SAYS_LANGUAGE:
            return False
        return not marks & self.index.bits([f"language:{speaks}"])

    def _ways(self, numbers: Sequence[int]) -> list[int]:
        """What it costs to get to each, on the way that costs less; where the patient lives is known."""
        marks, cosines, km = self.index.marks, self.cosines, geometry.km
        modality = self.ask.wishes.modality
        online = 0 if modality == "online" else JOINED_ONLINE
        not_known = round((self._limit + 1) * PER_KM)
        costs = []
        for n in numbers:
            if modality == "online" or not marks[n] & IN_PERSON:
                costs.append(online)
                continue
            # A hybrid one beyond the limit is not gone to, either.
            cost = round(km(cosines[n]) * PER_KM) if n in cosines else not_known
            costs.append(min(cost, online) if marks[n] & ONLINE and modality == "either" else cost)
        return costs

    def _waiting(self, days: int | None) -> int:
        if days is None:
            return WAIT_NOT_SAID
        return days * PER_DAY_OF_WAITING + (WAITS_TOO_LONG if days > self._longest_wait else 0)

    @property
    def _longest_wait(self) -> int:
        return WAIT_DAYS if self.ask.wishes.max_wait_days is None else self.ask.wishes.max_wait_days

    def _km(self, n: int) -> float | None:
        return geometry.km(self.cosines[n]) if n in self.cosines else None

    # -- sentences ------------------------------------------------------------------------------------------

    def _why(self, n: int) -> tuple[str, ...]:
        """What speaks for a listing, then what it lacks."""
        one, wishes = self.index.listings[n], self.ask.wishes
        good, lacks = [], []
        if self.ask.service:
            good.append(f"offers {vocabulary.in_words(self.ask.service)}")
        stated = (
            ("works with ", wishes.specialties, one.specialties),
            ("", wishes.formats, one.formats),
            ("", wishes.access, one.tags),
        )
        for verb, wished, has in stated:
            good += [f"{verb}{vocabulary.in_words(code)}" for code in wished if code in has]
            lacks += [f"does not state: {vocabulary.in_words(code)}" for code in wished if code not in has]
        if wishes.payers:
            taken = [code for code in wishes.payers if code in one.payers]
            good += [f"takes {vocabulary.in_words(code)}" for code in taken]
            if not taken:
                asked = " or ".join(map(vocabulary.in_words, wishes.payers))
                lacks.append(f"does not list {asked}" if one.payers else "does not say who pays")
        self._language(n, one, good, lacks)
        self._times(n, one, good, lacks)
        if one.open_meeting is not None:
            good.append("open to everybody" if one.open_meeting else "for members only")
        elif wishes.open_meetings_only:
            lacks.append("does not say whether everybody may come")
        lacks += [vocabulary.in_words(code) for code in one.formats
                  if code in vocabulary.AUDIENCES and code not in wishes.formats]  # fmt: skip
        self._distance(n, one, good, lacks)
        self._wait(one, good, lacks)
        if one.trust == "unverified":
            lacks.append("from a directory that nobody has verified")
        if one.updated_at and (self.ask.now - one.updated_at).days > OLD_DAYS:
            lacks.append(f"last updated in {one.updated_at:%B %Y}: ask whether it still stands")
        return (*good, *lacks)

    def _language(self, n: int, one: Listing, good: list[str], lacks: list[str]) -> None:
        for code in self.ask.wishes.languages:
            if code in one.languages:
                good.append(f"in {vocabulary.language_name(code)}")
        if self.ask.speaks and self._foreign(self.index.marks[n]):
            lacks.append(f"not in {vocabulary.language_name(self.ask.speaks)}")
        if self.ask.wishes.languages and not one.languages:
            lacks.append("does not state its languages")

    def _times(self, n: int, one: Listing, good: list[str], lacks: list[str]) -> None:
        slots = one.weekly
        if self.ask.wishes.at_some_time:
            slots = tuple(slot for slot in slots if self._suits(slot, n))
        shift = self.shifts[self.index.zone_numbers[n]]
        shown = []
        for slot in slots[:3]:
            minute = (slot.minute_of_week + shift) % WEEK
            until = (minute + slot.minutes) % DAY if slot.minutes and self.ask.kind != "mutual_help" else None
            shown.append(in_words(minute // DAY + 1, minute % DAY, slot.weeks, until))
        if shown:
            more = f" and {len(slots) - 3} more times" if len(slots) > 3 else ""
            good.append(", ".join(shown) + more)
        elif one.other_times:
            good.append(one.other_times)
        elif self.ask.kind == "mutual_help" or self.ask.wishes.at_some_time:
            lacks.append("its times are to be asked for")

    def _distance(self, n: int, one: Listing, good: list[str], lacks: list[str]) -> None:
        km = self._km(n)
        if km is not None and self.ask.wishes.modality != "online":
            good.append(f"{km:.1f} km away" + (", or online" if one.modality == "hybrid" else ""))
            return
        if one.modality != "in_person":
            good.append("online")
        elif one.place and one.place.approximate:
            lacks.append("its place is only known roughly")
        elif self.ask.near:
            lacks.append("its distance is not known")

    def _wait(self, one: Listing, good: list[str], lacks: list[str]) -> None:
        if self.ask.kind not in WAITED_FOR:
            return
        limit = self._longest_wait
        if one.wait_days is None:
            lacks.append("does not state a waiting time")
        elif one.wait_days > limit:
            lacks.append(f"a first visit in {one.wait_days} days, later than {limit}")
        else:
            good.append(
                f"a first visit in {one.wait_days} days" if one.wait_days else "a first visit at once"
            )


class _Costs(dict[int, int]):
    """The points of each combination of marks, counted once: many listings share one."""

    def __init__(self, sought: _Sought) -> None:
        self._sought = sought

    def __missing__(self, marks: int) -> int:
        self[marks] = found = self._sought.cost(marks)
        return found


def _turned(week: bytes, shift: int) -> bytes:
    """The minutes that suit on a wall clock from which one comes to the patient's by adding `shift`."""
    begin = shift % WEEK
    return (week[begin : begin + WEEK] * 2 + b"\0") if begin else week
