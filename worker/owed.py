"""Tasks and referrals that an episode counts as open, and that do not run: terminated in the Web UI, deleted, failed.

Nobody is reminded of them, and the episode waits for their answer; so whoever looks at what is owed is told (E9).
"""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from worker.episodes import Clinic, bare_id, episode_id
from worker.errors import CannotDo
from worker.executions import AT_ONCE, Execution, all_described, executions
from workflows import visibility

ENDED_FROM_OUTSIDE = (
    f"WorkflowType IN ('{visibility.STAFF_TASK}', '{visibility.REFERRAL}') AND "
    "ExecutionStatus IN ('Terminated', 'Failed', 'TimedOut', 'Canceled')"
)


@dataclass(frozen=True, slots=True)
class Lost:
    """A task or a referral that is open for its episode and does not run."""

    id: str
    episode: str
    """The workflow id of its episode."""
    execution: Execution | None
    """None: the server knows nothing of it any more."""
    task: dict[str, Any] | None
    """The task as whoever asks for it shows it; None: it is a referral."""

    @property
    def state(self) -> str:
        """What became of it."""
        return self.execution.state if self.execution else "deleted"

    @property
    def says(self) -> str:
        """What is wrong, and the remedy."""
        what = self.task["kind"].replace("_", " ") if self.task else "a referral"
        open_for = f"{self.id} ({what}) is open for {self.episode}, and "
        if self.execution is not None:
            was = {"timed_out": "has timed out", "failed": "has failed"}.get(self.state, f"was {self.state}")
            return (f"{open_for}{was}: nobody is reminded of it. `carepath revive {self.id}` lets it go on where it "
                    "stood.")  # fmt: skip
        if self.task is None:
            return (f"{open_for}is not on the server any more: `carepath restore {self.id}` lets it go on from its "
                    "journal.")  # fmt: skip
        choices = "|".join(self.task["outcomes"]) or "…"
        return (f"{open_for}is not on the server any more: nobody is reminded of it. `carepath record {self.episode} "
                f"decision about={self.id} choice={choices} --by …` answers it.")  # fmt: skip

    def as_task(self) -> dict[str, Any] | None:
        """As a line of the worklist; None: it is a referral."""
        if self.task is None:
            return None
        one = self.task
        return {
            "task_id": self.id, "task": one["kind"], "episode": bare_id(self.episode), "level": one["level"],
            "owner": one["owner"] or one["role"], "due": datetime.fromisoformat(one["due_at"]), "state": self.state,
            "nobody_reached": one["nobody_reached"], "asks": one["asks"], "outcomes": one["outcomes"],
        }  # fmt: skip


async def all_lost(here: Clinic, episodes: Iterable[str], running: Iterable[str] = ()) -> list[Lost]:
    """What is open for some episodes, by their workflow ids, and does not run. What is `running` is not looked at.

    An episode that does not answer is passed over: it is named by itself.
    """
    gate = asyncio.Semaphore(AT_ONCE)

    async def of(episode: str) -> list[Lost]:
        async with gate:
            try:
                progress = await here.query(episode, "progress")
            except CannotDo:
                return []
        tasks = list(progress["open_tasks"])
        for referral in progress["open_referrals"]:
            async with gate:
                with suppress(CannotDo):  # one that was deleted
                    tasks += (await here.query(referral, "referral"))["open_tasks"]
        open_here = {one["task_id"]: one for one in tasks} | dict.fromkeys(progress["open_referrals"])
        return [Lost(name, episode, None, task) for name, task in open_here.items() if name not in runs]

    runs = set(running)
    candidates = [one for found in await asyncio.gather(*map(of, episodes)) for one in found]
    looked_at = await all_described(here.client, [one.id for one in candidates])
    # One that has ended by itself has told its episode, or was withdrawn by it, since that was asked.
    ended = {
        name for name, one in looked_at.items() if one is None or not (one.runs or one.state == "completed")
    }
    return [Lost(one.id, one.episode, looked_at[one.id], one.task) for one in candidates if one.id in ended]


async def lost_from_outside(here: Clinic) -> list[Lost]:
    """The same of all episodes one of whose tasks or referrals was ended from outside, as far as the server says."""
    ended = [one async for one in executions(here.client, ENDED_FROM_OUTSIDE)]
    episodes = dict.fromkeys(
        episode_id(str(one.attributes["episode"])) for one in ended if "episode" in one.attributes
    )
    return await all_lost(here, episodes) if here.problem is None else []
