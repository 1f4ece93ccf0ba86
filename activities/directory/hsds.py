"""HSDS 3: services with their organisations, places and hours.

Fields are those of openreferral/specification (3.0, with what 3.1 adds). Real data claims HSDS and is looser: ids that
are no UUIDs, `days`/`start_time` for `byday`/`opens_at`, phones within quotation marks. What can be understood is
taken with a remark. The time zone of an HSDS schedule is an offset and no zone, so the feed's zone is taken.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from itertools import chain
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
    obj,
    objects,
    place,
    text,
    unplaced,
    whole,
)
from activities.directory.hours import hours, wait_days
from activities.directory.listing import Listing, Modality, Place, Status
from activities.directory.reading import FeedRead, Remarks, RowRefused, read_rows, rows_of

_STATUS: dict[str, Status] = {"active": "active", "": "active", "inactive": "inactive", "defunct": "inactive",
                              "temporarily closed": "temporarily_closed"}  # fmt: skip
_TELLING = {
    "a taxonomy term": ("taxonomy", "taxonomy_detail", "taxonomy_id", "term_uri", "parent_id"),
    "a location": ("location_type", "latitude", "addresses"),
    "an organisation without services": (
        "legal_status",
        "tax_status",
        "year_incorporated",
        "parent_organization_id",
    ),
    "a service at a location, without its service": ("service_id", "location_id"),
    "a taxonomy": ("version",),
}
"""Fields of the specification's other objects that no service has."""
Row = Mapping[str, Any]


def read(document: Any, feed: Feed, today: date) -> FeedRead:
    """Read services: an array, the page envelope of the API, one service, services at their locations, or
    organisations with their services.

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
    if what := _something_else(row):
        raise RowRefused(f"this row is {what} and no service")
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
        given = next((one for one in locations if "latitude" in one or "longitude" in one), {})
        remarks(unplaced(given.get("latitude"), given.get("longitude")))
    needs = vocabulary.services_in(name, *_taxonomy(row)) or vocabulary.services_in(row.get("description"))
    if not needs:
        remarks(
            "the service meets none of the needs that are known here; it can be searched and is not matched"
        )
    schedules = chain(
        objects(row.get("schedules")), _of_all(at, "schedules"), _of_all(locations, "schedules")
    )
    weekly, other = hours(schedules, today, remarks)
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
        agency=feed.agencies.get(source_id) or feed.agencies.get(source_id.rpartition("/")[2], ""),
        updated_at=moment(row.get("last_modified")), trust=feed.trust,
    )  # fmt: skip


def _services(row: Any) -> Iterable[Any]:
    """The services of an organisation, and the service at a location with the place and hours that it has there."""
    if not isinstance(row, Mapping):
        return [row]
    if isinstance(row.get("services"), list):
        return [{**one, "organization": row} if isinstance(one, Mapping) else one for one in row["services"]]
    if isinstance(row.get("service"), Mapping):
        at = {name: value for name, value in row.items() if name != "service"}
        of = code(row["service"].get("id"))
        # Each place at which it is given is somewhere to go, so the id is that of the two together.
        both = "/".join(filter(None, (code(row.get("id")), of)))
        return [{**row["service"], "service_at_locations": [at], "locations": [], "id": both}]
    return [row]


def _something_else(row: Row) -> str:
    """What a row is that has an id and a name as a service has, and is none; empty for a service."""
    if "status" in row or "organization" in row or "organization_id" in row:
        return ""
    return next((what for what, fields in _TELLING.items() if any(name in row for name in fields)), "")


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
