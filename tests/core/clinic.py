"""A patient of the example program, moved through time by hand: the vocabulary of the core's tests."""

import base64
import json
import zlib
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from workflows.core.engine.shown import Changed
from workflows.core.episode.entries import parse_entry
from workflows.core.episode.episode import Episode
from workflows.core.episode.progress import Progress
from workflows.core.episode.start import EpisodeStart
from workflows.core.episode.views import progress
from workflows.pathways import pathway_named

ZONE = ZoneInfo("America/Chicago")
ADMITTED = date(2026, 1, 5)  # a Monday
LAST_USE = date(2025, 12, 28)
TEAM = {"case_manager": "cm-1", "therapist": "th-1", "supervisor": "su-1", "director": "di-1"}
SCHEDULE = [
    {"weekday": day, "start": "18:00", "minutes": 180, "service": "group"} for day in ("mon", "wed", "fri")
]


def at(day: date | str, clock: str = "12:00") -> datetime:
    """An instant on a program day, by the wall clock."""
    return datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=ZONE)


def start(**changes: Any) -> EpisodeStart:
    """A start with defaults for everything. No test is drawn unless the policy of a story asks for it."""
    policy = changes.pop("policy", {})
    tests = {"phases": [], **policy.get("tests", {})}
    given: dict[str, Any] = {
        "episode_id": "e1", "site": "north", "timezone": ZONE.key, "referred_on": ADMITTED - timedelta(days=3),
        "team": TEAM, "schedule": SCHEDULE,
        "policy": {**policy, "tests": tests}, **changes,
    }  # fmt: skip
    return EpisodeStart.model_validate(given)


class Patient:
    """One episode and its clock. Each entry is recorded at the patient's present instant."""

    def __init__(self, **changes: Any) -> None:
        self.now = at(ADMITTED - timedelta(days=3), "09:00")
        begin = start(**changes)
        self.episode = Episode(begin, pathway_named(begin.pathway), self.now)
        self.episode.wake(self.now)
        self.effects: list[Any] = []
        self._number = 0

    def until(self, day: date | str, clock: str = "12:00") -> "Patient":
        """Let time pass, waking at each deadline and at no other moment, as the shell does."""
        then = at(day, clock)
        while (deadline := self.episode.next_deadline) and deadline.at <= then:
            self.now = max(self.now, deadline.at)
            self.episode.wake(self.now)
            assert self.episode.next_deadline is None or self.episode.next_deadline.at > self.now
        self.now = then
        self.effects += self.episode.take_effects()
        return self

    def says(self, kind: str, **fields: Any) -> Changed:
        """Record one entry now."""
        self._number += 1
        statement = {"kind": kind, "by": "cm-1", "id": f"n{self._number:03d}", **fields}
        changed = self.episode.apply(parse_entry({k: _plain(v) for k, v in statement.items()}), self.now)
        self.effects += self.episode.take_effects()
        return changed

    def attends(self, day: date, minutes: int | None = None, **fields: Any) -> Changed:
        """Come to the evening group of a day; recorded as it ends."""
        self.until(day, "21:05")
        return self.says("attendance", session=f"{day}T18:00", status="attended", minutes=minutes, **fields)

    def attends_until(self, day: date) -> "Patient":
        """Come to every session up to a day."""
        first = max(self.now.date(), ADMITTED)
        for ahead in range((day - first).days):
            if (first + timedelta(days=ahead)).weekday() in (0, 2, 4):
                self.attends(first + timedelta(days=ahead))
        return self.until(day)

    @property
    def progress(self) -> Progress:
        """What the query shows now."""
        return progress(self.episode, self.now)

    @property
    def tasks(self) -> set[str]:
        """The kinds of the open tasks."""
        return {task.kind for task in self.progress.open_tasks}

    def unmet(self) -> set[str]:
        """Names of the gate conditions that are not met."""
        return {condition.name for condition in self.progress.gate.conditions if not condition.met}


def admitted(last_use_on: date = LAST_USE, **changes: Any) -> Patient:
    """A patient on the morning of admission, with rights notice and preferences signed."""
    return _lived_once(
        f"admitted {last_use_on} {changes}", lambda: goes_through_intake(Patient(**changes), last_use_on)
    )


def goes_through_intake(patient: Patient, last_use_on: date = LAST_USE) -> Patient:
    """Live until the morning of admission."""
    patient.says("screening", substances=["alcohol"])
    patient.says("level_of_care", level="IOP", reason="suited", by="th-1")
    patient.until(ADMITTED, "09:00")
    patient.says("goal", goal_id="g1", title="work")
    patient.says("admission", on=ADMITTED, last_use_on=last_use_on)
    for what in ("rights_notice", "contact_preferences"):
        patient.says("acknowledgement", what=what, on=ADMITTED)
    return patient


def ready_for_gate(day: date | None = None, patient: Patient | None = None) -> Patient:
    """A patient who has met every condition of the gate on the day the program's length is reached."""
    reached = day or ADMITTED + timedelta(days=90)
    if patient is None:
        return _lived_once(f"ready {reached}", lambda: ready_for_gate(reached, admitted()))
    patient.attends_until(reached - timedelta(days=1))
    for back in (25, 15, 5):
        collected = reached - timedelta(days=back)
        patient.says("test", test_id=f"t{back}", collected_on=collected, result="negative")
    patient.says("goal", goal_id="g1", status="met")
    return patient.until(reached, "12:00")


def on(days: int) -> date:
    """So many days after the admission."""
    return ADMITTED + timedelta(days=days)


def in_program(days: int = 20, **changes: Any) -> Patient:
    """A patient who has come to every session up to a day."""
    return admitted(**changes).attends_until(on(days))


def collected(patient: Patient, days: int, result: str, *found: str, name: str = "t1", **fields: Any) -> str:
    """Record the state of a test collected on a day; its entry id."""
    return patient.says(
        "test", test_id=name, collected_on=on(days), result=result, substances=list(found), **fields
    ).entry_id


class _Past(NamedTuple):
    start: EpisodeStart
    snapshot: str
    now: datetime
    effects: list[Any]
    number: int


_PASTS: dict[str, _Past] = {}


def _lived_once(name: str, live: Callable[[], Patient]) -> Patient:
    """A patient with a past that hundreds of tests begin with: lived through once in this process, and then restored
    from its snapshot, as the shell does with every new run. That nothing is lost by it is a law of its own."""
    if name not in _PASTS:
        lived = live()
        _PASTS[name] = _Past(
            lived.episode.start, lived.episode.packed(), lived.now, lived.effects, lived._number
        )
    past = _PASTS[name]
    patient = Patient.__new__(Patient)
    patient.now, patient.effects, patient._number = past.now, [*past.effects], past.number
    patient.episode = Episode.unpacked(past.snapshot, past.start, pathway_named(past.start.pathway))
    return patient


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def held_in(snapshot: str) -> dict[str, Any]:
    """All that a snapshot holds."""
    content: dict[str, Any] = json.loads(zlib.decompress(base64.b85decode(snapshot)))
    return content
