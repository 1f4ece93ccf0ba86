"""What is told to every open episode at once: who stands in for whom, who has left, and which days are closed.

It is noted in the clinic database first, so that whoever is admitted meanwhile begins with it; then each episode and
each referral that outlives its episode is told. Every step may be done again: what was told already is known by its
id, and what a crash has left out is made up for by the same command.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from activities.clinic_database.absences import Absence
from activities.clinic_database.closures import ClosedDay
from worker.beginning import closed, entries_of
from worker.episodes import Clinic
from worker.errors import CannotDo
from worker.executions import OPEN
from workflows import visibility

AT_ONCE = 8
"""So many episodes are told at the same time."""


@dataclass
class Told:
    """What came of it: `episodes` and `tasks` by workflow id, each with what was done, and what was not, and why."""

    episodes: dict[str, str] = field(default_factory=dict)
    tasks: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)

    def in_words(self, again: str) -> str:
        """Why it is not done, and the remedy."""
        listed = " ".join(f"{one}: {why}" for one, why in sorted(self.failed.items())[:5])
        more = f" (and {len(self.failed) - 5} more)" if len(self.failed) > 5 else ""
        return f"{len(self.failed)} were not told. {listed}{more} Everything else is done; {again}"


@dataclass(frozen=True)
class Running:
    """An episode or a referral that runs, and what it shows of its team."""

    workflow_id: str
    site: str
    team: Mapping[str, str]
    named: Mapping[str, str]
    changes: tuple[Mapping[str, Any], ...]
    keys: tuple[str, ...] = ()
    """Ids of the clinic's keys that it believes."""

    def roles_of(self, staff_id: str, since: date) -> list[str]:
        """The roles that a person has, or will have, or stands in for, from a day on."""
        ahead = [
            change["role"]
            for change in self.changes
            if change["staff_id"] == staff_id
            and (not change["until"] or change["until"] >= since.isoformat())
        ]
        return list(dict.fromkeys([*(r for r, one in self.named.items() if one == staff_id), *ahead]))


async def running(clinic: Clinic, told: Told) -> list[Running]:
    """Every episode that has not ended, a paused one too, and every referral whose own episode has: nobody else would
    tell it."""
    episodes = {f"episode-{one}" for one in await clinic.crosswalk.all_open()}
    async for one in clinic.listed(f"WorkflowType = '{visibility.CARE_EPISODE}' AND {OPEN}"):
        episodes.add(one.id)
    found = await each(sorted(episodes), lambda one: _shown(clinic, one, "progress"), told)
    referrals = [one.id async for one in clinic.listed(f"WorkflowType = '{visibility.REFERRAL}' AND {OPEN}")]
    shown = await each(sorted(referrals), lambda one: _shown(clinic, one, "referral"), told)
    followed = {referral for _, view in found for referral in view["open_referrals"]}
    return [_running(name, view) for name, view in (*found, *shown) if name not in followed]


async def tell_absences(
    clinic: Clinic, absences: Collection[Absence], found: Iterable[Running], told: Told
) -> None:
    """Tell each episode who stands in for whom; one that knows it already is left alone."""

    async def tell(one: Running) -> None:
        said: list[dict[str, Any]] = []
        for absence in absences:
            now = one
            while entries := _news(absence, now):
                await record_in(clinic, one.workflow_id, entries)
                said += entries
                if not absence.taken_back:
                    break
                # What is taken back lets those days stand again that it had corrected: they are taken back too.
                query = "referral" if one.workflow_id.startswith("referral-") else "progress"
                now = _running(*await _shown(clinic, one.workflow_id, query))
        if said:
            told.episodes[one.workflow_id] = ", ".join(dict.fromkeys(_words(entry) for entry in said))

    await each({one.workflow_id: one for one in found}, tell, told)


def _news(absence: Absence, one: Running) -> list[dict[str, Any]]:
    """What an episode does not know yet of an absence. Days that have changed supersede those that were told."""
    known = {
        change["role"]: change
        for change in one.changes
        if change["entry_id"].startswith(f"{absence.absence_id}:")
    }
    if absence.taken_back:
        return [
            {
                "kind": "retraction",
                "id": f"{change['entry_id']}:taken_back",
                "by": absence.recorded_by,
                "entry_id": change["entry_id"],
                "reason": f"{absence.staff_id} is not away",
            }
            for change in known.values()
        ]
    roles = dict.fromkeys([*known, *one.roles_of(absence.staff_id, absence.from_on)])
    news = []
    for entry in entries_of(absence, one.named, roles):
        before = known.get(entry["role"])
        if before is None:
            news.append(entry)
        elif before["entry_id"] != entry["id"]:
            stands_in = {"stands_in_for": before["stands_in_for"]} if before["stands_in_for"] else {}
            until = {"until": entry["until"]} if stands_in and "until" in entry else {}
            plain = {name: value for name, value in entry.items() if name not in ("stands_in_for", "until")}
            correction = {
                "supersedes": before["entry_id"],
                "supersedes_reason": "other days, or another person",
            }
            news.append({**plain, **stands_in, **until, **correction})
    return news


async def hand_over_tasks(
    clinic: Clinic, from_: str, to: str, by: str, told: Told, *, back: bool = False
) -> None:
    """Give the open tasks that a person still has to another one: those that somebody had given them by hand.

    With `back`, only those in which `from_` stands in for `to`. What follows its episode's team is on its way: each
    task is given a moment for that, and whoever has it already hears nothing twice.
    """
    query = f"WorkflowType = '{visibility.STAFF_TASK}' AND {OPEN} AND CarepathOwner = '{from_}'"
    theirs = [one.id async for one in clinic.listed(query)]

    async def give(task: str) -> None:
        view = await _followed(clinic, task, from_, patience=0 if back else 10)
        if view["state"] != "open":
            return
        if view["owner"] != from_ or (back and view.get("stands_in_for") != to):
            if view["owner"] == to:
                told.tasks[task] = "followed"
            return
        change = {"to": to, "by": by} if back else {"to": to, "by": by, "instead_of": from_}
        await clinic.update(task, "reassign", change)
        told.tasks[task] = "given over"

    await each(sorted(theirs), give, told)


async def _followed(clinic: Clinic, task: str, from_: str, patience: int) -> dict[str, Any]:
    view: dict[str, Any] = await clinic.query(task, "task")
    while patience and view["owner"] == from_ and view["state"] == "open":
        await asyncio.sleep(0.2)
        patience -= 1
        view = await clinic.query(task, "task")
    return view


async def tell_closure(clinic: Clinic, day: ClosedDay, told: Told) -> None:
    """Tell each open episode of the site, or of the clinic, that a day is closed, or that it is not after all."""
    entry = closed(day)
    back: dict[str, Any] = {
        "kind": "retraction", "id": f"{day.closure_id}:taken_back", "by": day.taken_back_by,
        "entry_id": day.closure_id, "reason": "the program is open on that day",
    }  # fmt: skip

    async def tell(one: Running) -> None:
        if day.site not in (None, one.site):
            return
        # Said again, the day itself would stand again: what was taken back has no longer any effect under its id.
        try:
            await record_in(clinic, one.workflow_id, [back if day.taken_back_by else entry])
        except CannotDo as error:
            if not day.taken_back_by or "There is no entry" not in str(error):
                raise
            return  # it never heard that the day is closed
        told.episodes[one.workflow_id] = "open after all" if day.taken_back_by else "closed"

    await each({one.workflow_id: one for one in await running(clinic, told)}, tell, told)


async def record_in(clinic: Clinic, workflow_id: str, entries: list[dict[str, Any]]) -> None:
    """Record entries in an episode or a referral.

    Raises:
        CannotDo: one is refused, or nobody answers.
    """
    if workflow_id.startswith("referral-"):
        for entry in entries:
            await clinic.update(workflow_id, "record", entry)
        return
    results = await clinic.update(workflow_id, "record_many", entries)
    for result in results:
        if error := result["error"]:
            raise CannotDo(error["message"])


async def _shown(clinic: Clinic, workflow_id: str, query: str) -> tuple[str, dict[str, Any]]:
    return workflow_id, dict(await clinic.query(workflow_id, query))


def _running(workflow_id: str, view: Mapping[str, Any]) -> Running:
    changes, keys = tuple(view["team_changes"]), tuple(view["signing_keys"])
    return Running(workflow_id, view["site"], view["team"], view["team_named"], changes, keys)


def _words(entry: Mapping[str, Any]) -> str:
    return str(entry["role"]) if entry["kind"] == "team" else "taken back"


async def each(
    many: Iterable[str] | Mapping[str, Any], do: Callable[[Any], Awaitable[Any]], told: Told
) -> list[Any]:
    """Do something with each, a few at a time; what fails is noted and stops none of the others."""
    gate, done = asyncio.Semaphore(AT_ONCE), []

    async def one(name: str) -> None:
        async with gate:
            try:
                done.append(await do(many[name] if isinstance(many, Mapping) else name))
            except CannotDo as error:
                told.failed[name] = str(error)

    await asyncio.gather(*(one(name) for name in many))
    return done
