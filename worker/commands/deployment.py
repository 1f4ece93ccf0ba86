"""Commands on the versions of the worker: show them, and let a newer one take over."""

import asyncio
from typing import Annotated, Any

import typer

from worker.commands.options import Json
from worker.connection import connect
from worker.deployment import Deployment, build_id, deployment_of, plain, promote, ramp
from worker.diagnosis import queue
from worker.errors import CannotDo
from worker.settings import load_settings
from worker.show import as_json, console, table, when_in

deployment = typer.Typer(
    name="deployment",
    no_args_is_help=True,
    help="Versions of the worker, and which of them is the current one.",
)
Build = Annotated[str | None, typer.Argument(help="Its build id; that of this installation if absent.")]


@deployment.command()
def show(json: Json = False) -> None:
    """Which versions are known, which is the current one, and which may be ended."""
    settings = load_settings()

    async def run() -> tuple[Deployment, dict[str | None, int], str | None]:
        client = await connect(settings)
        found, seen = await asyncio.gather(deployment_of(client), queue(client))
        running: dict[str | None, int] = {}
        for one in seen.workers:
            running[one.build_id] = running.get(one.build_id, 0) + 1
        return found, running, seen.problem or seen.remark

    found, running, problem = asyncio.run(run())
    own = build_id(settings)
    if json:
        versions: list[dict[str, Any]] = [
            {**one, "workers": running.get(one["build_id"], 0)} for one in plain(found, own)
        ]
        as_json({"this_installation": own, "current": found.current, "versions": versions,
                 "unversioned_workers": running.get(None, 0), "problem": problem})  # fmt: skip
        return
    rows = [
        (one.build_id + (" (this installation)" if one.build_id == own else ""), one.state,
         f"{one.percentage:g} %", running.get(one.build_id, 0), when_in(settings.timezone, one.known_since))
        for one in found.versions
    ]  # fmt: skip
    table(
        f"Versions of the worker (times in {settings.timezone})",
        ["version", "state", "of what is new", "workers", "known since"],
        rows,
    )
    if not found.knows(own):
        console.print(f"This installation is {own}: no worker of it has ever run here.", soft_wrap=True)
    if problem:
        console.print(problem, soft_wrap=True, markup=False)


@deployment.command("promote")
def promote_version(
    build: Build = None,
    unversioned: Annotated[
        bool, typer.Option("--unversioned", help="Workers without a version take over.")
    ] = False,
    json: Json = False,
) -> None:
    """Let a version take over: what begins from now on begins on it, and what runs is carried over.

    An episode, task or referral is carried over with the next thing that happens in it: let the old worker run until
    `carepath deployment show` says that its version is drained.
    """
    if build and unversioned:
        raise CannotDo("Give a build id or --unversioned.")
    settings = load_settings()
    chosen = "" if unversioned else build or build_id(settings)

    async def run() -> None:
        await promote(await connect(settings), chosen)

    asyncio.run(run())
    if json:
        as_json({"current": chosen or None})
        return
    what = f"{chosen} is" if chosen else "Workers without a version are"
    console.print(f"{what} current. Let the workers of older versions run until `carepath deployment show` calls them "
                  "drained.", soft_wrap=True)  # fmt: skip


@deployment.command("ramp")
def ramp_version(
    percentage: Annotated[float, typer.Argument(min=0, max=100, help="Of what begins; 0 ends it.")],
    build: Build = None,
    json: Json = False,
) -> None:
    """Let a part of what begins from now on begin on a version that is not the current one."""
    settings = load_settings()
    chosen = build or build_id(settings)

    async def run() -> None:
        await ramp(await connect(settings), chosen, percentage)

    asyncio.run(run())
    if json:
        as_json({"ramping": chosen if percentage else None, "percentage": percentage})
        return
    console.print(f"{percentage:g} % of what begins goes to {chosen}." if percentage
                  else "All that begins goes to the current version.", soft_wrap=True)  # fmt: skip
