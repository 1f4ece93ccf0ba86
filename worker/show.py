"""Output: rich tables for people, JSON for programs."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.markup import escape
from rich.table import Table

console = Console()


def as_json(value: Any) -> None:
    """Print JSON and nothing else; instants and days as ISO 8601."""
    print(json.dumps(value, indent=2, default=_plain, ensure_ascii=False))


def _plain(value: Any) -> str:
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def table(
    title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], whole: Sequence[str] = ()
) -> None:
    """Print a table; empty cells for what is not known. What stands in the columns `whole` is copied by people, such
    as ids: it is broken on no screen."""
    shown = Table(title=title, title_justify="left", title_style="bold")
    for column in columns:
        shown.add_column(column, overflow="fold", no_wrap=column in whole)
    count = 0
    for row in rows:
        # A subject like "[level 2] overdue" is text and no markup.
        shown.add_row(*("" if cell is None else escape(str(cell)) for cell in row))
        count += 1
    console.print(shown if count else f"{title}: none.")


def when(value: str | None) -> str:
    """An ISO instant, short, as wall-clock time of the zone in which it is given."""
    return (value or "")[:16].replace("T", " ")


def when_in(zone: str, at: datetime) -> str:
    """An instant, short, as wall-clock time of a zone."""
    return f"{at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}"
