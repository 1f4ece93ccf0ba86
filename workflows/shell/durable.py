"""One record that lives as long as it must: the life that an episode and a referral share.

It takes what is stated, lets the core judge it, carries out what the core asks for, sleeps until the core's next
deadline, shows where things stand, and goes on as a new run before its history is too long. What can be stated, how it
is shown and what is asked of the world are of the workflow that inherits. Everything that must survive
continue-as-new is in the core's state.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Generic, TypeVar

from pydantic import BaseModel
from temporalio import workflow
from temporalio.common import RawValue

with workflow.unsafe.imports_passed_through():
    from workflows.core.engine import ed25519  # noqa: F401  # here, since nothing is loaded in the sandbox
    from workflows.core.engine.authorship import check_named
    from workflows.core.engine.bounds import NOTES_KEPT, SNAPSHOT_BYTES
    from workflows.core.engine.shown import Changed
    from workflows.core.engine.signatures import Trust
    from workflows.core.engine.signing_keys import SigningKey
    from workflows.core.episode.entries import Entry
    from workflows.messages import TaskDone, TaskHeard, TaskReach
    from workflows.ports.staff import StaffNotice
    from workflows.shell.answering import application_error, none_of, only, refusals_told
    from workflows.shell.arriving import RESUMED, begun, heard, read_start, refused_start, without_state
    from workflows.shell.cancellation import live_through
    from workflows.shell.effect_handlers import EffectHandlers
    from workflows.shell.keeping import Keeping
    from workflows.shell.life import Life
    from workflows.shell.showing import Shown, ShownAttributes
    from workflows.shell.waiting import NamedWait

L = TypeVar("L", bound=Life)
V = TypeVar("V")


class Durable(ABC, Generic[L, V]):
    """The life of one record, for a workflow whose core is `L` and which answers `V` when it has ended."""

    KIND: ClassVar[str]
    """What it is, in a word."""
    ENDS_BY: ClassVar[str]
    """What ends it, in words: a request for cancellation does not."""
    IF_TOO_LARGE: ClassVar[str]
    """What people do with a record that can grow no further."""
    STATEMENT: ClassVar[str]
    """What belongs into the update that takes one statement, in words."""

    effects: EffectHandlers[L, Any]

    # -- how it begins ----------------------------------------------------------------------------------------

    def begin_with(
        self, start: RawValue, begin: Callable[[Mapping[str, Any]], L], model: type[BaseModel]
    ) -> L | None:
        """What begins with a start; None if nothing can. To be called by `__init__`, and before anything else.

        An error raised there would stop the workflow task for ever; `run` fails the workflow with it instead.

        Args:
            start: What came.
            begin: Makes of it what lives.
            model: The start's own, for the words of an error.
        """
        beginning = begun(begin, start, model)
        self.refusal = beginning if isinstance(beginning, str) else None
        if isinstance(beginning, str):
            return None
        given = read_start(start)
        self._given, self._is_new = without_state(given), RESUMED not in given
        self.carried: Mapping[str, Any] = given.get(RESUMED, {})
        """What the run before this one has handed on beside its state."""
        self._untold = self.carried.get("untold", [])
        self._living = beginning
        self._moved = self._at_boundary = self._is_too_large = False
        self._wait = NamedWait()
        self._shown = ShownAttributes()
        self.keeping = Keeping(
            self.KIND,
            beginning,
            self._given,
            self.carried.get("journal"),
            is_new=self._is_new,
            alarm=lambda words: self.effects.tell_not_kept(words),
            stir=self.stir,
        )
        return beginning

    def must_have_begun(self) -> None:
        """For every handler that may be called before `run`.

        Raises:
            ApplicationError: says why nothing has begun.
        """
        if self.refusal:
            raise refused_start(self.KIND, self.refusal)

    @property
    def trust(self) -> Trust | None:
        """What statements are judged by here; None: nothing has begun."""
        return None if self.refusal else self._living.trust

    # -- how it lives -----------------------------------------------------------------------------------------

    async def live(self) -> V:
        """Live to the end of the record, whatever is requested meanwhile."""
        self.must_have_begun()
        return await live_through(self._life(), self._cancellation_requested)

    async def _life(self) -> V:
        if self._is_new:
            self._brought_up_to_date(self.begin)
        if self.carried.get("restored"):
            self._living.live_again(workflow.now())
        for untold in self._untold:
            self.effects.pass_on(StaffNotice.model_validate(untold))
        while not self._living.finished(workflow.now()):
            self._moved = False
            self.look_around()
            self._carry_out()
            deadline = self._living.next_deadline
            self._wait.wait_for(deadline and deadline.at, deadline.name if deadline else "")
            await workflow.wait_condition(
                lambda: self._moved or self._wait.is_over or self._should_continue_as_new()
            )
            if self._should_continue_as_new():
                self._continue_as_new()
            if self._wait.is_over:
                # The deadline is judged at its own time, even where the worker comes to it late (T7).
                self._brought_up_to_date(lambda: self._living.wake(workflow.now()))
        self._wait.stop()
        self._carry_out()
        while not self._has_landed():
            self._moved = False
            await workflow.wait_condition(lambda: self._moved or self._has_landed())
            self._carry_out()
        return self.view()

    def _brought_up_to_date(self, judge: Callable[[], object]) -> None:
        if not self.judged(judge, "A deadline was not judged."):
            self._living.wait_for_nothing()
        self._at_boundary = self.is_at_boundary()

    def _carry_out(self) -> None:
        self.effects.carry_out()
        # What there is when a run ends is handed over by the one that continues it.
        if not self._should_continue_as_new():
            self.keeping.go_on()
        self._show()

    def _has_landed(self) -> bool:
        is_done = self.effects.has_landed and not self._living.effects
        return is_done and self.keeping.all_is_kept and workflow.all_handlers_finished()

    def _cancellation_requested(self, _reason: str) -> None:
        self._living.not_delivered(f"A cancellation was requested; {self.ENDS_BY}, so it goes on.")
        self.stir()

    def judged(self, judge: Callable[[], object], otherwise: str) -> bool:
        """Let the core judge what the time or the world has brought; whether it could. An error of ours is shown to
        people instead of stopping the workflow for ever.

        Args:
            judge: What is called.
            otherwise: What was not done if it fails, as a sentence.
        """
        self.stir()
        try:
            judge()
        except Exception as error:
            self._living.not_delivered(f"{application_error(error).message} {otherwise}")
            return False
        return True

    def stir(self) -> None:
        """Something has moved: what is asked for is carried out, and shown."""
        self._moved = True

    def was_stated(self) -> None:
        """Somebody has stated something, and may ask what has come of it: this run goes on for now."""
        self._moved, self._at_boundary = True, False

    # -- what is stated ---------------------------------------------------------------------------------------

    async def take(self, given: Sequence[Any]) -> Changed:
        """Record one statement that has come by update, and answer what it has changed.

        Raises:
            ApplicationError: why it is refused.
        """
        update = workflow.current_update_info()
        assert update is not None
        entry = self.read(only(given, self.STATEMENT), update.id)
        await self.before([entry])
        try:
            changed: Changed = self._living.apply(entry, workflow.now())
        except Exception as error:
            raise application_error(error) from None
        await self.after([entry])
        return changed

    def check(self, given: Sequence[Any]) -> None:
        """What a validator can tell of it, before anything is written into the history; raises as `read` does."""
        entry = self.read(only(given, self.STATEMENT), "unchecked")
        with refusals_told():
            self._living.check_author(entry, workflow.now())

    def read(self, statement: Any, default_id: str) -> Entry:
        """One statement.

        Raises:
            ApplicationError: names the field and the remedy.
        """
        self.must_have_begun()
        with refusals_told():
            entry = self.parse(statement)
            check_named(entry)
        return entry if entry.id else entry.model_copy(update={"id": default_id})

    @workflow.signal(name="task_completed")
    def task_completed(self, *told: Any) -> None:
        done = heard(told, TaskDone)
        if done is None or self.refusal:
            return
        said = done.task_id, done.outcome, done.by, done.reason
        if not self._living.believes(*said, workflow.now(), done.signature):
            workflow.logger.warning("an answer to %s is signed by nobody whom the clinic knows", done.task_id)
            return
        self.effects.tasks.completed_themselves.add(done.task_id)
        try:
            came = TaskHeard(changes=self.complete(done).changes)
        except Exception as error:
            # The task was withdrawn while it was being completed, or cannot be so yet; the person hears why (E10).
            came = TaskHeard(objection=application_error(error).message)
            self.judged(
                lambda: self._living.ask_anew(done.task_id, workflow.now()), "A task was not asked anew."
            )
        self.effects.tell_heard(done, came)
        self.was_stated()

    @workflow.signal(name="task_reach")
    def task_reach(self, *told: Any) -> None:
        reach = heard(told, TaskReach, "task_reach", self.trust)
        if reach is not None and not self.refusal:
            self._living.heard_of(reach.task_id, reach.unreached)
            self.stir()

    @workflow.signal(name="pass_on")
    def pass_on(self, *told: Any) -> None:
        notice = heard(told, StaffNotice, "pass_on", self.trust)
        if notice is not None and not self.refusal:
            self.effects.pass_on(notice)

    @workflow.query(
        name="kept", description="How many lines of its journal the clinic database has confirmed"
    )
    def kept(self, *given: Any) -> int:
        none_of(given, "kept")
        self.must_have_begun()
        return self.keeping.kept

    # -- how it is shown --------------------------------------------------------------------------------------

    def _show(self) -> None:
        page, attributes = self.shown()
        workflow.set_current_details(page)
        self._shown.show(attributes)

    # -- how it goes on ---------------------------------------------------------------------------------------

    def _should_continue_as_new(self) -> bool:
        info = workflow.info()
        due = (
            self._at_boundary
            or info.is_continue_as_new_suggested()
            or info.is_target_worker_deployment_version_changed()
        )
        is_idle = self.effects.is_idle and self.keeping.is_quiet and not self._living.effects
        return due and is_idle and workflow.all_handlers_finished() and not self._is_too_large

    def _continue_as_new(self) -> None:
        self._living.forget_old_notes(NOTES_KEPT)
        snapshot, journal = self._living.packed(), self.keeping.handed_on()
        if len(snapshot) + len(journal["packed"]) > SNAPSHOT_BYTES:
            # The server would refuse it for ever; so this run goes on as it is.
            self._is_too_large = True
            self._living.not_delivered(f"The record is too large to be continued: {self.IF_TOO_LARGE}.")
            return
        self._wait.stop()
        told = {"untold": self.effects.untold(), "journal": journal}
        resumed = {"snapshot": snapshot, **told, **self.handed_on()}
        workflow.continue_as_new(
            {**self._given, RESUMED: resumed},
            initial_versioning_behavior=workflow.ContinueAsNewVersioningBehavior.AUTO_UPGRADE,
        )

    # -- what each workflow says for itself ----------------------------------------------------------------------

    @abstractmethod
    def begin(self) -> object:
        """Bring what has just begun up to date for the first time."""

    @abstractmethod
    def parse(self, statement: Any) -> Entry:
        """Read one statement from plain JSON.

        Raises:
            InvalidEntry: names the field and the remedy.
        """

    @abstractmethod
    def complete(self, done: TaskDone) -> Changed:
        """A named person has answered a task.

        Raises:
            Refused: why the answer has no effect.
        """

    @abstractmethod
    def view(self, *given: Any) -> V:
        """Where it stands, as its query answers."""

    @abstractmethod
    def shown(self) -> Shown:
        """What the Web UI shows of it."""

    def look_around(self) -> None:
        """At each turn of its life, before effects are carried out: nothing, if a workflow has nothing to ask."""

    def is_at_boundary(self) -> bool:
        """Whether this moment, after a deadline, is a good one to go on as a new run."""
        return False

    async def before(self, entries: Sequence[Entry]) -> None:
        """What must be known before entries can be judged."""

    async def after(self, entries: Sequence[Entry]) -> None:
        """What must be done before they are answered."""
        self.was_stated()
        if any(isinstance(entry, SigningKey) for entry in entries):
            self.effects.tell_keys()

    def handed_on(self) -> dict[str, Any]:
        """What a new run must be told beside the state."""
        return {}
