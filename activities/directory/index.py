"""The listings in memory, laid out so that a match over a hundred thousand touches few, and those cheaply. Pure.

Each listing has a number, in the order of the ids; what is matched stands in columns by that number. The order of the
input therefore plays no part in any answer.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from activities.directory import geometry
from activities.directory.listing import Listing

ONLINE, IN_PERSON, OPEN, CLOSED, SAYS_LANGUAGE, SAYS_PAYER, SAYS_HOURS, SEVERAL_TIMES, PARTNER, UNVERIFIED = (
    1 << n for n in range(10)
)
_FIRST_FREE = 10

_TRUST = {"official": 0, "partner": PARTNER, "unverified": UNVERIFIED}


class Index:
    """All listings that are offered, ready to be matched."""

    def __init__(self, listings: Iterable[Listing]) -> None:
        self.listings: Sequence[Listing] = _once(listings)
        self._bits: dict[str, int] = {}
        self.marks = [self._marks(one) for one in self.listings]
        """What is said of each, as bits."""
        self.vectors = [
            geometry.vector(p.latitude, p.longitude) if (p := one.located) else None for one in self.listings
        ]
        self.starts = [one.weekly[0].minute_of_week if one.weekly else -1 for one in self.listings]
        """Minute of the week of the first time; -1 where there is none."""
        self.secular = sorted({one.fellowship for one in self.listings if one.secular})
        """Fellowships that have a secular listing."""
        self.zones = sorted({one.timezone for one in self.listings})
        number_of = {zone: number for number, zone in enumerate(self.zones)}
        self.zone_numbers = [number_of[one.timezone] for one in self.listings]
        self.pools: dict[tuple[str, str], list[int]] = defaultdict(list)
        """By kind, and by kind and fellowship or need."""
        self._cells: dict[tuple[str, geometry.Cell], list[int]] = defaultdict(list)
        self._elsewhere: dict[str, list[int]] = defaultdict(list)
        """By kind, those that can be attended online or have no place that is known."""
        for number, one in enumerate(self.listings):
            self.pools[one.kind, ""].append(number)
            for part in (one.fellowship,) if one.kind == "mutual_help" else one.services:
                if part:
                    self.pools[one.kind, part].append(number)
            where = one.located
            if where:
                self._cells[one.kind, geometry.cell(where.latitude, where.longitude)].append(number)
            if where is None or one.modality == "hybrid":
                self._elsewhere[one.kind].append(number)

    def __len__(self) -> int:
        return len(self.listings)

    def pool(self, kind: str, parts: Iterable[str]) -> list[int]:
        """The numbers of a kind, or of those of it that serve one of the parts, in order."""
        wanted = list(dict.fromkeys(parts))
        if not wanted:
            return self.pools.get((kind, ""), [])
        pools = [self.pools.get((kind, part), []) for part in wanted]
        return pools[0] if len(pools) == 1 else sorted(set().union(*pools))

    def around(self, kind: str, near: tuple[float, float], distance_km: float) -> set[int]:
        """The numbers of a kind that may be within a distance, and those whose distance plays no part."""
        found = set(self._elsewhere.get(kind, ()))
        for cell in geometry.cells_within(*near, distance_km):
            found.update(self._cells.get((kind, cell), ()))
        return found

    def bits(self, names: Iterable[str]) -> int:
        """The bits of some marks; of those that no listing bears, none."""
        return sum(self._bits.get(name, 0) for name in set(names))

    def shifts(self, zone: str | None, now: datetime) -> list[int]:
        """For each of `zones`, the minutes from its wall clock to that of the patient's zone, as of now."""
        return [0 if zone is None else _offset(zone, now) - _offset(name, now) for name in self.zones]

    def _marks(self, one: Listing) -> int:
        marks = 0 if one.modality == "in_person" else ONLINE
        marks |= 0 if one.modality == "online" else IN_PERSON
        marks |= 0 if one.open_meeting is None else OPEN if one.open_meeting else CLOSED
        marks |= (SAYS_LANGUAGE if one.languages else 0) | (SAYS_PAYER if one.payers else 0)
        marks |= (
            (SAYS_HOURS if one.weekly else 0)
            | (SEVERAL_TIMES if len(one.weekly) > 1 else 0)
            | _TRUST[one.trust]
        )
        for sort, values in (("format", one.formats), ("specialty", one.specialties), ("payer", one.payers),
                             ("language", one.languages), ("access", one.tags)):  # fmt: skip
            for value in values:
                marks |= self._bits.setdefault(f"{sort}:{value}", 1 << (_FIRST_FREE + len(self._bits)))
        return marks


def _once(listings: Iterable[Listing]) -> list[Listing]:
    """Those that are offered, in the order of their ids; of one meeting in two directories, the better source's."""
    offered = sorted(
        (one for one in listings if one.offered and one.accepts_new is not False), key=lambda o: o.listing_id
    )
    best: dict[object, Listing] = {}
    for one in offered:
        known = best.setdefault(_identity(one), one)
        if _TRUST[one.trust] < _TRUST[known.trust]:
            best[_identity(one)] = one
    kept = {id(one) for one in best.values()}
    return [one for one in offered if id(one) in kept]


def _identity(one: Listing) -> object:
    """What makes two listings the same place to go at the same time; the id where that cannot be told."""
    where = one.located
    if one.kind != "mutual_help" or not one.weekly or not (where or one.join_url):
        return one.listing_id
    point = (round(where.latitude, 3), round(where.longitude, 3)) if where else one.join_url
    return one.fellowship, one.name.casefold(), one.weekly, one.timezone, point, one.modality


def _offset(zone: str, now: datetime) -> int:
    offset = now.astimezone(ZoneInfo(zone)).utcoffset()
    return round(offset.total_seconds() / 60) if offset else 0
