"""The gateway over real HTTP: what it takes, what it refuses, and that no reply tells anything (P11)."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from activities.agencies.links import LIFETIME, BadLink, Links
from activities.channels.signing import MAX_AGE, signed
from activities.channels.trust import trusted
from activities.clinic_database import ClinicDatabase, Crosswalk
from activities.clinic_database.inbox import Inbox
from activities.clinic_database.ledger import Ledger
from activities.clinic_database.patients import Patient, Patients
from activities.clinic_database.texts import Texts
from tests.databases import JOURNAL_KEY, make_database
from tests.servers import free_port
from worker.gateway.app import Gateway
from worker.gateway.bounds import LONGEST_NAME, MOST_BYTES, Rate, TooSlow, read_body
from worker.gateway.delivery import Closed, Refused, Unavailable, deliver_the_rest
from worker.serving import serving
from worker.settings import Settings

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


@dataclass
class Referrals:
    """Takes statements as the workflows would, or answers with what it is told to raise."""

    taken: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    no: Exception | None = None

    async def record(self, referral_id: str, statement: dict[str, Any]) -> None:
        if self.no:
            raise self.no
        self.taken.append((referral_id, statement))


@dataclass
class Running:
    """A gateway that listens."""

    client: httpx2.AsyncClient
    referrals: Referrals
    links: Links
    inbox: Inbox
    patients: Patients
    database: ClinicDatabase

    def link(self, ago: timedelta = timedelta(), links: Links | None = None, agency: str = "food-1",
             referral: str = "r1") -> str:  # fmt: skip
        url = (links or self.links).url(referral, agency, datetime.now(UTC) - ago)
        return url.removeprefix("https://answers.example")

    async def signed(self, body: Any, secret: str = "shared", age: timedelta = timedelta(), referral: str = "r1",
                     path: str | None = None) -> httpx2.Response:  # fmt: skip
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = signed(secret, content, datetime.now(UTC) - age)
        path = path or self.link(agency="careers-1", referral=referral)
        return await self.client.post(path, content=content, headers=headers)


@pytest.fixture
def rate() -> Rate:
    return Rate(1000)


@pytest.fixture
async def running(clinic_settings: Settings, rate: Rate) -> AsyncIterator[Running]:
    make_database(clinic_settings.database)
    database, referrals, port = ClinicDatabase(clinic_settings.database), Referrals(), free_port()
    links, inbox, patients = Links("ours", "https://answers.example"), Inbox(database), Patients(database)
    gateway = Gateway(
        links=links, inbox=inbox, patients=patients, texts=Texts(database), ledger=Ledger(database),
        ledger_key=JOURNAL_KEY, record=referrals.record,
        secret_of=lambda agency: "shared" if agency == "careers-1" else None,
        zone=ZoneInfo("America/Chicago"), texts_secret="texts", rate=rate,
    )  # fmt: skip
    async with (
        serving(gateway.app(), port),
        httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", verify=trusted()) as client,
    ):
        yield Running(client, referrals, links, inbox, patients, database)
    await database.close()


async def test_an_agency_answers_through_its_link(running: Running) -> None:
    page = await running.client.get(running.link())
    (number,) = re.findall(r'name="number" value="(\w+)"', page.text)
    form = {"number": number, "status": "scheduled", "appointment_at": "2026-07-01T18:00"}
    for _ in range(2):  # a second press of the button is the same answer
        sent = await running.client.post(running.link(), data=form)
        assert (sent.status_code, "Thank you" in sent.text) == (200, True)
    ((referral, statement),) = running.referrals.taken
    assert (referral, statement["agency"], statement["source"]) == ("r1", "food-1", "agency")
    assert statement["appointment_at"] == "2026-07-01T18:00:00-05:00"


async def test_P11_every_link_that_does_not_serve_gets_the_same_answer(running: Running) -> None:
    good = running.link()
    bad = [
        running.link(ago=LIFETIME + timedelta(seconds=1)),
        running.link(links=Links("theirs", "https://answers.example")),
        good[:-1] + ("0" if good[-1] != "0" else "1"),
        "/r/nothing", "/r/..", "/r/a.b", "/anywhere",
    ]  # fmt: skip
    answers = [await running.client.get(url) for url in bad] + [
        await running.client.post(url, data={"status": "accepted"}) for url in bad
    ]
    assert {(answer.status_code, answer.text) for answer in answers} == {(404, answers[0].text)}
    assert running.referrals.taken == []


async def test_P11_a_closed_an_unknown_and_a_foreign_referral_look_the_same_from_outside(
    running: Running,
) -> None:
    replies = []
    for no in (None, Closed(), Refused("this agency was not asked")):
        running.referrals.no = no
        replies.append(await running.signed({"status": "accepted"}, referral=f"r-{no!r}"))
    assert {(reply.status_code, reply.text) for reply in replies} == {(200, replies[0].text)}
    assert [answer.state for answer in await running.inbox.unsettled()] == ["closed", "refused"]


@pytest.mark.parametrize("secret_or_age", ["wrong secret", "old", "ahead", "unsigned"])
async def test_a_signed_answer_is_checked_for_signature_and_age(running: Running, secret_or_age: str) -> None:
    body = {"status": "accepted"}
    match secret_or_age:
        case "wrong secret":
            answer = await running.signed(body, secret="guess")
        case "old":
            answer = await running.signed(body, age=MAX_AGE + timedelta(minutes=1))
        case "ahead":
            answer = await running.signed(body, age=-MAX_AGE - timedelta(minutes=1))
        case _:
            answer = await running.client.post(running.link(agency="careers-1"), json=body)
    assert answer.status_code == 404
    assert running.referrals.taken == []


async def test_an_agency_that_signs_cannot_be_spoken_for_by_a_form(running: Running) -> None:
    link = running.link(agency="careers-1")
    assert (await running.client.get(link)).status_code == 404
    sent = await running.client.post(link, data={"status": "declined", "number": "n1"})
    assert (sent.status_code, running.referrals.taken) == (404, [])


async def test_a_replayed_answer_counts_once_and_a_new_one_counts_again(running: Running) -> None:
    body, now = json.dumps({"status": "accepted"}).encode(), datetime.now(UTC)
    link = running.link(agency="careers-1")
    for at in (now, now, now - timedelta(seconds=1)):
        answer = await running.client.post(link, content=body, headers=signed("shared", body, at))
        assert answer.status_code == 200
    assert len(running.referrals.taken) == 2


async def test_an_answer_is_not_lost_while_nobody_can_record_it(running: Running) -> None:
    running.referrals.no = Unavailable()
    url, answer = running.link(), {"status": "accepted", "number": "n1"}
    assert (await running.client.post(url, data=answer)).status_code == 503
    assert [kept.state for kept in await running.inbox.unsettled()] == ["received"]
    running.referrals.no = None
    assert (await running.client.post(url, data=answer)).status_code == 200
    assert len(running.referrals.taken) == 1
    assert await running.inbox.unsettled() == []


async def test_an_answer_that_nobody_can_record_holds_up_no_other(running: Running) -> None:
    running.referrals.no = Unavailable()
    for referral in ("r1", "r2"):
        assert (await running.signed({"status": "accepted"}, referral=referral)).status_code == 503
    running.referrals.no = None

    async def record(referral_id: str, statement: dict[str, Any]) -> None:
        if referral_id == "r1":
            raise Unavailable
        await running.referrals.record(referral_id, statement)

    await deliver_the_rest(running.inbox, record)
    assert [referral for referral, _ in running.referrals.taken] == ["r2"]


@pytest.mark.parametrize(
    "body",
    [
        b'{"status": "accepted", "at": NaN}', b'{"status": "accepted", "at": 1e999}', b"\xff\xfe{}", b"\x00",
        b'{"status": ["accepted"]}', b'{"status": "scheduled", "appointment_at": "9999-12-31T23:59:59-12:00"}',
        b'{"status": "accepted", "at": "0001-01-01T00:00:00+14:00"}',
        b'{"status": "accepted", "at": ' + b"9" * 5000 + b"}",
        b'{"a":' * 3000 + b"1" + b"}" * 3000, b'{"resourceType": "Task", "status": "accepted", "intent": 5}',
        b'{"resourceType": ["Task"]}', b'{"status": "accepted", "appointment_at": "2026-01-01T10:00:00"}',
        "{\"status\": \"\ud83d\ude00\"}".encode("utf-16", "surrogatepass"),
    ],
)  # fmt: skip
async def test_what_nobody_would_send_is_refused_and_breaks_nothing(running: Running, body: bytes) -> None:
    answer = await running.signed(body)
    assert (answer.status_code, running.referrals.taken) == (422, [])
    link = running.link()
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    sent = await running.client.post(
        link, content=b"status=scheduled&appointment_at=" + body, headers=headers
    )
    assert sent.status_code == 422
    assert running.referrals.taken == []


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("HEAD", "/r/nothing"), ("OPTIONS", "/r/nothing"), ("PUT", "/r/nothing"), ("DELETE", "/texts"),
        ("GET", "/texts"),
        ("GET", "/r/a/"), ("GET", "/r/%2e%2e/healthz"), ("GET", "//r/a"), ("GET", "/texts/"), ("POST", "/r/a%00b"),
    ],
)  # fmt: skip
async def test_P11_whatever_is_tried_the_same_is_not_here(running: Running, method: str, path: str) -> None:
    answer = await running.client.request(method, path)
    assert (answer.status_code, "location" in answer.headers, "allow" in answer.headers) == (
        404,
        False,
        False,
    )
    assert answer.headers["cache-control"] == "no-store"
    if method != "HEAD":
        assert answer.text == (await running.client.get("/r/nothing")).text


async def test_a_body_that_comes_drop_by_drop_is_not_waited_for() -> None:
    async def drops() -> dict[str, Any]:
        await asyncio.sleep(0.02)
        return {"type": "http.request", "body": b"x", "more_body": True}

    with pytest.raises(TooSlow):
        await read_body(Request({"type": "http", "method": "POST"}, drops), within=0.1)


@pytest.mark.parametrize(
    "body",
    [
        b"", b"[]", b"no json", b"{}", b'{"status": "eaten"}', b'{"status": "scheduled"}', b"[" * 5000,
        b'{"status": "accepted", "at": "tomorrow"}', b'{"resourceType": "Patient"}', b'{"resourceType": "Task"}',
    ],
)  # fmt: skip
async def test_what_cannot_be_read_is_told_by_its_field(running: Running, body: bytes) -> None:
    answer = await running.signed(body)
    assert answer.status_code == 422
    assert answer.json()["error"]
    assert running.referrals.taken == []


async def test_a_body_of_ten_megabytes_is_not_read(running: Running) -> None:
    answer = await running.signed(b"x" * 10_000_000)
    assert answer.status_code == 413
    assert (await running.client.post(running.link(), content=b"x" * (MOST_BYTES + 1))).status_code == 413


@pytest.mark.parametrize("rate", [Rate(5)])
async def test_one_client_is_held_to_its_rate(running: Running) -> None:
    answers = [(await running.client.get("/healthz")).status_code for _ in range(7)]
    assert answers == [200] * 5 + [429] * 2


async def test_no_page_is_kept_indexed_framed_or_told_of(running: Running) -> None:
    page = await running.client.get(running.link())
    for name, value in {
        "cache-control": "no-store",
        "referrer-policy": "no-referrer",
        "x-frame-options": "DENY",
    }.items():
        assert page.headers[name] == value
    assert "server" not in page.headers
    for word in ("patient", "treatment", "recovery", "food", "r1", "clinic"):
        assert word not in page.text.lower()


async def test_P2_STOP_from_a_telephone_is_honoured_and_nobody_is_told_whether_it_is_known(
    running: Running,
) -> None:
    await running.patients.save(Patient("MRN-1", phone="(555) 555-0101"))
    sent: list[httpx2.Response] = []
    say: Callable[..., Any] = running.signed
    for number, text in (("+1 555 555 0101", "Hello"), ("+15550000000", "STOP"), ("+15555550101", " stop. ")):
        known = await running.patients.get("MRN-1")
        assert known is not None
        assert known.stopped_at is None
        sent.append(await say({"from": number, "text": text}, secret="texts", path="/texts"))
    assert {(answer.status_code, answer.text) for answer in sent} == {(200, sent[0].text)}
    known = await running.patients.get("MRN-1")
    assert known is not None
    assert known.stopped_at is not None


async def test_P2_STOP_holds_for_the_number_to_which_messages_go(running: Running) -> None:
    await running.patients.save(Patient("MRN-1", phone="555-555-0101"))
    crosswalk = Crosswalk(running.database)
    for key, channel in (
        ("MRN-1", "twilio://SID:token@+15550009999/+15555550202"),
        ("MRN-2", "mailto:5@x.example"),
    ):
        await crosswalk.save_contact(key, channel, True)
    for sender in ("5", "", "+15555550202"):
        known = await running.patients.get("MRN-1")
        assert known is not None
        assert known.stopped_at is None
        await running.signed({"from": sender, "text": "STOP"}, secret="texts", path="/texts")
    known = await running.patients.get("MRN-1")
    assert known is not None
    assert known.stopped_at is not None
    assert await running.patients.get("MRN-2") is None


async def test_P2_START_resumes_and_what_is_not_understood_is_kept_for_staff(running: Running) -> None:
    await running.patients.save(Patient("MRN-1", phone="(555) 555-0101"))
    texts, replies = Texts(running.database), set()
    for text, stopped, kept in (
        ("Stop please \N{OCTAGONAL SIGN}", True, []),
        ("Can you call me?", True, ["Can you call me?"]),
        ("START", False, ["Can you call me?"]),
        ("You never text me back, call me", False, ["Can you call me?", "You never text me back, call me"]),
        (
            "Please do not text me on this number",
            True,
            ["Can you call me?", "You never text me back, call me", "Please do not text me on this number"],
        ),
    ):
        answer = await running.signed({"from": "+15555550101", "text": text}, secret="texts", path="/texts")
        replies.add((answer.status_code, answer.text))
        known = await running.patients.get("MRN-1")
        assert known is not None
        assert (known.stopped_at is not None, [one.text for one in await texts.unseen()]) == (stopped, kept)
    assert len(replies) == 1
    (first, _, _) = await texts.unseen()
    assert await texts.seen(first.key[:8], "cm-1")
    assert not await texts.seen(first.key[:8], "cm-1")
    assert len(await texts.unseen()) == 2


async def test_a_fhir_task_is_an_answer(running: Running) -> None:
    task = {
        "resourceType": "Task",
        "status": "accepted",
        "intent": "order",
        "lastModified": "2026-03-02T12:00:00Z",
    }
    for _ in range(2):
        answer = await running.client.post(running.link(), json=task)
        assert answer.status_code == 200
    ((_, statement),) = running.referrals.taken
    assert (statement["status"], statement["at"]) == ("accepted", "2026-03-02T12:00:00+00:00")


@given(st.text(max_size=200))
def test_P11_no_token_but_ours_is_ever_read(token: str) -> None:
    with pytest.raises(BadLink):
        Links("ours", "https://answers.example").read(token, NOW)


@pytest.mark.parametrize("token", ["\ud800", "x.\udfff", "é.é"])
def test_P11_half_a_character_is_no_token_of_ours(token: str) -> None:
    with pytest.raises(BadLink):
        Links("ours", "https://answers.example").read(token, NOW)


@given(
    st.text(min_size=1, max_size=40),
    st.text(min_size=1, max_size=40),
    st.timedeltas(timedelta(), LIFETIME * 2),
)
def test_a_link_serves_for_its_referral_and_agency_until_it_expires(
    referral: str, agency: str, later: timedelta
) -> None:
    links = Links("ours", "https://answers.example")
    token = links.url(referral, agency, NOW).rpartition("/")[2]
    if later < LIFETIME:
        link = links.read(token, NOW + later)
        assert (link.referral_id, link.agency) == (referral, agency)
    else:
        with pytest.raises(BadLink):
            links.read(token, NOW + later)


def test_a_rate_comes_back_as_time_passes_and_forgets_who_was_quiet() -> None:
    now = 0.0
    rate = Rate(2, lambda: now)
    assert [rate.allows("a") for _ in range(3)] == [True, True, False]
    now = 30.0
    assert [rate.allows("a") for _ in range(2)] == [True, False]
    assert rate.allows("b")


def test_a_client_is_told_apart_by_no_more_than_an_address() -> None:
    rate = Rate(1, lambda: 0.0)
    assert rate.allows("x" * LONGEST_NAME)
    assert not rate.allows("x" * 16_000)


async def test_P1_while_the_database_is_away_everybody_is_asked_to_come_back(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: Any) -> None:
        raise OSError("could not connect as carepath@db-1")

    monkeypatch.setattr(running.inbox, "take", away)
    monkeypatch.setattr(Ledger, "opened", away)
    for answer in (
        await running.client.get(running.link()),
        await running.client.post(running.link(), json={"status": "accepted"}),
    ):
        assert (answer.status_code, answer.headers["cache-control"]) == (503, "no-store")
        assert "db-1" not in answer.text


async def test_P8_a_page_counts_as_opened_when_it_is_fetched_and_not_when_it_is_asked_for(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []

    async def opened(_: Any, _key: Any, _referral: str, agency: str) -> None:
        read.append(agency)

    monkeypatch.setattr(Ledger, "opened", opened)
    for method in ("HEAD", "GET"):
        assert (await running.client.request(method, running.link())).status_code == 200
    assert len(read) == 1
