"""Proves a pathway with a seeded fault, in an interpreter of its own: `python -m tests.pathways.proof.seeding NUMBER`.

The fault is put into the source while it is imported, so that whatever imports it has it: what the proof is given is
the engine as it would run. Prints, as JSON, what was found first and the story that it is told as.
"""

import json
import sys
import time
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType

from tests.pathways.proof.seeds import SEEDS, Seed

SOURCE = Path(__file__).parents[3] / "workflows"


def place_of(seed: Seed) -> Path:
    """The one file in which a fault is to be seeded.

    Raises:
        LookupError: its text stands nowhere, or more than once.
    """
    places = [
        (file, text.count(seed.was))
        for file in sorted(SOURCE.rglob("*.py"))
        if file.as_posix().endswith(seed.file) and seed.was in (text := file.read_text("utf-8"))
    ]
    if [number for _, number in places] != [1]:
        told = ", ".join(f"{file.name} ({number})" for file, number in places) or "nowhere"
        raise LookupError(f"{seed.name}: its text stands {told}")
    return places[0][0]


class Seeded(SourceFileLoader):
    """Loads one module with a fault in it."""

    def __init__(self, name: str, path: str, seed: Seed) -> None:
        super().__init__(name, path)
        self.seed = seed

    def get_code(self, _fullname: str) -> CodeType:
        text = Path(self.path).read_text("utf-8").replace(self.seed.was, self.seed.becomes)
        return compile(text, self.path, "exec")


class Sower(MetaPathFinder):
    """Finds the module in which the fault is."""

    def __init__(self, seed: Seed) -> None:
        self.seed = seed
        self.place = str(place_of(seed))

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The module as it is found otherwise, with the fault if it is the one."""
        spec = PathFinder.find_spec(name, path, target)
        if spec and spec.origin == self.place:
            spec.loader = Seeded(name, self.place, self.seed)
            return spec
        return None


def found(seed: Seed) -> dict[str, list[dict[str, object]]]:
    """For each pathway that a fault concerns what its proof finds first, with the fault in the source."""
    sys.meta_path.insert(0, Sower(seed))
    from workflows.pathways import pathway_named
    from workflows.pathways.proof import prove

    proofs = {name: prove(pathway_named(name), time.monotonic, stop_at_first=True) for name in seed.pathways}
    return {
        name: [
            {
                "invariant": invariant,
                "what": breach.what,
                "story": breach.story.tell() if breach.story else [],
                "seconds": round(proof.seconds, 1),
            }
            for invariant, kept in proof.findings.breaches.items()
            for breach in kept.values()
        ]
        for name, proof in proofs.items()
    }


if __name__ == "__main__":
    print(json.dumps(found(SEEDS[int(sys.argv[1])]), ensure_ascii=False))
