"""Asking where something stands: its workflow, and where that does not answer, its journal (E9).

The journal is the home of the record. What it cannot tell is what staff were told and what was not delivered: that
stands in the workflow alone.
"""

import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from activities.clinic_database import ClinicDatabase
from activities.clinic_database.journal import Journal
from worker.episodes import Clinic, clinic, clinic_database
from worker.errors import CannotDo
from worker.journal_key import journal_of
from worker.settings import Settings, load_settings


@dataclass(frozen=True)
class Asked:
    """Whoever can be asked in a clinic."""

    settings: Settings
    database: ClinicDatabase
    here: Clinic | None
    """The clinic with its Temporal server; None: that does not answer."""
    problem: str
    """Why nothing is answered there, in words; empty: nothing is known that keeps it."""
    noted: set[str] = field(default_factory=set)
    """What was said already."""

    @property
    def journal(self) -> Journal:
        """The clinic's journal.

        Raises:
            CannotDo: its key cannot be used.
        """
        return journal_of(self.settings, self.database)

    async def ask(self, workflow_id: str, name: str, *arguments: Any) -> Any:
        """Ask a workflow; where it does not answer, its journal answers in its place, and a note says so.

        Raises:
            CannotDo: neither answers; with the reason.
        """
        why = self.problem
        if self.here and not why:
            try:
                return await self.here.query(workflow_id, name, *arguments)
            except CannotDo as error:
                why = str(error)
        return await self._from_journal(workflow_id, name, arguments, why)

    async def task(self, task_id: str) -> dict[str, Any]:
        """What a task asks, and why; where its workflow does not answer, from the journal that it stands in.

        Raises:
            CannotDo: neither answers; with the reason.
        """
        why = self.problem
        if self.here and not why:
            try:
                return dict(await self.here.query(task_id, "task"))
            except CannotDo as error:
                why = str(error)
        from worker.from_journal import task_in

        found = await task_in(self.journal, task_id, datetime.now(UTC))
        if found is None:
            raise CannotDo(why)
        self._note(f"{why} This is from the journal in the clinic database.")
        return found

    async def _from_journal(self, workflow_id: str, name: str, arguments: tuple[Any, ...], why: str) -> Any:
        # The charts take as long to import as most commands take in all.
        from worker.from_journal import answer, recorded

        now = datetime.now(UTC)
        found = await recorded(self.journal, workflow_id, now)
        if found is None:
            raise CannotDo(why)
        kept_at = f", whose last line was kept at {found.kept_at:%Y-%m-%d %H:%M} UTC" if found.kept_at else ""
        self._note(f"{why} This is from its journal in the clinic database{kept_at}.")
        for problem in found.problems:
            self._note(f"The journal does not hold: {problem}.")
        return answer(found.living, name, arguments, now)

    def _note(self, says: str) -> None:
        if says not in self.noted:
            self.noted.add(says)
            print(f"Note: {says}", file=sys.stderr)


@asynccontextmanager
async def asking() -> AsyncIterator[Asked]:
    """Connect to what there is: the clinic database, and Temporal where it answers.

    Raises:
        CannotDo: there is no clinic database.
    """
    settings = load_settings()
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(clinic_database())
        here, problem = None, ""
        try:
            here = await stack.enter_async_context(clinic())
            problem = here.problem or ""
        except CannotDo as error:
            problem = str(error)
        yield Asked(settings, database, here, problem)
