"""The clinic database takes the journal of an episode or a referral: it is the home of the record (T2, T3)."""

from sqlalchemy.exc import SQLAlchemyError
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.clinic_database.journal import Contradiction, Journal, OtherKey
from workflows.ports.journal import CONTRADICTION, KEEP_JOURNAL, JournalKept, JournalLines


class JournalKeeper:
    """Keeps lines; says in words why it cannot."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    @activity.defn(name=KEEP_JOURNAL)
    async def keep_journal(self, given: JournalLines) -> JournalKept:
        """Keep the lines that are not there yet.

        Raises:
            ApplicationError: the database is away or sealed with another key, which is tried again; or it holds
                something else, which is not.
        """
        try:
            return JournalKept(lines=await self._journal.keep(given.workflow_id, given.first, given.lines))
        except Contradiction as error:
            raise ApplicationError(f"{error}.", type=CONTRADICTION, non_retryable=True) from None
        except OtherKey as error:
            raise ApplicationError(f"{error}.", type="JournalKey") from None
        except SQLAlchemyError as error:
            # The driver's own text may repeat what was to be written.
            why = type(error).__name__
            raise ApplicationError(
                f"the clinic database does not take it ({why}).", type="Database"
            ) from None
