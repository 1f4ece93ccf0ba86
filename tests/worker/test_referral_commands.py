"""The referral commands against the real server, as a case manager uses them."""

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from temporalio.testing import WorkflowEnvironment

from tests.typed import carepath
from tests.waiting import eventually
from tests.workflows.linkage import Linking, Outside, clinic_with
from tests.workflows.story import Story
from worker.mailbox import Mailbox
from worker.settings import Settings

Run = Callable[..., Awaitable[subprocess.CompletedProcess[str]]]


@pytest.fixture
async def run(
    dev_server: WorkflowEnvironment, clinic_settings: Settings, mailbox: Mailbox
) -> AsyncIterator[Run]:
    address = dev_server.client.service_client.config.target_host

    async def typed(*arguments: str) -> subprocess.CompletedProcess[str]:
        return await asyncio.to_thread(carepath, *arguments, settings=clinic_settings, address=address)

    async with clinic_with(Outside(), dev_server.client, clinic_settings):
        story = await Story.begin(dev_server, "e1")
        await story.admit()
        await story.record("need", service="hiv_testing")
        await (await Linking.of(story)).reaches("choosing")
        yield typed


async def test_referrals_are_listed_shown_and_recorded(run: Run) -> None:
    async def at_the_choice() -> list[dict[str, Any]]:
        rows = json.loads((await run("referral", "list", "--episode", "e1", "--json")).stdout)
        return rows if rows and rows[0]["state"] == "choosing" else []

    (row,) = await eventually(at_the_choice)
    assert (row["kind"], row["state"], row["owner"]) == ("service", "choosing", "cm-1")
    assert "hiv" not in json.dumps(row)
    name = row["referral_id"]
    listed = await run("referral", "list", "--mine", "cm-1")
    assert (listed.returncode, "choosing" in listed.stdout) == (0, True)
    shown = await run("referral", "show", name)
    assert "Harbor Counselling" in shown.stdout
    chosen = await run("referral", "record", name, "choice", "listing_id=t1", "--by", "cm-1")
    assert chosen.returncode == 0, chosen.stderr
    assert "The referral is now: " in chosen.stdout
    closed = await run("referral", "record", name, "closing", "reason=declined", "--by", "cm-1", "--json")
    assert json.loads(closed.stdout)["after"]["closed"] == "declined"
    assert (
        json.loads((await run("referral", "show", name, "--json")).stdout)["closed"]["reason"] == "declined"
    )


async def test_what_is_refused_is_said_in_a_sentence(run: Run) -> None:
    for arguments, code, words in (
        (("referral", "show", "none"), 1, "is not there or has ended"),
        (("referral", "record", "none", "visit", "--by", "cm-1"), 1, "is not there or has ended"),
        (("referral", "list", "--mine", "cm-1' OR 1=1"), 1, "is no code"),
        (("referral", "record", "none"), 2, "give a kind"),
    ):
        refused = await run(*arguments)
        assert refused.returncode == code, arguments
        assert words in refused.stderr
        assert "Traceback" not in refused.stderr


def test_the_chart_of_referrals_is_shown_like_a_pathway() -> None:
    assert (
        "| choosing | arranging | chosen |"
        in carepath("pathway", "show", "referral", "--format", "table").stdout
    )
    assert carepath("pathway", "show", "referral", "--format", "svg").stdout.startswith("<svg")


async def test_E9_a_referral_that_was_terminated_is_named_with_the_remedy(
    run: Run, dev_server: WorkflowEnvironment
) -> None:
    async def listed() -> list[dict[str, Any]]:
        return list(json.loads((await run("referral", "list", "--episode", "e1", "--json")).stdout))

    (row,) = await eventually(listed)
    await dev_server.client.get_workflow_handle(row["referral_id"]).terminate("by mistake")

    async def named() -> bool:
        told = (await run("doctor")).stdout
        return f"carepath revive {row['referral_id']}" in " ".join(told.split())

    await eventually(named)
    assert f"carepath revive {row['referral_id']}" in " ".join(
        (await run("tasks", "--episode", "e1")).stdout.split()
    )
