"""Whether the journals are what was written, and how far their ends can be known (T3).

A chain shows what was changed, left out or put elsewhere. An end that was cut off it cannot show: so each journal is
held against what else knows how far it went, its workflow where that runs, and the note that an episode has ended.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from activities.clinic_database import Crosswalk
from activities.clinic_database.journal import OtherKey
from worker.asked import Asked
from worker.errors import CannotDo
from worker.executions import AT_ONCE
from worker.from_journal import recorded
from workflows.core.engine.authorship import not_signed_by_its_author
from workflows.core.episode.entries import ReferralNews
from workflows.core.episode.episode import Episode
from workflows.core.referral.referral import Referral


@dataclass(frozen=True)
class Verified:
    """What a verification found."""

    journals: int
    lines: int
    problems: tuple[str, ...]
    not_known: tuple[str, ...]
    """Of what nobody can tell whether it is whole."""
    digest: str


async def verify(asked: Asked, workflow_id: str | None) -> Verified:
    """Hold one journal, or all, against their seals and against what else is known of them.

    Raises:
        CannotDo: there is no such journal, or the journal cannot be read.
    """
    journal = asked.journal
    everyone = await journal.all_ids()
    if workflow_id is not None and workflow_id not in everyone:
        raise CannotDo(f"The clinic database has no journal of {workflow_id}.")
    asked_for = everyone if workflow_id is None else [workflow_id]
    try:
        found = await journal.verify(workflow_id)
    except OtherKey as error:
        raise CannotDo(f"The journal cannot be read: {error}.") from None
    problems = (
        *found.problems,
        *await _held_against_workflows(asked, asked_for),
        *await _held_against_signatures(asked, asked_for),
    )
    not_known = await _held_against_notes(asked, asked_for)
    not_known += [] if workflow_id else await _without_journal(asked, everyone)
    return Verified(found.journals, found.lines, problems, tuple(not_known), found.digest)


async def _held_against_workflows(asked: Asked, ids: list[str]) -> list[str]:
    """What runs knows how many lines it has handed over."""
    here, gate = asked.here, asyncio.Semaphore(AT_ONCE)
    if here is None or here.problem:
        return []
    there = await asked.journal.counts()

    async def one(workflow_id: str) -> str | None:
        kept = 0
        async with gate:
            with suppress(CannotDo):
                kept = int(await here.query(workflow_id, "kept"))
        if kept <= there.get(workflow_id, 0):
            return None
        return (
            f"{workflow_id}: its workflow has handed over {kept} lines, and {there.get(workflow_id, 0)} are there; its "
            "end was cut off"
        )

    return [said for said in await asyncio.gather(*map(one, ids)) if said]


async def _held_against_signatures(asked: Asked, ids: list[str]) -> list[str]:
    """Whoever can write a journal, or to the server, has not thereby what signs for people (E0)."""
    problems = []
    for workflow_id in ids:
        with suppress(CannotDo):  # what cannot be read is told already
            found = await recorded(asked.journal, workflow_id, datetime.now(UTC))
            if found is None:
                continue
            record, start = found.living.record, found.living.start
            said = not_signed_by_its_author(
                record, workflow_id, start.signing_keys, _not_to_be_signed(found.living)
            )
            problems += [
                f"{workflow_id}, entry {one.key} of {one.recorded_at:%Y-%m-%d %H:%M} UTC by {one.entry.by}: {why}"
                for one, why in said
            ]
    return problems


def _not_to_be_signed(living: Episode | Referral) -> set[str]:
    """Ids of what a record holds unsigned: of an episode what it began with and what its referrals have told it, of a
    referral what its episode has told it and what the machine found."""
    if isinstance(living, Referral):
        return {one.key for one in living.record if one.entry.signature is None}
    told = {one.key for one in living.record.all_of(ReferralNews)}
    return told | {str(said.get("id")) for said in living.start.history}


async def _held_against_notes(asked: Asked, ids: list[str]) -> list[str]:
    """Of an episode that the clinic has as closed the journal must tell how it ended."""
    closed = {
        f"episode-{one.episode_id}": one.closed_on
        for one in await Crosswalk(asked.database).all_episodes()
        if one.closed_on
    }
    said = []
    for workflow_id in ids:
        if (closed_on := closed.get(workflow_id)) is None:
            continue
        with suppress(CannotDo):  # what cannot be read is told already
            found = await recorded(asked.journal, workflow_id, datetime.now(UTC))
            if found and isinstance(found.living, Episode) and found.living.facts.exit is None:
                said.append(
                    f"{workflow_id}: the clinic has it as closed since {closed_on}, and its journal tells of no exit; "
                    "its end was cut off, or it was given up"
                )
    return said


async def _without_journal(asked: Asked, ids: list[str]) -> list[str]:
    known = set(ids)
    return [
        f"there is no journal of episode-{one}, which is open: it has not gone on since there are journals, or its "
        "journal was taken away whole"
        for one in await Crosswalk(asked.database).all_open()
        if f"episode-{one}" not in known
    ]
