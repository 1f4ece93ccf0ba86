"""Meeting Guide JSON: an array of weekly meetings, as AA's intergroups publish it, and NA servers too.

Fields and type codes are those of the specification (code4recovery/spec). Which of them decide whether one can go
there follows its reference reader (code4recovery/tsml-ui): a meeting whose place is closed (`TC`) or only approximate
is not in person, and one that is neither in person nor online is not offered. Contacts, payment handles and free notes
are never read.
"""

import re
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
    moment,
    place,
    says_yes,
    text,
    unplaced,
)  # fmt: skip
from activities.directory.listing import Listing, Modality, Place, Slot, Status
from activities.directory.reading import FeedRead, Remarks, RowRefused, read_rows, rows_of
from activities.directory.times import clock, from_sunday_0, length, zone_named

FORMATS = {
    "BE": "newcomer", "D": "discussion", "SP": "speaker", "B": "big_book", "ST": "step_study", "12X12": "step_study",
    "11": "meditation", "MED": "meditation", "TR": "tradition_study", "LIT": "literature", "ABSI": "literature",
    "DR": "literature", "GR": "literature", "LS": "literature", "A": "secular", "POA": "proof_of_attendance",
    "DD": "dual_diagnosis", "W": "women", "M": "men", "Y": "young", "SEN": "seniors", "LGBTQ": "lgbtq", "G": "lgbtq",
    "L": "lgbtq", "T": "lgbtq", "BI": "lgbtq", "NB": "lgbtq", "POC": "people_of_color", "N": "indigenous",
    "NDG": "indigenous", "P": "professionals", "AL-AN": "family", "AL": "family",
}  # fmt: skip
LANGUAGES = {
    "EN": "en", "S": "es", "FR": "fr", "DE": "de", "ITA": "it", "POR": "pt", "POL": "pl", "RUS": "ru", "UK": "uk",
    "JA": "ja", "KOR": "ko", "AR": "ar", "FA": "fa", "HI": "hi", "NE": "ne", "PUN": "pa", "TL": "tl", "TH": "th",
    "TUR": "tr", "AM": "am", "HR": "hr", "DA": "da", "NL": "nl", "FI": "fi", "EL": "el", "HE": "he", "HU": "hu",
    "IS": "is", "LT": "lt", "ML": "ml", "MT": "mt", "NO": "no", "SK": "sk", "SL": "sl", "SV": "sv", "BG": "bg",
    "AF": "af", "KA": "ka",
}  # fmt: skip
TAGS = {"X": "wheelchair", "XB": "wheelchair_bathroom", "ASL": "sign_language", "BA": "childcare",
        "CF": "children_welcome", "OUT": "outdoors", "FF": "fragrance_free", "SM": "smoking"}  # fmt: skip
_MEANT_OTHERWISE = {
    "[OPEN]": "O",
    "OPEN": "O",
    "[CLOSED]": "C",
    "CLOSED": "C",
    "ASBI": "ABSI",
    "LGBTQIA": "LGBTQ",
}
"""Not in the specification, but seen and clear."""
PARTS_OF_A_STREET = 3
"""Commas in a formatted address with a street: street, city, state and postal code, country."""
_HOUSE = re.compile(r"[^,]*[^\W\d][^,]*\d|[^,]*\d[^,]*[^\W\d]")
"""A first part with a number and a word, such as 12 Main St or Hauptstr. 5."""
_POSTAL_CODE = re.compile(
    r"\b(?:\d{5}(?:-\d{4})?|[A-Z]\d[A-Z] ?\d[A-Z]\d|[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2})\b"
)
"""Of the United States, Canada and Great Britain: no house number."""
_KNOWN_AND_UNUSED = frozenset({"ONL", "HY", "H", "BRK", "CAN", "DB", "O", "C", "TC", "RSL", "XT"})


def read(document: Any, feed: Feed) -> FeedRead:
    """Read a feed.

    Raises:
        FeedUnusable: it is no array of meetings.
    """
    return read_rows(
        rows_of(document, "meetings"), lambda row, remarks: meeting(row, feed, remarks), feed.country
    )


def meeting(row: Mapping[str, Any], feed: Feed, remarks: Remarks) -> Listing:
    """One meeting.

    Raises:
        RowRefused: it has no slug or no name, the only two fields that the specification demands.
    """
    slug, name = code(row.get("slug")), text(row.get("name"), 160)
    if not slug:
        raise RowRefused("slug: is missing, so the meeting cannot be told from others")
    if not name:
        raise RowRefused(f"name: the meeting {slug} has none")
    types = _types(row, feed)
    join_url, join_phone = link(row.get("conference_url")), code(row.get("conference_phone"), 60)
    if row.get("conference_url") and not join_url:
        remarks("conference_url: is no link; it is left out")
    status, modality = _how(row, feed, types, bool(join_url or join_phone), remarks)
    known = {c: feed.formats[c] for c in types if c in feed.formats}
    unknown = [c for c in types if c not in known and not _is_known(c)]
    if unknown:
        remarks(
            f"types: {', '.join(unknown)} {'is' if len(unknown) == 1 else 'are'} not in the specification; kept"
        )
    languages = tuple(dict.fromkeys(LANGUAGES[c] for c in types if c in LANGUAGES)) or (feed.language,)
    formats = [known.get(c) or FORMATS.get(c, "") for c in types]
    return Listing(
        source=feed.name, source_id=slug, kind="mutual_help", name=name,
        fellowship=feed.of_fellowship, secular=feed.is_secular,
        timezone=_zone(row, feed, remarks), weekly=_weekly(row, remarks),
        modality=modality, status=status, place=_place(row, remarks), address=_address(row),
        how_to_find=directions(row.get("location_notes")),
        region=" · ".join(filter(None, map(text, members(row.get("regions")))))[:200] or text(row.get("region")),
        url=link(row.get("url")), join_url=join_url, join_phone=join_phone,
        languages=languages, formats=tuple(sorted({f for f in formats if f in vocabulary.FORMATS})),
        open_meeting=_is_open({*types, *formats}),
        tags=tuple(sorted({TAGS[c] for c in types if c in TAGS})), unknown_codes=tuple(unknown),
        agency=feed.agencies.get(slug, ""), updated_at=moment(row.get("updated")), trust=feed.trust,
    )  # fmt: skip


def _types(row: Mapping[str, Any], feed: Feed) -> list[str]:
    """Type codes as written in the specification; some feeds write a string, lower case, or words in brackets."""
    found = []
    for one in members(row.get("types")):
        written = code(one, 40)
        upper = written.upper()
        found.append(written if written in feed.formats else _MEANT_OTHERWISE.get(upper, upper))
    return [one for one in dict.fromkeys(found) if one]


def _is_known(type_code: str) -> bool:
    return (
        type_code in FORMATS or type_code in LANGUAGES or type_code in TAGS or type_code in _KNOWN_AND_UNUSED
    )


def _is_open(said: set[str]) -> bool | None:
    if said & {"O", "open"}:
        return True
    return False if said & {"C", "closed"} else None


def _zone(row: Mapping[str, Any], feed: Feed, remarks: Remarks) -> str:
    stated = row.get("timezone")
    found = zone_named(stated)
    if stated and found is None:
        remarks.odd("timezone", stated, f"the feed's zone {feed.timezone} is taken")
    return found or feed.timezone


def _weekly(row: Mapping[str, Any], remarks: Remarks) -> tuple[Slot, ...]:
    days = row.get("day")
    if days is None or days == "" or days == []:
        remarks("day: none is given; listed as by appointment")
        return ()
    start = clock(row.get("time"))
    if start is None:
        remarks.odd("time", row.get("time"), "the meeting is listed without a time")
        return ()
    end = row.get("end_time")
    if end and clock(end) is None:
        remarks.odd("end_time", end, "an hour is assumed")
    minutes = length(start, clock(end))
    if minutes > 6 * 60:
        remarks(f"end_time: {code(end)} would make it {minutes // 60} hours long; an hour is assumed")
        minutes = 60
    slots = set()
    for value in members(days):
        weekday = from_sunday_0(value)
        if weekday is None:
            remarks.odd("day", value, "this day is left out")
        else:
            slots.add(Slot(weekday, start, minutes))
    return tuple(sorted(slots))


def _place(row: Mapping[str, Any], remarks: Remarks) -> Place | None:
    latitude, longitude = row.get("latitude"), row.get("longitude")
    if latitude is None and longitude is None and isinstance(row.get("coordinates"), str):
        latitude, _, longitude = row["coordinates"].partition(",")
    found = place(latitude, longitude)
    if found is None and (latitude or longitude or latitude == 0 or longitude == 0):
        remarks(unplaced(latitude, longitude))
    return Place(found.latitude, found.longitude, True) if found and _is_vague(row) else found


def _is_vague(row: Mapping[str, Any]) -> bool:
    """Whether the address is that of a town or a region: said so, or else without a street.

    The reference reader counts the parts of a formatted address, which always ends with its country. Many feeds have
    the parts alone, and few of those name the country: there the street itself tells.
    """
    said = says_yes(row.get("approximate"))
    if said is not None:
        return said
    street, city = text(row.get("address"), 120), text(row.get("city"), 120)
    if street and "," not in street and street.casefold() != city.casefold():
        return False
    written = text(row.get("formatted_address")) or street
    return written.count(",") < PARTS_OF_A_STREET and not _HOUSE.match(_POSTAL_CODE.sub("", written))


def _address(row: Mapping[str, Any]) -> str:
    whole = text(row.get("formatted_address"))
    parts = [text(row.get(name), 120) for name in ("address", "city", "state", "postal_code", "country")]
    return whole or joined(*parts)


def _how(
    row: Mapping[str, Any], feed: Feed, types: list[str], online: bool, remarks: Remarks
) -> tuple[Status, Modality]:
    """Whether it is offered, and how one attends. A closed place wins over everything else."""
    option = code(row.get("attendance_option")).lower()
    if option == "inactive":
        remarks("attendance_option: inactive; the meeting is not offered")
        return "inactive", "online" if online else "in_person"
    if "TC" in types or any(feed.formats.get(c) == "temporarily_closed" for c in types):
        offered = "it is offered online only" if online else "the meeting is not offered"
        remarks(f"types: TC, the place is temporarily closed; {offered}")
        return ("active", "online") if online else ("temporarily_closed", "in_person")
    if option == "online" and not online:
        remarks("attendance_option: online, but there is no link and no number; not offered")
        return "inactive", "online"
    if option == "online" or (online and _is_vague(row)):
        return "active", "online"
    if _is_vague(row):
        remarks("address: is only approximate, and there is no way to join online; not offered")
        return "inactive", "in_person"
    return "active", "hybrid" if online and option != "in_person" else "in_person"
