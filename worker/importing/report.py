"""What became of each row of an import."""

import csv
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from worker.importing.files import Row


@dataclass(frozen=True)
class Outcome:
    """One row: accepted, known already, or refused with the reason."""

    row: Row
    result: Literal["accepted", "duplicate", "refused"]
    reason: str = ""


@dataclass
class Report:
    """The outcomes of all rows."""

    outcomes: list[Outcome] = field(default_factory=list)
    episodes: int = 0

    def add(self, row: Row, result: Literal["accepted", "duplicate", "refused"], reason: str = "") -> None:
        """Note one row."""
        self.outcomes.append(Outcome(row, result, reason))

    @property
    def refused(self) -> list[Outcome]:
        """Those that were refused, in the order of the files."""
        return sorted(
            (o for o in self.outcomes if o.result == "refused"), key=lambda o: (o.row.file, o.row.line)
        )

    def summary(self) -> str:
        """What was done."""
        return f"Imported {self.episodes} new episodes. {self.counts()}"

    def counts(self) -> str:
        """One sentence on the rows."""
        count = Counter(outcome.result for outcome in self.outcomes)
        return (
            f"Of {len(self.outcomes)} rows {count['accepted']} were accepted, {count['duplicate']} were known already, "
            f"{count['refused']} were refused."
        )

    def as_json(self) -> dict[str, Any]:
        """Everything."""
        rows = [
            {"file": o.row.file, "line": o.row.line, "result": o.result, "reason": o.reason}
            for o in self.outcomes
        ]
        return {"episodes": self.episodes, "rows": sorted(rows, key=lambda r: (r["file"], r["line"]))}

    def write(self, path: Path) -> None:
        """Write it as CSV, row by row."""
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, ["file", "line", "result", "reason"])
            writer.writeheader()
            writer.writerows(self.as_json()["rows"])
