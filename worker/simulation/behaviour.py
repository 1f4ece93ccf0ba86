"""One patient's behaviour: a pure stream of happenings, the same under every policy.

Three streams, each ordered in time: `intake`, the program from admission on (`in_program`), and aftercare from the
step-down on (`in_aftercare`), because only the engine decides when that is. They run on whether or not anybody
listens; what the person does in answer to staff is drawn here too (`is_reached`, `comes_back`), and keyed so that the
same question has the same answer under two policies.
"""

import heapq
import math
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from operator import attrgetter
from random import Random
from zoneinfo import ZoneInfo

from worker.simulation.chance import length, one_of, stream
from worker.simulation.happenings import (
    Admitted,
    BackFromLeave,
    CrisisCalled,
    GoalMet,
    Happening,
    Leaves,
    LeaveTaken,
    NeverBegins,
    Screened,
    SessionDay,
    StopsAnswering,
    Use,
)
from worker.simulation.parameters import Parameters, WaysOut
from worker.simulation.testing import Testing, UseDay
from workflows.core.engine.calendar import WEEKDAYS

DAY = timedelta(days=1)


class Person:
    """An invented patient, given by a seed and a number."""

    def __init__(self, parameters: Parameters, seed: int, number: int) -> None:
        self.parameters = parameters
        self.number = number
        self._seed = seed
        caseload = parameters.caseload
        self.zone = ZoneInfo(caseload.timezone)
        random = self._stream("person")
        self.referred_on = caseload.begins_on + timedelta(days=random.randrange(caseload.referred_over_days))
        self.substance = one_of(random, caseload.substances) or "unspecified"
        self.testing = Testing(parameters.tests, self.substance, (), self._stream)
        self.ends_on = self.referred_on + timedelta(days=caseload.followed_for_days)

    # -- intake -------------------------------------------------------------------------------------------

    def intake(self) -> Iterator[Happening]:
        """Screening, then the first program day or the news that the person does not begin."""
        intake, random = self.parameters.intake, self._stream("intake")
        screened_on = self.referred_on + _days(length(random, intake.screened_after_days))
        admitted_on = screened_on + max(DAY, _days(length(random, intake.admitted_after_days)))
        last_use_on = admitted_on - _days(length(random, intake.last_use_before_days))
        yield Screened(self._at(screened_on, 10, random))
        if random.random() < intake.never_begins:
            yield NeverBegins(self._at(admitted_on + timedelta(days=10), 11, random))
        else:
            signs = random.random() < intake.signs_at_admission
            yield Admitted(self._at(admitted_on, 9, random), last_use_on, signs)

    # -- the program --------------------------------------------------------------------------------------

    def in_program(self, admitted_on: date) -> Iterator[Happening]:
        """Everything from the first program day on, for as long as the patient is followed."""
        leave = self._leave(admitted_on)
        uses = list(self._uses(admitted_on))
        self.testing = Testing(self.parameters.tests, self.substance, uses, self._stream)
        told = [Use(use.told_at, use.on, self.substance, use.relapse) for use in uses if use.told_at]
        return heapq.merge(
            self._once(admitted_on),
            self._sessions(admitted_on, leave),
            sorted(told, key=attrgetter("at")),
            self._away(leave),
            key=attrgetter("at"),
        )

    def _once(self, admitted_on: date) -> Iterator[Happening]:
        random, attendance = self._stream("course"), self.parameters.attendance
        goal_met_on = admitted_on + _days(length(random, attendance.goal_met_days))
        found: list[Happening] = [GoalMet(self._at(goal_met_on, 15, random))]
        if random.random() < attendance.crisis:
            day = admitted_on + timedelta(days=random.randrange(90))
            kind = random.choice(("overdose", "suicide_risk", "severe_withdrawal"))
            found.append(CrisisCalled(self._at(day, 20, random), kind))
        return iter(sorted([*found, *self._leaving(admitted_on)], key=attrgetter("at")))

    def _leaving(self, admitted_on: date) -> Iterator[Leaves]:
        random, leaving = self._stream("leaving"), self.parameters.leaving
        says_so = random.random() < leaving.says_so
        other = one_of(random, leaving.other_reasons) or "other"
        reasons = {"dropped_out": "withdrew", "transferred": "transferred", "other": other}
        at = random.random()
        for way, out in leaving.ways.items():
            at -= out.share
            if at < 0:
                day = admitted_on + _days(length(random, out.stay_days))
                yield Leaves(self._at(day, 22, random), way, says_so, reasons.get(way, ""))
                break
        patience: WaysOut = "dropped_out"
        day = admitted_on + _days(length(self._stream("patience"), leaving.patience_days))
        yield Leaves(self._at(day, 22, random), patience, says_so, reasons[patience])

    def _uses(self, admitted_on: date) -> Iterator[UseDay]:
        random, rule = self._stream("use"), self.parameters.use
        if not rule.per_week:
            return
        day = admitted_on
        while True:
            if day > admitted_on and random.random() < rule.again:
                day += timedelta(days=random.randint(1, rule.again_within_days))
            else:
                day += max(DAY, _days(7 * random.expovariate(rule.per_week)))
            if day > self.ends_on:
                return
            told_on = day + timedelta(days=random.randint(0, 3))
            told_at = self._at(told_on, 12 if told_on > day else 23, random)
            relapse = random.random() < rule.relapse
            yield UseDay(day, told_at if random.random() < rule.told else None, relapse)

    def _sessions(self, admitted_on: date, leave: tuple[date, date, str] | None) -> Iterator[Happening]:
        rule, random = self.parameters.attendance, self._stream("sessions")
        spell, number = None, 0
        day = admitted_on
        while day <= self.ends_on:
            away = leave is not None and leave[0] <= day <= leave[1]
            for line in self.parameters.caseload.schedule:
                if line.weekday != WEEKDAYS[day.weekday()] or day in self.parameters.caseload.closures:
                    continue
                start = datetime.combine(day, time.fromisoformat(line.start))
                chances = random.random(), random.random(), random.random(), random.randint(10, 60)
                if away:
                    continue
                if chances[0] < (rule.spell_continues if spell else rule.spell_begins):
                    number += spell is None
                    spell = number
                    yield SessionDay(self._after(start, line.minutes + 5), start, line.minutes, spell)
                    continue
                spell = None
                if chances[1] < rule.excused:
                    yield SessionDay(self._after(start, -180), start, 0, None, excused=True)
                    continue
                minutes = line.minutes if chances[2] < rule.full_length else max(5, line.minutes - chances[3])
                ends = self._after(start, line.minutes + 5)
                yield SessionDay(ends, start, minutes, None)
            day += DAY

    def _leave(self, admitted_on: date) -> tuple[date, date, str] | None:
        random = self._stream("leave")
        if random.random() >= self.parameters.attendance.leave:
            return None
        first = admitted_on + timedelta(days=random.randint(7, 80))
        reason = random.choice(("travel", "hospital"))
        return first, first + timedelta(days=random.randint(3, 9)), reason

    def _away(self, leave: tuple[date, date, str] | None) -> Iterator[Happening]:
        if leave:
            random = self._stream("leave_times")
            yield LeaveTaken(self._at(leave[0] - DAY, 13, random), leave[2], leave[0], leave[1])
            yield BackFromLeave(self._at(leave[1] + DAY, 9, random))

    # -- aftercare ----------------------------------------------------------------------------------------

    def in_aftercare(self, since: date, time_round: int) -> Iterator[Happening]:
        """Everything from a step-down on; `time_round` counts step-downs, the first is 0."""
        random, rule = self._stream(f"aftercare:{time_round}"), self.parameters.aftercare
        found: list[Happening] = []
        stops, uses = random.random() < rule.stops_answering, random.random() < rule.use_again
        stops_on = since + _days(length(random, rule.stops_after_days))
        first_use_on = since + max(DAY, _days(length(random, rule.first_use_days)))
        if stops:
            found.append(StopsAnswering(self._at(stops_on, 8, random)))
        while uses and first_use_on <= self.ends_on:
            at = self._at(first_use_on + timedelta(days=random.randint(0, 5)), 23, random)
            found.append(Use(at, first_use_on, self.substance, random.random() < self.parameters.use.relapse))
            uses = random.random() < rule.again
            first_use_on += timedelta(days=random.randint(5, 60))
        return iter(sorted(found, key=attrgetter("at")))

    # -- in answer to staff -------------------------------------------------------------------------------

    def is_reached(self, attempt: str, gone: bool) -> bool:
        """Whether an attempt to reach someone who stays away succeeds."""
        rule = self.parameters.outreach
        chance = rule.reached_after_leaving if gone else rule.reached_in_spell
        return self._stream(f"reached:{attempt}").random() < chance

    def returns_from(self, spell: int) -> bool:
        """Whether a person who was reached comes to the next session."""
        return self._stream(f"spell:{spell}").random() < self.parameters.outreach.returns_from_spell

    def comes_back(self, days_away: int) -> bool:
        """Whether a person who had stopped coming does come back: the sooner they are reached, the likelier."""
        rule = self.parameters.outreach
        chance = rule.comes_back * math.exp2(-days_away / rule.comes_back_half_life_days)
        return self._stream("comes_back").random() < chance

    def withdraws_when_reached(self) -> bool:
        """Whether one who is reached and does not come back says so."""
        return self._stream("withdraws").random() < self.parameters.outreach.says_so

    def gives_test(self, drawn: str) -> bool:
        """Whether a drawn test is given in its window, by somebody who comes to the program."""
        return self._stream(f"gives:{drawn}").random() < self.parameters.tests.comes_when_called

    def appeals(self, notice: str) -> bool:
        """Whether a notice of discharge is appealed against."""
        return self._stream(f"appeal:{notice}").random() < self.parameters.leaving.appeals

    def accepts_more_care(self, offer: str) -> bool:
        """Whether an offer of more care is taken up."""
        return self._stream(f"more_care:{offer}").random() < self.parameters.staff.accepts_more_care

    def answers_call(self, call: str) -> bool:
        """Whether a check-in call is answered, while the person still answers at all."""
        return self._stream(f"call:{call}").random() < self.parameters.aftercare.answers_call

    def risk(self, on: date, last_use_on: date | None) -> int:
        """The risk score of a check-in, 0 to 10; higher after a recent use."""
        recent = last_use_on is not None and (on - last_use_on).days <= 21
        return self._stream(f"risk:{on}").randint(*((4, 8) if recent else (0, 4)))

    # -- small things -------------------------------------------------------------------------------------

    def _stream(self, subject: str) -> Random:
        return stream(self._seed, self.number, subject)

    def _at(self, day: date, hour: int, random: Random) -> datetime:
        """A moment in an hour of a day; seconds keep it apart from the engine's own deadlines."""
        return datetime.combine(day, time(hour, random.randrange(5, 55), random.randrange(60)), self.zone)

    def _after(self, start: datetime, minutes: int) -> datetime:
        return (start + timedelta(minutes=minutes)).replace(second=self.number % 50 + 5, tzinfo=self.zone)


def _days(count: float) -> timedelta:
    return timedelta(days=round(count))
