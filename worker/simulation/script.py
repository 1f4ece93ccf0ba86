"""A journey written down: every entry and every answer, with what the core said afterwards."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from worker.simulation.behaviour import Person
from worker.simulation.desk import episode_start
from worker.simulation.journey import Journey
from worker.simulation.parameters import Parameters
from workflows.core.engine.effects import OpenTask
from workflows.core.episode.episode import Episode
from workflows.core.episode.progress import JournalLine, Progress
from workflows.core.episode.start import EpisodeStart
from workflows.core.episode.views import journal, progress


@dataclass(frozen=True, slots=True)
class Step:
    """What is done to an episode at an instant, and where the episode stands then."""

    number: int
    """Of the patient."""
    at: datetime
    start: EpisodeStart | None = None
    statements: tuple[dict[str, Any], ...] = ()
    task: OpenTask | None = None
    """With a task, the one statement is its answer."""
    level: int = 0
    """How high the task has climbed by then."""
    stands: Progress | None = None

    @property
    def what(self) -> str:
        """For a sentence: the step without anything about a person."""
        done = self.task.kind if self.task else ", ".join(one["kind"] for one in self.statements) or "start"
        return f"patient {self.number}, {self.at:%Y-%m-%d %H:%M}, {done}"


class Script:
    """The steps of one patient in order, and the journal at the end."""

    def __init__(self, parameters: Parameters, seed: int, number: int, policy: dict[str, Any] | None) -> None:
        person = Person(parameters, seed, number)
        self.number = number
        self.steps: list[Step] = []
        journey = Journey(person, policy, seed, witness=self)
        self.steps.append(Step(number, journey.desk.now, start=episode_start(person, policy)))
        self.outcome = journey.run()
        self.journal: list[JournalLine] = journal(journey.episode)

    def recorded(self, at: datetime, statements: list[dict[str, Any]], episode: Episode) -> None:
        """Write down entries that were recorded together."""
        self.steps.append(Step(self.number, at, statements=tuple(statements), stands=progress(episode, at)))

    def answered(self, at: datetime, task: OpenTask, statement: dict[str, Any], episode: Episode) -> None:
        """Write down the answer to a task."""
        level = sum(level.at <= at for level in task.escalation)
        self.steps.append(
            Step(
                self.number, at, statements=(statement,), task=task, level=level, stands=progress(episode, at)
            )
        )


def from_day_on(parameters: Parameters, day: date) -> Parameters:
    """The same caseload on a later calendar, moved by whole weeks: a server's clock cannot go back."""
    caseload = parameters.caseload
    weeks = max(0, -((caseload.begins_on - day).days // 7))
    moved = timedelta(weeks=weeks)
    closures = tuple(closed + moved for closed in caseload.closures)
    later = caseload.model_copy(update={"begins_on": caseload.begins_on + moved, "closures": closures})
    return parameters.model_copy(update={"caseload": later})
