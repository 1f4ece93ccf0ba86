"""From the bytes of a feed to a document: encodings, web pages in place of data, and data that ends in the middle."""

import io
import json
import zipfile
from collections.abc import Mapping
from datetime import date
from typing import Any

from activities.directory import bmlt, fhir, hsds, hsds_tables, meeting_guide, nppes
from activities.directory.bounds import MOST_BYTES, MOST_FILES
from activities.directory.feeds import Feed
from activities.directory.reading import FeedRead, FeedUnusable

LATIN = "the feed is not in UTF-8; it was read as Windows-1252"


def read(content: bytes | Mapping[str, bytes], feed: Feed, today: date) -> FeedRead:
    """Read a whole feed in its format; `content` is one file, or the tables of a folder by name.

    Raises:
        FeedUnusable: it is not what its format says, or holds no listing at all.
    """
    remarks: list[str] = []
    if feed.format == "hsds_csv":
        document: Any = hsds_tables.tables(
            {name: _text(one, remarks) for name, one in _tables(content).items()}
        )
    elif isinstance(content, bytes):
        document = _json(_text(content, remarks))
    else:
        raise FeedUnusable(f"a feed of the format {feed.format} is one file and no folder")
    reading = _rows(document, feed, today)
    if not reading.lines:
        also = ", which is also a BMLT server's answer to a question that it does not understand"
        raise FeedUnusable(f"the feed holds no listing{also if feed.format == 'bmlt' else ''}")
    if not reading.listings:
        first = next(line for line in reading.lines if line.remarks)
        raise FeedUnusable(
            f"none of its {len(reading.lines)} rows can be used; row {first.number}: {first.reason}"
        )
    reading.remarks[:0] = remarks
    ids = {part for one in reading.listings for part in (one.source_id, one.source_id.rpartition("/")[2])}
    if missing := sorted(set(feed.agencies) - ids):
        reading.remarks.append(f"agencies: {', '.join(missing)} is no listing of this feed")
    return reading


def _rows(document: Any, feed: Feed, today: date) -> FeedRead:
    match feed.format:
        case "meeting_guide":
            return meeting_guide.read(document, feed)
        case "bmlt":
            return bmlt.read(document, feed)
        case "hsds" | "hsds_csv":
            return hsds.read(document, feed, today)
        case "fhir":
            return fhir.read(document, feed)
        case "nppes":
            return nppes.read(document, feed)


def _text(content: bytes, remarks: list[str]) -> str:
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        if LATIN not in remarks:
            remarks.append(LATIN)
        return content.decode("cp1252", errors="replace")


def _json(content: str) -> Any:
    begin = content.lstrip()[:200].lower()
    if not begin:
        raise FeedUnusable("the feed is empty")
    if begin.startswith("<"):
        what = "a web page" if "<html" in begin or "<!doctype html" in begin else "XML"
        raise FeedUnusable(f"the feed is {what} and no JSON: see whether its address still stands")
    try:
        return json.loads(content)
    except json.JSONDecodeError as error:
        if error.pos >= len(content.rstrip()) - 1 or "Unterminated" in error.msg:
            raise FeedUnusable(f"the feed ends in the middle, after {len(content):,} characters") from None
        raise FeedUnusable(f"the feed is no JSON: {error.msg} in line {error.lineno}") from None
    except (RecursionError, ValueError):
        raise FeedUnusable("the feed is no JSON that can be read") from None


def _tables(content: bytes | Mapping[str, bytes]) -> Mapping[str, bytes]:
    """The CSV files of a folder, of a zip archive, or one alone, which must be that of the services."""
    if not isinstance(content, bytes):
        return content
    if not content.startswith(b"PK"):
        if content.lstrip()[:1] in (b"<", b"{", b"["):
            raise FeedUnusable("the feed is no CSV table and no zip archive of them")
        return {"services.csv": content}
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return _unpacked(archive)
    except FeedUnusable:
        raise
    except Exception:  # zipfile and its decompressors raise whatever a damaged byte leads them to
        raise FeedUnusable("the zip archive is damaged, or is encrypted") from None


def _unpacked(archive: zipfile.ZipFile) -> Mapping[str, bytes]:
    """The tables, read no further than allowed, whatever the archive says of their size."""
    named = [one for one in archive.infolist() if one.filename.lower().endswith(".csv")]
    if len(named) > MOST_FILES:
        raise FeedUnusable(f"the zip archive has more than {MOST_FILES} tables")
    tables: dict[str, bytes] = {}
    left = MOST_BYTES
    for one in named:
        with archive.open(one) as file:
            tables[one.filename] = file.read(left + 1)
        left -= len(tables[one.filename])
        if left < 0:
            raise FeedUnusable(f"the zip archive holds more than {MOST_BYTES // 1_000_000} MB")
    return tables
