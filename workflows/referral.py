"""`Referral`: the durable shell around one referral. It contains no rule, and outlives the episode that started it.

It takes statements by update, from people and from the agencies' gateway alike; looks in the directory, sends and asks
through activities; and tells its episode of the first visit and of the end.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from temporalio import workflow
from temporalio.common import RawValue

with workflow.unsafe.imports_passed_through():
    from workflows import visibility
    from workflows.core.engine.codes import check_workflow_id
    from workflows.core.engine.shown import Changed
    from workflows.core.episode import views as journals
    from workflows.core.episode.entries import Entry
    from workflows.core.episode.progress import JournalLine
    from workflows.core.referral.referral import Referral as Engine
    from workflows.core.referral.start import ReferralStart
    from workflows.core.referral.statements import parse_statement
    from workflows.core.referral.views import ReferralView, view
    from workflows.messages import TaskDone
    from workflows.pathways.referral import new_referral
    from workflows.referral_effects import ReferralEffects
    from workflows.shell.answering import none_of, today_as_far_as_known
    from workflows.shell.arriving import NOTHING, RESUMED, sealed, without_state
    from workflows.shell.durable import Durable
    from workflows.shell.showing import Shown
    from workflows.wording import referral_table


@workflow.defn(name=visibility.REFERRAL)
class Referral(Durable[Engine, ReferralView]):
    """One referral, from the need to the end of its record."""

    KIND = "referral"
    ENDS_BY = "a referral ends by a statement"
    IF_TOO_LARGE = "close the referral"
    STATEMENT = "a statement, as one JSON object: {kind, by, …}"

    @workflow.init
    def __init__(self, start: RawValue = NOTHING) -> None:
        if (referral := self.begin_with(start, _begin, ReferralStart)) is None:
            return
        self.referral = referral
        self.effects = ReferralEffects(referral, self.judged, self.stir)

    @workflow.run
    async def run(self, start: RawValue = NOTHING) -> ReferralView:
        return await self.live()

    def begin(self) -> None:
        self.referral.begin(workflow.now())

    # -- what people, agencies and the episode state ----------------------------------------------------------

    @workflow.update(
        name="record", description="State what happened: {kind, by, …}; answers with what it changed"
    )
    async def record(self, *given: Any) -> Changed:
        return await self.take(given)

    @record.validator
    def _check_record(self, *given: Any) -> None:
        self.check(given)

    def parse(self, statement: Any) -> Entry:
        return parse_statement(statement)

    @workflow.signal(name="told", description="The episode tells what was stated there")
    def told(self, *statements: Any) -> None:
        try:
            statement = sealed(statements, "told", self.trust)
            self.referral.apply(self.read(statement, "told"), workflow.now(), is_ours=True)
        except Exception as error:
            workflow.logger.info("what the episode told had no use here: %s", type(error).__name__)
        self.stir()

    def complete(self, done: TaskDone) -> Changed:
        now = workflow.now()
        return self.referral.complete(done.task_id, done.outcome, done.by, done.reason, now, done.signature)

    # -- what can be asked ------------------------------------------------------------------------------------

    @workflow.query(name="referral", description="Where the referral stands: candidates, attempts, status")
    def view(self, *given: Any) -> ReferralView:
        none_of(given, "referral")
        self.must_have_begun()
        return self._view_at(today_as_far_as_known(), self.keeping.in_words())

    @workflow.query(
        name="journal", description="Every statement with both times, its author, and whether it stands"
    )
    def journal(self, *given: Any) -> list[JournalLine]:
        none_of(given, "journal")
        self.must_have_begun()
        return journals.journal(self.referral)

    def shown(self) -> Shown:
        shown = self._view_at(workflow.now(), self.keeping.to_be_shown(workflow.now()))
        return referral_table(shown, self.referral), visibility.of_referral(shown, self.referral.start)

    def _view_at(self, now: datetime, not_kept: Sequence[str]) -> ReferralView:
        kept = {"not_kept": list(not_kept), "journal_behind": self.keeping.is_behind}
        return view(self.referral, now).model_copy(update=kept)


def _begin(start: Mapping[str, Any]) -> Engine:
    resumed = start.get(RESUMED)
    begin = ReferralStart.model_validate(without_state(start))
    check_workflow_id("referral_id", "referral-", begin.referral_id, workflow.info().workflow_id)
    referral = new_referral(begin, workflow.now())
    if resumed:
        referral.go_on_from(resumed["snapshot"])
    return referral
