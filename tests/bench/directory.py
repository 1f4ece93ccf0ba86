"""The speed of a match over 100,000 listings, next to the bare floor: one look at each of them in a plain loop."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median

from activities.directory import geometry
from activities.directory.asking import Ask
from activities.directory.index import Index
from activities.directory.listing import Listing, Modality, Place, Slot
from activities.directory.matching import rank
from activities.directory.wishes import read

NOW = datetime(2026, 3, 16, 12, tzinfo=UTC)
HOME = (38.63, -90.2)
CITIES = [(38.63, -90.2), (41.88, -87.63), (40.71, -74.0), (34.05, -118.24), (29.76, -95.37), (39.1, -94.58)]
ZONES = ["America/Chicago", "America/Chicago", "America/New_York", "America/Los_Angeles", "America/Chicago",
         "America/Chicago"]  # fmt: skip
FORMATS = ("newcomer", "discussion", "speaker", "big_book", "step_study", "women", "men", "meditation")
MODALITIES: tuple[Modality, ...] = ("in_person", "in_person", "hybrid")
SPECIALTIES = ("trauma", "emdr", "dual_diagnosis", "family", "addiction")


def listings(number: int = 100_000) -> list[Listing]:
    """Invented listings around six cities; seven of eight are meetings, a third of them can be joined online."""
    draw = random.Random(20260316)
    return [_listing(n, draw) for n in range(number)]


def _listing(n: int, draw: random.Random) -> Listing:
    city = draw.randrange(len(CITIES))
    place = Place(CITIES[city][0] + draw.gauss(0, 0.4), CITIES[city][1] + draw.gauss(0, 0.4))
    modality = draw.choice(MODALITIES)
    if n % 8 == 0:
        return Listing(
            source="therapists", source_id=str(n), kind="therapist", name=f"Practice {n}", timezone=ZONES[city],
            place=place, modality=modality, languages=tuple(draw.sample(("en", "es", "pl"), 2)),
            specialties=tuple(draw.sample(SPECIALTIES, 2)), payers=tuple(draw.sample(("medicaid", "aetna"), 1)),
            wait_days=draw.randrange(60),
        )  # fmt: skip
    fellowship = draw.choice(("aa", "aa", "aa", "na", "smart"))
    return Listing(
        source=fellowship, source_id=str(n), kind="mutual_help", name=f"Meeting {n}", fellowship=fellowship,
        secular=fellowship == "smart", timezone=ZONES[city], place=place, modality=modality,
        weekly=(Slot(draw.randint(1, 7), draw.randrange(6 * 4, 22 * 4) * 15, 60),), languages=("en",),
        formats=tuple(draw.sample(FORMATS, 2)), open_meeting=draw.random() < 0.7,
    )  # fmt: skip


@dataclass(frozen=True)
class Match:
    """Milliseconds: medians of the floor and of three matches, and once the building of the index."""

    floor: float
    usual: float
    therapist: float
    hardest: float
    build: float


def measure() -> Match:
    """Match in the same run as the floor."""
    everything = listings()
    begun = time.perf_counter()
    index = Index(everything)
    build = (time.perf_counter() - begun) * 1000
    evening = {"weekdays": [1, 3], "not_before": "18:00", "max_km": 25, "formats": ["newcomer"]}
    usual = Ask("mutual_help", read(evening), NOW, near=HOME, zone="America/Chicago")
    care = {"specialties": ["trauma", "emdr"], "payers": ["medicaid"], "languages": ["es"]}
    therapist = Ask("therapist", read(care), NOW, near=HOME, zone="America/Chicago")
    # Nothing narrows it: everywhere, at any day from some hour on, with a wish that costs each listing its points.
    anywhere = {"not_before": "07:00", "formats": ["secular", "meditation"], "languages": ["en"]}
    hardest = Ask("mutual_help", read(anywhere), NOW, zone="America/New_York")
    return Match(
        _ms(lambda: _floor(everything)), _ms(lambda: rank(index, usual)), _ms(lambda: rank(index, therapist)),
        _ms(lambda: rank(index, hardest)), build,
    )  # fmt: skip


def _floor(everything: list[Listing]) -> list[tuple[float, str]]:
    """The nearest meetings by a plain scan: a day, a distance, no reasons and no other wish."""
    x, y, z = geometry.vector(*HOME)
    found = []
    for one in everything:
        if (
            one.kind != "mutual_help"
            or one.place is None
            or not any(slot.weekday == 1 for slot in one.weekly)
        ):
            continue
        a, b, c = geometry.vector(one.place.latitude, one.place.longitude)
        found.append((-(x * a + y * b + z * c), one.source_id))
    return sorted(found)[:5]


def _ms(work: Callable[[], object]) -> float:
    times = []
    for _ in range(7):
        begun = time.perf_counter()
        work()
        times.append((time.perf_counter() - begun) * 1000)
    return median(times)
