"""`CareEpisode`: the durable shell around one episode. It contains no clinical rule.

It takes entries by update, sleeps until the core's next deadline, carries out effects, and shows where things
stand. Everything that must survive continue-as-new is in `Episode`.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from temporalio import workflow
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from activities.models import StaffNotice
    from workflows import visibility as seen
    from workflows.answering import application_error, day_of, none_of, only, today_as_far_as_known
    from workflows.arriving import NOTHING, RESUMED, begun, heard, read_start, refused_start, without_state
    from workflows.cancellation import live_through
    from workflows.core.engine.bounds import (
        ANSWER_BYTES,
        NOTES_KEPT,
        SNAPSHOT_BYTES,
        check_batch,
        size_of,
    )
    from workflows.core.engine.codes import check_workflow_id
    from workflows.core.engine.effects import OpenTask
    from workflows.core.engine.errors import Refused
    from workflows.core.engine.shown import Changed
    from workflows.core.episode import views
    from workflows.core.episode.attendance.services import refuse_schedule
    from workflows.core.episode.entries import JUDGED_AT_THE_DOOR, Entry, TeamChange, parse_entry
    from workflows.core.episode.episode import Episode
    from workflows.core.episode.policy import load_policy
    from workflows.core.episode.progress import JournalLine, Progress
    from workflows.core.episode.start import EpisodeStart
    from workflows.details import episode_attributes, progress_table
    from workflows.episode_errands import Errands
    from workflows.messages import ReferralNews, Result, TaskDone, TaskHeard, TaskReach
    from workflows.notices import Reach
    from workflows.outward import Outward, too_late
    from workflows.pathways import pathway_named
    from workflows.pathways.following import check_following
    from workflows.showing import ShownAttributes
    from workflows.staff import asked_of_directory
    from workflows.standing import Standing
    from workflows.waiting import NamedWait


ONE_ENTRY = "an entry, as one JSON object: {kind, by, …}"
LIST_OF_ENTRIES = "a list of entries: [{kind, by, …}, …]"


@workflow.defn(name=seen.CARE_EPISODE)
class CareEpisode:
    """One patient's episode, from referral to the end of its record."""

    @workflow.init
    def __init__(self, start: RawValue = NOTHING) -> None:
        # An error raised here would stop the workflow task for ever; `run` fails the workflow with it instead.
        beginning = begun(_begin, start, EpisodeStart)
        self._refusal = beginning if isinstance(beginning, str) else None
        if isinstance(beginning, str):
            return
        self.episode = beginning
        self._began_in = self.episode.stage
        self._at_boundary = False
        begin = self.episode.start
        reach = Reach(self.episode, self._stir)
        self._outward = Outward(
            episode_id=begin.episode_id, site=begin.site, team=lambda: self.episode.facts.team, reach=reach
        )
        self._wait = NamedWait()
        self._errands = Errands(self.episode, self._outward)
        self._is_too_large = False
        given = read_start(start)
        carried = given.get(RESUMED, {})
        self._untold = carried.get("untold", [])
        self._standing = Standing(
            begin.episode_id, lambda: self.episode.facts.team, carried.get("known"), self._stir
        )
        self._given, self._moved = without_state(given), RESUMED not in given
        self._shown = ShownAttributes()

    @workflow.run
    async def run(self, start: RawValue = NOTHING) -> Progress:
        self._must_have_begun()
        return await live_through(self._live(), self._cancellation_requested)

    def _must_have_begun(self) -> None:
        if self._refusal:
            raise refused_start("episode", self._refusal)

    def _cancellation_requested(self, _reason: str) -> None:
        text = "A cancellation was requested; an episode ends by a decision or an exit, so it goes on."
        self.episode.not_delivered(text)
        self._moved = True

    async def _live(self) -> Progress:
        if self._moved:
            self._wake()
        for untold in self._untold:
            self._outward.pass_on(StaffNotice.model_validate(untold))
        while not self.episode.finished(workflow.now()):
            self._moved = False
            self._standing.ask_if_it_is_time(workflow.now())
            self._errands.carry_out()
            self._show()
            deadline = self.episode.next_deadline
            self._wait.wait_for(deadline and deadline.at, deadline.name if deadline else "")
            await workflow.wait_condition(
                lambda: self._moved or self._wait.is_over or self._should_continue_as_new()
            )
            if self._should_continue_as_new():
                self._continue_as_new()
            if self._wait.is_over:
                self._wake()
        self._wait.stop()
        self._errands.carry_out()
        self._show()
        while not (self._outward.has_landed and workflow.all_handlers_finished()):
            self._moved = False
            await workflow.wait_condition(
                lambda: self._moved or (self._outward.has_landed and workflow.all_handlers_finished())
            )
            self._show()
        return self.progress()

    def _stir(self) -> None:
        self._moved = True

    def _wake(self) -> None:
        # The deadline is judged at its own time, even where the worker comes to it late (T7).
        if not self._judged(lambda: self.episode.wake(workflow.now()), "A deadline was not judged."):
            self.episode.wait_for_nothing()
        # A stage change is a clean boundary, but the moment after it is when people ask what happened: the new
        # run begins with a later deadline, when nobody waits for an answer and no task of this run is open. (A
        # task that ends after its parent's run stops the clock of the time-skipping test server for ever.)
        opens_task = any(isinstance(effect, OpenTask) for effect in self.episode.effects)
        is_quiet = not opens_task and self._outward.has_no_open_task
        self._at_boundary = is_quiet and self.episode.stage != self._began_in

    def _judged(self, judge: Callable[[], object], without: str) -> bool:
        """Let the engine judge; an error of ours is shown to people instead of stopping the episode for ever."""
        try:
            judge()
        except Exception as error:
            self.episode.not_delivered(f"{application_error(error).message} {without}")
            return False
        return True

    # -- what staff and other systems state -----------------------------------------------------------------

    @workflow.update(
        name="record", description="Record one entry: {kind, by, …}; answers with what it changed"
    )
    async def record(self, *given: Any) -> Changed:
        entry = self._read(only(given, ONE_ENTRY), workflow.current_update_info().id)  # type: ignore[union-attr]
        await self._know_authors([entry])
        try:
            changed = self.episode.apply(entry, workflow.now())
        except Exception as error:
            raise application_error(error) from None
        await self._in_force([entry])
        return changed

    @record.validator
    def _check_record(self, *given: Any) -> None:
        self._read(only(given, ONE_ENTRY), "unchecked")

    @workflow.update(
        name="record_many", description="Record a list of entries together, with a result for each"
    )
    async def record_many(self, *given: Any) -> list[Result]:
        statements = only(given, LIST_OF_ENTRIES)
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
        await self._know_authors(entries.values())
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
        await self._in_force(entries.values())
        return _within_bounds([results[index] for index in sorted(results)])

    async def _in_force(self, entries: Iterable[Entry]) -> None:
        """Follow what was recorded, and do not answer before it is in force at the door (P3): also where it is told
        once more, because the first answer was lost."""
        self._moved, self._at_boundary = True, False
        if any(isinstance(entry, TeamChange) for entry in entries):
            self._standing.ask_again()
        if self._errands.asks_the_door or any(isinstance(entry, JUDGED_AT_THE_DOOR) for entry in entries):
            await self._errands.in_force()

    @record_many.validator
    def _check_record_many(self, *given: Any) -> None:
        self._must_have_begun()
        statements = only(given, LIST_OF_ENTRIES)
        try:
            check_batch(statements)
        except Refused as refused:
            raise application_error(refused) from None

    @workflow.signal(name="task_completed")
    def task_completed(self, *told: Any) -> None:
        done = heard(told, TaskDone)
        if done is None or self._refusal:
            return
        statement = {
            "kind": "decision",
            "id": f"{done.task_id}:completed",
            "by": done.by,
            "about": done.task_id,
            "choice": done.outcome,
            "reason": done.reason,
        }
        self._outward.completed_themselves.add(done.task_id)
        if done.known_as is not None:
            self.episode.vouch(done.by, done.known_as)
        try:
            came = TaskHeard(changes=self.episode.apply(parse_entry(statement), workflow.now()).changes)
        except Exception as error:
            # The task was withdrawn while it was being completed, or cannot be so yet; the person hears why (E10).
            came = TaskHeard(objection=application_error(error).message)
            self._judged(
                lambda: self.episode.ask_anew(done.task_id, workflow.now()), "A task was not asked anew."
            )
        late = partial(self._errands.notify, too_late(done, came))
        self._outward.tell_heard(done.task_id, came, self._errands.in_force(), late)
        self._moved, self._at_boundary = True, False

    @workflow.signal(name="task_reach")
    def task_reach(self, *told: Any) -> None:
        reach = heard(told, TaskReach)
        if reach is None or self._refusal:
            return
        self.episode.heard_of(reach.task_id, reach.unreached)
        self._moved = True

    @workflow.signal(name="pass_on")
    def pass_on(self, *told: Any) -> None:
        notice = heard(told, StaffNotice)
        if notice is not None and not self._refusal:
            self._outward.pass_on(notice)

    @workflow.signal(name="ask_how_it_stands")
    def ask_how_it_stands(self, *_told: Any) -> None:
        if not self._refusal:
            self._standing.ask_again()
            self._moved = True

    @workflow.signal(name="referral_news")
    def referral_news(self, *told: Any) -> None:
        news = heard(told, ReferralNews)
        if news is None or self._refusal:
            return
        statement = {
            "kind": "referral_news",
            "id": f"{news.referral_id}:{news.state}:{news.reason or ''}:{len(self.episode.record)}",
            "by": "carepath",
            "source": "agency",
            **news.model_dump(mode="json", exclude_none=True),
        }
        self._judged(
            lambda: self.episode.apply(parse_entry(statement), workflow.now()), "A referral was not heard."
        )
        self._moved, self._at_boundary = True, False

    async def _know_authors(self, entries: Iterable[Entry]) -> None:
        """Who signs and is not of the team is looked up in the clinic's staff directory first, and so is whoever is
        appointed (E0)."""
        entries = list(entries)
        unknown = {staff_id for entry in entries if (staff_id := self.episode.unknown_author(entry))}
        unknown |= {staff_id for entry in entries if (staff_id := self.episode.appointed(entry))}
        for staff_id in sorted(unknown):
            if known := await asked_of_directory(staff_id):
                self.episode.vouch(staff_id, None if known.roles is None else tuple(known.roles))
            else:
                self.episode.forget(staff_id)

    def _read(self, statement: Any, default_id: str) -> Entry:
        self._must_have_begun()
        try:
            entry = parse_entry(statement)
        except Refused as refused:
            raise application_error(refused) from None
        return entry if entry.id else entry.model_copy(update={"id": default_id})

    # -- what can be asked ----------------------------------------------------------------------------------

    @workflow.query(name="progress", description="Where the episode stands today")
    def progress(self, *given: Any) -> Progress:
        none_of(given, "progress")
        self._must_have_begun()
        return self._standing_beside(views.progress(self.episode, today_as_far_as_known()))

    @workflow.query(
        name="journal",
        description="Every entry with both times, its author, and whether it stands; or as known on a day",
    )
    def journal(self, *as_known_on: Any) -> list[JournalLine]:
        self._must_have_begun()
        day = only(as_known_on, "the day as it was known then, or none") if as_known_on else None
        return views.journal(self.episode, None if day is None else self._close_of(day))

    @workflow.query(
        name="as_known_on", description="Progress as it was known at the end of a day (YYYY-MM-DD)"
    )
    def as_known_on(self, *day: Any) -> Progress:
        self._must_have_begun()
        instant = self._close_of(only(day, "a day such as 2026-03-01"))
        return views.progress(views.as_known_at(self.episode, instant), instant)

    def _close_of(self, day: Any) -> datetime:
        return self.episode.at_close_of(day_of(day), today_as_far_as_known())

    # -- showing --------------------------------------------------------------------------------------------

    def _show(self) -> None:
        progress = self._standing_beside(views.progress(self.episode, workflow.now()))
        workflow.set_current_details(progress_table(progress, self.episode.zone))
        self._shown.show(episode_attributes(progress, self.episode.start))

    def _standing_beside(self, progress: Progress) -> Progress:
        return progress.model_copy(update={"look_at": self._standing.in_words(progress.stage)})

    # -- continuing as new ----------------------------------------------------------------------------------

    def _should_continue_as_new(self) -> bool:
        info = workflow.info()
        due = (
            self._at_boundary
            or info.is_continue_as_new_suggested()
            or info.is_target_worker_deployment_version_changed()
        )
        is_quiet = self._outward.is_idle and not self.episode.effects and workflow.all_handlers_finished()
        return due and is_quiet and not self._is_too_large

    def _continue_as_new(self) -> None:
        self.episode.forget_old_notes(NOTES_KEPT)
        snapshot = self.episode.packed()
        if (
            len(snapshot) > SNAPSHOT_BYTES
        ):  # the server would refuse it for ever; so this run goes on as it is
            self._is_too_large = True
            self.episode.not_delivered("The record is too large to be continued: end the episode.")
            return
        self._wait.stop()
        workflow.continue_as_new(
            {
                **self._given,
                RESUMED: {
                    "snapshot": snapshot,
                    "untold": self._outward.untold(),
                    "known": self._standing.handed_on(),
                },
            },
            initial_versioning_behavior=workflow.ContinueAsNewVersioningBehavior.AUTO_UPGRADE,
        )


def _within_bounds(results: list[Result]) -> list[Result]:
    """What entries have changed together stands with each of them; where that is too much, with the last alone."""
    if size_of([result.model_dump(mode="json") for result in results]) <= ANSWER_BYTES:
        return results
    nothing: dict[str, Any] = {"changes": [], "before": {}, "after": {}}
    last = max(number for number, result in enumerate(results) if result.changes or number == 0)
    return [r if number == last else r.model_copy(update=nothing) for number, r in enumerate(results)]


def _begin(start: Mapping[str, Any]) -> Episode:
    resumed = start.get(RESUMED)
    begin = EpisodeStart.model_validate(without_state(start))
    check_workflow_id("episode_id", "episode-", f"episode-{begin.episode_id}", workflow.info().workflow_id)
    pathway = pathway_named(begin.pathway)
    if resumed:
        return Episode.unpacked(resumed["snapshot"], begin, pathway)
    begin.check_codes()
    policy = load_policy(begin.policy, pathway.defaults)
    begin.check_referral(workflow.now(), policy)
    refuse_schedule(begin.schedule, policy)
    check_following(begin)
    episode = Episode(begin, pathway, workflow.now())
    episode.recall(workflow.now())
    return episode
