"""The command `journal`: what was recorded, and whether it is what was written (T2, T3)."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from operator import itemgetter
from textwrap import wrap
from typing import Annotated, Any

import typer

from worker.asked import asking
from worker.commands.looking import say_if_it_does_not_run
from worker.commands.options import Json, read_day
from worker.episodes import episode_id
from worker.errors import CannotDo
from worker.sentences import sentence
from worker.show import as_json, console, table, when

app = typer.Typer()
UUID_LENGTH = 36
"""Of the ids that entries get where they bring none; longer ones go over two lines."""

VERIFY = "verify"
"""In the place of an episode: no id is a word."""


@app.command()
def journal(
    episode: Annotated[
        str, typer.Argument(help="The episode's id, with or without 'episode-'; or the word verify.")
    ],
    verified: Annotated[
        str | None, typer.Argument(help="After verify: the episode or referral; all of them if absent.")
    ] = None,
    as_known_on: Annotated[
        str | None, typer.Option(help="As it was known at the end of this day, such as 2026-03-31.")
    ] = None,
    json: Json = False,
) -> None:
    """Every entry in words, with both its times, its author, and whether it stands; `journal verify [EPISODE]`: whether
    it is what was written."""
    if episode == VERIFY:
        if as_known_on:
            raise typer.BadParameter("--as-known-on belongs to the journal of an episode")
        asyncio.run(_verify(verified, json))
        return
    if verified:
        raise typer.BadParameter("one episode at a time")
    asyncio.run(_show(episode_id(episode), as_known_on, json))


async def _show(episode: str, as_known_on: str | None, json: bool) -> None:
    day = read_day("--as-known-on", as_known_on) if as_known_on else None
    async with asking() as asked:
        at_the_end = [day.isoformat()] if day else []
        lines = await asked.ask(episode, "journal", *at_the_end)
        stood = "as_known_on" if day else "progress"
        shown = {} if json else await asked.ask(episode, stood, *at_the_end)
        if asked.here and not asked.noted:
            await say_if_it_does_not_run(asked.here, episode)
    if json:
        as_json(lines)
        return
    table(
        f"Journal of {episode} (times in {shown['timezone']})",
        ["true at", "recorded at", "what, by whom, and its id", "stands"],
        [row for _, row in sorted([*map(_stated, lines), *_moved_by_time(shown)], key=itemgetter(0))],
        whole=["true at", "recorded at"],
    )


async def _verify(given: str | None, json: bool) -> None:
    from worker.verified import verify

    async with asking() as asked:
        workflow_id = given if given is None or given.startswith("referral-") else episode_id(given)
        found = await verify(asked, workflow_id)
    if json:
        as_json({"journals": found.journals, "lines": found.lines, "problems": list(found.problems),
                 "not_known": list(found.not_known), "digest": found.digest})  # fmt: skip
    for one in () if json else (*found.problems, *found.not_known):
        console.print(one[0].upper() + one[1:] + ".", soft_wrap=True)
    if found.problems:
        raise CannotDo(f"{len(found.problems)} things are not as they were written.")
    if not json:
        console.print(
            f"{found.journals} journals with {found.lines} lines hold: none was changed, left out or put elsewhere. "
            f"Noted elsewhere, {found.digest} shows later whether an end was cut off: it changes with every line.",
            soft_wrap=True,
        )


Row = tuple[datetime, Sequence[str]]
"""When it was recorded, and what the table shows."""


def _stated(line: dict[str, Any]) -> Row:
    said = [sentence(line["entry"]), *_moved(line), _author(line), *wrap(line["entry_id"], UUID_LENGTH)]
    times = (when(line[name]).replace(" ", "\n") for name in ("effective_at", "recorded_at"))
    return datetime.fromisoformat(line["recorded_at"]), (*times, "\n".join(said), _stands(line))


def _moved_by_time(progress: dict[str, Any]) -> list[Row]:
    """What moved the patient without anybody's word."""
    return [
        (
            datetime.fromisoformat(move["at"]),
            (
                when(move["at"]).replace(" ", "\n"),
                "",
                f"{_into(move['to'])}\nby time: {move['deadline']}",
                "",
            ),
        )
        for move in progress["moves"]
        if not move["entry_ids"]
    ]


def _into(stage: str) -> str:
    return f"moved the patient to: {stage.replace('_', ' ')}"


def _moved(line: dict[str, Any]) -> list[str]:
    return [_into(line["moved_to"])] if line.get("moved_to") else []


def _author(line: dict[str, Any]) -> str:
    by = f"by {line['by']}" + ("" if line["source"] == "staff" else f" ({line['source']})")
    return f"{by}, signed by {line['signed_by']}" if line["signed_by"] else f"{by}, not signed"


def _stands(line: dict[str, Any]) -> str:
    if line["stands"]:
        return "yes"
    return f"no ({line['undone_by']}: {line['undone_because'] or 'no reason given'})"
