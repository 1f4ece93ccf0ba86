"""What differs between the episodes that the clinic has and what runs on the server, each with its remedy (E9, I6).

Anybody who looks at a workflow in the Temporal Web UI can pause, terminate, delete or copy it. Here it is noticed.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

from activities.clinic_database import Passage
from worker.diagnosis import Queue, queue, workflow_problem
from worker.episodes import Clinic
from worker.executions import (
    AT_ONCE,
    OPEN,
    Execution,
    all_described,
    executions,
    why_it_does_not_run,
)
from worker.owed import all_lost
from worker.setup import missing_search_attributes
from workflows import visibility


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as it should be."""

    kind: str
    """A code, such as missing, terminated, paused, failing, unknown, two_of_one, without_episode."""
    about: str
    """The id of a workflow, or what else it is about."""
    says: str
    """What is wrong, and what to do about it."""


async def differences(here: Clinic) -> list[Difference]:
    """Everything that is not as it should be, the most harmful first.

    Raises:
        CannotDo: the server or the clinic database does not answer.
    """
    found = await queue(here.client)
    known = {f"episode-{one.episode_id}": one for one in await here.crosswalk.all_episodes()}
    running = [
        one async for one in executions(here.client, f"WorkflowType = '{visibility.CARE_EPISODE}' AND {OPEN}")
    ]
    tasks = [
        one async for one in executions(here.client, f"WorkflowType = '{visibility.STAFF_TASK}' AND {OPEN}")
    ]
    referrals = [
        one async for one in executions(here.client, f"WorkflowType = '{visibility.REFERRAL}' AND {OPEN}")
    ]
    owed = [workflow_id for workflow_id, one in known.items() if one.is_open]
    looked_at = await all_described(here.client, {*owed, *(one.id for one in running)})
    episodes = [one for one in looked_at.values() if one and one.runs]
    return [
        *_of_the_queue(found),
        *_of_attributes(await missing_search_attributes(here.client)),
        *(one for workflow_id in owed if (one := _ended(workflow_id, looked_at[workflow_id]))),
        *await _stuck(here, found, [*episodes, *tasks, *referrals]),
        *_not_of_the_clinic(known, episodes),
        *await _without_episode(here, tasks, {one.id for one in episodes}),
        *await _lost(here, found, episodes, [*tasks, *referrals]),
    ]


def _of_the_queue(found: Queue) -> Iterable[Difference]:
    if found.problem:
        yield Difference("no_worker", found.namespace, found.problem)


def _of_attributes(missing: dict[str, int] | None) -> Iterable[Difference]:
    if missing:
        names = ", ".join(missing)
        yield Difference(
            "search_attributes",
            names,
            f"The server lacks the search attributes {names}: run `carepath setup`.",
        )


def _ended(workflow_id: str, found: Execution | None) -> Difference | None:
    """An episode that is open for the clinic, and does not run."""
    if (says := why_it_does_not_run(workflow_id, found)) is None:
        return None
    give_up = (
        f" `carepath give-up {workflow_id}` notes that it has ended, and the person can be admitted again."
    )
    if found is None:
        restore = f" `carepath restore {workflow_id}` begins it again from its journal. Or"
        return Difference("missing", workflow_id, says + restore + give_up)
    is_over = found.state == "completed"
    return Difference(found.state, workflow_id, says + (give_up if is_over else ""))


async def _stuck(here: Clinic, found: Queue, running: Iterable[Execution]) -> list[Difference]:
    """What runs and cannot go on: paused, failing, or on a version whose worker is gone."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def look(one: Execution) -> Difference | None:
        async with gate:
            says = await workflow_problem(here.client, one.id, found.workers)
        return Difference("held" if one.state == "running" else one.state, one.id, says) if says else None

    return [one for one in await asyncio.gather(*map(look, running)) if one]


def _not_of_the_clinic(known: dict[str, Passage], running: Iterable[Execution]) -> Iterable[Difference]:
    """What runs as an episode, and is none of the clinic's open ones (I6)."""
    for one in running:
        of_clinic, stage = known.get(one.id), one.attributes.get("stage", "intake")
        named = f"episode-{one.attributes['episode']}" if "episode" in one.attributes else one.id
        if named != one.id:
            yield Difference("copy", one.id, _COPY.format(id=one.id, named=named))
        elif stage == "closed":
            continue
        elif of_clinic is None:
            yield Difference("unknown", one.id, _UNKNOWN.format(id=one.id))
        elif not of_clinic.is_open:
            others = [w for w, k in known.items() if k.is_open and k.patient_key == of_clinic.patient_key]
            beside = f", and the same patient has {others[0]}" if others else ""
            says = _CLOSED_HERE.format(id=one.id, stage=stage, beside=beside)
            yield Difference("two_of_one" if others else "closed_here", one.id, says)


async def _without_episode(here: Clinic, tasks: list[Execution], runs: set[str]) -> list[Difference]:
    """Tasks whose episode does not run: an answer to them reaches nobody."""
    of = {one.id: f"episode-{one.attributes.get('episode')}" for one in tasks}
    looked_at = await all_described(here.client, set(of.values()) - runs)
    gone = {workflow_id for workflow_id, one in looked_at.items() if one is None or not one.runs}
    return [
        Difference(
            "without_episode",
            one.id,
            _WITHOUT_EPISODE.format(id=one.id, task=one.attributes.get("task", "a task"), episode=of[one.id]),
        )
        for one in tasks
        if of[one.id] in gone
    ]


async def _lost(
    here: Clinic, found: Queue, episodes: Iterable[Execution], running: Iterable[Execution]
) -> list[Difference]:
    """Open tasks and referrals of running episodes that do not run themselves; nobody answers without a worker."""
    asked = [one.id for one in episodes if one.state == "running"] if found.problem is None else []
    lost = await all_lost(here, asked, [one.id for one in running])
    return [
        Difference(f"lost_{'referral' if one.task is None else 'task'}", one.id, one.says) for one in lost
    ]


_COPY = (
    "{id} is a copy of {named}: `temporal workflow terminate --workflow-id {id}` ends it, and `carepath why {named}` "
    "shows what is owed there."
)
_UNKNOWN = (
    "{id} runs, and the clinic database knows no patient of it: no message reaches anybody, and a second episode of "
    "the same person is not noticed. `carepath patient link KEY {id}` says who it is, and refuses where that person "
    "has an open episode. If it was started by mistake, such as by Start Workflow Like This One in the Web UI, "
    "`carepath record {id} exit reason=other on=DATE --by …` closes it."
)
_CLOSED_HERE = (
    "{id} runs in stage {stage}, and the clinic database has noted it as closed{beside}. If it is not needed, "
    "`carepath record {id} exit reason=other on=DATE --by …` closes it; else let the other one end by an exit."
)
_WITHOUT_EPISODE = (
    "{id} ({task}) is owed to {episode}, which does not run: what is answered reaches nobody. Mend {episode} first; if "
    "that cannot be, `temporal workflow terminate --workflow-id {id}` takes it from the list."
)
