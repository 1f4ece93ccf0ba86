"""Asking an agency, and reading what it posts by itself."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from temporalio.exceptions import ApplicationError

from activities.agencies.answers import BadAnswer, read_answer
from activities.agencies.book import AgencyBook
from activities.agencies.chosen import Agencies, Reach
from activities.ask_agency import AgencyAsker
from activities.clinic_database import ClinicDatabase
from activities.clinic_database.faults import ChannelFaults
from tests.activities.agencies.test_fhir_reading import anything
from tests.activities.http_server import answering
from tests.databases import make_database
from workflows.ports.agencies import AgencyQuestion

TASK = json.dumps({
    "resourceType": "Task", "id": "t1", "status": "in-progress", "intent": "order",
    "businessStatus": {"coding": [{"code": "5.1.1"}]}, "lastModified": "2026-03-02T12:00:00Z",
    "executionPeriod": {"start": "2026-04-01T10:00:00-05:00"},
}).encode()  # fmt: skip


def faults_of(folder: Path) -> ChannelFaults:
    url = f"sqlite+aiosqlite:///{folder / 'clinic.db'}"
    make_database(url)
    return ChannelFaults(ClinicDatabase(url))


def asker(url: str, folder: Path, **channel: object) -> AgencyAsker:
    book = AgencyBook.model_validate({"agencies": [{
        "id": "pantry-1", "name": "Example Pantry", "address": "12 Market Street",
        "channel": {"type": "fhir", "url": url, "poll_minutes": 45, **channel},
    }]})  # fmt: skip
    return AgencyAsker(
        lambda: Agencies(book, Reach("smtp://127.0.0.1:1", "office@clinic.example", folder, 1.0)),
        faults_of(folder),
    )


def question(agency: str = "pantry-1", reference: str = "Task/t1") -> AgencyQuestion:
    return AgencyQuestion(referral_id="r1", agency=agency, reference=reference)


async def test_an_agency_is_asked_and_not_again_before_it_likes_to_be(tmp_path: Path) -> None:
    with answering(500, (200, TASK)) as server:
        asks = asker(f"http://{server.address}/fhir", tmp_path)
        with pytest.raises(ApplicationError):
            await asks.ask_agency(question())  # no answer: the next attempt may come at once
        server.asked.clear()
        answer = await asks.ask_agency(question())
        assert (await asks.ask_agency(question())).status is None
    assert answer.status == "scheduled"
    assert answer.appointment_at == datetime(2026, 4, 1, 15, tzinfo=UTC)
    assert server.asked == ["GET /fhir/Task/t1"]


async def test_an_agency_without_a_way_to_ask_says_nothing(tmp_path: Path) -> None:
    book = AgencyBook.model_validate({"agencies": [
        {"id": "h-1", "name": "Example", "address": "1 Main Street", "channel": {"type": "letter"}}
    ]})  # fmt: skip
    agencies = Agencies(book, Reach("smtp://127.0.0.1:1", "office@clinic.example", tmp_path))
    answer = await AgencyAsker(lambda: agencies, faults_of(tmp_path)).ask_agency(question("h-1", "x"))
    assert answer.status is None


@pytest.mark.parametrize(
    ("statuses", "kind", "for_good"),
    [((500,), "ChannelDown", False), ((0,), "ChannelDown", False), (((200, b"garbage"),), "ChannelDown", False),
     ((404,), "ChannelRefused", True), ((401,), "ChannelDown", False)],
)  # fmt: skip
async def test_an_agency_that_does_not_answer_is_a_clear_error(
    tmp_path: Path, statuses: tuple[int | tuple[int, bytes]], kind: str, for_good: bool
) -> None:
    with (
        answering(*statuses) as server,
        pytest.raises(ApplicationError, match="pantry-1 could not be asked") as no,
    ):
        await asker(f"http://{server.address}/fhir", tmp_path).ask_agency(question())
    assert (no.value.type, no.value.non_retryable) == (kind, for_good)


async def test_F6_operators_hear_that_an_agency_does_not_let_us_in_until_it_does(tmp_path: Path) -> None:
    with answering(401, (200, TASK)) as server:
        asking = asker(f"http://{server.address}/fhir", tmp_path)
        with pytest.raises(ApplicationError):
            await asking.ask_agency(question())
        (fault,) = await faults_of(tmp_path).now()
        assert (fault.channel, fault.reason) == ("agency pantry-1", "pantry-1 does not let us in (401)")
        assert (await asking.ask_agency(question())).status == "scheduled"
    assert await faults_of(tmp_path).now() == []


async def test_an_agency_that_asks_to_be_left_alone_is_not_asked_about_anybody(tmp_path: Path) -> None:
    with answering(503) as server:
        server.headers["Retry-After"] = "1200"
        asking = asker(f"http://{server.address}/fhir", tmp_path)
        with pytest.raises(ApplicationError, match="pantry-1 could not be asked"):
            await asking.ask_agency(question())
        asked = len(server.asked)
        assert (await asking.ask_agency(question(reference="Task/other"))).status is None
        assert len(server.asked) == asked == 1


async def test_an_unknown_agency_is_named_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(ApplicationError, match="no agency a-9; add it") as no:
        await asker("http://127.0.0.1:1", tmp_path).ask_agency(question("a-9"))
    assert (no.value.type, no.value.non_retryable) == ("NoSuchAgency", True)


async def test_a_missing_secret_is_named(tmp_path: Path) -> None:
    with pytest.raises(ApplicationError, match="NOT_SET_ANYWHERE is not set"):
        await asker("http://127.0.0.1:1", tmp_path, token_env="NOT_SET_ANYWHERE").ask_agency(question())


def test_an_answer_that_is_posted_is_read_in_either_form() -> None:
    posted = {
        "status": "scheduled",
        "at": "2026-03-02T12:00:00Z",
        "appointment_at": "2026-04-01T10:00:00-05:00",
    }
    ours, theirs = read_answer(json.dumps(posted).encode()), read_answer(TASK)
    assert ours is not None
    assert theirs is not None
    assert (ours.status, ours.at, ours.appointment_at) == (theirs.status, theirs.at, theirs.appointment_at)


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"", "not JSON"),
        (b"[]", "one JSON object"),
        (b'{"resourceType": "Patient"}', "only a Task"),
        (b'{"status": "fine", "at": "2026-03-02T12:00:00Z"}', "status: Input should be 'received'"),
        (b'{"at": "2026-03-02T12:00:00Z"}', "status: Field required"),
        (b'{"status": "accepted", "at": "2026-03-02T12:00:00"}', "at: Input should have timezone info"),
        (b'{"resourceType": "Task", "status": "Ada"}', "Task.status is not as FHIR R4 has it"),
        (b" " * 200_000, "longer than"),
    ],
)
def test_an_answer_that_was_not_agreed_is_refused_in_words(body: bytes, sentence: str) -> None:
    with pytest.raises(BadAnswer, match=sentence) as refused:
        read_answer(body)
    assert "Ada" not in str(refused.value)


@given(st.binary() | anything.map(lambda one: json.dumps(one).encode()))
@settings(deadline=None)
def test_any_body_is_read_or_refused_in_words(body: bytes) -> None:
    with pytest.raises(BadAnswer):
        read_answer(body)
