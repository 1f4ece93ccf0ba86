"""Asking an agency how a referral stands, where its channel can be asked. It learns nothing that it does not know."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.agencies.book import AgenciesFileError
from activities.agencies.chosen import Agencies
from activities.agencies.port import UnknownAgency
from activities.channels.port import AccessFault, Permanent, Transient, Uncertain
from activities.clinic_database.faults import ChannelFaults
from workflows.ports.agencies import ASK_AGENCY, NO_SUCH_AGENCY, AgencyAnswer, AgencyQuestion
from workflows.ports.sending import CHANNEL_DOWN, CHANNEL_REFUSED

REMEMBERED = 10_000
"""Referrals whose last answer is kept in mind."""


class AgencyAsker:
    """Asks. `agencies` reads the file anew for each question, so that a change needs no restart.

    No agency is asked about a referral more often than its file allows, whoever wants to know: a question that comes
    too soon is no news. That is kept in memory alone; a restart may put one question more.
    """

    def __init__(self, agencies: Callable[[], Agencies], faults: ChannelFaults) -> None:
        self._agencies, self._faults = agencies, faults
        self._answered: dict[tuple[str, str], datetime] = {}
        self._asks_for_peace: dict[str, datetime] = {}
        """Agencies that have answered how long they want to be left alone (Retry-After)."""

    @activity.defn(name=ASK_AGENCY)
    async def ask_agency(self, question: AgencyQuestion) -> AgencyAnswer:
        """What the agency says now.

        Raises:
            ApplicationError: `NoSuchAgency`, `ChannelRefused` for good; `ChannelDown` to be tried again.
        """
        try:
            agencies = self._agencies()
            agency = agencies.get(question.agency)
            if agency.ask_every and self._too_soon(question, agency.ask_every):
                return AgencyAnswer()
            word = await agencies.channel_of(agency).ask(question.reference)
        except UnknownAgency as error:
            raise ApplicationError(str(error), type=NO_SUCH_AGENCY, non_retryable=True) from None
        except AgenciesFileError as error:  # whoever mends the file in time has lost nothing
            raise ApplicationError(str(error), type=CHANNEL_DOWN) from None
        except (Transient, Uncertain) as no:
            self._leave_alone(question.agency, no)
            if isinstance(no, AccessFault):
                await self._faults.note(f"agency {question.agency}", str(no))
            raise ApplicationError(f"{question.agency} could not be asked: {no}", type=CHANNEL_DOWN) from None
        except Permanent as no:
            raise ApplicationError(
                f"{question.agency} could not be asked: {no}", type=CHANNEL_REFUSED, non_retryable=True
            ) from None
        self._answered[question.agency, question.reference] = datetime.now(UTC)
        if word is None:
            return AgencyAnswer()
        await self._faults.mended(f"agency {question.agency}")
        return AgencyAnswer(status=word.status, at=word.at, appointment_at=word.appointment_at)

    def _leave_alone(self, agency: str, no: Transient | Uncertain) -> None:
        if isinstance(no, Transient) and no.after:
            self._asks_for_peace[agency] = datetime.now(UTC) + no.after

    def _too_soon(self, question: AgencyQuestion, every: timedelta) -> bool:
        now = datetime.now(UTC)
        if (until := self._asks_for_peace.get(question.agency)) and now < until:
            return True
        if len(self._answered) > REMEMBERED:  # the oldest are the ones that may be asked about again
            for place in sorted(self._answered, key=self._answered.__getitem__)[: REMEMBERED // 2]:
                del self._answered[place]
        last = self._answered.get((question.agency, question.reference))
        return last is not None and now - last < every
