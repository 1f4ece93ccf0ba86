"""E-mail to an agency: a link, and nothing that tells of anybody or anything (P1, P2, C5)."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from activities.agencies.email import BODY, SUBJECT, AgencyEmail
from activities.agencies.links import Links
from activities.channels.email import Email
from activities.channels.port import AccessFault, Message, Permanent, Transient, Uncertain
from tests.activities.agencies.partners import SOMEBODY, handover
from worker.mailbox import Mailbox, read
from worker.settings import Settings
from workflows.core.episode.messages.neutral import check


@pytest.fixture
def database_url() -> str:
    """None is needed here."""
    return "sqlite+aiosqlite://"


def channel(settings: Settings, sender: str = "office@clinic.example") -> AgencyEmail:
    return AgencyEmail(Email(settings.smtp, sender, 2), "intake@agency.example", sender, "555-0100")


LINK = Links("secret", "https://answers.example").url("r1", "counselor-1", datetime.now(UTC))


@pytest.mark.parametrize("what", ["referral", "cancellation"])
async def test_P2_the_mail_holds_a_link_and_nothing_else(
    clinic_settings: Settings, mailbox: Mailbox, what: str
) -> None:
    given = handover(what=what, service="hiv_testing", content={"service_need": "hiv_testing", "hiv": "yes"},
                     answer_url=LINK)  # fmt: skip
    await channel(clinic_settings).send(given)
    (mail,) = read(mailbox.file)
    assert (mail["to"], mail["subject"], mail["from"]) == (
        "intake@agency.example",
        SUBJECT,
        "office@clinic.example",
    )
    assert LINK in mail["body"].replace("\n", " ").split()
    seen = f"{mail['subject']} {mail['from']} {mail['body'].replace(LINK, '')}".lower()
    for told in (
        SOMEBODY.given_name,
        "1980",
        SOMEBODY.phone,
        "hiv",
        "referral",
        "42 cfr",
        "consent",
    ):
        assert str(told).lower() not in seen
    assert check(f"Subject: {mail['subject']}\n\n{mail['body'].replace(LINK, '')}") == []


def test_P2_the_text_passes_the_check_of_every_message() -> None:
    assert check(f"Subject: {SUBJECT}\n\n{BODY}") == []


@pytest.mark.parametrize(
    ("sender", "link"),
    [
        ("office@sober-living.example", LINK),
        ("office@clinic.example", LINK.replace("answers", "recovery-answers")),
    ],
)
async def test_P2_a_sender_or_a_link_that_tells_keeps_the_mail_back(
    clinic_settings: Settings, mailbox: Mailbox, sender: str, link: str
) -> None:
    with pytest.raises(AccessFault, match="would show too much"):
        await channel(clinic_settings, sender).send(handover(answer_url=link))
    assert list(read(mailbox.file)) == []


async def test_without_a_page_there_is_no_mail(clinic_settings: Settings) -> None:
    with pytest.raises(AccessFault, match="CAREPATH_GATEWAY_URL"):
        await channel(clinic_settings).send(handover(answer_url=""))


async def test_a_dead_mail_server_is_tried_again(clinic_settings: Settings) -> None:
    with pytest.raises(Transient, match="cannot be reached"):
        await channel(clinic_settings).send(handover(answer_url=LINK))
    assert await channel(clinic_settings).ask("x") is None


@contextmanager
def _mail_server(*, dies_after: bytes) -> Iterator[str]:
    """Speaks SMTP up to a command, and hangs up."""

    class Session(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"220 here\r\n")
            is_text = False
            while line := self.rfile.readline():
                if line.startswith(dies_after):
                    return
                if not is_text:
                    is_text = line.startswith(b"DATA")
                    self.wfile.write(b"354 go on\r\n" if is_text else b"250 ok\r\n")

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Session) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"smtp://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


async def test_P9_a_mail_server_that_hangs_up_after_the_text_may_have_taken_it() -> None:
    with _mail_server(dies_after=b".\r\n") as address:
        mail = Email(address, "office@clinic.example", 2)
        with pytest.raises(Uncertain, match="broke off"):
            await AgencyEmail(mail, "intake@agency.example", "office@clinic.example", "555-0100").send(
                handover(answer_url=LINK)
            )


async def test_P9_a_mail_server_that_hangs_up_before_is_tried_again() -> None:
    with _mail_server(dies_after=b"EHLO") as address, pytest.raises(Transient):
        await Email(address, "office@clinic.example", 2).send(Message("k", "a@agency.example", "s", "b"))


@pytest.mark.parametrize("to", ["ada\n@agency.example", "<ada@", "ada@agency.example\r\nBcc: x@y.example"])
async def test_P1_an_address_that_no_mail_can_have_is_refused_and_not_repeated(to: str) -> None:
    with (
        _mail_server(dies_after=b".\r\n") as address,
        pytest.raises((Permanent, Transient)) as refused,
    ):
        await Email(address, "office@clinic.example", 2).send(Message("k", to, "s", "b"))
    assert "ada" not in str(refused.value)
