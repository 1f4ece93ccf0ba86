"""How facts are read: once for each instant, and folded again only when what they are folded from has changed."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any, Generic, Self, TypeVar, overload

from workflows.core.facts.frame import Answer, Frame
from workflows.core.record import Record

T = TypeVar("T")


class fact(Generic[T]):
    """A property that is worked out once for each reading; `functools.cached_property` before 3.12, without its lock,
    which costs more than most facts."""

    def __init__(self, work_out: Callable[[Any], T]) -> None:
        self._work_out, self.__doc__ = work_out, work_out.__doc__

    def __set_name__(self, _owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, reading: None, owner: type) -> "fact[T]": ...
    @overload
    def __get__(self, reading: object, owner: type) -> T: ...
    def __get__(self, reading: object, owner: type) -> "fact[T] | T":
        if reading is None:
            return self
        value = reading.__dict__[self._name] = self._work_out(reading)
        return value


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
        self._answers: dict[str, list[tuple[str, Answer]]] = {}

    def on(self, day: date) -> Self:
        """The facts of the same record as they stand for another day (at its start)."""
        return self.at(self.calendar.at(day))

    def at(self, instant: datetime) -> Self:
        """The facts of the same record as they stand for another instant."""
        return type(self)(self.record, self.frame, instant)

    def as_known_at(self, instant: datetime) -> Self:
        """The facts of an instant as they were known then (T2), read by the policy of today."""
        record = self.record.as_of(instant)
        return type(self)(record, self.frame.as_of(record), instant)

    def hour_of(self, key: str, at: datetime) -> datetime:
        """The instant of what an entry says of a day alone: recorded on that day, it counts from then (E3).

        Args:
            key: The entry's id.
            at: When it is true: the start of the day that it gives.
        """
        recorded = self.record.get(key)
        if recorded and self.calendar.day_of(recorded.recorded_at) == self.calendar.day_of(at):
            return max(at, recorded.recorded_at)
        return at

    def answer(self, duty: str) -> Answer | None:
        """What was decided about a duty by now, if that decision stands."""
        answer = self.frame.answers.get(duty)
        return answer if answer and answer.at <= self.now and self.record.stands(answer.key) else None

    def answers_to(self, kind: str) -> list[tuple[str, Answer]]:
        """Every standing answer to duties of a kind: its subject (what follows the kind in the key) and itself."""
        found = self._answers.get(kind)
        if found is None:
            known, stands = self.frame.answers_by_kind.get(kind), self.record.stands
            found = [
                (duty.partition(":")[2], answer)
                for duty, answer in (known.items() if known else ())
                if answer.at <= self.now and stands(answer.key)
            ]
            self._answers[kind] = found
        return found

    def choice(self, duty: str) -> str | None:
        """The choice of that decision."""
        answer = self.answer(duty)
        return answer.choice if answer else None

    def fold(self, name: str, version: object, fold: Callable[[], T]) -> T:
        """What was folded under a name, folded again when the version of what it is folded from has changed."""
        kept = self.frame.kept.get(name)
        if kept is None or kept[0] != version:
            kept = self.frame.kept[name] = (version, fold())
        return kept[1]  # type: ignore[return-value]  # a name is always folded by the same function
