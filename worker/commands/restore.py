"""The command `restore`: an episode begins to live again from its journal alone (E9)."""

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

from activities.clinic_database.journal import Journal
from worker.asking import LONGEST
from worker.diagnosis import said
from worker.episodes import Clinic, bare_id, clinic, episode_id
from worker.errors import CannotDo
from worker.executions import all_described, described
from worker.journal_key import journal_of
from worker.show import console
from workflows import visibility

if TYPE_CHECKING:  # the charts are loaded where something is folded
    from workflows.core.episode.episode import Episode
    from workflows.core.referral.referral import Referral

app = typer.Typer()


@app.command()
def restore(
    episode: Annotated[
        str | None, typer.Argument(help="The episode's id, or the whole id of a referral.")
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Every episode and referral whose record is open and does not run.")
    ] = False,
) -> None:
    """Let an episode begin to live again from its journal in the clinic database, with its referrals, also where its
    history is gone: with the same tasks under the same ids; nothing is sent twice."""
    if bool(episode) == everything:
        raise typer.BadParameter("name one episode, or give --all")

    async def run() -> None:
        async with clinic() as here:
            here.must_be_answered()
            journal = journal_of(here.settings, here.crosswalk.database)
            if everything:
                restored = await _all(here, journal)
            else:
                assert episode is not None
                restored = await _one(here, journal, episode)
        for one in restored:
            console.print(f"{one} goes on by its journal.")
        if not restored:
            console.print("Every record that is open runs; nothing was to be restored.")

    asyncio.run(run())


async def _one(here: Clinic, journal: Journal, given: str) -> list[str]:
    workflow_id = given if given.startswith("referral-") else episode_id(given)
    found = await described(here.client, workflow_id)
    if found is not None and found.runs:
        raise CannotDo(f"{workflow_id} runs (it is {found.state}); there is nothing to restore.")
    if await _open(journal, workflow_id) is None:
        raise CannotDo(
            f"The record of {workflow_id} is closed for good; who comes back is admitted again (E3)."
        )
    if workflow_id.startswith("episode-"):
        await here.must_be_the_only_one(bare_id(workflow_id))
    restored = [workflow_id, *await _referrals_of(here, journal, bare_id(workflow_id))]
    for one in restored:
        await _begin(here, one)
    return restored


async def _all(here: Clinic, journal: Journal) -> list[str]:
    """What does not run, and whose record is open; one that cannot be read keeps no other back."""
    ids = await journal.all_ids()
    found = await all_described(here.client, ids)
    restored = []
    for one in ids:
        running = found[one]
        if running is not None and (running.runs or running.state == "completed"):
            continue
        try:
            living = await _open(journal, one)
            if living is None:
                continue
            if one.startswith("episode-"):
                await here.must_be_the_only_one(bare_id(one))
                await _must_not_be_given_up(here, living)
            await _begin(here, one)
        except CannotDo as error:
            console.print(f"{one} was not restored: {error}", soft_wrap=True)
            continue
        restored.append(one)
    return restored


async def _open(journal: Journal, workflow_id: str) -> "Episode | Referral | None":
    """How a record stands that still takes entries, or of which something is owed; None: it does not.

    Raises:
        CannotDo: there is no journal of it, or not one that holds.
    """
    from worker.from_journal import recorded

    now = datetime.now(UTC)
    found = await recorded(journal, workflow_id, now)
    if found is None:
        raise CannotDo(f"The clinic database has no journal of {workflow_id}.")
    if found.problems:
        raise CannotDo(f"Its journal is not what was written: {'; '.join(found.problems[:3])}.")
    return None if found.living.finished(now) else found.living


async def _referrals_of(here: Clinic, journal: Journal, episode: str) -> list[str]:
    """Those of an episode that are open and do not run."""
    ids = [one for one in await journal.all_ids() if one.startswith("referral-")]
    found = await all_described(here.client, ids)
    lost = [
        one
        for one in ids
        if (running := found[one]) is None or not (running.runs or running.state == "completed")
    ]
    return [
        one
        for one in lost
        if (await journal.lines(one))[0]["start"]["episode_id"] == episode and await _open(journal, one)
    ]


async def _must_not_be_given_up(here: Clinic, living: "Episode | Referral") -> None:
    """Somebody has said that it has ended, since its workflow was gone: that is theirs to take back (I6)."""
    from workflows.core.episode.episode import Episode

    episode = living.start.episode_id
    if isinstance(living, Episode) and living.facts.exit is None and await here.crosswalk.is_closed(episode):
        raise CannotDo(f"episode-{episode} was given up; `carepath restore {episode}` takes that back.")


async def _begin(here: Clinic, workflow_id: str) -> None:
    try:
        await here.client.start_workflow(
            visibility.RESTORING,
            id=workflow_id,
            task_queue=visibility.TASK_QUEUE,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            static_summary="restored from its journal",
            rpc_timeout=LONGEST,
        )
    except WorkflowAlreadyStartedError:
        raise CannotDo(f"{workflow_id} runs by now; there is nothing to restore.") from None
    except RPCError as error:
        raise said(error, here.client) from None
