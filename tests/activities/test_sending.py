"""Sending once, through real servers (P1, P2, P9, I6)."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from temporalio.exceptions import ApplicationError

from activities.assembled import assemble
from activities.clinic_database import ClinicDatabase, Crosswalk, EpisodeAlreadyOpen, Outbox
from tests.databases import sealed_for_tests
from worker.mailbox import Mailbox, read
from worker.settings import Settings
from workflows.core.episode.messages.neutral import check
from workflows.ports.patients import PatientMessage
from workflows.ports.staff import StaffNotice


class Answering:
    """An SMTP server that answers what it is told to."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.taken = 0

    async def handle_RCPT(
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        answer = self.answers.pop(0) if self.answers else "250 ok"
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, _server: Any, _session: Any, _envelope: Any) -> str:
        self.taken += 1
        return "250 kept"


def notice(key: str = "k1", staff_id: str | None = "cm-1") -> StaffNotice:
    return StaffNotice(key=key, episode_id="e1", role="case_manager", staff_id=staff_id, subject_code="task_screening",
                       lines=["Screen the person who was referred."])  # fmt: skip


@pytest.fixture
def staff(tmp_path: Path) -> Path:
    file = tmp_path / "staff.yaml"
    file.write_text('staff:\n  cm-1: {roles: [case_manager], channels: ["mailto:cm-1@clinic.example"]}\n')
    return file


@pytest.fixture
async def activities(clinic_settings: Settings, staff: Path) -> AsyncIterator[dict[str, Any]]:
    assembled = assemble(database_url=clinic_settings.database, staff_file=staff, smtp_url=clinic_settings.smtp,
                         sender="office@clinic.example", clinic_phone="555-0100", journal=sealed_for_tests)  # fmt: skip
    yield {callable_.__name__: callable_ for callable_ in assembled.callables}
    await assembled.database.close()


async def test_P9_a_retried_activity_does_not_send_twice(
    activities: dict[str, Any], mailbox: Mailbox
) -> None:
    outcomes = [(await activities["notify_staff"](notice())).outcome for _ in range(3)]
    assert outcomes == ["sent", "already_sent", "already_sent"]
    assert len(list(read(mailbox.file))) == 1


async def test_P9_a_crash_between_sending_and_marking_is_uncertain_for_a_patient_and_sent_again_to_staff(
    activities: dict[str, Any], mailbox: Mailbox, clinic_settings: Settings
) -> None:
    database = ClinicDatabase(clinic_settings.database)
    await Crosswalk(database).open_episode("MRN-1", "e1", date(2026, 1, 5))
    await Crosswalk(database).save_contact("MRN-1", "mailto:someone@home.example", allowed=True)
    for key in ("k1:cm-1", "m1"):
        await Outbox(database).claim(key, episode_id="e1", kind="x", recipient="x")  # and then it crashed
    message = PatientMessage(key="m1", episode_id="e1", template="please_call")
    assert (await activities["message_patient"](message)).outcome == "uncertain"
    assert (await activities["message_patient"](message)).outcome == "uncertain"
    assert (await activities["notify_staff"](notice())).outcome == "sent"
    assert (await activities["notify_staff"](notice())).outcome == "already_sent"
    assert [mail["to"] for mail in read(mailbox.file)] == ["cm-1@clinic.example"]
    await database.close()


async def test_P9_thirty_attempts_at_once_send_one_message(
    activities: dict[str, Any], mailbox: Mailbox
) -> None:
    receipts = await asyncio.gather(*(activities["notify_staff"](notice()) for _ in range(30)))
    assert [receipt.outcome for receipt in receipts].count("sent") == 1
    assert len(list(read(mailbox.file))) == 1


async def test_a_server_that_asks_to_wait_is_tried_again_and_one_that_refuses_is_not(
    activities: dict[str, Any], clinic_settings: Settings
) -> None:
    server = Answering("451 later", "250 ok", "550 no such user")
    controller = Controller(server, hostname="127.0.0.1", port=int(clinic_settings.smtp.rpartition(":")[2]))
    controller.start()
    try:
        with pytest.raises(ApplicationError, match="try again later") as later:
            await activities["notify_staff"](notice("a"))
        assert not later.value.non_retryable
        assert (await activities["notify_staff"](notice("a"))).outcome == "sent"
        with pytest.raises(ApplicationError, match="refused the message with 550") as refused:
            await activities["notify_staff"](notice("b"))
        assert refused.value.non_retryable
        assert "@" not in refused.value.message  # P1: no address in an error
        assert server.taken == 1
    finally:
        controller.stop()


async def test_a_dead_server_is_a_passing_fault(activities: dict[str, Any]) -> None:
    with pytest.raises(ApplicationError, match="cannot be reached") as error:
        await activities["notify_staff"](notice())
    assert error.value.type == "ChannelDown"


async def test_an_unknown_staff_id_is_named_with_the_remedy(activities: dict[str, Any]) -> None:
    with pytest.raises(ApplicationError, match="nobody for staff id cm-9; add them") as error:
        await activities["notify_staff"](notice(staff_id="cm-9"))
    assert error.value.non_retryable


async def test_P2_a_message_to_a_patient_is_neutral_and_goes_to_the_contact_on_file(
    activities: dict[str, Any], mailbox: Mailbox, clinic_settings: Settings
) -> None:
    database = ClinicDatabase(clinic_settings.database)
    crosswalk = Crosswalk(database)
    await crosswalk.open_episode("MRN-1", "e1", date(2026, 1, 5))
    message = PatientMessage(key="m1", episode_id="e1", template="please_call")
    assert (await activities["message_patient"](message)).outcome == "suppressed"
    await crosswalk.save_contact("MRN-1", "mailto:someone@home.example", allowed=True)
    assert (await activities["message_patient"](message.model_copy(update={"key": "m2"}))).outcome == "sent"
    (mail,) = read(mailbox.file)
    assert "555-0100" in mail["body"]
    assert check(f"Subject: {mail['subject']}\n\n{mail['body']}") == []
    await database.close()


async def test_T7_a_stale_message_is_not_sent(activities: dict[str, Any], mailbox: Mailbox) -> None:
    late = PatientMessage(key="m1", episode_id="e1", template="please_call",
                          send_before=datetime.now(UTC) - timedelta(hours=1))  # fmt: skip
    assert (await activities["message_patient"](late)).outcome == "stale"
    assert list(read(mailbox.file)) == []


@pytest.mark.parametrize(
    "text",
    [
        "You missed group.",
        "Your IOP session",
        "Recovery Center",
        "See https://example.org/x",
        "Call {first_name}",
    ],
)
def test_P2_a_template_that_shows_the_kind_of_care_is_refused(text: str) -> None:
    assert check(f"Subject: Hello\n\n{text}")


def test_P2_every_template_in_use_passes_the_check() -> None:
    templates = Path(check.__code__.co_filename).parent / "templates"
    for file in templates.glob("*.txt"):
        assert check(file.read_text("utf-8")) == [], file.name


async def test_I6_a_second_open_episode_is_refused_with_a_pointer_to_the_first(
    clinic_settings: Settings,
) -> None:
    database = ClinicDatabase(clinic_settings.database)
    crosswalk = Crosswalk(database)
    await crosswalk.open_episode("MRN-1", "e1", date(2026, 1, 5))
    with pytest.raises(EpisodeAlreadyOpen, match="open episode e1"):
        await crosswalk.open_episode("MRN-1", "e2", date(2026, 2, 5))
    await crosswalk.note("e1", date(2026, 2, 1))
    await crosswalk.open_episode("MRN-1", "e2", date(2026, 2, 5))
    assert await crosswalk.open_episode_of("MRN-1") == "e2"
    await database.close()
