"""Webhooks and Apprise services against real servers: what is sent, and what each refusal means."""

import hashlib
import hmac
import json

import pytest

from activities.channels.other import Other
from activities.channels.port import AccessFault, Message, Permanent, Transient, Uncertain
from activities.channels.webhook import Webhook
from tests.activities.http_server import answering
from tests.servers import free_port


def message(to: str) -> Message:
    return Message("e1:task:cm-1", to, "task screening · case e1", "Screen the person who was referred.\n")


async def test_a_webhook_is_signed_and_carries_its_idempotency_key() -> None:
    with answering() as server:
        reference = await Webhook("secret").send(message(f"http://{server.address}/hook"))
    ((headers, body),) = server.taken
    assert json.loads(body) == {"key": "e1:task:cm-1", "subject": "task screening · case e1",
                                "text": "Screen the person who was referred.\n"}  # fmt: skip
    assert headers["idempotency-key"] == reference == "e1:task:cm-1"
    signed = hmac.new(b"secret", headers["carepath-timestamp"].encode() + b"." + body, hashlib.sha256)
    assert headers["carepath-signature"] == signed.hexdigest()


async def test_a_webhook_without_a_secret_is_not_signed() -> None:
    with answering() as server:
        await Webhook().send(message(f"http://{server.address}/hook"))
    assert "carepath-signature" not in server.taken[0][0]


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_a_webhook_that_asks_to_wait_may_be_tried_again(status: int) -> None:
    with answering(status) as server, pytest.raises(Transient, match=str(status)):
        await Webhook().send(message(f"http://{server.address}/hook"))


@pytest.mark.parametrize("status", [401, 403, 407])
async def test_a_webhook_that_does_not_let_us_in_is_a_fault_of_our_own(status: int) -> None:
    with answering(status) as server, pytest.raises(AccessFault, match=str(status)):
        await Webhook().send(message(f"http://{server.address}/hook"))


@pytest.mark.parametrize("status", [301, 400, 404, 410])
async def test_a_webhook_that_refuses_is_not_tried_again(status: int) -> None:
    with answering(status) as server, pytest.raises(Permanent, match=str(status)):
        await Webhook().send(message(f"http://{server.address}/hook"))


async def test_P9_a_webhook_that_takes_the_message_and_does_not_answer_is_uncertain() -> None:
    with answering(0) as server, pytest.raises(Uncertain):
        await Webhook(timeout=0.2).send(message(f"http://{server.address}/hook"))


async def test_a_webhook_where_nobody_listens_may_be_tried_again_and_its_address_is_not_told() -> None:
    with pytest.raises(Transient) as refused:
        await Webhook().send(message(f"http://127.0.0.1:{free_port()}/secret-path"))
    assert "secret-path" not in str(refused.value)


async def test_an_apprise_service_gets_the_subject_and_the_text() -> None:
    with answering() as server:
        await Other().send(message(f"json://{server.address}/"))
    content = json.loads(server.taken[0][1])
    assert (content["title"], content["message"].strip()) == (
        "task screening · case e1", "Screen the person who was referred.",
    )  # fmt: skip


async def test_an_apprise_service_that_refuses_may_be_tried_again_because_it_cannot_tell_why() -> None:
    with answering(500) as server, pytest.raises(Transient):
        await Other().send(message(f"json://{server.address}/"))


async def test_P9_an_apprise_service_that_does_not_answer_is_uncertain() -> None:
    with answering(0) as server, pytest.raises(Uncertain):
        await Other(timeout=0.5).send(message(f"json://{server.address}/"))
    assert len(server.taken) == 1


async def test_an_apprise_url_of_no_service_is_refused() -> None:
    with pytest.raises(Permanent, match="no service"):
        await Other().send(message("nowhere://example"))


async def test_P1_an_apprise_failure_logs_neither_address_nor_text(caplog: pytest.LogCaptureFixture) -> None:
    with answering(500) as server, pytest.raises(Transient):
        await Other().send(message(f"json://{server.address}/"))
    assert "Screen" not in caplog.text
    assert server.address not in caplog.text
