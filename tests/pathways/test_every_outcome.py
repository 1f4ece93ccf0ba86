"""Every outcome of every task has its effect, and none is a dead end (E9): a walk through all of them.

The openings of each pathway's proof lead to every kind of task. Here each is answered in each way on the real engine.
What the word of an answer promises stands in the table; a new kind of task, or a new outcome, needs its line.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

import pytest

from tests.pathways.kinds import kinds_in
from workflows.core.engine.duty import Duty
from workflows.core.engine.keys import kind_of
from workflows.core.episode import views
from workflows.core.episode.entries import parse_entry
from workflows.core.episode.episode import Episode
from workflows.pathways import pathway_named
from workflows.pathways.proof.moves import moves
from workflows.pathways.proof.search import Search

SETTLED = "settled"
"""The word promises nothing more: what was owed has been done, or the person does not want it."""
AGAIN = "asked again"

PROMISES: dict[tuple[str, str], str] = {
    ("screening", "not_reached"): AGAIN,
    ("screening", "declined"): "exit withdrew",
    **{("level_of_care", level): f"level {level}"
       for level in ("outpatient", "iop", "php", "residential", "withdrawal_management")},
    ("admission", "declined"): "exit withdrew",
    ("refer_to_level_of_care", "first_visit_attended"): "exit transferred",
    ("refer_to_level_of_care", "declined"): "exit withdrew",
    **{(what, choice): SETTLED
       for what in ("rights_notice", "contact_preferences") for choice in ("signed", "declined")},
    ("admission_condition", "not_yet"): AGAIN,
    ("attendance_conflict", "an entry"): SETTLED,
    ("attendance_minutes", "confirm"): "240 minutes count",
    ("attendance_minutes", "whole_session"): "180 minutes count",
    ("collateral_use", "use"): "owes safety_check",
    ("collateral_use", "relapse"): "owes safety_check and level_of_care_review",
    ("collateral_use", "no_use"): "no use is known",
    ("medication_review", "prescribed"): "no use is known",
    ("medication_review", "not_prescribed"): SETTLED,
    ("unscheduled_attendance", "confirm"): SETTLED,
    ("unscheduled_attendance", "reject"): SETTLED,
    ("outreach_call", "reached"): "owes engagement_plan",
    ("outreach_call", "not_reached"): "deadline",
    ("supervisor_review", "reached"): "owes engagement_plan",
    ("supervisor_review", "continue_outreach"): "deadline",
    ("lost_contact_proposal", "close"): "exit lost_contact",
    ("lost_contact_proposal", "continue_outreach"): AGAIN,
    ("lost_contact_proposal", "reached"): "reached",
    ("engagement_plan", "agreed"): SETTLED,
    ("engagement_plan", "declined"): SETTLED,
    ("high_risk_contact", "reached"): "owes engagement_plan",
    ("high_risk_contact", "crisis"): "owes crisis_response",
    ("high_risk_contact", "not_reached"): AGAIN,
    ("safety_check", "safe"): SETTLED,
    ("safety_check", "crisis"): "owes crisis_response",
    ("safety_check", "not_reached"): AGAIN,
    ("individual_session", "held"): SETTLED,
    ("individual_session", "declined"): SETTLED,
    ("plan_review", "unchanged"): SETTLED,
    ("plan_review", "changed"): SETTLED,
    ("level_of_care_review", "stay"): SETTLED,
    ("level_of_care_review", "patient_declined"): SETTLED,
    ("level_of_care_review", "offer_php"): "owes level_of_care_offer",
    ("level_of_care_review", "offer_residential"): "owes level_of_care_offer",
    ("level_of_care_review", "offer_withdrawal_management"): "owes level_of_care_offer",
    ("level_of_care_offer", "accepted"): "owes transfer",
    ("level_of_care_offer", "declined"): SETTLED,
    ("level_of_care_offer", "not_yet"): AGAIN,
    ("hold_review", "lift_hold"): SETTLED,
    ("hold_review", "collect_again"): "owes recollect_test",
    ("hold_review", "await_confirmation"): AGAIN,
    ("recollect_test", "collected"): SETTLED,  # the hold asks again until the result is there
    ("recollect_test", "not_provided"): SETTLED,
    ("adherence_talk", "held"): SETTLED,
    ("adherence_talk", "declined"): SETTLED,
    ("collect_test", "collected"): "owes test_result",
    ("collect_test", "clinic_cancelled"): SETTLED,
    ("collect_test", "not_provided"): "owes test_not_collected",
    ("test_result", "not_yet"): AGAIN,
    ("test_result", "lost"): SETTLED,
    **{("test_not_collected", choice): SETTLED
       for choice in ("clinic_cancelled", "excused", "collected_late", "talked")},
    **{("crisis_response", choice): "owes after_crisis_contact and after_crisis_level_of_care"
       for choice in ("safe", "emergency_services", "hospital")},
    ("after_crisis_contact", "done"): SETTLED,
    ("after_crisis_contact", "not_reached"): AGAIN,
    ("after_crisis_level_of_care", "done"): SETTLED,
    ("after_crisis_level_of_care", "not_reached"): AGAIN,
    ("return_screening", "done"): SETTLED,
    ("involuntary_discharge", "propose"): "owes involuntary_review",
    ("involuntary_review", "approve"): "owes discharge_team_meeting",
    ("involuntary_review", "reject"): SETTLED,
    ("discharge_team_meeting", "alternatives_tried"): "owes discharge_notice",
    ("discharge_team_meeting", "alternatives_remain"): SETTLED,
    ("discharge_notice", "given"): "owes discharge_decision",
    ("discharge_notice_date", "confirmed"): "owes discharge_decision",
    ("discharge_appeal", "appealed"): "owes discharge_appeal_hearing",
    ("discharge_decision", "discharge"): "exit involuntary",
    ("discharge_decision", "rescind"): SETTLED,
    ("discharge_appeal_hearing", "uphold"): "exit involuntary",
    ("discharge_appeal_hearing", "rescind"): SETTLED,
    ("transfer", "first_visit_attended"): "exit transferred",
    ("transfer", "not_attended"): AGAIN,
    ("transfer", "stays_here"): SETTLED,
    ("exit_bundle", "given"): SETTLED,
    ("exit_bundle", "declined"): SETTLED,
    ("reopening", "reopen"): "open again",
    ("death_correction", "it_stands"): SETTLED,
    ("decision_review", "keep"): SETTLED,
    ("decision_review", "changed"): AGAIN,
    ("correction_conflict", "both_hold"): SETTLED,
    ("consent_revoked", "seen_to"): SETTLED,
    ("assessment", "declined"): "owes assessment",  # after its days
    ("assessment", "not_reached"): AGAIN,
    ("payer_appeal", "appealed"): "owes payer_answer",
    ("payer_appeal", "not_appealed"): SETTLED,
    ("payer_answer", "not_answered"): AGAIN,
    ("payer_answer", "withdrawn"): SETTLED,
    ("continued_stay_review", "continue"): SETTLED,
    ("continued_stay_review", "change_plan"): SETTLED,
    ("team_review", "continue"): AGAIN,
    ("team_review", "change_plan"): AGAIN,
    ("gate_review", "pass"): "stage aftercare",
    ("gate_review", "hold"): AGAIN,
    ("gate_review", "advance"): "stage aftercare",
    ("checkin", "not_reached"): AGAIN,
    ("checkin", "declined"): "owes aftercare_complete",  # in the small program of the proof that comes next
    ("missed_checkins", "closer_contact"): "a check-in within days",
    ("missed_checkins", "continue"): SETTLED,
    ("aftercare_complete", "complete"): "exit completed",
    ("aftercare_complete", "continue"): AGAIN,
    ("offer_therapist", "declined"): SETTLED,
    ("offer_therapist", "has_one"): SETTLED,
    ("offer_mutual_help", "declined"): SETTLED,
    ("offer_mutual_help", "goes_already"): SETTLED,
    ("reassessment", "stay_in_aftercare"): SETTLED,  # a use brings the check-ins closer by itself (C1)
    ("reassessment", "return_to_program"): "stage program",
    ("late_news", "no_change"): SETTLED,
    ("late_news", "closer_contact"): "a check-in within days",
    ("step_down_review", "step_down"): "exit transferred",
    ("step_down_review", "continue"): AGAIN,
    ("step_down_review", "complete"): "exit completed",
}  # fmt: skip


@dataclass(frozen=True)
class Answered:
    """One task, as it was answered in one way."""

    duty: Duty
    choice: str
    episode: Episode
    now: datetime

    @property
    def owed(self) -> list[Duty]:
        """What is owed now and ahead."""
        facts = self.episode.facts
        duties = self.episode.pathway.duties(facts, self.episode.state.states)
        return [duty for duty in duties if facts.answer(duty.key) is None]

    def keeps(self, promise: str) -> bool:
        """Whether what the answer promises has come to pass, or is owed."""
        episode, facts = self.episode, self.episode.facts
        kinds = {duty.kind for duty in self.owed}
        match promise.split():
            case ["settled"]:
                return self.duty.key not in episode.open_tasks
            case ["asked", "again"]:
                return any(duty.kind == self.duty.kind and duty.since > self.now for duty in self.owed)
            case ["owes", *wanted]:
                return kinds.issuperset(word for word in wanted if word != "and")
            case ["exit", reason]:
                return facts.exit is not None and facts.exit[0] == reason
            case ["level", level]:
                return facts.level_of_care == level
            case ["stage", stage]:
                return episode.stage == stage
            case ["deadline"]:
                return episode.next_deadline is not None
            case ["reached"]:
                return facts.last_contact_by(facts.today) == facts.today
            case [minutes, "minutes", "count"]:
                week = views.progress(episode, self.now).week
                return self.duty.key not in episode.open_tasks and week.minutes == int(minutes)
            case ["no", "use", "is", "known"]:
                return self.duty.key not in episode.open_tasks and not facts.slips
            case ["open", "again"]:
                return facts.exit is None
            case ["a", "check-in", "within", "days"]:
                most = facts.policy.aftercare.closer_contact_days
                return any(
                    duty.kind == "checkin" and (duty.since.date() - facts.today).days <= most
                    for duty in self.owed
                )
        raise AssertionError(f"unknown promise {promise}")


@cache
def tasks_of(pathway: str) -> dict[tuple[str, str], tuple[Search, Any, str]]:
    """For each kind and outcome the first situation in which it can be answered so, and the key of the duty."""
    search = Search(pathway_named(pathway), depth=0)
    situations = [taken.source for taken in search.run()]
    found: dict[tuple[str, str], tuple[Search, Any, str]] = {}
    for situation in (*situations, *search.situations.values()):
        search.episode.state = situation.state
        facts = search.episode.facts
        for duty in search.episode.pathway.duties(facts, search.episode.state.states):
            if facts.answer(duty.key) is None and (duty.early or duty.since <= facts.now):
                for choice in duty.outcomes:
                    found.setdefault((duty.kind, choice), (search, situation, duty.key))
    assert not search.blocked
    return found


def named(kind: str, choice: str) -> tuple[str, str]:
    return kind, "an entry" if kind == "attendance_conflict" else choice


def answers(pathway: str) -> Iterator[Answered]:
    """Every task answered in each way; the engine is the same one, moved from one to the next."""
    for (_, choice), (search, situation, key) in tasks_of(pathway).items():
        episode = search.episode
        episode.state = situation.state
        duty = next(d for d in episode.pathway.duties(episode.facts, episode.state.states) if d.key == key)
        name = f"answer:{duty.kind}:{choice}"
        move = next(
            one
            for one in moves(episode, situation.now, 999)
            if one.name == name and one.entry and one.entry["about"] == key
        )
        assert move.entry is not None
        episode.apply(parse_entry(move.entry), situation.now)
        yield Answered(duty, choice, episode, situation.now)


@pytest.mark.parametrize("pathway", ["iop", "php"])
def test_E9_every_outcome_of_every_task_keeps_what_its_word_promises(pathway: str) -> None:
    broken = []
    for one in answers(pathway):
        name = named(one.duty.kind, one.choice)
        if name not in PROMISES:
            broken.append(f"{name}: no line says what it promises")
        elif not one.keeps(PROMISES[name]):
            broken.append(f"{name}: {PROMISES[name]} is not kept")
    assert not broken, "\n".join(broken)


@pytest.mark.parametrize("pathway", ["iop", "php"])
def test_E9_after_no_answer_an_open_episode_waits_for_nothing(pathway: str) -> None:
    for one in answers(pathway):
        episode = one.episode
        waits = episode.stage == "closed" or episode.next_deadline or episode.open_tasks
        assert waits, (one.duty.kind, one.choice)


def test_every_kind_of_task_is_walked_through() -> None:
    walked = {kind for pathway in ("iop", "php") for kind, _ in tasks_of(pathway)}
    claimed = pathway_named("iop").claims.duties | pathway_named("php").claims.duties
    assert kinds_in("core/episode/**/*.py", "pathways/*.py") <= claimed
    assert walked == claimed
    assert {kind for kind, _ in PROMISES} == claimed
    outcomes = {named(*one) for pathway in ("iop", "php") for one in tasks_of(pathway)}
    assert set(PROMISES) == outcomes
    assert kind_of("safety_check:n1#2") == "safety_check"
