"""Reading what an agency says: from the page behind a link, as signed JSON, or as a FHIR Task."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, get_args
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

from activities.agencies.port import Status

STATUSES: tuple[str, ...] = get_args(Status)
MOST_AGE = timedelta(minutes=5)
"""How old a signed answer may be when it arrives, or how far ahead its clock; older ones may be replays."""


class Unreadable(Exception):
    """It cannot be read; the message says what would be right, and nothing of any person."""


class NotSigned(Exception):
    """The signature is missing, wrong, or too old."""


def check_signature(headers: Mapping[str, str], body: bytes, secret: str | None, now: datetime) -> str:
    """Check an agency's signature; the signature itself, which names this one request.

    `Carepath-Signature` is the hex HMAC-SHA256 of `<Carepath-Timestamp>.<body>`, the timestamp in unix seconds.

    Raises:
        NotSigned: whatever is wrong with it.
    """
    stamp, given = headers.get("carepath-timestamp", ""), headers.get("carepath-signature", "")
    wanted = hmac.new((secret or "").encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    if not secret or not hmac.compare_digest(wanted.encode(), given.encode()):
        raise NotSigned
    try:
        age = now - datetime.fromtimestamp(int(stamp), UTC)
    except (ValueError, OverflowError, OSError):
        raise NotSigned from None
    if abs(age) > MOST_AGE:
        raise NotSigned
    return given


def from_form(body: bytes, zone: ZoneInfo) -> tuple[dict[str, Any], str]:
    """The answer from the page: what it states, and the number that the page gave it.

    Raises:
        Unreadable: names what is missing.
    """
    try:
        fields = {
            name: values[0] for name, values in parse_qs(body.decode("utf-8"), max_num_fields=20).items()
        }
    except (UnicodeDecodeError, ValueError):
        raise Unreadable("The form could not be read.") from None
    at = fields.get("appointment_at")
    if at:
        try:
            fields["appointment_at"] = datetime.fromisoformat(at).replace(tzinfo=zone).isoformat()
        except ValueError:
            raise Unreadable("appointment_at: give a date and a time.") from None
    return stated(fields), fields.get("number", "")


def from_json(body: bytes) -> dict[str, Any]:
    """An answer as JSON.

    Raises:
        Unreadable: names what is wrong.
    """
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        raise Unreadable("The body is no JSON.") from None
    if not isinstance(content, dict):
        raise Unreadable('The body must be one object such as {"status": "accepted"}.')
    return content


def stated(fields: Mapping[str, Any]) -> dict[str, Any]:
    """What an answer states, as the referral takes it.

    Raises:
        Unreadable: names the field and what would be right.
    """
    status = fields.get("status")
    if status not in STATUSES:
        raise Unreadable(f"status: there are {', '.join(STATUSES)}.")
    statement: dict[str, Any] = {"kind": "answer", "status": status, "source": "agency"}
    for name in ("at", "appointment_at"):
        value = fields.get(name)
        if not value:
            continue
        statement[name] = _instant(name, value)
    if status == "scheduled" and "appointment_at" not in statement:
        raise Unreadable("appointment_at: say when the appointment is.")
    return statement


def _instant(name: str, value: Any) -> str:
    try:
        instant = datetime.fromisoformat(value)
    except (ValueError, TypeError):
        raise Unreadable(f"{name}: write an instant such as 2026-03-02T18:00:00-06:00.") from None
    if instant.tzinfo is None:
        raise Unreadable(f"{name}: say the offset too, such as 2026-03-02T18:00:00-06:00.")
    return instant.isoformat()
