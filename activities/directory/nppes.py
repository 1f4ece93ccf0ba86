"""NPPES: therapists and treatment programs from the US registry of provider numbers (API version 2.1, public domain).

The registry knows a taxonomy, an address and a telephone, and neither coordinates nor languages, payers or waiting
times; telephones are often stale. Errors come with HTTP status 200 and an `Errors` array. Epochs are text in
milliseconds, and seconds in older answers. The last digit of a number is a check digit (Luhn over 80840 and the
number).
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from activities.directory import vocabulary
from activities.directory.feeds import Feed
from activities.directory.fields import code, joined, obj, objects, text, whole
from activities.directory.listing import Listing
from activities.directory.reading import FeedRead, FeedUnusable, RowRefused, read_rows, rows_of


def read(document: Any, feed: Feed) -> FeedRead:
    """Read the answer to a search.

    Raises:
        FeedUnusable: it is an error, or no answer of the registry.
    """
    if isinstance(document, Mapping) and document.get("Errors"):
        said = "; ".join(text(one.get("description"), 120) for one in objects(document["Errors"]))
        raise FeedUnusable(f"the registry answered with an error{f': {said}' if said else ''}")
    reading = read_rows(rows_of(document, "results"), lambda row, _: provider(row, feed))
    reading.remarks.append("the registry gives no coordinates: distances are not known")
    return reading


def provider(row: Mapping[str, Any], feed: Feed) -> Listing:
    """One provider, a person or an organisation.

    Raises:
        RowRefused: the number is none, there is no name, or the provider gives no care that is known here.
    """
    npi = code(row.get("number"))
    if not is_npi(npi):
        raise RowRefused(f"number: {npi[:20]!r} is no provider number (its check digit is wrong)")
    basic = obj(row.get("basic"))
    name = text(basic.get("organization_name"), 160) or _person(basic)
    if not name:
        raise RowRefused(f"basic: the provider {npi} has no name")
    taxonomies = objects(row.get("taxonomies"))
    codes = [code(one.get("code")) for one in taxonomies]
    person = any(c in vocabulary.NUCC for c in codes)
    organisation = any(c in vocabulary.NUCC_ORGANISATIONS for c in codes)
    if not person and not organisation:
        raise RowRefused(f"taxonomies: the provider {npi} is no therapist and no treatment program")
    unknown = tuple(
        c for c in codes if c and c not in vocabulary.NUCC and c not in vocabulary.NUCC_ORGANISATIONS
    )
    described = vocabulary.specialties_in(*(one.get("desc") for one in taxonomies))
    known = {s for c in codes for s in vocabulary.NUCC.get(c, ())}
    address = next(
        (one for one in objects(row.get("addresses")) if one.get("address_purpose") == "LOCATION"), {}
    )
    return Listing(
        source=feed.name, source_id=npi, kind="therapist" if person else "level_of_care", name=name,
        services=() if person else tuple(s for c in codes for s in vocabulary.NUCC_ORGANISATIONS.get(c, ())),
        timezone=feed.timezone, status="active" if code(basic.get("status")) in ("A", "") else "inactive",
        address=_address(address), phone=code(address.get("telephone_number"), 40),
        specialties=tuple(sorted({*described, *known})) if person else (), unknown_codes=unknown,
        agency=feed.agencies.get(npi, ""), updated_at=_epoch(row.get("last_updated_epoch")), trust=feed.trust,
    )  # fmt: skip


def is_npi(number: str) -> bool:
    """Whether a number of ten digits has the right check digit."""
    if len(number) != 10 or not (number.isascii() and number.isdigit()):
        return False
    total = 24  # of the prefix 80840, which stands before every number of the United States
    for place, digit in enumerate(reversed(number)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def _person(basic: Mapping[str, Any]) -> str:
    parts = [text(basic.get(name), 60) for name in ("first_name", "last_name", "credential")]
    return " ".join(part for part in parts if part and part != "--")


def _address(row: Mapping[str, Any]) -> str:
    postal = code(row.get("postal_code"))
    postal = f"{postal[:5]}-{postal[5:]}" if len(postal) == 9 and postal.isdigit() else postal
    parts = (text(row.get(name), 120) for name in ("address_1", "address_2", "city", "state"))
    return joined(*parts, postal)


def _epoch(value: Any) -> datetime | None:
    stated = whole(value)
    if stated is None or not 0 < stated < 10**14:
        return None
    return datetime.fromtimestamp(stated / 1000 if stated > 10**11 else stated, UTC)
