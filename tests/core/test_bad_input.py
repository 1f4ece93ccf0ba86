"""Each refusal names the field and what would be right, and leaves the record as it was."""

from datetime import timedelta
from typing import Any

import pytest

from tests.core.afresh import differs_afresh
from tests.core.breaking import broken_off
from tests.core.clinic import ADMITTED, Patient, admitted, at, start
from workflows.core.engine.errors import InvalidEntry, Refused
from workflows.core.episode.entries import KINDS, parse_entry
from workflows.core.episode.episode import Episode
from workflows.core.episode.policy import InvalidPolicy, load_policy
from workflows.core.referral.start import ReferralStart

DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("not an object", "An entry is one object"),
        ({"by": "cm-1"}, "has no kind. Kinds are: acknowledgement, admission"),
        ({"kind": "usage", "by": "cm-1"}, "unknown kind 'usage'"),
        ({"kind": "use", "by": "cm-1"}, "on is missing"),
        ({"kind": "use", "on": "2026-01-06"}, "by is missing"),
        ({"kind": "use", "by": "", "on": "2026-01-06"}, "by:"),
        ({"kind": "use", "by": "cm-1", "on": "2026-02-30"}, "on:"),
        ({"kind": "use", "by": "cm-1", "on": "2026-01-06", "drug": "x"}, "drug is not a field here (its fields are"),
        ({"kind": "use", "by": "cm-1", "on": "2026-01-06", "class": "worse"}, "class:"),
        ({"kind": "attendance", "by": "k", "session": "2026-01-05T18:00Z", "status": "attended"}, "without an offset"),
        ({"kind": "attendance", "by": "k", "session": "2026-01-05T18:00", "status": "came"}, "status:"),
        ({"kind": "attendance", "by": "k", "session": "2026-01-05T18:00", "status": "attended", "minutes": -1},
         "minutes:"),
        ({"kind": "session_change", "by": "k", "session": "2026-01-05T18:00", "change": "moved"}, "new_start"),
        ({"kind": "test", "by": "lab", "test_id": "t", "result": "negative"}, "collected_on: a result needs"),
        ({"kind": "test", "by": "lab", "test_id": "t", "ordered_on": "2026-01-09", "collected_on": "2026-01-08"},
         "before the test was ordered"),
        ({"kind": "test", "by": "lab", "test_id": "t", "collected_on": "2026-01-08", "result": "definitive"},
         "substances: name what"),
        ({"kind": "medication", "by": "k", "name": "m", "start_on": "2026-01-09", "end_on": "2026-01-08"}, "end_on"),
        ({"kind": "leave", "by": "k", "reason": "travel", "from": "2026-01-09", "until": "2026-01-08"}, "until"),
        ({"kind": "checkin", "by": "k", "on": "2026-01-09", "risk": 11}, "risk:"),
        ({"kind": "consent", "by": "k", "consent_id": "c", "recipient": "a"},
         "purpose (why); content (what); signed_on (signature and date); expires_on or expires_event"),
        ({"kind": "level_of_care", "by": "k", "level": "inpatient"}, "level:"),
        ({"kind": "exit", "by": "k", "reason": "bored", "on": "2026-01-09"}, "reason:"),
        ({"kind": "retraction", "by": "k", "entry_id": "x"}, "reason is missing"),
        ({"kind": "schedule", "by": "k", "from": "2026-01-09", "schedule": []}, "schedule:"),
        ({"kind": "schedule", "by": "k", "from": "2026-01-09", "schedule": [{"weekday": "mon", "start": "25:00",
          "minutes": 60}]}, "schedule.0.start"),
    ],
)  # fmt: skip
def test_an_entry_that_cannot_be_read_is_refused_by_its_field(statement: Any, words: str) -> None:
    with pytest.raises(InvalidEntry) as refused:
        parse_entry(statement)
    assert words in str(refused.value)


@pytest.mark.parametrize(
    ("statement", "field"),
    [
        ({"kind": "leave", "reason": "travel", "from": "2026-01-14", "until": "9999-12-31"}, "until"),
        ({"kind": "leave", "reason": "travel", "from": "0202-01-14", "until": "2026-01-15"}, "from"),
        ({"kind": "flag", "name": "suicide_risk", "on": "2026-01-10", "off": "9999-12-31"}, "off"),
        ({"kind": "schedule", "from": "9999-12-30", "schedule": start().model_dump(mode="json")["schedule"]}, "from"),
        ({"kind": "consent", "consent_id": "c", "recipient": "a", "purpose": "referral", "content": ["referral"],
          "signed_on": "2026-01-10", "expires_on": "9999-12-31"}, "expires_on"),
        ({"kind": "contact", "at": "0001-01-01T00:00+14:00", "channel": "phone", "outcome": "reached"}, "at"),
        ({"kind": "use", "on": "1026-01-10"}, "on"),
        ({"kind": "session_change", "session": "2026-01-16T18:00", "change": "moved", "reason": "clinic",
          "new_start": "9999-12-31T18:00"}, "new_start"),
    ],
)  # fmt: skip
def test_a_year_that_cannot_be_right_is_refused_before_it_can_harm_the_episode(
    statement: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidEntry, match=f"{field}: the year [0-9]+ must lie between"):
        parse_entry({**statement, "by": "cm-1"})


@pytest.mark.parametrize(
    "given",
    [{"site": "Ada Example"}, {"episode_id": "Ada Example"}, {"team": {"therapist": "ada@mail.example"}}],
)
def test_P1_what_everybody_sees_is_a_code(given: dict[str, Any]) -> None:
    with pytest.raises(InvalidEntry, match="use a code without spaces"):
        start(**given).check_codes()


def test_P1_a_flag_is_no_sentence() -> None:
    with pytest.raises(InvalidEntry, match="name: a flag is a short code"):
        admitted().says("flag", name="Ada Example, 12 Oak Street", on=ADMITTED)


def test_P1_a_name_typed_into_a_field_does_not_travel_in_the_error() -> None:
    with pytest.raises(InvalidEntry) as refused:
        parse_entry({"kind": "use", "by": "cm-1", "on": "Maria Lopez, 12 Oak Street"})
    assert "Maria" not in str(refused.value)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_says_which_fields_it_lacks_or_needs_none(kind: str) -> None:
    try:
        parse_entry({"kind": kind, "by": "cm-1"})
    except InvalidEntry as refused:
        assert f"This {kind} entry cannot be read" in str(refused)


def _without_an_end() -> Any:
    value: Any = 1
    for _ in range(3_000):
        value = [value]
    return value


def test_E9_what_is_nested_without_an_end_is_refused_wherever_it_stands() -> None:
    with pytest.raises(InvalidEntry, match="unknown kind"):
        parse_entry({"kind": _without_an_end(), "by": "cm-1"})
    with pytest.raises(InvalidPolicy, match=r"gate\.sober_days"):
        load_policy({"gate": {"sober_days": _without_an_end()}})


@pytest.mark.parametrize("since", ["9999-12-31T23:59-12:00", "0001-01-01T00:00+14:00"])
def test_E9_a_referral_begins_at_an_instant_with_which_one_can_reckon(since: str) -> None:
    given = {"referral_id": "referral-r1", "episode_id": "e1", "site": "north", "timezone": "America/Chicago",
             "kind": "mutual_help", "service": "aa", "since": "2026-01-05T12:00Z"}  # fmt: skip
    assert ReferralStart.model_validate(given).began_at.hour == 6
    with pytest.raises(ValueError, match="the year"):
        ReferralStart.model_validate({**given, "since": since})


REFUSED = [
    ({"kind": "retraction", "entry_id": "nowhere", "reason": "x"}, "no entry nowhere"),
    ({"kind": "use", "on": "2026-01-05", "id": "self", "supersedes": "self"}, "cannot correct itself"),
    ({"kind": "exit", "reason": "involuntary", "on": "2026-01-05"}, "decision by a named person"),
    ({"kind": "exit", "reason": "lost_contact", "on": "2026-01-05"}, "lost_contact_proposal"),
    ({"kind": "exit", "reason": "completed", "on": "2026-01-05"}, "completed from aftercare"),
    ({"kind": "decision", "about": "gate_review", "choice": "pass"}, "Open for decision are"),
    ({"kind": "policy", "policy": {"gate": {"sober_days": -1}}}, "gate.sober_days"),
]


@pytest.mark.parametrize(("statement", "words"), REFUSED)
def test_an_entry_that_is_not_allowed_is_refused_and_nothing_is_half_done(
    statement: dict[str, Any], words: str
) -> None:
    patient = admitted()
    before, length = patient.progress, len(patient.episode.record)
    with pytest.raises(Refused) as refused:
        patient.says(**statement)
    assert words in str(refused.value)
    assert patient.progress == before
    assert len(patient.episode.record) == length
    assert patient.episode.take_effects() == []


def test_T3_two_entries_cannot_undo_each_other() -> None:
    patient = admitted()
    patient.says("use", on=ADMITTED, id="a", supersedes="b", source="import")  # from a feed it may come first
    with pytest.raises(InvalidEntry, match="cannot undo each other"):
        patient.says("use", on=ADMITTED, id="b", supersedes="a")


def test_a_leave_that_is_told_twice_is_refused_with_the_one_that_stands() -> None:
    patient = admitted()
    patient.says("leave", reason="travel", **{"from": ADMITTED, "until": ADMITTED + 5 * DAY})
    with pytest.raises(InvalidEntry, match="a leave from 2026-01-05 to 2026-01-10 is on record"):
        patient.says("leave", reason="travel", **{"from": ADMITTED, "until": ADMITTED + 9 * DAY})


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        ({"gate": {"sober_days": 300}}, "gate.sober_days: 300 days can never be reached"),
        ({"gate": {"sober_dayz": 30}}, "gate.sober_dayz is not a field"),
        ({"dose": {"min_minutes": 1200}}, "min_minutes: 1200 is more than max_minutes 1140"),
        ({"dose": {"min_days": 6}}, "min_days"),
        ({"attendance": {"ladder": []}}, "attendance.ladder"),
        ({"attendance": {"ladder": [{"name": "a", "after": {"hours": 2}, "task": "x"},
                                    {"name": "b", "after": {"hours": 1}, "task": "y"}]}},
         "rung b must come after rung a"),
        ({"attendance": {"ladder": [{"name": "a", "after": {"hours": 1}, "task": "x"},
                                    {"name": "a", "after": {"hours": 2}, "task": "y"}]}}, "name of its own"),
        ({"attendance": {"ladder": [{"name": "a", "after": {"hours": 1}}]}}, "not both"),
        ({"attendance": {"ladder": [{"name": "a", "after": {"hours": 1}, "task": "x", "at_misses": 3},
                                    {"name": "b", "after": {"hours": 2}, "task": "y", "at_misses": 2}]}},
         "at_misses must not fall"),
        ({"escalation": [{"role": "supervisor", "after": {"hours": 4}}, {"role": "director", "after": {"hours": 1}}]},
         "director must come later"),
        ({"business": {"opens": "18:00"}}, "must come after opens"),
        ({"length": {"days": "ninety"}}, "length.days"),
        ({"length": {"days": 10**9}}, "length.days"),
        ({"gate": {"review": {"hours": 10**12}}}, "gate.review.hours"),
        (["gate"], "one object with named parts"),
    ],
)  # fmt: skip
def test_a_policy_that_contradicts_itself_is_refused_by_its_field(policy: Any, words: str) -> None:
    with pytest.raises(InvalidPolicy) as refused:
        load_policy(policy)
    assert words in str(refused.value)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"timezone": "Mars/Olympus"}, "Mars/Olympus is not a time zone"),
        ({"pathway": "nothing"}, "pathway"),
        ({"team": {"case_manager": 7}}, "team.case_manager"),
        ({"schedule": [{"weekday": "noday", "start": "18:00", "minutes": 60}]}, "weekday"),
        ({"referred_on": "yesterday"}, "referred_on"),
    ],
)
def test_a_wrong_start_is_refused_by_its_field(change: dict[str, Any], words: str) -> None:
    with pytest.raises((Refused, ValueError), match=words):
        Patient(**start(**change).model_dump())


def test_a_session_without_its_time_is_no_session() -> None:
    with pytest.raises(InvalidEntry, match="day and time of its start"):
        admitted().says("attendance", session="2026-01-12", status="attended")


@pytest.mark.parametrize("every", [97, pytest.param(1, marks=pytest.mark.thorough)])
@pytest.mark.parametrize("kind", ["use", "decision", "policy", "retraction"])
def test_E9_an_entry_that_the_engine_cannot_follow_leaves_no_trace(kind: str, every: int) -> None:
    patient = admitted()
    crisis = patient.says("crisis", type="overdose", at=at(ADMITTED, "08:30"))
    later = at(ADMITTED, "12:00")
    patient.episode.wake(later)
    (task,) = [one for one in patient.progress.open_tasks if one.kind == "crisis_response"]
    fields: dict[str, dict[str, object]] = {
        "use": {"on": ADMITTED},
        "decision": {"about": task.task_id, "choice": "safe"},
        "policy": {"policy": {"length": {"days": 45}}},
        "retraction": {"entry_id": crisis.entry_id, "reason": "another person"},
    }
    entry = parse_entry({"kind": kind, "id": "x1", "by": "th-1", **fields[kind]})
    before = patient.episode.state
    patient.episode.take_effects()
    for _ in broken_off(lambda: patient.episode.apply(entry, later), every):
        assert patient.episode.state is before
        assert patient.episode.effects == []
        assert not differs_afresh(patient.episode)
    # The last time it was not broken off.
    assert patient.episode.apply(entry, later).duplicate
    undisturbed = Episode(patient.episode.start, patient.episode.pathway, later, before)
    undisturbed.apply(entry, later)
    assert undisturbed.packed() == patient.episode.packed()
    assert undisturbed.take_effects() == patient.episode.take_effects()
