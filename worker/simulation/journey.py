"""One patient through one episode: behaviour and staff on one side, the engine on the other, and a clock.

The next thing that happens is the earliest of what the patient does next, what staff do next, and what the engine
waits for. No clinical rule stands here: who is missing, what is owed and where the patient stands is asked of the
engine.
"""

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import singledispatchmethod
from typing import Any, Protocol

from worker.simulation import happenings as does
from worker.simulation.behaviour import Person
from worker.simulation.happenings import Happening
from worker.simulation.outcome import Outcome, TaskDone
from worker.simulation.staff import Answer, Team
from workflows.core.effects import CloseTask, MessagePatient, Notify, OpenTask
from workflows.core.entries import Entry, parse_entry
from workflows.core.episode import Episode
from workflows.core.errors import Refused
from workflows.core.start import EpisodeStart
from workflows.pathways import pathway_named

IN_PROGRAM = ("program", "gate_review")


class Witness(Protocol):
    """Somebody who writes down what was done to the engine, and what it answered."""

    def recorded(self, at: datetime, statements: list[dict[str, Any]], episode: Episode) -> None:
        """Entries were recorded together."""

    def answered(self, at: datetime, task: OpenTask, statement: dict[str, Any], episode: Episode) -> None:
        """A task was completed."""


def episode_start(person: Person, policy: dict[str, Any] | None) -> EpisodeStart:
    """The episode of a person under a policy."""
    caseload = person.parameters.caseload
    return EpisodeStart(
        episode_id=f"sim-{person.number}",
        site=caseload.site,
        timezone=caseload.timezone,
        referred_on=person.referred_on,
        policy=policy,
        team=caseload.team,
        schedule=caseload.schedule,
        closures=caseload.closures,
    )


@dataclass(order=True)
class _Planned:
    """Something on the agenda of staff, in order of time."""

    at: datetime
    number: int
    do: Callable[[], None] = field(compare=False)


class Journey:
    """Drives one episode to its end, or to the day on which the patient is no longer followed."""

    def __init__(
        self, person: Person, policy: dict[str, Any] | None, seed: int, witness: Witness | None = None
    ) -> None:
        self.person, self.parameters, self.witness = person, person.parameters, witness
        start = episode_start(person, policy)
        self.now = datetime.combine(person.referred_on, time(8), person.zone)
        self.ends_at = datetime.combine(person.ends_on, time(), person.zone)
        self.episode = Episode(start, pathway_named(start.pathway), self.now)
        self.outcome = Outcome(person.number, person.referred_on)
        self.team = Team(
            self.parameters.staff,
            self.episode.frame.calendar,
            self.episode.pathway.exits,
            seed,
            person.number,
        )
        self._life: Iterator[Happening] = person.intake()
        self._program: Iterator[Happening] = iter(())
        self._next: Happening | None = None
        self._agenda: list[_Planned] = []
        self._planned = 0
        self._tasks: dict[str, OpenTask] = {}
        self._opened_on: dict[str, date] = {}
        self._stage: str = self.episode.stage
        self._since = self.now.date()
        self._ready_since: datetime | None = None
        self._gone_since: datetime | None = None
        self._silent = False
        self._spell: int | None = None
        self._ended_spell: int | None = None
        self._stated = 0

    def run(self) -> Outcome:
        """Live through it; what became of the patient."""
        self.episode.wake(self.now)
        self._follow()
        self._next = next(self._life, None)
        while self._step():
            pass
        return self._concluded()

    # -- the clock ----------------------------------------------------------------------------------------

    def _step(self) -> bool:
        """Do what comes next; False when nothing does, or the patient is no longer followed."""
        deadline = self.episode.next_deadline
        if self._stage == "closed" and not self._tasks:
            return False
        if deadline is None and not self._tasks:
            self.outcome.waits_for_nothing = self._stage
        life, staff = self._next, self._agenda[0] if self._agenda else None
        moments = [at for at in (life and life.at, staff and staff.at, deadline and deadline.at) if at]
        if not moments or (at := min(moments)) >= self.ends_at:
            return False
        self.now = max(self.now, at)
        if deadline and deadline.at == at:
            self.episode.wake(self.now)
            self._follow()
        elif staff and staff.at == at:
            heapq.heappop(self._agenda).do()
        elif life:
            self._next = next(self._life, None)
            self._live(life)
        return True

    def _plan(self, at: datetime, do: Callable[[], None]) -> None:
        self._planned += 1
        heapq.heappush(self._agenda, _Planned(at, self._planned, do))

    # -- what the patient does ----------------------------------------------------------------------------

    @singledispatchmethod
    def _live(self, happening: Happening) -> None:
        raise TypeError(happening)

    @_live.register
    def _(self, _: does.Screened) -> None:
        self._record("screening", substances=[self.person.substance])

    @_live.register
    def _(self, _: does.NeverBegins) -> None:
        self._record("exit", reason="withdrew", on=self._today)

    @_live.register
    def _(self, happening: does.Admitted) -> None:
        self._program = self.person.in_program(self._today)
        self._listen(self._program)
        signed = ("rights_notice", "contact_preferences") if happening.signs else ()
        self._record_together(
            self._statement("goal", goal_id="g1", title="goal"),
            self._statement("admission", on=self._today, last_use_on=happening.last_use_on),
            *(self._statement("acknowledgement", what=what, on=self._today) for what in signed),
        )

    @_live.register
    def _(self, session: does.SessionDay) -> None:
        if not self._is_here:
            return
        self._spell = session.spell
        if session.excused:
            self._record("attendance", session=session.start, status="excused")
        elif session.spell is None or session.spell == self._ended_spell:
            self._record("attendance", session=session.start, status="attended", minutes=session.minutes)
        else:
            self.outcome.misses += 1

    @_live.register
    def _(self, use: does.Use) -> None:
        if not (self._is_here or (self._stage == "aftercare" and not self._silent)):
            return
        self._record("use", on=use.on, substance=use.substance, class_="relapse" if use.relapse else "slip")

    @_live.register
    def _(self, test: does.TestGiven) -> None:
        if not self._is_here:
            return
        positive = test.result in ("presumptive", "definitive")
        self._record(
            "test",
            source="lab" if test.result == "definitive" else "staff",
            test_id=test.test_id,
            collected_on=None if test.result == "not_provided" else test.collected_on,
            ordered_on=test.collected_on,
            result=test.result,
            substances=[test.substance] if positive else None,
            use_on=test.use_on,
            reason="refused" if test.result == "not_provided" else None,
        )

    @_live.register
    def _(self, _: does.GoalMet) -> None:
        if self._stage in IN_PROGRAM:
            self._record("goal", goal_id="g1", status="met", on=self._today)

    @_live.register
    def _(self, leave: does.LeaveTaken) -> None:
        if self._is_here:
            self._record("leave", reason=leave.reason, from_=leave.first, until=leave.last)

    @_live.register
    def _(self, _: does.BackFromLeave) -> None:
        if self._is_here and self.episode.facts.leaves:
            self._record("return", on=self._today)

    @_live.register
    def _(self, crisis: does.CrisisCalled) -> None:
        if self._is_here:
            self._record("crisis", type=crisis.type, at=self.now)

    @_live.register
    def _(self, leaves: does.Leaves) -> None:
        if not self._is_here:
            return
        if leaves.way == "terminated":
            self._record(
                "decision", by=self.parameters.caseload.team.supervisor, about="involuntary_discharge",
                choice="propose", reason="simulated",
            )  # fmt: skip
            return
        self._gone_since = self.now
        if leaves.way != "dropped_out":
            self._plan_exit(leaves.reason, self._today, after=timedelta(hours=14))
        elif leaves.says_so:
            self._plan_exit("withdrew", self._today, after=timedelta(hours=13))

    @_live.register
    def _(self, _: does.StopsAnswering) -> None:
        self._silent = True

    @property
    def _is_here(self) -> bool:
        """Whether the person still comes to the program."""
        return self._stage in IN_PROGRAM and self._gone_since is None

    # -- what staff do ------------------------------------------------------------------------------------

    def _plan_answer(self, task: OpenTask, *, again: bool = False) -> None:
        answer = self.team.will_answer(task, self.now, again=again)
        if answer:
            self._plan(answer.at, lambda: self._answer(task, answer, again))

    def _answer(self, task: OpenTask, answer: Answer, again: bool) -> None:
        if task.task_id not in self._tasks:  # its cause has gone in the meantime
            return
        if task.kind == "checkin":
            self._call(task, answer)
            return
        outcome = self.team.outcome(task)
        if "reached" in task.outcomes:
            gone = self._gone_since is not None
            if self.person.is_reached(task.duty, gone):
                outcome = "reached"
            elif outcome == "reached":
                outcome = next(
                    (other for other in task.outcomes if other not in ("reached", "crisis")), outcome
                )
        if outcome is None:
            return
        if self._complete(task, answer.by, outcome):
            self._after(task, outcome)
        elif not again:
            self._plan_answer(task, again=True)

    def _call(self, task: OpenTask, answer: Answer) -> None:
        """A check-in is an entry with a risk score, where the person answers; else they call back, or do not."""
        if not self._silent and self.person.answers_call(task.duty):
            self._check_in(answer.by)
            return
        if "not_reached" in task.outcomes:
            self._complete(task, answer.by, "not_reached")
        if not self._silent:
            self._plan(self.now + timedelta(days=2, hours=1), lambda: self._check_in(answer.by))

    def _check_in(self, by: str) -> None:
        if self._stage == "aftercare":
            risk = self.person.risk(self._today, self.episode.facts.last_use_on)
            self._record("checkin", by=by, on=self._today, risk=risk)

    def _after(self, task: OpenTask, outcome: str) -> None:
        """What the person does because of the answer."""
        if outcome == "reached":
            self._is_reached()
        elif outcome.startswith("offer_") and self._is_here and self.person.accepts_more_care(task.duty):
            self._gone_since = self.now
            self._plan_exit("transferred", self._today, after=timedelta(days=2))

    def _is_reached(self) -> None:
        if self._gone_since is None:
            if self._spell is not None and self.person.returns_from(self._spell):
                self._ended_spell = self._spell
        elif self.person.comes_back((self.now - self._gone_since).days):
            self._gone_since = None
        elif self.person.withdraws_when_reached():
            self._plan_exit("withdrew", self._today, after=timedelta(hours=3))

    def _plan_exit(self, reason: str, on: date, after: timedelta) -> None:
        def leave() -> None:
            if self._stage != "closed" and self._gone_since is not None:
                self._record("exit", reason=reason, on=on)

        self._plan(self.now + after, leave)

    # -- towards the engine -------------------------------------------------------------------------------

    def _record(self, kind: str, *, by: str | None = None, **fields: Any) -> None:
        """Record an entry, as the case manager unless somebody else is named."""
        self._record_together(self._statement(kind, by=by, **fields))

    def _statement(self, kind: str, *, by: str | None = None, **fields: Any) -> dict[str, Any]:
        self._stated += 1
        by = by or self.parameters.caseload.team.case_manager or "case_manager"
        given = {name.rstrip("_"): _plain(value) for name, value in fields.items() if value is not None}
        return {"kind": kind, "id": f"n{self._stated:04d}", "by": by, **given}

    def _record_together(self, *statements: dict[str, Any]) -> None:
        """Record statements as a form does: none of them is judged before all are there."""
        self._apply([parse_entry(statement) for statement in statements])
        if self.witness:
            self.witness.recorded(self.now, list(statements), self.episode)

    def _complete(self, task: OpenTask, by: str, outcome: str) -> bool:
        """Complete a task, as its workflow would tell the episode; whether the engine took the answer."""
        statement = {
            "kind": "decision", "id": f"{task.task_id}:completed", "by": by, "about": task.task_id,
            "choice": outcome, "reason": "simulated",
        }  # fmt: skip
        if not self._apply([parse_entry(statement)], subject=task.kind):
            return False
        if self.witness:
            self.witness.answered(self.now, task, statement, self.episode)
        return True

    def _apply(self, entries: list[Entry], subject: str | None = None) -> bool:
        """Give entries to the engine; whether it took all of them."""
        refused = 0
        for entry, result in zip(entries, self.episode.apply_many(entries, self.now), strict=True):
            if isinstance(result, Refused):
                self.outcome.refused[subject or entry.kind] += 1
                refused += 1
        self.outcome.entries += len(entries) - refused
        self._follow()
        return not refused

    def _follow(self) -> None:
        """Take note of what the engine asks for, and of the stage."""
        for effect in self.episode.take_effects():
            match effect:
                case OpenTask():
                    self._tasks[effect.task_id] = effect
                    self._opened_on[effect.task_id] = self._today
                    self._plan_answer(effect)
                case CloseTask():
                    answered = f"{effect.task_id}:completed" in self.episode.record
                    self._end(effect.task_id, "answered" if answered else "closed")
                case Notify():
                    self.outcome.notices[effect.role] += 1
                case MessagePatient():
                    self.outcome.messages += 1
        if self.episode.stage != self._stage:
            self._stage_changed(self._stage, self.episode.stage)

    def _end(self, task_id: str, how: str) -> None:
        task = self._tasks.pop(task_id, None)
        if task:
            level = sum(level.at <= self.now for level in task.escalation)
            opened_on = self._opened_on.pop(task_id)
            self.outcome.tasks.append(TaskDone(task.kind, task.role, opened_on, level, how))

    # -- the course ---------------------------------------------------------------------------------------

    def _stage_changed(self, before: str, after: str) -> None:
        outcome, facts = self.outcome, self.episode.facts
        self._stage = after
        if after == "gate_review":
            self._ready_since = self._ready_since or self.now
        elif after == "program":
            self._ready_since = None
        if before in IN_PROGRAM and after not in IN_PROGRAM:
            outcome.in_program.append((self._since, self._today))
            outcome.extensions = len(facts.extensions)
            outcome.unmet_at_length = facts.extensions[0][1] if facts.extensions else ()
        if before == "aftercare":
            outcome.in_aftercare.append((self._since, self._today))
            self._life = self._program
        if before not in IN_PROGRAM or after not in IN_PROGRAM:
            self._since = self._today
        if after == "program" and before == "intake":
            outcome.admitted_on = facts.admitted_on
        if after == "program" and before == "aftercare":
            outcome.returned += 1
            self._listen(self._program)
        if after == "aftercare":
            self._stepped_down()
        if after == "closed" and outcome.last_contact_on is None:
            outcome.last_contact_on = facts.last_contact_on

    def _stepped_down(self) -> None:
        outcome, facts = self.outcome, self.episode.facts
        if outcome.stepped_down_on is None:
            outcome.stepped_down_on = outcome.last_contact_on = self._today
            outcome.gate_wait_days = (self._today - facts.length_reached_on).days
            if self._ready_since:
                outcome.signature_hours = (self.now - self._ready_since) / timedelta(hours=1)
        self._listen(self.person.in_aftercare(self._today, outcome.returned))

    def _listen(self, life: Iterator[Happening]) -> None:
        """Follow the patient's other stream from now on; what it held for days past has not happened."""
        self._life = life
        self._next = next((one for one in life if one.at > self.now), None)

    def _concluded(self) -> Outcome:
        outcome, facts = self.outcome, self.episode.facts
        for task_id in list(self._tasks):
            self._end(task_id, "open")
        if self._stage in IN_PROGRAM:
            outcome.in_program.append((self._since, self._today))
            outcome.extensions = len(facts.extensions)
        elif self._stage == "aftercare":
            outcome.in_aftercare.append((self._since, self._today))
        if facts.exit:
            outcome.exit, outcome.exit_on, _ = facts.exit
        if outcome.admitted_on:
            outcome.slips = [slip.on for slip in facts.slips if slip.on >= outcome.admitted_on]
        outcome.stage, outcome.ended_at = self._stage, self.now
        return outcome

    @property
    def _today(self) -> date:
        return self.now.date()


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value
