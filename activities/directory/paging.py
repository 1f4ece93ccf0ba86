"""The pages of a feed: where the next one is, and whether all that the feed speaks of has come. Pure.

Whatever ends a feed early is an error: a directory of which half is missing looks like one that is whole, and the
places that are left out are offered to nobody.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import SplitResult, parse_qs, urlencode, urljoin, urlsplit, urlunsplit

from activities.channels.reach import LOCAL
from activities.directory.fields import code, obj, objects, whole
from activities.directory.reading import FeedUnusable

PAGED = frozenset({"fhir", "hsds", "nppes"})
"""Formats whose feeds come in pages."""
REGISTRY_SKIPS_AT_MOST = 1000
"""The NPPES registry answers no skip above this (its API, version 2.1)."""

_PORTS = {"http": 80, "https": 443}


def next_page(format_: str, url: str, document: Any) -> str | None:
    """The address of the page behind this one: FHIR's link `next`, HSDS's page numbers, NPPES's skip.

    Raises:
        FeedUnusable: there is more, and it cannot or may not be read.
    """
    page = obj(document)
    match format_:
        case "fhir":
            return _next_of_bundle(url, page)
        case "hsds":
            return _next_of_envelope(url, page)
        case _:
            return _next_of_registry(url, page)


def check_whole(format_: str, documents: Sequence[Any]) -> None:
    """Hold what has come against what the feed says that it has.

    Raises:
        FeedUnusable: some of it has not come.
    """
    first = obj(documents[0])
    stated = whole(first.get({"fhir": "total", "hsds": "total_items"}.get(format_, "")))
    if stated is None:
        return
    came = sum(_counted(format_, obj(document)) for document in documents)
    if came < stated:
        raise FeedUnusable(f"it says that it has {stated:,} entries, and {came:,} came")


def rows(document: Any) -> list[Any]:
    """What stands on one page."""
    for key in ("entry", "contents", "results"):
        if isinstance(obj(document).get(key), list):
            return list(document[key])
    return document if isinstance(document, list) else [document]


def _next_of_bundle(url: str, page: Mapping[str, Any]) -> str | None:
    links = [one.get("url") for one in objects(page.get("link")) if one.get("relation") == "next"]
    if not links:
        return None
    try:
        target = urljoin(url, code(links[0], 2000))
        same = _server(urlsplit(target)) == _server(urlsplit(url))
    except ValueError:
        raise FeedUnusable("the address of its next page is none") from None
    if not same:
        # Whoever answers for one server may not send us, with our keys, to any other.
        raise FeedUnusable(
            "its next page is on another server, which is not followed: name that server in url"
        )
    return target


def _server(parts: SplitResult) -> tuple[str, str, int | None]:
    """Which server an address means, in whatever form it is written."""
    host = (parts.hostname or "").rstrip(".")
    return parts.scheme, "localhost" if host in LOCAL else host, parts.port or _PORTS.get(parts.scheme)


def _next_of_envelope(url: str, page: Mapping[str, Any]) -> str | None:
    number, of = whole(page.get("page_number")), whole(page.get("total_pages"))
    # HSDS counts its pages from 1; a server that answers page 0 counts from 0.
    last = of if of is not None and number else (of or 0) - 1
    if number is not None and number < last:
        return _with(url, page=number + 1)
    if page.get("last_page") is False and page.get("empty") is not True:
        raise FeedUnusable("it says that this is not its last page, and does not tell which is")
    return None


def _next_of_registry(url: str, page: Mapping[str, Any]) -> str | None:
    found, query = page.get("results"), parse_qs(urlsplit(url).query)
    limit, skip = whole(query.get("limit", ["10"])[0]) or 0, whole(query.get("skip", ["0"])[0]) or 0
    if not (isinstance(found, list) and limit and len(found) >= limit):
        return None
    if skip >= REGISTRY_SKIPS_AT_MOST:
        raise FeedUnusable(
            f"the search finds more than the registry gives ({skip + limit:,}): narrow it by state, city or taxonomy"
        )
    return _with(url, skip=min(skip + limit, REGISTRY_SKIPS_AT_MOST))


def _counted(format_: str, page: Mapping[str, Any]) -> int:
    """The entries that a page's total counts: of a FHIR search what was found, without what was added to it."""
    if format_ != "fhir":
        return len(rows(page))
    found = (obj(one.get("search")).get("mode", "match") for one in objects(page.get("entry") or []))
    return sum(mode == "match" for mode in found)


def _with(url: str, **parameters: int) -> str:
    parts = urlsplit(url)
    query = parse_qs(parts.query, keep_blank_values=True) | {
        name: [str(value)] for name, value in parameters.items()
    }
    return urlunsplit(parts._replace(query=urlencode(query, doseq=True)))
