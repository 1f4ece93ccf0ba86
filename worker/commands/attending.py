"""The command `attend`: who came to a session, for one person or a whole group (A2, A8)."""

import asyncio
import csv
import hashlib
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from worker.commands.episodes import need_author
from worker.commands.options import By, Json
from worker.episodes import Clinic, clinic, episode_id
from worker.errors import CannotDo
from worker.people import named
from worker.settings import load_settings
from worker.show import as_json, table

app = typer.Typer()

KEYS = ("episode_id", "patient_key")
"""Columns of a roster by which a person is known; one of them is enough."""


@app.command()
def attend(
    session: Annotated[str, typer.Argument(help="The session's start, such as 2026-03-02T18:00.")],
    episode: Annotated[list[str] | None, typer.Argument(help="Episodes of those who came.")] = None,
    by: By = "",
    roster: Annotated[
        Path | None, typer.Option(help="CSV with the column episode_id or patient_key: everyone present…")
    ] = None,
    excluding: Annotated[
        list[str] | None, typer.Option("--except", help="…except these, who are missed.")
    ] = None,
    excused: Annotated[list[str] | None, typer.Option(help="…or these, who are excused.")] = None,
    minutes: Annotated[int | None, typer.Option(help="Minutes attended; absent: the whole session.")] = None,
    json: Json = False,
) -> None:
    """Record attendance of one person or of a whole group; what you have said before of the session is replaced."""
    need_author(by)
    named(load_settings(), "--by", by)
    session = _one_spelling(session)

    async def run() -> None:
        async with clinic() as here:
            known = await _known(here, roster) if roster else {}
            absent = {known.get(one, episode_id(one)): "missed" for one in excluding or []}
            absent |= {known.get(one, episode_id(one)): "excused" for one in excused or []}
            everyone = [episode_id(one) for one in episode or []] + list(known.values())
            if not everyone:
                raise typer.BadParameter("name at least one episode, or a --roster")
            if strangers := set(absent) - set(everyone):
                raise CannotDo(f"{', '.join(sorted(strangers))} is not on the roster; nothing was recorded.")
            results = []
            for one in dict.fromkeys(everyone):
                said = {"session": session, "status": absent.get(one, "attended"), "minutes": minutes}
                results.append(await _record(here, one, by, said))
        _tell(session, results, json)

    asyncio.run(run())


def _one_spelling(session: str) -> str:
    """A session's start as the contract spells it, so that it is known again; what is none is refused there."""
    try:
        start = datetime.fromisoformat(session.strip())
    except ValueError:
        return session
    return session if start.tzinfo or start.second else start.isoformat(timespec="minutes")


async def _record(here: Clinic, episode: str, by: str, said: dict[str, Any]) -> dict[str, Any]:
    line = {"episode_id": episode, "status": said["status"], "changes": []}
    try:
        entry = {"kind": "attendance", "by": by, **said}
        same, before = await _said_before(here, episode, entry)
        if same:
            return {**line, "result": "known already"}
        if before:
            entry |= {
                "supersedes": before,
                "supersedes_reason": "said anew of the same session by the same person",
            }
        told = "|".join(str(part) for part in (episode, *entry.values()))
        entry["id"] = f"attend-{hashlib.sha256(told.encode()).hexdigest()[:12]}"
        answer = await here.update(episode, "record", entry)
    except CannotDo as error:
        return {**line, "result": f"refused: {error}"}
    # What it set going is seen at once, such as the question of whom to believe (A8).
    result = "known already" if answer["duplicate"] else "recorded"
    return {**line, "result": result, "changes": answer["changes"]}


async def _said_before(here: Clinic, episode: str, entry: dict[str, Any]) -> tuple[str | None, str | None]:
    """What the same person has said of the same session, as ids: the same, or otherwise, such as of who came late."""
    lines = await here.query(episode, "journal")
    mine = [
        line
        for line in lines
        if line["kind"] == "attendance" and line["stands"] and line["by"] == entry["by"]
        and str(line["entry"]["session"])[:16] == entry["session"][:16]
    ]  # fmt: skip
    alike = [
        line for line in mine if all(line["entry"].get(name) == entry[name] for name in ("status", "minutes"))
    ]
    # Minutes that were written down for one person are not replaced by a roster that says nothing of minutes (A8).
    corrected = [
        line for line in mine if entry["minutes"] is not None or line["entry"]["status"] != entry["status"]
    ]
    return (alike[-1]["entry_id"] if alike else None, corrected[-1]["entry_id"] if corrected else None)


def _tell(session: str, results: list[dict[str, Any]], json: bool) -> None:
    if json:
        as_json(results)
    else:
        rows = [
            [line["episode_id"], line["status"], "\n".join([line["result"], *line["changes"]])]
            for line in results
        ]
        table(f"Session of {session}", ["episode", "status", "result"], rows)
    refused = sum(line["result"].startswith("refused") for line in results)
    if refused:
        others = "the others are recorded" if refused < len(results) else "nothing is recorded"
        raise CannotDo(f"{refused} of {len(results)} were refused; {others}.")


async def _known(here: Clinic, path: Path) -> dict[str, str]:
    """Everyone on a roster: as they are called there, and the workflow of their open episode."""
    column, called = _called(path)
    if column == "episode_id":
        return {one: episode_id(one) for one in called}
    found = {one: await here.crosswalk.open_episode_of(one) for one in called}
    # A record number is of no use to whoever reads over a shoulder, so the line in the file is named (P1).
    if without := [str(number) for number, one in enumerate(called, 2) if found[one] is None]:
        raise CannotDo(
            f"{path}: there is no open episode for the patient of line {', '.join(without)}; nothing was recorded."
        )
    return {one: episode_id(episode) for one, episode in found.items() if episode}


def _called(path: Path) -> tuple[str, list[str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            names = {(name or "").strip().lower(): name for name in reader.fieldnames or []}
            column = next((one for one in KEYS if one in names), None)
            if column is None:
                raise CannotDo(
                    f"{path} has no column episode_id, nor patient_key; its columns are: "
                    f"{', '.join(reader.fieldnames or [])}."
                )
            return column, [said for row in reader if (said := (row[names[column]] or "").strip())]
    except OSError as error:
        raise CannotDo(f"{path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise CannotDo(f"{path} is not text in UTF-8; save it as CSV UTF-8.") from None
