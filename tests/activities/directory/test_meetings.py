"""Meetings, from the Meeting Guide and from BMLT, with what real feeds do to them."""

from typing import Any

import pytest

from activities.directory.listing import AS_JSON, Listing, Place, Slot
from activities.directory.reading import FeedUnusable
from tests.activities.directory.invented import feed, meeting, na_meeting, one, read


def test_a_meeting_as_the_specification_has_it() -> None:
    found = one([meeting(types=["O", "ST", "W", "X", "S"], location_notes="Side door &amp; stairs")])
    assert found.listing_id == "f:levee"
    assert found.weekly == (Slot(1, 19 * 60, 60),)
    assert (found.fellowship, found.secular, found.open_meeting, found.modality) == (
        "aa",
        False,
        True,
        "in_person",
    )
    assert (found.formats, found.languages, found.tags) == (("step_study", "women"), ("es",), ("wheelchair",))
    assert found.place == Place(38.63, -90.2)
    assert found.how_to_find == "Side door & stairs"


@pytest.mark.parametrize(
    ("day", "weekdays"),
    [
        (0, [7]),
        (1, [1]),
        ("6", [6]),
        (7, [7]),
        ([1, 3], [1, 3]),
        ("[2]", [2]),
        ([1, "x"], [1]),
        (None, []),
        (9, []),
    ],
)
def test_a_weekday_is_understood_however_it_is_written(day: Any, weekdays: list[int]) -> None:
    assert [slot.weekday for slot in one([meeting(day=day)]).weekly] == weekdays


@pytest.mark.parametrize(
    ("time", "end", "slot"),
    [
        ("8:00 PM", None, Slot(1, 1200, 60)),
        ("23:30", "00:30", Slot(1, 1410, 60)),
        ("00:00", "01:00", Slot(1, 0, 60)),
        ("24:00", None, Slot(1, 0, 60)),
        ("19:00", "19:00", Slot(1, 1140, 60)),
        ("09:30", "22:30", Slot(1, 570, 60)),
        ("noon", "1pm", Slot(1, 720, 60)),
        ("25:61", None, None),
        ("", None, None),
        (None, None, None),
        (1900, None, Slot(1, 1140, 60)),
    ],
)
def test_a_time_is_understood_or_the_meeting_is_listed_without_one(
    time: Any, end: Any, slot: Slot | None
) -> None:
    reading = read([meeting(time=time, end_time=end)])
    assert reading.listings[0].weekly == ((slot,) if slot else ())
    assert reading.lines[0].became == ("taken" if slot and end != "22:30" else "remarked")


@pytest.mark.parametrize(
    ("fields", "status", "modality"),
    [
        ({}, "active", "in_person"),
        ({"types": ["O", "TC"]}, "temporarily_closed", "in_person"),
        ({"types": ["TC"], "attendance_option": "in_person"}, "temporarily_closed", "in_person"),
        ({"types": ["TC"], "conference_url": "https://meet.example/1"}, "active", "online"),
        ({"types": ["TC"], "attendance_option": "inactive", "conference_phone": "1"}, "inactive", "online"),
        ({"attendance_option": "inactive"}, "inactive", "in_person"),
        ({"conference_url": "https://meet.example/1"}, "active", "hybrid"),
        ({"conference_url": "https://meet.example/1", "approximate": "yes"}, "active", "online"),
        ({"approximate": "yes"}, "inactive", "in_person"),
        ({"formatted_address": "Riverton, MO, USA"}, "inactive", "in_person"),
        ({"formatted_address": "Riverton, MO 63101"}, "inactive", "in_person"),
        ({"formatted_address": "Toronto, ON M5V 2T6, Canada"}, "inactive", "in_person"),
        ({"formatted_address": "", "city": "Riverton", "state": "MO"}, "inactive", "in_person"),
        ({"formatted_address": "", "address": "Riverton", "city": "Riverton"}, "inactive", "in_person"),
        ({"formatted_address": "1 Levee Way, Riverton, MO"}, "active", "in_person"),
        ({"formatted_address": "", "address": "1 Levee Way", "city": "Riverton", "state": "MO"}, "active", "in_person"),
        ({"formatted_address": "", "address": "Old Mill Road", "city": "Riverton"}, "active", "in_person"),
        ({"formatted_address": "Hauptstr. 5, Ulm"}, "active", "in_person"),
        ({"attendance_option": "online"}, "inactive", "online"),
        ({"conference_phone": "+15555550100,,1#", "attendance_option": "online"}, "active", "online"),
    ],
)  # fmt: skip
def test_a_closed_place_wins_over_everything(fields: dict[str, Any], status: str, modality: str) -> None:
    found = one([meeting(**fields)])
    assert (found.status, found.modality) == (status, modality)
    assert found.offered == (status == "active")


@pytest.mark.parametrize(
    ("latitude", "longitude"), [(0, 0), ("", ""), (None, None), ("north", 3), (95, 10), (float("inf"), 1)]
)
def test_a_place_that_is_none_has_no_distance(latitude: Any, longitude: Any) -> None:
    assert one([meeting(latitude=latitude, longitude=longitude)]).located is None


def test_a_place_abroad_is_remarked_because_a_sign_may_be_lost() -> None:
    (line,) = read([meeting(longitude=90.2)]).lines
    assert line.reason == "latitude, longitude: lie outside the country US; was a sign lost?"
    assert read([meeting(longitude=90.2)], feed(country="CN")).lines[0].became == "taken"


def test_coordinates_may_be_text_and_may_be_in_one_field() -> None:
    assert one([meeting(latitude="38.63", longitude="-90.2")]).place == Place(38.63, -90.2)
    row = meeting(coordinates="38.63,-90.2")
    del row["latitude"], row["longitude"]
    assert one([row]).place == Place(38.63, -90.2)


def test_links_are_left_as_they_are() -> None:
    # html.unescape would make `¤tly_in_person`, `¬es` and `©` of these.
    address = "https://meet.example/j?a=1&currently_in_person=1&notes=2&copy=3"
    found = one([meeting(conference_url=address, url=address)])
    assert (found.join_url, found.url) == (address, address)


def test_text_loses_entities_tags_and_tabs() -> None:
    found = one([meeting(name="Women&#8217;s\t<b>Hope</b> &amp; Faith")])
    assert found.name == "Women’s Hope & Faith"


def test_P1_contacts_payment_handles_and_notes_are_dropped() -> None:
    personal = {
        "contact_1_name": "Patricia Q", "contact_1_phone": "555-555-0142", "contact_1_email": "pat@home.example",
        "venmo": "@patq", "square": "$patq", "paypal": "patq", "people": "Patricia", "email": "pat@home.example",
        "notes": "Ask Patricia Q, 555-555-0142", "group_notes": "Patricia Q has the key",
        "location_notes": "Ring at the gate, or call 555-555-0142 or pat@home.example; venmo @patq",
    }  # fmt: skip
    reading = read([meeting(**personal)])
    kept = AS_JSON.dump_json(reading.listings[0]).decode() + str(reading.lines)
    for secret in ("Patricia", "0142", "pat@home", "patq"):
        assert secret not in kept
    assert reading.listings[0].how_to_find.startswith("Ring at the gate")


@pytest.mark.parametrize(
    ("types", "open_meeting", "unknown"),
    [
        ("[open]", True, ()),
        (["C", "onl"], False, ()),
        (["ASBI"], None, ()),
        (["XYZ", ""], None, ("XYZ",)),
        (None, None, ()),
        (5, None, ("5",)),
    ],
)  # fmt: skip
def test_unknown_codes_are_kept_and_fail_nothing(
    types: Any, open_meeting: bool | None, unknown: tuple[str, ...]
) -> None:
    found = one([meeting(types=types)])
    assert (found.open_meeting, found.unknown_codes) == (open_meeting, unknown)


def test_a_code_of_the_feed_can_be_explained_in_the_feeds_file() -> None:
    explained = feed(formats={"XYZ": "step_study", "Zu": "temporarily_closed"})
    assert one([meeting(types=["XYZ"])], explained).formats == ("step_study",)
    assert one([meeting(types=["Zu"])], explained).status == "temporarily_closed"


def test_each_row_says_what_became_of_it() -> None:
    rows = [
        meeting(),
        meeting(name="again"),
        meeting(slug=""),
        meeting(slug="b", name=""),
        "text",
        None,
        meeting(slug=4711),
    ]
    reading = read(rows)
    assert [line.became for line in reading.lines] == [
        "taken",
        "duplicate",
        "refused",
        "refused",
        "refused",
        "refused",
        "taken",
    ]
    assert reading.lines[2].reason == "slug: is missing, so the meeting cannot be told from others"
    assert reading.lines[4].reason == "this row is text and no object"
    assert [one.source_id for one in reading.listings] == ["levee", "4711"]
    assert reading.listings[0].name == "Levee Group"  # of two with one slug the first stands


def test_a_zone_of_its_own_wins_and_one_that_is_none_is_said() -> None:
    assert one([meeting(timezone="America/New_York")]).timezone == "America/New_York"
    reading = read([meeting(timezone="Mars/Olympus")])
    assert reading.listings[0].timezone == "America/Chicago"
    assert "timezone: 'Mars/Olympus' cannot be read" in reading.lines[0].reason


def test_C4_a_feed_of_a_secular_fellowship_is_secular() -> None:
    assert one([meeting()], feed(fellowship="SMART Recovery")).secular
    assert one([meeting(types=["A"])]).formats == ("secular",)
    assert not one([meeting(types=["A"])]).secular  # a secular AA meeting is still one of twelve steps


# -- BMLT ---------------------------------------------------------------------------------------------------


def na(document: Any) -> Listing:
    return one(document, feed("bmlt"))


def test_a_meeting_of_narcotics_anonymous() -> None:
    found = na([na_meeting(formats="O,BT,WC")])
    assert (found.listing_id, found.fellowship, found.weekly) == ("f:7", "na", (Slot(1, 1140, 90),))
    assert (found.open_meeting, found.formats, found.tags) == (True, ("literature",), ("wheelchair",))
    assert "Pat" not in AS_JSON.dump_json(found).decode()
    assert "pat@" not in AS_JSON.dump_json(found).decode()


@pytest.mark.parametrize(("weekday", "iso"), [("1", 7), ("2", 1), ("7", 6)])
def test_the_week_of_BMLT_begins_with_a_sunday_of_1(weekday: str, iso: int) -> None:
    assert na([na_meeting(weekday_tinyint=weekday)]).weekly[0].weekday == iso


@pytest.mark.parametrize(
    ("written", "minutes"), [("24:00:00", 1440), ("00:00:00", 60), ("", 60), ("01:30", 90), ("x", 60)]
)
def test_a_duration_of_a_whole_day_is_legal_and_none_is_an_hour(written: str, minutes: int) -> None:
    assert na([na_meeting(duration_time=written)]).weekly[0].minutes == minutes


def test_a_key_means_what_the_server_says_that_it_means() -> None:
    formats = [{"key_string": "O", "world_id": "CLOSED"}, {"key_string": "Qq", "world_id": "STEP"}]
    found = na({"meetings": [na_meeting(formats="O,Qq")], "formats": formats})
    assert (found.open_meeting, found.formats, found.unknown_codes) == (False, ("step_study",), ())


@pytest.mark.parametrize(
    ("fields", "status", "modality"),
    [
        ({"venue_type": "2", "virtual_meeting_link": "https://meet.example/1"}, "active", "online"),
        ({"venue_type": "2"}, "inactive", "online"),
        ({"venue_type": "3", "virtual_meeting_link": "https://meet.example/1"}, "active", "hybrid"),
        ({"venue_type": "3"}, "active", "in_person"),
        ({"venue_type": "", "formats": "VM", "phone_meeting_number": "5555550100"}, "active", "online"),
        ({"formats": "O,TC"}, "temporarily_closed", "in_person"),
        ({"formats": "TC", "virtual_meeting_link": "https://meet.example/1"}, "active", "online"),
    ],
)
def test_venues(fields: dict[str, str], status: str, modality: str) -> None:
    found = na([na_meeting(**fields)])
    assert (found.status, found.modality) == (status, modality)


def test_an_empty_answer_of_a_BMLT_server_is_an_error() -> None:
    with pytest.raises(FeedUnusable, match="answer to a question that it does not understand"):
        read([], feed("bmlt"))


def test_an_aggregator_repeats_ids_of_its_servers() -> None:
    reading = read([na_meeting(root_server_id="1"), na_meeting(root_server_id="2")], feed("bmlt"))
    assert [one.source_id for one in reading.listings] == ["1-7", "2-7"]


def test_a_withdrawn_meeting_is_refused() -> None:
    reading = read([na_meeting(), na_meeting(id_bigint="8", published="0")], feed("bmlt"))
    assert reading.lines[1].reason == "published: the meeting 8 is withdrawn"
