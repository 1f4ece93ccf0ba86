"""The bitemporal record: every entry with the time it is true and the time it was recorded (T2, T3).

A record is a value: with one entry more it is another record, and the one before stays what it was. What stands is
computed: an entry stands unless it is retracted or has a successor, whatever the order in which they arrived (T4).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, Generic
from zoneinfo import ZoneInfo

from typing_extensions import TypeVar

from workflows.core.engine import notes
from workflows.core.engine.bounds import check_room
from workflows.core.engine.entry import Entry, Source, effective_at, kept_small
from workflows.core.engine.errors import InvalidEntry
from workflows.core.engine.notes import (
    CORRECTIONS,
    EVERYTHING,
    MISSING,
    Notes,
    Selection,
    bit_of,
    selections_of,
)
from workflows.core.engine.sources import may_correct
from workflows.core.engine.statements import Retraction

E = TypeVar("E", bound=Entry, covariant=True, default=Entry)
K = TypeVar("K", bound=Entry)


@dataclass(frozen=True, slots=True)
class Recorded(Generic[E]):
    """An entry in the record. `effective_at` is in the program's zone, `recorded_at` an instant."""

    entry: E
    recorded_at: datetime
    effective_at: datetime
    is_history: bool = False
    """Whether it happened in another system before this engine took the episode up (T7)."""

    @property
    def key(self) -> str:
        """The entry's id."""
        return self.entry.key

    @property
    def known_at(self) -> datetime:
        """When somebody first owed an answer to it: history was known elsewhere when it happened (T7).

        What an import tells of the time since then is news like any other.
        """
        return self.effective_at if self.is_history else self.recorded_at


class Record:
    """All entries of one episode. Whoever reads it notes what was read (`notes`)."""

    def __init__(self, zone: ZoneInfo, began_at: datetime) -> None:
        self.notes = Notes()
        self.zone, self.began_at = zone, began_at
        self.taken_over_at: datetime | None = None
        """When another system handed the episode over, if one had it before (T7)."""
        self._by_key: dict[str, Recorded] = {}
        self._by_kind: dict[type, tuple[Recorded, ...]] = {}
        self._undone_by: dict[str, tuple[str, ...]] = {}
        self._standing: dict[notes.Source, list[Recorded]] = {}
        self._touched: dict[notes.Source, Recorded] = {}
        """By which entry each kind, and the corrections, were last changed."""
        self._bytes = 0

    def __len__(self) -> int:
        self.notes.note(EVERYTHING)
        return len(self._by_key)

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and self.get(key) is not None

    def __iter__(self) -> Iterator[Recorded]:
        """In the order of recording."""
        self.notes.note(EVERYTHING)
        return iter(self._by_key.values())

    def since(self, earlier: "Record") -> Iterator[Recorded]:
        """What was recorded after an earlier record of the same episode, in the order of recording."""
        return islice(self._by_key.values(), len(earlier._by_key), None)

    @property
    def is_corrected(self) -> bool:
        """Whether any entry was ever retracted or replaced."""
        self.notes.note(CORRECTIONS)
        return bool(self._undone_by)

    def get(self, key: str) -> Recorded | None:
        """The entry with an id, standing or not."""
        found = self._by_key.get(key)
        if found is None:
            self.notes.note_missing(key)
        return found

    def check(self, entry: Entry, arriving: Iterable[str] = ()) -> None:
        """Refuse a correction that points nowhere or in a circle.

        Args:
            entry: What is about to be recorded.
            arriving: Ids that are recorded with it, in the same batch.

        Raises:
            InvalidEntry: the entry it corrects is not known, or is itself.
            NotAllowedNow: the record has no room for it.
        """
        check_room(entry, _bytes_of(entry), self._bytes)
        for target in targets_of(entry):
            if target == entry.key:
                raise InvalidEntry(f"Entry {target} cannot correct itself; name the entry that was wrong.")
            known = target in self._by_key or target in arriving
            if not known and not entry.source.arrives_out_of_order:
                raise InvalidEntry(f"There is no entry {target} to correct; the journal lists the ids.")
            if self._leads_back(entry.key, target):
                raise InvalidEntry(
                    f"Entry {target} already corrects {entry.key}; two entries cannot undo "
                    "each other. Record a new entry instead."
                )

    def with_entry(self, entry: Entry, recorded_at: datetime) -> "Record":
        """The record with one entry more; itself if the entry's id is already there (T4)."""
        return self.with_entries([(entry, recorded_at)])

    def with_entries(self, entries: Iterable[tuple[Entry, datetime]]) -> "Record":
        """The record with more entries, each with the instant at which it was recorded, in that order."""
        grown = copy(self)
        for name in ("_by_key", "_by_kind", "_undone_by", "_standing", "_touched"):
            setattr(grown, name, dict(getattr(self, name)))
        for entry, recorded_at in entries:
            if entry.key not in grown._by_key:
                grown._add(entry, recorded_at)
        return self if len(grown._by_key) == len(self._by_key) else grown

    def _add(self, entry: Entry, recorded_at: datetime) -> None:
        recorded, targets = self.place(kept_small(entry), recorded_at), targets_of(entry)
        self._by_key[entry.key] = recorded
        self._bytes += _bytes_of(entry)
        self._by_kind[type(entry)] = (*self._by_kind.get(type(entry), ()), recorded)
        for target in targets:
            self._undone_by[target] = (*self._undone_by.get(target, ()), entry.key)
            self._touch(target, recorded)
        self._touch(entry.key, recorded)
        if entry.key in self._undone_by or targets:
            self._touched[CORRECTIONS] = recorded

    def changed_since(self, earlier: "Record") -> int:
        """What differs from another record of the same episode, as `notes` counts it: a bit for each source."""
        if earlier is self:
            return 0
        now, then = self._touched, earlier._touched
        differs = bit_of(EVERYTHING)
        for source in now.keys() | then.keys():
            if now.get(source) is not then.get(source):
                differs |= bit_of(source)
        if any((key in self._by_key) != (key in earlier._by_key) for key in self.notes.sought):
            differs |= bit_of(MISSING)
        return differs

    def place(self, entry: Entry, recorded_at: datetime) -> Recorded:
        """An entry with both its times, without keeping it."""
        at = effective_at(entry, recorded_at, self.zone)
        taken = self.taken_over_at
        began_at = taken if taken and recorded_at >= taken else self.began_at
        was_before = at.astimezone(self.zone).date() < began_at.astimezone(self.zone).date()
        return Recorded(entry, recorded_at, at, entry.source is Source.IMPORT and was_before)

    def as_of(self, instant: datetime) -> "Record":
        """What had been recorded by an instant (T2)."""
        past = Record(self.zone, self.began_at)
        if self.taken_over_at and self.taken_over_at <= instant:
            past = past.taken_over(self.taken_over_at)
        known = (r for r in self._by_key.values() if r.recorded_at <= instant)
        return past.with_entries((recorded.entry, recorded.recorded_at) for recorded in known)

    def taken_over(self, at: datetime) -> "Record":
        """From here on this engine has the episode: with its admission its history is imported (T7)."""
        if self.taken_over_at is not None:
            return self
        taken = copy(self)
        taken.taken_over_at = at
        return taken

    @property
    def was_taken_over(self) -> bool:
        """Whether another system had the episode before this engine (T7)."""
        return self.taken_over_at is not None

    def stands(self, key: str) -> bool:
        """Whether an entry stands: it is not retracted, and nothing has taken its place."""
        self.notes.note(CORRECTIONS)
        return self._stands(key)

    def _stands(self, key: str) -> bool:
        return key not in self._undone_by or self._undone(key) is None

    def undone_by(self, key: str) -> Recorded | None:
        """What retracted or replaced an entry, if it does not stand.

        A successor keeps its predecessor out of force also when it is itself replaced; only when it is retracted
        does the predecessor stand again.
        """
        self.notes.note(CORRECTIONS)
        return self._undone(key)

    def _undone(self, key: str) -> Recorded | None:
        for recorded in self._correcting(key):
            if _retracts(recorded.entry, key):
                if self._stands(recorded.key):
                    return recorded
            elif not self._retracted(recorded.key):
                return recorded
        return None

    def undoing(self, key: str) -> list[Recorded]:
        """Every standing retraction and every successor of an entry."""
        self.notes.note(CORRECTIONS)
        return [one for one in self._correcting(key) if self._stands(one.key)]

    def successors(self, key: str) -> list[Recorded]:
        """Every standing entry that has taken the place of an entry; more than one contradict each other."""
        return [one for one in self.undoing(key) if one.entry.supersedes == key]

    @property
    def contested(self) -> list[str]:
        """Entries with more than one standing successor, in the order in which they were corrected."""
        self.notes.note(CORRECTIONS)
        return [key for key, by in self._undone_by.items() if len(by) > 1 and len(self.successors(key)) > 1]

    @property
    def corrections_ahead(self) -> Mapping[str, str]:
        """Corrections of what is not on record yet: the id of each, and of what it corrects (T4)."""
        self.notes.note(CORRECTIONS)
        return {
            by: target
            for target, these in self._undone_by.items()
            if target not in self._by_key
            for by in these
        }

    def all_of(self, kind: type[K]) -> Sequence[Recorded[K]]:
        """Every entry of a kind, standing or not, in the order of recording."""
        self.notes.note(kind)
        return self._by_kind.get(kind, ())  # type: ignore[return-value]  # kept by their own class

    def _retracted(self, key: str) -> bool:
        return any(_retracts(one.entry, key) and self._stands(one.key) for one in self._correcting(key))

    def _correcting(self, key: str) -> Iterator[Recorded]:
        """What retracts or replaces an entry and may: a correction that came before it was not refused (E0, T4)."""
        corrected = self._by_key.get(key)
        for by in self._undone_by.get(key, ()):
            if corrected is None or may_correct(self._by_key[by].entry, corrected.entry):
                yield self._by_key[by]

    def standing(self, what: type[K] | Selection[K]) -> Sequence[Recorded[K]]:
        """What stands of a kind or of some of it, by the time it is true; equal times by recording, then by id (T4)."""
        self.notes.note(what)
        found = self._standing.get(what)
        if found is None:
            found = self._standing[what] = self._all_standing(what)
        return found  # type: ignore[return-value]  # kept by their own class

    def _all_standing(self, what: type[Entry] | Selection[Any]) -> list[Recorded]:
        if isinstance(what, Selection):
            told = [r for r in self._by_kind.get(what.kind, ()) if what.holds(r.entry)]
        else:
            told = [*self._by_kind.get(what, ())]
        return sorted((r for r in told if self._stands(r.key)), key=_order)

    def _touch(self, key: str, by: Recorded) -> None:
        """Mark what depends on whether an entry stands as changed, along the chain of corrections."""
        recorded = self._by_key.get(key)
        if recorded is None:
            return
        kind = type(recorded.entry)
        self._touch_among(kind, recorded, by)
        for selection in selections_of(kind):
            if selection.holds(recorded.entry):
                self._touch_among(selection, recorded, by)
        for target in targets_of(recorded.entry):
            self._touch(target, by)

    def _touch_among(self, what: notes.Source, recorded: Recorded, by: Recorded) -> None:
        self._touched[what] = by
        kept = self._standing.get(what)
        if kept is not None and not self._undone_by.get(recorded.key):
            # The usual case, a new entry of today, goes to its place without reading all the others again.
            self._standing[what] = _with(kept, recorded)
        else:
            self._standing.pop(what, None)

    def _leads_back(self, key: str, target: str) -> bool:
        pending = self._by_key.get(target)
        return pending is not None and any(
            back == key or self._leads_back(key, back) for back in targets_of(pending.entry)
        )


def _bytes_of(entry: Entry) -> int:
    return len(entry.model_dump_json(by_alias=True, exclude_defaults=True).encode())


def is_taken_over(entry: Entry) -> bool:
    """Whether an entry brings an episode from another system, where the person was admitted."""
    return entry.begins_a_history and entry.source is Source.IMPORT


def targets_of(entry: Entry) -> tuple[str, ...]:
    """Ids of the entries that an entry retracts or replaces."""
    replaced = (entry.supersedes,) if entry.supersedes else ()
    return (entry.entry_id, *replaced) if isinstance(entry, Retraction) else replaced


def _retracts(entry: Entry, key: str) -> bool:
    return isinstance(entry, Retraction) and entry.entry_id == key


def _order(recorded: Recorded) -> tuple[datetime, datetime, str]:
    return (recorded.effective_at, recorded.recorded_at, recorded.key)


def _with(kept: Sequence[Recorded], recorded: Recorded) -> list[Recorded]:
    place = len(kept)
    while place and _order(kept[place - 1]) > _order(recorded):
        place -= 1
    return [*kept[:place], recorded, *kept[place:]]
