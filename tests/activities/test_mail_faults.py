"""What a mail server says, and whose fault it is: ours, the recipient's, or nobody's (P9)."""

import socket
import ssl
import threading
from pathlib import Path

import pytest

from activities.channels.email import Email
from activities.channels.port import AccessFault, Message, Permanent, Transient, Uncertain
from tests.mail_server import MailServer, asking_for_a_password
from tests.servers import free_port

SENDER = "office@clinic.example"


def to(address: str) -> Message:
    return Message("k1", address, "crisis response · case e1", "Respond to a crisis at once.\n")


async def send(
    server: MailServer, address: str = "oc-1@clinic.example", who: str = "", scheme: str = "smtp"
) -> str:
    return await Email(f"{scheme}://{who}127.0.0.1:{server.port}", SENDER, timeout=5).send(to(address))


@pytest.mark.parametrize(
    ("command", "answer", "meaning"),
    [
        ("RCPT", "451 4.7.1 greylisted, try again in 300 seconds", Transient),
        ("MAIL", "451 try again later", Transient),
        ("MAIL", "421 too busy", Transient),
        ("DATA", "451 try again later", Transient),
        ("RCPT", "452 4.2.2 mailbox full", Transient),
        ("MAIL", "452 insufficient system storage", AccessFault),
        ("MAIL", "530 5.7.0 authentication required", AccessFault),
        ("MAIL", "550 we know no such sender", AccessFault),
        ("RCPT", "530 sign in first", AccessFault),
        ("RCPT", "535 5.7.8 credentials expired", AccessFault),
        ("RCPT", "554 5.7.1 relay access denied", AccessFault),
        ("RCPT", "550 relaying is not allowed", AccessFault),
        ("DATA", "550 5.7.26 not signed by its sender", AccessFault),
        ("DATA", "554 5.3.1 mail system full", AccessFault),
        ("RCPT", "550 no such user", Permanent),
        ("RCPT", "550 5.1.1 no such user", Permanent),
        ("RCPT", "552 5.2.2 mailbox full", Permanent),
        ("DATA", "554 refused", Permanent),
    ],
)
async def test_F2_each_answer_of_a_mail_server_is_read_for_what_it_is(
    command: str, answer: str, meaning: type[Exception]
) -> None:
    with MailServer(free_port()) as server:
        server.answers[command] = answer
        with pytest.raises(Exception, match=answer[:3]) as refused:
            await send(server)
    assert type(refused.value) is meaning
    assert "@" not in str(refused.value)  # P1
    assert server.taken == []


async def test_F2_an_expired_password_is_a_fault_of_our_own_and_passes_with_the_next() -> None:
    with asking_for_a_password(free_port()) as server:
        server.lets_in = False
        with pytest.raises(AccessFault, match="535"):
            await send(server, who="office:old@")
        with pytest.raises(AccessFault, match="530"):
            await send(server)
        server.lets_in = True
        await send(server, who="office:new@")
    assert server.subjects_of("oc-1@clinic.example") == ["crisis response · case e1"]


async def test_F2_a_server_without_sign_in_is_a_fault_of_our_own() -> None:
    with MailServer(free_port()) as server, pytest.raises(AccessFault):
        await send(server, who="office:secret@")


@pytest.mark.parametrize(
    "address",
    [
        "smtp://127.0.0.1:{closed}",
        "smtp://nowhere.invalid:25",
        "smtp://127.0.0.1:notaport",
        "smtps://127.0.0.1:{open}",
    ],
)
async def test_F2_closed_unknown_misspelt_and_without_tls_are_faults_of_our_own(address: str) -> None:
    with MailServer(free_port()) as server:
        url = address.format(closed=free_port(), open=server.port)
        with pytest.raises(AccessFault):
            await Email(url, SENDER, timeout=5).send(to("oc-1@clinic.example"))


async def test_F2_a_certificate_that_nobody_vouches_for_is_a_fault_of_our_own(tmp_path: Path) -> None:
    server = MailServer(free_port(), ssl_context=_of_its_own(tmp_path))
    with server, pytest.raises(AccessFault):
        await send(server, scheme="smtps")
    assert server.taken == []


async def test_P9_a_server_that_breaks_off_after_the_message_leaves_it_uncertain() -> None:
    port, listening = free_port(), threading.Event()
    broken = threading.Thread(target=_breaks_off, args=(port, listening))
    broken.start()
    listening.wait(10)
    with pytest.raises(Uncertain):
        await Email(f"smtp://127.0.0.1:{port}", SENDER, timeout=5).send(to("oc-1@clinic.example"))
    broken.join()


async def test_F2_an_address_beyond_ascii_is_refused_for_certain_where_the_server_takes_none() -> None:
    with MailServer(free_port(), smtputf8=False) as server:
        with pytest.raises(Permanent, match="beyond ASCII"):
            await send(server, "jörg@clinic.example")
        await send(server, "oc-1@bücher.example")  # the domain has a form that every server takes
    assert [to for to, _, _ in server.taken] == ["oc-1@xn--bcher-kva.example"]
    with MailServer(free_port()) as able:
        await send(able, "jörg@clinic.example")
    assert [to for to, _, _ in able.taken] == ["jörg@clinic.example"]


@pytest.mark.parametrize(
    "address",
    [
        "",
        "nobody",
        "a@b c",
        "a@b>\r\nRCPT TO:<c@d",
        "@clinic.example",
        "a@",
        "a@b.example\r\nBcc: c@d.example",
    ],
)
async def test_F2_what_is_no_address_is_refused_before_anything_leaves(address: str) -> None:
    with MailServer(free_port()) as server, pytest.raises(Permanent):
        await send(server, address)
    assert server.tried == 0


async def test_F2_a_mail_to_two_of_whom_one_is_refused_goes_to_neither() -> None:
    with MailServer(free_port()) as server:
        server.answers["b@clinic.example"] = "550 no such user"
        with pytest.raises(Permanent):
            await send(server, "a@clinic.example, b@clinic.example")
        assert server.taken == []
        await send(server, "a@clinic.example, c@clinic.example")
    assert [to for to, _, _ in server.taken] == ["a@clinic.example", "c@clinic.example"]


async def test_P9_the_same_notice_has_the_same_message_id_at_each_attempt() -> None:
    with MailServer(free_port()) as server:
        assert await send(server) == await send(server)
    assert len({message_id for _, _, message_id in server.taken}) == 1


def _breaks_off(port: int, listening: threading.Event) -> None:
    """Takes a message and is gone."""
    with socket.create_server(("127.0.0.1", port)) as server:
        listening.set()
        connection, _ = server.accept()
        with connection, connection.makefile("rwb", buffering=0) as lines:
            lines.write(b"220 ready\r\n")
            for line in lines:
                if line == b".\r\n":
                    return
                answers = {b"DATA": b"354 go on\r\n"}
                if line[:4] in (b"EHLO", b"MAIL", b"RCPT", b"DATA"):
                    lines.write(answers.get(line[:4], b"250 ok\r\n"))


def _of_its_own(folder: Path) -> ssl.SSLContext:
    """TLS with a certificate that the server has signed itself."""
    from datetime import UTC, datetime, timedelta

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now).not_valid_after(now + timedelta(days=1)).sign(key, hashes.SHA256())
    )  # fmt: skip
    pem = serialization.Encoding.PEM
    file = folder / "server.pem"
    plain = serialization.NoEncryption()
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
    file.write_bytes(private + certificate.public_bytes(pem))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context
