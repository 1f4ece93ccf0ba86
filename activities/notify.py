"""Telling a member of staff: an opaque case id, a task code and a due time; everything else is behind the login."""

from pathlib import Path

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities import staff_directory
from activities.models import NOTIFY_STAFF, UNKNOWN_STAFF, Receipt, StaffNotice
from activities.sending import Sender


class StaffNotifier:
    """Reads the directory anew for each notice, so that a changed file is in force without a restart."""

    def __init__(self, sender: Sender, directory: Path) -> None:
        self._sender, self._directory = sender, directory

    @activity.defn(name=NOTIFY_STAFF)
    async def notify_staff(self, notice: StaffNotice) -> Receipt:
        """Tell one person, over the first of their channels that takes it."""
        try:
            member = staff_directory.load(self._directory).resolve(notice.role, notice.staff_id)
        except (staff_directory.UnknownStaff, staff_directory.StaffDirectoryError) as error:
            raise ApplicationError(str(error), type=UNKNOWN_STAFF, non_retryable=True) from None
        return await self._sender.send_once(
            f"{notice.key}:{member.staff_id}",
            episode_id=notice.episode_id, kind=notice.subject_code, recipient=member.staff_id,
            addresses=member.channels, subject=subject_of(notice), body=body_of(notice),
        )  # fmt: skip


def subject_of(notice: StaffNotice) -> str:
    """The subject line: codes only."""
    urgency = f"[level {notice.level}] " if notice.level else ""
    case = f" · case {notice.episode_id}" if notice.episode_id else ""
    return f"{urgency}{notice.subject_code.replace('_', ' ')}{case}"


def body_of(notice: StaffNotice) -> str:
    """The text: what is asked, until when, and the ids to find it by."""
    lines = list(notice.lines)
    if notice.due_at:
        lines.append(f"Due: {notice.due_at:%a %d %b %Y %H:%M %Z}")
    if notice.episode_id:
        lines.append(f"Case: episode-{notice.episode_id}")
    if notice.task_id:
        lines.append(f"Task: {notice.task_id} (carepath complete {notice.task_id} --outcome …)")
    return "\n".join(lines) + "\n"
