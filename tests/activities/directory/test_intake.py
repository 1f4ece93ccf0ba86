"""Taking feeds into the clinic database, on both kinds of server: what is good stays until something better comes."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from activities.clinic_database import ClinicDatabase
from activities.directory.alarms import alarms
from activities.directory.feeds import Feed, FeedsFileError, load
from activities.directory.fetching import FeedUnreachable
from activities.directory.intake import Intake, shrunk, warnings_of
from activities.directory.paging import next_page
from activities.directory.reading import FeedRead, FeedUnusable, Line
from activities.directory.store import DirectoryStore
from tests.activities.directory.invented import bundle, feed, meeting, provider, role, service
from tests.activities.http_server import answering
from tests.searching import examples

NOW = datetime(2026, 3, 16, 8, tzinfo=UTC)


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def store(database: ClinicDatabase) -> DirectoryStore:
    return DirectoryStore(database)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def intake(store: DirectoryStore, clock: Clock) -> Intake:
    return Intake(store, clock)


def content(*slugs: object, **fields: Any) -> bytes:
    return json.dumps([meeting(slug=slug, name=f"Group {slug}", **fields) for slug in slugs]).encode()


async def test_importing_twice_changes_nothing(intake: Intake, store: DirectoryStore) -> None:
    first = await intake.take(feed(), content(1, 2, 3))
    before = await store.state("f")
    again = await intake.take(feed(), content(1, 2, 3))
    after = await store.state("f")
    assert (first.result, first.new, again.new, again.changed, again.gone) == ("taken", 3, 0, 0, 0)
    assert before
    assert after
    assert before.revision == after.revision == 1


async def test_what_changes_comes_goes_and_comes_back(intake: Intake, store: DirectoryStore) -> None:
    await intake.take(feed(), content(1, 2, 3))
    changed = await intake.take(feed(), content(1, 2, 4, day=3))
    assert (changed.new, changed.changed, changed.gone) == (1, 2, 1)
    assert [one.source_id for one in await store.listings("f")] == ["1", "2", "4"]
    gone = await store.listing("f:3")  # an old referral can still say where it went
    assert gone
    assert gone.name == "Group 3"
    back = await intake.take(feed(), content(1, 2, 3, 4, day=3))
    assert (back.new, back.changed) == (0, 1)


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        (b"<html>502</html>", "web page"),
        (content(*range(30))[:900], "ends in the middle"),
        (b"[]", "holds no listing"),
        (content(1, 2, 3), "shrunk from 30 listings to 3"),
        (json.dumps([{"id": n} for n in range(30)]).encode(), "none of its 30 rows can be used"),
    ],
)
async def test_a_broken_feed_keeps_the_last_good_one_and_raises_an_alarm(
    intake: Intake, store: DirectoryStore, clock: Clock, broken: bytes, words: str
) -> None:
    await intake.take(feed(), content(*range(30)))
    clock.now += timedelta(days=1)
    outcome = await intake.take(feed(), broken)
    assert outcome.result == "kept"
    assert words in outcome.reason
    assert len(await store.listings("f")) == 30
    state = await store.state("f")
    assert state
    assert (state.state, state.listings, state.good_at, state.bad_since) == ("kept", 30, NOW, clock.now)
    (alarm,) = alarms([state], clock.now)
    assert words in alarm.lines[0]
    assert alarm.lines[1] == (
        "The last good one, of 16 March 2026 with 30 listings, stays in force until 30 March 2026."
    )


async def test_an_alarm_has_one_key_a_week_and_ends_with_the_next_good_feed(
    intake: Intake, store: DirectoryStore, clock: Clock
) -> None:
    async def keys() -> set[str]:
        return {alarm.key for alarm in alarms(await store.states(), clock.now)}

    await intake.take(feed(), content(*range(30)))
    found = []
    for _ in range(15):
        clock.now += timedelta(days=1)
        await intake.take(feed(), b"<html>")
        found.append(await keys())
    assert [len(set().union(*found[:n])) for n in (1, 7, 8, 14, 15)] == [1, 1, 2, 2, 3]
    await intake.take(feed(), content(*range(30)))
    assert await keys() == set()


async def test_a_feed_that_nobody_confirms_for_long_is_offered_to_nobody(
    intake: Intake, store: DirectoryStore, clock: Clock
) -> None:
    await intake.take(feed(max_age_days=7), content(1, 2))
    state = await store.state("f")
    assert state
    assert state.in_force(NOW + timedelta(days=7))
    assert not state.in_force(NOW + timedelta(days=8))
    (alarm,) = alarms([state], NOW + timedelta(days=8))
    assert "is older than 7 days: its listings are offered to nobody" in alarm.lines[0]


async def test_a_person_can_take_a_feed_that_has_truly_shrunk(intake: Intake, store: DirectoryStore) -> None:
    await intake.take(feed(), content(*range(30)))
    outcome = await intake.take(feed(), content(1, 2), even_if_smaller=True)
    assert (outcome.result, outcome.gone) == ("taken", 28)
    assert outcome.warnings == ["it has shrunk from 30 listings to 2"]


async def test_a_feed_that_was_never_good_may_begin_small_and_broken(
    intake: Intake, store: DirectoryStore
) -> None:
    assert (await intake.take(feed(), b"<html>")).result == "kept"
    state = await store.state("f")
    assert state
    (alarm,) = alarms([state], NOW)
    assert alarm.lines[1] == "It was never read with success: it offers nothing."
    assert (await intake.take(feed(), content(1))).result == "taken"


async def test_what_became_of_each_row_can_be_read_later(intake: Intake, store: DirectoryStore) -> None:
    rows = [meeting(), meeting(), meeting(slug="b", types=["QQ"]), {"name": "no slug"}]
    await intake.take(feed(), json.dumps(rows).encode())
    assert [(line.number, line.source_id, line.became) for line in await store.lines("f")] == [
        (2, "levee", "duplicate"), (3, "b", "remarked"), (4, "", "refused"),
    ]  # fmt: skip


def test_staff_are_told_of_a_feed_that_halves_or_of_which_much_is_refused() -> None:
    lines = [Line(n, "", "refused" if n < 4 else "taken", ("x",)) for n in range(10)]
    assert warnings_of(0, FeedRead([], lines)) == ["4 of its 10 rows cannot be used"]
    assert warnings_of(10, FeedRead([], [])) == ["it has shrunk from 10 listings to 0"]
    assert shrunk(100, 10)
    assert not shrunk(100, 11)
    assert not shrunk(0, 1)


async def test_a_feed_that_leaves_the_file_goes_out_of_force(intake: Intake, store: DirectoryStore) -> None:
    await intake.take(feed(), content(1))
    await intake.take(feed(name="hand"), content(1), origin="by_hand")
    assert await store.retire([], NOW) == ["f"]
    assert await store.retire([], NOW) == []
    assert {state.name: state.in_force(NOW) for state in await store.states()} == {"f": False, "hand": True}
    assert list(alarms(await store.states(), NOW)) == []
    assert (await intake.take(feed(), content(1))).changed == 1  # and comes back with it


# -- from where it is read ----------------------------------------------------------------------------------


def from_url(address: str, format_: str = "meeting_guide") -> Feed:
    return feed(format_, file=None, url=address)


async def test_a_feed_is_read_from_an_address(intake: Intake) -> None:
    with answering() as server:
        server.contents["/feed?key=secret"] = content(1, 2)
        outcome = await intake.take(from_url(f"http://{server.address}/feed?key=secret"))
    assert (outcome.result, outcome.new) == ("taken", 2)


async def test_a_server_that_is_down_is_tried_again_and_noted(intake: Intake, store: DirectoryStore) -> None:
    with answering(503) as server:
        with pytest.raises(FeedUnreachable, match="answered 503: try again later"):
            await intake.take(from_url(f"http://{server.address}/feed?key=secret"))
        address = server.address
    with pytest.raises(FeedUnreachable) as error:
        await intake.take(from_url(f"http://{address}/feed?key=secret"))
    state = await store.state("f")
    assert state
    assert state.state == "kept"
    assert "secret" not in state.reason + str(error.value)


async def test_an_address_that_is_gone_is_no_reason_to_try_again(intake: Intake) -> None:
    with answering(404) as server:
        outcome = await intake.take(from_url(f"http://{server.address}/gone"))
    assert (outcome.result, outcome.reason) == ("kept", "the server answered 404")


async def test_a_file_that_is_not_there_is_said(intake: Intake, tmp_path: Path) -> None:
    outcome = await intake.take(feed(file=tmp_path / "none.json"))
    assert outcome.reason == "its file cannot be read (No such file or directory)"


async def test_all_pages_are_read_or_none(intake: Intake) -> None:
    with answering() as server:
        base = f"http://{server.address}"
        for number in (1, 2, 3):
            page = {"total_pages": 3, "page_number": number, "contents": [service(id=f"s{number}")]}
            path = "/services" if number == 1 else f"/services?page={number}"
            server.contents[path] = json.dumps(page).encode()
        assert (await intake.take(from_url(f"{base}/services", "hsds"))).new == 3
        server.contents["/services?page=3"] = b"<html>"
        broken = await intake.take(from_url(f"{base}/services", "hsds"))
        assert (broken.result, broken.reason) == ("kept", "page 3 is no JSON")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST"])
async def test_a_bundle_is_followed_to_its_end_however_its_server_is_written(
    intake: Intake, host: str
) -> None:
    with answering() as server:
        base, port = f"http://{server.address}", server.address.rpartition(":")[2]
        first = {**bundle(role()), "link": [{"relation": "next", "url": f"http://{host}:{port}/fhir?page=2"}]}
        server.contents["/fhir"] = json.dumps(first).encode()
        server.contents["/fhir?page=2"] = json.dumps(bundle(role(id="t2"))).encode()
        assert (await intake.take(from_url(f"{base}/fhir", "fhir"))).new == 2


@pytest.mark.parametrize(
    ("format_", "page", "words"),
    [
        ("fhir", {**bundle(role()), "link": [{"relation": "next", "url": "http://elsewhere.example/"}]},
         "its next page is on another server, which is not followed: name that server in url"),
        ("fhir", {**bundle(role()), "link": [{"relation": "next", "url": "http://[x"}]},
         "the address of its next page is none"),
        ("fhir", {**bundle(role()), "total": 9}, "it says that it has 9 entries, and 3 came"),
        ("hsds", {"contents": [service()], "total_items": 10}, "it says that it has 10 entries, and 1 came"),
        ("hsds", {"contents": [service()], "last_page": False},
         "it says that this is not its last page, and does not tell which is"),
    ],
)  # fmt: skip
async def test_whatever_ends_a_feed_early_is_an_error(
    intake: Intake, format_: str, page: dict[str, Any], words: str
) -> None:
    with answering() as server:
        server.contents["/feed"] = json.dumps(page).encode()
        outcome = await intake.take(from_url(f"http://{server.address}/feed", format_))
    assert (outcome.result, outcome.reason) == ("kept", words)


def test_the_default_port_is_the_same_server_and_another_port_is_not() -> None:
    def following(target: str) -> str | None:
        return next_page("fhir", "https://x.example/fhir", {"link": [{"relation": "next", "url": target}]})

    assert following("https://X.example:443/fhir?2") == "https://X.example:443/fhir?2"
    assert following("/fhir?2") == "https://x.example/fhir?2"
    for elsewhere in ("https://x.example:8443/fhir", "http://x.example/fhir", "https://x.example.evil/fhir"):
        with pytest.raises(FeedUnusable, match="another server"):
            following(elsewhere)


def test_the_registry_is_asked_for_the_next_rows_until_it_has_no_more() -> None:
    url = "https://npi.example/api/?version=2.1&limit=2"
    assert next_page("nppes", url, {"results": [provider(), provider()]}) == f"{url}&skip=2"
    assert next_page("nppes", url, {"results": [provider()]}) is None
    assert next_page("nppes", f"{url}&skip=999", {"results": [provider(), provider()]}) == f"{url}&skip=1000"
    with pytest.raises(FeedUnusable, match=r"finds more than the registry gives \(1,002\): narrow it"):
        next_page("nppes", f"{url}&skip=1000", {"results": [provider(), provider()]})
    assert next_page("hsds", "http://x.example/", {"page_number": "x", "total_pages": 3}) is None


# -- the feeds file -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "feeds: {a: {format: meeting_guide, fellowship: aa, file: a.json}}",
            "feeds.a.timezone: Field required",
        ),
        (
            "feeds: {a: {format: bmlt, timezone: CST6, file: a.json}}",
            "CST6 is no time zone; write one such as America",
        ),
        ("feeds: {a: {format: bmlt, timezone: UTC}}", "feeds.a: give either url or file"),
        ("feeds: {a: {format: bmlt, timezone: UTC, url: 'ftp://x'}}", "is no http or https address"),
        ("feeds: {a: {format: meeting_guide, timezone: UTC, file: x}}", "needs its fellowship"),
        ("feeds: {a: {format: rss, timezone: UTC, file: x}}", "feeds.a.format"),
        ("feeds: {A b: {format: bmlt, timezone: UTC, file: x}}", "String should match pattern"),
        ("feeds: {a: {format: bmlt, timezone: UTC, file: x, formats: {Q: odd}}}", "Q: odd is no format"),
        ("feeds: [1", "is neither JSON nor YAML"),
        ("", "Input should be"),
    ],
)
def test_an_error_in_the_feeds_file_names_the_field(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "feeds.yaml"
    file.write_text(text)
    with pytest.raises(FeedsFileError) as error:
        load(file)
    assert words in str(error.value)


def test_a_file_that_is_not_there_is_said_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(FeedsFileError, match="set CAREPATH_DIRECTORIES to the file"):
        load(tmp_path / "none.yaml")


@given(st.integers(0, 10_000), st.integers(0, 10_000))
@settings(max_examples=examples(50))
def test_a_feed_that_has_grown_is_never_held_back(had: int, more: int) -> None:
    assert not shrunk(had, had + more + 1)
