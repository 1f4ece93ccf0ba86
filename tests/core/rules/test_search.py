"""A4, A5: the search for a person who stays away, hour by hour, as the ladder of the example program has it."""

from datetime import date, timedelta
from typing import Any

from tests.core.clinic import ADMITTED, SCHEDULE, ZONE, Patient, admitted
from workflows.core.engine.effects import MessagePatient, OpenTask


def on(days: int) -> date:
    return ADMITTED + timedelta(days=days)


def lived(patient: Patient, until: date) -> list[tuple[str, str, str]]:
    """What the search does and when, and until when the task is due that it opens; to a day, at noon."""
    found = []
    while (deadline := patient.episode.next_deadline) and deadline.at.astimezone(ZONE).date() < until:
        then = deadline.at.astimezone(ZONE)
        patient.effects.clear()
        patient.until(then.date(), f"{then:%H:%M}")
        for effect in patient.effects:
            if isinstance(effect, OpenTask):
                found.append((f"{then:%a %d %b %H:%M}", effect.kind, _until(effect)))
            elif isinstance(effect, MessagePatient):
                found.append((f"{then:%a %d %b %H:%M}", effect.template, ""))
    return found


def _until(task: OpenTask) -> str:
    return f"{task.due_at.astimezone(ZONE):%a %d %b %H:%M}"


def once_a_week(**changes: Any) -> Patient:
    """A person of whom one session a week is expected, on Mondays."""
    return admitted(schedule=SCHEDULE[:1], **changes)


def test_A4_each_rung_comes_in_its_time_after_the_session_that_was_missed() -> None:
    assert lived(once_a_week(), on(38)) == [
        ("Mon 05 Jan 21:15", "please_call", ""),
        ("Mon 05 Jan 22:00", "outreach_call", "Tue 06 Jan 00:00"),
        ("Tue 06 Jan 17:00", "outreach_second_channel", "Wed 07 Jan 17:00"),
        ("Tue 06 Jan 21:00", "outreach_therapist_call", "Wed 07 Jan 17:00"),
        ("Wed 07 Jan 21:00", "supervisor_review", "Thu 08 Jan 17:00"),
        ("Thu 08 Jan 21:00", "outreach_letter", "Fri 09 Jan 17:00"),
        ("Mon 12 Jan 21:00", "team_conference", "Tue 13 Jan 17:00"),
        ("Mon 19 Jan 21:00", "we_are_here", ""),
        ("Wed 04 Feb 21:00", "lost_contact_proposal", "Fri 06 Feb 17:00"),
    ]


def test_A4_the_last_rung_comes_back_each_week_until_the_person_is_found() -> None:
    patient = once_a_week().until(on(31), "12:00")
    (task,) = [task for task in patient.progress.open_tasks if task.rule == "A4"]
    patient.says("decision", about=task.task_id, choice="continue_outreach", by="su-1")
    assert [what for what in lived(patient, on(46)) if what[1] == "lost_contact_proposal"] == [
        ("Thu 12 Feb 12:00", "lost_contact_proposal", "Mon 16 Feb 12:00")
    ]


def test_A4_a_second_miss_in_a_row_moves_the_search_up_before_its_hours() -> None:
    patient = admitted().until(on(0), "22:30")
    patient.says("contact", at=patient.now.isoformat(), channel="phone", outcome="reached")
    assert patient.tasks == {"engagement_plan"}
    patient.says("decision", about="engagement_plan", choice="agreed")
    assert lived(patient, on(10)) == [
        ("Wed 07 Jan 21:15", "supervisor_review", "Thu 08 Jan 17:00"),
        ("Wed 07 Jan 21:15", "please_call", ""),
        ("Fri 09 Jan 21:15", "outreach_letter", "Mon 12 Jan 17:00"),
        ("Wed 14 Jan 21:00", "team_conference", "Thu 15 Jan 17:00"),
    ]


def test_A5_who_was_reached_and_misses_again_is_sought_from_the_next_rung_on_and_not_from_the_first() -> None:
    patient = once_a_week(policy={"attendance": {"ladder": _STEPS}}).until(on(0), "22:30")
    patient.says("contact", at=patient.now.isoformat(), channel="phone", outcome="reached")
    patient.until(on(7), "21:14")
    assert [task.kind for task in patient.progress.open_tasks if task.rule == "A4"] == []
    patient.until(on(7), "21:15")
    assert [task.kind for task in patient.progress.open_tasks if task.rule == "A4"] == [
        "outreach_second_channel"
    ]


_STEPS = [
    {"name": "call", "after": {"hours": 1}, "task": "outreach_call", "within": {"hours": 2}},
    {"name": "second", "after": {"days": 5}, "task": "outreach_second_channel"},
    {"name": "conference", "after": {"days": 20}, "task": "team_conference", "role": "supervisor"},
]


def test_A4_the_task_says_how_many_sessions_were_missed_and_since_when() -> None:
    patient = admitted().until(on(0), "22:00")
    assert "1 session missed in a row since Mon 5 Jan 18:00: call." in _asked(patient)
    patient.until(on(2), "21:15")
    assert "2 sessions missed in a row since Mon 5 Jan 18:00: supervisor review." in _asked(patient)


def _asked(patient: Patient) -> str:
    return " ".join(task.asks for task in patient.progress.open_tasks)


def test_A3_a_miss_is_presumed_a_quarter_of_an_hour_after_the_end_and_no_sooner() -> None:
    patient = admitted().until(on(0), "21:14")
    assert patient.progress.consecutive_misses == 0
    patient.until(on(0), "21:15")
    assert patient.progress.consecutive_misses == 1


def test_A4_a_step_that_would_come_after_the_next_one_comes_with_it_and_its_task_says_so() -> None:
    late_first = [
        {**_STEPS[0], "after": {"by_close_of_business": True}},
        {**_STEPS[1], "after": {"hours": 1}},
        _STEPS[2],
    ]
    patient = once_a_week(policy={"attendance": {"ladder": late_first}}).until(on(0), "21:59")
    assert patient.tasks == set()
    patient.until(on(0), "22:00")
    assert patient.tasks == {"outreach_second_channel"}
    assert (
        "Call is skipped: its time, Tue 6 Jan 17:00, does not come before that of the next step."
        in _asked(patient)
    )


def test_A4_a_message_that_would_come_after_the_next_step_is_sent_with_it() -> None:
    late_message = [
        {"name": "reminder", "after": {"by_close_of_business": True}, "message": "please_call"},
        {**_STEPS[0], "after": {"hours": 1}},
        _STEPS[2],
    ]
    sent = lived(once_a_week(policy={"attendance": {"ladder": late_message}}), on(2))
    assert {what for when, what, _ in sent if when == "Mon 05 Jan 22:00"} == {"please_call", "outreach_call"}
    assert len(sent) == 2
