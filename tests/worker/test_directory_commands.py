"""The commands `directory` and `match`, as staff use them; no server is needed for them."""

import csv
import json
import os
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests.activities.directory.invented import meeting
from tests.databases import make_database
from tests.servers import EXAMPLE
from tests.typed import typed


class Staff:
    """Types commands in a clinic of one test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        make_database(f"sqlite:///{folder / 'c.db'}")
        self.environment = {
            **os.environ,
            "CAREPATH_DATABASE": f"sqlite+aiosqlite:///{folder / 'c.db'}",
            "CAREPATH_DIRECTORIES": str(EXAMPLE / "directories" / "feeds.yaml"),
            "COLUMNS": "200",
        }

    def types(self, *arguments: str) -> CompletedProcess[str]:
        return typed(*arguments, environment=self.environment)


@pytest.fixture
def staff(tmp_path: Path) -> Staff:
    return Staff(tmp_path)


def test_the_directories_are_read_searched_and_matched(staff: Staff) -> None:
    assert staff.types("directory", "sync").returncode == 0
    states = json.loads(staff.types("directory", "feeds", "--json").stdout)
    assert {one["feed"]: one["in_force"] for one in states} == dict.fromkeys(
        ("aa", "na", "services", "smart", "therapists"), True
    )
    again = json.loads(staff.types("directory", "sync", "--json").stdout)
    assert all(one["new"] == one["changed"] == one["gone"] == 0 for one in again)
    found = json.loads(staff.types("directory", "search", "food", "--json").stdout)
    assert [one["listing_id"] for one in found] == ["services:pantry"]

    near = ("--near", "38.63,-90.2", "--timezone", "America/Chicago")
    first = staff.types("match", "mutual_help", *near, "--day", "mon", "--fellowship", "aa", "--json")
    assert (
        first.stdout
        == staff.types("match", "meetings", *near, "--day", "mon", "--fellowship", "AA", "--json").stdout
    )
    answer = json.loads(first.stdout)
    assert any(one["secular"] for one in answer["found"])
    assert all(one["why"] for one in answer["found"])
    table = staff.types("match", "EMDR", *near, "--payer", "Medicaid")
    assert "works with EMDR, takes Medicaid" in table.stdout
    assert "Riverton Community Food Pantry" in staff.types("match", "food bank").stdout


def test_a_feed_by_hand_is_reported_row_by_row_and_a_broken_one_keeps_what_was(staff: Staff) -> None:
    file, report = staff.folder / "meetings.json", staff.folder / "rows.csv"
    file.write_text(
        json.dumps([meeting(), meeting(), meeting(slug=""), *(meeting(slug=n) for n in range(9))])
    )
    command = ("directory", "import", str(file), "--format", "meeting_guide", "--timezone", "America/Chicago")
    done = staff.types(*command, "--fellowship", "aa", "--report", str(report))
    assert done.returncode == 0, done.stderr
    assert "Took 10 of 12 rows of meetings (0 with a remark, 1 duplicate, 1 refused): 10 new" in done.stdout
    with report.open(encoding="utf-8") as written:
        assert [row["became"] for row in csv.DictReader(written)] == ["duplicate", "refused"]
    file.write_text("<html>")
    broken = staff.types(*command, "--fellowship", "aa")
    assert broken.returncode == 1
    assert broken.stderr.strip() == (
        "The directory meetings was not taken: the feed is a web page and no JSON: see whether its address still "
        "stands. "
        "What was good before stays in force."
    )
    assert len(json.loads(staff.types("directory", "search", "--json").stdout)) == 10
    assert json.loads(staff.types("directory", "feeds", "--json").stdout)[0]["state"] == "kept"


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("directory", "import", "nowhere"), 1, "There is no feed nowhere in"),
        (("directory", "import", "x.json", "--format", "bmlt"), 1, "Give both --format and --timezone"),
        (
            ("directory", "import", "x.json", "--format", "rss", "--timezone", "UTC"),
            1,
            "format: Input should be",
        ),
        (
            ("directory", "import", "x.json", "--format", "bmlt", "--timezone", "CST"),
            1,
            "CST is no time zone",
        ),
        (
            ("directory", "import", "aa.json", "--format", "bmlt", "--timezone", "UTC"),
            1,
            "has a feed aa already",
        ),
        (("directory", "import"), 2, "Missing argument"),
        (("directory", "search", "--feed", "x"), 1, "There is no directory x"),
        (("match", "piano"), 1, "piano is neither therapist nor mutual_help nor a need"),
        (("match", "aa", "--near", "home"), 1, "--near: home is no point"),
        (("match", "aa", "--day", "someday"), 1, "weekdays: someday is no weekday"),
        (("match", "aa", "--timezone", "CST"), 1, "--timezone: CST is no time zone"),
        (("match", "aa", "--episode", "e9"), 1, "There is no episode e9."),
        (("match",), 2, "Missing argument"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_sentence(
    staff: Staff, arguments: tuple[str, ...], code: int, words: str
) -> None:
    result = staff.types(*arguments)
    assert result.returncode == code, result.stdout + result.stderr
    assert words in result.stderr
    assert "Traceback" not in result.stderr
