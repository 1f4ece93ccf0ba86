"""Services and therapists: HSDS as JSON and CSV, FHIR, NPPES."""

import io
import json
import zipfile
from typing import Any

import pytest
from fhir.resources.R4B.bundle import Bundle

from activities.directory import documents
from activities.directory.listing import AS_JSON, DAY, Listing, Place, Slot
from activities.directory.nppes import is_npi
from activities.directory.reading import FeedUnusable
from tests.activities.directory.invented import TODAY, bundle, feed, one, provider, read, role, service
from tests.servers import EXAMPLE

NEWPATIENTS = "http://hl7.org/fhir/us/davinci-pdex-plan-net/StructureDefinition/newpatients"


def hsds(**fields: Any) -> Listing:
    return one([service(**fields)], feed("hsds"))


def test_a_service_as_HSDS_has_it() -> None:
    found = hsds(
        wait_time="2-3 weeks", languages=[{"id": "l", "code": "spa"}], last_modified="2026-01-01T00:00:00Z"
    )
    assert (found.kind, found.services, found.name) == (
        "service",
        ("food_bank",),
        "Community Food Pantry · Riverton Aid",
    )
    assert found.weekly == (Slot(1, 540, 240), Slot(3, 540, 240))
    assert (found.place, found.wait_days, found.languages) == (Place(38.63, -90.2), 21, ("es",))


@pytest.mark.parametrize("wrap", [lambda s: s, lambda s: {"contents": [s], "total_items": 1}, lambda s: [s],
                                  lambda s: [{"id": "o", "name": "Riverton Aid", "services": [s]}]])  # fmt: skip
def test_a_service_comes_alone_in_a_page_in_a_list_or_under_its_organisation(wrap: Any) -> None:
    assert one(wrap(service()), feed("hsds")).name == "Community Food Pantry · Riverton Aid"


def test_a_service_at_its_locations_is_listed_at_each_of_them() -> None:
    """As the API's `service_at_locations` has them: the service within the link, the place beside it."""
    alone = {name: value for name, value in service().items() if name != "service_at_locations"}
    here = service()["service_at_locations"][0]
    there = {"id": "s2", "location": {"id": "l2", "latitude": 38.7, "longitude": -90.3}}
    rows = [{**at, "service": alone} for at in (here, there)]
    reading = read({"contents": rows, "total_items": 2}, feed("hsds", agencies={"pantry": "pantry-1"}))
    assert [line.became for line in reading.lines] == ["taken", "taken"]
    assert [(one.source_id, one.place) for one in reading.listings] == [
        ("s/pantry", Place(38.63, -90.2)),
        ("s2/pantry", Place(38.7, -90.3)),
    ]
    assert {one.agency for one in reading.listings} == {"pantry-1"}
    assert not reading.remarks


@pytest.mark.parametrize(
    ("row", "what"),
    [
        ({"id": "x", "name": "Food", "taxonomy": "open-eligibility", "parent_id": "y"}, "a taxonomy term"),
        ({"id": "x", "name": "Open Eligibility", "description": "d", "uri": "https://x.example", "version": "1"},
         "a taxonomy"),
        ({"id": "x", "name": "Civic Center", "location_type": "physical", "latitude": 1}, "a location"),
        ({"id": "x", "name": "Riverton Aid", "tax_status": "501c3"}, "an organisation without services"),
        ({"id": "x", "name": "y", "service_id": "a", "location_id": "b"},
         "a service at a location, without its service"),
    ],
)  # fmt: skip
def test_what_is_no_service_is_not_taken_for_one(row: dict[str, Any], what: str) -> None:
    reading = read([row, service()], feed("hsds"))
    assert reading.lines[0].reason == f"this row is {what} and no service"
    assert [one.source_id for one in reading.listings] == ["pantry"]


@pytest.mark.parametrize(
    ("latitude", "longitude", "words"),
    [
        (100, 101, "100, 101 is no place on earth"),
        (None, None, "are not given"),
        (0, 0, "0 stands for nothing known"),
        ("north", 3, "north, 3 is no place on earth"),
    ],
)
def test_a_place_that_is_none_is_not_called_missing(latitude: Any, longitude: Any, words: str) -> None:
    at = [{"id": "s", "location": {"id": "l", "latitude": latitude, "longitude": longitude}}]
    (line,) = read([service(service_at_locations=at)], feed("hsds")).lines
    assert words in line.reason
    position = {
        "resourceType": "Location",
        "id": "l9",
        "position": {"latitude": latitude, "longitude": longitude},
    }
    document = bundle(role(location=[{"reference": "Location/l9"}]), position)
    assert words in read(document, feed("fhir")).lines[0].reason


@pytest.mark.parametrize(
    ("status", "becomes"),
    [
        ("temporarily closed", "temporarily_closed"),
        ("defunct", "inactive"),
        ("inactive", "inactive"),
        ("", "active"),
        ("?", "inactive"),
    ],
)  # fmt: skip
def test_a_service_that_is_not_active_is_not_offered(status: str, becomes: str) -> None:
    assert hsds(status=status).status == becomes


@pytest.mark.parametrize(
    ("schedule", "slots"),
    [
        ({"byday": "2MO,-1FR", "freq": "MONTHLY", "opens_at": "16:00Z", "closes_at": "20:00"},
         (Slot(1, 960, 240, (2,)), Slot(5, 960, 240, (-1,)))),
        ({"days": ["Monday"], "start_time": "4:00 PM", "end_time": "3am"}, (Slot(1, 960, 660),)),
        ({"byday": "MO", "opens_at": "09:00", "closes_at": "12:00", "valid_to": "2026-03-15"}, ()),
        ({"byday": "MO", "opens_at": "09:00", "closes_at": "12:00", "valid_to": "12/24/15"}, ()),
        ({"byday": "XX,TU", "opens_at": "09:00"}, (Slot(2, 540, 0),)),
        ({"byday": "MO", "opens_at": "nine"}, ()),
        ({"byday": "99MO", "opens_at": "09:00"}, ()),
        ({"byday": {"a": 1}, "opens_at": "09:00"}, ()),
    ],
)  # fmt: skip
def test_hours_are_read_in_the_shapes_that_are_seen(
    schedule: dict[str, Any], slots: tuple[Slot, ...]
) -> None:
    assert hsds(schedules=[schedule]).weekly == slots


def test_hours_that_are_not_weekly_are_said_in_words() -> None:
    fortnight = {"freq": "WEEKLY", "interval": 2, "byday": "MO", "opens_at": "09:00"}
    assert hsds(schedules=[fortnight]).other_times == "every 2 weeks, MO, from 09:00"
    assert hsds(schedules=[{"freq": "MONTHLY", "bymonthday": "15", "opens_at": "09:00"}]).other_times == (
        "every month, 15, from 09:00"
    )
    assert hsds(schedules=[{**fortnight, "byday": "NO SUCH"}]).other_times == ""


def test_a_phone_within_quotation_marks_and_a_personal_address() -> None:
    found = hsds(phones=[{"id": "p", "number": '"+1 555 555 0100"'}], email="jane.roe@aid.example")
    assert (found.phone, found.email) == ("+1 555 555 0100", "")
    assert hsds(email="intake@aid.example").email == "intake@aid.example"


@pytest.mark.parametrize(
    ("name", "term", "needs"),
    [
        ("Career closet", "Work Clothing", {"interview_clothes"}),
        ("Levee rides", "Transportation", {"transport"}),
        ("Legal Aid desk", "", {"legal_help"}),
        ("Health stop", "HIV testing, hepatitis C, STD", {"hiv_testing", "hepatitis_testing", "sti_testing"}),
        ("Job lab", "", {"job_training"}),
        ("Open court", "Recreation", {"recreation"}),
    ],
)
def test_C5_what_a_service_meets_is_read_from_its_name_and_its_terms(
    name: str, term: str, needs: set[str]
) -> None:
    found = hsds(name=name, attributes=[{"id": "a", "taxonomy_term": {"id": "t", "name": term}}])
    assert set(found.services) >= needs


def test_HSDS_as_tables_in_a_folder_or_an_archive() -> None:
    files = {
        "services.csv": "id,organization_id,name,status\ns1,o1,Food pantry,active\ns2,o1,Legal help,defunct\n",
        "organizations.csv": "id,name\no1,Riverton Aid\n",
        "locations.csv": "id,latitude,longitude,location_type\nl1,38.63,-90.2,physical\n",
        "addresses.csv": "id,location_id,address_1,city\na1,l1,1 Levee Way,Riverton\n",
        "services_at_location.csv": "id,service_id,location_id\nx,s1,l1\n",
        "schedules.csv": "id,service_id,byday,opens_at,closes_at\nh,s1,MO,09:00,13:00\n",
        "phones.csv": "id,service_id,number\np,s1,555-555-0100\n",
    }
    encoded = {name: content.encode() for name, content in files.items()}
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as written:
        for name, content in encoded.items():
            written.writestr(f"export/{name}", content)
    for tables in (encoded, archive.getvalue()):
        first, second = documents.read(tables, feed("hsds_csv"), TODAY).listings
        assert (first.name, first.services, first.phone) == (
            "Food pantry · Riverton Aid",
            ("food_bank",),
            "555-555-0100",
        )
        assert (first.place, first.address) == (Place(38.63, -90.2), "1 Levee Way, Riverton")
        assert first.weekly == (Slot(1, 540, 240),)
        assert second.status == "inactive"


@pytest.mark.parametrize(
    "content", [b"PK\x03\x04 damaged", b"<html>", b"[]", {"locations.csv": b"id\n1\n"}, {}, b""]
)
def test_tables_that_are_none_are_refused_as_a_whole(content: Any) -> None:
    with pytest.raises(FeedUnusable):
        documents.read(content, feed("hsds_csv"), TODAY)


# -- FHIR ---------------------------------------------------------------------------------------------------


def test_a_practitioner_in_a_role() -> None:
    telecom = [
        {"system": "phone", "value": "555-555-0142", "use": "mobile"},
        {"system": "phone", "value": "555-555-0100", "use": "work"},
    ]
    hours = [{"daysOfWeek": ["mon", "?"], "allDay": True}]
    found = one(bundle(role(availableTime=hours, telecom=telecom)), feed("fhir"))
    assert (found.kind, found.name, found.listing_id) == ("therapist", "Mateo Rivas", "f:PractitionerRole/t1")
    assert found.specialties == ("couples", "emdr", "family")
    assert (found.languages, found.place, found.weekly) == (("es",), Place(38.63, -90.2), (Slot(1, 0, DAY),))
    assert found.phone == "555-555-0100"
    assert "0142" not in AS_JSON.dump_json(found).decode()


@pytest.mark.parametrize(
    ("code", "accepts"), [("newpt", True), ("nopt", False), ("existptonly", False), (None, None)]
)
def test_whether_new_patients_are_taken(code: str | None, accepts: bool | None) -> None:
    said = {"url": "acceptingPatients", "valueCodeableConcept": {"coding": [{"code": code}]}}
    extension = [{"url": NEWPATIENTS, "extension": [said]}] if code else []
    assert one(bundle(role(extension=extension)), feed("fhir")).accepts_new is accepts


def test_a_waiting_time_is_read_from_words() -> None:
    words = "Waiting time for a first visit: about 2 weeks"
    assert one(bundle(role(availabilityExceptions=words)), feed("fhir")).wait_days == 14


def test_an_agency_is_named_by_the_id_and_one_of_no_listing_is_said() -> None:
    reading = read(bundle(role()), feed("fhir", agencies={"t1": "counselor-1", "t9": "counselor-2"}))
    assert reading.listings[0].agency == "counselor-1"
    assert reading.remarks == ["agencies: t9 is no listing of this feed"]


def test_a_healthcare_service_and_a_role_may_have_the_same_id() -> None:
    place = {
        "resourceType": "HealthcareService",
        "id": "t1",
        "name": "Partial hospitalization",
        "active": False,
    }
    reading = read(bundle(role(), place), feed("fhir"))
    assert [(one.kind, one.status) for one in reading.listings] == [
        ("therapist", "active"),
        ("level_of_care", "inactive"),
    ]


def test_an_error_of_a_FHIR_server_is_no_directory() -> None:
    issue = {"severity": "error", "code": "exception", "diagnostics": "index is rebuilding"}
    with pytest.raises(FeedUnusable, match="answered with an error: index is rebuilding"):
        read({"resourceType": "OperationOutcome", "issue": [issue]}, feed("fhir"))


def test_the_example_of_therapists_is_FHIR_by_another_judge() -> None:
    Bundle.model_validate(json.loads((EXAMPLE / "directories" / "therapists.json").read_text("utf-8")))


# -- NPPES --------------------------------------------------------------------------------------------------


def test_a_provider_of_the_registry() -> None:
    found = one({"result_count": 1, "results": [provider()]}, feed("nppes"))
    assert (found.kind, found.name, found.specialties) == ("therapist", "AVERY LINDQVIST", ("addiction",))
    assert found.address == "1 LEVEE WAY, RIVERTON, MO, 63101-1234"
    assert found.located is None
    assert found.updated_at
    assert found.updated_at.year == 2023


def test_the_number_may_be_a_number_and_a_wrong_one_is_refused() -> None:
    rows = [
        provider(number=1770626038),
        provider(number="1234567890"),
        provider(number="1770626038", taxonomies=[{"code": "x"}]),
    ]
    reading = read({"results": rows}, feed("nppes"))
    assert [line.became for line in reading.lines] == ["taken", "refused", "refused"]
    assert "check digit" in reading.lines[1].reason
    assert "no therapist" in reading.lines[2].reason
    assert not is_npi("１７７０６２６０３８")  # digits of another script


def test_an_error_of_the_registry_comes_with_status_200() -> None:
    with pytest.raises(FeedUnusable, match="Field limit"):
        read(
            {"Errors": [{"description": "Field limit contains an invalid value", "number": "1"}]},
            feed("nppes"),
        )


def test_an_organisation_is_a_level_of_care() -> None:
    house = provider(basic={"organization_name": "HARBOR HOUSE"}, taxonomies=[{"code": "324500000X"}])
    found = one({"results": [house]}, feed("nppes"))
    assert (found.kind, found.services, found.specialties) == ("level_of_care", ("residential",), ())
