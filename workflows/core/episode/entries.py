"""What can be stated about an episode: one class per kind, told apart by `kind`.

A new kind is its class here and its fold in the facts; nothing else changes.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from workflows.core.engine.bounds import check_entry
from workflows.core.engine.entry import Entry, Source, dated_ahead, effective_at
from workflows.core.engine.errors import InvalidEntry
from workflows.core.engine.signing_keys import SigningKey
from workflows.core.engine.statements import Decision, Retraction
from workflows.core.episode.adoption import PolicyAdoption
from workflows.core.episode.aftercare.entries import Checkin
from workflows.core.episode.assessment.entries import Assessment
from workflows.core.episode.attendance.entries import (
    Attendance,
    Contact,
    Module,
    MutualHelp,
    Schedule,
    SessionChange,
    WeeklySession,
)
from workflows.core.episode.consent.entries import Consent, Revocation
from workflows.core.episode.exits.entries import Exit
from workflows.core.episode.intake.entries import (
    Acknowledgement,
    Admission,
    Goal,
    LevelOfCareDecision,
    Need,
    Screening,
)
from workflows.core.episode.linkage.entries import ReferralNews
from workflows.core.episode.payer.entries import Payer
from workflows.core.episode.safety.entries import Crisis, Flag
from workflows.core.episode.sobriety.entries import Medication, Test, Use
from workflows.core.episode.stay.entries import Leave, Return
from workflows.core.episode.team.entries import Closure, TeamChange

KINDS: dict[str, type[Entry]] = {
    cls.model_fields["kind"].annotation.__args__[0]: cls  # type: ignore[union-attr]
    for cls in (
        Screening, LevelOfCareDecision, Admission, Goal, Acknowledgement, Need,
        Attendance, SessionChange, Schedule, Contact, Module, MutualHelp,
        Use, Test, Medication, Consent, Revocation, Payer,
        Leave, Return, Crisis, Flag, Checkin, Decision, Exit, PolicyAdoption, Retraction, ReferralNews,
        TeamChange, Closure, Assessment, SigningKey,
    )
}  # fmt: skip


JUDGED_AT_THE_DOOR = (Consent, Revocation, Exit, Return, Retraction)
"""Kinds by which it is judged whether something may leave: consents, and the end of the episode, with which some of
them expire (P3)."""

_SHAPES = {
    type(None): "nothing",
    str: "text",
    list: "a list",
    bool: "a yes or no",
    int: "a number",
    float: "a number",
}


def parse_entry(statement: Mapping[str, Any], kinds: Mapping[str, type[Entry]] = KINDS) -> Entry:
    """Read one entry from plain JSON.

    Args:
        statement: What was stated.
        kinds: What can be stated; of an episode, unless others are given.

    Raises:
        InvalidEntry: names each field that is wrong, what it holds, and what would be right.
    """
    if not isinstance(statement, Mapping):
        given = _SHAPES.get(type(statement), "something else")
        raise InvalidEntry(
            f'An entry is one object with a kind, such as {{"kind": "contact", …}}; this is {given}.'
        )
    kind = statement.get("kind")
    if not isinstance(kind, str) or kind not in kinds:
        said = "has no kind" if kind is None else f"has the unknown kind {(_shown(kind) or '')[:40]!r}"
        raise InvalidEntry(f"This entry {said}. Kinds are: {', '.join(sorted(kinds))}.")
    check_entry(statement)
    try:
        return kinds[kind].model_validate(dict(statement))
    except ValidationError as error:
        raise InvalidEntry(f"This {kind} entry cannot be read: {in_words(error, kinds[kind])}") from None


def in_words(error: ValidationError, model: type[Any] | None = None) -> str:
    """A validation error as sentences that name the field and the remedy."""
    sentences = []
    for detail in error.errors(include_url=False):
        path = [str(part) for part in detail["loc"]]
        where = ".".join(path)
        message = detail["msg"].removeprefix("Value error, ")
        if detail["type"] == "too_short":
            message = "name at least one"
        if detail["type"] == "extra_forbidden":
            fields = [f.alias or name for name, f in model.model_fields.items()] if model else []
            known = f" (its fields are: {', '.join(fields)})" if fields and len(path) == 1 else ""
            sentences.append(f"{where} is not a field here{known}")
        elif detail["type"] == "missing":
            sentences.append(f"{where} is missing")
        else:
            # A value is shown only if it looks like a date, number or code: a name typed into the wrong field
            # must not travel in an error text (P1).
            value = _shown(detail.get("input"))
            shown = (
                f" (it is {value})"
                if path and value is not None and len(value) <= 30 and not set(value) & set(" @,")
                else ""
            )
            if message == detail["msg"]:  # the library's own words, in the middle of our sentence
                message = message[:1].lower() + message[1:]
            sentences.append(f"{where + ': ' if where else ''}{message}{shown}")
    return "; ".join(sentences) + "."


def _shown(value: object) -> str | None:
    """A value as text; None where it is nested too deeply, or a number too long, to be one."""
    try:
        return str(value)
    except (RecursionError, ValueError):
        return None


__all__ = [
    "JUDGED_AT_THE_DOOR", "KINDS", "Acknowledgement", "Admission", "Assessment", "Attendance", "Checkin", "Closure",
    "Consent", "Contact", "Crisis", "Decision", "Entry", "Exit", "Flag", "Goal", "Leave", "LevelOfCareDecision",
    "Medication", "Module", "MutualHelp", "Need", "Payer", "PolicyAdoption", "ReferralNews", "Retraction", "Return",
    "Revocation", "Schedule", "Screening", "SessionChange", "SigningKey", "Source", "TeamChange", "Test", "Use",
    "WeeklySession", "dated_ahead", "effective_at", "in_words", "parse_entry",
]  # fmt: skip
