"""One patient through one episode: behaviour and staff on one side, the engine on the other, and a clock.

The next thing that happens is the earliest of what the patient does next, what staff do next, and what the engine
waits for. No clinical rule stands here: who is missing, what is owed and where the patient stands is asked of the
engine.
"""

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import partial, singledispatchmethod
from typing import Any

from worker.simulation import happenings as does
from worker.simulation.behaviour import Person
from worker.simulation.course import IN_PROGRAM, Course
from worker.simulation.desk import Desk, Witness
from worker.simulation.happenings import Happening
from worker.simulation.outcome import Outcome
from worker.simulation.presence import Presence
from worker.simulation.staff import Reply, Team
from workflows.core.engine.effects import OpenTask


@dataclass(order=True)
class _Planned:
    """Something on the agenda of staff, in order of time."""

    at: datetime
    number: int
    do: Callable[[], None] = field(compare=False)


class Journey:
    """Drives one episode to its end, or to the day on which the patient is no longer followed.

    Raises:
        InvalidPolicy: the policy contradicts itself.
    """

    def __init__(
        self, person: Person, policy: dict[str, Any] | None, seed: int, witness: Witness | None = None
    ) -> None:
        self.person = person
        self.desk = Desk(person, policy, witness)
        self.desk.task_opened, self.desk.stage_changed = self._plan_answer, self._stage_changed
        self.episode = self.desk.episode
        self.course = Course(self.desk)
        calendar, exits = self.episode.frame.calendar, self.episode.pathway.exits
        self.team = Team(person.parameters.staff, calendar, exits, seed, person.number)
        self.ends_at = datetime.combine(person.ends_on, time(), person.zone)
        self._life: Iterator[Happening] = person.intake()
        self._program: Iterator[Happening] = iter(())
        self._next = next(self._life, None)
        self._agenda: list[_Planned] = []
        self._planned = 0
        self._presence = Presence(person)

    def run(self) -> Outcome:
        """Live through it; what became of the patient."""
        self.desk.wake()
        while self._step():
            pass
        self.course.conclude()
        return self.desk.outcome

    # -- the clock ----------------------------------------------------------------------------------------

    def _step(self) -> bool:
        """Do what comes next; False when nothing does, or the patient is no longer followed."""
        desk, deadline = self.desk, self.episode.next_deadline
        if desk.stage == "closed" and not desk.tasks:
            return False
        if deadline is None and not desk.tasks:
            desk.outcome.waits_for_nothing = desk.stage
        life, staff = self._next, self._agenda[0] if self._agenda else None
        moments = [one.at for one in (deadline, staff, life) if one]
        if not moments or (at := min(moments)) >= self.ends_at:
            return False
        desk.now = max(desk.now, at)
        if deadline and deadline.at == at:
            desk.wake()
        elif staff and staff.at == at:
            heapq.heappop(self._agenda).do()
        elif life:
            self._next = next(self._life, None)
            self._live(life)
        return True

    def _plan(self, at: datetime, do: Callable[[], None]) -> None:
        self._planned += 1
        heapq.heappush(self._agenda, _Planned(at, self._planned, do))

    def _stage_changed(self, before: str, after: str) -> None:
        self.course.moved(before, after)
        if after == "aftercare":
            self._listen(self.person.in_aftercare(self.desk.today, self.desk.outcome.returned))
        elif before == "aftercare" and after in IN_PROGRAM:
            self._listen(self._program)

    def _listen(self, life: Iterator[Happening]) -> None:
        """Follow another stream of the patient's from now on; what it held for days past has not happened."""
        self._life = life
        self._next = next((one for one in life if one.at > self.desk.now), None)

    # -- what the patient does ----------------------------------------------------------------------------

    @property
    def _is_here(self) -> bool:
        """Whether the person still comes to the program."""
        return self.desk.stage in IN_PROGRAM and self._presence.gone_since is None

    def _record(self, kind: str, **fields: Any) -> None:
        self.desk.record(self.desk.statement(kind, **fields))

    @singledispatchmethod
    def _live(self, happening: Happening) -> None:
        raise TypeError(happening)

    @_live.register
    def _(self, _: does.Screened) -> None:
        self._record("screening", substances=[self.person.substance])

    @_live.register
    def _(self, _: does.NeverBegins) -> None:
        self._record("exit", reason="withdrew", on=self.desk.today)

    @_live.register
    def _(self, admitted: does.Admitted) -> None:
        today, state = self.desk.today, self.desk.statement
        self._program = self.person.in_program(today)
        self._listen(self._program)
        signed = ("rights_notice", "contact_preferences") if admitted.signs else ()
        self.desk.record(
            state("goal", goal_id="g1", title="goal"),
            state("admission", on=today, last_use_on=admitted.last_use_on),
            *(state("acknowledgement", what=what, on=today) for what in signed),
        )

    @_live.register
    def _(self, session: does.SessionDay) -> None:
        if not self._is_here:
            return
        comes = self._presence.comes_to(session)
        if session.excused:
            self._record("attendance", session=session.start, status="excused")
        elif comes:
            self._record("attendance", session=session.start, status="attended", minutes=session.minutes)
        else:
            self.desk.outcome.misses += 1

    @_live.register
    def _(self, use: does.Use) -> None:
        if self._is_here or (self.desk.stage == "aftercare" and not self._presence.silent):
            how = "relapse" if use.relapse else "slip"
            self._record("use", on=use.on, substance=use.substance, class_=how)

    @_live.register
    def _(self, _: does.GoalMet) -> None:
        if self._is_here:
            self._record("goal", goal_id="g1", status="met", on=self.desk.today)

    @_live.register
    def _(self, leave: does.LeaveTaken) -> None:
        if self._is_here:
            self._record("leave", reason=leave.reason, from_=leave.first, until=leave.last)

    @_live.register
    def _(self, _: does.BackFromLeave) -> None:
        if self._is_here and self.episode.facts.leaves:
            self._record("return", on=self.desk.today)

    @_live.register
    def _(self, crisis: does.CrisisCalled) -> None:
        if self._is_here:
            self._record("crisis", type=crisis.type, at=self.desk.now)

    @_live.register
    def _(self, leaves: does.Leaves) -> None:
        if not self._is_here:
            return
        if leaves.way == "terminated":
            supervisor = self.person.parameters.caseload.team.supervisor
            about, why = "involuntary_discharge", "simulated"
            self._record("decision", by=supervisor, about=about, choice="propose", reason=why)
            return
        self._presence.leaves(self.desk.now, elsewhere=leaves.way != "dropped_out")
        if self._presence.elsewhere or leaves.says_so:
            self._plan_exit(leaves.reason, after=timedelta(hours=14))

    @_live.register
    def _(self, _: does.StopsAnswering) -> None:
        self._presence.silent = True

    def _plan_exit(self, reason: str, after: timedelta) -> None:
        """Somebody writes down that the person has left, dated by today; unless they have come back by then."""
        on: date = self.desk.today

        def leave() -> None:
            if self.desk.stage != "closed" and self._presence.gone_since is not None:
                self._record("exit", reason=reason, on=on)

        self._plan(self.desk.now + after, leave)

    # -- what staff do ------------------------------------------------------------------------------------

    def _plan_answer(self, task: OpenTask, *, again: bool = False) -> None:
        answer = self.team.will_answer(task, self.desk.now, again=again)
        if answer:
            self._plan(answer.at, lambda: self._answer(task, answer, again))

    def _answer(self, task: OpenTask, answer: Reply, again: bool) -> None:
        if task.task_id not in self.desk.tasks:  # its cause has gone in the meantime
            return
        if task.kind == "checkin":
            self._call(task, answer)
            return
        if task.kind in ("collect_test", "recollect_test", "test_not_collected") and self._collects(task):
            return
        outcome = self.team.outcome(task)
        if task.kind == "level_of_care_offer":
            takes_it = self._is_here and self.person.accepts_more_care(task.duty)
            outcome = "accepted" if takes_it else "declined"
        if "reached" in task.outcomes:
            if self.person.is_reached(task.duty, self._presence.gone_since is not None):
                outcome = "reached"
            elif outcome == "reached":
                outcome = next((one for one in task.outcomes if one not in ("reached", "crisis")), outcome)
        if outcome is None:
            return
        if self.desk.complete(task, answer.by, outcome):
            self._after(task, outcome)
        elif not again:
            self._plan_answer(task, again=True)

    def _collects(self, task: OpenTask) -> bool:
        """A drawn test is an entry, in its window or late, where the person comes for it; whether it is done with."""
        away = self.episode.facts.on_leave or self._presence.is_missing
        if self._is_here and not away and self.person.gives_test(task.duty):
            test, *confirmed = self.person.testing.given(self.desk.now)
            self._record_test(test)
            for result in confirmed:
                self._plan(result.at, partial(self._record_test, result))
            return task.task_id not in self.desk.tasks
        # In its window nobody says that a test will not come; afterwards somebody asks why.
        return task.kind != "test_not_collected"

    def _record_test(self, test: does.TestGiven) -> None:
        """Write a test down; the laboratory's result comes in whether or not the person still does."""
        if self.desk.stage not in IN_PROGRAM:
            return
        positive, refused = test.result in ("presumptive", "definitive"), test.result == "not_provided"
        self._record(
            "test",
            source="lab" if test.result == "definitive" else "staff",
            test_id=test.test_id,
            ordered_on=test.collected_on,
            collected_on=None if refused else test.collected_on,
            result=test.result,
            substances=[test.substance] if positive else None,
            use_on=test.use_on,
            reason="refused" if refused else None,
        )

    def _call(self, task: OpenTask, answer: Reply) -> None:
        """A check-in is an entry with a risk score, where the person answers; else they call back, or do not."""
        if self._presence.answers_call(task.duty):
            self._check_in(answer.by)
            return
        if "not_reached" in task.outcomes:
            self.desk.complete(task, answer.by, "not_reached")
        if self._presence.is_lost:
            self._record("exit", by=answer.by, reason="other", on=self.desk.today)
        elif not self._presence.silent:
            self._plan(self.desk.now + timedelta(days=2, hours=1), lambda: self._check_in(answer.by))

    def _check_in(self, by: str) -> None:
        if self.desk.stage == "aftercare":
            self._presence.unanswered_calls = 0
            risk = self.person.risk(self.desk.today, self.episode.facts.last_use_on)
            self._record("checkin", by=by, on=self.desk.today, risk=risk)

    def _after(self, task: OpenTask, outcome: str) -> None:
        """What the person does because of the answer."""
        if outcome == "reached":
            if self._presence.is_reached(self.desk.now):
                self._plan_exit("withdrew", after=timedelta(hours=3))
        elif outcome == "accepted":  # the engine follows them there
            self._presence.leaves(self.desk.now, elsewhere=True)
        elif task.kind == "discharge_notice" and self.person.appeals(task.duty):
            self._plan(self.desk.now + timedelta(hours=20), self._appeal)

    def _appeal(self) -> None:
        if self.desk.stage in IN_PROGRAM:
            self._record("decision", about="discharge_appeal", choice="appealed", reason="simulated")
