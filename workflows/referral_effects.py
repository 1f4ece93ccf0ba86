"""What a referral asks of the world, carried out by activities; what comes of it is judged by its engine."""

from collections.abc import Callable, Coroutine
from typing import Any

from temporalio import workflow
from temporalio.exceptions import ActivityError, CancelledError, FailureError

with workflow.unsafe.imports_passed_through():
    from workflows.core.engine.effects import ChangeTask, CloseTask, Notify, OpenTask
    from workflows.core.referral.effects import (
        AskAgency,
        Disclose,
        FindCandidates,
        NoteTold,
        Reconcile,
        ReferralEffect,
        ReportToEpisode,
    )
    from workflows.core.referral.referral import Referral
    from workflows.core.referral.words import is_plain
    from workflows.messages import ReferralNews
    from workflows.ports.agencies import (
        ASK_AGENCY,
        DISCLOSE,
        GIVE_UP,
        NOTE_TOLD,
        RECONCILE,
        AgencyAnswer,
        AgencyQuestion,
        Disclosure,
        DisclosureReceipt,
        Reconciliation,
        ToldByHand,
        ToldReceipt,
    )
    from workflows.ports.directory import FIND_CANDIDATES, Candidates, CandidateSearch
    from workflows.ports.timeouts import AGENCY_QUESTION, DIRECTORY_SEARCH, DISCLOSURE, LEDGER_NOTE
    from workflows.shell.effect_handlers import EffectHandlers
    from workflows.shell.signals import signalled


Judged = Callable[[Callable[[], object], str], bool]
"""Lets the core judge what has come of an effect; what is not done if it cannot, as a sentence."""


class ReferralEffects(EffectHandlers[Referral, ReferralEffect]):
    """The effects of one referral."""

    def __init__(self, referral: Referral, judged: Judged, stir: Callable[[], None]) -> None:
        self._start = start = referral.start
        super().__init__(
            referral,
            of=start.referral_id,
            episode_id=start.episode_id,
            site=start.site,
            reports_to=start.referral_id,
            stir=stir,
        )
        self._judge = judged

    def handle(self, effect: ReferralEffect) -> Coroutine[Any, Any, None]:
        """The handler of an effect, at work."""
        match effect:
            case FindCandidates():
                return self._find(effect)
            case Disclose():
                return self._disclose(effect)
            case Reconcile():
                return self._reconcile(effect)
            case NoteTold():
                return self._note_told(effect)
            case AskAgency():
                return self._ask(effect)
            case ReportToEpisode():
                return self._report(effect)
            case OpenTask() | ChangeTask() | CloseTask() | Notify():
                return self.handle_shared(effect)

    def _judged(self, judge: Callable[[], object]) -> None:
        self._judge(judge, "Something was not judged.")

    async def _find(self, wanted: FindCandidates) -> None:
        start = self._start
        try:
            answer = await workflow.execute_activity(
                FIND_CANDIDATES,
                CandidateSearch(
                    referral_id=start.referral_id,
                    episode_id=start.episode_id,
                    kind=start.kind,
                    service=start.service,
                    wishes=dict(wanted.wishes),
                    leave_out=list(wanted.leave_out),
                    at_most=wanted.at_most,
                    longest_wait_days=wanted.longest_wait_days,
                    ranking=wanted.ranking.model_dump(exclude_defaults=True),
                ),
                result_type=Candidates,
                summary="Look for places in the directory",
                **DIRECTORY_SEARCH.options(),
            )
        except ActivityError as error:  # then a person looks
            self.living.not_delivered(f"The directory could not be asked: {_reason(error)}")
            answer = Candidates(found=[])
        found = [place.model_dump() for place in answer.found]
        self._judged(lambda: self.living.found(wanted.search, found, answer.as_of, workflow.now()))

    async def _disclose(self, wanted: Disclose) -> None:
        start = self._start
        # What the service is goes out by name only where it may stand anywhere (C5).
        service = start.service if is_plain(self.living.facts) else "service"
        disclosure = Disclosure(
            key=wanted.key,
            episode_id=start.episode_id,
            referral_id=start.referral_id,
            what=wanted.what,
            agency=wanted.agency,
            service=service,
            purpose=wanted.purpose,
            content=list(wanted.content),
            timezone=start.timezone,
            revokes=wanted.revokes,
        )
        sending = workflow.start_activity(
            DISCLOSE,
            disclosure,
            result_type=DisclosureReceipt,
            summary=f"{_TELL[wanted.what]}, if a consent stands",
            # An attempt that runs at this moment is waited for: only it knows whether something left.
            cancellation_type=workflow.ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
            **DISCLOSURE.options(),
        )
        self.sending[wanted.try_id] = (wanted, sending)
        try:
            receipt = await sending
        except ActivityError as error:
            receipt = await self._given_up(disclosure)
            if receipt.outcome == "withheld" and not isinstance(error.cause, CancelledError):
                # Then a person makes the contact.
                reason = _reason(error)[:500]
                self._judged(lambda: self.living.sending(wanted, "failed", workflow.now(), reason=reason))
                return
        finally:
            del self.sending[wanted.try_id]
        said = {
            "reference": receipt.reference,
            "way": receipt.way,
            "consent_id": receipt.consent_id,
            "reason": receipt.reason and receipt.reason[:500],
        }
        self._judged(lambda: self.living.sending(wanted, receipt.outcome, workflow.now(), **said))

    async def _given_up(self, disclosure: Disclosure) -> DisclosureReceipt:
        """What became of a sending that is tried no more; where nobody can say, it is uncertain (P9)."""
        try:
            receipt: DisclosureReceipt = await workflow.execute_activity(
                GIVE_UP,
                disclosure,
                result_type=DisclosureReceipt,
                summary="Ledger: what became of a sending",
                **LEDGER_NOTE.options(),
            )
        except ActivityError:
            return DisclosureReceipt(key=disclosure.key, outcome="uncertain", agency=disclosure.agency)
        return receipt

    async def _reconcile(self, found: Reconcile) -> None:
        try:
            await workflow.execute_activity(
                RECONCILE,
                Reconciliation(key=found.key, arrived=found.arrived, by=found.by),
                summary="Ledger: what a person found out",
                **LEDGER_NOTE.options(),
            )
        except ActivityError as error:
            self.living.not_delivered(f"The ledger was not told what was found out: {_reason(error)}")

    async def _note_told(self, told: NoteTold) -> None:
        start = self._start
        try:
            receipt = await workflow.execute_activity(
                NOTE_TOLD,
                ToldByHand(
                    key=told.key,
                    episode_id=start.episode_id,
                    referral_id=start.referral_id,
                    recipient=told.recipient,
                    name=told.name,
                    purpose=told.purpose,
                    content=list(told.content),
                    by=told.by,
                    at=told.at,
                    timezone=start.timezone,
                ),
                result_type=ToldReceipt,
                summary="Ledger: what a person has told by hand",
                **LEDGER_NOTE.options(),
            )
        except ActivityError as error:
            self.living.not_delivered(f"The ledger was not told what was told by hand: {_reason(error)}")
            return
        if receipt.objection:
            self._judged(lambda: self.living.told_without_consent(told, workflow.now()))

    async def _ask(self, question: AskAgency) -> None:
        try:
            answer = await workflow.execute_activity(
                ASK_AGENCY,
                AgencyQuestion(
                    referral_id=self._start.referral_id,
                    agency=question.agency,
                    reference=question.reference,
                ),
                result_type=AgencyAnswer,
                summary="Ask the agency for news",
                **AGENCY_QUESTION.options(),
            )
        except ActivityError as error:  # it is asked again at the next time
            workflow.logger.info("an agency could not be asked: %s", _reason(error))
            return
        if answer.status:
            status, at, booked = answer.status, answer.at, answer.appointment_at
            self._judged(lambda: self.living.agency_said(question, status, at, booked, workflow.now()))

    async def _report(self, news: ReportToEpisode) -> None:
        start = self._start
        told = ReferralNews(referral_id=start.referral_id, state=news.state, at=news.at, reason=news.reason)
        # Where the episode has ended, the referral goes on by itself (C3).
        await signalled(f"episode-{start.episode_id}", "referral_news", told)


_TELL = {
    "referral": "Tell the chosen place",
    "cancellation": "Tell the place that it is cancelled",
    "completion": "Close our order at the place",
}


def _reason(error: ActivityError) -> str:
    cause = error.cause
    return cause.message if isinstance(cause, FailureError) else "no answer in time"
