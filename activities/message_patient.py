"""A message to the patient: from an approved template, to the contact on file, never late (P2, T7)."""

from datetime import UTC, datetime
from pathlib import Path

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.clinic_database import Crosswalk
from activities.models import MESSAGE_PATIENT, TEMPLATE_REFUSED, PatientMessage, Receipt
from activities.sending import Sender
from activities.template_check import check

TEMPLATES = Path(__file__).parent / "templates"


class PatientMessenger:
    """Sends neutral messages; `clinic_phone` is the only thing a template may fill in."""

    def __init__(self, sender: Sender, crosswalk: Crosswalk, clinic_phone: str) -> None:
        self._sender, self._crosswalk, self._clinic_phone = sender, crosswalk, clinic_phone

    @activity.defn(name=MESSAGE_PATIENT)
    async def message_patient(self, message: PatientMessage) -> Receipt:
        """Send the message, or note why it is not sent."""
        subject, body = self._filled(message.template)
        if message.send_before and datetime.now(UTC) > message.send_before:
            return await self._sender.note(
                message.key, "stale", episode_id=message.episode_id, kind=message.template
            )
        contact = await self._crosswalk.contact_of(message.episode_id)
        if contact is None or not contact.allowed:
            return await self._sender.note(
                message.key, "suppressed", episode_id=message.episode_id, kind=message.template
            )
        return await self._sender.send_once(
            message.key, episode_id=message.episode_id, kind=message.template, recipient="patient",
            addresses=[contact.channel], subject=subject, body=body,
        )  # fmt: skip

    def _filled(self, name: str) -> tuple[str, str]:
        file = TEMPLATES / f"{name}.txt"
        if not name.isidentifier() or not file.is_file():
            raise ApplicationError(f"there is no template {name}", type=TEMPLATE_REFUSED, non_retryable=True)
        text = file.read_text("utf-8")
        if problems := check(text):
            raise ApplicationError(
                f"template {name}: {problems[0]}", type=TEMPLATE_REFUSED, non_retryable=True
            )
        first, _, body = text.partition("\n\n")
        return first.removeprefix("Subject: ").strip(), body.replace("{clinic_phone}", self._clinic_phone)
