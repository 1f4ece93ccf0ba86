"""What cannot be meant is refused or told, and never taken in silence (T5, A1, P4, E6)."""

from datetime import date, timedelta
from typing import Any

import pytest

from tests.core.clinic import ADMITTED, SCHEDULE, Patient, admitted, start
from workflows.core.engine.errors import InvalidEntry, NotAllowedNow
from workflows.core.episode.attendance.services import refuse_schedule
from workflows.core.episode.policy import load_policy
from workflows.pathways.following import check_following

DAY = timedelta(days=1)


def line(weekday: str, begins: str, minutes: int = 180, service: str = "group") -> dict[str, Any]:
    return {"weekday": weekday, "start": begins, "minutes": minutes, "service": service}


TWO_AT_ONCE = {
    "the same line twice": [line("mon", "18:00"), line("mon", "18:00")],
    "another service": [line("mon", "18:00"), line("mon", "18:00", 60, "individual")],
    "one begins in the midst of the other": [line("mon", "20:00", 60), line("mon", "18:00")],
    "over midnight": [line("mon", "23:00"), line("tue", "01:00")],
    "over the end of the week": [line("sun", "23:00"), line("mon", "00:30")],
}


@pytest.mark.parametrize("name", TWO_AT_ONCE)
def test_A1_A2_two_sessions_at_one_time_are_no_schedule(name: str) -> None:
    schedule = TWO_AT_ONCE[name]
    with pytest.raises(InvalidEntry, match=r"^schedule\.\d\.start: .* begins while the session of"):
        admitted().says("schedule", schedule=schedule, **{"from": ADMITTED + DAY})
    begin = start(schedule=schedule)
    with pytest.raises(InvalidEntry, match=r"nobody comes to both"):
        refuse_schedule(begin.schedule, load_policy(begin.policy))
    with pytest.raises(InvalidEntry, match=r"^following\.php\.schedule\.\d\.start"):
        check_following(start(following={"php": {"schedule": schedule}}))


def test_A1_sessions_one_after_the_other_are_a_schedule() -> None:
    schedule = [*SCHEDULE, line("mon", "21:00", 60), line("mon", "17:00", 60)]
    admitted().says("schedule", schedule=schedule, **{"from": ADMITTED + DAY})


FAR = date(2127, 1, 1)
CONSENT = {"consent_id": "c1", "recipient": "harbor", "purpose": "referral", "signed_on": ADMITTED}


@pytest.mark.parametrize(
    ("kind", "fields", "name"),
    [
        ("consent", {**CONSENT, "content": ["referral"], "expires_on": FAR}, "expires_on"),
        ("leave", {"reason": "jail", "from": ADMITTED + DAY, "until": FAR}, "until"),
        ("medication", {"name": "naltrexone", "start_on": ADMITTED, "end_on": FAR}, "end_on"),
        ("flag", {"name": "new_job", "on": ADMITTED, "off": FAR}, "off"),
        ("schedule", {"schedule": SCHEDULE, "from": FAR}, "from"),
        ("team", {"role": "case_manager", "staff_id": "cm-2", "from": FAR, "by": "su-1"}, "from"),
        ("closure", {"on": FAR, "reason": "holiday"}, "on"),
    ],
)
def test_T5_a_day_far_ahead_is_told(kind: str, fields: dict[str, Any], name: str) -> None:
    told = " ".join(admitted().says(kind, **fields).changes)
    assert f"{name}: 2127-01-01 of this {kind} entry lies more than 10 years ahead" in told


def test_T5_a_day_of_the_next_years_is_no_news() -> None:
    consent = {**CONSENT, "content": ["referral"], "expires_on": ADMITTED.replace(year=ADMITTED.year + 10)}
    assert "ahead" not in " ".join(admitted().says("consent", **consent).changes)


@pytest.mark.parametrize(
    "content",
    [
        "everything", "All records", "any and all information", "entire chart", "my whole file", "complete_record",
        "all of my medical records", "any-and-all-records", "full history", "all protected health information",
    ],
)  # fmt: skip
def test_P4_a_word_for_everything_names_no_content(content: str) -> None:
    with pytest.raises(InvalidEntry, match="a word for everything names nothing"):
        admitted().says("consent", **CONSENT, content=[content], expires_event="end_of_care")


@pytest.mark.parametrize(
    "content", ["identity", "test_results", "attendance", "treatment_plan", "family history"]
)
def test_P4_what_names_something_is_content(content: str) -> None:
    admitted().says("consent", **CONSENT, content=[content], expires_event="end_of_care")


@pytest.mark.parametrize("day", [date(2027, 1, 1), date(2028, 1, 1), date(1926, 1, 2), date(2015, 12, 1)])
def test_T5_a_referral_is_of_our_days(day: date) -> None:
    begin = start(referred_on=day)
    with pytest.raises(InvalidEntry, match=rf"^referred_on: {day} lies "):
        begin.check_referral(admitted().now, load_policy({}))


def test_T5_a_referral_of_today_or_of_years_ago_begins() -> None:
    now = admitted().now
    for day in (ADMITTED, ADMITTED - timedelta(days=3 * 365)):
        start(referred_on=day).check_referral(now, load_policy({}))


def away(patient: Patient, first: int, days: int, **fields: Any) -> None:
    begins = ADMITTED + timedelta(days=first)
    ends = begins + timedelta(days=days - 1)
    said = {"reason": "travel", "by": "patient", "source": "patient", **fields}
    patient.says("leave", **{"from": begins, "until": ends}, **said)


@pytest.mark.parametrize("source", ["patient", "kiosk"])
@pytest.mark.parametrize("gap", [0, 3, 20])
def test_E6_short_leaves_that_a_person_tells_are_one_long_absence(source: str, gap: int) -> None:
    patient = admitted()
    told = {"by": source, "source": source}
    away(patient, 1, 7, **told)
    away(patient, 8 + gap, 7, **told)
    with pytest.raises(NotAllowedNow, match="these are 15 days within 90"):
        away(patient, 15 + 2 * gap, 1, **told)
    away(patient, 15 + 2 * gap, 30, by="cm-1", source="staff")


def test_E6_leaves_are_added_up_within_some_months_and_as_long_as_they_lasted() -> None:
    patient = admitted()
    away(patient, 1, 14)
    away(patient, 91, 14)
    back = admitted()
    away(back, 1, 14)
    back.until(ADMITTED + 3 * DAY)
    back.says("return", on=ADMITTED + 3 * DAY)
    away(back, 10, 12)
    with pytest.raises(NotAllowedNow, match="these are 15 days"):
        away(back, 30, 1)


def test_E6_a_leave_that_is_corrected_counts_once() -> None:
    patient = admitted()
    away(patient, 1, 10, id="first")
    away(patient, 2, 10, supersedes="first")


def test_S10_a_hundred_years_in_jail_are_reckoned_with_at_once() -> None:
    patient = admitted()
    patient.says("leave", reason="jail", **{"from": ADMITTED + DAY, "until": FAR})
    assert patient.progress.gate.earliest_on == FAR + 22 * DAY  # 8 of the 30 lie before it


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("flag", {"name": "Maria Lopez 555-1234", "on": ADMITTED}),
        ("flag", {"name": "5551234567", "on": ADMITTED}),
        ("goal", {"goal_id": "g2", "title": "call (312) 555-0101"}),
        ("goal", {"goal_id": "g2", "title": "MRN 0012345"}),
    ],
)
def test_P1_no_number_of_a_person_stands_in_a_flag_or_a_goal(kind: str, fields: dict[str, Any]) -> None:
    with pytest.raises(InvalidEntry, match=r"^(name|title): it holds a number"):
        admitted().says(kind, **fields)


def test_P1_a_code_with_a_number_is_one() -> None:
    admitted().says("goal", goal_id="g2", title="work 20 hours by 2026")
    admitted().says("flag", name="risk_level_3", on=ADMITTED)


@pytest.mark.parametrize(
    "substance", ["Nicotine vape", "JUUL", "zyn", "energy drink", "decaf", "nicotine lozenge"]
)
def test_S8_nicotine_and_caffeine_by_other_names_are_no_slip(substance: str) -> None:
    patient = admitted().until(ADMITTED + DAY)
    before = patient.progress.last_use_on
    patient.says("use", on=ADMITTED + DAY, substance=substance)
    assert patient.progress.last_use_on == before


@pytest.mark.parametrize(
    "name", ["Maria Gonzalez", "MARIA GONZALEZ", "Maria_Gonzalez", "Maria", "García-Lopez"]
)
def test_P1_a_flag_that_is_written_like_a_name_is_refused_and_not_repeated(name: str) -> None:
    with pytest.raises(InvalidEntry, match=r"^name: a flag is a short code of small letters") as refused:
        admitted().says("flag", name=name, on=ADMITTED)
    assert "aria" not in str(refused.value)


def test_A6_P1_a_program_names_its_own_flags_which_are_then_written_in_any_way_and_no_others_taken() -> None:
    patient = admitted(policy={"attendance": {"other_flags": ["new_job", "Fall Risk"]}})
    for name in ("New Job", "fall-risk", "Suicide Risk"):
        patient.says("flag", name=name, on=ADMITTED)
    assert patient.progress.flags == ["Fall Risk", "new_job", "suicide_risk"]
    for name in ("maria_gonzalez", "needs_interpreter"):
        with pytest.raises(
            InvalidEntry, match=r"^name: the program has no such flag; write one of .*, new_job, Fall"
        ):
            patient.says("flag", name=name, on=ADMITTED)


@pytest.mark.parametrize("title", ["call Mrs. Gonzalez", "see Dr Miller", "write to maria@mail.example"])
def test_P1_a_goal_names_nobody_as_far_as_that_can_be_told(title: str) -> None:
    with pytest.raises(InvalidEntry, match=r"^title: it holds an address or a person's name") as refused:
        admitted().says("goal", goal_id="g2", title=title)
    assert title not in str(refused.value)


@pytest.mark.parametrize(
    "title", ["Back To Work", "move to Grace House", "talk about MS", "see the dr. weekly", "AA"]
)
def test_P1_other_words_in_a_goal_stay_free(title: str) -> None:
    admitted().says("goal", goal_id="g2", title=title)


@pytest.mark.parametrize("name", ["suicide-risk", "suicidal", "Suicide Risk"])
def test_A6_E0_a_kiosk_takes_off_no_flag_of_the_staff_by_another_name_of_it(name: str) -> None:
    patient = admitted()
    patient.says("flag", name="suicide_risk", on=ADMITTED)
    with pytest.raises(NotAllowedNow, match=r"^off: the flag"):
        patient.says("flag", name=name, on=ADMITTED, off=ADMITTED, source="kiosk", by="kiosk-1")
    assert patient.progress.flags == ["suicide_risk"]
