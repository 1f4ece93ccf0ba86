"""One step of an episode: what is stated is taken or refused, and then followed through to the next state.

What is stated and what time brings are judged by the whole situation anew, so that a late entry, a correction and an
outage need no code of their own. A step works on values alone: if it breaks off, nothing has happened (E9).
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from workflows.core.engine.acts import Stated
from workflows.core.engine.authorship import refuse_unauthored, unsigned
from workflows.core.engine.corrections import told_of_corrections
from workflows.core.engine.effects import Effect, MessagePatient
from workflows.core.engine.errors import Refused
from workflows.core.engine.record import is_taken_over, targets_of
from workflows.core.engine.repeats import repeated, said_anew, told_of_repeats
from workflows.core.engine.shown import Changed
from workflows.core.engine.signing_keys import refuse_about_keys
from workflows.core.episode.authority import signatures_taken_back
from workflows.core.episode.changes import (
    told,
    told_of_attendance,
    told_of_days_far_ahead,
    told_of_empty_screenings,
    told_of_revocations,
    told_of_strangers,
)
from workflows.core.episode.decisions import Ids, answer_to
from workflows.core.episode.engine import Engine
from workflows.core.episode.entries import (
    Admission,
    Closure,
    Decision,
    Entry,
    Exit,
    Leave,
    Retraction,
    Return,
    SessionChange,
    Source,
    TeamChange,
)
from workflows.core.episode.following import Following
from workflows.core.episode.messages.alarms import entry_after_exit, taken_back
from workflows.core.episode.refusals import refuse
from workflows.core.episode.state import EpisodeState


class Decided(NamedTuple):
    """What has come of a step."""

    state: EpisodeState
    effects: tuple[Effect, ...]
    """What the world must do."""
    results: tuple[Changed | Refused, ...] = ()
    """For each entry what it has changed, or why it was refused."""


def decide(
    engine: Engine, state: EpisodeState, entries: Sequence[Entry], now: datetime, *, is_ours: bool = False
) -> Decided:
    """Record entries together: all that are accepted stand in the record before anything is judged.

    Each is accepted or refused for itself; the results are in the order of `entries`. An error that is no refusal is a
    defect of ours: then nothing of them is kept, and the episode goes on from the state it is in (E9).

    Args:
        engine: Of the episode.
        state: Where it stands.
        entries: What is stated.
        now: The instant.
        is_ours: Whether the engine states it itself, of what it was begun with or has been told by a referral of its
            own: then nobody signs it.
    """
    step = _Step(engine, state, now, is_ours=is_ours)
    results = step.take(entries)
    return Decided(step.state, tuple(step.effects), tuple(results))


def retell(engine: Engine, state: EpisodeState, act: Stated) -> Decided:
    """Take entries as the journal has them, in its order: what was accepted once is not judged again (T3)."""
    step = _Retold(engine, state, act)
    step.take(act.entries)
    return Decided(step.state, tuple(step.effects))


def wake(engine: Engine, state: EpisodeState, now: datetime) -> Decided:
    """Bring a state up to date with the time."""
    following = Following(engine, state, now)
    following.follow()
    return Decided(following.state, tuple(following.effects))


class _Step(Following):
    """A step while it is taken."""

    def __init__(self, engine: Engine, state: EpisodeState, now: datetime, *, is_ours: bool = False) -> None:
        super().__init__(engine, state, now)
        self._trust, self._is_ours = engine.trust(state), is_ours
        self._before = engine.seen(state, now)
        self._judged_by = self.facts
        """The facts by which an entry is accepted or refused: those before what came with it."""

    def take(self, entries: Sequence[Entry]) -> list[Changed | Refused]:
        """Record what may be recorded, follow it, and tell what it has changed."""
        now = self.now
        by_time = self.owed_by_time()
        if not self.state.record.all_of(Admission) and any(is_taken_over(entry) for entry in entries):
            self.state = replace(self.state, record=self.state.record.taken_over(now))
            self._judged_by = self.facts
        if not self._trust:
            entries = [unsigned(entry) for entry in entries]
        entries = [said_anew(entry, self.state.record) for entry in entries]
        results = self._accept(entries)
        was_closed = self.stage.is_over
        happened = self.follow(frozenset(entry.kind for entry in entries), by_time)
        new = {r.entry_id for r in results if isinstance(r, Changed) and not r.duplicate}
        recorded = [entry for entry in entries if entry.key in new]
        if any(entry.source is Source.IMPORT for entry in entries):
            # What another system tells is no occasion to write to a patient: its moment has passed, or was theirs (T7).
            self.effects = [effect for effect in self.effects if not isinstance(effect, MessagePatient)]
        if was_closed and self.stage.is_over:
            self._show_after_exit(recorded)
        for entry in recorded:
            taken = signatures_taken_back(entry, self.facts)
            self.effects += [taken_back(self.facts, entry, signed) for signed in taken]
        return self._told(results, [*self._said_of(recorded), *happened])

    def _accept(self, entries: Sequence[Entry]) -> list[Changed | Refused]:
        """Take each entry into the record, or refuse it.

        What is checked against other entries waits for those that came with it, in whatever order (T4): a session's
        changes for those before them, decisions for the facts, corrections for what they correct.
        """
        results: list[Changed | Refused | None] = [None] * len(entries)
        arriving = frozenset(entry.key for entry in entries)
        decisions: list[int] = []
        corrections: list[int] = []
        for number, entry in sorted(enumerate(entries), key=lambda one: _turn(one[1])):
            if isinstance(entry, Decision):
                decisions.append(number)
            elif not arriving.isdisjoint(targets_of(entry)):
                corrections.append(number)
            else:
                if _turn(entry) or isinstance(entry, Leave | Admission):  # by those that came before it, too
                    self._judged_by = self.facts
                results[number] = self._add(entry, arriving)
        self._try_changes_again(entries, results)
        if any(self.state.record.place(entry, self.now).is_history for entry in entries):
            self.state = replace(self.state, taken_over_at=self.now)
        for number in sorted(decisions, key=lambda n: (entries[n].when() or self.now.date(), n)):
            results[number] = self._decide(entries[number])
        for number in corrections:  # of what came with them: only then it is known who may (E0)
            self._judged_by = self.facts
            results[number] = self._add(entries[number], arriving)
        return [result for result in results if result is not None]

    def _try_changes_again(self, entries: Sequence[Entry], results: list[Changed | Refused | None]) -> None:
        """A session may be moved by one entry of a batch to where another one finds it, in whatever order (A2, T4)."""
        left = [n for n, one in enumerate(entries) if isinstance(one, SessionChange)]
        while left := [n for n in left if isinstance(results[n], Refused)]:
            for number in left:
                self._judged_by = self.facts
                results[number] = self._add(entries[number], frozenset())
            if all(isinstance(results[number], Refused) for number in left):
                return

    def _add(self, entry: Entry, arriving: frozenset[str]) -> Changed | Refused:
        if known := repeated(entry, self.state.record, self.stage):
            return known
        try:
            self._check(entry, arriving)
        except Refused as refused:
            return refused
        self._keep(entry)
        return Changed(entry_id=entry.key, stage=self.stage)

    def _decide(self, entry: Entry) -> Changed | Refused:
        assert isinstance(entry, Decision)
        if known := repeated(entry, self.state.record, self.stage):
            return known
        worklist = self.state.worklist
        try:
            self.settle()  # the decision before this one may have moved the episode
            self._judged_by = self.facts
            self._check(entry, frozenset())
            duties = list(self.engine.pathway.duties(self.facts, self.state.states))
            ids = Ids({key: task.task_id for key, task in worklist.open.items()}, worklist.asked_by)
            key, answer = answer_to(entry, duties, ids, self.facts)
        except Refused as refused:
            return refused
        self._keep(entry)
        self.state = replace(self.state, answers=self.state.answers.with_answer(key, answer))
        return Changed(entry_id=entry.key, stage=self.stage)

    def _check(self, entry: Entry, arriving: frozenset[str]) -> None:
        record = self.state.record
        if not self._is_ours:
            refuse_unauthored(entry, self.engine.workflow_id, self._trust, self.now)
        refuse_about_keys(entry, record, self._trust.keys)
        record.check(entry, arriving)
        refuse(record.place(entry, self.now), self._judged_by, self.stage, self.engine.pathway.defaults)

    def _keep(self, entry: Entry) -> None:
        self.state = replace(self.state, record=self.state.record.with_entry(entry, self.now))
        self.stated.append(entry.key)

    # -- telling what has come of it ------------------------------------------------------------------------

    def _said_of(self, recorded: list[Entry]) -> list[str]:
        facts = self.facts
        return [
            *told_of_corrections(recorded, facts.record),
            *told_of_repeats(recorded),
            *told_of_empty_screenings(recorded),
            *told_of_strangers(recorded, facts),
            *told_of_days_far_ahead(recorded, facts),
            *[facts.unmatched[entry.key] for entry in recorded if entry.key in facts.unmatched],
            *told_of_revocations(recorded, facts),
            *told_of_attendance(recorded, facts),
        ]

    def _told(self, results: Sequence[Changed | Refused], happened: Sequence[str]) -> list[Changed | Refused]:
        """What the entries have changed together stands with each of them."""
        before, after = self._before, self.engine.leave(self.state)
        changed = {name for name in after if before.get(name) != after[name]}
        told_to_all = {
            "stage": self.stage,
            "changes": told(before, after, happened),
            "before": {name: before.get(name) for name in changed},
            "after": {name: after[name] for name in changed},
        }
        return [
            result.model_copy(update=told_to_all)
            if isinstance(result, Changed) and not result.duplicate
            else result
            for result in results
        ]

    def _show_after_exit(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            if (
                not isinstance(entry, Decision | Exit | Retraction | TeamChange | Closure)
                and entry.source is not Source.IMPORT
            ):
                self.effects.append(entry_after_exit(self.facts, entry.kind, entry.key))


class _Retold(_Step):
    """A step that was taken before."""

    def __init__(self, engine: Engine, state: EpisodeState, act: Stated) -> None:
        record = state.record.taken_over(act.at) if act.hands_over else state.record
        super().__init__(engine, state, act.at)
        self.state, self._is_history = replace(state, record=record), act.is_history

    def _accept(self, entries: Sequence[Entry]) -> list[Changed | Refused]:
        results: list[Changed | Refused] = []
        if self._is_history:
            self.state = replace(self.state, taken_over_at=self.now)
        for entry in entries:
            result = self._decide(entry) if isinstance(entry, Decision) else None
            if result is None or isinstance(
                result, Refused
            ):  # an answer that this version has no question for
                self._keep(entry)
                result = Changed(entry_id=entry.key, stage=self.stage)
            results.append(result)
        return results

    def _check(self, entry: Entry, arriving: frozenset[str]) -> None:
        """It was checked when it was taken."""


def _turn(entry: Entry) -> int:
    """When an entry of a batch is looked at: a move of a session before what happens to the moved one."""
    if isinstance(entry, SessionChange):
        return {"added": 0, "moved": 1, "cancelled": 2}[entry.change]
    return 3 if isinstance(entry, Return | Exit) else 0
