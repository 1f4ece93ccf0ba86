"""What became of each row of an import: every row has exactly one outcome, so that the numbers add up to the files."""

import csv
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from worker.importing.table import Row

Result = Literal["accepted", "duplicate", "refused"]


@dataclass(frozen=True)
class Outcome:
    """One row: accepted, known already, or refused with the reason."""

    row: Row
    result: Result
    reason: str = ""


@dataclass
class Report:
    """The outcomes of all rows of a folder."""

    folder: Path
    episodes: int = 0
    """Episodes that were begun."""
    begun_again: list[str] = field(default_factory=list)
    """Ids of episodes that were open in the clinic database and ran no more."""
    is_whole: bool = True
    """Whether everybody was reached: false where an episode or the server did not answer."""
    _outcomes: dict[tuple[str, int], Outcome] = field(default_factory=dict)

    def add(self, row: Row, result: Result, reason: str = "") -> None:
        """Say what became of a row. The first word about a row is the one that counts."""
        self._outcomes.setdefault((row.file, row.line), Outcome(row, result, reason))

    def refuse_the_rest(self, rows: Iterable[Row], reason: str) -> None:
        """Refuse those rows of which nothing was said."""
        for row in rows:
            self.add(row, "refused", reason)

    @property
    def outcomes(self) -> list[Outcome]:
        """All of them, in the order of the files."""
        return [self._outcomes[place] for place in sorted(self._outcomes)]

    @property
    def refused(self) -> list[Outcome]:
        """Those that were refused, in the order of the files."""
        return [one for one in self.outcomes if one.result == "refused"]

    def summary(self) -> str:
        """What was done."""
        again = ""
        if self.begun_again:
            again = (
                " Open in the clinic database, but not running any more (its history is gone), and begun again with "
                f"what this export holds: {', '.join(sorted(self.begun_again))}. Record there what else has happened."
            )
        return f"Imported {self.episodes} new episodes. {self.counts()}{again}"

    def counts(self) -> str:
        """One sentence on the rows, and one on where to read of those that were refused."""
        count = Counter(outcome.result for outcome in self._outcomes.values())
        told = (
            f"Of {len(self._outcomes)} rows {count['accepted']} were accepted, {count['duplicate']} were known "
            f"already, {count['refused']} were refused."
        )
        if count["refused"]:
            told += f" Which, and why: carepath import {self.folder} --report rows.csv"
        return told

    def as_json(self) -> dict[str, Any]:
        """Everything."""
        rows = [
            {"file": o.row.file, "line": o.row.line, "result": o.result, "reason": o.reason}
            for o in self.outcomes
        ]
        return {
            "episodes": self.episodes,
            "is_whole": self.is_whole,
            "begun_again": sorted(self.begun_again),
            "rows": rows,
        }

    def write(self, path: Path) -> None:
        """Write it as CSV, row by row."""
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, ["file", "line", "result", "reason"])
            writer.writeheader()
            writer.writerows(self.as_json()["rows"])
