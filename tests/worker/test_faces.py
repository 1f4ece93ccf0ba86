"""What stands on a screen: text is text, a date means one thing, and a name need not be typed where all can see it."""

import ast
import json
from datetime import UTC, date, datetime, time, timedelta
from io import StringIO
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as some
from rich.console import Console

import worker
from tests.databases import make_database
from tests.typed import carepath
from worker import show
from worker.open_episodes import day_of_midnight
from worker.settings import Settings
from workflows.wording import as_text

HOSTILE = [
    "S[/12]",
    "[bold]x[/bold]",
    "[link=http://evil.example]x",
    ":smile:",
    "\x1b[31mred",
    "a\rb",
    "\u202egnp",
    "[",
    "\\[",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_text_from_data_is_never_markup(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    screen = StringIO()
    monkeypatch.setattr(
        show, "console", show.Screen(file=screen, width=200, force_terminal=True, color_system="truecolor")
    )
    show.console.print(f"Recorded as {text}.")
    show.table(text, ["id"], [[text], ["two"]])
    show.table(text, ["id"], [])
    lines = screen.getvalue()
    assert lines.count(show.visible(text)) >= 4
    assert "\x1b[31m" not in lines
    assert "\r" not in lines


def test_only_one_screen_is_made_and_nothing_turns_markup_on() -> None:
    for file in Path(worker.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            named = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            assert named != "Console" or file.name == "show.py", file
            assert named not in ("from_markup", "secho"), file
            on = [
                k
                for k in node.keywords
                if k.arg in ("markup", "emoji") and getattr(k.value, "value", None) is True
            ]
            assert not on, file


def test_where_a_time_stands_its_zone_is_named() -> None:
    for file in (Path(worker.__file__).parent / "commands").glob("*.py"):
        text = file.read_text("utf-8")
        if "when(" in text or "when_in(" in text:
            assert any(f"{words} in" in text for words in ("times", "Times are", "due")), file


def test_a_console_of_others_shows_text_too(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = StringIO()
    monkeypatch.setattr(show, "console", Console(file=screen, width=200))
    show.table("S[/12]", ["x[/y]"], [["[red]z"]])
    assert all(text in screen.getvalue() for text in ("S[/12]", "x[/y]", "[red]z"))


def test_in_the_web_ui_text_from_data_is_text() -> None:
    assert as_text("a|b [c](http://x) `d` <e>\n#f") == r"a\|b \[c\](http://x) \`d\` \<e\> \#f"


@given(some.sampled_from(sorted(available_timezones())), some.dates(date(2025, 1, 1), date(2027, 1, 1)))
def test_the_gates_day_is_the_programs_own_east_and_west_of_greenwich(name: str, day: date) -> None:
    zone = ZoneInfo(name)
    midnight = datetime.combine(day, time(), zone).astimezone(UTC)
    if midnight.astimezone(zone).time() != time():
        return  # no midnight there on that day: clocks are put forward
    assert day_of_midnight(midnight, zone) == day
    offset = midnight.astimezone(zone).utcoffset()
    if offset is not None and -timedelta(hours=10) < offset <= timedelta(hours=12):
        # Of a program elsewhere than the clinic's own zone, too.
        assert day_of_midnight(midnight, ZoneInfo("America/Chicago")) == day


def test_a_name_need_not_stand_in_the_list_of_processes_and_what_is_kept_is_shown(
    clinic_settings: Settings, tmp_path: Path
) -> None:
    make_database(clinic_settings.database)
    file = tmp_path / "ada.yaml"
    file.write_text(
        "given_name: Ada\nfamily_name: Poe\nbirth_date: 1988-04-02\nchannel: mailto:ada@mail.example\n"
    )
    kept = carepath("patient", "save", "MRN-1", "--file", str(file), settings=clinic_settings)
    assert kept.returncode == 0, kept.stderr
    shown = json.loads(carepath("patient", "show", "MRN-1", "--json", settings=clinic_settings).stdout)
    assert (shown["given_name"], shown["birth_date"]) == ("Ada", "1988-04-02")
    assert (shown["channel"], shown["messages_allowed"]) == ("mailto:ada@mail.example", True)
    assert "safe channel" in carepath("patient", "show", "MRN-1", settings=clinic_settings).stdout
    file.write_text("surname: Poe\n")
    wrong = carepath("patient", "save", "MRN-1", "--file", str(file), settings=clinic_settings)
    assert (wrong.returncode, "surname is no field" in wrong.stderr) == (1, True)
