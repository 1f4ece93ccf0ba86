"""The law of the import: any export, any number of times, in any order of its files, broken off anywhere, and after the
histories are gone, gives the same clinic, and writes to no patient (T4, T7, I6, E7, P9)."""

import asyncio
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from activities.clinic_database import ClinicDatabase, Crosswalk, ImportMemory
from activities.staff_directory import load
from tests.databases import JOURNAL_KEY, make_database
from tests.searching import examples
from tests.servers import EXAMPLE
from tests.worker.importing.core_episodes import CoreEpisodes
from tests.worker.importing.exports import TODAY, admission, course, export, sessions
from worker.importing.folder import people_of, read_export
from worker.importing.person import Importing
from worker.importing.report import Report
from worker.importing.run import import_people

pytestmark = pytest.mark.dear

NOW = datetime(2026, 3, 16, 12, tzinfo=ZoneInfo("America/Chicago"))
STAFF = load(EXAMPLE / "staff.yaml")


@dataclass
class Written:
    """The files of an export."""

    admissions: list[dict[str, Any]] = field(default_factory=list)
    attendance: list[dict[str, Any]] = field(default_factory=list)
    tests: list[dict[str, Any]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)

    def only(self, *files: str) -> "Written":
        """The same export with some of its files."""
        return Written(self.admissions, *(getattr(self, f) if f in files else [] for f in FILES))


STAYS: list[list[tuple[int, int | None]]] = [
    [(40, None)], [(40, 3)], [(300, 240), (40, None)], [(300, 240), (40, 2)],
]  # fmt: skip
"""The stays of a person: how many days ago each began and ended."""

FILES = ("attendance", "tests", "events")


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


@st.composite
def written(draw: st.DrawFn) -> Written:
    """Up to three people, some with an earlier stay that ended, some with the present one over too, some missing."""
    made = Written()
    for number in range(draw(st.integers(1, 3))):
        key = f"MRN-{number}"
        stays = draw(st.sampled_from(STAYS))
        for began, ended in stays:
            first, last = ago(began - 2), ago(ended or 0)
            made.admissions.append(admission(key, ago(began)))
            made.events += course(key, first)
            came = sessions(key, first, last - timedelta(days=1))
            missed = draw(st.integers(0, min(4, len(came))))
            made.attendance += came[: len(came) - missed]
            made.tests += [
                {"patient_key": key, "specimen_id": f"S-{key}-{began}-{days}", "collected_on": ago(days).isoformat(),
                 "result": draw(st.sampled_from(["NEG", "negative", "dilute"])), "substances": ""}
                for days in range(began - 5, ended or 0, -14)
            ]  # fmt: skip
            if draw(st.booleans()):
                on = (first + timedelta(days=3)).isoformat()
                made.events.append({"patient_key": key, "kind": "use", "by": "cm-1", "on": on})
            if ended:
                reason = draw(st.sampled_from(["withdrew", "deceased", "transferred", "lost_contact"]))
                made.events.append(
                    {
                        "patient_key": key,
                        "kind": "exit",
                        "by": "cm-1",
                        "reason": reason,
                        "on": last.isoformat(),
                    }
                )
    return made


@dataclass(frozen=True)
class Step:
    """One import: of which files, where it breaks off, and whether all histories were lost before."""

    files: tuple[str, ...]
    breaks_at: int | None
    histories_are_gone: bool
    seed: int


def steps() -> st.SearchStrategy[list[Step]]:
    files = st.lists(st.sampled_from(FILES), unique=True).map(tuple)
    one = st.builds(Step, files, st.none() | st.integers(0, 9), st.booleans(), st.integers(0, 5))
    return st.lists(one, max_size=5)


class World:
    """A clinic: its database, and the engine without a server."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.episodes, self.imported = folder, CoreEpisodes(NOW), 0
        url = f"sqlite+aiosqlite:///{folder / 'clinic.db'}"
        make_database(url)
        self.database = ClinicDatabase(url)
        self.crosswalk = Crosswalk(self.database)

    async def imports(self, one: Written, seed: int = 0) -> Report:
        """One import of the files, their rows in an order of its own."""

        def turned(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
            return [*rows[seed:], *rows[:seed]]

        self.imported += 1
        folder = self.folder / f"export-{self.imported}"
        export(folder, turned(one.admissions), attendance=turned(one.attendance), tests=turned(one.tests),
               events=turned(one.events))  # fmt: skip
        report = Report(folder)
        read = read_export(folder)
        importing = Importing(self.episodes, self.crosswalk, ImportMemory(self.database), "", report)
        await import_people(people_of(read, STAFF, report, JOURNAL_KEY), importing)
        assert len(report.outcomes) == len(read.admissions) + len(read.statements), (
            "every row has one outcome"
        )
        assert len(read.statements) == len(one.attendance) + len(one.tests) + len(one.events)
        return report

    async def open_and_closed(self, keys: set[str]) -> dict[str, date | None]:
        """Every episode of the clinic database, with the day of its end."""
        found = [await self.crosswalk.passages_of(key) for key in sorted(keys)]
        return {one.episode_id: one.closed_on for passages in found for one in passages}


@settings(max_examples=examples(10))
@given(written(), steps())
def test_T4_E7_any_export_any_number_of_times_in_any_order_gives_the_same_clinic(
    one: Written, taken: list[Step]
) -> None:
    async def proved(folder: Path) -> None:
        keys = {row["patient_key"] for row in one.admissions}
        (folder / "once").mkdir()
        (folder / "often").mkdir()
        once, often = World(folder / "once"), World(folder / "often")
        await once.imports(one)
        for step in taken:
            if step.histories_are_gone:
                often.episodes.running.clear()
            ended = {i for i, on in (await often.open_and_closed(keys)).items() if on}
            begun = len(often.episodes.begun)
            often.episodes.breaks_at = step.breaks_at
            await often.imports(one.only(*step.files), step.seed)
            assert not ended & set(often.episodes.begun[begun:]), "what has ended is not begun again"
        often.episodes.breaks_at = None
        await often.imports(one)
        report = await often.imports(one)
        told = {o.reason.partition(" on ")[0] if o.result == "refused" else o.result for o in report.outcomes}
        assert told <= {"duplicate", "its stay ended"}, "the second of two changes nothing"
        assert await often.open_and_closed(keys) == await once.open_and_closed(keys)
        shown, expected = often.episodes.shown(), once.episodes.shown()
        still_open = [i for i, on in (await once.open_and_closed(keys)).items() if on is None]
        for episode_id in still_open:
            assert shown[episode_id] == expected[episode_id]
        assert once.episodes.messages == often.episodes.messages == []
        once.episodes.wake()
        often.episodes.wake()
        assert once.episodes.messages == often.episodes.messages == []
        await once.database.close()
        await often.database.close()

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(proved(Path(folder)))


async def test_C11_a_changed_row_of_the_admissions_is_told_once_and_changes_no_episode_that_runs(
    tmp_path: Path,
) -> None:
    world = World(tmp_path)
    one = Written([admission("MRN-1", ago(40))], events=course("MRN-1", ago(38)))
    await world.imports(one)
    one.admissions = [admission("MRN-1", ago(40), case_manager="cm-2")]
    (told,) = (await world.imports(one)).refused
    assert "tell a change of the team as a team entry" in told.reason
    assert (await world.imports(one)).refused == []
    await world.database.close()


@pytest.mark.parametrize("results", [("definitive", "residual"), ("residual", "definitive")])
@pytest.mark.parametrize(
    "times", [("2026-03-03 09:00", "2026-03-05T15:00Z"), ("3/13/2026 9:00 AM", "3/13/2026 9:01 AM")]
)
async def test_T4_results_of_one_specimen_are_ordered_by_when_the_laboratory_reported_them(
    tmp_path: Path, results: tuple[str, str], times: tuple[str, str]
) -> None:
    """Of two results of the same weight the amended one holds, wherever its row stands."""
    rows = [
        {"patient_key": "MRN-1", "specimen_id": "S-1", "collected_on": "2026-03-02", "result": result,
         "substances": "alcohol", "reported_at": at}
        for result, at in zip(results, times, strict=True)
    ]  # fmt: skip
    world = World(tmp_path)
    events = course("MRN-1", ago(38), last_use_on=ago(60))
    report = await world.imports(Written([admission("MRN-1", ago(40))], tests=rows, events=events))
    assert report.refused == []
    (shown,) = world.episodes.shown().values()
    use = "2026-03-02" if results[1] == "definitive" else str(ago(60))
    assert shown["last_use_on"] == use, "a residual finding is no use"
    await world.database.close()


async def test_F3_an_instant_of_an_event_is_read_as_systems_write_it(tmp_path: Path) -> None:
    world = World(tmp_path)
    about = {"patient_key": "MRN-1", "by": "cm-1"}
    call = {**about, "kind": "contact", "channel": "phone", "outcome": "reached"}
    test = {**about, "kind": "test", "test_id": "S-1", "collected_on": "3/13/2026", "result": "negative"}
    events = [
        *course("MRN-1", ago(38)), {**call, "at": "3/13/2026 6:00 PM"}, {**call, "at": "2026-03-14T18:00:00-05:00"},
        {**call, "at": "someday"}, {**test, "reported_at": "13.3.2026 18:00"},
    ]  # fmt: skip
    report = await world.imports(Written([admission("MRN-1", ago(40))], events=events))
    assert [one.reason.partition(":")[0] for one in report.refused] == ["at"]
    await world.database.close()


async def test_F3_rows_of_an_episode_that_ended_and_is_gone_are_refused_one_by_one_and_stop_nobody(
    tmp_path: Path,
) -> None:
    """Temporal forgets what has ended; the report says of each row what became of it, and what to do."""
    world = World(tmp_path)
    died = {"patient_key": "MRN-1", "kind": "exit", "by": "cm-1", "reason": "deceased", "on": str(ago(10))}
    one = Written(
        [admission("MRN-1", ago(40)), admission("MRN-2", ago(40))],
        attendance=[*sessions("MRN-1", ago(38), ago(20)), *sessions("MRN-2", ago(38), ago(20))],
        events=[*course("MRN-1", ago(38)), *course("MRN-2", ago(38)), died],
    )
    await world.imports(one)
    (ended,) = (i for i, on in (await world.open_and_closed({"MRN-1"})).items() if on)
    del world.episodes.running[ended]
    late = {key: sessions(key, ago(19), ago(11)) for key in ("MRN-1", "MRN-2")}
    one.attendance += [row for rows in late.values() for row in rows]
    report = await world.imports(one)
    assert len(report.refused) == len(late["MRN-1"]), "its rows that are known stay so"
    for told in report.refused:
        assert told.reason.startswith(f"its stay ended on {ago(10)}, and episode {ended} takes no further")
        assert "case manager" in told.reason
        assert "a row of its own in the admissions" in told.reason
    assert sum(told.result == "accepted" for told in report.outcomes) == len(late["MRN-2"])
    assert (report.is_whole, report.begun_again, ended in world.episodes.running) == (True, [], False)
    again = await world.imports(one)
    assert [told.row for told in again.refused] == [told.row for told in report.refused]
    assert sum(told.result == "accepted" for told in again.outcomes) == 0
    await world.database.close()
