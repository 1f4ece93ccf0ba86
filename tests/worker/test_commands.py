"""Commands of the operations staff, each as a person types it, against the real server."""

import asyncio
import itertools
import json
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from temporalio.testing import WorkflowEnvironment

from activities.clinic_database import ClinicDatabase, Crosswalk
from tests import servers
from tests.typed import carepath
from tests.waiting import eventually
from tests.workflows.story import ZONE, Story
from worker.executions import OPEN
from worker.settings import Settings
from workflows.visibility import EPISODE, OWNER, STAFF_TASK

pytestmark = [pytest.mark.dear, pytest.mark.asyncio(loop_scope="module")]

Run = Callable[..., Awaitable[subprocess.CompletedProcess[str]]]
DAY = timedelta(days=1)
TODAY = datetime.now(UTC).astimezone(ZONE).date()
SESSION = f"{TODAY - DAY}T18:00"
"""A time yesterday, for which there may be no session."""
SCHEDULED = next(
    f"{day}T18:00" for day in (TODAY - DAY, TODAY - 2 * DAY, TODAY - 3 * DAY) if day.weekday() in (0, 2, 4)
)


@dataclass
class Shared:
    """One clinic for all tests of this file: each has episodes of its own, which no other one looks at."""

    environment: WorkflowEnvironment
    settings: Settings
    begun: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    async def typed(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        address = self.environment.client.service_client.config.target_host
        return await asyncio.to_thread(carepath, *arguments, settings=self.settings, address=address)

    async def begin(self) -> str:
        """The id of one more episode, of somebody who was admitted ten days ago; its tasks are listed."""
        name = f"e{next(self.begun)}"
        story = await Story.begin(self.environment, name, referred_on=(TODAY - 11 * DAY).isoformat())
        await story.admit(on=TODAY - 10 * DAY)

        async def its_tasks_are_listed() -> bool:
            tasks = f"WorkflowType = '{STAFF_TASK}' AND {EPISODE.name} = '{name}' AND {OPEN}"
            listed = {
                (one.id, one.typed_search_attributes.get(OWNER))
                async for one in self.environment.client.list_workflows(tasks)
            }
            owed = (await story.progress())["open_tasks"]
            return owed != [] and listed == {(task["task_id"], task["owner"]) for task in owed}

        await eventually(its_tasks_are_listed)
        return name


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def clinic(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Shared]:
    async with servers.running_clinic(tmp_path_factory.mktemp("clinic")) as (environment, settings):
        yield Shared(environment, settings)


@pytest.fixture
def run(clinic: Shared) -> Run:
    return clinic.typed


@pytest_asyncio.fixture(loop_scope="module")
async def e1(clinic: Shared) -> str:
    return await clinic.begin()


@pytest_asyncio.fixture(loop_scope="module")
async def e2(clinic: Shared) -> str:
    return await clinic.begin()


@pytest_asyncio.fixture(loop_scope="module")
async def e3(clinic: Shared) -> str:
    return await clinic.begin()


def whose(tasks: list[dict[str, Any]]) -> set[tuple[str, str]]:
    return {(task["task_id"], task["owner"]) for task in tasks}


async def worklist(run: Run, *arguments: str) -> list[dict[str, Any]]:
    """The open tasks. Whose they are depends on the hour: the ladder climbs while the tests run, too."""
    rows: list[dict[str, Any]] = json.loads((await run("tasks", *arguments, "--json")).stdout)
    return rows


async def test_attendance_of_a_whole_group_everyone_present_except(
    run: Run, e1: str, e2: str, e3: str, tmp_path: Path
) -> None:
    roster = tmp_path / "roster.csv"
    roster.write_text(f"episode_id\n{e1}\n{e2}\n{e3}\n")
    one = await run("attend", SESSION, e1, "--by", "cm-1", "--minutes", "90")
    assert one.returncode == 0, one.stderr
    again = await run("attend", SESSION.replace("T", " "), e1, "--by", "cm-1", "--minutes", "90", "--json")
    assert json.loads(again.stdout)[0]["result"] == "known already"
    done = await run("attend", SESSION, "--roster", str(roster), "--except", e2, "--by", "cm-1", "--json")
    assert done.returncode == 0, done.stderr
    journal = json.loads((await run("journal", e2, "--json")).stdout)
    (entry,) = [line["entry"] for line in journal if line["kind"] == "attendance"]
    assert entry["status"] == "missed"
    journal = json.loads((await run("journal", e3, "--json")).stdout)
    assert [line["entry"]["status"] for line in journal if line["kind"] == "attendance"] == ["attended"]
    wrong = await run("attend", "yesterday", e3, "--by", "cm-1")
    assert (wrong.returncode, "session:" in wrong.stdout) == (1, True)


async def test_A8_attendance_that_contradicts_an_earlier_one_is_told_to_whoever_records_it(
    run: Run, e1: str, e2: str
) -> None:
    await run("attend", SCHEDULED, e1, "--by", "cm-1")
    again = await run("attend", SCHEDULED, e1, e2, "--except", e1, "--by", "th-1", "--json")
    told = {line["episode_id"]: line["changes"] for line in json.loads(again.stdout)}
    assert "disagree" in " ".join(told[f"episode-{e1}"])
    assert "disagree" not in " ".join(told[f"episode-{e2}"])


async def test_T4_attend_says_what_happened_also_after_a_retraction_and_for_who_came_late(
    run: Run, e1: str, e2: str
) -> None:
    first = json.loads((await run("attend", SCHEDULED, e1, "--by", "cm-1", "--json")).stdout)
    again = json.loads((await run("attend", SCHEDULED, e1, "--by", "cm-1", "--json")).stdout)
    assert [one["result"] for one in (*first, *again)] == ["recorded", "known already"]
    (entry,) = [
        line["entry_id"]
        for line in json.loads((await run("journal", e1, "--json")).stdout)
        if line["kind"] == "attendance"
    ]
    await run("record", e1, "retraction", f"entry_id={entry}", "reason=mistyped", "--by", "cm-1")
    anew = json.loads((await run("attend", SCHEDULED, e1, "--by", "cm-1", "--json")).stdout)
    assert anew[0]["result"] == "recorded"
    assert len(entry) < 30
    await run("attend", SCHEDULED, e2, "--except", e2, "--by", "cm-1")
    late = json.loads((await run("attend", SCHEDULED, e2, "--by", "cm-1", "--json")).stdout)
    assert "is superseded by" in " ".join(late[0]["changes"])
    for name in (e1, e2):
        owed = json.loads((await run("progress", name, "--json")).stdout)["open_tasks"]
        assert "attendance_conflict" not in {task["kind"] for task in owed}


async def test_F8_a_roster_may_name_people_by_the_clinics_own_key(
    run: Run, e1: str, e2: str, clinic: Shared, tmp_path: Path
) -> None:
    database = ClinicDatabase(clinic.settings.database)
    for number, episode in ((1, e1), (2, e2)):
        await Crosswalk(database).open_episode(f"MRN-{number}", episode, TODAY - 11 * DAY)
    await database.close()
    roster = tmp_path / "roster.csv"
    roster.write_text("patient_key,name\nMRN-1,A\nMRN-2,B\n")
    done = await run(
        "attend", SCHEDULED, "--roster", str(roster), "--except", "MRN-2", "--by", "cm-1", "--json"
    )
    assert {one["episode_id"]: one["status"] for one in json.loads(done.stdout)} == {
        f"episode-{e1}": "attended", f"episode-{e2}": "missed",
    }  # fmt: skip
    roster.write_text("patient_key\nMRN-1\nMRN-9\n")
    unknown = await run("attend", SCHEDULED, "--roster", str(roster), "--by", "cm-1")
    assert (unknown.returncode, "line 3" in unknown.stderr, "MRN-9" in unknown.stderr) == (1, True, False)


async def test_the_journal_and_the_gate_explain_themselves(run: Run, e1: str) -> None:
    used = await run("record", e1, "use", f"on={TODAY}", "--by", "cm-1", "--json")
    entry = json.loads(used.stdout)["entry_id"]
    await run("record", e1, "retraction", f"entry_id={entry}", "reason=mistyped", "--by", "cm-1")
    lines = json.loads((await run("journal", e1, "--json")).stdout)
    assert [line["stands"] for line in lines if line["entry_id"] == entry] == [False]
    before = json.loads((await run("journal", e1, "--as-known-on", f"{TODAY - DAY}", "--json")).stdout)
    assert before == []
    wrong = await run("journal", e1, "--as-known-on", "2026-99-01")
    assert (wrong.returncode, "is no day" in wrong.stderr) == (1, True)
    gate = await run("gate", e1)
    assert "program length is reached on" in gate.stdout
    assert "at the earliest" in gate.stdout
    await run("record", e1, "test", "test_id=t1", f"collected_on={TODAY}", "result=dilute", "--by", "lab")
    assert "on hold" in (await run("why", e1)).stdout
    assert json.loads((await run("gate", e1, "--json")).stdout)["on_hold"] == ["test t1: dilute"]


async def test_the_worklist_is_filtered_and_its_tasks_change_hands(run: Run, e1: str) -> None:
    async def first_of_its_owner() -> str | None:
        first = (await worklist(run, "--episode", e1))[0]
        mine = await worklist(run, "--mine", first["owner"])
        found = {task["owner"] for task in mine} == {first["owner"]} and whose([first]) <= whose(mine)
        return str(first["task_id"]) if found else None

    task = await eventually(first_of_its_owner)
    assert task
    assert (await run("reassign", task, "--to", "cm-2", "--by", "cm-1")).returncode == 0
    assert (await run("acknowledge", task, "--by", "cm-2")).returncode == 0
    assert "reassigned to cm-2" in (await run("why", task)).stdout
    for arguments, words in (
        (("tasks", "--mine", "cm-1' OR 1=1"), "is no code"),
        (("list", "--stage", "nothing"), "there are intake, program"),
        (("complete", "task-none", "--outcome", "done", "--by", "cm-1"), "is not there or has ended"),
        (("record", e1, "use", "on=2026-02-30", "--by", "cm-1"), "on:"),
        (("record", "none", "need", "service=legal", "--by", "cm-1"), "is not there or has ended"),
    ):
        refused = await run(*arguments)
        assert refused.returncode == 1, arguments
        assert words in refused.stderr
        assert "Traceback" not in refused.stderr


async def test_P4_a_revocation_that_cannot_be_is_refused_before_anything_is_done(run: Run, e1: str) -> None:
    given = ("--recipient", "pantry-1", "--purpose", "referral", "--content", "referral")
    added = await run("consent", "add", e1, "c1", *given, "--signed-on", f"{TODAY - DAY}", "--expires-on",
                      f"{TODAY + DAY}", "--by", "cm-1")  # fmt: skip
    assert added.returncode == 0, added.stderr
    for arguments, words in (
        (("c1", "--on", f"{TODAY + 2 * DAY}"), "lies ahead"),
        (("c-1",), "no consent c-1"),
    ):
        refused = await run("consent", "revoke", e1, *arguments, "--by", "cm-1")
        assert (refused.returncode, words in refused.stderr) == (1, True), refused
    (shown,) = json.loads((await run("consent", "show", e1, "--json")).stdout)
    assert shown["stands"]
    journal = json.loads((await run("journal", e1, "--json")).stdout)
    assert not [line for line in journal if line["kind"] == "revocation"]
    done = await run("consent", "revoke", e1, "c1", "--by", "cm-1")
    assert done.returncode == 0, done.stderr
    (shown,) = json.loads((await run("consent", "show", e1, "--json")).stdout)
    assert not shown["stands"]


async def test_E1_a_task_goes_to_and_is_answered_by_people_whom_the_clinic_knows(run: Run, e1: str) -> None:
    first = (await worklist(run, "--episode", e1))[0]
    task = first["task_id"]
    for arguments, option in (
        (("reassign", task, "--to", "zz-9", "--by", "cm-1"), "--to"),
        (("reassign", task, "--to", "cm-2", "--by", "zz-9"), "--by"),
        (("acknowledge", task, "--by", "zz-9"), "--by"),
        (("complete", task, "--outcome", "done", "--by", "zz-9"), "--by"),
        (("admit", "--site", "north", "--timezone", "America/Chicago", "--therapist", "zz-9"), "team.therapist"),
    ):  # fmt: skip
        refused = await run(*arguments)
        assert (refused.returncode, refused.stderr.startswith(f"{option}: ")) == (1, True), refused
        assert "nobody for staff id zz-9" in refused.stderr
    other = await run("admit", "--site", "north", "--timezone", "America/Chicago", "--therapist", "cm-1")
    assert (other.returncode, "what cm-1, who is case manager, may not" in other.stderr) == (1, True), other
    assert json.loads((await run("why", task, "--json")).stdout)["owner"] == first["owner"]


async def test_why_tells_who_owes_a_task_until_when_and_how_it_may_end(run: Run, e1: str) -> None:
    task = (await worklist(run, "--episode", e1))[0]["task_id"]
    view = json.loads((await run("why", task, "--json")).stdout)
    for named in (task, task.removeprefix("task-")):
        told = await run("why", named)
        assert told.returncode == 0, told.stderr
        for words in (*view["outcomes"], view["owner"], view["due_at"][:10]):
            assert words in told.stdout
    both = await run("tasks", "--mine", "cm-1", "--role", "nurse")
    assert (both.returncode, "--mine" in both.stderr) == (1, True)


async def test_an_admission_by_file_begins_whole_or_says_what_was_refused(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "start.yaml"
    start = (
        "site: north\ntimezone: America/Chicago\npatient_key: MRN-7\nteam: {case_manager: cm-1, therapist: th-1}\n"
        f"referred_on: {TODAY - DAY}\nschedule:\n  - {{weekday: mon, start: 18:00, minutes: 180, service: group}}\n"
        f"entries:\n  - {{kind: use, by: cm-1, on: {TODAY - DAY}}}\n"
    )
    file.write_text(start + "  - {kind: nonsense, by: cm-1}\n")
    unread = await run("admit", str(file))
    assert (unread.returncode, "Nothing was started. Entry 2: " in unread.stderr) == (1, True), unread
    file.write_text(start + f"  - {{kind: use, by: cm-1, on: {TODAY + 9 * DAY}}}\n")
    partly = await run("admit", str(file), "--json")
    assert (partly.returncode, "Entry 2: This use entry is dated" in partly.stderr) == (1, True), partly
    new = json.loads(partly.stdout)["episode_id"]
    again = await run("admit", str(file))
    assert (again.returncode, new in again.stderr) == (1, True), again
    for anonymous in (("record", new, "use", f"on={TODAY}"), ("attend", SESSION, new)):
        unnamed = await run(*anonymous)
        assert (unnamed.returncode, "--by" in unnamed.stderr) == (2, True), unnamed


async def test_E1_I2_whoever_signs_is_in_the_staff_directory_and_has_the_role_for_it(
    run: Run, e1: str, tmp_path: Path
) -> None:
    several = tmp_path / "entries.yaml"
    several.write_text(
        f"[{{kind: use, by: cm-1, on: {TODAY}}}, {{kind: exit, by: lab, reason: withdrew, on: {TODAY}}}]"
    )
    signed = ("level=PHP", "reason=unstable")
    unasked = ("record", e1, "decision", "about=withdrawal_screen", "choice=no_referral", "--by", "cm-1")
    for arguments, words in (
        (("record", e1, "use", f"on={TODAY}", "--by", "cm-l"), "nobody for staff id cm-l"),
        (("record", e1, "--file", str(several)), "nobody for staff id lab"),
        (("attend", SESSION, e1, "--by", "cm-l"), "nobody for staff id cm-l"),
        (("record", e1, "level_of_care", *signed, "--by", "cm-2"), "cm-2 is case manager"),
        (("referral", "record", "none", "visit", "--by", "cm-l"), "nobody for staff id cm-l"),
        (unasked, "Open for decision are"),
    ):
        refused = await run(*arguments)
        assert (refused.returncode, words in refused.stderr) == (1, True), (arguments, refused)
    assert {line["kind"] for line in json.loads((await run("journal", e1, "--json")).stdout)}.isdisjoint(
        {"use", "exit"}
    )
    for by in (("--by", "lab"), ("--by", "lab-7", "source=lab")):
        told = await run(
            "record", e1, "test", f"test_id=t-{by[1]}", f"collected_on={TODAY}", "result=negative", *by
        )
        assert told.returncode == 0, told.stderr


async def test_I2_a_task_is_answered_by_the_roles_that_may_whatever_team_they_are_of(
    run: Run, e1: str
) -> None:
    begun = await run("admit", "--patient-key", "MRN-9", "--site", "north", "--timezone", "America/Chicago",
                      "--case-manager", "cm-1", "--session", "mon@18:00/180/group", "--json")  # fmt: skip
    new = json.loads(begun.stdout)

    async def it_is_listed() -> bool:
        listed = json.loads((await run("list", "--stage", "intake", "--json")).stdout)
        assert f"episode-{e1}" not in {one["episode_id"] for one in listed}, (
            "who was admitted is not in intake"
        )
        return f"episode-{new['episode_id']}" in {one["episode_id"] for one in listed}

    await eventually(it_is_listed)
    await run("record", new["episode_id"], "screening", 'substances=["alcohol"]', "--by", "cm-2")

    async def asked_for() -> list[dict[str, Any]]:
        return await worklist(run, "--episode", new["episode_id"], "--role", "therapist")

    (task,) = await eventually(asked_for)
    by_hand = await run("complete", task["task_id"], "--outcome", "iop", "--by", "cm-2")
    assert (by_hand.returncode, "cm-2 is case manager" in by_hand.stderr) == (1, True), by_hand
    given = await run("reassign", task["task_id"], "--to", "cm-2", "--by", "su-1")
    assert (given.returncode, "--to" in given.stderr) == (1, True), given
    decided = await run(
        "record", new["episode_id"], "decision", "about=level_of_care", "choice=iop", "--by", "cm-2"
    )
    assert (decided.returncode, "cm-2 is case manager" in decided.stderr) == (1, True), decided
    signed = await run("complete", task["task_id"], "--outcome", "iop", "--by", "th-2")
    assert signed.returncode == 0, signed.stderr
    assert "Level of care: iop" in signed.stdout, signed.stdout  # what came of it is told at once
    # E10: whoever comes second is told how it ended and by whom, whatever they wanted.
    for late in (
        ("complete", task["task_id"], "--outcome", "php", "--by", "th-1"),
        ("reassign", task["task_id"], "--to", "th-1", "--by", "su-1"),
        ("acknowledge", task["task_id"], "--by", "th-1"),
    ):
        told = await run(*late)
        assert (told.returncode, "completed already: completed: iop by th-2." in told.stderr) == (1, True), (
            told
        )
