"""What is not a feed, and rows that are anything at all."""

import contextlib
import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from activities.directory import documents, fields, times
from activities.directory.bounds import MOST_BYTES, MOST_ROWS
from activities.directory.reading import FeedUnusable
from tests.activities.directory.invented import (
    TODAY,
    bundle,
    feed,
    meeting,
    na_meeting,
    provider,
    read,
    role,
    service,
)
from tests.searching import examples

GOOD = json.dumps([meeting(name=f"Group {n}", slug=n) for n in range(20)])


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"<!DOCTYPE html><html><body>Login</body></html>", "is a web page and no JSON"),
        (b"<?xml version='1.0'?><rss/>", "is XML"),
        (b"", "is empty"),
        (b" \n ", "is empty"),
        (GOOD[:1500].encode(), "ends in the middle, after 1,500 characters"),
        (GOOD[:-1].encode(), "ends in the middle"),
        (b"Fatal error: Allowed memory size exhausted", "is no JSON: Expecting value in line 1"),
        (b'{"error": "rate limit"}', "is an object and no list of listings; it says: rate limit"),
        (b'"meetings"', "is text and no list of listings"),
        (b"null", "is nothing and no list"),
        (b"[]", "holds no listing"),
        (b"[1, 2, 3]", "none of its 3 rows can be used; row 1: this row is a number and no object"),
        (b"[" * 100_000, "no JSON that can be read"),
        (b"[" + b"9" * 5000 + b"]", "no JSON that can be read"),
    ],
)
def test_what_is_no_feed_is_refused_as_a_whole_with_its_reason(content: bytes, words: str) -> None:
    with pytest.raises(FeedUnusable, match=words):
        documents.read(content, feed(), TODAY)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_feed_in_another_encoding_is_read(encoding: str) -> None:
    content = json.dumps([meeting(name="Café Señora")], ensure_ascii=False).encode(encoding)
    reading = documents.read(content, feed(), TODAY)
    assert reading.listings[0].name == "Café Señora"
    assert reading.remarks == (
        ["the feed is not in UTF-8; it was read as Windows-1252"] if encoding == "cp1252" else []
    )


def zipped(**tables: bytes) -> bytes:
    """An archive of these tables."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, table in tables.items():
            archive.writestr(f"{name}.csv", table)
    return content.getvalue()


HEADER = b"id,name,status\n"
SMALL_AND_HUGE: dict[str, Callable[[], bytes]] = {
    "more than an archive may hold": lambda: zipped(services=HEADER + b" " * (MOST_BYTES + 1)),
    "rows without end": lambda: zipped(services=HEADER + b"a\n" * (MOST_ROWS + 2)),
    "rows of another table": lambda: zipped(
        services=HEADER + b"a,b,active\n", phones=HEADER + b"a\n" * (MOST_ROWS + 2)
    ),
    "columns without end": lambda: zipped(services=b"a," * 1_000_000 + b"\n" + b"1\n" * 1000),
    "more tables than there are": lambda: zipped(**{f"t{number}": HEADER for number in range(101)}),
}  # fmt: skip


@pytest.mark.parametrize("name", SMALL_AND_HUGE)
def test_a_small_archive_that_holds_too_much_is_refused_in_words(name: str) -> None:
    with pytest.raises(FeedUnusable, match=r"more than|too long"):
        documents.read(SMALL_AND_HUGE[name](), feed("hsds_csv"), TODAY)


@given(data=st.data())
@settings(max_examples=examples(150), deadline=None)
def test_a_damaged_archive_is_refused_in_words(data: st.DataObject) -> None:
    content = bytearray(zipped(services=HEADER + b"a,Community Food Pantry,active\n" * 3))
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(2, len(content) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(FeedUnusable):
        documents.read(bytes(content), feed("hsds_csv"), TODAY)


TELLING = [
    "19:00",
    "TC",
    "O",
    "MO",
    "2MO",
    "America/Chicago",
    "PractitionerRole",
    "38.6",
    "-90",
    "https://x.example",
    "1",
]
PLAIN = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.sampled_from(TELLING)
)
JSON = st.recursive(
    PLAIN,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
ROWS = {
    "meeting_guide": meeting(
        location_notes="", conference_url="", timezone="", attendance_option="", regions=[]
    ),
    "bmlt": na_meeting(virtual_meeting_link="", root_server_id=""),
    "hsds": service(
        languages=[], phones=[], attributes=[], wait_time="", capacities=[], email="", locations=[]
    ),
    "fhir": role(
        extension=[], availableTime=[], availabilityExceptions="", healthcareService=[], telecom=[], name=""
    ),
    "nppes": provider(),
}


@pytest.mark.parametrize("format_", ROWS)
@given(data=st.data())
@settings(max_examples=examples(120), deadline=None)
def test_no_row_of_any_shape_does_more_than_refuse_itself(format_: str, data: st.DataObject) -> None:
    row = dict(ROWS[format_])
    for name in data.draw(st.lists(st.sampled_from(sorted(row)), max_size=4)):
        row[name] = data.draw(JSON)
    rows = [row, data.draw(JSON), ROWS[format_]]
    document: Any = bundle(*[one for one in rows if isinstance(one, dict)]) if format_ == "fhir" else rows
    try:
        reading = read(document, feed(format_))
    except FeedUnusable:
        return
    assert all(line.became in ("taken", "remarked", "duplicate", "refused") for line in reading.lines)
    assert all(line.remarks for line in reading.lines if line.became != "taken")
    for listing in reading.listings:
        assert listing.name
        assert listing.source_id
        assert len(listing.source_id) <= 120
        assert len(listing.name) <= 300
        assert "\x00" not in repr(listing)  # PostgreSQL keeps none
        assert all(1 <= slot.weekday <= 7 and 0 <= slot.start < 1440 for slot in listing.weekly)


@pytest.mark.parametrize("format_", [*ROWS, "hsds_csv"])
@given(document=JSON, content=st.binary(max_size=60))
@settings(max_examples=examples(60), deadline=None)
def test_no_document_does_more_than_be_refused(format_: str, document: Any, content: bytes) -> None:
    for one in (json.dumps(document).encode(), content, b"PK" + content):
        try:
            documents.read(one, feed(format_), TODAY)
        except FeedUnusable as error:
            assert str(error)


@given(JSON)
def test_a_field_of_any_shape_is_read_or_empty(value: Any) -> None:
    for reads in (fields.text, fields.code, fields.link, fields.number, fields.whole, fields.members, fields.objects,
                  fields.says_yes, fields.moment, fields.directions, times.clock, times.duration, times.zone_named,
                  times.from_name, times.from_sunday_0, times.from_sunday_1):  # fmt: skip
        reads(value)
    assert fields.place(value, value) is None or fields.place(value, value)


@pytest.mark.parametrize(
    ("written", "minutes"),
    [
        ("7pm", 1140), ("12:00 AM", 0), ("12 p.m.", 720), ("07:05:30", 425), ("19:00-05:00", 1140), ("19:00Z", 1140),
        ("1:5", None), ("7", None), ("24:30", None), ("13pm", 780), ("0pm", None), ("midnight", 0),
    ],
)  # fmt: skip
def test_times_of_day(written: str, minutes: int | None) -> None:
    assert times.clock(written) == minutes


@pytest.mark.parametrize(
    ("written", "iso"),
    [
        ("2020-01-13 06:01:15", "2020-01-13T06:01:15+00:00"), ("8/25/2022 11:17:07 AM", "2022-08-25T11:17:07+00:00"),
        ("7/4/2021", "2021-07-04T00:00:00+00:00"), ("12/24/15", "2015-12-24T00:00:00+00:00"),
        ("January 01, 0001", None), ("", None),
    ],
)  # fmt: skip
def test_moments(written: str, iso: str | None) -> None:
    found = fields.moment(written)
    assert (found and found.isoformat()) == iso
