"""The small web servers of this process, under clients that connect and say nothing."""

import asyncio
from collections.abc import AsyncIterator

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from activities.channels.trust import trusted
from tests.servers import free_port
from worker import unfinished
from worker.serving import serving


async def _answer(request: Request) -> PlainTextResponse:
    return PlainTextResponse((await request.body()).decode() or "here")


@pytest.fixture
async def port() -> AsyncIterator[int]:
    number = free_port()
    async with serving(Starlette(routes=[Route("/", _answer, methods=["GET", "POST"])]), number):
        yield number


SILENT = {
    "no word": b"",
    "half a header": b"GET / HTTP/1.1\r\nHost: x\r\n",
    "half a body": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf",
}


@pytest.mark.parametrize("said", SILENT.values(), ids=list(SILENT))
async def test_hundreds_of_connections_that_say_nothing_keep_nobody_out(port: int, said: bytes) -> None:
    connections = []
    for _ in range(250):
        connection = await asyncio.open_connection("127.0.0.1", port)
        connection[1].write(said)
        connections.append(connection)
    async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", verify=trusted()) as client:
        for _ in range(3):
            assert (await client.get("/")).text == "here"
    for _, writer in connections:
        writer.close()


async def test_a_header_that_does_not_come_is_not_waited_for(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unfinished, "PATIENCE", 0.05)
    for said in (SILENT["no word"], SILENT["half a header"], b"GET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HT"):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(said)
        assert (await reader.read(-1)).startswith(b"HTTP/1.1 200" if said.endswith(b"HT") else b"")
        writer.close()


async def test_whoever_goes_on_talking_is_served(port: int) -> None:
    async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", verify=trusted()) as client:
        for number in range(20):
            assert (await client.post("/", content=str(number))).text == str(number)
