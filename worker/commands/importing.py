"""The command `import`."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from worker.commands.options import Json
from worker.episodes import clinic
from worker.errors import CannotDo
from worker.importing.report import Report
from worker.importing.run import check_folder, import_folder
from worker.settings import load_settings
from worker.show import as_json, console, table

app = typer.Typer()


@app.command("import")
def import_export(
    folder: Annotated[
        Path, typer.Argument(help="Folder with clinic.json, admissions.csv, attendance.csv, …")
    ],
    report: Annotated[
        Path | None, typer.Option(help="Write what became of each row to this CSV file.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only read the files and say what is wrong.")
    ] = False,
    json: Json = False,
) -> None:
    """Take a clinic over from another system's export. Safe to run again.

    Rows that are refused are reported one by one and stop nothing; a file that cannot be used as a whole is refused
    before anything is imported (exit code 1, as where somebody could not be reached). Tables may be CSV or
    spreadsheets. No message goes to a patient, and an episode that has ended is never begun again.
    """
    if report:
        _check_writable(report)
    found = check_folder(folder, load_settings()) if dry_run else asyncio.run(_imported(folder))
    if report:
        found.write(report)
    if json:
        as_json(found.as_json())
    else:
        table(
            "Refused rows",
            ["file", "line", "reason"],
            [(o.row.file, o.row.line, o.reason) for o in found.refused],
        )
        console.print(f"Nothing was imported. {found.counts()}" if dry_run else found.summary())
    if not found.is_whole:
        raise CannotDo(
            "Not everybody was reached; the rows say why. What arrived is kept: import the folder again."
        )


def _check_writable(report: Path) -> None:
    """Before anything is imported: what became of the rows would be lost."""
    try:
        report.open("a").close()
    except OSError as error:
        raise CannotDo(f"--report: {report} cannot be written: {error.strerror}.") from None


async def _imported(folder: Path) -> Report:
    columns = (TextColumn("Importing patients"), BarColumn(), MofNCompleteColumn())
    async with clinic() as here:
        with Progress(*columns, console=console, transient=True) as bar:
            task = bar.add_task("patients", total=None)
            return await import_folder(
                here, folder, lambda done, of: bar.update(task, completed=done, total=of)
            )
