"""What became of each row of an import."""

import csv
import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from worker.importing.files import Row

Result = Literal["accepted", "duplicate", "refused"]


@dataclass(frozen=True)
class Outcome:
    """One row: accepted, known already, or refused with the reason."""

    row: Row
    result: Result
    reason: str = ""


@dataclass
class Report:
    """The outcomes of all rows. A row is named by its file and line, never by its patient (P1)."""

    outcomes: list[Outcome] = field(default_factory=list)
    episodes: int = 0
    """Episodes that were begun."""
    warnings: list[str] = field(default_factory=list)

    def add(self, row: Row, result: Result, reason: str = "") -> None:
        """Note one row."""
        self.outcomes.append(Outcome(row, result, reason))

    @property
    def ordered(self) -> list[Outcome]:
        """All rows in the order of the files."""
        return sorted(self.outcomes, key=lambda outcome: (outcome.row.file, outcome.row.line))

    @property
    def refused(self) -> list[Outcome]:
        """Those that were refused, in the order of the files."""
        return [outcome for outcome in self.ordered if outcome.result == "refused"]

    def counts(self) -> dict[str, int]:
        """How many rows had which outcome."""
        count = Counter(outcome.result for outcome in self.outcomes)
        return {result: count[result] for result in ("accepted", "duplicate", "refused")}

    def summary(self) -> str:
        """One sentence."""
        count = self.counts()
        return (f"Imported {self.episodes} new episodes; of {len(self.outcomes)} rows {count['accepted']} were accepted, "
                f"{count['duplicate']} were known already, {count['refused']} were refused.")  # fmt: skip

    def as_json(self) -> dict[str, Any]:
        """Everything."""
        rows = [
            {"file": o.row.file, "line": o.row.line, "result": o.result, "reason": o.reason}
            for o in self.ordered
        ]
        return {"episodes": self.episodes, **self.counts(), "warnings": self.warnings, "rows": rows}

    def write(self, path: Path) -> None:
        """Write it row by row: as JSON if the file is called so, else as CSV."""
        content = self.as_json()
        with path.open("w", encoding="utf-8", newline="") as file:
            if path.suffix == ".json":
                json.dump(content, file, indent=2, ensure_ascii=False)
                return
            writer = csv.DictWriter(file, ["file", "line", "result", "reason"])
            writer.writeheader()
            writer.writerows(content["rows"])
