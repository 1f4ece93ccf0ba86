"""How facts are read: once for each instant, and folded again only when what they are folded from has changed."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Self, TypeVar

from workflows.core.entries import Source
from workflows.core.facts.frame import Answer, Frame
from workflows.core.record import Record, Recorded

T = TypeVar("T")


class Reading:
    """A record under a frame at one instant.

    Facts are made anew for every step and never outlive it, so that each may be kept in the object. What reads
    many entries is kept in the frame, by the version of what it was folded from: then recording an entry costs
    what that entry changes and not the length of the record.
    """

    def __init__(self, record: Record, frame: Frame, now: datetime) -> None:
        self.record = record
        self.frame = frame
        self.policy = frame.policy
        self.calendar = frame.calendar
        self.now = now
        self.today = frame.calendar.day_of(now)

    def on(self, day: date) -> Self:
        """The facts of the same record as they stand for another day (at its start)."""
        return self.at(self.calendar.at(day))

    def at(self, instant: datetime) -> Self:
        """The facts of the same record as they stand for another instant."""
        return type(self)(self.record, self.frame, instant)

    def answer(self, duty: str) -> Answer | None:
        """What was decided about a duty by now, if that decision stands."""
        answer = self.frame.answers.get(duty)
        return answer if answer and answer.at <= self.now and self.record.stands(answer.key) else None

    def answers_to(self, kind: str) -> list[tuple[str, Answer]]:
        """Every standing answer to duties of a kind: its subject (what follows the kind in the key) and itself."""
        prefix = f"{kind}:"
        return [
            (duty.removeprefix(prefix), answer)
            for duty in self.frame.answers
            if (duty == kind or duty.startswith(prefix)) and (answer := self.answer(duty))
        ]

    def is_history(self, recorded: Recorded) -> bool:
        """Whether something happened in another system before this engine took the episode up (T7)."""
        return recorded.entry.source is Source.IMPORT and recorded.effective_at < self.frame.started_at

    def choice(self, duty: str) -> str | None:
        """The choice of that decision."""
        answer = self.answer(duty)
        return answer.choice if answer else None

    def _fold(self, name: str, version: object, fold: Callable[[], T]) -> T:
        kept = self.frame.kept.get(name)
        if kept is None or kept[0] != version:
            kept = self.frame.kept[name] = (version, fold())
        return kept[1]  # type: ignore[return-value]  # a name is always folded by the same function
