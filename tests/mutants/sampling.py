"""Which mutants are judged: all of them, or a sample that its seed gives again."""

from collections.abc import Iterable
from pathlib import Path
from random import Random

from tests.mutants.making import Place, places_in

CORE = "workflows/core"
JUDGED = ("facts", "duties", "decisions", "gate", "exits")
"""What decides about people: nine of ten of its mutants are to be caught."""
_WEIGHT = 3
"""How much more often a place of these is drawn than one of the rest."""


_NO_FACTS = ("entries", "policy", "refusals", "requests", "vocabulary", "words")
"""What stands in the folder of a subject beside its facts, its duties, and how they are worked out."""


def kind_of(path: str) -> str:
    """What a file is of: one of those that are judged, or the rest; by its folders, and by its name."""
    *folders, name = path.removesuffix(".py").split("/")
    for kind in ("gate", "exits"):
        if kind in folders:
            return kind
    if name in JUDGED:
        return name
    is_of_a_subject = "episode" in folders[:-1]
    return "facts" if is_of_a_subject and name not in _NO_FACTS else "the rest"


def all_places(root: Path) -> list[Place]:
    """Every place of the core, file by file."""
    files = sorted((root / CORE).rglob("*.py"))
    return [place for file in files for place in places_in(root, str(file.relative_to(root)))]


def drawn(places: Iterable[Place], how_many: int, seed: int) -> list[Place]:
    """A sample: each file has its part by how much there is of it, and no place stands in it twice."""
    chance = Random(seed)
    by_file: dict[str, list[Place]] = {}
    for place in places:
        by_file.setdefault(place.path, []).append(place)
    weights = {path: len(found) * _weight(path) for path, found in by_file.items()}
    whole = sum(weights.values())
    sample: list[Place] = []
    for path, found in sorted(by_file.items()):
        share = how_many * weights[path] / whole
        part = int(share) + (chance.random() < share % 1)
        sample += chance.sample(found, min(part, len(found)))
    left = [place for found in by_file.values() for place in found if place not in set(sample)]
    sample += chance.sample(left, min(len(left), max(0, how_many - len(sample))))
    chance.shuffle(sample)
    return sample


def _weight(path: str) -> int:
    return _WEIGHT if kind_of(path) in JUDGED else 1
