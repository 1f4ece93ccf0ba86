"""What people have decided about each duty."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from workflows.core.engine.calendar import Instant
from workflows.core.engine.keys import kind_of
from workflows.core.engine.notes import ANSWERS, bit_of
from workflows.core.engine.record import Record


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
