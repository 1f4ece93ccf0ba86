"""BMLT semantic JSON: meetings of Narcotics Anonymous, from a root server's `GetSearchResults`.

Facts of the format are those of bmlt-enabled/bmlt-server: every value is text and "" where nothing is known; weekdays
run from "1", a Sunday; a format's key is the server's own, so it is read through the format's `world_id` where the
answer holds the formats (`get_used_formats=1`), and else through the keys that most English servers use. A server
answers a question that it does not understand with `[]`: an empty answer is an error and never "no meetings".
"""

from collections.abc import Mapping
from typing import Any

from activities.directory import vocabulary
from activities.directory.feeds import Feed
from activities.directory.fields import (
    code,
    directions,
    joined,
    link,
    members,
    objects,
    place,
    text,
    unplaced,
)
from activities.directory.listing import Listing, Modality, Slot, Status
from activities.directory.reading import FeedRead, Remarks, RowRefused, read_rows, rows_of
from activities.directory.times import clock, duration, from_sunday_1, zone_named

BY_WORLD_ID = {
    "OPEN": "open", "CLOSED": "closed", "TC": "temporarily_closed", "VM": "online", "HY": "hybrid",
    "WCHR": "wheelchair", "BEG": "newcomer", "DISC": "discussion", "SPK": "speaker", "STEP": "step_study",
    "TRAD": "tradition_study", "BT": "literature", "LIT": "literature", "JFT": "literature", "IP": "literature",
    "MED": "meditation", "W": "women", "M": "men", "Y": "young", "GL": "lgbtq", "CW": "childcare",
    "SMOK": "smoking", "NS": "",
}  # fmt: skip
BY_KEY = {
    "O": "open", "C": "closed", "TC": "temporarily_closed", "VM": "online", "HY": "hybrid", "WC": "wheelchair",
    "BEG": "newcomer", "B": "newcomer", "D": "discussion", "SP": "speaker", "SD": "speaker", "SPK": "speaker",
    "ST": "step_study", "SWG": "step_study", "TR": "tradition_study", "BT": "literature", "LIT": "literature",
    "IP": "literature", "JT": "literature", "JFT": "literature", "ME": "meditation", "MED": "meditation", "W": "women",
    "M": "men", "Y": "young", "YP": "young", "GL": "lgbtq", "GLBT": "lgbtq", "CW": "childcare", "CH": "childcare",
    "ASL": "sign_language", "RF": "", "NS": "", "CL": "", "TI": "", "DB": "", "CPT": "", "BL": "",
}  # fmt: skip
_TAGS = ("wheelchair", "childcare", "sign_language", "smoking")
_VENUES: dict[str, Modality] = {"1": "in_person", "2": "online", "3": "hybrid"}


def read(document: Any, feed: Feed) -> FeedRead:
    """Read the answer of a root server, with or without its formats.

    Raises:
        FeedUnusable: it is neither an array of meetings nor an object that holds one.
    """
    rows = rows_of(document, "meetings")
    formats = objects(document.get("formats")) if isinstance(document, Mapping) else []
    meanings = {**BY_KEY, **_stated(formats), **{key.upper(): value for key, value in feed.formats.items()}}
    return read_rows(rows, lambda row, remarks: meeting(row, feed, meanings, remarks), feed.country)


def meeting(row: Mapping[str, Any], feed: Feed, meanings: Mapping[str, str], remarks: Remarks) -> Listing:
    """One meeting; `meanings` of the formats' keys in upper case.

    Raises:
        RowRefused: it has no id or no name, or is not published.
    """
    number, name = code(row.get("id_bigint")), text(row.get("meeting_name"), 160)
    if not number:
        raise RowRefused("id_bigint: is missing, so the meeting cannot be told from others")
    # An aggregator repeats the ids of its servers.
    source_id = f"{code(row.get('root_server_id'))}-{number}" if code(row.get("root_server_id")) else number
    if not name:
        raise RowRefused(f"meeting_name: the meeting {source_id} has none")
    if code(row.get("published")) == "0":
        raise RowRefused(f"published: the meeting {source_id} is withdrawn")
    keys = [code(one, 20).upper() for one in members(row.get("formats"))]
    unknown = [key for key in dict.fromkeys(keys) if key and key not in meanings]
    if unknown:
        remarks(f"formats: {', '.join(unknown)} {'is' if len(unknown) == 1 else 'are'} not known here; kept")
    meant = {meanings[key] for key in keys if key in meanings}
    join_url, join_phone = link(row.get("virtual_meeting_link")), code(row.get("phone_meeting_number"), 60)
    status, modality = _how(row, meant, bool(join_url or join_phone), remarks)
    found = place(row.get("latitude"), row.get("longitude"))
    if found is None and modality != "online":
        remarks(unplaced(row.get("latitude"), row.get("longitude")))
    spoken = vocabulary.language(row.get("lang_enum"))
    return Listing(
        source=feed.name, source_id=source_id, kind="mutual_help", name=name,
        fellowship=feed.of_fellowship, secular=feed.is_secular,
        timezone=_zone(row, feed, remarks), weekly=_weekly(row, remarks),
        modality=modality, status=status, place=found, address=_address(row),
        how_to_find=joined(text(row.get("location_text"), 120), directions(row.get("location_info"))),
        region=text(row.get("location_municipality"), 120),
        join_url=join_url, join_phone=join_phone, languages=(spoken or feed.language,),
        formats=tuple(sorted(meant & vocabulary.FORMATS.keys())),
        open_meeting=True if "open" in meant else False if "closed" in meant else None,
        tags=tuple(sorted(meant & set(_TAGS))), unknown_codes=tuple(unknown),
        agency=feed.agencies.get(source_id, ""), trust=feed.trust,
    )  # fmt: skip


def _stated(formats: list[Mapping[str, Any]]) -> dict[str, str]:
    """What the server itself says that its keys mean; a format without a world id keeps the usual meaning."""
    return {
        code(one.get("key_string"), 20).upper(): BY_WORLD_ID[code(one.get("world_id"), 20).upper()]
        for one in formats
        if code(one.get("world_id"), 20).upper() in BY_WORLD_ID and code(one.get("key_string"), 20)
    }


def _how(row: Mapping[str, Any], meant: set[str], online: bool, remarks: Remarks) -> tuple[Status, Modality]:
    stated = code(row.get("venue_type"))
    venue = _VENUES.get(stated) or (
        "online" if "online" in meant else "hybrid" if "hybrid" in meant else "in_person"
    )
    if stated and stated not in _VENUES:
        remarks.odd("venue_type", stated, f"taken as {venue.replace('_', ' ')}")
    if "temporarily_closed" in meant:
        offered = "it is offered online only" if online else "the meeting is not offered"
        remarks(f"formats: TC, the place is temporarily closed; {offered}")
        return ("active", "online") if online else ("temporarily_closed", "in_person")
    if venue == "online" and not online:
        remarks("venue_type: virtual, but there is no link and no number; not offered")
        return "inactive", "online"
    return "active", "in_person" if venue == "hybrid" and not online else venue


def _weekly(row: Mapping[str, Any], remarks: Remarks) -> tuple[Slot, ...]:
    weekday, start = from_sunday_1(row.get("weekday_tinyint")), clock(row.get("start_time"))
    if weekday is None or start is None:
        name = "weekday_tinyint" if weekday is None else "start_time"
        remarks.odd(name, row.get(name), "the meeting is listed without a time")
        return ()
    minutes = duration(row.get("duration_time"))
    if minutes is None and code(row.get("duration_time")) not in ("", "00:00:00"):
        remarks.odd("duration_time", row.get("duration_time"), "an hour is assumed")
    return (Slot(weekday, start, minutes or 60),)


def _zone(row: Mapping[str, Any], feed: Feed, remarks: Remarks) -> str:
    stated = row.get("time_zone")
    found = zone_named(stated)
    if stated and found is None:
        remarks.odd("time_zone", stated, f"the feed's zone {feed.timezone} is taken")
    return found or feed.timezone


def _address(row: Mapping[str, Any]) -> str:
    parts = ("street", "municipality", "province", "postal_code_1", "nation")
    return joined(*(text(row.get(f"location_{part}"), 120) for part in parts))
