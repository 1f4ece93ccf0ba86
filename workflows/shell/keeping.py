"""The journal on its way into the clinic database, which is the home of the record (T2, T3, E9).

What decides how the record is folded becomes a line with a number. Lines are handed over in batches, the oldest first;
nobody waits for that. What is not kept yet stays here, and goes along into the run that continues this one. If it takes
long, staff are told, as they are when nobody is reached.
"""

import asyncio
import base64
import json
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError, FailureError

with workflow.unsafe.imports_passed_through():
    from workflows.core.engine.acts import MUST_BE_KEPT, Act, Stated, written
    from workflows.core.engine.calendar import in_words
    from workflows.core.engine.lines import Beginning, line_of
    from workflows.ports.journal import (
        BYTES_AT_ONCE,
        CONTRADICTION,
        KEEP_JOURNAL,
        LINES_AT_ONCE,
        JournalKept,
        JournalLines,
    )
    from workflows.ports.timeouts import (
        JOURNAL,
        JOURNAL_AT_FIRST,
        TAKEN_ALONG_WITHIN,
        TOLD_AGAIN_AFTER,
        Timeouts,
    )
    from workflows.shell.life import Life

ACTS_AT_ONCE = 500
"""Moments at which time was looked at, before they make a line of their own."""


@dataclass(frozen=True)
class Unkept:
    """A line that the clinic database has not confirmed."""

    text: str
    entries: int
    noted_at: datetime


class Keeping:
    """The journal of one episode or referral.

    Args:
        of: `episode` or `referral`.
        living: Whose journal it is.
        start: How it began.
        carried: What the run before this one has handed on; None: there is no journal yet.
        is_new: Whether nothing has happened yet.
        alarm: Tells staff that lines are not kept, in a sentence; called with None once they are.
        stir: Called when something that is shown has changed.
    """

    def __init__(
        self,
        of: str,
        living: Life,
        start: Mapping[str, Any],
        carried: Mapping[str, Any] | None,
        *,
        is_new: bool,
        alarm: Callable[[str | None], None],
        stir: Callable[[], None],
    ) -> None:
        self._living, self._alarm, self._stir = living, alarm, stir
        self._lines: list[Unkept] = []
        self._acts: list[dict[str, Any]] = []
        self._handing: asyncio.Task[None] | None = None
        self.kept = 0
        """How many lines the clinic database has confirmed; the number of the oldest that it has not."""
        self._behind: str | None = None
        self._refused: str | None = None
        self._is_told = False
        self._is_shown, self._is_new = False, is_new
        living.note_acts()
        if carried:
            self._go_on_from(carried)
        else:
            self._begin(of, start, is_new)

    def _begin(self, of: str, start: Mapping[str, Any], is_new: bool) -> None:
        # What began before there was a journal begins it with how it stands.
        began_at = self._living.record.began_at
        beginning = Beginning(of, began_at, start, None if is_new else self._living.packed())
        self._lines.append(Unkept(beginning.line(), 0 if is_new else 1, workflow.now()))

    # -- what is noted ----------------------------------------------------------------------------------------

    def go_on(self) -> None:
        """Take up what has happened, hand over what is not kept, and tell staff where that takes long."""
        self._take_up()
        if bool(self._behind) != self._is_told:
            self._is_told = bool(self._behind)
            self._alarm(" ".join(self.in_words()) if self._behind else None)
        waits = self._has_just_begun() or self._are_soon_taken_along()
        if self._lines and not self._refused and not self._is_handing and not waits:
            self._handing = asyncio.create_task(self._hand_over())

    @property
    def _is_handing(self) -> bool:
        return self._handing is not None and not self._handing.done()

    @property
    def is_quiet(self) -> bool:
        """Whether nothing is being handed over that comes to an end by itself: what takes long is handed on."""
        return self.is_behind or not self._is_handing

    def _has_just_begun(self) -> bool:
        """Whether nothing but the beginning is there yet. What is asked of the world first comes back in a moment, and
        takes it along: each time costs."""
        was_new, self._is_new = self._is_new, False
        return was_new and len(self._lines) == 1

    def _are_soon_taken_along(self) -> bool:
        """Whether a deadline is so near that what comes until then is handed over with it."""
        deadline = self._living.next_deadline
        if not self._lines or deadline is None or self._living.finished(workflow.now()):
            return False
        return workflow.now() < deadline.at <= self._lines[0].noted_at + TAKEN_ALONG_WITHIN

    def _take_up(self) -> None:
        for act in self._living.take_acts():
            self._acts.append(written(act))
            if isinstance(act, MUST_BE_KEPT) or len(self._acts) >= ACTS_AT_ONCE:
                noted_at = act.at if isinstance(act, MUST_BE_KEPT) else workflow.now()
                self._lines.append(Unkept(line_of(self._acts), _entries_in(act), noted_at))
                self._acts = []

    # -- how it is handed over ----------------------------------------------------------------------------------

    async def _hand_over(self) -> None:
        while self._lines:
            batch = self._batch()
            try:
                kept: JournalKept = await workflow.execute_activity(
                    KEEP_JOURNAL,
                    batch,
                    result_type=JournalKept,
                    summary="Clinic database: the journal",
                    **self._patience().options(),
                )
            except ActivityError as error:
                self._is_not_kept(error)
                if self._refused:
                    return
                if isinstance(error.cause, ApplicationError) and error.cause.non_retryable:
                    # It is refused at once, or somebody else has answered for it: without a pause it would never end.
                    await workflow.sleep(TOLD_AGAIN_AFTER, summary="Clinic database: the journal, again")
            else:
                self._is_kept(kept.lines)

    def _batch(self) -> JournalLines:
        texts: list[str] = []
        for line in self._lines[:LINES_AT_ONCE]:
            if texts and sum(map(len, texts)) + len(line.text) > BYTES_AT_ONCE:
                break
            texts.append(line.text)
        return JournalLines(workflow_id=workflow.info().workflow_id, first=self.kept, lines=texts)

    def _patience(self) -> Timeouts:
        """Until people must know, and from then on without end."""
        return JOURNAL if self._behind else JOURNAL_AT_FIRST

    def _is_kept(self, lines: int) -> None:
        del self._lines[: max(0, lines - self.kept)]
        self.kept = max(lines, self.kept)
        if self._behind or self._is_shown:
            self._stir()
        self._behind = None

    def _is_not_kept(self, error: ActivityError) -> None:
        cause = error.cause
        why = cause.message if isinstance(cause, FailureError) else "no answer in time"
        if isinstance(cause, ApplicationError) and cause.type == CONTRADICTION:
            self._refused = why
        self._behind = why
        self._stir()

    # -- how it is shown ----------------------------------------------------------------------------------------

    @property
    def all_is_kept(self) -> bool:
        """Whether nothing would be lost with this workflow."""
        return not self._lines

    @property
    def is_behind(self) -> bool:
        """Whether people must know of what is not kept."""
        return self._behind is not None

    def in_words(self) -> list[str]:
        """What is not in the clinic database yet, since when, and why if that is known."""
        if not self._lines:
            return []
        entries, since = sum(line.entries for line in self._lines), self._lines[0].noted_at
        what = f"{entries} {'entry is' if entries == 1 else 'entries are'}" if entries else "its beginning is"
        said = f"{what} not in the clinic database yet, since {in_words(since.astimezone(self._living.zone))}"
        return [f"{said}: {self._behind}" if self._behind else f"{said}."]

    def to_be_shown(self, now: datetime) -> list[str]:
        """The same for a page that stays as it is: what is being kept in this moment is no news."""
        is_old = bool(self._lines) and self._lines[0].noted_at < now
        self._is_shown = is_old or self.is_behind
        return self.in_words() if self._is_shown else []

    # -- how it goes on -----------------------------------------------------------------------------------------

    def handed_on(self) -> dict[str, Any]:
        """What the run that continues this one must be told."""
        self._take_up()
        lines = [[line.text, line.entries, line.noted_at.isoformat()] for line in self._lines]
        return as_handed_on(
            kept=self.kept, lines=lines, acts=self._acts, behind=self._behind, refused=self._refused
        )

    def _go_on_from(self, carried: Mapping[str, Any]) -> None:
        content = json.loads(zlib.decompress(base64.b85decode(carried["packed"])))
        self.kept, self._acts = content["kept"], content["acts"]
        self._behind, self._refused = content["behind"], content["refused"]
        self._lines = [
            Unkept(text, entries, datetime.fromisoformat(at)) for text, entries, at in content["lines"]
        ]


def _entries_in(act: Act) -> int:
    return len(act.entries) if isinstance(act, Stated) else 0


def as_handed_on(
    *,
    kept: int,
    lines: Sequence[Any] = (),
    acts: Sequence[Any] = (),
    behind: str | None = None,
    refused: str | None = None,
) -> dict[str, Any]:
    """What a run that continues another one is told of its journal.

    Args:
        kept: How many lines the clinic database has.
        lines: Those that it does not have.
        acts: What makes no line yet.
        behind: Why it does not have them, if that is known.
        refused: Why it does not take them.
    """
    content = {"kept": kept, "lines": list(lines), "acts": list(acts), "behind": behind, "refused": refused}
    text = json.dumps(content, separators=(",", ":"))
    return {"packed": base64.b85encode(zlib.compress(text.encode(), 9)).decode()}
