"""Every number that a program may change. The policy in force is pinned to the episode (T8).

The defaults are the ones RULES.md gives; the parts stand with their subjects, and the docstring of each names its rule.
`load_policy` takes a partial policy, such as a file that overrides three numbers, and completes it with the defaults.
"""

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Annotated, Any, Self

from pydantic import Field, ValidationError, model_validator

from workflows.core.engine.calendar import BusinessHours, Delay
from workflows.core.engine.escalation import Escalation
from workflows.core.engine.policy import InvalidPolicy, Minutes, Part
from workflows.core.engine.signatures import Trust
from workflows.core.episode.aftercare.policy import Aftercare
from workflows.core.episode.assessment.policy import Assessments
from workflows.core.episode.attendance.policy import Attendance, Dose, Rung
from workflows.core.episode.consent.policy import Privacy
from workflows.core.episode.entries import in_words
from workflows.core.episode.exits.policy import Discharge
from workflows.core.episode.gate.policy import Gate
from workflows.core.episode.intake.policy import Intake
from workflows.core.episode.linkage.policy import Linkage
from workflows.core.episode.linkage.ranking import Ranking
from workflows.core.episode.messages.policy import Messages
from workflows.core.episode.payer.policy import Payer
from workflows.core.episode.sobriety.policy import SlipResponse, TestPhase, Tests
from workflows.core.episode.stay.policy import Course, Length


class Policy(Part):
    """All numbers of one program."""

    clock_skew_minutes: Minutes = 5
    """So far ahead of ours another clock may be, before what it says counts as said of the future (T5)."""
    signature_valid_hours: Annotated[int, Field(ge=1, le=24 * 14)] = 72
    """So long after it was signed a statement may come: a weekend without a network, and not a copy that somebody has
    kept (E0)."""
    far_ahead_years: Annotated[int, Field(ge=1, le=100)] = 10
    """What is stated of a day so many years ahead is asked about: it may be a slip of the hand (T5)."""
    business: BusinessHours = BusinessHours()
    """When the program's office is open, in which business time runs (T6)."""
    dose: Dose = Dose()
    gate: Gate = Gate()
    length: Length = Length()
    attendance: Attendance = Attendance()
    slip_response: SlipResponse = SlipResponse()
    tests: Tests = Tests()
    aftercare: Aftercare = Aftercare()
    intake: Intake = Intake()
    course: Course = Course()
    discharge: Discharge = Discharge()
    privacy: Privacy = Privacy()
    messages: Messages = Messages()
    linkage: Linkage = Linkage()
    ranking: Ranking = Ranking()
    payer: Payer = Payer()
    assessments: Assessments = Assessments()
    escalation: tuple[Escalation, ...] = (
        Escalation(role="supervisor", after=Delay(hours=4)),
        Escalation(role="director", after=Delay(hours=24)),
    )
    """Who takes an overdue task over, one after the other (T7)."""
    stale_after: Delay = Delay(hours=12)
    """An alarm whose time passed longer ago than this, as after an outage, is not sent to a patient (T7)."""

    @model_validator(mode="after")
    def _numbers_agree(self) -> Self:
        longest = self.length.days + self.length.extension_days * self.length.max_extensions
        if self.gate.sober_days > longest:
            raise ValueError(
                f"gate.sober_days: {self.gate.sober_days} days can never be reached within the program and its "
                f"extensions ({longest} days); lower it, or raise length.max_extensions"
            )
        for number, phase in enumerate(self.tests.phases):
            if phase.max_gap_days > self.gate.max_days_between_tests:
                raise ValueError(
                    f"tests.phases.{number}.max_gap_days: {phase.max_gap_days} days between draws is more than "
                    f"gate.max_days_between_tests {self.gate.max_days_between_tests}: the gate could never pass"
                )
        for lower, higher in zip(self.escalation, self.escalation[1:], strict=False):
            if higher.after.roughly <= lower.after.roughly:
                raise ValueError(f"escalation: {higher.role} must come later than {lower.role}")
        return self

    @property
    def clock_skew(self) -> timedelta:
        """How far ahead a clock may be before its entry counts as dated in the future (T5)."""
        return timedelta(minutes=self.clock_skew_minutes)

    def trust(self, keys: Mapping[str, str]) -> Trust:
        """What signatures are judged by under this policy, with these public keys by id (E0)."""
        return Trust(keys, timedelta(hours=self.signature_valid_hours), self.clock_skew)


def load_policy(
    settings: Mapping[str, Any] | None, defaults: Mapping[str, Any] = MappingProxyType({})
) -> Policy:
    """A whole policy from the numbers a program changes.

    Args:
        settings: What the program changes; part by part, as in a policy file.
        defaults: What the pathway changes of the general defaults.

    Raises:
        InvalidPolicy: lists each field that is wrong and what would be right.
    """
    try:
        return Policy.model_validate(_over(defaults, dict(settings or {})))
    except ValidationError as error:
        raise InvalidPolicy(f"This policy cannot be used: {in_words(error, Policy)}") from None
    except (TypeError, ValueError):
        raise InvalidPolicy(
            "A policy is one object with named parts, such as gate: {sober_days: 30}."
        ) from None


def adopting(settings: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Settings after an adoption: it changes what it names, number by number, and leaves the others pinned (T8)."""
    merged = dict(settings)
    for part, numbers in changes.items():
        known = merged.get(part)
        both = isinstance(known, Mapping) and isinstance(numbers, Mapping)
        merged[part] = {**(known or {}), **numbers} if both else numbers
    return merged


def _over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Settings with those below them where they say nothing."""
    merged = dict(below)
    for name, value in above.items():
        known = merged.get(name)
        both = isinstance(known, Mapping) and isinstance(value, Mapping)
        merged[name] = _over(known or {}, value) if both else value
    return merged


def differences(old: Policy, new: Policy) -> list[str]:
    """What an adoption changes, number by number: `dose.min_minutes: 540 → 600` (T8)."""
    if old == new:
        return []
    before, after = _numbers(old.model_dump(mode="json")), _numbers(new.model_dump(mode="json"))
    return [
        f"{name}: {before.get(name, 'none')} → {after.get(name, 'none')}"
        for name in dict.fromkeys([*before, *after])
        if before.get(name) != after.get(name)
    ]


def _numbers(part: object, path: str = "") -> dict[str, object]:
    """The leaves of nested settings by their dotted name."""
    if isinstance(part, dict):
        found: dict[str, object] = {}
        for name, inner in part.items():
            found |= _numbers(inner, f"{path}.{name}" if path else str(name))
        return found
    if isinstance(part, list) and part and isinstance(part[0], dict):
        named = {str(one.get("name") or one.get("role") or number): one for number, one in enumerate(part)}
        return _numbers(named, path)
    return {} if part is None else {path: part}


__all__ = [
    "Aftercare",
    "Assessments",
    "Attendance",
    "Course",
    "Discharge",
    "Dose",
    "Escalation",
    "Gate",
    "Intake",
    "InvalidPolicy",
    "Length",
    "Linkage",
    "Messages",
    "Payer",
    "Policy",
    "Privacy",
    "Ranking",
    "Rung",
    "SlipResponse",
    "TestPhase",
    "Tests",
    "adopting",
    "differences",
    "load_policy",
]
