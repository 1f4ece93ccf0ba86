"""The consent gate: what goes out, and each way around it that the rules forbid (P3-P6, P9)."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import update
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.exceptions import ApplicationError

from activities import disclose
from activities.clinic_database import ClinicDatabase, Crosswalk
from activities.clinic_database.consents import standing_in
from activities.clinic_database.tables import OutboxRow
from activities.emergencies import Emergency
from tests.activities.disclosure.clinic import Clinic, agency_server, revoked, wanted
from tests.activities.http_server import Answering
from workflows.ports.agencies import Disclosure, Reconciliation


@pytest.fixture
async def clinic(database: ClinicDatabase) -> AsyncIterator[Clinic]:
    with agency_server() as server:
        yield await Clinic(database, server).begin()


def answers(clinic: Clinic, *statuses: int) -> Answering:
    clinic.server.statuses[:] = statuses
    return clinic.server


async def test_P3_a_disclosure_goes_out_under_a_consent_that_names_it_all(
    clinic: Clinic,
) -> None:
    await clinic.states()
    receipt = await clinic.discloser.disclose(wanted())
    assert (receipt.outcome, receipt.consent_id) == ("sent", "c1")
    assert await clinic.lines() == ["food-1 sent"]
    (handover,) = clinic.channel.sent
    assert (handover.person.family_name, handover.person.phone) == ("Example", "555-0101")


TPO = {"type": "tpo", "recipient": "treating_providers", "purpose": "treatment"}
ALL = {**TPO, "content": ["all"]}
AROUND: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("no consent names it", {"recipient": "food-2"}, {}),
    ("a consent for A is used for B", {}, {"agency": "food-2"}),
    ("another purpose", {}, {"purpose": "research"}),
    ("more than the content", {}, {"content": ["referral", "test_results"]}),
    ("HIV content under a bundle", {}, {"content": ["referral", "hiv"]}),
    ("signed tomorrow", {"signed_on": "2099-01-01"}, {}),
    ("expired", {"expires_on": "2026-01-31"}, {}),
    ("entered in error", {"stands": False}, {}),
    ("revoked", {"revocation": revoked()}, {}),
    ("a class in a consent that must name", {"recipient": "treating_providers"}, {"agency": "th-9"}),
    ("a class to which the agency does not belong", TPO, {"purpose": "treatment"}),
    ("counselling notes under another", ALL, {"agency": "th-9", "content": ["counselling_notes"]}),
    ("results under one for counselling notes",
     {"type": "counselling_notes", "content": ["counselling_notes", "test_results"]},
     {"content": ["counselling_notes", "test_results"]}),
    ("a referral under one for legal proceedings", {"type": "proceedings"}, {}),
    ("an agency that has the name of a class", {**TPO, "content": ["referral"]},
     {"agency": "treating_providers", "purpose": "treatment"}),
    ("a court under another", ALL, {"agency": "th-9", "purpose": "court"}),
    ("content that no channel can carry", {"content": ["referral", "medication"]}, {"content": ["medication"]}),
    ("the consent of another episode", {"episode_id": "e0"}, {}),
]  # fmt: skip


@pytest.mark.parametrize(("terms", "asked"), [case[1:] for case in AROUND], ids=[case[0] for case in AROUND])
async def test_P3_there_is_no_way_around_the_consent(
    clinic: Clinic, terms: dict[str, Any], asked: dict[str, Any]
) -> None:
    await clinic.states(**terms)
    receipt = await clinic.discloser.disclose(wanted(**asked))
    assert receipt.outcome == "withheld"
    assert receipt.reason
    assert clinic.server.taken == []
    assert await clinic.lines() == []


async def test_P3_a_class_serves_for_treatment_payment_and_operations(clinic: Clinic) -> None:
    await clinic.states(type="tpo", recipient="treating_providers", purpose="treatment", content=["all"])
    assert (await clinic.discloser.disclose(wanted(agency="th-9"))).outcome == "sent"


async def test_P3_the_consent_is_asked_again_at_every_retry(clinic: Clinic) -> None:
    answers(clinic, 500)
    await clinic.states()
    with pytest.raises(ApplicationError, match="answered 500") as later:
        await clinic.discloser.disclose(wanted())
    assert not later.value.non_retryable
    await clinic.consents.revoke("e1", "c1", "n2", _now(), "cm-1")
    receipt = await clinic.discloser.disclose(wanted())
    assert receipt.outcome == "withheld"
    assert "is revoked" in (receipt.reason or "")
    assert len(clinic.server.taken) == 1
    assert await clinic.lines() == []


async def test_P3_a_consent_that_comes_later_lets_the_same_sending_go_out(clinic: Clinic) -> None:
    assert (await clinic.discloser.disclose(wanted())).outcome == "withheld"
    await clinic.states()
    assert (await clinic.discloser.disclose(wanted())).outcome == "sent"


async def test_P3_a_consent_that_ends_with_the_episode_ends_with_it(clinic: Clinic) -> None:
    await clinic.states(expires_on=None, expires_event="end_of_treatment")
    assert (await clinic.discloser.disclose(wanted("a"))).outcome == "sent"
    await Crosswalk(clinic.database).note("e1", _now().date())
    assert "expired with end of treatment" in ((await clinic.discloser.disclose(wanted("b"))).reason or "")


async def test_P4_a_revocation_written_at_once_is_not_lifted_by_a_record_that_has_not_heard_of_it(
    clinic: Clinic,
) -> None:
    await clinic.states(1)
    assert (await clinic.consents.revoke("e1", "c1", "n2", _now(), "cm-1")).entries == ("n1",)
    await clinic.states(2)
    assert (await clinic.discloser.disclose(wanted())).outcome == "withheld"
    await clinic.states(3, lifted=("n2",))  # the revocation was retracted as a mistake
    assert (await clinic.discloser.disclose(wanted())).outcome == "sent"
    (on_file,) = await clinic.consents.of_episode("e1")
    assert [what for _, what, _ in on_file.history] == ["given", "revoked", "revocation retracted"]


async def test_P4_what_the_record_said_earlier_does_not_undo_what_it_says_now(clinic: Clinic) -> None:
    await clinic.states(5, stands=False)
    await clinic.states(4)
    assert (await clinic.discloser.disclose(wanted())).outcome == "withheld"


async def test_P5_each_disclosure_carries_the_notice_and_the_scope(clinic: Clinic) -> None:
    await clinic.states()
    await clinic.discloser.disclose(wanted())
    (handover,) = clinic.channel.sent
    assert "prohibit you from using or disclosing this record" in handover.notice  # the wording of 2024
    assert handover.scope == ("Disclosed with the patient's written consent c1, signed on 2026-01-05: referral; for "
                              "referral; to food-1; until 2099-12-31, unless revoked.")  # fmt: skip
    token = handover.answer_url.rpartition("/")[2]
    said = json.loads(base64.urlsafe_b64decode(token.partition(".")[0] + "=="))
    assert said[:2] == ["r1", "food-1"]  # and no word of the episode or the person (P1)
    assert len(said) == 3


async def test_only_what_the_content_names_is_handed_over(clinic: Clinic) -> None:
    await clinic.states(content=["identity"])
    await clinic.discloser.disclose(wanted(content=["identity"]))
    (handover,) = clinic.channel.sent
    assert (handover.person.given_name, handover.person.phone, handover.content) == ("Ada", None, {})


EMERGENCY = Emergency(
    recipient="Dr. B. Example",
    profession="physician",
    facility="Example Hospital",
    discloser="nu-1",
    nature="overdose",
)


async def test_P6_in_an_emergency_medical_personnel_are_told_and_it_is_recorded_at_once(
    clinic: Clinic,
) -> None:
    receipt = await clinic.discloser.disclose(wanted(agency="er-1", emergency=EMERGENCY))
    assert receipt.outcome == "sent"
    (told,) = await clinic.ledger.accounting("MRN-1")
    assert (told.basis, told.purpose) == ("emergency", "medical emergency")
    assert told.detail == {**EMERGENCY.model_dump(), "to": "the-agency.example/in"}


async def test_P6_nothing_that_an_activity_is_given_can_say_that_it_is_an_emergency(clinic: Clinic) -> None:
    asked = wanted(agency="er-1", emergency=EMERGENCY, content=["identity", "hiv"]).model_dump(mode="json")
    [given] = pydantic_data_converter.payload_converter.from_payloads(
        pydantic_data_converter.payload_converter.to_payloads([asked]), [Disclosure]
    )
    receipt = await clinic.discloser.disclose(given)
    assert (receipt.outcome, clinic.server.taken) == ("withheld", [])


async def test_P6_an_emergency_never_covers_anybody_else(clinic: Clinic) -> None:
    receipt = await clinic.discloser.disclose(wanted(emergency=EMERGENCY))
    assert (receipt.outcome, clinic.server.taken) == ("withheld", [])


@pytest.mark.parametrize("name", ["recipient", "facility", "discloser", "nature"])
def test_P6_each_of_the_four_fields_is_needed(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        Emergency.model_validate({**EMERGENCY.model_dump(), name: " "})


async def test_P6_what_no_channel_carries_is_not_said_to_have_been_told(clinic: Clinic) -> None:
    asked = wanted(agency="er-1", emergency=EMERGENCY, content=["identity", "medication"])
    receipt = await clinic.discloser.disclose(asked)
    assert (receipt.outcome, receipt.reason) == (
        "withheld",
        "no channel carries medication: tell it by telephone",
    )
    assert await clinic.lines() == []


async def test_P3_a_sending_that_was_begun_to_one_agency_never_goes_to_another(clinic: Clinic) -> None:
    answers(clinic, 500)
    await clinic.states()
    await clinic.states(recipient="food-2", entry="n2", consent_id="c2")
    with pytest.raises(ApplicationError):
        await clinic.discloser.disclose(wanted())
    receipt = await clinic.discloser.disclose(wanted(agency="food-2"))
    assert (receipt.outcome, len(clinic.server.taken)) == ("withheld", 1)
    assert "was begun to food-1" in (receipt.reason or "")


async def test_P4_a_revocation_and_a_sending_never_block_each_other(clinic: Clinic) -> None:
    answers(clinic, 500)
    await clinic.states()
    with pytest.raises(ApplicationError):  # queued, under c1
        await clinic.discloser.disclose(wanted())
    if clinic.database.dialect == "sqlite":
        return  # one transaction at a time: there is nothing to cross
    async with clinic.database.transaction() as session:  # as a revocation does, one lock after the other
        await standing_in(session, "e1")
        trying = asyncio.create_task(clinic.discloser.disclose(wanted()))
        await asyncio.sleep(0.3)
        await asyncio.wait_for(
            session.execute(
                update(OutboxRow)
                .where(OutboxRow.key == "r1:sending")
                .values(state="withheld", settled_at=_now())
            ),
            5,
        )
    assert (await trying).outcome == "sent"


async def test_P9_one_sending_happens_once_whatever_is_retried(clinic: Clinic) -> None:
    await clinic.states()
    receipts = await asyncio.gather(*(clinic.discloser.disclose(wanted()) for _ in range(20)))
    assert [receipt.outcome for receipt in receipts].count("sent") == 1
    assert len(clinic.server.taken) == 1


async def test_P9_no_answer_in_time_is_uncertain_and_not_sent_again(clinic: Clinic) -> None:
    answers(clinic, 0)
    clinic.channel.timeout = 1
    await clinic.states()
    assert [(await clinic.discloser.disclose(wanted())).outcome for _ in range(2)] == ["uncertain"] * 2
    assert len(clinic.server.taken) == 1
    assert await clinic.lines() == ["food-1 uncertain"]
    assert await clinic.ledger.uncertain() == [("MRN-1", "r1:sending")]


@pytest.mark.parametrize(("arrived", "lines"), [(True, ["food-1 sent"]), (False, [])])
async def test_P9_a_person_reconciles_what_is_uncertain(
    clinic: Clinic, arrived: bool, lines: list[str]
) -> None:
    answers(clinic, 0)
    clinic.channel.timeout = 1
    await clinic.states()
    await clinic.discloser.disclose(wanted())
    for _ in range(2):
        await clinic.discloser.reconcile(Reconciliation(key="r1:sending", arrived=arrived, by="cm-1"))
    assert await clinic.lines() == lines
    assert await clinic.ledger.uncertain() == []


async def test_P9_what_a_person_found_out_can_be_corrected_by_a_person(clinic: Clinic) -> None:
    answers(clinic, 0)
    clinic.channel.timeout = 1
    await clinic.states()
    await clinic.discloser.disclose(wanted())
    for arrived, lines in ((True, ["food-1 sent"]), (False, []), (True, ["food-1 sent"])):
        await clinic.discloser.reconcile(Reconciliation(key="r1:sending", arrived=arrived, by="cm-1"))
        assert await clinic.lines() == lines
    await clinic.discloser.disclose(wanted("known"))
    await clinic.discloser.reconcile(Reconciliation(key="known", arrived=False, by="cm-1"))
    assert await clinic.lines() == ["food-1 sent"] * 2  # the agency itself has taken it
    assert (await clinic.verifier.verify()).problems == ()


async def test_P9_a_crash_between_sending_and_marking_is_uncertain(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    await clinic.states()

    async def dies(*_: Any, **__: Any) -> None:
        raise RuntimeError("the process died here")

    with monkeypatch.context() as patch:
        patch.setattr(clinic.discloser, "_settle", dies)
        with pytest.raises(RuntimeError):
            await clinic.discloser.disclose(wanted())
    assert (await clinic.discloser.disclose(wanted())).outcome == "uncertain"
    assert len(clinic.server.taken) == 1
    assert await clinic.lines() == ["food-1 uncertain"]


async def test_P9_a_sending_that_is_given_up_tells_what_became_of_its_last_attempt(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    await clinic.states()
    receipt = await clinic.discloser.give_up(wanted("never tried"))
    assert (receipt.outcome, clinic.server.taken) == ("withheld", [])

    async def dies(*_: Any, **__: Any) -> None:
        raise RuntimeError("the process died here")

    with monkeypatch.context() as patch:
        patch.setattr(clinic.discloser, "_settle", dies)
        with pytest.raises(RuntimeError):
            await clinic.discloser.disclose(wanted("died"))
    assert [(await clinic.discloser.give_up(wanted("died"))).outcome for _ in range(2)] == ["uncertain"] * 2
    assert await clinic.lines() == ["food-1 uncertain"]
    await clinic.discloser.disclose(wanted("sent"))
    assert (await clinic.discloser.give_up(wanted("sent"))).reference == "there-sent"


async def test_an_agency_that_refuses_for_good_is_not_asked_again(clinic: Clinic) -> None:
    answers(clinic, 404)
    await clinic.states()
    for _ in range(2):
        with pytest.raises(ApplicationError) as refused:
            await clinic.discloser.disclose(wanted())
        assert refused.value.non_retryable
        assert "Example" not in refused.value.message  # P1
    assert len(clinic.server.taken) == 1
    assert await clinic.lines() == []


async def test_an_agency_that_nobody_knows_is_named_with_the_remedy(clinic: Clinic) -> None:
    with pytest.raises(ApplicationError, match="add it to the agencies file") as error:
        await clinic.discloser.disclose(wanted(agency="nobody"))
    assert error.value.non_retryable


def _now() -> datetime:
    return datetime.now(UTC)


KILLED: list[tuple[str, int, list[str], list[str], int]] = [
    # killed at, which time it comes there, outcomes of the next attempts, accounting, how often it was sent
    (
        "append",
        1,
        ["sent", "already_sent"],
        ["food-1 sent"],
        1,
    ),  # while the claim is written: nothing has happened
    ("send", 1, ["sent", "already_sent"], ["food-1 sent"], 1),  # after the claim, before anything left
    ("append", 2, ["uncertain", "uncertain"], ["food-1 uncertain"], 1),  # while it is marked as sent
]


@pytest.mark.parametrize(("where", "time", "outcomes", "lines", "sent"), KILLED)
async def test_P9_wherever_it_is_killed_it_is_never_sent_twice_and_never_lost(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch, where: str, time: int, outcomes: list[str], lines: list[str],
    sent: int,
) -> None:  # fmt: skip
    await clinic.states()
    target: Any = disclose if where == "append" else clinic.channel
    as_before, calls = getattr(target, where), []

    async def dies(*given: Any) -> Any:
        calls.append(given)
        if len(calls) == time:
            raise KeyboardInterrupt
        return await as_before(*given)

    with monkeypatch.context() as patch:
        patch.setattr(target, where, dies)
        with pytest.raises(KeyboardInterrupt):
            await clinic.discloser.disclose(wanted())
    assert [(await clinic.discloser.disclose(wanted())).outcome for _ in range(2)] == outcomes
    assert (await clinic.lines(), len(clinic.server.taken)) == (lines, sent)
    assert (await clinic.verifier.verify()).problems == ()
