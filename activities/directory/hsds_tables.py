"""HSDS as a set of CSV tables, nested as the JSON has them (openreferral/specification, tabular data package)."""

import csv
import io
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from typing import Any

from activities.directory.bounds import LONGEST_HEADER, MOST_ROWS
from activities.directory.reading import FeedUnusable


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
        place: {**row, **{part: get(place) or [] for part, get in parts.items()}}
        for place, row in _by_id(found, "locations", "location").items()
    }
    organisations = _by_id(found, "organizations", "organization")
    links = by("service_id", "services_at_location", "service_at_locations", "service_at_location")
    own = {
        part: by("service_id", part, part.removesuffix("s")) for part in ("phones", "schedules", "languages")
    }
    terms = _by_id(found, "taxonomy_terms", "taxonomy_term")
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


def _by_id(found: Mapping[str, list[dict[str, Any]]], *names: str) -> dict[str, dict[str, Any]]:
    """The rows of a table that may be called by either name."""
    rows = chain.from_iterable(found.get(name, []) for name in names)
    return {row["id"]: row for row in rows if row.get("id")}


def _rows(content: str) -> Iterator[dict[str, Any]]:
    table = content.removeprefix("\ufeff")
    if len(table.partition("\n")[0]) > LONGEST_HEADER:
        raise FeedUnusable("a table has a first line that is too long to be its column names")
    try:
        for number, row in enumerate(csv.DictReader(io.StringIO(table)), 1):
            if number > MOST_ROWS:
                raise FeedUnusable(f"a table has more than {MOST_ROWS:,} rows")
            yield {
                name.strip(): value
                for name, value in row.items()
                if isinstance(name, str) and isinstance(value, str)
            }
    except csv.Error as error:
        raise FeedUnusable(f"a table is no CSV: {error}") from None
