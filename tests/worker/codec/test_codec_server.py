"""The codec server over real HTTP: a Web UI that is named reads and writes, nobody else's page does."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from temporalio.api.common.v1 import Payload

from activities.channels.trust import trusted
from tests.servers import free_port
from worker.codec.codec import Codec
from worker.codec.keys import add_key, load_keys
from worker.codec.server import MOST_BYTES, MOST_PAYLOADS, codec_server
from worker.serving import serving

UI = "http://127.0.0.1:8233"


@pytest.fixture
def codec(tmp_path: Path) -> Codec:
    add_key(tmp_path / "keys", "a")
    return Codec(load_keys(tmp_path / "keys"))


@pytest.fixture
async def http(codec: Codec) -> AsyncIterator[httpx2.AsyncClient]:
    port = free_port()
    async with (
        serving(codec_server(codec, [UI]), port),
        httpx2.AsyncClient(
            base_url=f"http://127.0.0.1:{port}", headers={"origin": UI}, trust_env=False, verify=trusted()
        ) as http,
    ):
        yield http


def in_json(payload: Payload) -> dict[str, Any]:
    return {
        "metadata": {name: base64.b64encode(value).decode() for name, value in payload.metadata.items()},
        "data": base64.b64encode(payload.data).decode(),
    }


async def test_what_the_browser_encrypts_it_can_read_again(http: httpx2.AsyncClient) -> None:
    plain = {"payloads": [in_json(Payload(metadata={"encoding": b"json/plain"}, data=b'"program"'))]}
    sealed = await http.post("/encode", json=plain)
    assert (
        sealed.json()["payloads"][0]["metadata"]["encoding"] == base64.b64encode(b"binary/encrypted").decode()
    )
    opened = await http.post("/decode", json=sealed.json())
    assert opened.json() == plain


async def test_the_browser_may_ask_with_the_headers_that_the_web_ui_sends(http: httpx2.AsyncClient) -> None:
    asked = {
        "access-control-request-method": "POST",
        "access-control-request-headers": "content-type,x-namespace",
    }
    answer = await http.options("/decode", headers=asked)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == UI


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:8233.evil.example", ""])
async def test_P11_a_page_of_another_site_gets_nothing(
    http: httpx2.AsyncClient, codec: Codec, origin: str
) -> None:
    [sealed] = await codec.encode([Payload(data=b"x")])
    answer = await http.post("/decode", json={"payloads": [in_json(sealed)]}, headers={"origin": origin})
    assert answer.status_code == 403
    assert "payloads" not in answer.json()
    assert "access-control-allow-origin" not in answer.headers


async def test_a_program_on_this_machine_that_is_no_browser_may_read(
    codec: Codec, http: httpx2.AsyncClient
) -> None:
    [sealed] = await codec.encode([Payload(data=b"x")])
    async with httpx2.AsyncClient(base_url=http.base_url, trust_env=False, verify=trusted()) as command_line:
        answer = await command_line.post("/decode", json={"payloads": [in_json(sealed)]})
    assert answer.json() == {"payloads": [{"data": base64.b64encode(b"x").decode()}]}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        b'{"payloads": 1}',
        b'{"payloads": [{"data": 5}]}',
        b"\xff",
        b'{"x": 1}',
        b"[" * 100_000,
        b'{"payloads": [{"data": "\\ud800"}]}',
        b'{"payloads": [{"metadata": {"\\ud800": "YQ=="}}]}',
        b'{"payloads": [{"metadata": {"a": "\\u0000"}}]}',
        b'{"payloads": [{"data": "YQ", "more": 1}]}',
        b'{"payloads": [{"data": ' + b"9" * 5000 + b"}]}",
        b'{"payloads": [null]}',
    ],
)
async def test_a_body_that_is_no_payloads_is_refused_and_the_server_goes_on(
    http: httpx2.AsyncClient, body: bytes
) -> None:
    headers = {"content-type": "application/json"}
    assert (await http.post("/decode", content=body, headers=headers)).status_code == 400
    assert (await http.post("/decode", json={"payloads": []})).status_code == 200


async def test_a_body_of_another_type_or_too_large_is_refused(http: httpx2.AsyncClient) -> None:
    assert (
        await http.post("/decode", content=b"{}", headers={"content-type": "text/plain"})
    ).status_code == 415
    headers = {"content-type": "application/json"}
    large = await http.post("/decode", content=b" " * (MOST_BYTES + 1), headers=headers)
    assert large.status_code == 413


async def test_P1_what_workers_refuse_is_shown_as_that_and_hides_nothing_beside_it(
    http: httpx2.AsyncClient, codec: Codec
) -> None:
    foreign = Payload(
        metadata={"encoding": b"binary/encrypted", "encryption-key-id": b"2019"}, data=b"x" * 40
    )
    plain = Payload(metadata={"encoding": b"json/plain"}, data=b'{"kind": "exit"}')
    [ours] = codec.sealed([Payload(metadata={"encoding": b"json/plain"}, data=b'"program"')])
    attribute = Payload(metadata={"encoding": b"json/plain", "type": b"Keyword"}, data=b'"gate_review"')
    garbage = Payload(metadata={"encoding": b"json/plain"}, data=b"[" * 50_000)
    sent = {"payloads": [in_json(one) for one in (foreign, plain, ours, attribute, garbage)]}
    answer = await http.post("/decode", json=sent)
    says = [json.loads(base64.b64decode(one["data"])) for one in answer.json()["payloads"]]
    assert "key 2019 is not in" in says[0]["refused"]
    assert "is not encrypted" in says[1]["refused"]
    assert says[1]["it says"] == {"kind": "exit"}
    assert says[2:4] == ["program", "gate_review"]
    assert says[4]["it says"].startswith("[[")


async def test_a_body_full_of_small_payloads_keeps_nobody_else_waiting(
    http: httpx2.AsyncClient, codec: Codec
) -> None:
    sealed = [in_json(one) for one in codec.sealed([Payload(data=b"x")] * 10_000)]
    large = asyncio.create_task(http.post("/decode", json={"payloads": sealed}))
    small = await http.post("/decode", json={"payloads": sealed[:1]})
    assert small.status_code == 200
    assert len((await large).json()["payloads"]) == 10_000
    assert (await http.post("/decode", json={"payloads": [{}] * (MOST_PAYLOADS + 1)})).status_code == 413
