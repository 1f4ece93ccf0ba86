"""`CareEpisode`: one patient's passage through a pathway, as a durable workflow. It contains no clinical rule.

How it lives is `workflows/shell/durable.py`; here stand what can be stated and asked of it, and what it shows.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from temporalio import workflow
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from workflows import visibility
    from workflows.clinic_files import ClinicFiles
    from workflows.core.engine.bounds import ANSWER_BYTES, check_batch, size_of
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
    from workflows.episode_effects import EpisodeEffects
    from workflows.messages import ReferralNews, Result, TaskDone
    from workflows.pathways import pathway_named
    from workflows.pathways.following import check_following
    from workflows.shell.answering import application_error, day_of, none_of, only, today_as_far_as_known
    from workflows.shell.arriving import NOTHING, RESUMED, heard, without_state
    from workflows.shell.durable import Durable
    from workflows.shell.showing import Shown
    from workflows.staff import asked_of_directory
    from workflows.wording import progress_table

LIST_OF_ENTRIES = "a list of entries: [{kind, by, …}, …]"


@workflow.defn(name=visibility.CARE_EPISODE)
class CareEpisode(Durable[Episode, Progress]):
    """One patient's episode, from referral to the end of its record."""

    KIND = "episode"
    ENDS_BY = "an episode ends by a decision or an exit"
    IF_TOO_LARGE = "end the episode"
    STATEMENT = "an entry, as one JSON object: {kind, by, …}"

    effects: EpisodeEffects

    @workflow.init
    def __init__(self, start: RawValue = NOTHING) -> None:
        if (episode := self.begin_with(start, _begin, EpisodeStart)) is None:
            return
        self.episode = episode
        self._began_in = episode.stage
        self.effects = EpisodeEffects(episode, self.stir)
        self._files = ClinicFiles(
            episode.start.episode_id, lambda: episode.facts.team, self.carried.get("known"), self.stir
        )

    @workflow.run
    async def run(self, start: RawValue = NOTHING) -> Progress:
        return await self.live()

    def begin(self) -> None:
        self.episode.wake(workflow.now())

    def look_around(self) -> None:
        self._files.ask_if_it_is_time(workflow.now())

    def is_at_boundary(self) -> bool:
        # A stage change is a clean boundary, but the moment after it is when people ask what happened: the new
        # run begins with a later deadline, when nobody waits for an answer and no task of this run is open. (A
        # task that ends after its parent's run stops the clock of the time-skipping test server for ever.)
        opens_task = any(isinstance(effect, OpenTask) for effect in self.episode.effects)
        is_quiet = not opens_task and self.effects.tasks.have_all_ended
        return is_quiet and self.episode.stage != self._began_in

    def handed_on(self) -> dict[str, Any]:
        return {"known": self._files.handed_on()}

    # -- what staff and other systems state -----------------------------------------------------------------

    @workflow.update(
        name="record", description="Record one entry: {kind, by, …}; answers with what it changed"
    )
    async def record(self, *given: Any) -> Changed:
        return await self.take(given)

    @record.validator
    def _check_record(self, *given: Any) -> None:
        self.check(given)

    @workflow.update(
        name="record_many", description="Record a list of entries together, with a result for each"
    )
    async def record_many(self, *given: Any) -> list[Result]:
        update = workflow.current_update_info()
        assert update is not None
        entries: dict[int, Entry] = {}
        results: dict[int, Result] = {}
        for index, statement in enumerate(only(given, LIST_OF_ENTRIES)):
            try:
                entries[index] = self.read(statement, f"{update.id}/{index:04d}")
            except ApplicationError as error:
                results[index] = _refused(index, error.type or "", error.message)
        await self.before(list(entries.values()))
        try:
            answers = self.episode.apply_many(list(entries.values()), workflow.now())
        except Exception as error:
            raise application_error(error) from None
        for (index, entry), answer in zip(entries.items(), answers, strict=True):
            if isinstance(answer, Refused):
                results[index] = _refused(index, type(answer).__name__, str(answer), entry.id)
            else:
                results[index] = Result(index=index, **answer.model_dump())
        await self.after(list(entries.values()))
        return _within_bounds([results[index] for index in sorted(results)])

    @record_many.validator
    def _check_record_many(self, *given: Any) -> None:
        self.must_have_begun()
        statements = only(given, LIST_OF_ENTRIES)
        try:
            check_batch(statements)
        except Refused as refused:
            raise application_error(refused) from None

    def parse(self, statement: Any) -> Entry:
        return parse_entry(statement)

    async def before(self, entries: Sequence[Entry]) -> None:
        """Who signs and is not of the team is looked up in the clinic's staff directory first, and so is whoever is
        appointed (E0)."""
        now = workflow.now()
        unsigned = [entry for entry in entries if not self.episode.knows_by_signature(entry, now)]
        unknown = {staff_id for entry in unsigned if (staff_id := self.episode.unknown_author(entry))}
        unknown |= {staff_id for entry in entries if (staff_id := self.episode.appointed(entry))}
        for staff_id in sorted(unknown):
            if known := await asked_of_directory(staff_id):
                self.episode.vouch(staff_id, None if known.roles is None else tuple(known.roles))
            else:
                self.episode.forget(staff_id)

    async def after(self, entries: Sequence[Entry]) -> None:
        """Follow what was recorded, and do not answer before it is in force at the door (P3): also where it is told
        once more, because the first answer was lost."""
        await super().after(entries)
        if any(isinstance(entry, TeamChange) for entry in entries):
            self._files.ask_again()
        if self.effects.asks_the_door or any(isinstance(entry, JUDGED_AT_THE_DOOR) for entry in entries):
            await self.effects.in_force()

    def complete(self, done: TaskDone) -> Changed:
        now = workflow.now()
        if done.known_as is not None and not self.episode.trust:
            self.episode.vouch(done.by, done.known_as)
        return self.episode.complete(done.task_id, done.outcome, done.by, done.reason, now, done.signature)

    @workflow.signal(name="ask_how_it_stands")
    def ask_how_it_stands(self, *_told: Any) -> None:
        if not self.refusal:
            self._files.ask_again()
            self.stir()

    @workflow.signal(name="referral_news")
    def referral_news(self, *told: Any) -> None:
        news = heard(told, ReferralNews, "referral_news", self.trust)
        if news is None or self.refusal:
            return
        known = news.model_dump(mode="json", exclude_none=True)
        self.judged(lambda: self.episode.hear_of_referral(known, workflow.now()), "A referral was not heard.")
        self.was_stated()

    # -- what can be asked ----------------------------------------------------------------------------------

    @workflow.query(name="progress", description="Where the episode stands today")
    def view(self, *given: Any) -> Progress:
        none_of(given, "progress")
        self.must_have_begun()
        return self._progress_at(today_as_far_as_known(), self.keeping.in_words())

    @workflow.query(
        name="journal",
        description="Every entry with both times, its author, and whether it stands; or as known on a day",
    )
    def journal(self, *as_known_on: Any) -> list[JournalLine]:
        self.must_have_begun()
        day = only(as_known_on, "the day as it was known then, or none") if as_known_on else None
        return views.journal(
            self.episode, None if day is None else self._close_of(day), self.episode.moved_by
        )

    @workflow.query(
        name="as_known_on", description="Progress as it was known at the end of a day (YYYY-MM-DD)"
    )
    def as_known_on(self, *day: Any) -> Progress:
        self.must_have_begun()
        instant = self._close_of(only(day, "a day such as 2026-03-01"))
        return views.progress(views.as_known_at(self.episode, instant), instant)

    def _close_of(self, day: Any) -> datetime:
        return self.episode.at_close_of(day_of(day), today_as_far_as_known())

    def shown(self) -> Shown:
        progress = self._progress_at(workflow.now(), self.keeping.to_be_shown(workflow.now()))
        table = progress_table(progress, self.episode.zone)
        return table, visibility.of_episode(progress, self.episode.start)

    def _progress_at(self, now: datetime, not_kept: Sequence[str]) -> Progress:
        progress = views.progress(self.episode, now)
        kept = {"not_kept": list(not_kept), "journal_behind": self.keeping.is_behind}
        return progress.model_copy(update={"look_at": self._files.in_words(progress.stage), **kept})


def _refused(index: int, type_: str, message: str, entry_id: str | None = None) -> Result:
    return Result(index=index, entry_id=entry_id, error={"type": type_, "message": message})


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
    episode.note_acts()
    episode.recall(workflow.now())
    return episode
