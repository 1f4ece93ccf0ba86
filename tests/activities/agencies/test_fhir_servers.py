"""The FHIR channel against two servers: the sample agency's, and one that is not ours."""

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import httpx2
import pytest

from activities.agencies.book import Office
from activities.agencies.fhir import codes
from activities.agencies.fhir.building import Builder
from activities.agencies.fhir.channel import Fhir
from activities.agencies.port import Handover
from activities.channels.port import Permanent, Transient, Uncertain
from activities.channels.trust import trusted
from tests.activities.agencies.partners import agency, fhir, handover
from tests.activities.http_server import Answering, answering

KINDS = ("Patient", "Consent", "ServiceRequest", "Task", "Communication")


async def get(url: str) -> Any:
    async with httpx2.AsyncClient(verify=trusted()) as client:
        return (await client.get(url)).json()


async def found(server: str, kind: str, key: str) -> list[dict[str, Any]]:
    bundle = await get(f"{server}/{kind}?{urlencode({'identifier': f'{codes.SENDING}|{key}'})}")
    return [entry["resource"] for entry in bundle.get("entry", [])]


async def put(server: str, task: dict[str, Any], version: str | None = None) -> int:
    tag = f'W/"{version or task["meta"]["versionId"]}"'
    async with httpx2.AsyncClient(verify=trusted()) as client:
        return (
            await client.put(f"{server}/Task/{task['id']}", json=task, headers={"If-Match": tag})
        ).status_code


async def agency_says(
    server: str, reference: str, status: str, business: str | None = None, **more: Any
) -> None:
    """The agency's own clerk changes the task."""
    task = {**await get(f"{server}/{reference}"), **more, "status": status}
    if business:
        task["businessStatus"] = {"coding": [{"system": codes.BUSINESS_STATUS, "code": business}]}
    assert await put(server, task) == 200


async def test_P9_a_transaction_posted_twice_creates_once(server: str) -> None:
    given = handover("twice")
    bundle = Builder(agency(), Office()).referral(given).as_json()
    async with httpx2.AsyncClient(verify=trusted()) as client:
        answers = [(await client.post(f"{server}", json=bundle)).json() for _ in range(2)]
    first, second = (
        [entry["response"]["status"].split()[0] for entry in answer["entry"]] for answer in answers
    )
    assert set(first) == {"201"} or first.count("200") == 1  # the office may be known from another test
    made_again = [entry["resource"]["resourceType"] for entry, status in zip(bundle["entry"], second, strict=True)
                  if status == "201"]  # fmt: skip
    assert made_again == ["Provenance"]  # it has no identifier; the channel asks before it posts again
    for kind in KINDS:
        assert len(await found(server, kind, "twice")) == 1, kind


async def test_P9_sending_twice_leaves_one_of_everything(server: str) -> None:
    channel = fhir(server)
    references = [await channel.send(handover("again")) for _ in range(2)]
    assert references[0] == references[1]
    (task,) = await found(server, "Task", "again")
    assert references[0] == f"Task/{task['id']}"
    about = [entry["resource"] for entry in (await get(f"{server}/Provenance")).get("entry", [])]
    assert sum(references[0] in str(one["target"]) for one in about) == 1


async def test_references_inside_lead_to_what_was_created(server: str) -> None:
    reference = await fhir(server).send(handover("linked"))
    task = await get(f"{server}/{reference}")
    request = await get(f"{server}/{task['focus']['reference']}")
    patient = await get(f"{server}/{task['for']['reference']}")
    consent = await get(f"{server}/{request['supportingInfo'][0]['reference']}")
    assert (patient["name"][0]["family"], consent["patient"]) == ("Example", request["subject"])
    (notice,) = await found(server, "Communication", "linked")
    assert notice["basedOn"] == [task["focus"]]


async def test_the_same_referral_sent_once_more_is_another_task(server: str) -> None:
    channel = fhir(server)
    first, second = [await channel.send(handover(key)) for key in ("r9:first", "r9:second")]
    assert first != second


async def test_a_referral_is_followed_by_asking(server: str) -> None:
    channel = fhir(server)
    reference = await channel.send(handover("followed"))
    assert await channel.ask(reference) is None
    await agency_says(server, reference, "accepted", "3.0")
    await agency_says(
        server, reference, "in-progress", "5.1.1", executionPeriod={"start": "2026-04-01T15:00:00Z"}
    )
    word = await channel.ask(reference)
    assert word is not None
    assert (word.status, word.appointment_at) == ("scheduled", datetime(2026, 4, 1, 15, tzinfo=UTC))


def cancelling(given: Handover, reference: str | None) -> Handover:
    return replace(given, key=f"{given.key}:cancel", what="cancellation", revokes=reference)


@pytest.mark.parametrize("known", [True, False])
async def test_a_cancellation_is_asked_for_and_confirmed_by_the_agency(server: str, known: bool) -> None:
    channel = fhir(server)
    given = handover(f"cancel-{known}", referral_id=f"r-{known}")
    reference = await channel.send(given)
    await agency_says(server, reference, "accepted", "3.0", note=[{"text": "theirs"}])
    cancel = cancelling(given, reference if known else None)
    assert [await channel.send(cancel) for _ in range(2)] == [reference] * 2
    task = await get(f"{server}/{reference}")
    assert (task["status"], task["businessStatus"]["coding"][0]["code"]) == ("in-progress", "5.2")
    assert task["note"] == [{"text": "theirs"}], "what the agency wrote must stay"
    assert (await get(f"{server}/{task['focus']['reference']}"))["status"] == "revoked"
    assert len(await found(server, "Communication", cancel.key)) == 1  # the notice goes with it too (P5)
    word = await channel.ask(reference)
    assert word is not None
    assert word.status == "accepted"  # theirs still; only they can confirm
    await agency_says(server, reference, "cancelled", "6.0")
    word = await channel.ask(reference)
    assert word is not None
    assert word.status == "cancelled"


async def test_an_agency_that_speaks_no_BSeR_keeps_its_status_when_we_cancel(server: str) -> None:
    channel = fhir(server)
    given = handover("gravity")
    reference = await channel.send(given)
    await agency_says(server, reference, "on-hold")
    await channel.send(cancelling(given, reference))
    task = await get(f"{server}/{reference}")
    assert (task["status"], task["businessStatus"]["coding"][0]["code"]) == ("on-hold", "5.2")


async def test_what_has_ended_is_not_cancelled(server: str) -> None:
    channel = fhir(server)
    given = handover("ended")
    reference = await channel.send(given)
    await agency_says(server, reference, "completed")
    before = await get(f"{server}/{reference}")
    assert await channel.send(cancelling(given, reference)) == reference
    assert await get(f"{server}/{reference}") == before


async def test_our_order_is_completed_when_their_task_is_and_not_before(server: str) -> None:
    channel = fhir(server)
    given = handover("completed")
    reference = await channel.send(given)
    close = replace(cancelling(given, reference), key="completed:completion", what="completion")
    order = (await get(f"{server}/{reference}"))["focus"]["reference"]
    for said, status in (("in-progress", "active"), ("completed", "completed")):
        await agency_says(server, reference, said)
        for _ in range(2):
            assert await channel.send(close) == reference
        assert (await get(f"{server}/{order}"))["status"] == status
    assert len(await found(server, "Communication", close.key)) == 1
    assert (await get(f"{server}/{reference}"))["status"] == "completed"


async def test_nothing_to_cancel_is_said(server: str) -> None:
    with pytest.raises(Permanent, match="nothing to cancel"):
        await fhir(server).send(cancelling(handover("never", referral_id="never"), None))


async def test_a_change_against_an_old_version_is_refused_by_the_server(server: str) -> None:
    reference = await fhir(server).send(handover("versions"))
    task = await get(f"{server}/{reference}")
    assert await put(server, {**task, "status": "accepted"}) == 200
    assert await put(server, {**task, "status": "rejected"}) == 412


class Overtaking(Fhir):
    """A channel that the agency overtakes a number of times, between reading and changing."""

    def overtaken(self, server: str, times: int) -> "Overtaking":
        self.server, self.times = server, times
        return self

    async def _withdrawal(self, handover: Handover, reference: str, *rest: Any) -> Any:
        change = await super()._withdrawal(handover, reference, *rest)
        if self.times:
            self.times -= 1
            await agency_says(self.server, reference, "accepted", "3.0")
        return change


@pytest.mark.parametrize("times", [1, 2, 5])
async def test_a_cancellation_reads_again_what_the_agency_changed_meanwhile(sample: str, times: int) -> None:
    channel = Overtaking(agency(), Office(), sample, within=5).overtaken(sample, times)
    given = handover("race")
    reference = await channel.send(given)
    if times < 3:
        await channel.send(cancelling(given, reference))
        task = await get(f"{sample}/{reference}")
        assert (task["status"], task["businessStatus"]["coding"][0]["code"]) == ("in-progress", "5.2")
    else:
        with pytest.raises(Transient, match="faster than it can be cancelled"):
            await channel.send(cancelling(given, reference))


async def test_ten_attempts_at_once_make_one_task(sample: str) -> None:
    references = await asyncio.gather(*(fhir(sample).send(handover("rush")) for _ in range(10)))
    assert len(set(references)) == 1
    assert len(await found(sample, "Task", "rush")) == 1


NOTHING_FOUND = (200, json.dumps({"resourceType": "Bundle", "type": "searchset"}).encode())
GARBAGE = [b"", b"<html>Sign in</html>", b"[]", b"null", b'{"resourceType": "Bundle"}', b"\xff\xfe", b"[" * 5000,
           json.dumps({"resourceType": "Bundle", "type": "transaction-response", "entry": []}).encode()]  # fmt: skip


def talking(server: Answering, **options: Any) -> Fhir:
    return fhir(f"http://{server.address}/fhir", **{"within": 1.0, **options})


@pytest.mark.parametrize("status", [500, 503, 429])
async def test_an_agency_that_answers_500_for_days_is_tried_again_and_gets_nothing_twice(status: int) -> None:
    attempt: list[int | tuple[int, bytes]] = [NOTHING_FOUND, status]
    with answering(*attempt * 3) as server:
        for _ in range(3):
            with pytest.raises(Transient, match=f"pantry-1 answered {status}"):
                await talking(server).send(handover())
        bodies = [json.loads(body) for (_, body), asked in zip(server.taken, server.asked, strict=True) if
                  asked.startswith("POST")]  # fmt: skip
    assert len(bodies) == 3
    assert bodies[0] == bodies[1] == bodies[2], "each attempt asks for the very same"


@pytest.mark.parametrize("garbage", GARBAGE)
async def test_P9_an_agency_that_takes_a_referral_and_answers_garbage_leaves_it_uncertain(
    garbage: bytes,
) -> None:
    with (
        answering(NOTHING_FOUND, (200, garbage), NOTHING_FOUND) as server,
        pytest.raises(Uncertain, match="pantry-1 took the referral and answered nothing that can be read"),
    ):
        await talking(server).send(handover())


@pytest.mark.parametrize("breaks", [0, -1, 502, 504])
async def test_P9_an_agency_that_breaks_off_leaves_it_uncertain(breaks: int) -> None:
    with (
        answering(NOTHING_FOUND, breaks, NOTHING_FOUND) as server,
        pytest.raises(Uncertain, match="pantry-1"),
    ):
        await talking(server).send(handover())


@pytest.mark.parametrize("breaks", [0, -1, 502, (200, b"garbage")])
async def test_P9_one_that_honours_repeats_is_tried_again_instead(breaks: int | tuple[int, bytes]) -> None:
    with answering(NOTHING_FOUND, breaks) as server, pytest.raises(Transient, match="pantry-1"):
        await talking(server, knows_repeats=True).send(handover())


@pytest.mark.parametrize("breaks", [0, -1, 504, (200, b"garbage")])
async def test_P9_what_arrived_in_spite_of_a_broken_answer_is_found(breaks: int | tuple[int, bytes]) -> None:
    there = {
        "resourceType": "Task", "id": "t7", "status": "requested", "intent": "order",
        "identifier": [{"system": codes.SENDING, "value": "r1:sending"}],
    }  # fmt: skip
    known = json.dumps(
        {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": there}]}
    ).encode()
    with answering(NOTHING_FOUND, breaks, (200, known)) as server:
        assert await talking(server).send(handover()) == "Task/t7"


async def test_a_server_that_answers_a_search_with_everything_it_has_is_not_believed() -> None:
    other = {"resourceType": "Task", "id": "t8", "status": "requested", "intent": "order"}
    everything = json.dumps(
        {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": other}]}
    ).encode()
    with answering((200, everything), 422) as server, pytest.raises(Permanent, match="refused with 422"):
        await talking(server).send(handover())


@pytest.mark.parametrize("status", [301, 400, 404, 422])
async def test_an_agency_that_refuses_is_not_tried_again(status: int) -> None:
    with answering(NOTHING_FOUND, status) as server, pytest.raises(Permanent, match=f"refused with {status}"):
        await talking(server).send(handover())


async def test_P1_no_error_holds_an_address_or_a_name() -> None:
    with answering(
        NOTHING_FOUND, (400, b"Ada Example"), (500, b"Ada Example"), (200, b"Ada Example")
    ) as server:
        for refused in (Permanent, Transient, Transient):
            with pytest.raises(refused) as error:
                await talking(server).send(handover())
            assert not {"Ada", "127.0.0.1", server.address} & set(str(error.value).split())


OTHER = json.dumps({"resourceType": "Task", "id": "t9", "status": "accepted", "intent": "order"}).encode()


@pytest.mark.parametrize("garbage", [*GARBAGE, b'{"resourceType": "Task", "status": "fine"}', OTHER])
async def test_a_question_that_is_answered_with_garbage_is_asked_again_later(garbage: bytes) -> None:
    with (
        answering((200, garbage)) as server,
        pytest.raises(Transient, match="pantry-1 answered what cannot be read"),
    ):
        await talking(server).ask("Task/t1")


@pytest.mark.parametrize("broken", [0, -1, 500, 502])
async def test_a_question_without_an_answer_is_never_uncertain(broken: int) -> None:
    with answering(broken) as server, pytest.raises(Transient):
        await talking(server).ask("Task/t1")


@pytest.mark.parametrize(
    "reference", ["", "Task/", "Task/../Patient", "https://elsewhere.example/Task/1", "r1"]
)
async def test_a_reference_that_is_no_task_is_refused(reference: str) -> None:
    with pytest.raises(Permanent, match="not of a task"):
        await fhir("http://127.0.0.1:9/fhir").ask(reference)


async def test_a_task_without_a_version_is_not_changed() -> None:
    mine = json.dumps({"resourceType": "Task", "id": "t1", "status": "accepted", "intent": "order"}).encode()
    with answering((200, mine)) as server, pytest.raises(Transient, match="versionId is missing"):
        await talking(server).send(cancelling(handover(), "Task/t1"))


async def test_the_token_goes_along() -> None:
    with answering(NOTHING_FOUND, 400) as server, pytest.raises(Permanent):
        await talking(server, token="from-the-environment").send(handover())
    assert {headers["authorization"] for headers, _ in server.taken} == {"Bearer from-the-environment"}
