"""What an agency says, as the referral takes it: from the page behind a link, or from its own systems."""

from datetime import datetime
from typing import Any
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from activities.agencies.port import AgencyWord
from workflows.core.episode.entries import in_words
from workflows.core.referral.statements import AgencyAnswered


class Unreadable(Exception):
    """It cannot be read; the message says what would be right, and nothing of any person."""


def from_form(body: bytes, zone: ZoneInfo) -> tuple[dict[str, Any], str]:
    """The answer from the page: what it states, and the number that the page gave it.

    Raises:
        Unreadable: names what is missing.
    """
    try:
        content = parse_qs(body.decode("utf-8"), max_num_fields=20)
    except (UnicodeDecodeError, ValueError):
        raise Unreadable("The form could not be read.") from None
    fields = {name: values[0] for name, values in content.items()}
    stated: dict[str, Any] = {"status": fields.get("status")}
    if at := fields.get("appointment_at"):
        try:
            stated["appointment_at"] = datetime.fromisoformat(at).replace(tzinfo=zone).isoformat()
        except ValueError:
            raise Unreadable("appointment_at: give a date and a time.") from None
    return statement(stated), fields.get("number", "")


def from_word(word: AgencyWord) -> dict[str, Any]:
    """The answer of an agency's own system."""
    stated: dict[str, Any] = {"status": word.status}
    if word.at:
        stated["at"] = word.at.isoformat()
    if word.appointment_at:
        stated["appointment_at"] = word.appointment_at.isoformat()
    return statement(stated)


def statement(stated: dict[str, Any]) -> dict[str, Any]:
    """An answer as the referral takes it.

    Raises:
        Unreadable: names the field and what would be right.
    """
    content = {"kind": "answer", "source": "agency", **stated}
    try:
        AgencyAnswered.model_validate({**content, "by": "agency"})
    except ValidationError as error:
        raise Unreadable(in_words(error, AgencyAnswered)) from None
    if content["status"] == "scheduled" and "appointment_at" not in content:
        raise Unreadable("appointment_at: say when the appointment is.")
    return content
