"""A message to the patient: from an approved template, over a safe channel, at a decent hour, never late (P2, T7)."""

from datetime import UTC, datetime
from typing import Literal
from zoneinfo import ZoneInfo

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.channels.port import Transient, Withdrawn
from activities.channels.reach import OutOfBounds, check_address, check_where_it_leads
from activities.clinic_database import Crosswalk
from activities.clinic_database.patients import Patient, Patients
from activities.clinic_database.texts import Texts
from activities.messages.files import TemplateRefused, Templates
from activities.sending import Sender
from workflows.core.episode.messages.replies import meaning_of
from workflows.core.episode.messages.sending import is_stale, is_suppressed, quiet_until
from workflows.ports.patients import (
    MESSAGE_PATIENT,
    QUIET_HOURS,
    TEMPLATE_REFUSED,
    TO_BE_READ,
    PatientMessage,
)
from workflows.ports.sending import Receipt
from workflows.ports.timeouts import TEXT_IS_LOOKED_FOR_AGAIN


class PatientMessenger:
    """Sends neutral messages. Whoever said STOP, or has no safe channel on file, gets none."""

    def __init__(
        self,
        sender: Sender,
        crosswalk: Crosswalk,
        patients: Patients,
        texts: Texts,
        templates: Templates,
        clinic_phone: str,
        zone: ZoneInfo,
    ) -> None:
        self._sender, self._crosswalk, self._patients = sender, crosswalk, patients
        self._texts, self._templates = texts, templates
        self._clinic_phone, self._zone = clinic_phone, zone

    @activity.defn(name=MESSAGE_PATIENT)
    async def message_patient(self, message: PatientMessage) -> Receipt:
        """Send the message, or note why it is not sent.

        Raises:
            ApplicationError: `QuietHours`, to be tried again when they are over; `TextToBeRead`, when somebody has
                read what may be a STOP; `TemplateRefused` for good.
        """
        # By the server's clock, which is the one by which the message was asked for.
        now = activity.info().started_time if activity.in_activity() else datetime.now(UTC)
        patient = await self._patients.of_episode(message.episode_id) or Patient("")
        try:
            text = self._templates.filled(message.template, patient.language, self._clinic_phone)
        except TemplateRefused as error:
            raise ApplicationError(str(error), type=TEMPLATE_REFUSED, non_retryable=True) from None
        zone = patient.zone(ZoneInfo(message.timezone) if message.timezone else self._zone)
        wakes = quiet_until(now, zone, patient.quiet_hours, message.quiet)
        if is_stale(message.send_before, now, wakes):
            return await self._not_sent(message, "stale")
        channel = await self._channel_to(message.episode_id)
        if channel is None:
            return await self._not_sent(message, "suppressed")
        if wakes:
            raise ApplicationError(
                "these are the person's quiet hours", type=QUIET_HOURS, next_retry_delay=wakes - now
            )
        if await self._may_have_said_stop(patient.patient_key):
            raise ApplicationError(
                "a text that may mean STOP has not been read yet",
                type=TO_BE_READ,
                next_retry_delay=TEXT_IS_LOOKED_FOR_AGAIN,
            )
        return await self._sender.send_once(
            message.key,
            episode_id=message.episode_id,
            kind=message.template,
            recipient="patient",
            addresses=[channel],
            subject=text.subject,
            body=text.body,
            leaving=lambda: self._last_question(message.episode_id, patient.patient_key, channel),
        )

    async def _channel_to(self, episode_id: str) -> str | None:
        """Where the person may be written to now; None: nowhere, or they said STOP, or the episode is over."""
        patient = await self._patients.of_episode(episode_id) or Patient("")
        contact = await self._crosswalk.contact_of(episode_id)
        has_channel = contact is not None and contact.allowed and await _safe(contact.channel)
        is_over = await self._crosswalk.is_closed(episode_id)
        has_stopped = patient.stopped_at is not None
        suppressed = is_suppressed(is_over=is_over, has_channel=has_channel, has_stopped=has_stopped)
        return None if contact is None or suppressed else contact.channel

    async def _last_question(self, episode_id: str, patient_key: str, channel: str) -> None:
        """What is asked directly before it leaves: a STOP may come while the connection comes about (P2)."""
        if await self._channel_to(episode_id) != channel:
            raise Withdrawn("it may not leave any more")
        if await self._may_have_said_stop(patient_key):
            raise Transient("a text that may mean STOP has come")

    async def _may_have_said_stop(self, patient_key: str) -> bool:
        """Whether something came from a number of the person that may mean STOP, and nobody has read it (P2)."""
        doubtful = [one for one in await self._texts.unseen() if meaning_of(one.text) == "doubtful"]
        keys = [key for one in doubtful for key in await self._patients.reached_at(one.sender)]
        return patient_key in keys

    async def _not_sent(self, message: PatientMessage, why: Literal["stale", "suppressed"]) -> Receipt:
        return await self._sender.note(message.key, why, episode_id=message.episode_id, kind=message.template)


async def _safe(channel: str) -> bool:
    """Whether a channel is encrypted and leads out of here: one that was kept before this was asked may not (P2)."""
    try:
        check_address(channel)
        await check_where_it_leads(channel)
    except OutOfBounds:
        return False
    return True
