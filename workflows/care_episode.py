"""`CareEpisode`: the durable shell around one episode. It contains no clinical rule.

It takes entries by update, sleeps until the core's next deadline, carries out effects, and shows where things
stand. Everything that must survive continue-as-new is in `Episode`.
"""

from collections.abc import Coroutine
from datetime import date
from typing import Any

from pydantic import ValidationError
from temporalio import workflow
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from activities.models import KEEP_CONSENTS, NOTE_EPISODE, ConsentsStated, EpisodeNote
    from activities.policies import CLINIC_NOTE
    from workflows import visibility as seen
    from workflows.answering import application_error, today_as_far_as_known
    from workflows.cancellation import live_through
    from workflows.core import views
    from workflows.core.effects import (
        BeginEpisode,
        CloseTask,
        Effect,
        KeepConsents,
        MessagePatient,
        NoteClosed,
        Notify,
        OpenTask,
        StartReferral,
        TellReferral,
    )
    from workflows.core.entries import Entry, in_words, parse_entry
    from workflows.core.episode import Episode
    from workflows.core.errors import InvalidEntry, Refused
    from workflows.core.progress import Changed, JournalLine, Progress
    from workflows.core.referral.start import ReferralStart
    from workflows.core.snapshot import pack, unpack
    from workflows.core.start import EpisodeStart
    from workflows.details import episode_attributes, progress_table, referral_start_attributes
    from workflows.messages import ReferralNews, Result, TaskDone
    from workflows.notices import message_patient
    from workflows.outward import Outward
    from workflows.pathways import pathway_named
    from workflows.pathways.following import check_following, start_of_following
    from workflows.waiting import NamedWait


@workflow.defn(name=seen.CARE_EPISODE)
class CareEpisode:
    """One patient's episode, from referral to the end of its record."""

    @workflow.init
    def __init__(self, start: Any) -> None:
        self._refusal: str | None = None
        try:
            self.episode = _begin(start)
        except (Refused, ValidationError) as error:
            # Raised here it would stop the workflow task for ever; `run` fails the workflow with it instead.
            self._refusal = (
                in_words(error, EpisodeStart) if isinstance(error, ValidationError) else str(error)
            )
            return
        self._began_in = self.episode.stage
        self._at_boundary = False
        begin = self.episode.start
        self._outward = Outward(episode_id=begin.episode_id, site=begin.site, team=self.episode.frame.team)
        self._wait = NamedWait()
        self._keeping = 0
        self._moved = not (isinstance(start, dict) and "resumed" in start)
        # Search attributes come along into a new run: only what differs from them is upserted.
        self._shown = {pair.key.name: pair.value for pair in workflow.info().typed_search_attributes}

    @workflow.run
    async def run(self, start: Any) -> Progress:
        if self._refusal:
            raise ApplicationError(
                f"This episode cannot begin: {self._refusal}", type="InvalidEntry", non_retryable=True
            )
        return await live_through(self._live(start), self._cancellation_requested)

    def _cancellation_requested(self, _reason: str) -> None:
        text = "A cancellation was requested; an episode ends by a decision or an exit, so it goes on."
        self.episode.undelivered.append(text)
        self._moved = True

    async def _live(self, start: Any) -> Progress:
        if self._moved:
            self._wake()
        while not self.episode.finished(workflow.now()):
            self._moved = False
            self._carry_out()
            self._show()
            deadline = self.episode.next_deadline
            self._wait.wait_for(deadline and deadline.at, deadline.name if deadline else "")
            await workflow.wait_condition(
                lambda: self._moved or self._wait.is_over or self._should_continue_as_new()
            )
            if self._should_continue_as_new():
                self._continue_as_new(start)
            if self._wait.is_over:
                self._wake()
        self._wait.stop()
        self._carry_out()
        self._show()
        await workflow.wait_condition(lambda: self._outward.is_idle and workflow.all_handlers_finished())
        return self.progress()

    def _wake(self) -> None:
        # The deadline is judged at its own time, even where the worker comes to it late (T7).
        try:
            self.episode.wake(workflow.now())
        except Exception as error:  # shown to people instead of stopping the episode for ever
            self.episode.undelivered.append(f"{application_error(error).message} A deadline was not judged.")
            self.episode.next_deadline = None
        # A stage change is a clean boundary, but the moment after it is when people ask what happened: the new
        # run begins with a later deadline, when nobody waits for an answer and no task of this run is open. (A
        # task that ends after its parent's run stops the clock of the time-skipping test server for ever.)
        opens_task = any(isinstance(effect, OpenTask) for effect in self.episode.effects)
        is_quiet = not opens_task and self._outward.has_no_open_task
        self._at_boundary = is_quiet and self.episode.stage != self._began_in

    # -- what staff and other systems state -----------------------------------------------------------------

    @workflow.update(
        name="record", description="Record one entry: {kind, by, …}; answers with what it changed"
    )
    def record(self, statement: Any) -> Changed:
        entry = self._read(statement, workflow.current_update_info().id)  # type: ignore[union-attr]
        try:
            changed = self.episode.apply(entry, workflow.now())
        except Exception as error:
            raise application_error(error) from None
        self._moved, self._at_boundary = True, False
        return changed

    @record.validator
    def _check_record(self, statement: Any) -> None:
        self._read(statement, "unchecked")

    @workflow.update(
        name="record_many", description="Record a list of entries together, with a result for each"
    )
    def record_many(self, statements: Any) -> list[Result]:
        info = workflow.current_update_info()
        assert info is not None
        entries: dict[int, Entry] = {}
        results: dict[int, Result] = {}
        for index, statement in enumerate(statements):
            try:
                entries[index] = self._read(statement, f"{info.id}/{index:04d}")
            except ApplicationError as error:
                results[index] = Result(
                    index=index, error={"type": error.type or "", "message": error.message}
                )
        try:
            answers = self.episode.apply_many(list(entries.values()), workflow.now())
        except Exception as error:
            raise application_error(error) from None
        for (index, entry), answer in zip(entries.items(), answers, strict=True):
            if isinstance(answer, Refused):
                refusal = {"type": type(answer).__name__, "message": str(answer)}
                results[index] = Result(index=index, entry_id=entry.id, error=refusal)
            else:
                results[index] = Result(index=index, **answer.model_dump())
        self._moved, self._at_boundary = True, False
        return [results[index] for index in sorted(results)]

    @record_many.validator
    def _check_record_many(self, statements: Any) -> None:
        if not isinstance(statements, list):
            raise application_error(InvalidEntry("record_many takes a list of entries."))

    @workflow.signal(name="task_completed")
    def task_completed(self, done: TaskDone) -> None:
        statement = {
            "kind": "decision",
            "id": f"{done.task_id}:completed",
            "by": done.by,
            "about": done.task_id,
            "choice": done.outcome,
            "reason": done.reason,
        }
        self._outward.completed_themselves.add(done.task_id)
        try:
            self.episode.apply(parse_entry(statement), workflow.now())
        except Refused as refused:
            # The task was withdrawn while it was being completed; the person hears that and why (E10).
            lines = (f"Your answer {done.outcome} came too late to have an effect: {refused}",)
            self.episode.effects.append(
                Notify(f"{done.task_id}:late", "case_manager", done.by, "answer_too_late", lines)
            )
        self._moved, self._at_boundary = True, False

    @workflow.signal(name="referral_news")
    def referral_news(self, news: ReferralNews) -> None:
        statement = {
            "kind": "referral_news",
            "id": f"{news.referral_id}:{news.state}:{news.reason or ''}:{len(self.episode.record)}",
            "by": "carepath",
            "source": "agency",
            **news.model_dump(mode="json", exclude_none=True),
        }
        try:
            self.episode.apply(parse_entry(statement), workflow.now())
        except Exception as error:  # shown to people instead of stopping the episode for ever
            self.episode.undelivered.append(f"{application_error(error).message} A referral was not heard.")
        self._moved, self._at_boundary = True, False

    def _read(self, statement: Any, default_id: str) -> Entry:
        if self._refusal:
            raise ApplicationError(
                f"This episode cannot begin: {self._refusal}", type="InvalidEntry", non_retryable=True
            )
        try:
            entry = parse_entry(statement)
        except Refused as refused:
            raise application_error(refused) from None
        return entry if entry.id else entry.model_copy(update={"id": default_id})

    # -- what can be asked ----------------------------------------------------------------------------------

    @workflow.query(name="progress", description="Where the episode stands today")
    def progress(self) -> Progress:
        return views.progress(self.episode, today_as_far_as_known())

    @workflow.query(
        name="journal",
        description="Every entry with both times, its author, and whether it stands; or as known on a day",
    )
    def journal(self, as_known_on: str | None = None) -> list[JournalLine]:
        known_by = self.episode.at_close_of(date.fromisoformat(as_known_on)) if as_known_on else None
        return views.journal(self.episode, known_by)

    @workflow.query(
        name="as_known_on", description="Progress as it was known at the end of a day (YYYY-MM-DD)"
    )
    def as_known_on(self, day: str) -> Progress:
        instant = self.episode.at_close_of(date.fromisoformat(day))
        return views.progress(views.as_known_at(self.episode, instant), instant)

    # -- carrying out ---------------------------------------------------------------------------------------

    def _carry_out(self) -> None:
        self._outward.carry_out(self.episode.take_effects(), self._perform)

    def _perform(self, effect: Effect) -> Coroutine[Any, Any, None]:
        match effect:
            case OpenTask():
                return self._outward.open_task(effect)
            case CloseTask():
                return self._outward.close_task(effect)
            case Notify():
                return self._notify(effect)
            case MessagePatient():
                return self._message(effect)
            case NoteClosed():
                return self._note_closed(effect)
            case KeepConsents():
                return self._keep_consents(effect)
            case StartReferral():
                return self._start_referral(effect)
            case TellReferral():
                return self._tell_referral(effect)
            case BeginEpisode():
                return self._begin_episode(effect)

    async def _notify(self, notice: Notify) -> None:
        key = f"{self.episode.start.episode_id}:{notice.key}"
        self.episode.undelivered += await self._outward.notify(notice, key)

    async def _message(self, message: MessagePatient) -> None:
        episode_id = self.episode.start.episode_id
        failures = await message_patient(
            key=f"{episode_id}:{message.key}",
            episode_id=episode_id,
            template=message.template,
            send_before=message.send_before,
        )
        if failures:
            self.episode.undelivered += failures
            await self._notify(
                Notify(
                    f"{message.key}:not_sent",
                    "case_manager",
                    self.episode.frame.team.get("case_manager"),
                    "message_not_sent",
                    tuple(failures),
                )
            )

    async def _note_closed(self, note: NoteClosed) -> None:
        await workflow.execute_activity(
            NOTE_EPISODE,
            EpisodeNote(episode_id=self.episode.start.episode_id, closed_on=note.closed_on),
            summary="Clinic database: episode closed"
            if note.closed_on
            else "Clinic database: episode open again",
            **CLINIC_NOTE.options(),
        )

    async def _keep_consents(self, kept: KeepConsents) -> None:
        self._keeping += 1
        try:
            await workflow.execute_activity(
                KEEP_CONSENTS,
                ConsentsStated(
                    episode_id=self.episode.start.episode_id,
                    version=kept.version,
                    consents=list(kept.consents),
                    lifted=list(kept.lifted),
                ),
                summary="Clinic database: consents",
                **CLINIC_NOTE.options(),
            )
        finally:
            self._keeping -= 1

    async def _start_referral(self, new: StartReferral) -> None:
        await self._consents_are_kept()
        start = self.episode.start
        beginning = ReferralStart(
            **start.model_dump(include={"episode_id", "site", "timezone", "team", "closures"}),
            referral_id=new.referral_id,
            kind=new.kind,
            service=new.service,
            wishes=new.wishes,
            since=new.since,
            need=new.need,
            policy=new.policy,
            statements=new.statements,
        )
        await workflow.start_child_workflow(
            seen.REFERRAL,
            beginning.model_dump(mode="json"),
            id=new.referral_id,
            parent_close_policy=workflow.ParentClosePolicy.ABANDON,
            search_attributes=referral_start_attributes(beginning),
            static_summary=f"referral · {new.kind.replace('_', ' ')} · {start.site}",
        )

    async def _tell_referral(self, news: TellReferral) -> None:
        # The ledger judges by the clinic database: it must know of a consent before the referral tries again (P3).
        await self._consents_are_kept()
        if starting := self._outward.starting(news.referral_id):
            await workflow.wait([starting])
        referral = workflow.get_external_workflow_handle(news.referral_id)
        try:
            await referral.signal("told", news.statement)
        except ApplicationError as error:  # it has ended: there is nothing left for it to hear
            workflow.logger.info("referral %s had already ended: %s", news.referral_id, error.type)

    async def _consents_are_kept(self) -> None:
        await workflow.wait_condition(lambda: self._keeping == 0)

    async def _begin_episode(self, begin: BeginEpisode) -> None:
        start = self.episode.start
        await workflow.execute_activity(
            NOTE_EPISODE,
            EpisodeNote(episode_id=begin.episode_id, follows=start.episode_id, opened_on=begin.referred_on),
            summary="Clinic database: the episode goes on in another program",
            **CLINIC_NOTE.options(),
        )
        await workflow.start_child_workflow(
            seen.CARE_EPISODE,
            start_of_following(start, begin),
            id=f"episode-{begin.episode_id}",
            parent_close_policy=workflow.ParentClosePolicy.ABANDON,
            static_summary=f"{begin.pathway} · {start.site}",
        )

    # -- showing --------------------------------------------------------------------------------------------

    def _show(self) -> None:
        progress = views.progress(self.episode, workflow.now())
        workflow.set_current_details(progress_table(progress, self.episode.zone))
        attributes = episode_attributes(progress, self.episode.start)
        changed = [update for name, update in attributes.items() if self._shown.get(name) != update.value]
        if changed:
            workflow.upsert_search_attributes(changed)
            self._shown.update({name: update.value for name, update in attributes.items()})

    # -- continuing as new ----------------------------------------------------------------------------------

    def _should_continue_as_new(self) -> bool:
        info = workflow.info()
        due = (
            self._at_boundary
            or info.is_continue_as_new_suggested()
            or info.is_target_worker_deployment_version_changed()
        )
        return due and self._outward.is_idle and not self.episode.effects and workflow.all_handlers_finished()

    def _continue_as_new(self, start: dict[str, Any]) -> None:
        self._wait.stop()
        begin = {name: value for name, value in start.items() if name != "resumed"}
        workflow.continue_as_new(
            {**begin, "resumed": {"snapshot": pack(self.episode)}},
            initial_versioning_behavior=workflow.ContinueAsNewVersioningBehavior.AUTO_UPGRADE,
        )


def _begin(start: Any) -> Episode:
    resumed = start.get("resumed") if isinstance(start, dict) else None
    begin = EpisodeStart.model_validate(
        {k: v for k, v in start.items() if k != "resumed"} if resumed else start
    )
    pathway = pathway_named(begin.pathway)
    if resumed:
        return unpack(resumed["snapshot"], begin, pathway)
    begin.check_codes()
    check_following(begin)
    episode = Episode(begin, pathway, workflow.now())
    episode.recall(workflow.now())
    return episode
