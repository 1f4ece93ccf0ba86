"""From the consent to the agency and back: the one activity that discloses, over the agencies of a real file."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.agencies.book import AgencyBook
from activities.agencies.chosen import Agencies, Reach
from activities.agencies.links import Links
from activities.ask_agency import AgencyAsker
from activities.channels.trust import trusted
from activities.clinic_database import ClinicDatabase
from activities.clinic_database.faults import ChannelFaults
from activities.disclose import Discloser
from activities.told_by_hand import HandLedger
from tests.activities.disclosure.clinic import ZONE, Clinic, revoked, wanted
from tests.activities.disclosure.test_gate import EMERGENCY
from tests.activities.http_server import answering
from tests.databases import JOURNAL_KEY, make_database
from worker.accounting import row
from worker.mailbox import Mailbox, read
from worker.settings import Settings
from workflows.ports.agencies import AgencyQuestion, Reconciliation, ToldByHand
from workflows.ports.timeouts import AGENCY_ATTEMPTS


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """One kind is enough: the other is proved where the ledger is."""
    url = f"sqlite+aiosqlite:///{tmp_path / 'clinic.db'}"
    make_database(url)
    return url


LINKS = Links("secret", "https://answers.example")


class Office:
    """The clinic of the disclosure tests, with agencies that are reached for real."""

    def __init__(self, clinic: Clinic, settings: Settings, folder: Path) -> None:
        self.clinic, self.folder = clinic, folder
        self._reach = Reach(settings.smtp, "office@clinic.example", folder / "letters", 1.0)

    def agencies(self, **channels: dict[str, Any]) -> Agencies:
        listed = [
            {
                "id": name.replace("_", "-"),
                "name": "Example Agency",
                "address": "1 Main Street",
                "channel": channel,
            }
            for name, channel in channels.items()
        ]
        return Agencies(AgencyBook.model_validate({"agencies": listed}), self._reach)

    def discloser(self, **channels: dict[str, Any]) -> Discloser:
        agencies = self.agencies(**channels)
        return Discloser(self.clinic.database, lambda: agencies, LINKS, ZONE, JOURNAL_KEY)


@pytest.fixture
async def office(
    database: ClinicDatabase, clinic_settings: Settings, tmp_path: Path
) -> AsyncIterator[Office]:
    with answering() as unused:
        clinic = await Clinic(database, unused).begin()
        yield Office(clinic, clinic_settings, tmp_path)


def fhir(url: str, **more: Any) -> dict[str, Any]:
    return {"type": "fhir", "url": url, "knows_repeats": True, **more}


async def tasks(server: str, key: str) -> list[Any]:
    async with httpx2.AsyncClient(verify=trusted()) as client:
        found = (await client.get(f"{server}/Task?identifier=urn:carepath:sending%7C{key}")).json()
    return [entry["resource"] for entry in found.get("entry", [])]


async def test_a_loop_is_closed_over_fhir(
    office: Office, server: str, request: pytest.FixtureRequest
) -> None:
    await office.clinic.states(recipient="pantry-1")
    agencies = office.agencies(pantry_1=fhir(server))
    discloser = Discloser(office.clinic.database, lambda: agencies, LINKS, ZONE, JOURNAL_KEY)
    key = f"loop-{request.node.name}"
    receipts = [await discloser.disclose(wanted(key, agency="pantry-1")) for _ in range(2)]
    assert [receipt.outcome for receipt in receipts] == ["sent", "already_sent"]
    (task,) = await tasks(server, key)
    assert receipts[0].reference == f"Task/{task['id']}"
    async with httpx2.AsyncClient(verify=trusted()) as client:
        said = {**task, "status": "accepted"}
        await client.put(
            f"{server}/Task/{task['id']}", json=said, headers={"If-Match": f'W/"{task["meta"]["versionId"]}"'}
        )
    question = AgencyQuestion(referral_id="r1", agency="pantry-1", reference=receipts[0].reference or "")
    assert (
        await AgencyAsker(lambda: agencies, ChannelFaults(office.clinic.database)).ask_agency(question)
    ).status == "accepted"
    assert await office.clinic.lines() == ["pantry-1 sent"]


async def test_P3_without_a_consent_the_agency_is_not_even_asked(office: Office) -> None:
    with answering() as server:
        discloser = office.discloser(pantry_1=fhir(f"http://{server.address}/fhir"))
        assert (await discloser.disclose(wanted(agency="pantry-1"))).outcome == "withheld"
        await office.clinic.states(recipient="pantry-1", revocation=revoked())
        assert (await discloser.disclose(wanted(agency="pantry-1"))).outcome == "withheld"
    assert server.asked == []


async def test_an_agency_that_is_down_for_days_gets_it_once_when_it_is_back(office: Office) -> None:
    await office.clinic.states(recipient="careers-1")
    with answering(*[500] * 5) as server:
        discloser = office.discloser(careers_1=_hook(server.address))
        for _ in range(5):
            with pytest.raises(
                ApplicationError, match="careers-1 could not be reached: careers-1 answered 500"
            ) as no:
                await discloser.disclose(wanted(agency="careers-1"))
            assert (no.value.type, no.value.non_retryable) == ("ChannelDown", False)
            assert await office.clinic.lines() == []
        outcomes = [(await discloser.disclose(wanted(agency="careers-1"))).outcome for _ in range(3)]
    assert outcomes == ["sent", "already_sent", "already_sent"]
    assert len({headers["idempotency-key"] for headers, _ in server.taken}) == 1
    assert await office.clinic.lines() == ["careers-1 sent"]


def _sure(error: ApplicationError) -> tuple[str | None, bool]:
    return error.type, error.non_retryable


async def _tried(discloser: Discloser, agency: str = "careers-1") -> ApplicationError:
    with pytest.raises(ApplicationError) as no:
        await discloser.disclose(wanted(agency=agency))
    return no.value


@pytest.mark.parametrize("status", [401, 403])
async def test_F6_who_does_not_let_us_in_has_refused_nothing_and_gets_it_once_that_is_mended(
    office: Office, status: int
) -> None:
    """However often: our credential is wrong, operators hear of it, and no attempt counts against the referral."""
    await office.clinic.states(recipient="careers-1")
    faults = ChannelFaults(office.clinic.database)
    with answering(*[status] * (AGENCY_ATTEMPTS + 3)) as server:
        discloser = office.discloser(careers_1=_hook(server.address))
        for _ in range(AGENCY_ATTEMPTS + 3):
            assert _sure(await _tried(discloser)) == ("ChannelDown", False)
        (fault,) = await faults.now()
        assert fault.channel == "agency careers-1"
        assert f"does not let us in ({status})" in fault.reason
        assert (await discloser.disclose(wanted(agency="careers-1"))).outcome == "sent"
    assert await faults.now() == []
    assert await office.clinic.lines() == ["careers-1 sent"]


async def test_F2_a_fault_of_our_own_counts_not_and_an_agency_that_is_away_is_given_up_after_its_attempts(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    await office.clinic.states(recipient="careers-1")
    with answering(*[500, 401] * (AGENCY_ATTEMPTS - 1), 503) as server:
        discloser = office.discloser(careers_1=_hook(server.address))
        pauses = []
        for _ in range(AGENCY_ATTEMPTS - 1):
            away = await _tried(discloser)
            pauses.append(away.next_retry_delay and away.next_retry_delay.total_seconds())
            ours = await _tried(discloser)
            assert (_sure(away), _sure(ours)) == (("ChannelDown", False),) * 2
        assert pauses == [5, 15, 45, 135, 405]
        assert _sure(await _tried(discloser)) == ("ChannelDown", True), "then a person makes the contact"
        await discloser.give_up(wanted(agency="careers-1"))
        assert (await discloser.disclose(wanted(agency="careers-1"))).outcome == "sent", (
            "and may send it again"
        )


async def test_F2_a_setting_a_secret_a_name_and_a_folder_of_ours_keep_it_back_and_are_told(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    (office.folder / "letters").write_text("a file stands where the folder should be")
    monkeypatch.delenv("CAREERS_SECRET")
    channels: dict[str, dict[str, Any]] = {
        "secret-1": {**_hook("127.0.0.1:1")},
        "name-1": {"type": "fhir", "url": "https://no-such-name.invalid/fhir"},
        "post-1": {"type": "letter"},
        "mail-1": {"type": "email", "to": "intake@agency.example"},
    }
    discloser = office.discloser(**{name.replace("-", "_"): one for name, one in channels.items()})
    for number, name in enumerate(channels):
        await office.clinic.states(number + 1, consent_id=f"c-{name}", recipient=name, entry=f"n-{name}")
        for _ in range(AGENCY_ATTEMPTS + 1):
            with pytest.raises(ApplicationError) as no:
                await discloser.disclose(wanted(f"r1:{name}", agency=name))
            assert _sure(no.value) == ("ChannelDown", False), name
    noted = {one.channel for one in await ChannelFaults(office.clinic.database).now()}
    assert noted == {"agency secret-1", "agency name-1", "agency post-1", "e-mail"}


async def test_F2_an_agency_that_asks_us_to_wait_for_days_is_told_to_a_person(office: Office) -> None:
    await office.clinic.states(recipient="careers-1")
    with answering(429, 429) as server:
        server.headers["Retry-After"] = "86400"
        discloser = office.discloser(careers_1=_hook(server.address))
        assert (await _tried(discloser)).next_retry_delay == timedelta(days=1)
        asked_for = ActivityEnvironment()
        asked_for.info = replace(asked_for.info, scheduled_time=datetime.now(UTC) - timedelta(hours=3))
        with pytest.raises(ApplicationError) as no:
            await asked_for.run(discloser.disclose, wanted(agency="careers-1"))
        assert _sure(no.value) == ("ChannelDown", True)


async def test_an_agency_that_asks_us_to_wait_is_left_alone_so_long(office: Office) -> None:
    await office.clinic.states(recipient="careers-1")
    with answering(429) as server:
        server.headers["Retry-After"] = "1200"
        with pytest.raises(ApplicationError) as no:
            await office.discloser(careers_1=_hook(server.address)).disclose(wanted(agency="careers-1"))
    assert no.value.next_retry_delay == timedelta(minutes=20)


@pytest.fixture(autouse=True)
def _secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAREERS_SECRET", "shared")


def _hook(address: str, **more: Any) -> dict[str, Any]:
    return {"type": "webhook", "url": f"http://{address}/in", "secret_env": "CAREERS_SECRET", **more}


@pytest.mark.parametrize("broken", [0, -1, (200, b"<html>Sign in</html>")])
async def test_P9_what_nobody_knows_is_uncertain_on_the_ledger_and_not_sent_again(
    office: Office, broken: int | tuple[int, bytes]
) -> None:
    await office.clinic.states(recipient="careers-1")
    with answering(broken) as server:
        discloser = office.discloser(careers_1=_hook(server.address))
        outcomes = [(await discloser.disclose(wanted(agency="careers-1"))).outcome for _ in range(2)]
    assert outcomes == ["uncertain", "uncertain"]
    assert len(server.taken) == 1
    assert await office.clinic.lines() == ["careers-1 uncertain"]


async def test_P9_one_that_knows_repeats_gets_it_again_and_it_is_sent(office: Office) -> None:
    await office.clinic.states(recipient="careers-1")
    with answering(0) as server:
        discloser = office.discloser(careers_1=_hook(server.address, knows_repeats=True))
        with pytest.raises(ApplicationError, match="did not answer in time"):
            await discloser.disclose(wanted(agency="careers-1"))
        assert (await discloser.disclose(wanted(agency="careers-1"))).outcome == "sent"
    assert await office.clinic.lines() == ["careers-1 sent"]


async def test_a_missing_secret_keeps_it_back_until_it_is_set(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    await office.clinic.states(recipient="careers-1")
    monkeypatch.delenv("CAREERS_SECRET")
    with answering() as server:
        discloser = office.discloser(careers_1=_hook(server.address))
        with pytest.raises(ApplicationError, match="CAREERS_SECRET is not set") as no:
            await discloser.disclose(wanted(agency="careers-1"))
        assert not no.value.non_retryable
        monkeypatch.setenv("CAREERS_SECRET", "shared")
        assert (await discloser.disclose(wanted(agency="careers-1"))).outcome == "sent"


@pytest.mark.parametrize("named", [False, True])
async def test_C5_hiv_goes_out_only_where_the_consent_names_it(office: Office, named: bool) -> None:
    content = ["referral", "hiv"] if named else ["referral"]
    await office.clinic.states(recipient="careers-1", content=content)
    with answering() as server:
        discloser = office.discloser(careers_1=_hook(server.address))
        asked = wanted(agency="careers-1", service="hiv_testing", content=content)
        assert (await discloser.disclose(asked)).outcome == "sent"
    posted = json.loads(server.taken[0][1])
    assert posted.get("service", {}).get("code") == ("hiv_testing" if named else None)


async def test_P2_by_mail_goes_a_link_that_serves_and_by_post_a_letter(
    office: Office, mailbox: Mailbox
) -> None:
    discloser = office.discloser(
        mail_1={"type": "email", "to": "intake@agency.example"}, post_1={"type": "letter"}
    )
    for number, (name, outcome) in enumerate((("mail-1", "sent"), ("post-1", "to_post"))):
        await office.clinic.states(number + 1, consent_id=f"c-{name}", recipient=name, entry=f"n-{name}")
        for after in (outcome, "already_sent" if outcome == "sent" else outcome):
            assert (await discloser.disclose(wanted(f"r1:{name}", agency=name))).outcome == after
    (mail,) = read(mailbox.file)
    (link,) = [word for word in mail["body"].split() if word.startswith("https://answers.example/r/")]
    served = LINKS.read(link.rpartition("/")[2], datetime.now(UTC) + timedelta(days=59))
    assert (served.referral_id, served.agency) == ("r1", "mail-1")
    (letter,) = (office.folder / "letters").glob("*.html")
    assert "Ada Example" in letter.read_text("utf-8")
    assert await office.clinic.lines() == ["mail-1 sent", "post-1 uncertain"]
    await discloser.reconcile(Reconciliation(key="r1:post-1", arrived=True, by="cm-1"))
    assert await office.clinic.lines() == ["mail-1 sent", "post-1 sent"]


async def test_P8_of_a_link_the_ledger_says_that_it_held_nothing_and_when_it_was_opened(
    office: Office, mailbox: Mailbox
) -> None:
    discloser = office.discloser(mail_1={"type": "email", "to": "intake@agency.example"})
    await office.clinic.states(recipient="mail-1")
    receipt = await discloser.disclose(wanted(agency="mail-1"))
    assert (receipt.outcome, receipt.way) == ("sent", "link")
    ledger = office.clinic.ledger
    (told,) = await ledger.accounting("MRN-1")
    assert told.content == ()
    assert "a link without content" in row(told, ZONE)[2]
    assert told.detail["to"] == "intake@agency.example"
    await ledger.opened(JOURNAL_KEY, "r1", "food-1")
    await ledger.opened(JOURNAL_KEY, "r", "mail-1")
    assert "opened_at" not in (await ledger.accounting("MRN-1"))[0].detail
    for _ in range(2):
        await ledger.opened(JOURNAL_KEY, "r1", "mail-1")
    (told,) = await ledger.accounting("MRN-1")
    assert ", opened 2" in row(told, ZONE)[2]
    assert (told.state, (await office.clinic.verifier.verify()).lines) == ("sent", 3)


async def test_P6_in_an_emergency_nobody_is_told_by_mail(office: Office) -> None:
    book = office.agencies(post_1={"type": "letter"})
    hospital = book.get("post-1").model_copy(update={"medical": True})
    agencies = Agencies(
        AgencyBook(agencies=(hospital,)), Reach("smtp://127.0.0.1:1", "a@b.example", office.folder)
    )
    discloser = Discloser(office.clinic.database, lambda: agencies, LINKS, ZONE, JOURNAL_KEY)
    receipt = await discloser.disclose(wanted(agency="post-1", emergency=EMERGENCY, content=["identity"]))
    assert (receipt.outcome, list(office.folder.glob("*.html"))) == ("withheld", [])
    assert "by telephone" in (receipt.reason or "")


@pytest.mark.parametrize("covered", [True, False])
async def test_P8_what_a_person_tells_by_hand_is_on_the_ledger_with_its_consent_or_without(
    office: Office, covered: bool
) -> None:
    if covered:
        await office.clinic.states(recipient="post-1")
    agencies = office.agencies(post_1={"type": "letter"})
    told = ToldByHand(
        key="r1:told:s1", episode_id="e1", referral_id="r1", recipient="post-1", name="?", purpose="referral",
        content=["referral"], by="cm-1", at=datetime(2026, 3, 2, 15, tzinfo=UTC), timezone="America/Chicago",
    )  # fmt: skip
    for _ in range(2):
        receipt = await HandLedger(office.clinic.database, lambda: agencies, JOURNAL_KEY).note_told(told)
        assert (receipt.objection is None) is covered
    (line,) = await office.clinic.ledger.accounting("MRN-1")
    assert (line.basis, line.name, line.at) == ("consent" if covered else "none", "Example Agency", told.at)
    assert line.content == ("contact", "identity", "service_need")


async def test_twenty_attempts_at_once_reach_the_agency_once(office: Office) -> None:
    await office.clinic.states(recipient="careers-1")
    with answering() as server:
        discloser = office.discloser(careers_1=_hook(server.address))
        receipts = await asyncio.gather(*(discloser.disclose(wanted(agency="careers-1")) for _ in range(20)))
    assert [receipt.outcome for receipt in receipts].count("sent") == 1
    assert len(server.taken) == 1
