"""Carrying out what a core asks of the world: each effect has its handler.

Each effect runs beside the workflow's life and never stops it; a run is continued as new only when all have landed.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from workflows.core.engine.effects import ChangeTask, CloseTask, Notify, OpenTask, StartReferral
    from workflows.core.engine.urgency import Urgency
    from workflows.core.engine.without_effect import told_too_late
    from workflows.messages import TaskDone, TaskHeard
    from workflows.ports.staff import StaffNotice, others_than
    from workflows.shell.children import StartingChildren
    from workflows.shell.life import Life
    from workflows.shell.notices import Reach, StaffNotices, until_it_is_old
    from workflows.shell.signals import signalled
    from workflows.shell.staff_tasks import StaffTasks

L = TypeVar("L", bound=Life)
E = TypeVar("E")

OfTasks = OpenTask | ChangeTask | CloseTask
"""Effects of which any core asks, and which `StaffTasks` carries out."""


class EffectHandlers(ABC, Generic[L, E]):
    """Carries out the effects of one workflow.

    Args:
        living: Whose effects they are.
        of: Its id, with which the keys of its notices begin.
        episode_id: The episode that it belongs to.
        site: Where that is.
        reports_to: Id of the workflow to which its tasks report, where that is not the episode's own.
        stir: Called when it is known whether a notice has reached somebody.
    """

    def __init__(
        self,
        living: L,
        *,
        of: str,
        episode_id: str,
        site: str,
        reports_to: str | None = None,
        stir: Callable[[], None],
    ) -> None:
        self.living, self._of, self.episode_id = living, of, episode_id
        self.starting = StartingChildren()
        self.tasks = StaffTasks(
            episode_id=episode_id,
            site=site,
            reports_to=reports_to,
            starting=self.starting,
            trust=lambda: living.trust,
        )
        self._reach = Reach(living, stir)
        self._in_flight: set[asyncio.Task[None]] = set()
        self._notices, self._of_journal = StaffNotices(), StaffNotices()
        self.sending: dict[str, tuple[Any, workflow.ActivityHandle[Any]]] = {}
        """What may have to be taken back on its way: what was asked for, and its activity."""

    @abstractmethod
    def handle(self, effect: E) -> Coroutine[Any, Any, None]:
        """The handler of an effect, at work."""

    # -- what is on its way -----------------------------------------------------------------------------------

    def carry_out(self) -> None:
        """Begin whatever the core asks for, and take back what it no longer wants (A5, E7, P3)."""
        for effect in self.living.take_effects():
            if isinstance(effect, CloseTask) and effect.task_id in self.tasks.completed_themselves:
                continue
            handling = asyncio.create_task(self.handle(effect))
            if isinstance(effect, OpenTask):
                self.starting.note(effect.task_id, handling)
            elif isinstance(effect, StartReferral):
                self.starting.note(effect.referral_id, handling)
            self._begin(handling)
        for wanted, activity in self.sending.values():
            if not self.living.wants(wanted) and not activity.cancelling():
                activity.cancel()

    def _begin(self, handling: "asyncio.Task[None]") -> None:
        self._in_flight.add(handling)
        handling.add_done_callback(self._in_flight.discard)

    @property
    def is_idle(self) -> bool:
        """Whether everything has landed, but for notices that are tried on; each is one of what is in flight."""
        return len(self._in_flight) <= len(self._notices.insisting)

    @property
    def has_landed(self) -> bool:
        """Whether nothing at all is on its way."""
        return not self._in_flight

    async def in_force(self) -> None:
        """Wait until whatever judges by what was stated knows it; where nothing does, for nothing."""

    # -- what any core asks for -------------------------------------------------------------------------------

    def handle_shared(self, effect: OfTasks | Notify) -> Coroutine[Any, Any, None]:
        """The handler of an effect of which any core asks."""
        match effect:
            case OpenTask():
                return self.tasks.open(effect)
            case ChangeTask():
                return self.tasks.change(effect)
            case CloseTask():
                return self.tasks.close(effect)
            case Notify():
                return self.notify(effect)

    async def notify(self, notice: Notify) -> None:
        """Tell staff something that is no task, until it arrives or is no news any more."""
        telling = StaffNotice(
            key=f"{self._of}:{notice.key}",
            episode_id=self.episode_id,
            role=notice.role,
            staff_id=notice.staff_id,
            subject_code=notice.subject,
            lines=list(notice.lines),
            others=others_than(notice.role, self.living.facts.team),
            in_danger=notice.urgency is Urgency.IN_DANGER,
            is_plain=notice.is_plain,
        )
        heard = self._reach.of_notice(telling)
        await self._notices.begin(telling, notice.urgency, heard, insist=until_it_is_old(notice.urgency))

    def tell_not_kept(self, words: str | None) -> None:
        """Tell staff that the clinic database does not have what was stated; None takes it back. The workflow goes on
        meanwhile, and whichever run it goes on in tells it again under the same key."""
        key = f"{self._of}:journal"
        if words is None:
            self._of_journal.take_back()
            self.living.reached(key)
            return
        telling = StaffNotice(
            key=key,
            episode_id=self.episode_id,
            role="supervisor",
            staff_id=self.living.facts.team.get("supervisor"),
            subject_code="journal_not_kept",
            lines=[words, "It goes on, and nothing is lost for as long as nobody deletes it on the server."],
            others=others_than("supervisor", self.living.facts.team),
            is_plain=True,
        )
        heard, insist = self._reach.of_notice(telling), until_it_is_old(Urgency.ORDINARY)
        self._of_journal.begin(telling, Urgency.ORDINARY, heard, insist=insist)

    def pass_on(self, notice: StaffNotice) -> None:
        """Go on telling what a task could not tell before it ended, or an earlier run of this workflow."""
        insisting = notice.model_copy(update={"insisting": True})
        heard = self._reach.of_notice(insisting)
        insist = until_it_is_old(Urgency.IN_DANGER if notice.in_danger else Urgency.ORDINARY)
        self._begin(self._notices.begin(insisting, Urgency.ORDINARY, heard, at_first=None, insist=insist))

    def tell_keys(self) -> None:
        """Tell the open tasks which keys of the clinic are in force by now (E0)."""
        for task in self.living.open_tasks.values():
            self._begin(asyncio.create_task(self.tasks.trust(task.task_id)))

    def untold(self) -> list[dict[str, Any]]:
        """What is tried on, as plain JSON: a run that continues this one tries on in its place."""
        return [notice.model_dump(mode="json") for notice in self._notices.insisting.values()]

    def tell_heard(self, done: TaskDone, came: TaskHeard) -> None:
        """Tell a task what came of its answer, once that is in force: whoever gave it waits for this.

        Where the task has ended, nobody waits any more; an objection is then told to the person (E10).
        """

        async def tell() -> None:
            await self.in_force()
            if not await signalled(done.task_id, "answer_heard", came) and came.objection:
                late = told_too_late(done.task_id, done.by)
                await self.notify(late)

        self._begin(asyncio.create_task(tell()))
