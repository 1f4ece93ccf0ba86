"""What is built for a FHIR server: judged by a library that is not ours, and held against the consent (P5, C5)."""

import base64
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from activities.agencies.book import Office
from activities.agencies.fhir.building import Builder
from activities.agencies.fhir.resources import ServiceRequest, Task
from activities.agencies.port import Handover, Person
from tests.activities.agencies.partners import SOMEBODY, agency, handover

ALL = {"Patient", "Organization", "Consent", "ServiceRequest", "Task", "Communication", "Provenance"}


def built(given: Handover) -> dict[str, Any]:
    return Builder(agency(), Office()).referral(given).as_json()


def resources(given: Handover) -> dict[str, dict[str, Any]]:
    return {entry["resource"]["resourceType"]: entry["resource"] for entry in built(given)["entry"]}


text = st.none() | st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=30)
people = st.builds(
    Person, text, text, st.none() | st.dates(date(1900, 1, 1)), text, text, st.none() | st.just("es")
)
contents = st.sampled_from([{}, {"service_need": "food_bank"}, {"service_need": "hiv_testing"}])


@given(people, contents, st.sampled_from(["c1", ""]))
@settings(deadline=None)
def test_every_resource_is_valid_for_a_judge_that_is_not_ours(
    person: Person, content: dict[str, str], consent_id: str
) -> None:
    bundle = built(handover(person=person, content=content, consent_id=consent_id))
    get_fhir_model_class("Bundle").model_validate(bundle)
    for entry in bundle["entry"]:
        kind = entry["resource"]["resourceType"]
        judged = get_fhir_model_class(kind).model_validate(entry["resource"])
        assert judged.model_dump(mode="json")["resourceType"] == kind


def test_a_referral_has_all_seven_and_every_reference_leads_somewhere() -> None:
    bundle = built(handover())
    assert {entry["resource"]["resourceType"] for entry in bundle["entry"]} == ALL
    places = {entry["fullUrl"] for entry in bundle["entry"]}
    assert set(_references(bundle)) <= places


def _references(part: Any) -> list[str]:
    if isinstance(part, list):
        return [one for item in part for one in _references(item)]
    if not isinstance(part, dict):
        return []
    here = [part["reference"]] if isinstance(part.get("reference"), str) else []
    return here + [one for value in part.values() for one in _references(value)]


def test_P9_everything_with_an_identifier_is_created_only_if_it_is_not_there() -> None:
    for entry in built(handover())["entry"]:
        kind = entry["resource"]["resourceType"]
        assert bool(entry["request"].get("ifNoneExist")) == (kind != "Provenance"), kind
    assert built(handover()) == built(handover()), "a second attempt must build the very same"


def test_P5_the_notice_and_the_scope_go_along() -> None:
    given = handover()
    made = resources(given)
    assert [part["contentString"] for part in made["Communication"]["payload"]] == [given.notice, given.scope]
    assert base64.b64decode(made["Consent"]["sourceAttachment"]["data"]).decode() == given.scope
    assert made["ServiceRequest"]["supportingInfo"] == [_to(given, "Consent")]
    for kind in ALL - {"Organization", "Provenance"}:
        codes = [one["code"] for one in made[kind]["meta"]["security"]]
        assert codes == ["R", "NORDSCLCD"], kind


def _to(given: Handover, kind: str) -> dict[str, str]:
    places = {entry["resource"]["resourceType"]: entry["fullUrl"] for entry in built(given)["entry"]}
    return {"reference": places[kind]}


def test_what_the_consent_does_not_cover_is_not_there() -> None:
    made = resources(handover(person=Person(family_name="Example"), content={}))
    assert made["Patient"]["name"] == [{"family": "Example"}]
    assert not {"telecom", "birthDate", "communication"} & set(made["Patient"])
    assert made["ServiceRequest"]["code"] == {"text": "To be agreed with the person"}


NAMED = {
    "hiv_testing": "hiv",
    "std_help": "sti",
    "hcv_test": "hepatitis",
    "aids_help": "hiv",
    "sti-test": "sti",
}


@pytest.mark.parametrize(("service", "topic"), NAMED.items())
def test_C5_a_service_that_must_be_named_in_the_consent_is_told_only_then(service: str, topic: str) -> None:
    given = handover(service=service, content={"service_need": service})
    assert resources(given)["ServiceRequest"]["code"] == {"text": "To be agreed with the person"}
    assert service not in str(built(given))
    named = resources(replace(given, content={"service_need": service, topic: service}))
    assert named["ServiceRequest"]["code"]["coding"][0]["code"] == service


def test_P6_in_an_emergency_there_is_no_consent_and_the_provenance_says_why() -> None:
    made = resources(handover(consent_id="", scope="Disclosed in a medical emergency (42 CFR 2.51)."))
    assert "Consent" not in made
    assert made["Provenance"]["reason"][0]["coding"][0]["code"] == "ETREAT"


def test_two_referrals_of_a_person_cannot_be_joined_by_an_identifier() -> None:
    first = resources(handover("r1:sending"))["Patient"]["identifier"]
    second = resources(replace(handover("r2:sending"), referral_id="r2"))["Patient"]["identifier"]
    assert first != second
    assert SOMEBODY.family_name
    assert SOMEBODY.family_name not in str(first)


@pytest.mark.parametrize("status", ["nonsense", "", None, 5, "REQUESTED"])
def test_a_status_that_is_none_of_the_twelve_is_refused(status: Any) -> None:
    with pytest.raises(ValidationError):
        Task(status=status)
    with pytest.raises(ValidationError):
        ServiceRequest.model_validate({**resources(handover())["ServiceRequest"], "status": status})
