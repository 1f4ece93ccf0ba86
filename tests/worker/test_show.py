"""Tables for people: what they read and copy is not broken where the screen has room."""

from io import StringIO

import pytest
from rich.console import Console

from worker import show

ROWS: list[list[str | None]] = [
    [
        "services:pantry",
        "Riverton Community Food Pantry, open on three mornings of the week",
        "2026-11-23 20:42",
    ],
    ["services:ride", "Volunteer Drivers", None],
]


def printed(monkeypatch: pytest.MonkeyPatch, width: int, whole: tuple[str, ...] = ()) -> str:
    screen = StringIO()
    monkeypatch.setattr(show, "console", Console(file=screen, width=width))
    show.table("Places", ["id", "place", "chosen at"], ROWS, whole)
    return screen.getvalue()


@pytest.mark.parametrize("width", [60, 72, 80, 200])
def test_words_and_dates_are_not_broken_where_there_is_room(
    monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    text = printed(monkeypatch, width)
    for word in ("services:pantry", "2026-11-23", "Community", "Volunteer"):
        assert word in text
    assert max(map(len, text.splitlines())) <= width


def test_a_narrow_screen_breaks_words_and_loses_no_letter(monkeypatch: pytest.MonkeyPatch) -> None:
    text = printed(monkeypatch, 34)
    assert max(map(len, text.splitlines())) <= 34
    cells = [line.strip("│").split("│") for line in text.splitlines() if line.startswith("│")]
    read = ["".join(part.strip() for part in column) for column in zip(*cells, strict=True)]
    told = ["".join((row[number] or "").replace(" ", "") for row in ROWS) for number in range(3)]
    assert [column.replace(" ", "") for column in read] == told


def test_what_people_copy_is_whole_on_every_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "services:pantry" in printed(monkeypatch, 40, whole=("id",))


def test_a_table_without_rows_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = StringIO()
    monkeypatch.setattr(show, "console", Console(file=screen, width=80))
    show.table("Places", ["id"], [])
    assert screen.getvalue() == "Places: none.\n"
