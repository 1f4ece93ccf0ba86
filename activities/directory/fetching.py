"""Fetching a feed, whole: from a file, a folder of tables, or an address, page by page where the format has pages.

Either everything arrives or nothing is taken. No message holds an address with its query: keys may stand in it.
"""

import json
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2

from activities.channels.http import retry_after
from activities.channels.trust import trusted
from activities.directory.bounds import MOST_BYTES, MOST_FILES, MOST_PAGES
from activities.directory.feeds import Feed
from activities.directory.fields import obj
from activities.directory.paging import PAGED, check_whole, next_page, rows
from activities.directory.reading import FeedUnusable

PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})


class FeedUnreachable(Exception):
    """Nothing arrived, for now: worth another attempt. The message is for people.

    `after` is how long the server asked to be left alone, where it did.
    """

    def __init__(self, sentence: str, after: timedelta | None = None) -> None:
        super().__init__(sentence)
        self.after = after


async def fetch(feed: Feed, patience: float = 60) -> bytes | Mapping[str, bytes]:
    """The whole feed; `patience` in seconds, for each answer.

    Raises:
        FeedUnreachable: it may be reached later.
        FeedUnusable: another attempt would find the same.
    """
    if feed.file is not None:
        return _read(feed.file)
    assert feed.url is not None, "a feed has a file or an address"
    headers = {"Accept": "application/fhir+json, application/json" if feed.format == "fhir" else "*/*",
               "User-Agent": "carepath-directory"}  # fmt: skip
    try:
        async with httpx2.AsyncClient(
            timeout=patience, follow_redirects=True, headers=headers, verify=trusted()
        ) as client:
            return await _pages(client, feed, feed.url)
    except httpx2.InvalidURL:
        raise FeedUnusable("its address is none") from None
    except httpx2.TooManyRedirects:
        raise FeedUnusable("its address leads in a circle") from None
    except httpx2.HTTPError as error:
        raise FeedUnreachable(f"it cannot be reached ({type(error).__name__})") from None


def _read(path: Path) -> bytes | Mapping[str, bytes]:
    try:
        if not path.is_dir():
            return _bounded(path, MOST_BYTES)
        tables: dict[str, bytes] = {}
        left = MOST_BYTES
        for one in sorted(path.glob("*.csv"))[: MOST_FILES + 1]:
            tables[one.name] = _bounded(one, left)
            left -= len(tables[one.name])
    except OSError as error:
        raise FeedUnusable(f"its file cannot be read ({error.strerror})") from None
    if len(tables) > MOST_FILES:
        raise FeedUnusable(f"its folder has more than {MOST_FILES} tables")
    return tables


def _bounded(path: Path, most: int) -> bytes:
    with path.open("rb") as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise FeedUnusable(f"it is larger than {MOST_BYTES // 1_000_000} MB")
    return content


async def _pages(client: httpx2.AsyncClient, feed: Feed, first: str) -> bytes:
    content = await _one(client, first)
    if feed.format not in PAGED:
        return content
    documents, url, seen, size = [_parsed(content)], first, {first}, len(content)
    while following := next_page(feed.format, url, documents[-1]):
        if following in seen or len(documents) >= MOST_PAGES:
            raise FeedUnusable(f"its pages do not end (after {len(documents)})")
        seen.add(following)
        url = following
        page = await _one(client, url)
        size += len(page)
        if size > MOST_BYTES:
            raise FeedUnusable(f"its pages are larger than {MOST_BYTES // 1_000_000} MB")
        documents.append(_parsed(page))
        if documents[-1] is None:
            raise FeedUnusable(f"page {len(documents)} is no JSON")
        if obj(documents[-1]).get("Errors") or obj(documents[-1]).get("resourceType") == "OperationOutcome":
            raise FeedUnusable(f"page {len(documents)} is an error")
    check_whole(feed.format, documents)
    if len(documents) == 1:
        return content
    return json.dumps([row for document in documents for row in rows(document)]).encode()


async def _one(client: httpx2.AsyncClient, url: str) -> bytes:
    parts, size = [], 0
    async with client.stream("GET", url) as answer:
        if answer.status_code in PASSING:
            sentence = f"the server answered {answer.status_code}: try again later"
            raise FeedUnreachable(sentence, retry_after(answer.headers))
        if answer.status_code != 200:
            raise FeedUnusable(f"the server answered {answer.status_code}")
        async for part in answer.aiter_bytes():
            size += len(part)
            if size > MOST_BYTES:
                raise FeedUnusable(f"the answer is larger than {MOST_BYTES // 1_000_000} MB")
            parts.append(part)
    return b"".join(parts)


def _parsed(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None  # the first page is read again by its format, which says what is wrong
