"""The sample agencies: a referral goes its whole way with each, over the real channels."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from activities.agencies.answers import read_answer
from activities.agencies.port import AgencyWord
from activities.agencies.webhook import AgencyWebhook
from activities.channels.port import AccessFault
from activities.channels.signing import check_signed
from activities.channels.trust import trusted
from tests.activities.agencies.partners import fhir, handover
from tests.activities.http_server import Answering, answering
from tests.servers import free_port
from tests.typed import carepath
from worker.errors import CannotDo
from worker.sample_agencies.fhir_server import FhirAgency
from worker.sample_agencies.pace import Pace
from worker.sample_agencies.run import SECRET, TOKEN, sample_agencies
from worker.serving import serving

QUICK = Pace(timedelta(seconds=0.1))


async def until(reached: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(10):
        while not await reached():  # noqa: ASYNC110 - what is awaited happens in another server
            await asyncio.sleep(0.02)


def words(clinic: Answering) -> list[AgencyWord | None]:
    return [read_answer(body) for _, body in list(clinic.taken)]


def said(clinic: Answering) -> list[str]:
    return [word.status for word in words(clinic) if word]


async def test_the_fhir_agency_accepts_books_and_confirms_and_tells_at_the_answer_address() -> None:
    port = free_port()
    async with serving(FhirAgency(QUICK, "token").app, port):
        channel = fhir(f"http://127.0.0.1:{port}/fhir", token="token")
        with answering() as clinic:
            reference = await channel.send(handover(answer_url=f"http://{clinic.address}/r/token"))

            async def visited() -> bool:
                return "visited" in said(clinic)

            await until(visited)
        assert said(clinic) == ["accepted", "scheduled", "visited"]
        assert words(clinic)[1].appointment_at is not None  # type: ignore[union-attr]
        word = await channel.ask(reference)
        assert word is not None
        assert word.status == "visited"
        with pytest.raises(AccessFault, match="401"):
            await fhir(f"http://127.0.0.1:{port}/fhir").send(handover("other"))


async def test_the_fhir_agency_confirms_a_cancellation() -> None:
    port = free_port()
    async with serving(FhirAgency(Pace(timedelta(seconds=0.4))).app, port):
        channel = fhir(f"http://127.0.0.1:{port}/fhir")
        reference = await channel.send(handover(answer_url=""))
        await channel.send(handover("cancel", what="cancellation", revokes=reference))

        async def cancelled() -> bool:
            word = await channel.ask(reference)
            return word is not None and word.status == "cancelled"

        await until(cancelled)


async def test_the_webhook_agency_checks_knows_a_repeat_and_answers_with_its_signature(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(SECRET, "shared")
    monkeypatch.setenv(TOKEN, "token")
    ports = {"fhir_port": free_port(), "webhook_port": free_port()}
    url = f"http://127.0.0.1:{ports['webhook_port']}/referrals"
    async with sample_agencies(pace=QUICK, **ports) as both:
        with answering() as clinic:
            given = handover(answer_url=f"http://{clinic.address}/r/token")
            channel = AgencyWebhook("careers-1", url, "shared")
            assert [await channel.send(given) for _ in range(2)] == ["here-r1"] * 2

            async def visited() -> bool:
                return "visited" in said(clinic)

            await until(visited)
        assert said(clinic) == ["accepted", "scheduled", "visited"]
        for headers, body in clinic.taken:
            check_signed("shared", headers, body)
        assert list(both.webhook.taken) == ["r1:sending"]
        with pytest.raises(AccessFault, match="401"):
            await AgencyWebhook("careers-1", url, "another").send(handover())
        async with httpx2.AsyncClient(verify=trusted()) as client:
            assert (await client.get(url)).json() == [{"referral": "r1", "what": "referral"}]


async def test_the_webhook_agency_confirms_a_cancellation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SECRET, "shared")
    ports = {"fhir_port": free_port(), "webhook_port": free_port()}
    async with sample_agencies(pace=Pace(timedelta(seconds=0.5)), **ports):
        channel = AgencyWebhook("careers-1", f"http://127.0.0.1:{ports['webhook_port']}/referrals", "shared")
        with answering() as clinic:
            address = f"http://{clinic.address}/r/token"
            reference = await channel.send(handover(answer_url=address))
            await channel.send(handover("c", what="cancellation", revokes=reference, answer_url=address))

            async def cancelled() -> bool:
                return "cancelled" in said(clinic)

            await until(cancelled)
            # On a busy machine it may have accepted before it heard of the cancellation; it has gone no further.
            assert said(clinic) in (["cancelled"], ["accepted", "cancelled"])


async def post(url: str, content: Any, **headers: str) -> tuple[int, Any]:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    async with httpx2.AsyncClient(verify=trusted()) as client:
        answer = await client.post(url, content=body, headers=headers)
        return answer.status_code, answer.json()


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"[" * 5000, {}, {"resourceType": "Bundle"}, {"resourceType": "Bundle", "type": "transaction"},
     {"resourceType": "Bundle", "type": "transaction", "entry": [5]},
     {"resourceType": "Bundle", "type": "transaction", "entry": [{"request": {"method": "DELETE", "url": "Task"}}]},
     {"resourceType": "Bundle", "type": "transaction",
      "entry": [{"request": {"method": "POST", "url": "Task"}, "resource": {"resourceType": "Patient"}}]}],
)  # fmt: skip
async def test_the_fhir_agency_refuses_garbage_in_words(sample: str, content: Any) -> None:
    status, outcome = await post(sample, content)
    assert (status, outcome["resourceType"]) == (400, "OperationOutcome")


async def test_a_transaction_is_all_or_nothing(sample: str) -> None:
    good = {"request": {"method": "POST", "url": "Patient"}, "resource": {"resourceType": "Patient"}}
    bad = {
        "request": {"method": "POST", "url": "Task"},
        "resource": {"resourceType": "Task", "status": "nonsense"},
    }
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [good, bad]}
    status, outcome = await post(sample, bundle)
    assert (status, "Task.status" in outcome["issue"][0]["diagnostics"]) == (422, True)
    async with httpx2.AsyncClient(verify=trusted()) as client:
        assert (await client.get(f"{sample}/Patient")).json()["total"] == 0


async def test_conditional_create_outside_a_transaction(sample: str) -> None:
    patient = {"resourceType": "Patient", "identifier": [{"system": "urn:x", "value": "1"}]}
    statuses = [
        (await post(f"{sample}/Patient", patient, **{"If-None-Exist": "identifier=urn:x|1"}))[0]
        for _ in range(2)
    ]
    assert statuses == [201, 200]


async def test_a_search_is_by_identifier_status_and_time_and_says_what_it_does_not_know(sample: str) -> None:
    await fhir(sample).send(handover())
    async with httpx2.AsyncClient(verify=trusted()) as client:

        async def total(query: str) -> Any:
            answer = await client.get(f"{sample}/Task?{query}")
            return answer.json().get("total", answer.status_code)

        assert (await total("status=requested"), await total("status=accepted")) == (1, 0)
        assert await total("_lastUpdated=gt2020-01-01T00:00:00Z") == 1
        assert await total("_lastUpdated=gt2999-01-01T00:00:00Z") == 0
        assert (await total("owner=x"), await total("_lastUpdated=soon")) == (400, 400)
        kinds = (await client.get(f"{sample}/metadata")).json()["rest"][0]["resource"]
    assert "Task" in {one["type"] for one in kinds}


async def test_a_port_that_is_taken_is_said(sample: str) -> None:
    with pytest.raises(CannotDo, match="is taken"):
        async with serving(FhirAgency(QUICK).app, int(sample.split(":")[2].split("/")[0])):
            pass


def test_the_command_says_what_must_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(SECRET, raising=False)
    monkeypatch.delenv(TOKEN, raising=False)
    refused = carepath("sample-agencies")
    assert (refused.returncode, SECRET in refused.stderr, TOKEN in refused.stderr) == (1, True, True)
