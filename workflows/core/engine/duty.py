"""What a duty is, and how one comes back after an answer that does not settle it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Protocol

from workflows.core.engine.answers import Answer
from workflows.core.engine.calendar import Calendar, Delay
from workflows.core.engine.keys import kind_of
from workflows.core.engine.signing import ON_CALL, Signers, signers

CLINICIAN = "therapist"
"""The role that takes clinical decisions in a team without further roles."""

AT_ONCE = Delay(hours=0)
"""For what is no task: a question that a person may decide at any time."""


ALWAYS = datetime.min.replace(tzinfo=UTC)
"""Since when a question stands that has no cause: whoever may decide it may do so at any time."""


@dataclass(frozen=True, slots=True)
class Duty:
    """Something a role owes, with the rule and the entries that put it there.

    `key` is the kind and the subject, and stays the same while the duty lasts. `since` is its cause; a task is due from
    there, or from when it could first be known that it is owed, if that was later (T7). A duty whose `since` lies ahead
    is not owed yet: until then the episode waits for it. One that `lapses` belongs to a moment: if its time was over
    before this clinic took the episode over, it is not asked for again (T7). A duty that is no task is a question
    that a person may decide at any time, without being asked.
    """

    key: str
    role: str
    since: datetime
    within: Delay
    outcomes: tuple[str, ...]
    rule: str
    entries: tuple[str, ...]
    asks: str
    lapses: bool = False
    is_task: bool = True
    early: bool = False
    """Whether it may be answered before it is owed."""
    escalates: bool = True
    """Whether it climbs while overdue; a rung does not, because the next rung is its escalation."""
    tells_change: bool = True
    """Whether its owner hears when what it asks changes; a list that only gets shorter is shown, and that will do."""
    done_by: tuple[str, ...] = ()
    """Kinds of entries that do what is owed; if the duty goes otherwise, it is withdrawn (A5)."""
    signed_by: tuple[str, ...] = ()
    """Roles of the team that may answer it; empty: any of them."""
    not_by: str | None = None
    """Who may not answer it, because it judges what this person has proposed (E2)."""
    after: str | None = None
    """The key of a task: without that having been asked, this is not asked either."""
    kept_as: tuple[tuple[str, str], ...] = ()
    """Outcomes that are words for something else, such as one of two entries, and what each is kept as. The latter is
    accepted too."""
    announced: str | None = None
    """The name of the deadline at which it begins, where it lies ahead."""
    latest: datetime | None = None
    """A moment by which it is due in any case, as long as that lies ahead when the task opens: the first session."""

    @property
    def kind(self) -> str:
        """The part of the key that says what is owed."""
        return kind_of(self.key)

    def due_at(self, since: datetime, calendar: Calendar) -> datetime:
        """When a task for it is due that is owed since an instant (T6)."""
        due_at = calendar.due(since, self.within)
        return min(due_at, self.latest) if self.latest and self.latest > since else due_at

    def owner(self, team: Mapping[str, str]) -> str | None:
        """Who of a team owes it. Nobody yet, where that is the person who may not answer it (E2)."""
        owner = team.get(self.role)
        return None if owner and self.not_by and owner.casefold() == self.not_by.casefold() else owner

    def signers(self, team: Mapping[str, str]) -> Signers:
        """Who of a team may answer it; a call of the on-call role is answered by whoever is there (E8)."""
        return signers(team, self.signed_by, self.not_by, at_hand=self.role == ON_CALL)


class Moment(Protocol):
    """The facts of a moment, as far as duties in general ask them."""

    @property
    def now(self) -> datetime:
        """The instant."""

    @property
    def calendar(self) -> Calendar:
        """The program's days."""

    def answer(self, duty: str) -> Answer | None:
        """What was decided about a duty by then, if that stands."""


def repeated(facts: Moment, duty: Duty, again: Mapping[str, Delay]) -> Iterator[Duty]:
    """A duty that comes back.

    Args:
        facts: The facts of the moment.
        duty: As it is asked for the first time.
        again: For each answer that does not settle it, how long after that answer it is asked for anew.

    Yields:
        The present asking, with a key of its own; nothing once an answer has settled it.
    """
    key, number, since = duty.key, 1, None
    while answer := facts.answer(key):
        if answer.choice not in again:
            return
        number += 1
        key, since = f"{duty.key}#{number}", (answer.at, again[answer.choice])
    if since:
        duty = replace(duty, key=key, since=facts.calendar.due(*since))
    yield duty
