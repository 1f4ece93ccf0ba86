"""What staff see: the Temporal Web UI on the real server, in a real Chromium."""

import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright, expect

from tests.servers import clinic_of, dev_server, free_port, mailbox_of
from tests.waiting import eventually
from tests.workflows.story import ZONE, Story, client_of
from worker.run import running_worker
from worker.web_ui import EPISODE_COLUMNS, OPEN, TASK_COLUMNS, choose_columns, link

CHROMIUM = shutil.which("chromium")
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
DAY = timedelta(days=1)
MISSING = "WorkflowType='CareEpisode' AND CarepathFlags='missing' AND CarepathStage='program'"
WORKLIST = f"WorkflowType='StaffTask' AND {OPEN}"

expect.set_options(timeout=30_000)  # a page takes longer beside others; what it shows does not depend on that

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.browser,
    pytest.mark.dear,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: install Debian's package chromium"),
]


@dataclass(frozen=True)
class Clinic:
    """One for all tests: they only look."""

    story: Story
    ui: str


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def clinic(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Clinic]:
    """Somebody admitted ten days ago, and not seen at any session."""
    folder, port = tmp_path_factory.mktemp("clinic"), free_port()
    settings = clinic_of(folder)
    today = datetime.now(UTC).astimezone(ZONE).date()
    with mailbox_of(settings, folder):
        async with (
            dev_server(settings, ui_port=port) as environment,
            running_worker(environment.client, settings, versioned=False),
        ):
            story = await Story.begin(environment, referred_on=(today - 11 * DAY).isoformat())
            await story.admit(on=today - 10 * DAY)
            yield Clinic(story, f"http://127.0.0.1:{port}")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="module")
async def page(browser: Browser) -> AsyncIterator[Page]:
    """A page that remembers nothing of the one before."""
    page = await browser.new_page(viewport={"width": 1600, "height": 1000})
    yield page
    await page.close()


@pytest.fixture
def ui(clinic: Clinic) -> str:
    return clinic.ui


@pytest.fixture
def missing_person(clinic: Clinic) -> Story:
    return clinic.story


async def until_listed(story: Story, query: str, workflow_id: str) -> None:
    """Wait for the index, which lags behind what an episode has answered: the page asks it once, when it is opened."""

    async def listed() -> bool:
        return workflow_id in [one.id async for one in client_of(story).list_workflows(query)]

    await eventually(listed)


async def test_the_list_of_episodes_shows_the_search_attributes(
    page: Page, ui: str, missing_person: Story
) -> None:
    await until_listed(missing_person, MISSING, missing_person.handle.id)
    await page.add_init_script(choose_columns(EPISODE_COLUMNS))
    await page.goto(link(ui, query=MISSING))
    row = page.get_by_role("row").filter(has_text="episode-e1")
    for column in ("CarepathStage", "CarepathFlags", "CarepathOwner", "CarepathSite", "CarepathGate"):
        await expect(page.get_by_role("columnheader", name=column)).to_be_visible()
    for value in ("program", "missing", "cm-1", "north"):
        await expect(row).to_contain_text(value)


async def test_the_worklist_shows_task_owner_due_and_level(
    page: Page, ui: str, missing_person: Story
) -> None:
    kind, task_id = next(iter((await missing_person.tasks()).items()))
    await until_listed(missing_person, WORKLIST, task_id)
    await page.add_init_script(choose_columns(TASK_COLUMNS))
    await page.goto(link(ui, query=WORKLIST))
    row = page.get_by_role("row").filter(has_text=task_id)
    for column in ("CarepathTask", "CarepathOwner", "CarepathDue", "CarepathLevel"):
        await expect(page.get_by_role("columnheader", name=column)).to_be_visible()
    await expect(row).to_contain_text(kind)
    await expect(row).to_contain_text("e1")


async def test_an_episode_shows_its_progress_table(page: Page, ui: str, missing_person: Story) -> None:
    await page.goto(link(ui, missing_person.handle.id))
    await page.get_by_text("User Metadata").click()
    details = page.frame_locator("iframe")  # the page renders Markdown apart from itself
    for name in ("Sober since", "Gate opens", "Gate needs", "This week", "Missed in a row", "Waits for"):
        await expect(details.get_by_role("cell", name=name, exact=True)).to_be_visible()
    await expect(details.get_by_text("program (missing)")).to_be_visible()


async def test_the_timeline_of_an_episode_reads_as_a_story(
    page: Page, ui: str, missing_person: Story
) -> None:
    deadline = (await missing_person.progress())["next_deadline"]
    kind = next(iter(await missing_person.tasks()))
    await page.goto(link(ui, missing_person.handle.id))
    await expect(page.get_by_text(deadline["name"]).first).to_be_visible()
    await expect(page.get_by_text(kind.replace("_", " ")).first).to_be_visible()
