"""HSDS 3: services with their organisations, places and hours, as JSON or as a set of CSV tables.

Fields are those of openreferral/specification (3.0, with what 3.1 adds). Real data claims HSDS and is looser: ids that
are no UUIDs, `days`/`start_time` for `byday`/`opens_at`, phones within quotation marks. What can be understood is
taken with a remark. The time zone of an HSDS schedule is an offset and no zone, so the feed's zone is taken.
"""

import csv
import io
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from itertools import chain
from typing import Any

from dateutil.rrule import rrulestr

from activities.directory import vocabulary
from activities.directory.feeds import Feed
from activities.directory.fields import (
    code,
    directions,
    joined,
    link,
    members,
    moment,
    obj,
    objects,
    place,
    text,
    whole,
)
from activities.directory.listing import Listing, Modality, Place, Slot, Status
from activities.directory.reading import FeedUnusable, Reading, Remarks, RowRefused, read_rows, rows_of
from activities.directory.times import clock, from_name, length

_STATUS: dict[str, Status] = {"active": "active", "": "active", "inactive": "inactive", "defunct": "inactive",
                              "temporarily closed": "temporarily_closed"}  # fmt: skip
Row = Mapping[str, Any]


def read(document: Any, feed: Feed, today: date) -> Reading:
    """Read services: an array, the page envelope of the API, one service, or organisations with their services.

    Raises:
        FeedUnusable: it is none of them.
    """
    if isinstance(document, Mapping) and "contents" not in document and code(document.get("id")):
        document = [document]
    rows = rows_of(document, "contents", "services", "service")
    return read_rows(
        chain.from_iterable(map(_services, rows)),
        lambda row, remarks: service(row, feed, today, remarks),
        feed.country,
    )


def service(row: Row, feed: Feed, today: date, remarks: Remarks) -> Listing:
    """One service.

    Raises:
        RowRefused: it has no id or no name.
    """
    source_id, name = code(row.get("id")), text(row.get("name"), 160)
    if not source_id:
        raise RowRefused("id: is missing, so the service cannot be told from others")
    if not name:
        raise RowRefused(f"name: the service {source_id} has none")
    status = _STATUS.get(code(row.get("status")).lower().replace("_", " "))
    if status is None:
        remarks.odd("status", row.get("status"), "the service is not offered")
    organisation = obj(row.get("organization"))
    of = text(organisation.get("name"), 120)
    at = objects(row.get("service_at_locations"))
    locations = [obj(one.get("location")) for one in at] + objects(row.get("locations"))
    where, address, location = _nearest_known(locations)
    if locations and where is None and not _virtual(locations):
        remarks("latitude, longitude: are not given; its distance is not known")
    needs = vocabulary.services_in(name, *_taxonomy(row)) or vocabulary.services_in(row.get("description"))
    if not needs:
        remarks(
            "the service meets none of the needs that are known here; it can be searched and is not matched"
        )
    schedules = chain(
        objects(row.get("schedules")), _of_all(at, "schedules"), _of_all(locations, "schedules")
    )
    weekly, other = _hours(schedules, today, remarks)
    level_of_care = bool(set(needs) & vocabulary.LEVELS_OF_CARE)
    return Listing(
        source=feed.name, source_id=source_id, kind="level_of_care" if level_of_care else "service",
        name=f"{name} · {of}" if of and name.casefold() not in of.casefold() else name,
        services=needs, timezone=feed.timezone, weekly=weekly, other_times=other,
        status=status or "inactive", modality=_modality(locations, where is not None or bool(address)),
        place=where, address=address, how_to_find=directions(location.get("transportation")),
        url=link(row.get("url")) or link(organisation.get("website")) or link(organisation.get("url")),
        phone=_phone(row, organisation, *at, *locations), email=_email(row.get("email")),
        languages=_languages(row, *locations), eligibility=text(row.get("eligibility_description"), 300),
        accepts_new=_has_room(row), wait_days=wait_days(row.get("wait_time")),
        tags=("wheelchair",) if any(_wheelchair(one) for one in locations) else (),
        agency=feed.agencies.get(source_id, ""), updated_at=moment(row.get("last_modified")), trust=feed.trust,
    )  # fmt: skip


def wait_days(value: Any) -> int | None:
    """Days of a waiting time in words: "10 days", "2-3 weeks" (the longer), "none"; None where nothing is known."""
    words = text(value, 100).lower().replace("-", " ").split()
    if words and words[0] in ("none", "no", "immediate", "immediately", "0"):
        return 0
    numbers = [int(word) for word in words if word.isdigit() and len(word) < 4]
    unit = next(
        (n for w in words for u, n in (("day", 1), ("week", 7), ("month", 30)) if w.startswith(u)), None
    )
    return max(numbers) * unit if numbers and unit else None


def tables(files: Mapping[str, str]) -> list[dict[str, Any]]:
    """The services of a set of CSV tables (`services.csv`, `locations.csv`, …), nested as the JSON has them.

    Raises:
        FeedUnusable: there is no table of services.
    """
    found = {
        name.rpartition("/")[2].removesuffix(".csv").lower(): list(_rows(text_))
        for name, text_ in files.items()
    }
    services = found.get("services") or found.get("service")
    if services is None:
        raise FeedUnusable(f"there is no services.csv; there are {', '.join(sorted(found)) or 'no tables'}")

    def by(column: str, *names: str) -> dict[str, list[dict[str, Any]]]:
        grouped: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for row in chain.from_iterable(found.get(name, []) for name in names):
            if row.get(column):
                grouped[row[column]].append(row)
        return grouped

    parts: dict[str, Callable[[str], Any]] = {}
    for part in ("addresses", "phones", "schedules", "languages", "accessibility"):
        grouped = by(
            "location_id", part, part.removesuffix("es") if part == "addresses" else part.removesuffix("s")
        )
        parts[part] = grouped.get
    locations = {
        row["id"]: {**row, **{part: get(row["id"]) or [] for part, get in parts.items()}}
        for row in chain(found.get("locations", []), found.get("location", []))
        if row.get("id")
    }
    organisations = {
        row["id"]: row
        for row in chain(found.get("organizations", []), found.get("organization", []))
        if row.get("id")
    }
    links = by("service_id", "services_at_location", "service_at_locations", "service_at_location")
    own = {
        part: by("service_id", part, part.removesuffix("s")) for part in ("phones", "schedules", "languages")
    }
    terms = {
        row["id"]: row
        for row in chain(found.get("taxonomy_terms", []), found.get("taxonomy_term", []))
        if row.get("id")
    }
    attributes = by("link_id", "attributes", "attribute")
    return [
        {
            **row,
            "organization": organisations.get(row.get("organization_id", "")),
            "service_at_locations": [
                {**one, "location": locations.get(one.get("location_id", ""))}
                for one in links.get(row.get("id", ""), [])
            ],
            **{part: grouped.get(row.get("id", ""), []) for part, grouped in own.items()},
            "attributes": [
                {**one, "taxonomy_term": terms.get(one.get("taxonomy_term_id", ""))}
                for one in attributes.get(row.get("id", ""), [])
            ],
        }
        for row in services
    ]


def _rows(content: str) -> Iterator[dict[str, Any]]:
    try:
        for row in csv.DictReader(io.StringIO(content.removeprefix("\ufeff"))):
            yield {
                name.strip(): value
                for name, value in row.items()
                if isinstance(name, str) and isinstance(value, str)
            }
    except csv.Error as error:
        raise FeedUnusable(f"a table is no CSV: {error}") from None


def _services(row: Any) -> Iterable[Any]:
    """The services of an organisation; a service is its own."""
    if isinstance(row, Mapping) and isinstance(row.get("services"), list):
        return [{**one, "organization": row} if isinstance(one, Mapping) else one for one in row["services"]]
    return [row]


def _taxonomy(row: Row) -> Iterator[Any]:
    for attribute in objects(row.get("attributes")):
        term = obj(attribute.get("taxonomy_term"))
        yield from (attribute.get("label"), attribute.get("value"), term.get("name"), term.get("code"))


def _of_all(rows: Iterable[Row], name: str) -> Iterator[Row]:
    for row in rows:
        yield from objects(row.get(name))


def _nearest_known(locations: list[Row]) -> tuple[Place | None, str, Row]:
    """The first location that has a place; else the first that has an address."""
    best: tuple[Place | None, str, Row] = (None, "", {})
    for location in locations:
        if code(location.get("location_type")) == "postal":
            continue
        where = place(location.get("latitude"), location.get("longitude"))
        address = next(map(_address, objects(location.get("addresses"))), "")
        if where:
            return where, address, location
        if address and not best[1]:
            best = (None, address, location)
    return best


def _address(row: Row) -> str:
    return joined(*(text(row.get(name), 120) for name in
                    ("address_1", "address_2", "city", "state_province", "postal_code", "country")))  # fmt: skip


def _virtual(locations: list[Row]) -> bool:
    return any(code(one.get("location_type")) == "virtual" for one in locations)


def _modality(locations: list[Row], has_a_place: bool) -> Modality:
    return ("hybrid" if has_a_place else "online") if _virtual(locations) else "in_person"


def _phone(*rows: Row) -> str:
    for row in rows:
        for phone in objects(row.get("phones")):
            if found := code(phone.get("number"), 40).strip('" '):
                return found
    return ""


def _email(value: Any) -> str:
    """An organisation's address; the part before the @ of a person's would show who they are, so only general ones."""
    found = code(value, 120)
    general = (
        "info",
        "office",
        "contact",
        "intake",
        "help",
        "hello",
        "admin",
        "referral",
        "services",
        "front",
    )
    return found if found.lower().startswith(general) and "@" in found else ""


def _languages(*rows: Row) -> tuple[str, ...]:
    found = [
        vocabulary.language(one.get("code")) or vocabulary.language(one.get("name"))
        if isinstance(one, Mapping) else vocabulary.language(one)
        for row in rows for one in members(row.get("languages"))
    ]  # fmt: skip
    return tuple(dict.fromkeys(filter(None, found)))


def _wheelchair(location: Row) -> bool:
    said = " ".join(text(one.get("description")) for one in objects(location.get("accessibility")))
    return "wheelchair" in said.lower() or "ada" in said.lower().split()


def _has_room(row: Row) -> bool | None:
    """Whether it takes people now: HSDS 3.1 states what is available of each unit."""
    stated = [
        whole(one.get("available"))
        for one in (*objects(row.get("capacities")), *objects(row.get("service_capacity")))
    ]
    known = [one for one in stated if one is not None]
    return any(one > 0 for one in known) if known else None


def _hours(schedules: Iterable[Row], today: date, remarks: Remarks) -> tuple[tuple[Slot, ...], str]:
    """Weekly hours, and in words what is not weekly."""
    slots: set[Slot] = set()
    other: list[str] = []
    for schedule in schedules:
        if _is_over(schedule, today):
            continue
        opens = clock(schedule.get("opens_at") or schedule.get("start_time"))
        closes = clock(schedule.get("closes_at") or schedule.get("end_time"))
        days = schedule.get("byday") or schedule.get("days") or schedule.get("weekday")
        if opens is None:
            if schedule.get("opens_at") or schedule.get("start_time"):
                remarks.odd(
                    "opens_at",
                    schedule.get("opens_at") or schedule.get("start_time"),
                    "these hours are left out",
                )
            elif words := text(schedule.get("description") or schedule.get("notes"), 120):
                other.append(words)
            continue
        if code(schedule.get("bymonthday")) or whole(schedule.get("interval")) not in (None, 0, 1):
            other.append(_rule_in_words(schedule, opens, remarks))
            continue
        for day in members(days):
            slot = _slot(code(day), opens, length(opens, closes, default=0))
            if slot is None:
                remarks.odd("byday", day, "this day is left out")
            else:
                slots.add(slot)
    return tuple(sorted(slots)), "; ".join(filter(None, dict.fromkeys(other)))


def _slot(day: str, opens: int, minutes: int) -> Slot | None:
    """A day such as MO, 2MO (the second) or -1FR (the last)."""
    weekday = from_name(day.lstrip("+-0123456789"))
    which = day[: len(day) - len(day.lstrip("+-0123456789"))]
    weeks = whole(which) if which else 0
    if weekday is None or weeks is None or abs(weeks) > 5:
        return None
    return Slot(weekday, opens, minutes, (weeks,) if weeks else ())


def _is_over(schedule: Row, today: date) -> bool:
    """Whether a schedule has ended; one that has not begun, or whose end cannot be read, stands."""
    for name in ("valid_to", "until"):
        ends = moment(schedule.get(name))
        if ends and ends.date() < today:
            return True
    return False


def _rule_in_words(schedule: Row, opens: int, remarks: Remarks) -> str:
    """A time that no weekday can say, such as every second week or the 15th of a month."""
    freq = code(schedule.get("freq")).upper()
    fields = {"FREQ": freq if freq in ("WEEKLY", "MONTHLY") else "", "INTERVAL": code(schedule.get("interval")),
              "BYDAY": code(schedule.get("byday")), "BYMONTHDAY": code(schedule.get("bymonthday"))}  # fmt: skip
    rule = ";".join(f"{name}={value}" for name, value in fields.items() if value)
    try:
        rrulestr(rule)
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, IndexError):
        remarks.odd("schedule", rule, "these hours are left out")
        return ""
    days = " and ".join(filter(None, (code(schedule.get("byday")), code(schedule.get("bymonthday")))))
    unit = "week" if freq == "WEEKLY" else "month"
    every = whole(schedule.get("interval")) or 1
    return (
        f"every {f'{every} {unit}s' if every > 1 else unit}, {days}, from {opens // 60:02d}:{opens % 60:02d}"
    )
