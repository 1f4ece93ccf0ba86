"""What the shell asks of a core, and nothing else: whoever offers this can be made durable. The time is told to it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from workflows.core.engine.acts import Act
from workflows.core.engine.deadline import Deadline
from workflows.core.engine.effects import OpenTask
from workflows.core.engine.record import Record
from workflows.core.engine.shown import Changed
from workflows.core.engine.signatures import Signature, Trust
from workflows.core.episode.entries import Entry


class Known(Protocol):
    """What follows from a record."""

    @property
    def team(self) -> Mapping[str, str]:
        """Staff ids by role."""


class Life(Protocol):
    """A record that lives: an episode, or a referral."""

    # -- what happens -------------------------------------------------------------------------------------

    def apply(self, entry: Entry, now: datetime) -> Changed:
        """Record one entry.

        Raises:
            Refused: why it is refused; then nothing has changed.
        """

    def wake(self, now: datetime) -> None:
        """Bring it up to date with the time."""

    def live_again(self, now: datetime) -> None:
        """It was folded from its journal: what may be missing in the world is asked for again, under the same keys."""

    def check_author(self, entry: Entry, now: datetime) -> None:
        """Refuse an entry that its author has not signed, where entries are signed.

        Raises:
            Refused: why.
        """

    def believes(
        self,
        task_id: str,
        outcome: str,
        by: str,
        reason: str | None,
        now: datetime,
        signature: Signature | None,
    ) -> bool:
        """Whether somebody has answered a task so."""

    def ask_anew(self, task_id: str, now: datetime) -> None:
        """A task has ended with an answer that had no effect."""

    # -- what has decided how its record is folded ------------------------------------------------------------

    def note_acts(self) -> None:
        """From now on note it, for the journal."""

    def take_acts(self) -> Sequence[Act]:
        """What was noted since this was last asked."""

    # -- what it asks of the world ------------------------------------------------------------------------

    @property
    def effects(self) -> Sequence[Any]:
        """What nobody has carried out yet."""

    def take_effects(self) -> Sequence[Any]:
        """The same, to be carried out now."""

    def wants(self, effect: Any, /) -> bool:
        """Whether what is on its way is still to be sent."""

    @property
    def next_deadline(self) -> Deadline | None:
        """What it waits for."""

    def wait_for_nothing(self) -> None:
        """A deadline could not be judged: it is not waited for again."""

    # -- what the world has answered ------------------------------------------------------------------------

    def heard_of(self, task_id: str, unreached: str | None) -> None:
        """A task tells whether anybody was reached about it."""

    def reached(self, notice: str) -> None:
        """Somebody was reached by a notice about no task."""

    def not_reached(self, notice: str, why: str) -> None:
        """Nobody was reached by it so far."""

    def not_delivered(self, *texts: str) -> None:
        """Something has reached nobody, or could not be done; in words, for people to see."""

    def forget_old_notes(self, kept: int) -> None:
        """Keep only the last of what was not delivered."""

    # -- where it stands ------------------------------------------------------------------------------------

    @property
    def record(self) -> Record:
        """What was stated."""

    @property
    def zone(self) -> ZoneInfo:
        """The program's time zone."""

    @property
    def trust(self) -> Trust:
        """What signatures are judged by now (E0)."""

    @property
    def open_tasks(self) -> Mapping[str, OpenTask]:
        """What people owe now."""

    @property
    def facts(self) -> Any:
        """What follows from its record."""

    def finished(self, now: datetime) -> bool:
        """Whether it takes no further entries and nothing is owed (E11)."""

    def packed(self) -> str:
        """Everything about it but its start, as one string for continue-as-new."""
