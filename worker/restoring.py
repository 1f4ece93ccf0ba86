"""How an episode or a referral stands by its journal, as a run that continues another one is told it (E9)."""

import asyncio
from datetime import datetime
from typing import Any

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.clinic_database.journal import Journal
from workflows.core.engine.acts import written
from workflows.pathways.reliving import lived, told
from workflows.ports.journal import RESTORE, RestoreAsked, Restored
from workflows.shell.keeping import as_handed_on


class Restorer:
    """Folds a journal for the workflow that goes on from it."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    @activity.defn(name=RESTORE)
    async def restore(self, asked: RestoreAsked) -> Restored:
        """How it stands at an instant.

        Raises:
            ApplicationError: there is no journal of it, or it is not what was written.
        """
        lines = await self._journal.lines(asked.workflow_id)
        if not lines:
            raise _refused(f"The clinic database has no journal of {asked.workflow_id}.")
        if problems := (await self._journal.verify(asked.workflow_id)).problems:
            raise _refused(f"The journal is not what was written: {'; '.join(problems[:3])}.")
        # To fold a long record takes a second, for which no other activity is to wait.
        return await asyncio.to_thread(_folded, lines, asked.at)


def _folded(lines: list[dict[str, Any]], at: datetime) -> Restored:
    journal = told(lines)
    living = lived(journal, at)
    acts = [written(act) for act in living.take_acts()]
    resumed = {"snapshot": living.packed(), "untold": [], "restored": True,
               "journal": as_handed_on(kept=len(lines), acts=acts)}  # fmt: skip
    return Restored(start=dict(journal.beginning.start), resumed=resumed)


def _refused(words: str) -> ApplicationError:
    return ApplicationError(words, type="CannotRestore", non_retryable=True)
