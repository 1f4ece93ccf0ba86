"""Commands on what left the clinic: a patient's accounting, and the ledger behind it (P8, P9)."""

import asyncio
from dataclasses import asdict
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from activities.clinic_database.journal_chain import Key, Link
from activities.clinic_database.ledger import Ledger
from activities.clinic_database.ledger_chain import NoHead, head_of
from activities.clinic_database.ledger_verifying import Verifier
from activities.clinic_database.patients import Patients
from activities.written import Unreadable, read_text
from worker.accounting import COLUMNS, intro, page, row
from worker.commands.options import Json, read_day
from worker.episodes import clinic_database
from worker.errors import CannotDo
from worker.journal_key import load_journal_key
from worker.settings import load_settings
from worker.show import as_json, console, table

MOST_OF_A_HEAD = 2_000
"""Bytes; ours have some 400."""

app = typer.Typer()
ledger = typer.Typer(help="The ledger of disclosures.", no_args_is_help=True)


@app.command()
def accounting(
    patient: Annotated[str, typer.Argument(help="The clinic's patient key.")],
    since: Annotated[str | None, typer.Option(help="From this day on; everything if absent.")] = None,
    html: Annotated[Path | None, typer.Option(help="Write a page that is ready for print.")] = None,
    json: Json = False,
) -> None:
    """Every disclosure about a patient: date, recipient, what, why. It needs no running workflow."""
    zone = ZoneInfo(load_settings().timezone)
    begin = datetime.combine(read_day("--since", since), time(), zone) if since else None

    async def run() -> None:
        async with clinic_database() as database:
            found = await Ledger(database).accounting(patient, begin)
            if not found and not await Patients(database).knows(patient):
                raise CannotDo(f"Nothing is on file for {patient}, and nothing was ever disclosed.")
        if html:
            _write(html, page(found, begin, zone))
            console.print(f"Written to {html}.")
        elif json:
            as_json([asdict(one) for one in found])
        else:
            console.print(intro(len(found), begin, zone))
            if found:
                table("Accounting of disclosures", list(COLUMNS), [list(row(one, zone)) for one in found])

    asyncio.run(run())


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        raise CannotDo(f"{path} cannot be written: {error.strerror}.") from None


@ledger.command()
def verify(
    digest: Annotated[
        str | None, typer.Option(help="The digest that was noted last, to find a chain that was cut off.")
    ] = None,
    since: Annotated[
        Path | None, typer.Option(help="The file of a head that `carepath ledger head` wrote.")
    ] = None,
    json: Json = False,
) -> None:
    """Hold each line against its seal, the outbox and the heads, and look whether the triggers are there (P8)."""
    key = load_journal_key(load_settings())
    head = _head_in(key, since) if since else None

    async def run() -> None:
        async with clinic_database() as database:
            found = await Verifier(database, key).verify(head)
        if json:
            as_json(asdict(found) | {"since": found.since._asdict() if found.since else None})
        else:
            console.print(
                f"{found.lines} lines in {found.chains} chains. Digest: {found.digest}", soft_wrap=True
            )
        if found.problems:
            raise CannotDo("The ledger is not as it was written: " + "; ".join(found.problems) + ".")
        if not json:
            console.print(
                "Nothing was changed, cut, added or replaced, and the triggers that refuse it are there."
            )
        if found.since and not json:
            lines = "1 line" if found.grown == 1 else f"{found.grown} lines"
            console.print(f"It has grown by {lines} since the head of {found.since.at:%Y-%m-%d %H:%M} UTC.")
        if digest and digest != found.digest:
            raise CannotDo(
                "The digest differs from the one given: lines were added since, or the end of a chain is gone. "
                f"Compare with a copy of the ledger from then. (checked {datetime.now(UTC):%Y-%m-%d %H:%M} UTC)"
            )

    asyncio.run(run())


@ledger.command("head")
def write_head(
    out: Annotated[Path | None, typer.Option(help="Write it into this file; shown if absent.")] = None,
) -> None:
    """Write down how the ledger ends now, sealed: keep it where whoever writes the database cannot write (P8).

    `carepath ledger verify --since FILE` then says by how much the ledger has grown since, or what is gone.
    """
    key = load_journal_key(load_settings())

    async def run() -> str:
        async with clinic_database() as database:
            verifier = Verifier(database, key)
            # A head over a ledger that was rewritten would confirm it.
            if found := (await verifier.verify()).problems:
                raise CannotDo(
                    "No head is written: the ledger is not as it was written: " + "; ".join(found) + "."
                )
            return await verifier.head()

    head = asyncio.run(run())
    if out:
        _write(out, head + "\n")
        console.print(f"Written to {out}.")
    else:
        print(head)


def _head_in(key: Key, file: Path) -> Link:
    try:
        return head_of(key, read_text(file, MOST_OF_A_HEAD))
    except (Unreadable, NoHead) as error:
        raise CannotDo(f"--since: {file} {error}.") from None


@ledger.command()
def uncertain(json: Json = False) -> None:
    """Sendings of which nobody knows whether they left: a person finds out, and completes the task (P9)."""

    async def run() -> None:
        async with clinic_database() as database:
            found = await Ledger(database).uncertain()
        if json:
            as_json([{"patient": patient, "key": key} for patient, key in found])
        else:
            table("Uncertain sendings", ["patient", "key"], [list(pair) for pair in found])

    asyncio.run(run())
