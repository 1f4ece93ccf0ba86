"""What an exit is made from: an entry that a named person signed, and nothing else (E1).

It holds three times. By type: a `SignedExit` is made from an exit entry or a decision, and from no other. By what is
read: the fact that an exit stands has read nothing but what people sign, and what takes that back. And in every run,
the live one too: an episode that would be closed otherwise is not, and whoever did the step hears of a defect.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING

from workflows.core.engine.entry import Source
from workflows.core.engine.notes import CORRECTIONS, MISSING
from workflows.core.engine.sources import NO_PERSONS
from workflows.core.episode.entries import Decision, Entry, Exit, Return

if TYPE_CHECKING:
    from workflows.core.episode.facts import Facts

OF_AN_EXIT = frozenset({Exit, Return, "reopening", CORRECTIONS, MISSING})
"""What may be read for an exit, beside the answers by which the pathway closes an episode: it can be signed, be taken
back, and be reopened by whoever comes back (E3)."""


class NotSigned(Exception):
    """An exit that no named person has signed: a defect of ours, so that nothing of the step is kept (E1)."""


@dataclass(frozen=True, slots=True)
class SignedExit:
    """An exit that a named person signed. Times are of the program.

    Raises:
        NotSigned: its statement is signed by nobody.
    """

    statement: Exit | Decision = field(compare=False)
    reason: str
    on: date
    known_at: datetime
    reopened_at: datetime | None = None
    """When it was taken back as a withdrawal (E3)."""
    key: str = field(init=False)
    """The id of the entry or decision."""

    def __post_init__(self) -> None:
        if not is_signed(self.statement):
            raise NotSigned(f"{self.reason}: {self.statement.kind} from {self.statement.source}")
        object.__setattr__(self, "key", self.statement.key)

    @property
    def decided(self) -> bool:
        """By an answer to a duty, and not by an exit entry."""
        return isinstance(self.statement, Decision)


def is_signed(entry: Entry) -> bool:
    """Whether an entry can close an episode: of its kind, from its source, and by somebody (E0, E1)."""
    if not isinstance(entry, Exit | Decision) or entry.source not in entry.stated_by:
        return False
    return entry.source is not Source.STAFF or entry.by.casefold() not in NO_PERSONS


def refuse_unsigned_exit(facts: "Facts", is_closed: bool) -> None:
    """Refuse to be closed by anything but what a named person has signed.

    Raises:
        NotSigned: what it would hang on.
    """
    if facts.exit_signed is None:
        if is_closed:
            raise NotSigned("closed, and no exit stands")
        return
    signed = {*OF_AN_EXIT, *(kind for kind, _ in facts.frame.exits)}
    if more := facts.rests_on("exit_signed") - signed:
        told = sorted(what if isinstance(what, str) else getattr(what, "__name__", "") for what in more)
        raise NotSigned(f"the exit rests on {', '.join(told)}")
