"""How the staff answers: who, when, and what. One engine task in, at most one answer out."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from worker.simulation.chance import length, one_of, stream
from worker.simulation.parameters import Spread, Staff
from workflows.core.engine.calendar import Calendar, Delay
from workflows.core.engine.effects import OpenTask

_AT_NEXT_OPENING = Delay(business_hours=0)


@dataclass(frozen=True, slots=True)
class Reply:
    """Who will answer a task, and when; what they say is decided when it is time."""

    at: datetime
    role: str
    by: str


class Team:
    """The staff of one clinic as one patient meets it."""

    def __init__(
        self,
        rules: Staff,
        calendar: Calendar,
        exits: Collection[tuple[str, str]],
        seed: int,
        number: int,
    ) -> None:
        self.rules, self.calendar, self.exits = rules, calendar, exits
        self._seed, self._number = seed, number

    def will_answer(self, task: OpenTask, now: datetime, *, again: bool = False) -> Reply | None:
        """When and by whom a task is answered; None where its outcomes are nobody's to give.

        The owner answers after their own time, unless the task is overlooked; each level that an overdue task climbs
        to has its own chance from then on. With `again`, after a refused answer, it is the owner's alone.
        """
        if not any(self.weights(task).values()):
            return None
        random = stream(self._seed, self._number, f"staff:{task.duty}:{again}")
        overlooked = random.random() < self.rules.overlooked
        owner = self._answer(task.role, task.owner, now, length(random, self._hours(task.role)))
        if again:
            return owner
        found = [] if overlooked else [owner]
        for level in task.escalation:
            after = length(random, self._hours(level.role))
            found.append(self._answer(level.role, level.staff_id, max(now, level.at), after))
        return min(found, key=lambda answer: answer.at, default=None)

    def outcome(self, task: OpenTask) -> str | None:
        """What the answer says."""
        random = stream(self._seed, self._number, f"outcome:{task.duty}")
        return one_of(random, self.weights(task))

    def weights(self, task: OpenTask) -> dict[str, float]:
        """The outcomes that staff give a task of its kind, with their weights.

        Of a kind that is not in the parameters, as a later version of the engine may ask for: the first outcome that
        does not close the episode.
        """
        if task.kind in self.rules.answers:
            given = self.rules.answers[task.kind]
            return {outcome: given[outcome] for outcome in task.outcomes if outcome in given}
        harmless = [outcome for outcome in task.outcomes if (task.kind, outcome) not in self.exits]
        return dict.fromkeys(harmless[:1], 1.0)

    def _hours(self, role: str) -> Spread:
        return self.rules.answers_after_hours.get(role, self.rules.answers_after_hours["other"])

    def _answer(self, role: str, staff_id: str | None, since: datetime, hours: float) -> Reply:
        at = since + timedelta(hours=hours)
        if role != "on_call":
            in_office = self.calendar.due(at, _AT_NEXT_OPENING)
            # Not everything is done at the stroke of nine: what waited over night is worked off in the morning.
            at = in_office if in_office == at else in_office + timedelta(hours=hours % 2, seconds=7)
        return Reply(at, role, staff_id or role)
