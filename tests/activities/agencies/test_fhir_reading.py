"""What a Task says, in either dialect; and that nothing in it can harm."""

import json
from datetime import UTC, datetime
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from activities.agencies.fhir.channel import _json
from activities.agencies.fhir.codes import BUSINESS_STATUS, SDOH, BusinessStatus, TaskStatus
from activities.agencies.fhir.reading import Unreadable, read, word_of
from activities.agencies.port import Status

APPOINTMENT = datetime(2026, 4, 1, 15, 0, tzinfo=UTC)


def task(status: str, business: str | None = None, **more: Any) -> dict[str, Any]:
    said = {"businessStatus": {"coding": [{"system": BUSINESS_STATUS, "code": business}]}} if business else {}
    return {"resourceType": "Task", "status": status, "intent": "order", **said, **more}


def says(content: dict[str, Any]) -> str | None:
    word = word_of(read(content))
    return word.status if word else None


BSER = [
    ("received", "2.0", "received"), ("accepted", "3.0", "accepted"), ("rejected", "4.0", "declined"),
    ("in-progress", "5.1", "accepted"), ("in-progress", "5.1.1", "scheduled"), ("in-progress", "5.1.2", "missed"),
    ("in-progress", "5.1.3", "accepted"), ("in-progress", "5.1.4", "visited"), ("in-progress", "5.2", "accepted"),
    ("requested", "5.2", None), ("cancelled", "6.0", "cancelled"), ("completed", "7.0", "ended"),
]  # fmt: skip


@pytest.mark.parametrize(("status", "business", "word"), BSER)
def test_an_agency_that_speaks_BSeR(status: str, business: str, word: str | None) -> None:
    assert says(task(status, business)) == word


GRAVITY = [
    ("draft", None), ("requested", None), ("received", "received"), ("accepted", "accepted"), ("ready", "accepted"),
    ("rejected", "declined"), ("in-progress", "accepted"), ("on-hold", "waitlisted"), ("failed", "declined"),
    ("cancelled", "cancelled"), ("completed", "ended"), ("entered-in-error", "declined"),
]  # fmt: skip


@pytest.mark.parametrize(("status", "word"), GRAVITY)
def test_an_agency_that_speaks_Gravity(status: str, word: str | None) -> None:
    assert says(task(status)) == word


def output(code: str, **value: Any) -> dict[str, Any]:
    return {"type": {"coding": [{"system": SDOH, "code": code}]}, **value}


def test_an_output_with_a_time_is_an_appointment_where_nothing_else_is_said() -> None:
    content = task("in-progress", output=[output("x", valueDateTime="2026-04-01T10:00:00-05:00")])
    word = word_of(read(content))
    assert word is not None
    assert (word.status, word.appointment_at) == ("scheduled", APPOINTMENT)


@pytest.mark.parametrize(
    "more",
    [
        {"output": [output("x", valueInstant="2026-04-01T15:00:00.0000000Z")]},
        {"output": [output("x", valuePeriod={"start": "2026-04-01T15:00:00Z"})]},
        {"executionPeriod": {"start": "2026-04-01T15:00:00Z"}},
    ],
)
def test_the_time_of_a_visit_is_read_from_wherever_it_stands(more: dict[str, Any]) -> None:
    word = word_of(read(task("in-progress", "5.1.1", **more)))
    assert word is not None
    assert word.appointment_at == APPOINTMENT


def test_a_day_without_a_time_of_day_is_no_appointment() -> None:
    word = word_of(read(task("in-progress", "5.1.1", executionPeriod={"start": "2026-04-01"})))
    assert word is not None
    assert (word.status, word.appointment_at) == ("scheduled", None)


def test_completed_with_what_was_done_is_a_visit() -> None:
    done = output("resulting-activity", valueReference={"reference": "Procedure/1"})
    assert says(task("completed", output=[done])) == "visited"
    assert says(task("completed", output=[output("resulting-activity")])) == "ended"


@pytest.mark.parametrize("status", ["rejected", "cancelled", "failed", "completed"])
def test_a_business_status_left_standing_from_before_does_not_outlive_the_end(status: str) -> None:
    assert says(task(status, "5.1.1")) == says(task(status))


def test_a_code_that_nobody_agreed_on_is_left_aside() -> None:
    assert says(task("accepted", "9.9")) == "accepted"


def test_P1_words_of_the_agency_do_not_come_in() -> None:
    content = task("rejected", statusReason={"text": "Ada Example was rude"}, note=[{"text": "Ada"}])
    assert "Ada" not in repr(word_of(read(content)))


@given(st.sampled_from(TaskStatus), st.none() | st.sampled_from(BusinessStatus))
@settings(deadline=None)
def test_every_status_that_an_agency_can_say_reads_to_one_word(
    status: TaskStatus, business: BusinessStatus | None
) -> None:
    said = says(task(status.value, business.value if business else None))
    assert said is None or said in get_args(Status)
    silent = status in (TaskStatus.DRAFT, TaskStatus.REQUESTED)
    assert (said is None) == (silent and business in (None, BusinessStatus.CANCELLATION_REQUESTED))


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
fields = st.sampled_from(
    ["status", "businessStatus", "meta", "output", "executionPeriod", "lastModified", "focus", "identifier", "for",
     "intent", "id", "input", "code", "resourceType", "owner"]
)  # fmt: skip
times = st.from_regex(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(Z|[+-][0-9]{2}:[0-9]{2})", fullmatch=True
)


def refused_or_read(content: Any) -> None:
    try:
        word_of(read(content))
    except Unreadable as error:
        assert str(error).startswith("Task")


@given(anything)
@settings(deadline=None)
def test_any_json_is_read_or_refused_in_words(content: Any) -> None:
    refused_or_read(content)


@given(st.dictionaries(fields, anything, max_size=6))
@settings(deadline=None)
def test_a_task_with_anything_in_its_fields_is_read_or_refused_in_words(content: dict[str, Any]) -> None:
    refused_or_read({**task("in-progress", "5.1.1"), **content})


@given(times)
@settings(deadline=None)
def test_any_time_is_read_or_refused_in_words(moment: str) -> None:
    refused_or_read(task("in-progress", "5.1.1", lastModified=moment, executionPeriod={"start": moment}))


def test_a_task_nested_without_an_end_is_refused() -> None:
    deep: dict[str, Any] = {}
    for _ in range(100_000):
        deep = {"extension": deep}
    refused_or_read({**task("accepted"), "businessStatus": deep})
    with pytest.raises(Unreadable, match="not JSON"):
        _json(b"[" * 100_000)


def test_P1_a_refusal_names_the_field_and_never_what_stands_in_it() -> None:
    for content in (task("Ada Example"), {**task("accepted"), "lastModified": "Ada Example"}):
        with pytest.raises(Unreadable, match=r"^Task\.(status|lastModified)") as refused:
            word_of(read(content))
        assert "Ada" not in str(refused.value)


def test_what_is_read_can_be_written_again() -> None:
    content = task("in-progress", "5.1.1", output=[output("x", valueDateTime="2026-04-01T10:00:00-05:00")])
    assert json.loads(json.dumps(read(content).as_json())) == content
