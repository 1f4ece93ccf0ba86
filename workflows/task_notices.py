"""What people are told about one task: whoever has it, until it arrives; and whoever had it, when it is withdrawn."""

from collections.abc import Callable
from functools import partial

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from workflows.asker import Asker
    from workflows.core.engine.holding import Held
    from workflows.core.engine.urgency import Urgency, while_overdue
    from workflows.messages import TaskStart
    from workflows.ports.sending import Receipt
    from workflows.ports.staff import StaffNotice, others_than
    from workflows.shell.notices import StaffNotices, until_the_task_ends


class TaskNotices:
    """The notices about one task.

    Args:
        asker: Whoever asked for the task.
        note: Writes a line into the task's history.
        reach_changed: Called when nobody is reached any more, or somebody at last.
    """

    def __init__(
        self, asker: Asker, note: Callable[[str], object], reach_changed: Callable[[], None]
    ) -> None:
        self._asker, self._note, self._reach_changed = asker, note, reach_changed
        self._notices = StaffNotices()
        self._told: dict[str, str] = {}
        """The staff ids of those who were reached, with the role as which they were."""
        self.unreached: str | None = None
        """Why the latest notice has reached nobody so far."""

    def tell(self, task: TaskStart, held: Held, subject: str, line: str, once: str | None = None) -> None:
        """Begin to tell whoever has it. It is tried until it arrives, or until the task ends or is reassigned.

        Args:
            task: As it stands now.
            held: Who has it.
            subject: What it is about, as a code.
            line: The same in words.
            once: What makes this notice another one than an earlier one; the subject, if that suffices.
        """
        notice = notice_about(task, held, subject, line, once)
        urgency = while_overdue(task.urgency) if held.level else task.urgency
        self._notices.begin(
            notice, urgency, partial(self._heard, notice), insist=until_the_task_ends(urgency)
        )

    def _heard(self, notice: StaffNotice, receipt: Receipt | None, failures: list[str]) -> None:
        for failure in failures:
            self._note(failure)
        if receipt:
            self._told[receipt.to] = notice.role
            if notice.insisting or self.unreached:
                self._note(f"{receipt.to} was told")
        before, self.unreached = self.unreached, None if receipt else " ".join(failures)
        if bool(before) != bool(self.unreached):
            self._reach_changed()

    def has_told(self, staff_id: str | None) -> bool:
        """Whether somebody was reached about this task."""
        return staff_id in self._told

    def forget(self, staff_id: str | None) -> None:
        """Whoever has gone need not hear how it ends."""
        self._told.pop(staff_id or "", None)

    def take_back(self) -> None:
        """Stop telling: the task has ended, or is somebody else's."""
        self._notices.take_back()

    async def landed(self) -> None:
        """Wait until nothing is on its way."""
        await self._notices.landed()

    async def tell_withdrawal(self, task: TaskStart, held: Held, line: str) -> None:
        """Whoever was reached hears that it is withdrawn (A5). What does not arrive at once is left to whoever asked
        for the task: one that has ended leaves the worklist."""
        left_over: list[StaffNotice] = []
        for number, (staff_id, role) in enumerate(self._told.items()):
            subject = f"task_withdrawn_{number}" if number else "task_withdrawn"
            notice = addressed_to(notice_about(task, held, subject, line), role, staff_id)

            def heard(receipt: Receipt | None, _: list[str], notice: StaffNotice = notice) -> None:
                if receipt is None:
                    left_over.append(notice)

            self._notices.begin(notice, task.urgency, heard, insist=None)
        await self._notices.landed()
        for notice in left_over:
            await self._asker.tell("pass_on", notice)


def notice_about(
    task: TaskStart, held: Held, subject: str, line: str, once: str | None = None
) -> StaffNotice:
    """A notice for whoever has a task; those above are told while it does not arrive."""
    team = {level.role: level.staff_id for level in task.levels if level.staff_id}
    return StaffNotice(
        key=f"{task.task_id}:{once or subject}:{held.level}",
        episode_id=task.episode_id,
        role=held.role,
        staff_id=held.owner,
        subject_code=subject,
        lines=[line],
        due_at=task.due_at,
        task_id=task.task_id,
        level=held.level,
        others=others_than(held.role, team),
        in_danger=task.urgency is Urgency.IN_DANGER,
    )


def addressed_to(notice: StaffNotice, role: str, staff_id: str) -> StaffNotice:
    """The same notice for one person and nobody else, of what they have done themselves: it tells of nobody (P1)."""
    own = {"role": role, "staff_id": staff_id, "others": [], "in_danger": False, "is_plain": True}
    return notice.model_copy(update=own)
