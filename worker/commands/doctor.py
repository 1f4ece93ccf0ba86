"""Commands for whoever runs the clinic: doctor, revive, give-up."""

import asyncio
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from worker.commands.options import Episode, Json
from worker.differences import differences
from worker.episodes import bare_id, clinic, clinic_database, episode_id
from worker.errors import CannotDo
from worker.executions import described, revive
from worker.settings import load_settings
from worker.show import as_json, console
from worker.stopping import until_stopped
from worker.watching import EVERY, Watch, notifier, watching

app = typer.Typer()


@app.command()
def doctor(json: Json = False) -> None:
    """What differs between the clinic's open episodes and what runs, with the remedy; exit code 1 if anything does."""

    async def run() -> None:
        async with clinic() as here:
            found = await differences(here)
        if json:
            as_json([asdict(one) for one in found])
        for one in [] if json else found:
            console.print(f"{one.kind.replace('_', ' ')}: {one.says}", soft_wrap=True)
        if found:
            raise CannotDo(f"{len(found)} things are not as they should be.")
        if not json:
            console.print("Every open episode runs, and everything that runs belongs to one.")

    asyncio.run(run())


@app.command()
def watch(
    every: Annotated[int, typer.Option(min=1, max=60, help="Minutes from one look to the next.")] = int(
        EVERY.total_seconds() // 60
    ),
    once: Annotated[
        bool,
        typer.Option("--once", help="Look once, tell what is found, and end; exit code 1 if anything is."),
    ] = False,
) -> None:
    """Tell the director what `doctor` would find, whether or not anybody looks, until it is stopped."""
    settings = load_settings()

    async def look_once() -> int:
        async with clinic_database() as database:
            watch = Watch(notifier(settings, database))
            return len(await watch.round(datetime.now(UTC), at_once=True))

    async def go_on() -> None:
        stopped = asyncio.Event()
        looking = asyncio.create_task(watching(settings, stopped, timedelta(minutes=every)))
        console.print(f"Looking every {every} minutes. Stop it with Ctrl-C.")
        await until_stopped()
        stopped.set()
        await looking

    if not once:
        asyncio.run(go_on())
    elif found := asyncio.run(look_once()):
        raise CannotDo(
            f"{found} things are not as they should be; the director is told. `carepath doctor` names them."
        )
    else:
        console.print("Every open episode runs, and everything that runs belongs to one.")


@app.command("revive")
def revive_(
    workflow: Annotated[str, typer.Argument(help="An episode, or the whole id of a task or referral.")],
) -> None:
    """Let go on, where it stood, what was terminated or has failed."""
    workflow_id = workflow if workflow.startswith(("task-", "referral-")) else episode_id(workflow)

    async def run() -> None:
        async with clinic() as here:
            here.must_be_answered()
            found = await described(here.client, workflow_id)
            if found is None:
                by_journal = (
                    ""
                    if workflow_id.startswith("task-")
                    else f" `carepath restore {workflow_id}` begins it again from its journal."
                )
                raise CannotDo(
                    f"{workflow_id} is not on the server any more, so it cannot be revived.{by_journal}"
                )
            if found.runs:
                raise CannotDo(
                    f"{workflow_id} has not ended (it is {found.state}); there is nothing to revive."
                )
            if found.state == "completed":
                raise CannotDo(f"{workflow_id} has ended by itself; who comes back is admitted again (E3).")
            if workflow_id.startswith("episode-"):
                await here.must_be_the_only_one(bare_id(workflow_id))
            await revive(here.client, found)
        console.print(f"{workflow_id} goes on where it stood.")

    asyncio.run(run())


@app.command("give-up")
def give_up(episode: Episode) -> None:
    """Note that an episode has ended whose workflow is gone for ever, so that the person can be admitted again."""

    async def run() -> None:
        async with clinic() as here:
            workflow_id = episode_id(episode)
            if await here.crosswalk.patient_of(bare_id(episode)) is None:
                raise CannotDo(f"The clinic database has no {workflow_id}.")
            found = await described(here.client, workflow_id)
            if found is not None and found.runs:
                raise CannotDo(f"{workflow_id} has not ended (it is {found.state}): end it by an exit.")
            if found is not None and found.state not in ("completed", "failed"):
                raise CannotDo(
                    f"{workflow_id} was {found.state} and can go on: `carepath revive {workflow_id}`."
                )
            today = datetime.now(UTC).astimezone(ZoneInfo(here.settings.timezone)).date()
            await here.crosswalk.note(bare_id(episode), today)
        console.print(f"{workflow_id} is noted as ended on {today}; the person can be admitted again.")

    asyncio.run(run())
