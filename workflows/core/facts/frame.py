"""What facts are read against: the policy in force, the calendar, the pathway, and what people have decided."""

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from workflows.core.calendar import Calendar
from workflows.core.entries import WeeklySession
from workflows.core.keys import kind_of
from workflows.core.notes import ANSWERS, STAFF, Changes
from workflows.core.policy import Policy
from workflows.core.record import Record


@dataclass(frozen=True, slots=True)
class Answer:
    """What a named person decided about one duty."""

    choice: str
    by: str
    at: datetime
    key: str
    reason: str | None
    grounds: tuple[str, ...] = ()
    """Ids of the entries that had put the duty there."""
    signed_by: tuple[str, ...] = ()
    """Roles that could decide it, and that can take it back (E0); empty: any."""
    not_by: str | None = None
    """Who could not, because it judged what this person had proposed (E2)."""
    at_hand: bool = False
    """Whether it was taken from whoever was there, because it was about danger."""


class Memory:
    """What was worked out of one episode, by name."""

    __slots__ = ("kept", "reading", "turn")

    def __init__(self) -> None:
        self.kept: dict[Hashable, Any] = {}
        self.reading: object = None
        """Who reads now."""
        self.turn = 0
        """How often another reading has begun: what was checked in this turn need not be checked again."""


@dataclass
class Frame:
    """Everything beside the record that decides how its entries are read."""

    episode_id: str
    policy: Policy
    calendar: Calendar
    weekly: tuple[WeeklySession, ...]
    first_team: Mapping[str, str]
    """The team at the beginning; who is in it today is a fact (`facts.team`)."""
    referred_on: date
    changes: Changes
    """Of the record: who reads answers, and what has changed in them."""
    started_at: datetime
    """When this engine took the episode up; what other systems decided before that is history (T7)."""
    answers: dict[str, Answer] = field(default_factory=dict)
    level: str = "iop"
    """The level of care that the pathway gives (I4)."""
    moves: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """Which answer to which kind of duty moves the episode into which stage."""
    exits: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """Which answer to which kind of duty closes the episode, and as what."""
    replaced: list[tuple[str, Answer]] = field(default_factory=list)
    """Answers that were retracted and given anew, by duty: they count no more, but they have had their time."""
    answers_by_kind: dict[str, dict[str, Answer]] = field(default_factory=dict)
    adopted: Sequence[tuple[datetime, Policy]] = ()
    """Every policy that stands, and since when it is in force; the one of the start comes first (T8)."""
    staff: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Roles of people outside the team, by staff id, as the clinic's staff directory was read for what they signed."""
    strangers: set[str] = field(default_factory=set)
    """Ids that the staff directory was asked about and does not know."""
    memory: Memory = field(default_factory=Memory)
    """What was worked out by now."""

    def policy_on(self, day: date) -> Policy:
        """The policy that was in force at the end of a day: what was drawn under it stays drawn (S4, T8)."""
        if not self.adopted:
            return self.policy
        in_force = [policy for at, policy in self.adopted if self.calendar.day_of(at) <= day]
        return in_force[-1] if in_force else self.adopted[0][1]

    def keep_answer(self, duty: str, answer: Answer) -> None:
        """Keep what a person decided about a duty."""
        if (before := self.answers.get(duty)) and before.key != answer.key:
            self.replaced.append((duty, before))
        kind = kind_of(duty)
        self.answers[duty] = answer
        self.answers_by_kind.setdefault(kind, {})[duty] = answer
        self.changes.tell(kind)
        self.changes.tell(ANSWERS)

    def as_of(self, record: Record) -> "Frame":
        """The same frame with only those decisions that are in a record: what had been decided by then (T2)."""
        past = replace(
            self, answers={}, replaced=[], answers_by_kind={}, changes=record.changes, memory=Memory()
        )
        for duty, answer in (*self.replaced, *self.answers.items()):
            if answer.key in record:
                past.keep_answer(duty, answer)
        return past

    def answered(self, key: str) -> tuple[str, Answer | None]:
        """Which duty a decision has answered, by the id of its entry, and what was kept of it."""
        known = [*self.answers.items(), *self.replaced]
        return next(((duty, answer) for duty, answer in known if answer.key == key), ("", None))

    def vouch(self, staff_id: str, roles: tuple[str, ...] | None) -> None:
        """What the staff directory says of somebody: their roles, or that it does not know them."""
        self.forget(staff_id)
        if roles is None:
            self.strangers.add(staff_id.casefold())
        else:
            self.staff[staff_id.casefold()] = tuple(roles)

    def forget(self, staff_id: str) -> None:
        """The staff directory could not be asked about somebody."""
        self.changes.tell(STAFF)
        self.staff.pop(staff_id.casefold(), None)
        self.strangers.discard(staff_id.casefold())

    def known_as(self, staff_id: str) -> tuple[str, ...] | None:
        """The roles of somebody outside the team, as far as the staff directory was asked about them."""
        self.changes.note(STAFF)
        return self.staff.get(staff_id.casefold())

    def forget_answers(self, keys: Collection[str]) -> None:
        """Undo what was kept of decisions that the engine could not follow, by the ids of their entries."""
        for duty in [duty for duty, answer in self.answers.items() if answer.key in keys]:
            del self.answers[duty]
            del self.answers_by_kind[kind_of(duty)][duty]
            before = [known for known in self.replaced if known[0] == duty][-1:]
            for known in before:
                self.replaced.remove(known)
                self.answers[duty] = self.answers_by_kind[kind_of(duty)][duty] = known[1]
        self.memory.kept.clear()
