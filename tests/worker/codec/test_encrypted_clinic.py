"""A clinic with encrypted histories on the real server: everything works, and the server knows codes only (P1)."""

import shutil
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
import pytest_asyncio
from google.protobuf.message import Message
from playwright.async_api import async_playwright, expect
from temporalio.api.common.v1 import Payload, SearchAttributes
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from tests.servers import clinic_of, dev_server, free_port, mailbox_of
from tests.waiting import eventually
from tests.workflows.story import ZONE, Story
from worker.asking import answered
from worker.codec.codec import ENCODING, Codec
from worker.codec.keys import add_key, load_keys
from worker.codec.server import codec_server
from worker.errors import CannotDo
from worker.mailbox import Mailbox, read
from worker.run import running_worker
from worker.serving import serving
from worker.web_ui import link

DAY = timedelta(days=1)
CHROMIUM = shutil.which("chromium")
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]

expect.set_options(timeout=30_000)  # a page takes longer beside others; what it shows does not depend on that

pytestmark = pytest.mark.asyncio(loop_scope="module")


@dataclass
class Clinic:
    environment: WorkflowEnvironment
    story: Story
    ui: str
    mailbox: Mailbox


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def clinic(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Clinic]:
    """Somebody admitted ten days ago who was not seen at any session, and has used again; no test changes it."""
    folder = tmp_path_factory.mktemp("clinic")
    add_key(folder / "keys", "a")
    settings = clinic_of(folder).model_copy(update={"codec": str(folder / "keys")})
    ui_port, codec_port = free_port(), free_port()
    ui = f"http://127.0.0.1:{ui_port}"
    app = codec_server(Codec(load_keys(folder / "keys")), [ui])
    endpoint = f"http://127.0.0.1:{codec_port}"
    with mailbox_of(settings, folder) as mailbox:
        async with (
            dev_server(settings, ui_port, "--ui-codec-endpoint", endpoint) as environment,
            serving(app, codec_port),
            running_worker(environment.client, settings, versioned=False),
        ):
            today = datetime.now(UTC).astimezone(ZONE).date()
            story = await Story.begin(environment, referred_on=(today - 11 * DAY).isoformat())
            await story.admit(on=today - 10 * DAY)
            await story.record("use", on=today - DAY, evidence="self_report", substance="fentanyl")
            yield Clinic(environment, story, ui, mailbox)


def payloads(message: Message) -> Iterator[Payload]:
    """Every payload of a message but those of search attributes, which are plain codes by design."""
    if isinstance(message, Payload):
        yield message
    elif not isinstance(message, SearchAttributes):
        for _, value in message.ListFields():
            parts = (
                value.values()
                if hasattr(value, "values")
                else value
                if hasattr(value, "__iter__")
                else [value]
            )
            for part in parts:
                if isinstance(part, Message):
                    yield from payloads(part)


async def told_of(mailbox: Mailbox, what: str) -> bool:
    return any(what in mail["subject"] for mail in read(mailbox.file))


async def stored(client: Client) -> list[Message]:
    """What the server has of every workflow: its events, and what it shows of it."""
    kept: list[Message] = []
    async for one in client.list_workflows():
        handle = client.get_workflow_handle(one.id, run_id=one.run_id)
        kept += (await handle.fetch_history()).events
        kept.append((await handle.describe()).raw_description)
    return kept


async def test_P1_the_server_holds_nothing_that_it_could_read(clinic: Clinic) -> None:
    assert "safety_check" in await clinic.story.tasks()
    await eventually(partial(told_of, clinic.mailbox, "safety check"))
    kept = await stored(clinic.environment.client)
    found = [payload for message in kept for payload in payloads(message)]
    assert len(found) > 20
    assert {payload.metadata["encoding"] for payload in found} == {ENCODING}
    text = b"".join(message.SerializeToString() for message in kept)
    for word in (b"fentanyl", b"self_report", b"return to use", b"Sober", b"Tell case manager"):
        assert word not in text


async def test_a_refusal_reaches_whoever_is_refused(clinic: Clinic) -> None:
    tomorrow = datetime.now(UTC).astimezone(ZONE).date() + 2 * DAY
    error = await clinic.story.refused("use", on=tomorrow, evidence="self_report")
    assert error.type == "InvalidEntry"
    assert "future" in error.message


async def test_a_query_that_is_refused_is_told_in_words_as_far_as_the_server_hands_them_on(
    clinic: Clinic,
) -> None:
    asked = clinic.story.handle.query("as_known_on", "soon")
    with pytest.raises(CannotDo, match="does not answer: it has refused the question"):
        await answered(clinic.environment.client, clinic.story.handle.id, asked)


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: install Debian's package chromium")
async def test_the_web_ui_reads_through_the_codec_server(clinic: Clinic) -> None:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = await browser.new_page(viewport={"width": 1600, "height": 1000})
        await page.goto(link(clinic.ui, clinic.story.handle.id))
        deadline = (await clinic.story.progress())["next_deadline"]
        await expect(page.get_by_text(deadline["name"]).first).to_be_visible()
        await page.get_by_text("User Metadata").click()
        details = page.frame_locator("iframe")
        await expect(details.get_by_role("cell", name="Sober since", exact=True)).to_be_visible()
        await browser.close()
