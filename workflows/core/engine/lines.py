"""The lines of a journal, as text that is the same wherever it is written: a beginning, and then acts (T2, T3).

A line ends with what nothing brings back, such as entries. What decides less, such as a moment at which time was looked
at, stands in the line before whose end it happened.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

FORMAT = 1
"""Of the lines; code that reads another one says so."""


@dataclass(frozen=True, slots=True)
class Beginning:
    """The first line: what begins, when, and with which start."""

    of: str
    """`episode` or `referral`."""
    at: datetime
    start: Mapping[str, Any]
    snapshot: str | None = None
    """How it stood, packed, where it had begun before there was a journal."""

    @classmethod
    def of_line(cls, said: Mapping[str, Any]) -> Self:
        """The beginning that a line says.

        Raises:
            ValueError: it says none, or in another format.
        """
        try:
            if said.get("format") != FORMAT:
                raise ValueError(f"this journal has format {said.get('format')}, this code reads {FORMAT}")
            began = cls(said["of"], datetime.fromisoformat(said["at"]), said["start"], said.get("snapshot"))
        except (KeyError, TypeError, AttributeError):
            raise ValueError("this line is no beginning of a journal") from None
        if not isinstance(began.start, Mapping):
            raise ValueError("this beginning of a journal has no start")
        return began

    def line(self) -> str:
        """It as a line."""
        stood = {"snapshot": self.snapshot} if self.snapshot else {}
        return canonical(
            {"format": FORMAT, "of": self.of, "at": self.at.isoformat(), "start": dict(self.start), **stood}
        )


def line_of(acts: Sequence[Mapping[str, Any]]) -> str:
    """Acts, as they are written, as a line."""
    return canonical({"acts": list(acts)})


def canonical(said: Mapping[str, Any]) -> str:
    """The one text of what is said."""
    return json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
