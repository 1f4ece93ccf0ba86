"""The consent is asked once more when the other side has opened, directly before a body leaves (P3, P4)."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import Event, Semaphore, Thread

import pytest
from temporalio.exceptions import ApplicationError

from activities.agencies.email import AgencyEmail
from activities.channels.email import Email
from activities.channels.trust import trusted
from activities.clinic_database import ClinicDatabase
from activities.clinic_database.consents import TakenBack
from tests.activities.disclosure.clinic import Clinic, agency_server, wanted
from worker.commands.consents import in_words


@dataclass
class Slow:
    """A real server that lets whoever comes wait, until the test says that it goes on."""

    port: int = 0
    waiting: Semaphore = field(default_factory=lambda: Semaphore(0))
    """One for each that waits."""
    goes_on: Event = field(default_factory=Event)
    heard: bytearray = field(default_factory=bytearray)
    """What was sent of what is to leave."""

    def let_wait(self) -> None:
        self.waiting.release()
        self.goes_on.wait(LONGEST_WAIT)

    async def has_one_waiting(self) -> None:
        assert await asyncio.to_thread(self.waiting.acquire, timeout=LONGEST_WAIT)


LONGEST_WAIT = 15
"""Seconds; less than the channels wait."""

Serving = Callable[[Slow, socket.socket], None]


@contextmanager
def slow(serving: Serving) -> Iterator[Slow]:
    state = Slow()

    class Handler(BaseRequestHandler):
        def handle(self) -> None:
            with suppress(OSError):  # whoever came has gone
                serving(state, self.request)

    with ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        state.port = server.server_address[1]
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield state
        finally:
            state.goes_on.set()
            server.shutdown()


def slow_to_open(context: ssl.SSLContext) -> Serving:
    """HTTPS that takes the connection and lets the handshake wait."""

    def serving(state: Slow, connection: socket.socket) -> None:
        state.let_wait()
        with context.wrap_socket(connection, server_side=True) as opened:
            while part := opened.recv(10_000):
                state.heard += part
                if b"}" in part:
                    opened.sendall(OK)

    return serving


def slow_to_answer(state: Slow, connection: socket.socket) -> None:
    """HTTP that has the whole request before it lets anybody wait."""
    while b"}" not in state.heard:
        state.heard += connection.recv(10_000)
    state.let_wait()
    connection.sendall(OK)


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


def slow_to_take_mail(state: Slow, connection: socket.socket) -> None:
    """SMTP that lets whoever wants to hand a mail over wait before it says that it takes it."""
    is_mail = False
    with connection.makefile("rwb", buffering=0) as lines:
        lines.write(b"220 ready\r\n")
        for line in lines:
            if line == b"DATA\r\n":
                state.let_wait()
                is_mail = True
                lines.write(b"354 go on\r\n")
                continue
            if is_mail:
                state.heard += line
                is_mail = line != b".\r\n"
            if not is_mail:
                lines.write(b"250 ok\r\n")


@pytest.fixture
def certified(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ssl.SSLContext]:
    """TLS for 127.0.0.1, by a certificate that this process trusts."""
    file = _certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    trusted.cache_clear()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    yield context
    trusted.cache_clear()


@pytest.fixture
async def clinic(database: ClinicDatabase) -> AsyncIterator[Clinic]:
    with agency_server() as server:
        yield await Clinic(database, server).begin()


async def _revoked(clinic: Clinic, consent: str = "c1") -> TakenBack:
    return await clinic.consents.revoke("e1", consent, f"no-{consent}", datetime.now(UTC), "cm-1")


async def test_P3_a_consent_that_is_revoked_while_the_connection_comes_about_lets_nothing_out(
    clinic: Clinic, certified: ssl.SSLContext
) -> None:
    await clinic.states()
    with slow(slow_to_open(certified)) as server:
        clinic.channel.url = f"https://127.0.0.1:{server.port}/"
        sending = asyncio.create_task(clinic.discloser.disclose(wanted()))
        await server.has_one_waiting()
        (begun,) = (await _revoked(clinic)).begun
        server.goes_on.set()
        receipt = await sending
    assert (receipt.outcome, "c1 is revoked" in (receipt.reason or "")) == ("withheld", True)
    assert server.heard == b"", "neither the body nor the head of a request has left"
    assert (begun.recipient, begun.state, begun.since) == ("food-1", "sending", None)
    assert await clinic.lines() == []
    assert (await clinic.verifier.verify()).problems == ()


async def test_P3_while_it_stands_the_same_sending_leaves_when_the_connection_is_there(
    clinic: Clinic, certified: ssl.SSLContext
) -> None:
    await clinic.states()
    with slow(slow_to_open(certified)) as server:
        clinic.channel.url = f"https://127.0.0.1:{server.port}/"
        sending = asyncio.create_task(clinic.discloser.disclose(wanted()))
        await server.has_one_waiting()
        server.goes_on.set()
        assert (await sending).outcome == "sent"
    assert b"r1:sending" in server.heard


async def test_P3_a_mail_does_not_leave_when_the_consent_ends_while_the_server_lets_it_wait(
    clinic: Clinic,
) -> None:
    await clinic.states()
    with slow(slow_to_take_mail) as server:
        mail = Email(f"smtp://127.0.0.1:{server.port}", "office@clinic.example")
        clinic.channel.send = AgencyEmail(  # type: ignore[method-assign]
            mail, "intake@agency.example", "office@clinic.example", "555-0100"
        ).send
        clinic.channel.way = "link"
        sending = asyncio.create_task(clinic.discloser.disclose(wanted()))
        await server.has_one_waiting()
        await _revoked(clinic)
        server.goes_on.set()
        assert (await sending).outcome == "withheld"
        await clinic.states(consent_id="c2", entry="n2")
        assert (await clinic.discloser.disclose(wanted())).outcome == "sent"
    assert server.heard.count(b"Message-ID") == 1, "only the one under the new consent"


async def test_P4_whoever_revokes_is_told_what_may_be_on_its_way_since_when(clinic: Clinic) -> None:
    await clinic.states()
    with slow(slow_to_answer) as server:
        clinic.channel.url = f"http://127.0.0.1:{server.port}/"
        sending = asyncio.create_task(clinic.discloser.disclose(wanted()))
        await server.has_one_waiting()
        taken = await _revoked(clinic)
        server.goes_on.set()
        assert (await sending).outcome == "sent", "it had left before"
    (begun,) = taken.begun
    assert begun.since is not None
    assert timedelta() <= datetime.now(UTC) - begun.since < timedelta(minutes=1)
    first, said = in_words(taken, "America/Chicago")
    assert first == "Nothing more leaves under it."
    assert said.startswith("A referral to food-1 may be on its way since 2")
    again = await _revoked(clinic)
    assert (again.entries, [one.state for one in again.begun]) == ((), ["sent"])


async def test_P4_whoever_revokes_is_told_what_was_stopped_and_what_was_sent(clinic: Clinic) -> None:
    await clinic.states()
    await clinic.discloser.disclose(wanted("first"))
    clinic.server.statuses[:] = [500]
    with pytest.raises(ApplicationError):
        await clinic.discloser.disclose(wanted("second"))
    taken = await _revoked(clinic)
    assert (taken.stopped, [one.state for one in taken.begun]) == (1, ["sent"])
    stopped, sent = in_words(taken, "America/Chicago")
    assert stopped == "Nothing more leaves under it. One sending that was waiting is stopped."
    assert "stays in the accounting" in sent


async def test_P3_another_consent_that_stands_is_named_in_the_ledger_and_not_the_one_that_ended(
    clinic: Clinic, certified: ssl.SSLContext
) -> None:
    await clinic.states()
    await clinic.states(consent_id="c2", entry="n2")
    with slow(slow_to_open(certified)) as server:
        clinic.channel.url = f"https://127.0.0.1:{server.port}/"
        sending = asyncio.create_task(clinic.discloser.disclose(wanted()))
        await server.has_one_waiting()
        await _revoked(clinic, "c2")
        server.goes_on.set()
        with pytest.raises(ApplicationError, match="another stands") as later:
            await sending
        assert not later.value.non_retryable
        assert (await clinic.discloser.disclose(wanted())).consent_id == "c1"
    (told,) = await clinic.ledger.accounting("MRN-1")
    assert told.consent_id == "c1"


async def test_P9_of_two_attempts_that_hang_only_the_one_that_came_last_lets_it_go(
    clinic: Clinic, certified: ssl.SSLContext
) -> None:
    await clinic.states()
    with slow(slow_to_open(certified)) as server:
        clinic.channel.url = f"https://127.0.0.1:{server.port}/"
        first = asyncio.create_task(clinic.discloser.disclose(wanted()))
        await server.has_one_waiting()
        second = asyncio.create_task(clinic.discloser.disclose(wanted()))
        await server.has_one_waiting()
        server.goes_on.set()
        outcomes = (await first).outcome, (await second).outcome
    assert outcomes in (("uncertain", "sent"), ("already_sent", "sent"))
    assert server.heard.count(b"POST /") == 1
    assert await clinic.lines() == ["food-1 sent"]
    assert (await clinic.verifier.verify()).problems == ()


async def test_P9_what_is_given_up_before_it_has_left_stays_here(
    clinic: Clinic, certified: ssl.SSLContext
) -> None:
    await clinic.states()
    with slow(slow_to_open(certified)) as server:
        clinic.channel.url = f"https://127.0.0.1:{server.port}/"
        sending = asyncio.create_task(clinic.discloser.disclose(wanted()))
        await server.has_one_waiting()
        assert (await clinic.discloser.give_up(wanted())).outcome == "withheld"
        server.goes_on.set()
        await sending
    assert server.heard == b""
    assert await clinic.lines() == []


def _certificate(folder: Path) -> Path:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    here = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(here, critical=False).sign(key, hashes.SHA256())
    )  # fmt: skip
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    file = folder / "agency.pem"
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
    file.write_bytes(private + certificate.public_bytes(pem))
    return file
