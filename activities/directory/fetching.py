"""Fetching a feed, whole: from a file, a folder of tables, or an address, page by page where the format has pages.

Either everything arrives or nothing is taken. No message holds an address with its query: keys may stand in it.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit, urlunsplit

import httpx2

from activities.directory.feeds import Feed
from activities.directory.fields import code, obj, objects, whole
from activities.directory.reading import FeedUnusable

LARGEST = 200_000_000
"""Bytes of one answer. The largest known feeds have some ten thousand meetings of a kilobyte."""
MOST_PAGES = 500
PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})


class FeedUnreachable(Exception):
    """Nothing arrived, for now: worth another attempt. The message is for people."""


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
        async with httpx2.AsyncClient(timeout=patience, follow_redirects=True, headers=headers) as client:
            return await _pages(client, feed, feed.url)
    except httpx2.InvalidURL:
        raise FeedUnusable("its address is none") from None
    except httpx2.TooManyRedirects:
        raise FeedUnusable("its address leads in a circle") from None
    except httpx2.HTTPError as error:
        raise FeedUnreachable(f"it cannot be reached ({type(error).__name__})") from None


def _read(path: Path) -> bytes | Mapping[str, bytes]:
    try:
        if path.is_dir():
            return {one.name: one.read_bytes() for one in sorted(path.glob("*.csv"))}
        return path.read_bytes()
    except OSError as error:
        raise FeedUnusable(f"its file cannot be read ({error.strerror})") from None


async def _pages(client: httpx2.AsyncClient, feed: Feed, first: str) -> bytes:
    content = await _one(client, first)
    if feed.format not in ("fhir", "hsds", "nppes"):
        return content
    documents, url, seen = [_parsed(content)], first, {first}
    while following := next_page(feed.format, url, documents[-1]):
        if following in seen or len(documents) >= MOST_PAGES:
            raise FeedUnusable(f"its pages do not end (after {len(documents)})")
        seen.add(following)
        url = following
        documents.append(_parsed(await _one(client, url)))
        if documents[-1] is None:
            raise FeedUnusable(f"page {len(documents)} is no JSON")
        if obj(documents[-1]).get("Errors"):
            raise FeedUnusable(f"page {len(documents)} is an error")
    if len(documents) == 1:
        return content
    return json.dumps([row for document in documents for row in _rows(document)]).encode()


async def _one(client: httpx2.AsyncClient, url: str) -> bytes:
    parts, size = [], 0
    async with client.stream("GET", url) as answer:
        if answer.status_code in PASSING:
            raise FeedUnreachable(f"the server answered {answer.status_code}: try again later")
        if answer.status_code != 200:
            raise FeedUnusable(f"the server answered {answer.status_code}")
        async for part in answer.aiter_bytes():
            size += len(part)
            if size > LARGEST:
                raise FeedUnusable(f"the answer is larger than {LARGEST // 1_000_000} MB")
            parts.append(part)
    return b"".join(parts)


def next_page(format_: str, url: str, document: Any) -> str | None:
    """The address of the page behind this one: FHIR's link `next`, HSDS's page numbers, NPPES's skip.

    A link to another server is not followed.
    """
    page = obj(document)
    if format_ == "fhir":
        links = [
            code(one.get("url"), 2000) for one in objects(page.get("link")) if one.get("relation") == "next"
        ]
        target = urljoin(url, links[0]) if links else None
        return target if target and urlsplit(target)[:2] == urlsplit(url)[:2] else None
    if format_ == "hsds":
        number, of = whole(page.get("page_number")), whole(page.get("total_pages"))
        # HSDS counts its pages from 1; a server that answers page 0 counts from 0.
        last = of if of is not None and number else (of or 0) - 1
        return _with(url, page=number + 1) if number is not None and number < last else None
    rows, query = page.get("results"), parse_qs(urlsplit(url).query)
    limit, skip = whole(query.get("limit", ["10"])[0]), whole(query.get("skip", ["0"])[0])
    full = isinstance(rows, list) and limit and len(rows) >= limit
    # The registry answers no skip above 1,000.
    return _with(url, skip=(skip or 0) + (limit or 0)) if full and (skip or 0) < 1000 else None


def _with(url: str, **parameters: int) -> str:
    parts = urlsplit(url)
    query = parse_qs(parts.query, keep_blank_values=True) | {
        name: [str(value)] for name, value in parameters.items()
    }
    return urlunsplit(parts._replace(query=urlencode(query, doseq=True)))


def _parsed(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None  # the first page is read again by its format, which says what is wrong


def _rows(document: Any) -> list[Any]:
    for key in ("entry", "contents", "results"):
        if isinstance(obj(document).get(key), list):
            return list(document[key])
    return document if isinstance(document, list) else [document]
