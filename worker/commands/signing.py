"""Commands on the key with which the clinic signs what its people state: key, rotate, show (E0)."""

import asyncio
from typing import Annotated

import typer

from worker.commands.options import By, Json
from worker.episodes import clinic
from worker.home import not_found
from worker.people import named
from worker.rotating import rotate as replace_key
from worker.settings import load_settings
from worker.show import as_json, console
from worker.signing_key import load_signing_keys, make_signing_key, signing_file
from worker.staffing import Told

signing = typer.Typer(no_args_is_help=True, help="The key with which the clinic signs what its people state.")


@signing.command()
def key(
    key_id: Annotated[
        str | None, typer.Option("--id", help="The key's id; today's date (UTC) if it is left out.")
    ] = None,
) -> None:
    """Make the clinic's signing key, if it has none: from then on whoever states something signs in first."""
    settings = load_settings()
    if not settings.home.is_dir():
        raise not_found(settings.home)
    file = signing_file(settings)
    if known := load_signing_keys(settings):
        console.print(
            f"This clinic signs already: key {known.first} is in {file}.", highlight=False, soft_wrap=True
        )
        return
    name = make_signing_key(settings, key_id)
    console.print(
        f"Key {name} is in {file}. Episodes that begin from now on take signed statements only: `carepath staff login "
        "ID` signs somebody in. Keep a copy apart; without it nothing can be stated about these episodes any more.",
        highlight=False,
        soft_wrap=True,
    )


@signing.command()
def rotate(by: By, json: Json = False) -> None:
    """Let a new key take the place of the old one in every open episode and referral. Safe to run again."""

    async def run() -> tuple[str, Told]:
        async with clinic() as here:
            return await replace_key(here, named(here.settings, "--by", by))

    new, told = asyncio.run(run())
    if json:
        as_json({"first": new, "told": sorted(told.episodes)})
        return
    console.print(f"Key {new} signs from now on; {len(told.episodes)} open records know it.", soft_wrap=True)


@signing.command()
def show(json: Json = False) -> None:
    """The public halves of the clinic's keys: what episodes know them by."""
    keys = load_signing_keys(load_settings())
    if json:
        as_json(
            {"signs": keys is not None, "first": keys and keys.first, "public": keys.public if keys else {}}
        )
        return
    if keys is None:
        console.print("This clinic does not sign what is stated: `carepath signing key` makes it begin.")
        return
    for key_id, public in keys.public.items():
        console.print(f"{key_id}  {public}{'  signs' if key_id == keys.first else ''}", highlight=False)
