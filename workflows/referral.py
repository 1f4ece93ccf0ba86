"""`Referral`: the durable shell around one referral. It contains no rule, and outlives the episode that started it.

It takes statements by update, from people and from the agencies' gateway alike; looks in the directory, sends and asks
through activities; and tells its episode of the first visit and of the end.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from temporalio import workflow
from temporalio.common import RawValue

with workflow.unsafe.imports_passed_through():
    from activities.models import StaffNotice
    from workflows import visibility as seen
    from workflows.answering import application_error, none_of, only, today_as_far_as_known
    from workflows.arriving import NOTHING, RESUMED, begun, heard, read_start, refused_start, without_state
    from workflows.cancellation import live_through
    from workflows.core.engine.bounds import NOTES_KEPT, SNAPSHOT_BYTES
    from workflows.core.engine.codes import check_workflow_id
    from workflows.core.engine.errors import Refused
    from workflows.core.engine.shown import Changed
    from workflows.core.episode import views as journals
    from workflows.core.episode.entries import Entry
    from workflows.core.episode.progress import JournalLine
    from workflows.core.referral.referral import Referral as Engine
    from workflows.core.referral.start import ReferralStart
    from workflows.core.referral.statements import parse_statement
    from workflows.core.referral.views import ReferralView, view
    from workflows.details import referral_attributes, referral_table
    from workflows.messages import TaskDone, TaskHeard, TaskReach
    from workflows.notices import Reach
    from workflows.outward import Outward, too_late
    from workflows.pathways.referral import new_referral
    from workflows.referral_errands import Errands
    from workflows.showing import ShownAttributes
    from workflows.waiting import NamedWait


ONE_STATEMENT = "a statement, as one JSON object: {kind, by, …}"


@workflow.defn(name=seen.REFERRAL)
class Referral:
    """One referral, from the need to the end of its record."""

    @workflow.init
    def __init__(self, start: RawValue = NOTHING) -> None:
        # An error raised here would stop the workflow task for ever; `run` fails the workflow with it instead.
        beginning = begun(_begin, start, ReferralStart)
        self._refusal = beginning if isinstance(beginning, str) else None
        if isinstance(beginning, str):
            return
        self.referral = beginning
        given = read_start(start)
        self._untold = given.get(RESUMED, {}).get("untold", [])
        self._given, self._is_new = without_state(given), RESUMED not in given
        self._is_too_large = False
        begin = self.referral.start
        self._outward = Outward(
            episode_id=begin.episode_id,
            site=begin.site,
            team=lambda: self.referral.facts.team,
            reach=Reach(self.referral, self._stir),
            reports_to=begin.referral_id,
        )
        self._wait = NamedWait()
        self._errands = Errands(self.referral, self._outward, self._judged)
        self._moved = False
        self._shown = ShownAttributes()

    @workflow.run
    async def run(self, start: RawValue = NOTHING) -> ReferralView:
        self._must_have_begun()
        return await live_through(self._live(), self._cancellation_requested)

    def _must_have_begun(self) -> None:
        if self._refusal:
            raise refused_start("referral", self._refusal)

    def _cancellation_requested(self, _reason: str) -> None:
        text = "A cancellation was requested; a referral ends by a statement, so it goes on."
        self.referral.not_delivered(text)
        self._moved = True

    async def _live(self) -> ReferralView:
        if self._is_new:
            self._judged(lambda: self.referral.begin(workflow.now()))
        for untold in self._untold:
            self._outward.pass_on(StaffNotice.model_validate(untold))
        while not self.referral.finished(workflow.now()):
            self._moved = False
            self._errands.carry_out()
            self._errands.take_back()
            self._show()
            deadline = self.referral.next_deadline
            self._wait.wait_for(deadline and deadline.at, deadline.name if deadline else "")
            await workflow.wait_condition(
                lambda: self._moved or self._wait.is_over or self._should_continue_as_new()
            )
            if self._should_continue_as_new():
                self._continue_as_new()
            if self._wait.is_over:
                self._judged(lambda: self.referral.wake(workflow.now()))
        self._wait.stop()
        self._errands.carry_out()
        self._show()
        while not (self._outward.has_landed and workflow.all_handlers_finished()):
            self._moved = False
            await workflow.wait_condition(
                lambda: self._moved or (self._outward.has_landed and workflow.all_handlers_finished())
            )
            self._show()
        return self.view()

    def _stir(self) -> None:
        self._moved = True

    def _judged(self, judge: Callable[[], object]) -> None:
        """Let the engine judge what the time or the world has brought, and never stop for an error of ours."""
        try:
            judge()
        except Exception as error:  # shown to people instead of stopping the referral for ever
            self.referral.not_delivered(f"{application_error(error).message} Something was not judged.")
            if self._wait.is_over:
                self.referral.wait_for_nothing()
        self._moved = True

    # -- what people, agencies and the episode state ----------------------------------------------------------

    @workflow.update(
        name="record", description="State what happened: {kind, by, …}; answers with what it changed"
    )
    def record(self, *given: Any) -> Changed:
        entry = self._read(only(given, ONE_STATEMENT), workflow.current_update_info().id)  # type: ignore[union-attr]
        try:
            changed = self.referral.apply(entry, workflow.now())
        except Exception as error:
            raise application_error(error) from None
        self._moved = True
        return changed

    @record.validator
    def _check_record(self, *given: Any) -> None:
        self._read(only(given, ONE_STATEMENT), "unchecked")

    @workflow.signal(name="told", description="The episode tells what was stated there")
    def told(self, *statements: Any) -> None:
        try:
            (statement,) = statements
            self.referral.apply(self._read(statement, "told"), workflow.now())
        except Exception as error:
            workflow.logger.info("what the episode told had no use here: %s", type(error).__name__)
        self._moved = True

    @workflow.signal(name="task_completed")
    def task_completed(self, *told: Any) -> None:
        done = heard(told, TaskDone)
        if done is None or self._refusal:
            return
        self._outward.completed_themselves.add(done.task_id)
        try:
            changed = self.referral.complete(done.task_id, done.outcome, done.by, done.reason, workflow.now())
            came = TaskHeard(changes=changed.changes)
        except Exception as error:
            # The task was withdrawn while it was being completed, or cannot be so yet; the person hears why (E10).
            came = TaskHeard(objection=application_error(error).message)
            self._judged(lambda: self.referral.ask_anew(done.task_id, workflow.now()))
        late = partial(self._errands.notify, too_late(done, came))
        self._outward.tell_heard(done.task_id, came, late=late)
        self._moved = True

    @workflow.signal(name="task_reach")
    def task_reach(self, *told: Any) -> None:
        reach = heard(told, TaskReach)
        if reach is None or self._refusal:
            return
        self.referral.heard_of(reach.task_id, reach.unreached)
        self._moved = True

    @workflow.signal(name="pass_on")
    def pass_on(self, *told: Any) -> None:
        notice = heard(told, StaffNotice)
        if notice is not None and not self._refusal:
            self._outward.pass_on(notice)

    def _read(self, statement: Any, default_id: str) -> Entry:
        self._must_have_begun()
        try:
            entry = parse_statement(statement)
        except Refused as refused:
            raise application_error(refused) from None
        return entry if entry.id else entry.model_copy(update={"id": default_id})

    # -- what can be asked ------------------------------------------------------------------------------------

    @workflow.query(name="referral", description="Where the referral stands: candidates, attempts, status")
    def view(self, *given: Any) -> ReferralView:
        none_of(given, "referral")
        self._must_have_begun()
        return view(self.referral, today_as_far_as_known())

    @workflow.query(
        name="journal", description="Every statement with both times, its author, and whether it stands"
    )
    def journal(self, *given: Any) -> list[JournalLine]:
        none_of(given, "journal")
        self._must_have_begun()
        return journals.journal(self.referral)

    # -- showing ----------------------------------------------------------------------------------------------

    def _show(self) -> None:
        shown = view(self.referral, workflow.now())
        workflow.set_current_details(referral_table(shown, self.referral))
        self._shown.show(referral_attributes(shown, self.referral.start))

    # -- continuing as new ------------------------------------------------------------------------------------

    def _should_continue_as_new(self) -> bool:
        info = workflow.info()
        due = info.is_continue_as_new_suggested() or info.is_target_worker_deployment_version_changed()
        is_quiet = self._outward.is_idle and not self.referral.effects and workflow.all_handlers_finished()
        return due and is_quiet and not self._is_too_large

    def _continue_as_new(self) -> None:
        self.referral.forget_old_notes(NOTES_KEPT)
        snapshot = self.referral.packed()
        if (
            len(snapshot) > SNAPSHOT_BYTES
        ):  # the server would refuse it for ever; so this run goes on as it is
            self._is_too_large = True
            self.referral.not_delivered("The record is too large to be continued: close the referral.")
            return
        self._wait.stop()
        workflow.continue_as_new(
            {**self._given, RESUMED: {"snapshot": snapshot, "untold": self._outward.untold()}},
            initial_versioning_behavior=workflow.ContinueAsNewVersioningBehavior.AUTO_UPGRADE,
        )


def _begin(start: Mapping[str, Any]) -> Engine:
    resumed = start.get(RESUMED)
    begin = ReferralStart.model_validate(without_state(start))
    check_workflow_id("referral_id", "referral-", begin.referral_id, workflow.info().workflow_id)
    referral = new_referral(begin, workflow.now())
    if resumed:
        referral.go_on_from(resumed["snapshot"])
    return referral
