"""How facts are read: each is worked out once, and again only when what it was worked out from has changed.

A fact asks other facts, entries, answers and the time. All of that is noted on its page while it is worked out
(`workflows.core.engine.notes`), and the page is kept with the result. Later, at another instant or after another entry,
the result stands if nothing on its page has changed; a fact on it that was worked out anew and came to the same has
not.
"""

from collections.abc import Callable, Hashable, Iterable, Sequence
from datetime import date, datetime
from functools import wraps
from typing import Any, Generic, Self, TypeVar, overload

from workflows.core.engine.answers import Answer
from workflows.core.engine.clock import Clock
from workflows.core.engine.entry import Entry
from workflows.core.engine.frame import Frame
from workflows.core.engine.keys import kind_of
from workflows.core.engine.memory import Kept
from workflows.core.engine.notes import (
    ANSWERS,
    CORRECTIONS,
    EVERYTHING,
    STAFF,
    Page,
    Source,
    WorkOut,
    bit_of,
    sources_in,
)
from workflows.core.engine.record import Record

T = TypeVar("T")
R = TypeVar("R", bound="Reading[Any]")
F = TypeVar("F", bound=Frame)


class fact(Generic[T]):
    """A property that is kept, with what it was worked out from."""

    def __init__(self, work_out: Callable[[Any], T]) -> None:
        self._work_out, self.__doc__ = work_out, work_out.__doc__

    def __set_name__(self, _owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, reading: None, owner: type) -> "fact[T]": ...
    @overload
    def __get__(self, reading: "Reading[Any]", owner: type) -> T: ...
    def __get__(self, reading: "Reading[Any] | None", owner: type) -> "fact[T] | T":
        if reading is None:
            return self
        return reading.keep(self._name, self._work_out)


def kept(work_out: Callable[[R], Iterable[T]]) -> Callable[[R], Sequence[T]]:
    """For a function that yields what follows from facts, such as duties: what it yields is kept like a fact."""

    def all_of_it(reading: R) -> tuple[T, ...]:
        return tuple(work_out(reading))

    @wraps(work_out)
    def read(reading: R) -> Sequence[T]:
        return reading.keep(work_out, all_of_it)

    return read


class Reading(Clock, Generic[F]):
    """A record under a frame at one instant.

    Facts are asked of a new reading for every step; what was worked out is kept in the frame. So recording an entry
    costs what that entry changes, and not the length of the record.
    """

    def __init__(self, record: Record, frame: F, now: datetime) -> None:
        super().__init__(frame.calendar, now, record.notes)
        self.record = record
        self.frame = frame
        self._memory = frame.memory
        self._apart: dict[Hashable, tuple[Any, Page]] | None = None
        """What was worked out for an instant that somebody asked about in between; None: this is the main reading."""
        self._answers: dict[str, tuple[list[tuple[str, Answer]], datetime | None, datetime | None]] = {}

    # -- other instants -------------------------------------------------------------------------------------

    def on(self, day: date) -> Self:
        """The facts of the same record as they stand for another day (at its start)."""
        return self.at(self.calendar.at(day))

    def at(self, instant: datetime) -> Self:
        """The facts of the same record as they stand for another instant."""
        reading = type(self)(self.record, self.frame, instant)
        reading._apart, reading.is_apart = {}, True
        return reading

    def as_known_at(self, instant: datetime) -> Self:
        """The facts of an instant as they were known then (T2), read by the policy of today."""
        self._noted.note(STAFF)
        if self._apart is not None or not self.is_after(instant):
            self._noted.note(EVERYTHING)  # more may be recorded at that instant
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

    # -- what people have decided ---------------------------------------------------------------------------

    def answer(self, duty: str) -> Answer | None:
        """What was decided about a duty by now, if that decision stands."""
        answer = self.frame.answers.given.get(duty)
        self._noted.note(kind_of(duty))
        if answer is None or not self.has_come(answer.at):
            return None
        return answer if self.record.stands(answer.key) else None

    def answers_to(self, kind: str) -> list[tuple[str, Answer]]:
        """Every standing answer to duties of a kind: its subject (what follows the kind in the key) and itself."""
        known = self._answers.get(kind)
        if known is None:
            known = self._answers[kind] = self._answers_to(kind)
        found, since, until = known
        if (page := self._noted.page) is not None:
            page.sources |= bit_of(kind)
            if self.frame.answers.by_kind.get(kind):
                page.sources |= bit_of(CORRECTIONS)
                if self._apart is None:
                    page.within(since, until)
        return found

    def _answers_to(self, kind: str) -> tuple[list[tuple[str, Answer]], datetime | None, datetime | None]:
        given = self.frame.answers.by_kind.get(kind)
        if not given:
            return [], None, None
        come = [(duty, answer) for duty, answer in given.items() if answer.at <= self._now]
        ahead = [answer.at for answer in given.values() if answer.at > self._now]
        stands = self.record.stands
        found = [(duty.partition(":")[2], answer) for duty, answer in come if stands(answer.key)]
        return found, max((answer.at for _, answer in come), default=None), min(ahead, default=None)

    def all_answers(self) -> list[tuple[str, Answer]]:
        """Every standing answer to any duty, by its key."""
        self._noted.note(ANSWERS)
        return [(key, answer) for key in self.frame.answers.given if (answer := self.answer(key))]

    def ever_answered(self, kind: str) -> list[Answer]:
        """Every answer that was ever given to duties of a kind, standing or not."""
        self._noted.note(kind)
        before = [answer for duty, answer in self.frame.answers.replaced if kind_of(duty) == kind]
        return [*before, *self.frame.answers.by_kind.get(kind, {}).values()]

    def known_as(self, staff_id: str) -> tuple[str, ...] | None:
        """The roles of somebody outside the team, as far as the staff directory was asked about them."""
        self._noted.note(STAFF)
        return self.frame.directory.get(staff_id.casefold())

    def is_stranger(self, staff_id: str) -> bool:
        """Whether the staff directory was asked about somebody, and does not know them."""
        self._noted.note(STAFF)
        return self.frame.directory.get(staff_id.casefold(), ()) is None

    def choice(self, duty: str) -> str | None:
        """The choice of that decision."""
        answer = self.answer(duty)
        return answer.choice if answer else None

    # -- what is kept ---------------------------------------------------------------------------------------

    def keep(self, name: Hashable, work_out: Callable[[Any], T]) -> T:
        """What is worked out under a name: as it was kept, if nothing that was read for it has changed.

        Args:
            name: One for each thing that is worked out; a tuple where it depends on more than the reading.
            work_out: How, from a reading and what stands in the name, and from nothing else: an entry that it brought
                along would be another one in another past, as a proof lives through it.
        """
        if self._apart is not None:
            return self._keep_apart(name, work_out)  # type: ignore[no-any-return]
        memory = self._memory
        if memory.reading is not self:
            self._begin()
        known = memory.kept.get(name)
        if known is None:
            known = Kept(name, work_out)
            self._work_out(known)
            memory.kept[name] = known
        elif known.checked != memory.turn and not self._still_so(known):
            self._work_out(known)
        if (page := self._noted.page) is not None:
            page.facts[known] = known.changed
        return known.value  # type: ignore[no-any-return]

    def _begin(self) -> None:
        """From here on this is the reading: what differs from the one before is what has changed, also where time and
        the record have gone back."""
        memory, before, differs = self._memory, self._memory.reading, 0
        if before is not None:
            if not self.frame.reads_like(before.frame):
                memory.kept.clear()
            differs = self.record.changed_since(before.record) | self.frame.changed_since(before.frame)
        memory.begin(self, differs)  # last, so that nothing is half begun if it breaks off

    def kept_before(self, name: str) -> Any:
        """What was kept under a name, whatever has changed since: to begin from, never to rely on."""
        known = self._memory.kept.get(name) if self._apart is None else None
        return known.value if known else None

    def rests_on(self, name: Hashable) -> frozenset[Source]:
        """Every kind of entry, and of duty that was answered, that was read for something that is kept."""
        known = self._memory.kept.get(name)
        return sources_in(known.all_sources) if known else frozenset()

    def _still_so(self, known: Kept) -> bool:
        """Whether nothing has changed of what was read for something."""
        now, memory, checked = self._now, self._memory, known.checked
        if checked is None:
            return False
        since = memory.since
        new = since[turns] if (turns := memory.turn - checked) < len(since) else memory.changed_since(checked)
        if (
            known.all_sources & new
            or (known.all_until is not None and now >= known.all_until)
            or (known.all_since is not None and now < known.all_since)
        ):
            if (
                known.sources & new
                or (known.until is not None and now >= known.until)
                or (known.since is not None and now < known.since)
            ):
                return False
            # In the order in which they were read: what was read only because of another is not asked in vain.
            for read, changed in zip(known.facts, known.as_read, strict=True):
                if read.checked != memory.turn and not self._still_so(read):
                    self._work_out(read)
                if read.changed != changed:
                    return False
            known.hold_on(memory.turn)
        else:
            known.checked = memory.turn
        return True

    def _work_out(self, known: Kept) -> None:
        notes = self._noted
        outer, page = notes.page, Page()
        notes.page = page
        try:
            value = known.work_out(self)
        finally:
            notes.page = outer
        known.hold(value, page, self._memory.turn)

    def _keep_apart(self, name: Hashable, work_out: WorkOut) -> Any:
        assert self._apart is not None
        notes, known = self._noted, self._apart.get(name)
        if known is None:
            outer, notes.page = notes.page, Page()
            try:
                known = self._apart[name] = work_out(self), notes.page
            finally:
                notes.page = outer
        if notes.page is not None:
            notes.page.sources |= known[1].sources
        return known[0]


def kinds_of(read: Iterable[Source]) -> set[type[Entry]]:
    """The kinds of entries among what was read."""
    return {what for what in read if isinstance(what, type) and issubclass(what, Entry)}
