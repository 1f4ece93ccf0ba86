"""Facts of the gate: each condition, and the earliest day on which all of them can be met (S9-S12)."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from itertools import dropwhile

from workflows.core.engine.reading import fact
from workflows.core.engine.record import Recorded
from workflows.core.episode.entries import (
    Goal,
    Leave,
    Medication,
    PolicyAdoption,
    Retraction,
    Return,
    Test,
    Use,
)
from workflows.core.episode.gate import conditions
from workflows.core.episode.gate.conditions import Condition
from workflows.core.episode.sobriety.draws import draws
from workflows.core.episode.stay.stages import StageFacts

_CLOSE = time(23, 59, 59)
_DRAWN_AHEAD = timedelta(days=28)


def _as_met(condition: Condition) -> Condition:
    """A condition of a gate that was passed: what this record does not show was seen by whoever signed, as in another
    system."""
    if condition.met:
        return condition
    return Condition(condition.name, True, f"taken as met by whoever signed ({condition.why})")


class GateFacts(StageFacts):
    """Whether the gate before aftercare is ready, and since when."""

    @fact
    def gate_conditions(self) -> tuple[Condition, ...]:
        """Every condition of the gate except the clinician's signature (S9)."""
        if self.last_use_on is None or self.admitted_on is None:
            return (Condition("sobriety", False, "the date of last use is not known"),)
        gate = self.policy.gate
        return (
            conditions.length(self.today, self.length_reached_on, advanced=self.was_advanced),
            conditions.sobriety(
                (self.today - self.last_use_on).days,
                self.controlled_days(self.last_use_on, self.today),
                self.last_use_on,
                gate,
            ),
            conditions.evidence(self.tested.valid_on, self.last_use_on, self.today, gate),
            conditions.holds(self.holds),
            conditions.goals([g for g, status in self.goals.items() if status == "open"], bool(self.goals)),
            conditions.level_of_care(self.level_review is not None, self.on_the_way_to),
        )

    @fact
    def gate_as_passed(self) -> tuple[Sequence[Condition], date | None] | None:
        """The conditions as they were met when the gate was passed, and the day on which it opened then; None: it is
        still to be passed.

        After the step down the gate is history: tests that grow old do not judge it again, and late news is a
        question to a clinician (S13). Only sobriety is required further: a use in aftercare shows (C1).
        """
        signed = self.record.get(self.step_down.key) if self.step_down else None
        if signed is None:
            return None
        at = signed.recorded_at
        found, opens_on = self.keep(("gate when signed", at), lambda facts: facts._gate_when_signed(at))
        if self.last_use_on and self.stepped_down_on and self.last_use_on >= self.stepped_down_on:
            today = {one.name: one for one in self.gate_conditions}
            found = tuple(today["sobriety"] if one.name == "sobriety" else one for one in found)
        return found, opens_on

    def _gate_when_signed(self, at: datetime) -> tuple[Sequence[Condition], date | None]:
        then = self.as_known_at(at)
        return tuple(_as_met(one) for one in then.gate_conditions), then.gate_opens_on

    @fact
    def gate_unmet(self) -> tuple[str, ...]:
        """Names of the conditions that are not met. Their words count days; this changes on few of them."""
        return tuple(condition.name for condition in self.gate_conditions if not condition.met)

    @property
    def gate_ready(self) -> bool:
        """Whether nothing but the clinician's signature is missing."""
        return not self.gate_unmet

    @property
    def gate_ready_but_for_length(self) -> bool:
        """Whether a clinician may advance the gate with a reason (S12)."""
        return set(self.gate_unmet) <= {"length"}

    @fact
    def draws(self) -> tuple[Sequence[date], date | None]:
        """The days up to today on which a test was drawn, and the next one (S4). On leave none is drawn."""
        if self.admitted_on is None:
            return (), None
        # Worked out for four weeks ahead, so that not every day counts again from the first draw on.
        months = self.stretch_since(self.admitted_on, _DRAWN_AHEAD.days)
        until = self.admitted_on + (months + 1) * _DRAWN_AHEAD
        drawn = self.keep(("drawn until", until), lambda facts: facts._drawn_until(until))
        passed = bisect_right(drawn, self.today_among(drawn))
        return drawn[:passed], drawn[passed] if passed < len(drawn) else None

    def _drawn_until(self, until: date) -> list[date]:
        """Every day on which a test is drawn from admission to a day, and the one after it."""
        assert self.admitted_on is not None
        # Counted from when a slip became known: news of today changes no draw of the past.
        slips_known = sorted({self.calendar.day_of(slip.known_at) for slip in self.slips})
        found: list[date] = []
        for day in draws(
            self.frame.episode_id, self.admitted_on, lambda day: self._max_gap_on(day, slips_known)
        ):
            if self.on_leave_at(day) or not self.is_in_program_on(day):
                if day - until > timedelta(days=60):  # nobody knows when the leave will end
                    break
                continue
            found.append(day)
            if day > until:
                break
        return found

    def _max_gap_on(self, day: date, slips_known: Sequence[date]) -> int | None:
        assert self.admitted_on is not None
        tests, program_day = self.frame.policy_on(day).tests, (day - self.admitted_on).days + 1
        phase = next((p for p in tests.phases if p.until_day is None or program_day <= p.until_day), None)
        if phase is None:
            return None
        if any(0 <= (day - since).days < tests.after_slip_days for since in slips_known):
            return min(phase.max_gap_days, tests.after_slip_max_gap_days)
        return phase.max_gap_days

    @property
    def draws_unanswered(self) -> Sequence[date]:
        """The days on which a test was drawn and since which nothing was recorded of a specimen."""
        drawn = self.draws[0]
        latest = self._latest_test
        return drawn if latest is None else drawn[bisect_left(drawn, latest + timedelta(days=1)) :]

    @fact
    def _latest_test(self) -> date | None:
        days = [
            day
            for r in self.record.standing(Test)
            # That a test was ordered says nothing of a specimen.
            if r.entry.result != "pending" or r.entry.collected_on
            for day in r.entry.stated_days() or (self.calendar.day_of(r.recorded_at),)
        ]
        return max(days, default=None)

    @property
    def was_advanced(self) -> bool:
        """Whether a clinician has passed the gate before the program's length was reached (S12)."""
        return self.step_down is not None and self.step_down.choice == "advance"

    @fact
    def gate_ready_since(self) -> date | None:
        """The first day of the present run of days on which nothing but the signature was missing."""
        if not self.gate_ready:
            return None
        day = self.today
        while self.admitted_on and day > self.admitted_on and not self.unmet_on(day - timedelta(days=1)):
            day -= timedelta(days=1)
        return day

    @property
    def gate_ready_known_at(self) -> datetime | None:
        """When it could be known that nothing but the signature was missing: a late result tells of days before."""
        since = self.gate_ready_since
        if since is None:
            return None
        begins = self.calendar.at(since)
        told = [
            r.known_at
            for kind in (Test, Use, Goal, Medication, Leave, Return)
            for r in self.record.standing(kind)
            if self.calendar.day_of(r.effective_at) <= since
        ]
        return max([begins, *told])

    def unmet_on(self, day: date) -> tuple[str, ...]:
        """The conditions that were not met on a day of the past, as is known now."""
        return self._unmet_at(self.calendar.at(day))

    def _unmet_at(self, instant: datetime) -> tuple[str, ...]:
        return self.keep(
            ("unmet at", instant),
            lambda facts: facts.at(instant).gate_unmet,
        )

    @fact
    def gate_opens_on(self) -> date | None:
        """The day from which dates no longer keep the gate shut (S9)."""
        if self.last_use_on is None or self.admitted_on is None:
            return None
        gate = self.policy.gate
        opens = self.last_use_on + timedelta(days=gate.sober_days)
        first = self.last_use_on + timedelta(days=1)
        # Each day in a controlled environment moves the date by one, and may bring further such days in.
        for start, end in self.controlled:
            if end >= first and start <= opens:
                opens += end - max(start, first) + timedelta(days=1)
        return max(opens, self.length_reached_on)

    @fact
    def evidence_changes_on(self) -> date | None:
        """The next day on which the tests cover the window no more, or again, though nothing is recorded.

        Asked only while nothing else keeps the gate shut: the other conditions change by entries, or have deadlines.
        """
        if self.last_use_on is None or not set(self.gate_unmet) <= {"evidence"}:
            return None
        gate, used_on, tests = self.policy.gate, self.last_use_on, self.tested.valid_on
        is_met = conditions.evidence(tests, used_on, self.today, gate).met
        days = (self.today + timedelta(days=n) for n in range(1, gate.sober_days + 2))
        return next((d for d in days if conditions.evidence(tests, used_on, d, gate).met != is_met), None)

    def _has_news_about(self, at: datetime, signed: str) -> bool:
        """Whether anything was recorded after an entry that tells of the time up to an instant."""
        later = dropwhile(lambda r: r.key != signed, self.record)
        return any(
            r.key != signed
            and (r.effective_at <= at or isinstance(r.entry, Retraction))
            and not isinstance(r.entry, PolicyAdoption)
            for r in later
        )

    @property
    def unmet_at_step_down(self) -> list[str]:
        """Conditions that the gate did not meet at the step-down, as is known now (S13); the length among them where
        the admission was corrected.

        Only news can tell: without an entry since then about the time before, it was ready when it was signed (T8).
        """
        signed = self.record.get(self.step_down.key) if self.step_down else None
        if signed is None:
            return []
        day = self.calendar.day_of(signed.effective_at)
        # A signature with a day alone counts from its midnight; what was done on that day came before it.
        at = (
            signed.recorded_at
            if self.calendar.day_of(signed.recorded_at) == day
            else self.calendar.at(day, _CLOSE)
        )
        key = signed.key
        has_news: bool = self.keep(("news about", at, key), lambda facts: facts._has_news_about(at, key))
        if not has_news:
            return []
        unmet = self._unmet_at(max(at, signed.effective_at))
        return [name for name in unmet if name != "length" or self._was_admitted_otherwise(signed)]

    def _was_admitted_otherwise(self, signed: Recorded) -> bool:
        """Whether the day of admission was corrected since an entry: only that changes the length that was reached by
        then; a policy that was adopted since does not (T8)."""
        at = signed.recorded_at
        then: date | None = self.keep(
            ("admitted when signed", at), lambda facts: facts.as_known_at(at).admitted_on
        )
        return then != self.admitted_on
