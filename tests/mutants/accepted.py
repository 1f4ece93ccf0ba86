"""Survivors that are known, each with the reason why it may survive: `accepted.toml`."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

from tests.mutants.making import Mutant

_FILE = Path(__file__).parent / "accepted.toml"


@dataclass(frozen=True)
class Accepted:
    """A mutant that no test has to catch."""

    module: str
    function: str
    before: str
    after: str
    why: str

    def is_of(self, mutant: Mutant) -> bool:
        """Whether it is this one, also after its lines have moved, or its file into another folder."""
        return (Path(self.module).name, self.function, self.before, self.after) == (
            Path(mutant.place.path).name,
            mutant.place.within,
            mutant.before,
            mutant.after,
        )


def all_accepted() -> list[Accepted]:
    """Every known survivor."""
    return [Accepted(**one) for one in tomllib.loads(_FILE.read_text()).get("survivor", [])]


def reason_for(mutant: Mutant) -> str | None:
    """Why a mutant may survive; None: that is not known."""
    return next((one.why for one in all_accepted() if one.is_of(mutant)), None)
