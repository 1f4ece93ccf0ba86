"""What facts are read against: the policy in force, the calendar, the pathway, and what people have decided."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from workflows.core.calendar import Calendar, Instant
from workflows.core.entries import WeeklySession
from workflows.core.keys import kind_of
from workflows.core.notes import ANSWERS, STAFF, bit_of
from workflows.core.policy import Policy
from workflows.core.record import Record


@dataclass(frozen=True, slots=True)
class Answer:
    """What a named person decided about one duty."""

    choice: str
    by: str
    at: Instant
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


class Answers:
    """What people have decided about each duty. A value: with one answer more it is another."""

    __slots__ = ("by_kind", "given", "replaced")

    def __init__(self) -> None:
        self.given: Mapping[str, Answer] = {}
        """By duty."""
        self.by_kind: Mapping[str, Mapping[str, Answer]] = {}
        """The same, apart for each kind of duty."""
        self.replaced: tuple[tuple[str, Answer], ...] = ()
        """Answers that were retracted and given anew, by duty: they count no more, but they have had their time."""

    @classmethod
    def of(cls, given: Iterable[tuple[str, Answer]], replaced: Iterable[tuple[str, Answer]]) -> "Answers":
        """What was given to each duty, and what was replaced, each in its order."""
        answers = cls()
        answers.given, answers.replaced = dict(given), tuple(replaced)
        by_kind: dict[str, dict[str, Answer]] = {}
        for duty, answer in answers.given.items():
            by_kind.setdefault(kind_of(duty), {})[duty] = answer
        answers.by_kind = by_kind
        return answers

    def with_answer(self, duty: str, answer: Answer) -> "Answers":
        """The answers with one more."""
        grown, kind = Answers(), kind_of(duty)
        before = self.given.get(duty)
        grown.replaced = (
            (*self.replaced, (duty, before)) if before and before.key != answer.key else self.replaced
        )
        grown.given = {**self.given, duty: answer}
        grown.by_kind = {**self.by_kind, kind: {**self.by_kind.get(kind, {}), duty: answer}}
        return grown

    def known_in(self, record: Record) -> "Answers":
        """Only those decisions that are in a record: what had been decided by then (T2)."""
        past = Answers()
        for duty, answer in (*self.replaced, *self.given.items()):
            if answer.key in record:
                past = past.with_answer(duty, answer)
        return past

    def by_entry(self, key: str) -> tuple[str, Answer | None]:
        """Which duty a decision has answered, by the id of its entry, and what was kept of it."""
        known = [*self.given.items(), *self.replaced]
        return next(((duty, answer) for duty, answer in known if answer.key == key), ("", None))

    def changed_since(self, earlier: "Answers") -> int:
        """What differs from other answers of the same episode, as `notes` counts it: a bit for each kind of duty."""
        if earlier is self:
            return 0
        differs, now, then = bit_of(ANSWERS), self.by_kind, earlier.by_kind
        for kind in now.keys() | then.keys():
            if now.get(kind) is not then.get(kind):
                differs |= bit_of(kind)
        return differs


NO_ANSWERS = Answers()


class Memory:
    """What was worked out of one episode, by name; and the reading by which it was worked out last."""

    __slots__ = ("kept", "log", "reading", "turn")

    def __init__(self) -> None:
        self.kept: dict[Hashable, Any] = {}
        self.log: list[int] = []
        """What has changed from one reading to the next: a bit for each source."""
        self.reading: Any = None
        """Who reads now."""
        self.turn = 0
        """How often another reading has begun: what was checked in this turn need not be checked again."""

    def changed_since(self, seen: int) -> int:
        """What has changed since so many changes: a bit for each source."""
        new = 0
        for bits in self.log[seen:]:
            new |= bits
        return new


@dataclass(frozen=True)
class Frame:
    """Everything beside the record that decides how its entries are read."""

    episode_id: str
    policy: Policy
    calendar: Calendar
    weekly: tuple[WeeklySession, ...]
    first_team: Mapping[str, str]
    """The team at the beginning; who is in it today is a fact (`facts.team`)."""
    referred_on: date
    started_at: datetime
    """When this engine took the episode up; what other systems decided before that is history (T7)."""
    answers: Answers = NO_ANSWERS
    level: str = "iop"
    """The level of care that the pathway gives (I4)."""
    moves: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """Which answer to which kind of duty moves the episode into which stage."""
    exits: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """Which answer to which kind of duty closes the episode, and as what."""
    adopted: Sequence[tuple[datetime, Policy]] = ()
    """Every policy that stands, and since when it is in force; the one of the start comes first (T8)."""
    directory: Mapping[str, tuple[str, ...] | None] = field(default_factory=dict)
    """What the clinic's staff directory says of people outside the team, as far as it was asked: their roles by staff
    id, in small letters; None: it does not know them."""
    memory: Memory = field(default_factory=Memory)
    """What was worked out by now."""

    def policy_on(self, day: date) -> Policy:
        """The policy that was in force at the end of a day: what was drawn under it stays drawn (S4, T8)."""
        if not self.adopted:
            return self.policy
        in_force = [policy for at, policy in self.adopted if self.calendar.day_of(at) <= day]
        return in_force[-1] if in_force else self.adopted[0][1]

    def as_of(self, record: Record) -> "Frame":
        """The same frame with only those decisions that are in a record: what had been decided by then (T2)."""
        return replace(self, answers=self.answers.known_in(record), memory=Memory())

    def reading(self, answers: Answers, directory: Mapping[str, tuple[str, ...] | None]) -> "Frame":
        """The same frame with these answers, and this of the staff directory."""
        return replace(self, answers=answers, directory=directory)

    def changed_since(self, earlier: "Frame") -> int:
        """What differs from another frame of the same episode, as `notes` counts it: a bit for each source."""
        if earlier is self:
            return 0
        staff = 0 if self.directory is earlier.directory else bit_of(STAFF)
        return self.answers.changed_since(earlier.answers) | staff
