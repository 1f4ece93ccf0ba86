"""What an HTTP exchange means for a sending: when nothing can have arrived, when it was refused, when nobody knows.

The line is drawn at the moment in which the request is handed over. Before it nothing left; after it only an answer
of the other side itself tells what became of it (P9).
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import httpx2

from activities.channels.port import (
    AccessFault,
    Leaving,
    NobodyAnswers,
    Permanent,
    Transient,
    Uncertain,
    at_once,
)
from activities.channels.reach import OutOfBounds, check_where_it_leads
from activities.channels.trust import trusted
from workflows.ports.timeouts import LONGEST_RETRY_AFTER

NOT_YET_SENT = (
    httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.ProxyError, httpx2.UnsupportedProtocol,
    httpx2.LocalProtocolError,
)  # fmt: skip
"""Errors that come before the first byte of a request: it is certain that nothing was delivered."""

OUR_ACCESS = frozenset({401, 403, 407, 511})
"""We are not let in: our credentials are wrong, or have expired. Whoever should read it has refused nothing."""

TRY_AGAIN = frozenset({408, 425, 429, 500, 503})
"""The other side says itself that it has not done it. A 502 or 504 comes from somebody in between who cannot know."""

BEFORE_THE_FIRST_BYTE = "http11.send_request_headers.started"
"""The step of an exchange, as the library names it, at which the connection stands and nothing of the request left."""

LONGEST_ANSWER = 2_000_000
"""Bytes that are read of an answer; ours are a few kilobytes, and a stream without an end would fill the memory."""


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """An answer, with its headers under names in any case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


async def exchange(
    who: str,
    method: str,
    url: str,
    *,
    content: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    within: float = 20,
    repeats_are_safe: bool = False,
    let_pass: frozenset[int] = frozenset(),
    own_network: bool = False,
    leaving: Leaving = at_once,
) -> HttpAnswer:
    """Make one request, and give back an answer below 300. Redirects are not followed: what is sent is for one address.

    Args:
        who: names the other side in errors, such as "the webhook"; never an address.
        within: seconds for each step of the exchange; the whole may take twice as long.
        repeats_are_safe: that a second such request changes nothing, so that an uncertain one may be made again.
        let_pass: statuses from 300 on that the caller wants to see for itself.
        own_network: whether the other side may be in the clinic's own network.
        leaving: asked once the connection stands, directly before the first byte of the request.

    Raises:
        Transient, AccessFault, Permanent, Uncertain: as they say.
        Withdrawn: `leaving` has said so.
    """
    request = _Leaving(leaving, 2 * within)
    try:
        await check_where_it_leads(url, own_network=own_network)
        async with request.patience, httpx2.AsyncClient(timeout=within, verify=trusted()) as client:
            given, asked = dict(headers or {}), {"trace": request.heard}
            async with client.stream(
                method, url, content=content, headers=given, extensions=asked
            ) as response:
                answer = await _read(response)
    except NOT_YET_SENT as error:
        away = NobodyAnswers if _is_away(error) else AccessFault
        raise away(f"{who} cannot be reached ({type(error).__name__})") from None
    except (httpx2.TimeoutException, TimeoutError):
        if not request.is_out:
            raise NobodyAnswers(f"{who} cannot be reached in time") from None
        raise unclear(f"{who} did not answer in time", repeats_are_safe) from None
    except (httpx2.HTTPError, httpx2.StreamError) as error:
        raise unclear(f"{who} broke off the connection ({type(error).__name__})", repeats_are_safe) from None
    except OutOfBounds as error:
        raise AccessFault(f"{who} has an address that {error}") from None
    except (httpx2.InvalidURL, ValueError):
        raise AccessFault(f"{who} has an address that is no URL") from None
    return answer if answer.status in let_pass else _taken(who, answer, repeats_are_safe)


def _taken(who: str, answer: HttpAnswer, repeats_are_safe: bool) -> HttpAnswer:
    """An answer that says yes, or what is raised for any other."""
    if answer.status in OUR_ACCESS:
        raise AccessFault(f"{who} does not let us in ({answer.status})", retry_after(answer.headers))
    if answer.status in TRY_AGAIN:
        raise Transient(f"{who} answered {answer.status}: try again later", retry_after(answer.headers))
    if answer.status >= 500:
        raise unclear(f"{who} answered {answer.status}, which leaves open what it did", repeats_are_safe)
    if answer.status >= 300:
        raise Permanent(f"{who} refused with {answer.status}")
    return answer


class _Leaving:
    """How far a request has come: it waits for leave before its first byte, in time of its own."""

    def __init__(self, leaving: Leaving, seconds: float) -> None:
        self._leaving, self._seconds = leaving, seconds
        self.patience = asyncio.timeout(seconds)
        """With the other side; the clinic's own database is another matter."""
        self.is_out = False
        """Whether anything of it can have left."""

    async def heard(self, step: str, about: Mapping[str, Any]) -> None:
        """Each step of the exchange. The request to a proxy, to lead to the other side, carries nothing."""
        if step == BEFORE_THE_FIRST_BYTE and about["request"].method != b"CONNECT":
            self.patience.reschedule(None)
            await self._leaving()
            self.patience.reschedule(asyncio.get_running_loop().time() + self._seconds)
            self.is_out = True


def _is_away(error: BaseException) -> bool:
    """Whether the machine of the other side is silent or shut, and not our own name service, TLS or network."""
    if isinstance(error, httpx2.ConnectTimeout):
        return True
    seen = error.__cause__ or error.__context__
    while seen is not None:
        if isinstance(seen, (ConnectionError, TimeoutError)):
            return True
        seen = seen.__cause__ or seen.__context__
    return False


async def _read(response: httpx2.Response) -> HttpAnswer:
    body = bytearray()
    async for part in response.aiter_bytes():
        body += part
        if len(body) > LONGEST_ANSWER:
            break
    return HttpAnswer(response.status_code, response.headers, bytes(body))


def without_secrets(url: str) -> str:
    """An address as it may be kept and shown: neither name and password, nor what follows its path."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def retry_after(headers: Mapping[str, str], now: datetime | None = None) -> timedelta | None:
    """How long the other side asks to be left alone, in seconds or until a date (RFC 9110, 10.2.3); at most a day.

    None where it does not say, or says what cannot be read.
    """
    said = next((value for name, value in headers.items() if name.lower() == "retry-after"), "").strip()
    if said.isascii() and said.isdigit():
        return min(timedelta(seconds=int(said[:9])), LONGEST_RETRY_AFTER)
    try:
        until = parsedate_to_datetime(said)
    except ValueError:
        return None
    wait = until.astimezone(UTC) - (now or datetime.now(UTC))
    return min(max(wait, timedelta()), LONGEST_RETRY_AFTER)


def unclear(sentence: str, repeats_are_safe: bool) -> Transient | Uncertain:
    """What to raise where nobody knows whether it arrived: that is harmless where a repeat changes nothing."""
    return Transient(sentence) if repeats_are_safe else Uncertain(sentence)
