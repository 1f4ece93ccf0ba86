"""Telling a member of staff: an opaque case id, a task code and a due time; everything else is behind the login."""

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy.exc import SQLAlchemyError
from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from activities import staff_directory
from activities.clinic_database.absences import Absence, Absences, acting_for
from activities.clinic_database.faults import ChannelFaults
from activities.sending import Sender
from activities.staff_directory import StaffMember
from workflows.ports.sending import CHANNEL_DOWN, Receipt
from workflows.ports.staff import NOTIFY_STAFF, UNKNOWN_STAFF, Addressee, StaffNotice
from workflows.ports.timeouts import OTHERS_ARE_TOLD_FROM

UTC = ZoneInfo("UTC")


class StaffNotifier:
    """Reads the directory anew for each notice, so that a changed file is in force without a restart."""

    def __init__(
        self,
        sender: Sender,
        directory: Path,
        faults: ChannelFaults,
        absences: Absences | None = None,
        zone: ZoneInfo = UTC,
        page: Callable[[str], str] | None = None,
    ) -> None:
        self._sender, self._directory, self._faults = sender, directory, faults
        self._absences, self._zone, self._page = absences, zone, page

    @activity.defn(name=NOTIFY_STAFF)
    async def notify_staff(self, notice: StaffNotice) -> Receipt:
        """Tell one person, over the first of their channels that takes it; else one of the others.

        Raises:
            ApplicationError: nobody was reached; the reasons, person by person.
        """
        failures = _Failures()
        first = Addressee(role=notice.role, staff_id=notice.staff_id)
        for to in [first, *notice.others]:
            if to is not first and not self._tells_others(notice, failures):
                break
            try:
                receipt = await self._tell(notice, to, failures)
            except ApplicationError as no:
                failures.add(to, no)
            else:
                missed = [*failures.sentences, *receipt.missed]
                return receipt.model_copy(update={"missed": missed, "instead": to is not first})
        raise failures.error(final=not notice.insisting)

    @staticmethod
    def _tells_others(notice: StaffNotice, failures: "_Failures") -> bool:
        attempt = activity.info().attempt if activity.in_activity() else 1
        return notice.in_danger or notice.insisting or failures.are_final or attempt >= OTHERS_ARE_TOLD_FROM

    async def _tell(self, notice: StaffNotice, to: Addressee, failures: "_Failures") -> Receipt:
        try:
            member = await self._acting(to)
        except staff_directory.UnknownStaff as error:
            raise ApplicationError(str(error), type=UNKNOWN_STAFF, non_retryable=True) from None
        except (
            staff_directory.StaffDirectoryError
        ) as error:  # whoever mends the file in time has lost nothing
            await self._faults.note("staff directory", "it cannot be read")
            raise ApplicationError(str(error), type=CHANNEL_DOWN) from None
        return await self._sender.tell_staff(
            f"{notice.key}:{member.staff_id}",
            episode_id=notice.episode_id, kind=notice.subject_code, recipient=member.staff_id,
            addresses=member.channels, subject=subject_of(notice),
            body=body_of(notice, failures.sentences, self._page),
        )  # fmt: skip

    async def _acting(self, to: Addressee) -> StaffMember:
        """Whoever is told: the person who is meant, or whoever acts for them today."""
        directory = staff_directory.load(self._directory)
        absences = await self._known_absences()
        today = datetime.now(self._zone).date()
        # Whoever has left may be gone from the directory; what was meant for them still arrives.
        meant = to.staff_id and acting_for(to.staff_id, today, absences)
        member = directory.resolve(to.role, meant)
        acting = acting_for(member.staff_id, today, absences)
        return member if acting == member.staff_id else directory.resolve(to.role, acting)

    async def _known_absences(self) -> list[Absence]:
        """Who is away. A clinic database that cannot be read, as on a full disk, keeps no notice back (P9)."""
        try:
            return await self._absences.all() if self._absences else []
        except SQLAlchemyError:
            return []


class _Failures:
    """Who was not reached, and whether trying again may help."""

    def __init__(self) -> None:
        self.sentences: list[str] = []
        self._errors: list[ApplicationError] = []

    def add(self, to: Addressee, error: ApplicationError) -> None:
        self._errors.append(error)
        self.sentences.append(
            f"A notice to {to.role.replace('_', ' ')} could not be delivered: {error.message}"
        )

    @property
    def are_final(self) -> bool:
        return all(error.non_retryable for error in self._errors)

    def error(self, *, final: bool) -> ApplicationError:
        """The one error of the whole; final only if each is, and if a mended directory would not help either."""
        return ApplicationError(
            " ".join(f"{one}." for one in self.sentences),
            type=next((one.type for one in self._errors if not one.non_retryable), self._errors[-1].type),
            non_retryable=self.are_final and final,
            # Tried on by design: what is to be mended is logged once, and not with a trace at each attempt.
            category=ApplicationErrorCategory.BENIGN,
        )


def subject_of(notice: StaffNotice) -> str:
    """The subject line: codes only."""
    urgency = f"[level {notice.level}] " if notice.level else ""
    case = f" · case {notice.episode_id}" if notice.episode_id else ""
    return f"{urgency}{notice.subject_code.replace('_', ' ')}{case}"


def body_of(notice: StaffNotice, missed: Sequence[str] = (), page: Callable[[str], str] | None = None) -> str:
    """The text: until when, the ids to find it by, and where to look. What it is about stands behind the login: a mail
    lies in plain text on servers, telephones and screens of others (P1).

    Args:
        notice: What is told.
        missed: Who was not reached before.
        page: The page of a workflow.
    """
    lines = [*missed, *(notice.lines if notice.is_plain or not notice.episode_id else ())]
    if notice.due_at:
        lines.append(f"Due: {notice.due_at:%a %d %b %Y %H:%M %Z}")
    if notice.episode_id:
        lines.append(f"Case: episode-{notice.episode_id}")
    if notice.task_id:
        lines.append(f"Task: {notice.task_id} (`carepath why {notice.task_id}` says what is asked)")
    if page and (about := notice.task_id or (notice.episode_id and f"episode-{notice.episode_id}")):
        lines.append(f"Look: {page(about)}")
    return "\n".join(lines) + "\n"
