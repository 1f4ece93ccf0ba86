"""An episode on a server, driven through the public contract as any outside program would."""

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from temporalio.client import Client, WorkflowHandle, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment

from tests.waiting import begun, ended, eventually, idle

ZONE = ZoneInfo("America/Chicago")
TEAM = {"case_manager": "cm-1", "therapist": "th-1", "supervisor": "su-1", "director": "di-1"}
SCHEDULE = [
    {"weekday": day, "start": "18:00", "minutes": 180, "service": "group"} for day in ("mon", "wed", "fri")
]


class Story:
    """One patient; time passes with `until`."""

    def __init__(self, environment: WorkflowEnvironment, handle: WorkflowHandle[Any, Any]) -> None:
        self.environment, self.handle = environment, handle

    @classmethod
    async def begin(cls, environment: WorkflowEnvironment, episode_id: str = "e1", **changes: Any) -> "Story":
        if "referred_on" not in changes:
            today = (await environment.get_current_time()).astimezone(ZONE).date()
            changes["referred_on"] = today.isoformat()
        start = {
            "episode_id": episode_id, "site": "north", "timezone": ZONE.key,
            "pathway": "iop", "team": TEAM, "schedule": SCHEDULE, "closures": [], **changes,
        }  # fmt: skip
        handle = await environment.client.start_workflow(
            "CareEpisode", start, id=f"episode-{episode_id}", task_queue="carepath"
        )
        return cls(environment, handle)

    async def today(self) -> date:
        return (await self.environment.get_current_time()).astimezone(ZONE).date()

    async def until(self, day: date, clock: str) -> None:
        """Skip time to a wall-clock moment."""
        then = datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=ZONE)
        ahead = then - await self.environment.get_current_time()
        if ahead > timedelta():
            await self.environment.sleep(ahead)

    async def record(self, kind: str, **fields: Any) -> dict[str, Any]:
        answer: dict[str, Any] = await self.handle.execute_update("record", _plain({"kind": kind, **fields}))
        return answer

    async def record_many(self, *statements: dict[str, Any]) -> list[dict[str, Any]]:
        """Record statements together, as a form does; none of them may be refused."""
        results: list[dict[str, Any]] = await self.handle.execute_update(
            "record_many", [_plain(statement) for statement in statements]
        )
        assert not [result["error"] for result in results if result["error"]]
        return results

    async def refused(self, kind: str, **fields: Any) -> ApplicationError:
        """Record something that must be refused; the error that the caller gets."""
        try:
            await self.record(kind, **fields)
        except WorkflowUpdateFailedError as error:
            assert isinstance(error.cause, ApplicationError)
            return error.cause
        raise AssertionError(f"{kind} {fields} was accepted")

    async def progress(self) -> dict[str, Any]:
        shown: dict[str, Any] = await self.handle.query("progress")
        return shown

    async def without_referral(self, workflow_id: str) -> dict[str, Any]:
        """Wait until the episode has heard that a referral ended, which it does a moment after it ended."""
        shown: dict[str, Any] = {}

        async def heard() -> bool:
            shown.update(await self.progress())
            return workflow_id not in shown["open_referrals"]

        await eventually(heard, self.environment.sleep)
        return shown

    async def tasks(self) -> dict[str, str]:
        """Open tasks: kind to workflow id."""
        return {task["kind"]: task["task_id"] for task in (await self.progress())["open_tasks"]}

    async def task(self, kind: str) -> WorkflowHandle[Any, Any]:
        """The workflow of the open task of a kind; it may begin a moment after its episode lists it."""
        handle = client_of(self).get_workflow_handle((await self.tasks())[kind])
        await begun(handle)
        return handle

    async def complete(self, kind: str, outcome: str, by: str, reason: str = "because") -> None:
        """Complete the open task of a kind, as its owner would, until the episode has heard of it."""
        handle = await self.task(kind)
        await self.answer(kind, outcome, by, reason)
        await ended(handle)

    async def answer(self, kind: str, outcome: str, by: str, reason: str = "because") -> dict[str, Any]:
        """Complete the open task of a kind; what the person hears."""
        statement = {"by": by, "outcome": outcome, "reason": reason}
        task = await self.task(kind)
        await idle(task)
        heard: dict[str, Any] = await task.execute_update("complete", statement)
        return heard

    async def admit(self, last_use_ago: int = 5, on: date | None = None) -> date:
        """Go through intake, stated at once; the day of admission, which is today unless another is given.

        How it is gone through step by step, with its tasks, is the golden story (`tests/workflows/golden.py`).
        """
        today = on or await self.today()
        last_use = today - timedelta(days=last_use_ago)
        await self.record_many(
            {"kind": "screening", "substances": ["alcohol"]},
            {"kind": "level_of_care", "level": "IOT", "reason": "suited", "by": "th-1"},
            {"kind": "goal", "goal_id": "g1", "title": "work"},
            {"kind": "admission", "on": today, "last_use_on": last_use},
            {"kind": "acknowledgement", "what": "rights_notice", "on": today},
            {"kind": "acknowledgement", "what": "contact_preferences", "on": today},
        )
        return today


def client_of(story: Story) -> Client:
    return story.environment.client


def _plain(statement: dict[str, Any]) -> dict[str, Any]:
    dates = {name: day.isoformat() for name, day in statement.items() if isinstance(day, date)}
    return {"by": "cm-1", **statement, **dates}
