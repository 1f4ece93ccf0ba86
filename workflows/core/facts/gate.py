"""Facts of sobriety and of the gate: last use, slips, tests, and what the gate still needs (S1-S10)."""

from datetime import date, timedelta
from functools import cached_property

from workflows.core.entries import Medication, Test, Use
from workflows.core.facts import conditions
from workflows.core.facts.attendance import AttendanceFacts
from workflows.core.facts.conditions import Condition
from workflows.core.facts.sobriety import Slip, Tested, read_tests, stated_uses


class GateFacts(AttendanceFacts):
    """When the patient last used, and whether the gate is ready."""

    @cached_property
    def tested(self) -> Tested:
        """What the tests say."""
        lifted = frozenset(
            key.removeprefix("hold_review:")
            for key in self.frame.answers
            if key.startswith("hold_review:") and self.choice(key) == "lift_hold"
        )
        return self._fold(
            "tested",
            (self.record.version(Test, Medication), lifted),
            lambda: read_tests(
                self.record.standing(Test),
                [r.entry for r in self.record.standing(Medication) if isinstance(r.entry, Medication)],
                self.policy.tests,
                lifted.__contains__,
            ),
        )

    @cached_property
    def slips(self) -> list[Slip]:
        """All uses that stand up to today, by date (S2)."""
        found = self._fold(
            "slips",
            (self.record.version(Use), self.tested.slips),
            lambda: sorted(
                [*stated_uses(self.record.standing(Use), self.policy.tests), *self.tested.slips],
                key=lambda slip: (slip.on, slip.key),
            ),
        )
        return [slip for slip in found if slip.on <= self.today]

    @cached_property
    def last_use_on(self) -> date | None:
        """The latest use that stands, whoever told it and whenever (S2); None: not known."""
        known = [self.slips[-1].on] if self.slips else []
        if self.admission and self.admission.last_use_on and self.admission.last_use_on <= self.today:
            known.append(self.admission.last_use_on)
        return max(known, default=None)

    @property
    def days_sober(self) -> int | None:
        """Calendar days in the program's zone since last use (T1)."""
        return (self.today - self.last_use_on).days if self.last_use_on else None

    @cached_property
    def level_review(self) -> str | None:
        """The slip that calls for a level-of-care review nobody has decided yet: its entry id (S3)."""
        response = self.policy.slip_response
        since = self.admitted_on
        slips = [slip for slip in self.slips if since and slip.on >= since]
        open_review = None
        for number, slip in enumerate(slips):
            days = {
                other.on
                for other in slips[: number + 1]
                if (slip.on - other.on).days <= response.review_within_days
            }
            if slip.relapse or len(days) >= response.review_at_slips:
                open_review = None if self.answer(f"level_of_care_review:{slip.key}") else slip.key
        return open_review

    @cached_property
    def gate_conditions(self) -> tuple[Condition, ...]:
        """Every condition of the gate except the clinician's signature (S9)."""
        if self.last_use_on is None or self.admitted_on is None:
            return (Condition("sobriety", False, "the date of last use is not known"),)
        gate = self.policy.gate
        return (
            conditions.length(self.today, self.length_reached_on, advanced=False),
            conditions.sobriety(
                (self.today - self.last_use_on).days,
                self.controlled_days(self.last_use_on, self.today),
                self.last_use_on,
                gate,
            ),
            conditions.evidence(self.tested.valid_on, self.last_use_on, self.today, gate),
            conditions.holds([hold for hold in self.tested.holds if hold.since <= self.today]),
            conditions.goals([g for g, status in self.goals.items() if status == "open"], bool(self.goals)),
            Condition(
                "level_of_care_review",
                self.level_review is None,
                "a level-of-care review is open" if self.level_review else "no review is open",
            ),
        )

    @property
    def gate_ready(self) -> bool:
        """Whether nothing but the clinician's signature is missing."""
        return all(condition.met for condition in self.gate_conditions)

    @property
    def gate_ready_but_for_length(self) -> bool:
        """Whether a clinician may advance the gate with a reason (S12)."""
        return all(condition.met for condition in self.gate_conditions if condition.name != "length")

    @cached_property
    def gate_opens_on(self) -> date | None:
        """The earliest day on which the gate can pass, as far as dates decide it (S9)."""
        if self.last_use_on is None or self.admitted_on is None:
            return None
        opens = self.last_use_on + timedelta(days=self.policy.gate.sober_days)
        # Each day in a controlled environment moves the date by one, and may bring further such days in.
        while (opens - self.last_use_on).days - self.controlled_days(
            self.last_use_on, opens
        ) < self.policy.gate.sober_days:
            opens += timedelta(days=1)
        return max(opens, self.length_reached_on)
