"""What an episode and a referral have in common for whoever runs them: a state, and what is still to be done for it."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Generic, TypeVar

from workflows.core.engine.acts import Act
from workflows.core.engine.authorship import is_answer_of, refuse_unauthored
from workflows.core.engine.deadline import Deadline
from workflows.core.engine.effects import OpenTask
from workflows.core.engine.entry import Entry
from workflows.core.engine.record import Record
from workflows.core.engine.signatures import Answered, Signature, Trust
from workflows.core.engine.state import State
from workflows.core.engine.worklist import Worklist

S = TypeVar("S", bound=State)
E = TypeVar("E")


class Living(ABC, Generic[S, E]):
    """A state that goes on, and the effects that nobody has carried out yet."""

    def __init__(self, state: S) -> None:
        self.state = state
        self.effects: list[E] = []
        """What the world has not been asked for yet."""
        self._acts: list[Act] | None = None

    # -- what has decided where it stands -------------------------------------------------------------------

    def note_acts(self) -> None:
        """From now on note what decides how the record is folded, for whoever keeps the journal."""
        self._acts = self._acts or []

    def take_acts(self) -> list[Act]:
        """What was noted since this was last asked."""
        taken, self._acts = self._acts or [], None if self._acts is None else []
        return taken

    def live_again(self, now: datetime) -> None:
        """It was folded from its journal: the tasks that people owe may run no more, and are asked for under the same
        ids; of those that run nothing comes of it."""
        open_tasks: list[Any] = [*self.state.worklist.open.values()]
        self.effects += open_tasks

    # -- how it goes on ---------------------------------------------------------------------------------------

    @abstractmethod
    def wake(self, now: datetime) -> None:
        """Bring it up to date with the time."""

    @abstractmethod
    def finished(self, now: datetime) -> bool:
        """Whether it takes nothing further and nothing is owed."""

    def wake_until(self, instant: datetime) -> None:
        """Judge what time has brought up to an instant, each deadline at its own time (T7); nothing of it is asked of
        the world."""
        while (
            (deadline := self.next_deadline) and deadline.at <= instant and not self.finished(self.state.at)
        ):
            self.wake(max(deadline.at, self.state.at))
            self.take_effects()
            if self.next_deadline == deadline:  # a defect of ours, and no reason to go on for ever
                self.wait_for_nothing()

    def go_on(self, state: S, effects: Sequence[E] = (), act: Act | None = None) -> None:
        """Come to the next state; `act` is what has decided how the record is folded, if anything has.

        All of it is worked out before: no state is reached of which the journal does not know how (E9).
        """
        self.state = state
        self.effects += effects
        if act is not None and self._acts is not None:
            self._acts.append(act)

    def take_effects(self) -> list[E]:
        """What the world must do since this was last asked."""
        taken, self.effects = self.effects, []
        return taken

    @property
    @abstractmethod
    def trust(self) -> Trust:
        """What signatures are judged by now (E0)."""

    @property
    @abstractmethod
    def workflow_id(self) -> str:
        """What statements are told to."""

    def check_author(self, entry: Entry, now: datetime) -> None:
        """Refuse an entry that its author has not signed, before anything else is looked at (E0).

        Raises:
            NotAllowedNow: what is wrong with the signature, or who would have to sign.
        """
        if entry.key not in self.state.record:
            refuse_unauthored(entry, self.workflow_id, self.trust, now)

    def believes(
        self,
        task_id: str,
        outcome: str,
        by: str,
        reason: str | None,
        now: datetime,
        signature: Signature | None,
    ) -> bool:
        """Whether somebody has answered a task so: anybody may say so who can write to the server (E0)."""
        return is_answer_of(by, Answered(task_id, outcome, reason), signature, self.trust, now)

    # -- what the world has answered ------------------------------------------------------------------------

    def heard_of(self, task_id: str, unreached: str | None) -> None:
        """A task tells whether anybody was reached about it."""
        self.state = replace(self.state, worklist=self.state.worklist.heard_of(task_id, unreached))

    def reached(self, notice: str) -> None:
        """Somebody was reached by a notice about no task, by its key."""
        self.state = self.state.reached(notice)

    def not_reached(self, notice: str, why: str) -> None:
        """Nobody was reached by a notice about no task so far."""
        self.state = self.state.not_reached(notice, why)

    def not_delivered(self, *texts: str) -> None:
        """Something has reached nobody, or could not be done; in words, for people to see."""
        self.state = self.state.not_delivered(*texts)

    def forget_old_notes(self, kept: int) -> None:
        """Keep only the last of what was not delivered."""
        self.state = replace(self.state, undelivered=self.state.undelivered[-kept:])

    def wait_for_nothing(self) -> None:
        """A deadline could not be judged: it is not waited for again."""
        self.state = replace(self.state, next_deadline=None)

    # -- where things stand -----------------------------------------------------------------------------------

    @property
    def record(self) -> Record:
        """What was stated."""
        return self.state.record

    @property
    def worklist(self) -> Worklist:
        """What people owe."""
        return self.state.worklist

    @property
    def open_tasks(self) -> Mapping[str, OpenTask]:
        """What people owe now, by the key of the duty."""
        return self.state.worklist.open

    @property
    def next_deadline(self) -> Deadline | None:
        """What is waited for."""
        return self.state.next_deadline

    @property
    def undelivered(self) -> tuple[str, ...]:
        """What has reached nobody, or could not be done, in words."""
        return self.state.undelivered
