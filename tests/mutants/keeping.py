"""What was found out before and still holds: an interrupted run goes on, and after new tests only survivors are judged.

A mutant stays caught while the core, and the module with the test that has caught it, are as they were.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from tests.mutants.making import Mutant
from tests.mutants.running import Verdict


def state_of(files: Iterable[Path], root: Path) -> str:
    """A short name of what files hold."""
    state = hashlib.sha256()
    for file in sorted(files):
        state.update(str(file.relative_to(root)).encode() + b"\0" + file.read_bytes())
    return state.hexdigest()[:16]


class Caught:
    """The mutants that were caught, in a file that grows with each."""

    def __init__(self, file: Path, root: Path) -> None:
        self._file, self._root = file, root
        lines = file.read_text().splitlines() if file.exists() else []
        kept = [json.loads(line) for line in lines]
        self._known = {one["mutant"]: Verdict(**one["verdict"]) for one in kept if self._holds(one)}

    def _holds(self, kept: dict[str, str]) -> bool:
        return kept["module"] == self._state_of_test(kept["test"])

    def _state_of_test(self, test: str) -> str:
        module = self._root / test.partition("::")[0]
        return state_of([module], self._root) if module.is_file() else ""

    def verdict_of(self, mutant: Mutant) -> Verdict | None:
        """As it was, if it still holds."""
        return self._known.get(_key(mutant))

    def keep(self, mutant: Mutant, verdict: Verdict) -> None:
        """If it was caught."""
        if verdict.caught_by is None:
            return
        test = verdict.caught_by
        line = {
            "mutant": _key(mutant),
            "test": test,
            "module": self._state_of_test(test),
            "verdict": asdict(verdict),
        }
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with self._file.open("a") as file:
            file.write(json.dumps(line) + "\n")


def _key(mutant: Mutant) -> str:
    return hashlib.sha256(f"{mutant.place.path}\0{mutant.source}".encode()).hexdigest()[:24]
