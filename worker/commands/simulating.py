"""The command `simulate`."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from json import dumps
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from worker.commands.options import Json, read_file
from worker.errors import CannotDo
from worker.show import Screen, as_json, table
from worker.simulation.agreement import Agreement, compare
from worker.simulation.parameters import Parameters, load_parameters
from worker.simulation.processes import all_cores
from worker.simulation.quiet import embedded_server
from worker.simulation.report import Table, agreed, tables
from worker.simulation.results import as_json as found_as_json
from worker.simulation.run import Simulated
from worker.simulation.run import simulate as run
from workflows.core.engine.errors import Refused
from workflows.core.episode.policy import load_policy

app = typer.Typer()


@app.command()
def simulate(
    patients: Annotated[int, typer.Option(min=1, help="How many.")] = 1000,
    seed: Annotated[int, typer.Option(help="The same seed gives the same patients.")] = 1,
    parameters: Annotated[
        Path | None, typer.Option(help="Behaviour and staff, as deploy/example/simulation.yaml.")
    ] = None,
    policy: Annotated[Path | None, typer.Option(help="The policy; without it, the default.")] = None,
    against: Annotated[Path | None, typer.Option(help="A second policy for the same patients.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for patients.csv, report.md, report.json and pictures.")
    ] = None,
    temporal: Annotated[
        int, typer.Option(min=0, help="Run so many of the patients through the real workflows too.")
    ] = 0,
    processes: Annotated[
        int | None, typer.Option(min=1, help="How many work at the same time; without it, one a core.")
    ] = None,
    json: Json = False,
) -> None:
    """Run invented patients through the engine, and compare two policies on the same patients.

    Nothing is sent, and no database is touched. With --temporal the first patients are also run through the real
    workflows on a time-skipping server on this machine; exit code 1 if shell and core disagree about any entry.
    """
    behaviour = load_parameters(read_file(parameters) if parameters else {})
    first, second = _policy(policy) if policy else {}, _policy(against) if against else None
    if out:
        _make(out)
    with _bar("Simulating patients", patients, quiet=json) as bar:
        found = run(
            behaviour, patients=patients, seed=seed, policy=first, against=second, out=out,
            processes=processes or all_cores(), progress=bar,
        )  # fmt: skip
    content, shown = found_as_json(found), tables(found)
    agreement = (
        _through_the_workflows(behaviour, seed, min(temporal, patients), first, json) if temporal else None
    )
    if agreement:
        content["temporal"] = agreement.as_json()
        shown.append(agreed(agreement))
    if out:
        _write(out, found, shown, content)
    if json:
        as_json(content)
    else:
        for one in shown:
            table(one.title, one.columns, one.rows)
    if agreement and agreement.differences:
        raise CannotDo(f"Shell and core disagree: {'; '.join(agreement.differences[:5])}.")


def _policy(file: Path) -> dict[str, Any]:
    settings = read_file(file)
    try:
        load_policy(settings)
    except Refused as error:
        raise CannotDo(f"{file}: {error}") from None
    return settings or {}


def _make(out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CannotDo(f"--out: {out} cannot be made: {error.strerror}.") from None


def _write(out: Path, found: Simulated, shown: list[Table], content: dict[str, Any]) -> None:
    # Matplotlib takes a second to import: it is not needed where no pictures are made.
    from worker.simulation.plots import draw

    title = f"# {found.patients} patients, seed {found.seed}\n\n"
    (out / "report.md").write_text(title + "\n".join(one.markdown() for one in shown), "utf-8")
    (out / "report.json").write_text(dumps(content, indent=2, default=str) + "\n", "utf-8")
    draw(found, out)


def _through_the_workflows(
    behaviour: Parameters, seed: int, patients: int, policy: dict[str, Any], quiet: bool
) -> Agreement:
    async def check() -> Agreement:
        async with embedded_server() as environment:
            with _bar("Through the workflows", None, quiet) as told:
                return await compare(
                    environment, behaviour, seed=seed, patients=range(patients), policy=policy, progress=told
                )

    return asyncio.run(check())


@contextmanager
def _bar(what: str, total: int | None, quiet: bool) -> Iterator[Callable[[int, int], None]]:
    """A progress bar on the error stream, so that the output stays clean; none where nobody looks."""
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    shown = Screen(stderr=True)
    with Progress(*columns, console=shown, transient=True, disable=quiet or not shown.is_terminal) as bar:
        task = bar.add_task(what, total=total)
        yield lambda done, of: bar.update(task, completed=done, total=of)
