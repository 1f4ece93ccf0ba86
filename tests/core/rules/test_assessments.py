"""M1-M3: instruments are due, a worsening asks for a plan review, a telling answer for a word on the same day."""

import re
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.clinic import ADMITTED, ZONE, Patient, admitted, at, on, ready_for_gate
from workflows.core.engine.effects import Notify
from workflows.core.engine.errors import InvalidEntry
from workflows.core.episode.assessment.entries import Assessment
from workflows.core.episode.assessment.instruments import INSTRUMENTS, Instrument
from workflows.core.episode.entries import parse_entry
from workflows.core.episode.policy import InvalidPolicy, load_policy

FOLLOWED = {"assessments": {"instruments": ["PHQ-9"]}}
CALM = [1, 1, 1, 1, 1, 1, 1, 1, 0]


def fills_in(patient: Patient, instrument: str = "phq_9", day: date | None = None, **said: Any) -> str:
    """An instrument is filled in and recorded now; the entry's id."""
    said = said or {"items": CALM}
    return patient.says(
        "assessment", instrument=instrument, on=day or patient.now.date(), by="th-1", **said
    ).entry_id


def task(patient: Patient, kind: str) -> Any:
    (found,) = [one for one in patient.progress.open_tasks if one.kind == kind]
    return found


def shown(patient: Patient, instrument: str = "phq_9") -> Any:
    (found,) = [one for one in patient.progress.assessments if one.instrument == instrument]
    return found


def read(**said: Any) -> Assessment:
    entry = parse_entry(
        {"kind": "assessment", "by": "th-1", "instrument": "phq_9", "on": str(ADMITTED), **said}
    )
    assert isinstance(entry, Assessment)
    return entry


# -- due (M1) ---------------------------------------------------------------------------------------------------


def test_M1_an_instrument_of_the_policy_is_due_at_the_admission_and_overdue_it_climbs() -> None:
    patient = admitted(policy=FOLLOWED)
    assert (task(patient, "assessment").role, task(patient, "assessment").level) == ("therapist", 0)
    assert task(patient, "assessment").due_at.astimezone(ZONE).date() == on(3)
    assert shown(patient).due_on == ADMITTED
    assert shown(patient).on is None
    fills_in(patient)
    assert "assessment" not in patient.tasks


def test_M1_it_is_due_again_after_its_days_and_until_then_it_is_waited_for() -> None:
    patient = admitted(policy=FOLLOWED)
    fills_in(patient)
    assert shown(patient).due_on == on(30)
    patient.attends_until(on(29))
    assert "assessment" not in patient.tasks
    patient.attends_until(on(30))
    assert "assessment" in patient.tasks
    fills_in(patient, day=on(30))
    assert "assessment" not in patient.tasks
    assert shown(patient).due_on == on(60)


def test_M1_without_a_word_of_the_policy_nothing_is_asked_and_what_was_filled_in_is_followed() -> None:
    patient = admitted()
    assert patient.progress.assessments == []
    assert patient.tasks == set()
    fills_in(patient, "GAD-7", score=3)
    patient.attends_until(on(30))
    assert "assessment" in patient.tasks


def test_M1_one_that_was_filled_in_before_the_admission_serves_intake() -> None:
    patient = admitted(policy=FOLLOWED)
    fills_in(patient, day=ADMITTED - timedelta(days=2))
    assert "assessment" not in patient.tasks
    assert shown(patient).due_on == on(28)


def test_M1_it_is_due_at_the_gate_unless_it_is_of_the_last_days() -> None:
    patient = ready_for_gate()
    fills_in(patient, day=on(80))
    assert shown(patient).due_on == on(90)
    assert "assessment" in patient.tasks
    fills_in(patient, day=on(83))
    assert "assessment" not in patient.tasks
    assert shown(patient).due_on == on(113)


def test_M1_php_has_no_gate_and_is_not_asked_at_one() -> None:
    patient = ready_for_gate(patient=admitted(pathway="php"), day=on(35))
    fills_in(patient, day=on(20))
    assert shown(patient).due_on == on(50)


def test_M1_who_declines_is_asked_again_after_its_days_and_who_is_not_reached_on_the_next() -> None:
    patient = admitted(policy=FOLLOWED)
    patient.says("decision", about="assessment", choice="not_reached", by="th-1")
    assert "assessment" not in patient.tasks
    patient.until(on(1), "18:00")
    assert "assessment" in patient.tasks
    patient.says("decision", about="assessment", choice="declined", by="th-1")
    patient.attends_until(on(29))
    assert "assessment" not in patient.tasks
    patient.attends_until(on(30))
    assert "assessment" in patient.tasks


def test_M1_leave_stops_it_and_an_exit_ends_it() -> None:
    patient = admitted(policy=FOLLOWED)
    patient.says("leave", reason="travel", **{"from": on(0), "until": on(5)})
    assert "assessment" not in patient.tasks
    patient.until(on(6))
    assert "assessment" in patient.tasks
    patient.says("exit", reason="withdrew", on=on(6), by="th-1")
    assert "assessment" not in patient.tasks
    assert shown(patient).due_on is None


def test_M1_a_program_may_ask_more_often_than_the_instrument() -> None:
    patient = admitted(policy={"assessments": {"again_days": {"phq_9": 7}}})
    fills_in(patient)
    assert shown(patient).due_on == on(7)


# -- worse (M2) -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("instrument", "before", "after", "is_worse"),
    [
        ("phq_9", 8, 12, False),
        ("phq_9", 8, 13, True),
        ("phq_9", 13, 8, False),
        ("gad_7", 8, 11, False),
        ("gad_7", 8, 12, True),
        ("bam_r", (0, 10, 120), (1, 10, 120), True),
        ("bam_r", (4, 10, 120), (4, 10, 120), False),
        ("bam_r", (4, 10, 120), (5, 10, 120), True),
        ("bam_r", (5, 10, 120), (4, 10, 120), False),
        ("bam_r", (0, 89, 120), (0, 90, 120), True),
        ("bam_r", (0, 95, 120), (0, 100, 120), False),
        ("bam_r", (0, 10, 91), (0, 10, 90), True),
        ("bam_r", (0, 10, 90), (0, 10, 120), False),
    ],
)
def test_M2_a_worsening_by_the_instruments_own_threshold_asks_for_a_plan_review(
    instrument: str, before: Any, after: Any, is_worse: bool
) -> None:
    patient = admitted()
    for days, score in ((0, before), (1, after)):
        given = (
            score if isinstance(score, int) else dict(zip(("use", "risk", "protection"), score, strict=True))
        )
        patient.until(on(days), "10:00")
        key = fills_in(patient, instrument, score=given)
    assert ("plan_review" in patient.tasks) is is_worse
    if is_worse:
        assert task(patient, "plan_review").rule == "M2"
        assert task(patient, "plan_review").due_at == at(on(1), "10:00") + timedelta(hours=72)
        assert shown(patient, instrument).worse
        patient.says("retraction", entry_id=key, reason="wrong patient", by="th-1")
        assert "plan_review" not in patient.tasks


def test_M2_what_came_between_counts_also_when_it_is_told_late() -> None:
    patient = admitted()
    fills_in(patient, score=4)
    patient.until(on(20))
    fills_in(patient, score=10)
    assert "plan_review" in patient.tasks
    fills_in(patient, day=on(10), score=8)
    assert "plan_review" not in patient.tasks  # from 4 to 8 to 10: no step of five


# -- danger (M3) ------------------------------------------------------------------------------------------------


def test_M3_an_answer_that_tells_of_death_is_spoken_about_the_same_day() -> None:
    patient = admitted()
    fills_in(patient, items=[0] * 8 + [1])
    check = task(patient, "safety_check")
    assert (check.rule, check.role) == ("M3", "therapist")
    assert check.due_at.astimezone(ZONE).date() == ADMITTED
    patient.says("decision", about="safety_check", choice="crisis", by="th-1")
    assert patient.progress.in_crisis


def test_M3_a_score_alone_cannot_tell_and_no_such_answer_asks_nothing() -> None:
    patient = admitted()
    fills_in(patient, items=[3] * 8 + [0])
    fills_in(patient, score=27)
    assert "safety_check" not in patient.tasks


# -- what is stated ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "names"),
    [
        ({}, "items: give the answers, or the score"),
        ({"instrument": "mood", "score": 1}, "those that are: bam_r, gad_7, phq_9"),
        ({"items": [1, 2]}, "PHQ-9 has 9 items, and these are 2"),
        ({"items": [4] + [0] * 8}, "item 1 of PHQ-9 is answered from 0 to 3"),
        ({"items": {"1": 1, "3": 1}}, "the answer to item 2 is missing"),
        ({"items": {"one": 1}}, "by the number of its item"),
        ({"score": 28}, "PHQ-9 goes from 0 to 27, and this is 28"),
        ({"score": {"mood": 3}}, "PHQ-9 has the scales total"),
        ({"items": CALM, "score": 9}, "these answers add up to 8, mild"),
        ({"instrument": "bam_r", "score": 9}, "no score as a whole"),
        ({"instrument": "bam_r", "score": {"use": 91, "risk": 0, "protection": 0}}, r"\(use\) goes from 0 to 90"),
        ({"items": CALM, "source": "lab"}, "lab"),
    ],
)  # fmt: skip
def test_M1_what_cannot_be_so_is_refused_with_the_field_and_what_would_be_right(
    said: dict[str, Any], names: str
) -> None:
    patient = admitted()
    with pytest.raises(Exception, match=names) as refused:
        patient.says("assessment", **{"instrument": "phq_9", "on": ADMITTED, "by": "th-1", **said})
    assert refused.type.__name__ in ("InvalidEntry", "NotAllowedNow")
    assert patient.progress.assessments == []


def test_M1_an_assessment_of_tomorrow_is_refused() -> None:
    with pytest.raises(InvalidEntry, match="future"):
        fills_in(admitted(), day=on(1))


@pytest.mark.parametrize("spelled", ["PHQ-9", "phq9", "Phq 9", "phq_9"])
def test_M1_an_instrument_is_known_in_any_spelling(spelled: str) -> None:
    assert read(instrument=spelled, score=3).instrument == "phq_9"


def test_M1_answers_by_their_numbers_are_those_in_their_order() -> None:
    by_number = {str(number): answer for number, answer in reversed([*enumerate(CALM, 1)])}
    assert read(items=by_number).items == read(items=CALM).items


@given(st.data())
def test_M1_answers_always_come_to_a_score_within_bounds_that_is_read_in_words(data: st.DataObject) -> None:
    known: Instrument = data.draw(st.sampled_from([*INSTRUMENTS.values()]))
    answers = data.draw(st.lists(st.integers(0, known.highest), min_size=known.items, max_size=known.items))
    scores = read(instrument=known.code, items=answers).scores
    for scale in known.scales:
        assert 0 <= scores[scale.name] <= known.highest_of(scale)
        assert scale.band(scores[scale.name])
        assert not scale.is_worse(scores[scale.name], scores[scale.name])
    assert read(instrument=known.code, score=scores).scores == scores
    assert known.in_words(scores)


def test_M1_no_question_of_an_instrument_is_shipped() -> None:
    for known in INSTRUMENTS.values():
        words = known.model_dump_json(exclude={"source"})
        assert "?" not in words
        assert len(re.findall(r"[a-z]+", words)) < 120


# -- where it is shown ------------------------------------------------------------------------------------------


def test_M1_progress_shows_scores_how_they_are_read_and_the_time_before() -> None:
    patient = admitted()
    fills_in(patient, score=8)
    patient.until(on(1))
    key = fills_in(patient, score=13)
    found = shown(patient)
    assert (found.title, found.on, found.entry_id) == ("PHQ-9", on(1), key)
    assert (found.scores, found.severity, found.before) == (
        {"total": 13},
        {"total": "moderate"},
        {"total": 8},
    )
    assert found.worse == ["total"]
    assert found.said == "PHQ-9 13, moderate (6 Jan 2026), due 5 Feb 2026"


def test_M1_the_answer_tells_the_score_and_what_it_was() -> None:
    patient = admitted()
    fills_in(patient, score=8)
    said = patient.says("assessment", instrument="phq_9", on=ADMITTED, score=3, by="th-1")
    assert "Assessments: PHQ-9 3, minimal (was PHQ-9 8, mild)." in said.changes
    assert (said.before["assessments"], said.after["assessments"]) == (
        ["PHQ-9 8, mild"], ["PHQ-9 3, minimal"],
    )  # fmt: skip


def test_M1_the_summary_of_the_week_has_the_scores() -> None:
    patient = admitted()
    fills_in(patient, items=CALM)
    patient.attends_until(on(8))
    lines = [
        line
        for e in patient.effects
        if isinstance(e, Notify) and e.subject == "weekly_summary"
        for line in e.lines
    ]
    assert "Assessments: PHQ-9 8, mild." in lines


def test_M1_an_earlier_day_shows_what_was_filled_in_by_then() -> None:
    patient = admitted()
    fills_in(patient, score=8)
    patient.until(on(3))
    fills_in(patient, score=4)
    earlier = patient.episode.facts_at(datetime.combine(on(1), at(on(1)).timetz()))
    assert earlier.admitted_on == ADMITTED
    assert shown(patient).scores == {"total": 4}


def test_M1_a_policy_names_instruments_that_are_known() -> None:
    with pytest.raises(InvalidPolicy, match=r"instruments.*mood is not known"):
        load_policy({"assessments": {"instruments": ["mood"]}})
    with pytest.raises(InvalidPolicy, match="again_days"):
        load_policy({"assessments": {"again_days": {"mood": 3}}})
