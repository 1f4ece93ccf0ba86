"""What people state on the command line, signed for them where the clinic signs (E0)."""

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from worker.errors import CannotDo
from worker.signed_in import SignedIn
from worker.signing import ANSWERS, Author, signed_answer, signed_statement, source_of
from worker.signing_key import SigningKeys
from workflows.core.engine.entry import Source


class Speaking:
    """The people who are signed in here, and what they say.

    Args:
        keys: The clinic's.
        people: Who is signed in.
    """

    def __init__(self, keys: SigningKeys, people: SignedIn) -> None:
        self._keys, self._people = keys, people
        self._authors: dict[str, Author] = {}

    async def said(self, workflow_id: str, update: str, argument: Any) -> Any:
        """What an update is sent, signed by whoever says it. What is no statement at all is left to whoever takes it.

        Raises:
            CannotDo: whoever says it is not signed in here.
        """
        if update == "record_many" and isinstance(argument, list):
            return [await self._statement(workflow_id, one) for one in argument]
        if update == "record":
            return await self._statement(workflow_id, argument)
        if update in ANSWERS and isinstance(argument, Mapping) and (by := _by(argument)):
            author = await self._author(by)
            return signed_answer(self._keys, workflow_id, update, argument, author, datetime.now(UTC))
        return argument

    async def _statement(self, workflow_id: str, statement: Any) -> Any:
        if not isinstance(statement, Mapping) or not (by := _by(statement)) or "signature" in statement:
            return statement
        author = await self._author(by if source_of(statement) is Source.STAFF else self._whoever_is_here())
        return signed_statement(self._keys, workflow_id, statement, author, datetime.now(UTC))

    async def _author(self, staff_id: str) -> Author:
        if staff_id not in self._authors:
            self._authors[staff_id] = await self._people.author(staff_id)
        return self._authors[staff_id]

    def _whoever_is_here(self) -> str:
        """Who passes on what a patient, a laboratory or another system has said."""
        if named := os.environ.get("CAREPATH_BY", "").strip():
            return named
        people = self._people.everyone()
        if len(people) == 1:
            return people[0]
        signed_in = f"signed in are {', '.join(people)}" if people else "nobody is signed in here"
        raise CannotDo(
            f"Whoever passes on what others have said signs it too, and {signed_in}: say with CAREPATH_BY who you are, "
            "or sign in with `carepath staff login ID` (E0)."
        )


def _by(said: Mapping[str, Any]) -> str | None:
    by = said.get("by")
    return by if isinstance(by, str) and by.strip() else None
