"""How far an involuntary discharge has come (E2): review, team meeting, notice, appeal, decision."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from workflows.core.engine.answers import Answer
from workflows.core.engine.reading import fact
from workflows.core.episode.attendance.dose import DoseFacts


class DischargeStep(StrEnum):
    """What a proposed discharge waits for."""

    REVIEW = "review"
    TEAM_MEETING = "team_meeting"
    NOTICE = "notice"
    APPEAL_PERIOD = "appeal_period"
    APPEAL = "appeal"


@dataclass(frozen=True, slots=True)
class DischargeCase:
    """A discharge that was proposed and not ended yet. `key` is the entry id of the proposal."""

    key: str
    proposed_by: str
    step: DischargeStep
    since: datetime
    notice_at: datetime | None = None
    dated_back_by: str | None = None
    """Who alone says that the notice was given on a day before it was recorded."""


class DischargeFacts(DoseFacts):
    """A discharge that is under way, if one is."""

    @property
    def discharges_ended(self) -> int:
        """How many proposals were not followed."""
        return sum(self._step_of(answer.key, answer.by, answer.at) is None for _, answer in self._proposals)

    @fact
    def discharge(self) -> DischargeCase | None:
        """The proposal that is under way."""
        for _, answer in reversed(self._proposals):
            return self._step_of(answer.key, answer.by, answer.at)
        return None

    @property
    def needs_second_director(self) -> bool:
        """Whether the director of the team has proposed a discharge, and so may not decide on it (E2)."""
        case, director = self.discharge, self.team.get("director")
        return bool(case and director and case.proposed_by.casefold() == director.casefold())

    @property
    def _proposals(self) -> list[tuple[str, Answer]]:
        return self.answers_to("involuntary_discharge")

    def _step_of(self, key: str, by: str, proposed_at: datetime) -> DischargeCase | None:
        reviewed = self.answer(f"involuntary_review:{key}")
        if reviewed is None:
            return DischargeCase(key, by, DischargeStep.REVIEW, proposed_at)
        if reviewed.choice == "reject":
            return None
        met = self.answer(f"discharge_team_meeting:{key}")
        if met is None:
            return DischargeCase(key, by, DischargeStep.TEAM_MEETING, reviewed.at)
        if met.choice == "alternatives_remain":
            return None
        noticed = self.answer(f"discharge_notice:{key}")
        if noticed is None:
            return DischargeCase(key, by, DischargeStep.NOTICE, met.at)
        if self.choice(f"discharge_decision:{key}") or self.choice(f"discharge_appeal_hearing:{key}"):
            return None
        given_at, only_by = self._given(key, noticed)
        appeal = self.answer(f"discharge_appeal:{key}")
        if appeal:
            return DischargeCase(key, by, DischargeStep.APPEAL, appeal.at, given_at, only_by)
        return DischargeCase(key, by, DischargeStep.APPEAL_PERIOD, given_at, given_at, only_by)

    def _given(self, key: str, noticed: Answer) -> tuple[datetime, str | None]:
        """When the notice was given at the latest, and who alone says that it was given on an earlier day.

        The hours of the appeal run from when the notice was recorded. One person cannot shorten them by dating it
        back: an earlier day counts once a second one has confirmed it (E2), and one that is told as a day alone takes
        nothing from the time to appeal. What another system tells was known there when it happened (T7).
        """
        recorded = self.record.get(noticed.key)
        if recorded is None or recorded.entry.when() is None:
            return noticed.at, None
        recorded_at = recorded.recorded_at.astimezone(self.calendar.zone)
        ended = self.calendar.at(self.calendar.day_of(noticed.at) + timedelta(days=1))
        if ended >= recorded_at:
            return recorded_at, None
        if recorded.is_history or self.choice(f"discharge_notice_date:{key}") == "confirmed":
            return ended, None
        return recorded_at, noticed.by
