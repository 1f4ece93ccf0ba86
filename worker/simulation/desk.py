"""Where everything is written down: entries and answers go to the engine, and what it asks for is counted."""

from collections.abc import Callable
from datetime import date, datetime, time
from typing import Any, Protocol

from worker.simulation.behaviour import Person
from worker.simulation.outcome import Outcome, TaskDone
from workflows.core.engine.effects import CloseTask, MessagePatient, Notify, OpenTask
from workflows.core.engine.errors import Refused
from workflows.core.episode.entries import Entry, parse_entry
from workflows.core.episode.episode import Episode
from workflows.core.episode.start import EpisodeStart
from workflows.pathways import pathway_named


class Witness(Protocol):
    """Somebody who notes what was done to the engine, to do the same elsewhere."""

    def recorded(self, at: datetime, statements: list[dict[str, Any]], episode: Episode) -> None:
        """Entries were recorded together; what the engine refused is not among them."""

    def answered(self, at: datetime, task: OpenTask, statement: dict[str, Any], episode: Episode) -> None:
        """A task was completed."""


def episode_start(person: Person, policy: dict[str, Any] | None) -> EpisodeStart:
    """The episode of a person under a policy."""
    caseload = person.parameters.caseload
    return EpisodeStart(
        episode_id=f"sim-{person.number}",
        site=caseload.site,
        timezone=caseload.timezone,
        referred_on=person.referred_on,
        policy=policy,
        team=caseload.team,
        schedule=caseload.schedule,
        closures=caseload.closures,
    )


class Desk:
    """One episode and the instant at which it stands.

    Raises:
        InvalidPolicy: the policy contradicts itself.
    """

    def __init__(self, person: Person, policy: dict[str, Any] | None, witness: Witness | None) -> None:
        self.now = datetime.combine(person.referred_on, time(8), person.zone)
        start = episode_start(person, policy)
        self.episode = Episode(start, pathway_named(start.pathway), self.now)
        self.outcome = Outcome(person.number, person.referred_on)
        self.tasks: dict[str, OpenTask] = {}
        """Those that are open, by id."""
        self.task_opened: Callable[[OpenTask], None] = lambda task: None
        self.stage_changed: Callable[[str, str], None] = lambda before, after: None
        self.stage: str = self.episode.stage
        self._case_manager = person.parameters.caseload.team.case_manager or "case_manager"
        self._witness = witness
        self._opened_on: dict[str, date] = {}
        self._stated = 0

    @property
    def today(self) -> date:
        """The program day."""
        return self.now.date()

    def wake(self) -> None:
        """Let the engine judge what the time has brought."""
        self.episode.wake(self.now)
        self._follow()

    def statement(self, kind: str, *, by: str | None = None, **fields: Any) -> dict[str, Any]:
        """An entry as plain JSON, by the case manager unless somebody else is named; what is None is left out.

        A field whose name Python keeps for itself is given with an underscore: `from_`, `class_`.
        """
        self._stated += 1
        given = {name.rstrip("_"): _plain(value) for name, value in fields.items() if value is not None}
        return {"kind": kind, "id": f"n{self._stated:04d}", "by": by or self._case_manager, **given}

    def record(self, *statements: dict[str, Any]) -> None:
        """Record statements as a form does: none of them is judged before all are there."""
        taken = self._apply([parse_entry(statement) for statement in statements])
        if self._witness and any(taken):
            accepted = [statement for statement, is_taken in zip(statements, taken, strict=True) if is_taken]
            self._witness.recorded(self.now, accepted, self.episode)

    def complete(self, task: OpenTask, by: str, outcome: str) -> bool:
        """Complete a task, as its workflow would tell the episode; whether the engine took the answer."""
        statement = {
            "kind": "decision",
            "id": f"{task.task_id}:completed",
            "by": by,
            "about": task.task_id,
            "choice": outcome,
            "reason": "simulated",
        }
        if not all(self._apply([parse_entry(statement)], subject=task.kind)):
            return False
        if self._witness:
            self._witness.answered(self.now, task, statement, self.episode)
        return True

    def end(self, task_id: str, how: str) -> None:
        """Count a task that is no longer open, with the level to which it has climbed by now."""
        task = self.tasks.pop(task_id, None)
        if task:
            level = sum(level.at <= self.now for level in task.escalation)
            opened_on = self._opened_on.pop(task_id)
            self.outcome.tasks.append(TaskDone(task.kind, task.role, opened_on, level, how))

    def _apply(self, entries: list[Entry], subject: str | None = None) -> list[bool]:
        """Give entries to the engine; which of them it took."""
        results = self.episode.apply_many(entries, self.now)
        taken = [not isinstance(result, Refused) for result in results]
        self.outcome.entries += sum(taken)
        for entry, is_taken in zip(entries, taken, strict=True):
            if not is_taken:
                self.outcome.refused[subject or entry.kind] += 1
        self._follow()
        return taken

    def _follow(self) -> None:
        """Take note of what the engine asks of the world, and of the stage."""
        for effect in self.episode.take_effects():
            match effect:
                case OpenTask():
                    self.tasks[effect.task_id] = effect
                    self._opened_on[effect.task_id] = self.today
                    self.task_opened(effect)
                case CloseTask():
                    answered = f"{effect.task_id}:completed" in self.episode.record
                    self.end(effect.task_id, "answered" if answered else "closed")
                case Notify():
                    self.outcome.notices[effect.role] += 1
                case MessagePatient():
                    self.outcome.messages += 1
        if self.episode.stage != self.stage:
            before, self.stage = self.stage, self.episode.stage
            self.stage_changed(before, self.stage)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value
