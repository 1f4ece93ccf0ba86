"""`Referral`: the durable shell around one referral. It contains no rule, and outlives the episode that started it.

It takes statements by update, from people and from the agencies' gateway alike; looks in the directory, sends and asks
through activities; and tells its episode of the first visit and of the end.
"""

from collections.abc import Coroutine
from typing import Any

from pydantic import ValidationError
from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError, CancelledError, FailureError

with workflow.unsafe.imports_passed_through():
    from activities.models import (
        ASK_AGENCY,
        DISCLOSE,
        FIND_CANDIDATES,
        GIVE_UP,
        NOTE_TOLD,
        RECONCILE,
        AgencyAnswer,
        AgencyQuestion,
        Candidates,
        CandidateSearch,
        Disclosure,
        DisclosureReceipt,
        Reconciliation,
        ToldByHand,
        ToldReceipt,
    )
    from activities.policies import AGENCY_QUESTION, CLINIC_NOTE, DIRECTORY_SEARCH, DISCLOSURE
    from workflows import visibility as seen
    from workflows.answering import application_error, today_as_far_as_known
    from workflows.cancellation import live_through
    from workflows.core import views as journals
    from workflows.core.effects import CloseTask, Notify, OpenTask
    from workflows.core.entries import Entry, in_words
    from workflows.core.errors import Refused
    from workflows.core.progress import Changed, JournalLine
    from workflows.core.referral.effects import (
        AskAgency,
        Disclose,
        FindCandidates,
        NoteTold,
        Reconcile,
        ReferralEffect,
        ReportToEpisode,
    )
    from workflows.core.referral.engine import Referral as Engine
    from workflows.core.referral.snapshot import pack, unpack
    from workflows.core.referral.start import ReferralStart
    from workflows.core.referral.statements import parse_statement
    from workflows.core.referral.views import ReferralView, view
    from workflows.core.referral.words import is_plain
    from workflows.details import referral_attributes, referral_table
    from workflows.messages import ReferralNews, TaskDone
    from workflows.outward import Outward
    from workflows.pathways.referral import new_referral
    from workflows.waiting import NamedWait


@workflow.defn(name=seen.REFERRAL)
class Referral:
    """One referral, from the need to the end of its record."""

    @workflow.init
    def __init__(self, start: Any) -> None:
        self._refusal: str | None = None
        try:
            self.referral = _begin(start)
        except (Refused, ValidationError) as error:
            # Raised here it would stop the workflow task for ever; `run` fails the workflow with it instead.
            self._refusal = (
                in_words(error, ReferralStart) if isinstance(error, ValidationError) else str(error)
            )
            return
        begin = self.referral.start
        self._outward = Outward(
            episode_id=begin.episode_id,
            site=begin.site,
            team=self.referral.frame.team,
            reports_to=begin.referral_id,
        )
        self._wait = NamedWait()
        self._on_their_way: dict[str, tuple[Disclose, workflow.ActivityHandle[DisclosureReceipt]]] = {}
        self._moved = False
        self._shown = {pair.key.name: pair.value for pair in workflow.info().typed_search_attributes}

    @workflow.run
    async def run(self, start: Any) -> ReferralView:
        if self._refusal:
            raise ApplicationError(
                f"This referral cannot begin: {self._refusal}", type="InvalidEntry", non_retryable=True
            )
        return await live_through(self._live(start), self._cancellation_requested)

    def _cancellation_requested(self, _reason: str) -> None:
        text = "A cancellation was requested; a referral ends by a statement, so it goes on."
        self.referral.undelivered.append(text)
        self._moved = True

    async def _live(self, start: Any) -> ReferralView:
        if not (isinstance(start, dict) and "resumed" in start):
            self._judged(lambda: self.referral.begin(workflow.now()))
        while not self.referral.finished(workflow.now()):
            self._moved = False
            self._carry_out()
            self._take_back()
            self._show()
            deadline = self.referral.next_deadline
            self._wait.wait_for(deadline and deadline.at, deadline.name if deadline else "")
            await workflow.wait_condition(
                lambda: self._moved or self._wait.is_over or self._should_continue_as_new()
            )
            if self._should_continue_as_new():
                self._continue_as_new(start)
            if self._wait.is_over:
                self._judged(lambda: self.referral.wake(workflow.now()))
        self._wait.stop()
        self._carry_out()
        self._show()
        await workflow.wait_condition(lambda: self._outward.is_idle and workflow.all_handlers_finished())
        return self.view()

    def _judged(self, judge: Any) -> None:
        """Let the engine judge what the time or the world has brought, and never stop for an error of ours."""
        try:
            judge()
        except Exception as error:  # shown to people instead of stopping the referral for ever
            self.referral.undelivered.append(f"{application_error(error).message} Something was not judged.")
            if self._wait.is_over:
                self.referral.next_deadline = None
        self._moved = True

    # -- what people, agencies and the episode state ----------------------------------------------------------

    @workflow.update(
        name="record", description="State what happened: {kind, by, …}; answers with what it changed"
    )
    def record(self, statement: Any) -> Changed:
        entry = self._read(statement, workflow.current_update_info().id)  # type: ignore[union-attr]
        try:
            changed = self.referral.apply(entry, workflow.now())
        except Exception as error:
            raise application_error(error) from None
        self._moved = True
        return changed

    @record.validator
    def _check_record(self, statement: Any) -> None:
        self._read(statement, "unchecked")

    @workflow.signal(name="told", description="The episode tells what was stated there")
    def told(self, statement: dict[str, Any]) -> None:
        try:
            self.referral.apply(self._read(statement, "told"), workflow.now())
        except (Refused, ApplicationError) as refused:
            workflow.logger.info("what the episode told had no use here: %s", type(refused).__name__)
        self._moved = True

    @workflow.signal(name="task_completed")
    def task_completed(self, done: TaskDone) -> None:
        self._outward.completed_themselves.add(done.task_id)
        try:
            self.referral.complete(done.task_id, done.outcome, done.by, done.reason, workflow.now())
        except Exception as error:
            # The task was withdrawn while it was being completed, or cannot be so yet; the person hears why (E10).
            lines = (f"Your answer {done.outcome} had no effect: {application_error(error).message}",)
            self.referral.effects.append(
                Notify(f"{done.task_id}:late", "case_manager", done.by, "answer_too_late", lines)
            )
            self._judged(lambda: self.referral.ask_anew(done.task_id, workflow.now()))
        self._moved = True

    def _read(self, statement: Any, default_id: str) -> Entry:
        if self._refusal:
            raise ApplicationError(
                f"This referral cannot begin: {self._refusal}", type="InvalidEntry", non_retryable=True
            )
        try:
            entry = parse_statement(statement)
        except Refused as refused:
            raise application_error(refused) from None
        return entry if entry.id else entry.model_copy(update={"id": default_id})

    # -- what can be asked ------------------------------------------------------------------------------------

    @workflow.query(name="referral", description="Where the referral stands: candidates, attempts, status")
    def view(self) -> ReferralView:
        return view(self.referral, today_as_far_as_known())

    @workflow.query(
        name="journal", description="Every statement with both times, its author, and whether it stands"
    )
    def journal(self) -> list[JournalLine]:
        return journals.journal(self.referral)

    # -- carrying out -----------------------------------------------------------------------------------------

    def _carry_out(self) -> None:
        self._outward.carry_out(self.referral.take_effects(), self._perform)

    def _perform(self, effect: ReferralEffect) -> Coroutine[Any, Any, None]:
        match effect:
            case OpenTask():
                return self._outward.open_task(effect)
            case CloseTask():
                return self._outward.close_task(effect)
            case Notify():
                return self._notify(effect)
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

    async def _notify(self, notice: Notify) -> None:
        key = f"{self.referral.start.referral_id}:{notice.key}"
        self.referral.undelivered += await self._outward.notify(notice, key)

    async def _find(self, wanted: FindCandidates) -> None:
        start = self.referral.start
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
                ),
                result_type=Candidates,
                summary="Look for places in the directory",
                **DIRECTORY_SEARCH.options(),
            )
        except ActivityError as error:  # then a person looks
            self.referral.undelivered.append(f"The directory could not be asked: {_reason(error)}")
            answer = Candidates(found=[])
        found = [place.model_dump() for place in answer.found]
        self._judged(lambda: self.referral.found(wanted.search, found, answer.as_of, workflow.now()))

    async def _disclose(self, wanted: Disclose) -> None:
        start = self.referral.start
        # What the service is goes out by name only where it may stand anywhere (C5).
        service = start.service if is_plain(self.referral.facts) else "service"
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
        self._on_their_way[wanted.try_id] = (wanted, sending)
        try:
            receipt = await sending
        except ActivityError as error:
            receipt = await self._given_up(disclosure)
            if receipt.outcome == "withheld" and not isinstance(error.cause, CancelledError):
                # Then a person makes the contact.
                reason = _reason(error)[:500]
                self._judged(lambda: self.referral.sending(wanted, "failed", workflow.now(), reason=reason))
                return
        finally:
            del self._on_their_way[wanted.try_id]
        said = {
            "reference": receipt.reference,
            "way": receipt.way,
            "consent_id": receipt.consent_id,
            "reason": receipt.reason and receipt.reason[:500],
        }
        self._judged(lambda: self.referral.sending(wanted, receipt.outcome, workflow.now(), **said))

    async def _given_up(self, disclosure: Disclosure) -> DisclosureReceipt:
        """What became of a sending that is tried no more; where nobody can say, it is uncertain (P9)."""
        try:
            receipt: DisclosureReceipt = await workflow.execute_activity(
                GIVE_UP,
                disclosure,
                result_type=DisclosureReceipt,
                summary="Ledger: what became of a sending",
                **CLINIC_NOTE.options(),
            )
        except ActivityError:
            return DisclosureReceipt(key=disclosure.key, outcome="uncertain", agency=disclosure.agency)
        return receipt

    def _take_back(self) -> None:
        """What somebody has declined or revoked meanwhile is not tried again."""
        for wanted, sending in self._on_their_way.values():
            if not self.referral.wants(wanted) and not sending.cancelling():
                sending.cancel()

    async def _reconcile(self, found: Reconcile) -> None:
        try:
            await workflow.execute_activity(
                RECONCILE,
                Reconciliation(key=found.key, arrived=found.arrived, by=found.by),
                summary="Ledger: what a person found out",
                **CLINIC_NOTE.options(),
            )
        except ActivityError as error:
            self.referral.undelivered.append(f"The ledger was not told what was found out: {_reason(error)}")

    async def _note_told(self, told: NoteTold) -> None:
        start = self.referral.start
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
                **CLINIC_NOTE.options(),
            )
        except ActivityError as error:
            self.referral.undelivered.append(
                f"The ledger was not told what was told by hand: {_reason(error)}"
            )
            return
        if receipt.objection:
            self._judged(lambda: self.referral.told_without_consent(told, workflow.now()))

    async def _ask(self, question: AskAgency) -> None:
        try:
            answer = await workflow.execute_activity(
                ASK_AGENCY,
                AgencyQuestion(
                    referral_id=self.referral.start.referral_id,
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
            self._judged(lambda: self.referral.agency_said(question, status, at, booked, workflow.now()))

    async def _report(self, news: ReportToEpisode) -> None:
        start = self.referral.start
        episode = workflow.get_external_workflow_handle(f"episode-{start.episode_id}")
        try:
            await episode.signal(
                "referral_news",
                ReferralNews(referral_id=start.referral_id, state=news.state, at=news.at, reason=news.reason),
            )
        except Exception:  # the episode has ended: the referral goes on by itself (C3)
            workflow.logger.info("the episode takes no further news")

    # -- showing ----------------------------------------------------------------------------------------------

    def _show(self) -> None:
        shown = view(self.referral, workflow.now())
        workflow.set_current_details(referral_table(shown, self.referral))
        attributes = {update.key.name: update for update in referral_attributes(shown, self.referral.start)}
        changed = [update for name, update in attributes.items() if self._shown.get(name) != update.value]
        if changed:
            workflow.upsert_search_attributes(changed)
            self._shown.update({name: update.value for name, update in attributes.items()})

    # -- continuing as new ------------------------------------------------------------------------------------

    def _should_continue_as_new(self) -> bool:
        info = workflow.info()
        due = info.is_continue_as_new_suggested() or info.is_target_worker_deployment_version_changed()
        return (
            due and self._outward.is_idle and not self.referral.effects and workflow.all_handlers_finished()
        )

    def _continue_as_new(self, start: dict[str, Any]) -> None:
        self._wait.stop()
        begin = {name: value for name, value in start.items() if name != "resumed"}
        workflow.continue_as_new(
            {**begin, "resumed": {"snapshot": pack(self.referral)}},
            initial_versioning_behavior=workflow.ContinueAsNewVersioningBehavior.AUTO_UPGRADE,
        )


_TELL = {
    "referral": "Tell the chosen place",
    "cancellation": "Tell the place that it is cancelled",
    "completion": "Close our order at the place",
}


def _begin(start: Any) -> Engine:
    resumed = start.get("resumed") if isinstance(start, dict) else None
    begin = ReferralStart.model_validate(
        {k: v for k, v in start.items() if k != "resumed"} if resumed else start
    )
    referral = new_referral(begin, workflow.now())
    return unpack(resumed["snapshot"], referral, workflow.now()) if resumed else referral


def _reason(error: ActivityError) -> str:
    cause = error.cause
    return cause.message if isinstance(cause, FailureError) else "no answer in time"
