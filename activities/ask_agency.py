"""Asking an agency how a referral stands, where its channel can be asked. It learns nothing that it does not know."""

from collections.abc import Callable

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.agencies.chosen import Agencies
from activities.agencies.port import UnknownAgency
from activities.channels.port import Permanent, Transient, Uncertain
from activities.models import (
    ASK_AGENCY,
    CHANNEL_DOWN,
    CHANNEL_REFUSED,
    NO_SUCH_AGENCY,
    AgencyAnswer,
    AgencyQuestion,
)


class AgencyAsker:
    """Asks. `agencies` reads the file anew for each question, so that a change needs no restart."""

    def __init__(self, agencies: Callable[[], Agencies]) -> None:
        self._agencies = agencies

    @activity.defn(name=ASK_AGENCY)
    async def ask_agency(self, question: AgencyQuestion) -> AgencyAnswer:
        """What the agency says now.

        Raises:
            ApplicationError: `NoSuchAgency`, `ChannelRefused` for good; `ChannelDown` to be tried again.
        """
        agencies = self._agencies()
        try:
            agency = agencies.get(question.agency)
            word = await agencies.channel_of(agency).ask(question.reference)
        except UnknownAgency as error:
            raise ApplicationError(str(error), type=NO_SUCH_AGENCY, non_retryable=True) from None
        except (Transient, Uncertain) as no:
            raise ApplicationError(f"{question.agency} could not be asked: {no}", type=CHANNEL_DOWN) from None
        except Permanent as no:
            raise ApplicationError(
                f"{question.agency} could not be asked: {no}", type=CHANNEL_REFUSED, non_retryable=True
            ) from None
        wait = agency.ask_every
        minutes = int(wait.total_seconds() // 60) if wait else None
        if word is None:
            return AgencyAnswer(ask_again_minutes=minutes)
        return AgencyAnswer(
            status=word.status, at=word.at, appointment_at=word.appointment_at, ask_again_minutes=minutes
        )
