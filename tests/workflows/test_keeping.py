"""The clinic database is the home of the record: what is taken comes there, whatever is away (T2, T3, E9)."""

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Any

import pytest
from temporalio import activity
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment

from activities.assembled import assemble
from activities.clinic_database import ClinicDatabase
from activities.clinic_database.journal import Journal
from activities.keep_journal import JournalKeeper
from tests.databases import JOURNAL_KEY, sealed_for_tests
from tests.mail_server import MailServer
from tests.waiting import eventually
from tests.workflows.golden import golden_journey, intake_over_three_days
from tests.workflows.story import Story
from worker.settings import Settings
from worker.workers import working
from workflows.core.episode import views
from workflows.core.episode.episode import Episode
from workflows.pathways.reliving import lived, told
from workflows.ports.journal import KEEP_JOURNAL, JournalKept, JournalLines
from workflows.visibility import FLAGS

pytestmark = pytest.mark.dear

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
OF = "episode-e1"


class Home:
    """The clinic database, which can be away."""

    def __init__(self, database: ClinicDatabase) -> None:
        self.journal, self.is_away, self.asked = Journal(database, JOURNAL_KEY), False, 0
        self._keeper = JournalKeeper(self.journal)
        self.breaks_off = False

    @activity.defn(name=KEEP_JOURNAL)
    async def keep_journal(self, given: JournalLines) -> JournalKept:
        self.asked += 1
        if self.is_away:
            raise ApplicationError(
                "the clinic database does not take it (OperationalError).", type="Database"
            )
        if self.breaks_off and len(given.lines) > 1:  # half of a batch is kept, and the answer is lost
            self.breaks_off = False
            await self.journal.keep(given.workflow_id, given.first, given.lines[:1])
            raise ApplicationError("the worker was killed", type="Killed")
        return await self._keeper.keep_journal(given)

    async def episode(self, story: Story) -> Episode:
        """The episode as its journal tells it."""
        living = lived(told(await self.journal.lines(OF)), await story.environment.get_current_time())
        assert isinstance(living, Episode)
        return living

    async def all_is_kept(self, story: Story) -> None:
        """Wait until the journal holds what the workflow holds."""

        async def kept() -> bool:
            return not (await story.progress())["not_kept"]

        await eventually(kept, story.environment.sleep)


@pytest.fixture
def mail(clinic_settings: Settings) -> Iterator[MailServer]:
    with MailServer(int(clinic_settings.smtp.rpartition(":")[2])) as server:
        yield server


@pytest.fixture
async def home(
    time_skipping: WorkflowEnvironment, clinic_settings: Settings, mail: MailServer
) -> AsyncIterator[Home]:
    settings = clinic_settings
    assembled = assemble(
        database_url=settings.database, staff_file=settings.staff, smtp_url=settings.smtp, sender=settings.sender,
        clinic_phone=settings.clinic_phone, journal=sealed_for_tests,
    )  # fmt: skip
    home = Home(assembled.database)
    others = [one for one in assembled.callables if one.__name__ != "keep_journal"]
    async with working(time_skipping.client, [home.keep_journal, *others]):
        yield home
    await assembled.database.close()


def tasks_of(progress: dict[str, Any]) -> dict[str, Any]:
    return {task["task_id"]: task["due_at"] for task in progress["open_tasks"]}


async def test_T3_the_golden_journey_is_folded_from_the_journal_alone(
    home: Home, time_skipping: WorkflowEnvironment
) -> None:
    story = await Story.begin(time_skipping)
    ended = await golden_journey(story)
    again = await home.episode(story)
    assert (await home.journal.verify()).problems == ()
    kept = [line.model_dump(mode="json") for line in views.journal(again, None, again.moved_by)]
    assert kept == await story.handle.query("journal")
    shown = views.progress(again, await time_skipping.get_current_time()).model_dump(mode="json")
    for name in ("stage", "states", "exit", "gate", "open_tasks", "next_deadline", "extensions", "team"):
        assert shown[name] == ended[name], name


async def test_T3_a_database_that_is_away_for_an_hour_loses_nothing_and_staff_are_told(
    home: Home, time_skipping: WorkflowEnvironment, mail: MailServer
) -> None:
    story = await Story.begin(time_skipping)
    await intake_over_three_days(story)
    await home.all_is_kept(story)
    before = await home.journal.count(OF)
    home.is_away = True
    await story.record(
        "contact", at=_now(await time_skipping.get_current_time()), channel="phone", outcome="reached"
    )
    progress = await story.progress()
    assert progress["not_kept"][0].startswith("1 entry is not in the clinic database yet, since ")
    assert not progress["journal_behind"]
    for _ in range(4):
        await time_skipping.sleep(5 * MINUTE)
    progress = await story.progress()
    assert progress["journal_behind"]
    assert "does not take it" in progress["not_kept"][0]
    assert "not_kept" in ((await story.handle.describe()).typed_search_attributes.get(FLAGS) or [])
    assert "journal not kept · case e1" in mail.subjects_of("su-1@clinic.example")
    await story.record("goal", goal_id="g2", title="sleep")
    assert (await story.progress())["not_kept"][0].startswith("2 entries are not in the clinic database yet")
    for _ in range(8):
        await time_skipping.sleep(5 * MINUTE)
    assert await home.journal.count(OF) == before
    home.is_away = False
    for _ in range(3):
        await time_skipping.sleep(MINUTE)
    await home.all_is_kept(story)
    progress = await story.progress()
    assert not progress["journal_behind"]
    assert progress["not_reached"] == []
    again = await home.episode(story)
    assert [one.key for one in again.record] == [
        one["entry_id"] for one in await story.handle.query("journal")
    ]
    assert tasks_of(views.progress(again, again.state.at).model_dump(mode="json")) == tasks_of(progress)
    assert mail.subjects_of("su-1@clinic.example").count("journal not kept · case e1") == 1


async def test_T4_half_of_a_batch_that_was_kept_before_a_crash_is_kept_once(
    home: Home, time_skipping: WorkflowEnvironment
) -> None:
    home.is_away = True
    story = await Story.begin(time_skipping)
    await story.record("screening", substances=["alcohol"])
    home.is_away, home.breaks_off = False, True
    await time_skipping.sleep(2 * MINUTE)
    await home.all_is_kept(story)
    assert not home.breaks_off
    assert (await home.journal.verify()).problems == ()
    assert [one.entry.kind for one in (await home.episode(story)).record] == ["screening"]


async def test_E9_an_episode_ends_only_when_nothing_would_be_lost_with_it(
    home: Home, time_skipping: WorkflowEnvironment
) -> None:
    story = await Story.begin(time_skipping)
    await intake_over_three_days(story)
    await home.all_is_kept(story)
    home.is_away = True
    await story.record("exit", reason="withdrew", on=await story.today())
    await time_skipping.sleep(MINUTE)
    assert (await story.progress())["not_kept"]
    home.is_away = False
    await time_skipping.sleep(20 * MINUTE)
    await home.all_is_kept(story)
    assert (await home.episode(story)).stage == "closed"


async def test_T3_another_line_under_the_same_number_is_refused_shown_and_told(
    home: Home, time_skipping: WorkflowEnvironment, mail: MailServer
) -> None:
    # As a workflow that was reset, or another clinic's, has left it.
    await home.journal.keep(OF, 0, ['{"acts":[]}'])
    story = await Story.begin(time_skipping)
    await story.record("screening", substances=["alcohol"])

    async def behind() -> bool:
        return bool((await story.progress())["journal_behind"])

    await eventually(behind, time_skipping.sleep)
    assert "says something else" in (await story.progress())["not_kept"][0]
    assert await home.journal.count(OF) == 1

    async def is_told() -> bool:
        return "journal not kept · case e1" in mail.subjects_of("su-1@clinic.example")

    await eventually(is_told, time_skipping.sleep)
    asked = home.asked
    await story.record("goal", goal_id="g1", title="work")
    assert home.asked == asked, "no trying again mends it"


def _now(instant: Any) -> str:
    return str(instant.isoformat())
