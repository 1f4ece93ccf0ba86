"""What agencies have answered: kept before anything is done with it, so that nothing is lost or counts twice."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, cast

from sqlalchemy import select

from activities.clinic_database.engine import ClinicDatabase
from activities.clinic_database.inserting import insert
from activities.clinic_database.tables import AnswerRow

State = Literal["received", "recorded", "refused", "closed"]
"""`received` is not recorded yet; `refused` by the referral's rules, `closed` as the referral is over: staff look."""


@dataclass(frozen=True, slots=True)
class AgencyWord:
    """One answer of an agency."""

    key: str
    agency: str
    referral_id: str
    statement: dict[str, Any]
    state: State
    detail: str | None
    received_at: datetime


class Inbox:
    """All answers."""

    def __init__(self, database: ClinicDatabase) -> None:
        self._database = database

    async def take(self, key: str, agency: str, referral_id: str, statement: dict[str, Any]) -> AgencyWord:
        """Keep an answer; the same key again gives what is known of the first one."""
        async with self._database.transaction() as session:
            new = insert(session, AnswerRow).values(
                key=key, agency=agency, referral_id=referral_id, statement=statement, state="received",
                received_at=datetime.now(UTC),
            )  # fmt: skip
            await session.execute(new.on_conflict_do_nothing())
            return _answer(await session.get_one(AnswerRow, key))

    async def settle(self, key: str, state: State, detail: str | None = None) -> None:
        """Say what became of an answer."""
        async with self._database.transaction() as session:
            row = await session.get_one(AnswerRow, key, with_for_update=True)
            row.state, row.detail = state, detail

    async def unsettled(self) -> list[AgencyWord]:
        """Answers that no referral has taken, the oldest first."""
        async with self._database.transaction() as session:
            found = select(AnswerRow).where(AnswerRow.state != "recorded").order_by(AnswerRow.received_at)
            return [_answer(row) for row in await session.scalars(found)]


def _answer(row: AnswerRow) -> AgencyWord:
    return AgencyWord(
        row.key,
        row.agency,
        row.referral_id,
        row.statement,
        cast(State, row.state),
        row.detail,
        row.received_at,
    )
