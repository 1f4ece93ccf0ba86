"""Output: rich tables for people, JSON for programs."""

import json
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text


class Screen(Console):
    """Text is text: what stands in brackets or colons is no markup, and no sign in it moves the cursor."""

    def __init__(self, **options: Any) -> None:
        super().__init__(markup=False, emoji=False, highlight=False, **options)

    def render_str(self, text: str, **options: Any) -> Text:
        return super().render_str(visible(text), **options)


def visible(text: str) -> str:
    """Text whose control characters, but for line breaks, are shown as signs: to a terminal they are commands."""
    return "".join(
        sign if sign == "\n" or unicodedata.category(sign) not in ("Cc", "Cf", "Cs") else "\ufffd"
        for sign in text
    )


console = Screen()

UNBROKEN = range(24, 7, -1)
"""Words up to one of these lengths, the longest for which the screen has room, are broken in no cell of a table."""


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
    cells = [["" if cell is None else visible(str(cell)) for cell in row] for row in rows]
    if not cells:
        console.print(f"{title}: none.", markup=False)
        return
    columns_of_text = list(zip(columns, *cells, strict=True))
    widths = _widths(columns_of_text, [column in whole for column in columns])
    shown = Table(title=Text(visible(title)), title_justify="left", title_style="bold")
    for column, width in zip(columns, widths, strict=True):
        shown.add_column(Text(column), overflow="fold", no_wrap=column in whole, width=width)
    for row in cells:
        shown.add_row(*map(Text, row))
    console.print(shown)


def _widths(columns: Sequence[Sequence[str]], whole: Sequence[bool]) -> Sequence[int | None]:
    """Widths at which no word is broken that need not be, and what is left shared by need; None: rich's choice."""
    wanted = [max(map(cell_len, "\n".join(texts).splitlines())) for texts in columns]
    words = [max(map(cell_len, " ".join(texts).split()), default=1) for texts in columns]
    room = console.width - (3 * len(columns) + 1)
    if sum(wanted) > room:
        for unbroken in UNBROKEN:
            least = [
                want if keep else min(word, unbroken)
                for want, word, keep in zip(wanted, words, whole, strict=True)
            ]
            if sum(least) <= room:
                short = [want - has for want, has in zip(wanted, least, strict=True)]
                left = room - sum(least)
                return [has + left * more // sum(short) for has, more in zip(least, short, strict=True)]
    return [None] * len(columns)


def when(value: str | None) -> str:
    """An ISO instant, short, as wall-clock time of the zone in which it is given."""
    return (value or "")[:16].replace("T", " ")


def when_in(zone: str, at: datetime) -> str:
    """An instant, short, as wall-clock time of a zone."""
    return f"{at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}"
