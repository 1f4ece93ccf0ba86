"""Messages to patients: neutral in every language, never at night, never after STOP, never late (P2, T7)."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from temporalio.exceptions import ApplicationError

from activities.assembled import assemble
from activities.clinic_database import ClinicDatabase, Crosswalk
from activities.clinic_database.patients import Patient, Patients
from activities.clinic_database.texts import Texts
from activities.messages.files import TEMPLATES, TemplateRefused, Templates
from tests.activities.disclosure.test_last_moment import slow, slow_to_take_mail
from tests.databases import sealed_for_tests
from tests.servers import EXAMPLE
from tests.typed import carepath
from worker.mailbox import Mailbox, read
from worker.settings import Settings
from workflows.core.episode.messages.neutral import check, check_phone, check_sender
from workflows.core.episode.messages.sending import is_quiet
from workflows.ports.patients import PatientMessage

CHICAGO = ZoneInfo("America/Chicago")
PHOENIX = ZoneInfo("America/Phoenix")


class Clinic:
    """A clinic with one patient who has a safe channel."""

    def __init__(self, settings: Settings, **patient: Any) -> None:
        self.settings, self.patient = settings, Patient("MRN-1", **patient)

    async def __aenter__(self) -> "Clinic":
        settings = self.settings
        assembled = assemble(
            database_url=settings.database, staff_file=EXAMPLE / "staff.yaml", smtp_url=settings.smtp,
            sender="office@clinic.example", clinic_phone="555-0100", journal=sealed_for_tests,
            templates=settings.templates,
        )  # fmt: skip
        self.database: ClinicDatabase = assembled.database
        self.send = {one.__name__: one for one in assembled.callables}["message_patient"]
        await Crosswalk(self.database).open_episode("MRN-1", "e1", date(2026, 1, 5))
        await Crosswalk(self.database).save_contact("MRN-1", "mailto:someone@home.example", allowed=True)
        await Patients(self.database).save(self.patient)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.database.close()


@pytest.fixture
async def quiet_now(clinic_settings: Settings) -> AsyncIterator[Clinic]:
    """A person whose quiet hours began an hour ago and last two hours more, in a zone without daylight saving."""
    now = datetime.now(PHOENIX)
    async with Clinic(
        clinic_settings,
        timezone=PHOENIX.key,
        quiet_from=(now - timedelta(hours=1)).time().replace(second=0, microsecond=0),
        quiet_until=(now + timedelta(hours=2)).time().replace(second=0, microsecond=0),
    ) as clinic:
        yield clinic


def message(**changes: Any) -> PatientMessage:
    return PatientMessage(key="m1", episode_id="e1", template="please_call").model_copy(update=changes)


async def test_P2_a_message_waits_for_the_end_of_quiet_hours(quiet_now: Clinic, mailbox: Mailbox) -> None:
    with pytest.raises(ApplicationError) as wait:
        await quiet_now.send(message())
    delay = wait.value.next_retry_delay
    assert delay is not None
    assert timedelta(minutes=115) < delay <= timedelta(minutes=125)
    assert not wait.value.non_retryable
    assert list(read(mailbox.file)) == []


async def test_P2_a_message_that_would_be_stale_after_quiet_hours_is_dropped(
    quiet_now: Clinic, mailbox: Mailbox
) -> None:
    soon = datetime.now(UTC) + timedelta(hours=1)
    assert (await quiet_now.send(message(send_before=soon))).outcome == "stale"
    assert list(read(mailbox.file)) == []


async def test_P2_nothing_is_sent_by_itself_until_somebody_has_read_what_may_be_a_STOP(
    clinic_settings: Settings, mailbox: Mailbox
) -> None:
    async with Clinic(clinic_settings, phone="(555) 555-0101") as clinic:
        texts = Texts(clinic.database)
        await texts.keep("a" * 64, "+15555550999", "I want to stop it")  # somebody else's
        await texts.keep("b" * 64, "+15555550101", "Can you call me?")  # no word of stopping
        assert (await clinic.send(message())).outcome == "sent"
        await texts.keep("c" * 64, "+15555550101", "I want to stop it")
        with pytest.raises(ApplicationError, match="may mean STOP") as wait:
            await clinic.send(message(key="m2"))
        assert wait.value.next_retry_delay
        assert not wait.value.non_retryable
        assert await texts.seen("c" * 64, "cm-1")
        assert (await clinic.send(message(key="m2"))).outcome == "sent"


async def test_P2_quiet_hours_are_those_of_the_persons_own_zone(
    clinic_settings: Settings, mailbox: Mailbox
) -> None:
    here, there = datetime.now(CHICAGO), datetime.now(ZoneInfo("Pacific/Honolulu"))
    hour = timedelta(hours=1)
    async with Clinic(
        clinic_settings,
        timezone="Pacific/Honolulu",
        quiet_from=(here - hour).time(),
        quiet_until=(here + hour).time(),
    ) as clinic:
        assert here.utcoffset() != there.utcoffset()
        assert (await clinic.send(message())).outcome == "sent"


async def test_P2_without_hours_of_their_own_the_quiet_hours_of_the_policy_hold_in_the_programs_zone(
    clinic_settings: Settings, mailbox: Mailbox
) -> None:
    now, hour = datetime.now(PHOENIX), timedelta(hours=1)
    quiet = ((now - hour).time(), (now + hour).time())
    async with Clinic(clinic_settings) as clinic:
        with pytest.raises(ApplicationError, match="quiet hours"):
            await clinic.send(message(quiet=quiet, timezone=PHOENIX.key))
        own = Patient("MRN-1", quiet_from=(now + 2 * hour).time(), quiet_until=(now + 3 * hour).time())
        await Patients(clinic.database).save(own)
        assert (await clinic.send(message(key="m2", quiet=quiet, timezone=PHOENIX.key))).outcome == "sent"


async def test_P2_stop_is_honoured_until_the_person_says_otherwise(
    clinic_settings: Settings, mailbox: Mailbox
) -> None:
    async with Clinic(clinic_settings) as clinic:
        await Patients(clinic.database).stop("MRN-1")
        assert (await clinic.send(message())).outcome == "suppressed"
        await Patients(clinic.database).stop("MRN-1", stopped=False)
        assert (await clinic.send(message(key="m2"))).outcome == "sent"


async def test_P2_a_stop_that_comes_while_the_mail_server_lets_it_wait_is_honoured(
    clinic_settings: Settings,
) -> None:
    with slow(slow_to_take_mail) as server:
        smtp = f"smtp://127.0.0.1:{server.port}"
        async with Clinic(clinic_settings.model_copy(update={"smtp": smtp})) as clinic:
            sending = asyncio.create_task(clinic.send(message()))
            await server.has_one_waiting()
            await Patients(clinic.database).stop("MRN-1")
            server.goes_on.set()
            assert (await sending).outcome == "suppressed"
            assert server.heard == b""
            await Patients(clinic.database).stop("MRN-1", stopped=False)
            assert (await clinic.send(message())).outcome == "suppressed", (
                "the same message is not sent later"
            )
            assert (await clinic.send(message(key="m2"))).outcome == "sent"
    assert server.heard.count(b"Message-ID") == 1


@pytest.mark.parametrize("channel", ["http://anywhere.example/inbox", "https://169.254.169.254/"])
async def test_P2_a_channel_that_is_not_safe_is_not_used_though_it_is_on_file(
    clinic_settings: Settings, mailbox: Mailbox, channel: str
) -> None:
    async with Clinic(clinic_settings) as clinic:
        await Crosswalk(clinic.database).save_contact("MRN-1", channel, allowed=True)
        assert (await clinic.send(message())).outcome == "suppressed"


async def test_E7_nothing_reaches_a_person_whose_episode_has_ended(
    clinic_settings: Settings, mailbox: Mailbox
) -> None:
    async with Clinic(clinic_settings) as clinic:
        await Crosswalk(clinic.database).note("e1", date(2026, 2, 1))
        assert (await clinic.send(message())).outcome == "suppressed"
        await Crosswalk(clinic.database).note("e1", None)
        assert (await clinic.send(message(key="m2"))).outcome == "sent"


async def test_P2_a_message_is_written_in_the_persons_language(
    clinic_settings: Settings, mailbox: Mailbox
) -> None:
    async with Clinic(clinic_settings, language="es-MX") as clinic:
        await clinic.send(message())
    (mail,) = read(mailbox.file)
    assert mail["subject"] == "Por favor, llámenos"


async def test_P2_a_template_that_was_changed_for_the_worse_is_not_sent(
    clinic_settings: Settings, mailbox: Mailbox, tmp_path: Path
) -> None:
    (tmp_path / "please_call.txt").write_text("Subject: Hello\n\nYou missed group.\n")
    async with Clinic(clinic_settings.model_copy(update={"templates": tmp_path})) as clinic:
        with pytest.raises(ApplicationError, match="can show what kind of care") as refused:
            await clinic.send(message())
    assert refused.value.non_retryable


@given(st.times(), st.times(), st.times())
def test_P2_quiet_hours_end_at_their_end_whether_or_not_they_span_midnight(
    begin: time, end: time, clock: time
) -> None:
    patient = Patient("k", quiet_from=begin, quiet_until=end)
    at = datetime.combine(date(2026, 1, 5), clock, CHICAGO)
    inside = begin <= clock < end if begin <= end else not (end <= clock < begin)
    assert is_quiet(at, CHICAGO, patient.quiet_hours) == (inside and begin != end)
    assert not is_quiet(at, CHICAGO, Patient("k").quiet_hours)


@pytest.mark.parametrize("sender", ["New Day Recovery <office@example.org>", "desk@sober-living.example"])
def test_P2_a_sender_that_shows_the_kind_of_care_is_refused(sender: str) -> None:
    assert check_sender(sender)
    assert check_sender("The office <office@clinic.example>") == []


@pytest.mark.parametrize("phone", ["555-SOBER", "call us", ""])
def test_P2_a_phone_number_of_letters_is_refused(phone: str) -> None:
    assert check_phone(phone)
    assert check_phone("+1 (555) 010-0100") == []


@pytest.mark.parametrize("text", ["Su sesión de grupo", "Visit example.org today", "See www.x"])
def test_P2_other_languages_and_bare_links_are_checked_too(text: str) -> None:
    assert check(f"Subject: Hello\n\n{text}")


def test_a_template_that_is_not_there_is_named() -> None:
    for name in ("nothing", "../secret", "a.b"):
        with pytest.raises(TemplateRefused):
            Templates(TEMPLATES).filled(name, None, "555-0100")


def test_P2_the_command_refuses_a_folder_a_sender_and_a_number(
    clinic_settings: Settings, tmp_path: Path
) -> None:
    assert carepath("templates", "check").returncode == 0
    (tmp_path / "one.txt").write_text("Subject: Your therapy\n\nHello\n")
    refused = carepath("templates", "check", str(tmp_path))
    assert (refused.returncode, "Not to be sent: one.txt." in refused.stderr) == (1, True)
    sender = clinic_settings.model_copy(update={"sender": "rehab@example.org"})
    assert "CAREPATH_SENDER" in carepath("templates", "check", settings=sender).stderr
