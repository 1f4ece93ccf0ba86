"""Feeds of the tests, and rows that have the quirks of real ones; everything in them is invented."""

import json
from datetime import date
from pathlib import Path
from typing import Any

from activities.directory import documents
from activities.directory.feeds import Feed
from activities.directory.listing import Listing
from activities.directory.reading import FeedRead

TODAY = date(2026, 3, 16)


def feed(format_: str = "meeting_guide", **fields: Any) -> Feed:
    """A feed of one test."""
    usual = {"name": "f", "timezone": "America/Chicago", "file": Path("feed.json")}
    if format_ == "meeting_guide":
        usual["fellowship"] = "aa"
    return Feed.model_validate({**usual, "format": format_, **fields})


def meeting(**fields: Any) -> dict[str, Any]:
    """A meeting of the Meeting Guide as the specification has it."""
    return {
        "name": "Levee Group", "slug": "levee", "day": 1, "time": "19:00", "end_time": "20:00", "types": ["O", "D"],
        "formatted_address": "1 Levee Way, Riverton, MO 63101, USA", "latitude": 38.63, "longitude": -90.2, **fields,
    }  # fmt: skip


def na_meeting(**fields: str) -> dict[str, str]:
    """A meeting of a BMLT server: every value is text."""
    return {
        "id_bigint": "7", "weekday_tinyint": "2", "venue_type": "1", "start_time": "19:00:00",
        "duration_time": "01:30:00", "time_zone": "", "formats": "O,BT", "longitude": "-90.2", "latitude": "38.63",
        "meeting_name": "Clean Levee", "location_text": "Hall", "location_street": "1 Levee Way",
        "location_municipality": "Riverton", "location_province": "MO", "published": "1",
        "contact_name_1": "Pat", "email_contact": "pat@home.example", **fields,
    }  # fmt: skip


def service(**fields: Any) -> dict[str, Any]:
    """A service of HSDS 3."""
    address = {"id": "a", "address_1": "1 Levee Way", "city": "Riverton", "state_province": "MO"}
    location = {
        "id": "l",
        "location_type": "physical",
        "latitude": 38.63,
        "longitude": -90.2,
        "addresses": [address],
    }
    schedule = {"id": "x", "freq": "WEEKLY", "byday": "MO,WE", "opens_at": "09:00", "closes_at": "13:00"}
    return {
        "id": "pantry", "name": "Community Food Pantry", "status": "active",
        "organization": {"id": "o", "name": "Riverton Aid", "description": ""},
        "service_at_locations": [{"id": "s", "location": location}],
        "schedules": [schedule], **fields,
    }  # fmt: skip


def role(**fields: Any) -> dict[str, Any]:
    """A practitioner's role."""
    return {
        "resourceType": "PractitionerRole", "id": "t1", "active": True,
        "practitioner": {"reference": "Practitioner/p1"}, "location": [{"reference": "Location/l1"}],
        "specialty": [{"coding": [{"code": "106H00000X"}], "text": "EMDR"}],
        **fields,
    }  # fmt: skip


def bundle(*resources: dict[str, Any]) -> dict[str, Any]:
    """A bundle of these, with a practitioner p1 and a location l1."""
    practitioner = {"resourceType": "Practitioner", "id": "p1", "name": [{"family": "Rivas", "given": ["Mateo"]}],
                    "communication": [{"coding": [{"code": "es"}]}]}  # fmt: skip
    location = {"resourceType": "Location", "id": "l1", "position": {"latitude": 38.63, "longitude": -90.2}}
    everything = (practitioner, location, *resources)
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"resource": one} for one in everything],
    }


def provider(**fields: Any) -> dict[str, Any]:
    """A provider of the NPPES registry."""
    return {
        "number": "1770626038", "enumeration_type": "NPI-1", "last_updated_epoch": "1700000000000",
        "basic": {"first_name": "AVERY", "last_name": "LINDQVIST", "credential": "--", "status": "A"},
        "addresses": [{"address_purpose": "LOCATION", "address_1": "1 LEVEE WAY", "city": "RIVERTON", "state": "MO",
                       "postal_code": "631011234", "telephone_number": "555-555-0100"}],
        "taxonomies": [{"code": "101YA0400X", "desc": "Counselor, Addiction", "primary": True}], **fields,
    }  # fmt: skip


def read(document: Any, feed_: Feed | None = None) -> FeedRead:
    """Read a document as it would arrive."""
    return documents.read(json.dumps(document).encode(), feed_ or feed(), TODAY)


def one(document: Any, feed_: Feed | None = None) -> Listing:
    """The only listing of a document."""
    (listing,) = read(document, feed_).listings
    return listing
