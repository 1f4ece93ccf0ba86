"""E9: what is not as it should be is told to the director, whether or not anybody looks, and not twice a day."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio

from activities.clinic_database import ClinicDatabase, Crosswalk
from tests import servers
from tests.databases import make_database
from tests.typed import carepath
from tests.waiting import eventually
from tests.workflows.story import Story
from worker.differences import Difference, differences
from worker.episodes import clinic_with
from worker.mailbox import read
from worker.settings import Settings
from worker.watching import AGAIN_AFTER, LINES, Watch, notifier
from workflows.ports.sending import Receipt
from workflows.ports.staff import StaffNotice

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTES = timedelta(minutes=5)
GONE = Difference("terminated", "episode-e1", "episode-e1 was terminated.")


class Staff:
    """Hears what is told; or does not."""

    def __init__(self) -> None:
        self.heard: list[StaffNotice] = []

    async def tell(self, notice: StaffNotice) -> Receipt:
        self.heard.append(notice)
        return Receipt(key=notice.key, outcome="sent", channel="mailto", to="di-1")


def watching(*rounds: list[Difference]) -> tuple[Watch, Staff]:
    found, staff = iter(rounds), Staff()

    async def look() -> list[Difference]:
        return next(found)

    return Watch(staff.tell, look), staff


async def test_E9_what_is_seen_twice_in_a_row_is_told_once_and_again_after_a_day() -> None:
    watch, staff = watching([GONE], [GONE], [GONE], [GONE])
    for at in (NOW, NOW + MINUTES, NOW + 2 * MINUTES, NOW + MINUTES + AGAIN_AFTER):
        await watch.round(at)
    assert [notice.lines for notice in staff.heard] == [["episode-e1 was terminated."]] * 2
    assert staff.heard[0].role == "director"
    assert len({notice.key for notice in staff.heard}) == 2


async def test_E9_what_is_there_for_a_moment_is_told_to_nobody() -> None:
    watch, staff = watching([GONE], [], [GONE], [])
    for number in range(4):
        await watch.round(NOW + number * MINUTES)
    assert staff.heard == []


async def test_E9_what_was_mended_and_comes_back_is_told_anew() -> None:
    watch, staff = watching([GONE], [GONE], [], [GONE], [GONE])
    for number in range(5):
        await watch.round(NOW + number * MINUTES)
    assert len(staff.heard) == 2


async def test_E9_a_server_that_has_lost_everything_is_one_notice() -> None:
    many = [Difference("missing", f"episode-{n}", f"episode-{n} is missing.") for n in range(1_000)]
    watch, staff = watching(many)
    await watch.round(NOW, at_once=True)
    (notice,) = staff.heard
    assert len(notice.lines) == LINES + 1
    assert "980 more" in notice.lines[-1]


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def clinic(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Story, Settings]]:
    async with servers.running_clinic(tmp_path_factory.mktemp("watched")) as (environment, settings):
        today = datetime.now(UTC).date()
        database = ClinicDatabase(settings.database)
        await Crosswalk(database).open_episode("MRN-1", "e1", today)
        await database.close()
        yield await Story.begin(environment, "e1", referred_on=today.isoformat()), settings


@pytest.mark.dear
@pytest.mark.asyncio(loop_scope="module")
async def test_E9_an_episode_that_somebody_terminates_is_told_to_the_director_and_healed(
    clinic: tuple[Story, Settings],
) -> None:
    story, settings = clinic
    address = story.environment.client.service_client.config.target_host

    async def typed(*arguments: str) -> tuple[int, str]:
        done = await asyncio.to_thread(carepath, *arguments, settings=settings, address=address)
        return done.returncode, done.stdout + done.stderr

    async def is_kept() -> bool:
        return not (await story.progress())["not_kept"]

    await eventually(is_kept)
    assert (await typed("watch", "--once"))[0] == 0
    await story.handle.terminate()
    database = ClinicDatabase(settings.database)
    here = clinic_with(story.environment.client, settings, database)
    watch = Watch(notifier(settings, database), lambda: differences(here))
    for number in range(3):
        await watch.round(NOW + number * MINUTES)
    told = [one for one in read(settings.home / "mail.jsonl") if "clinic watch" in str(one["subject"])]
    assert ["di-1@" in str(one["to"]) for one in told] == [True]
    assert "carepath revive episode-e1" in told[0]["body"]
    code, words = await typed("watch", "--once")
    assert code == 1
    assert "the director is told" in words
    assert (await typed("revive", "e1"))[0] == 0
    await watch.round(NOW + 3 * MINUTES)
    assert (await typed("watch", "--once"))[0] == 0
    await database.close()


async def test_E9_a_server_that_does_not_answer_is_told_too(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("away")
    settings = servers.clinic_of(folder)
    make_database(settings.database)
    with servers.mailbox_of(settings, folder):
        done = await asyncio.to_thread(carepath, "watch", "--once", settings=settings)
        assert done.returncode == 1, done.stderr + done.stdout
        (mail,) = read(folder / "mail.jsonl")
        assert "There is no Temporal server" in str(mail["body"])
