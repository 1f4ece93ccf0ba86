"""Commands that need no server: `pathway show` and `policy check`."""

from pathlib import Path
from typing import Annotated

import typer

from worker.commands.options import Json, read_file
from worker.errors import CannotDo
from worker.show import as_json, console
from workflows.core.errors import Refused
from workflows.core.policy import load_policy
from workflows.pathways import pathway_named
from workflows.pathways.drawing import mermaid, transitions
from workflows.pathways.svg import svg

pathway = typer.Typer(help="Look at a pathway.", no_args_is_help=True)
policy = typer.Typer(help="Check a policy file.", no_args_is_help=True)


@pathway.callback()
def _pathway() -> None: ...


@policy.callback()
def _policy() -> None: ...


@pathway.command()
def show(
    name: Annotated[str, typer.Argument(help="iop (or iot), or php.")] = "iop",
    format: Annotated[str, typer.Option(help="mermaid, svg or table.")] = "mermaid",
    json: Json = False,
) -> None:
    """The chart as it runs: a picture, or the table of its transitions."""
    try:
        chosen = pathway_named(name)
    except Refused as error:
        raise CannotDo(str(error)) from None
    if json:
        as_json([row._asdict() for row in transitions(chosen)])
    elif format == "table":
        print("| from | to | when |\n|---|---|---|")
        for row in transitions(chosen):
            print(f"| {row.source} | {row.target} | {row.when} |")
    elif format == "mermaid":
        print(mermaid(chosen))
    elif format == "svg":
        print(svg(chosen))
    else:
        raise typer.BadParameter(f"{format} is not known; use mermaid, svg or table")


@policy.command()
def check(
    file: Annotated[Path, typer.Argument(help="A policy as YAML or JSON.")], json: Json = False
) -> None:
    """Check a policy file and explain each error by its field."""
    try:
        whole = load_policy(read_file(file))
    except Refused as error:
        raise CannotDo(f"{file}: {error}") from None
    if json:
        as_json(whole.model_dump(mode="json", exclude_defaults=False))
    else:
        console.print(f"{file} can be used: gate after {whole.gate.sober_days} days sober, program of "
                      f"{whole.length.days} days, {len(whole.attendance.ladder)} rungs on the ladder.")  # fmt: skip
