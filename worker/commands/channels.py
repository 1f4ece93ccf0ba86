"""`carepath channels`: what stops notices and messages from leaving, for whoever mends it."""

import asyncio
import sys
from dataclasses import asdict

import typer

from activities.clinic_database.faults import ChannelFault, ChannelFaults
from worker.commands.options import Json
from worker.episodes import clinic_database
from worker.settings import Settings, load_settings
from worker.show import as_json, console, when_in

app = typer.Typer()


@app.command()
def channels(json: Json = False) -> None:
    """Whether notices and messages leave; ends with 1 while something of our own is at fault, as for a monitor."""

    async def run() -> list[ChannelFault]:
        async with clinic_database() as database:
            return await ChannelFaults(database).now()

    faults = asyncio.run(run())
    if json:
        as_json([asdict(fault) for fault in faults])
    elif not faults:
        console.print("No channel is known to be at fault.")
    else:
        warn(faults, load_settings())
    if faults:
        raise typer.Exit(1)


def warn(faults: list[ChannelFault], settings: Settings) -> None:
    """Say on stderr what operators must mend: beside the worklist, since nobody is told of its tasks meanwhile."""
    for fault in faults:
        print(
            f"Nothing can be sent by {fault.channel} since {when_in(settings.timezone, fault.since)}: {fault.reason}; "
            f"last tried {when_in(settings.timezone, fault.last_at)} (times in {settings.timezone}). What waits goes "
            "out once it is mended.",
            file=sys.stderr,
        )
