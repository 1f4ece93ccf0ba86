"""Commands that need no server: `pathway show`, `pathway verify` and `policy check`."""

import json as json_text
import re
import time
from pathlib import Path
from typing import Annotated

import typer

from worker.commands.options import Json, read_file
from worker.errors import CannotDo
from worker.show import as_json, console
from workflows.core.engine.errors import Refused
from workflows.core.episode.pathway import Pathway
from workflows.core.episode.policy import load_policy
from workflows.pathways import pathway_named
from workflows.pathways.drawing import Carries, Drawn, carried, mermaid, transitions
from workflows.pathways.proof import DEPTH, Proof, as_data, page, prove
from workflows.pathways.referral import ReferralPathway
from workflows.pathways.svg import svg

pathway = typer.Typer(help="Look at a pathway.", no_args_is_help=True)
policy = typer.Typer(help="Check a policy file.", no_args_is_help=True)


@pathway.callback()
def _pathway() -> None: ...


@policy.callback()
def _policy() -> None: ...


@pathway.command()
def show(
    name: Annotated[str, typer.Argument(help="iop, php or referral.")] = "iop",
    format: Annotated[str, typer.Option(help="mermaid, svg, table or duties.")] = "mermaid",
    json: Json = False,
) -> None:
    """The chart as it runs: a picture, the table of its transitions, or what is owed and awaited state by state."""
    chosen: Drawn = _named(name) if name.strip().lower() != "referral" else ReferralPathway()
    if json and format == "duties":
        as_json([_as_data(place) for place in carried(chosen)])
    elif json:
        as_json([row._asdict() for row in transitions(chosen)])
    elif format == "table":
        print("| from | to | when |\n|---|---|---|")
        for row in transitions(chosen):
            print(f"| {row.source} | {row.target} | {row.when} |")
    elif format == "duties":
        for place in carried(chosen):
            print(f"{place.name} ({place.state})")
            for what, said in (("owed", place.owed), ("awaited", place.awaited), ("said", place.said)):
                for one in said:
                    print(f"  {what}: {one.name}. {one.says}")
    elif format == "mermaid":
        print(mermaid(chosen))
    elif format == "svg":
        print(svg(chosen))
    else:
        raise typer.BadParameter(f"{format} is not known; use mermaid, svg, table or duties")


def _as_data(place: Carries) -> dict[str, object]:
    told = {"owed": place.owed, "awaited": place.awaited, "said": place.said}
    return {
        "state": place.state,
        "name": place.name,
        **{what: [{"name": one.name, "says": one.says} for one in said] for what, said in told.items()},
    }


@pathway.command()
def verify(
    name: Annotated[str, typer.Argument(help="iop (or iot), or php.")] = "iop",
    depth: Annotated[
        int, typer.Option(min=0, help="Steps beyond each opening to search in the engine.")
    ] = DEPTH,
    json: Json = False,
    policy: Annotated[
        Path | None, typer.Option(help="A clinic's own policy as YAML or JSON, to be lived with as well.")
    ] = None,
    story_to: Annotated[
        Path | None,
        typer.Option(
            help="Keep the shortest breaking story in this file; in a directory, that of each breach."
        ),
    ] = None,
) -> None:
    """Prove that no way leads to an exit without a person, and the other invariants; tell what breaks them."""
    chosen = _named(name)
    if getattr(chosen, "claims", None) is None:
        raise CannotDo(
            f"The pathway {chosen.name} makes no claims that could be proved: write them beside its chart."
        )
    try:
        settings = None if policy is None else read_file(policy)
        proof = prove(chosen, time.monotonic, depth, policy=settings)
    except Refused as error:
        raise CannotDo(f"{policy}: {error}") from None
    if story_to:
        _keep(proof, story_to)
    if json:
        as_json(as_data(proof))
    else:
        print(page(proof), end="")
    if not proof.findings.hold:
        raise typer.Exit(1)


def _named(name: str) -> Pathway:
    try:
        return pathway_named(name)
    except Refused as error:
        raise CannotDo(str(error)) from None


def _keep(proof: Proof, where: Path) -> None:
    """Write breaking stories as they are kept in tests/core/stories."""
    told = [
        (invariant, breach.story)
        for invariant, breaches in proof.findings.breaches.items()
        for breach in breaches.values()
        if breach.story
    ]
    told.sort(key=lambda one: len(one[1].steps))
    try:
        for invariant, story in told if where.is_dir() else told[:1]:
            slug = re.sub(r"[^a-z0-9]+", "-", f"{invariant}-{story.shows}".lower()).strip("-")
            file = where / f"{slug}.json" if where.is_dir() else where
            data = {"invariant": invariant, **story.as_data()}
            file.write_text(json_text.dumps(data, indent=2, ensure_ascii=False) + "\n", "utf-8")
    except OSError as error:
        raise CannotDo(f"{where} cannot be written: {error.strerror}.") from None


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
