"""On which ground an outside party may be told, and what the sending says of it (P3-P6, C5)."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from workflows.core.episode.consent.covering import Consent, Request, covering, missing_elements, objection
from workflows.core.episode.consent.grounds import (
    Ground,
    ground_by_consent,
    ground_in_emergency,
    may_be_named,
    topics_of,
)
from workflows.core.episode.consent.notice import scope_of

DAY = timedelta(days=1)
SIGNED = date(2026, 1, 5)
ON = SIGNED + 10 * DAY
NAMED = Consent("c1", "disclosure", "food-1", "referral", frozenset({"referral"}), SIGNED, SIGNED + 30 * DAY)
FOR_CARE = replace(
    NAMED,
    consent_id="c2",
    type="tpo",
    recipient="treating_providers",
    purpose="treatment",
    content=frozenset({"all"}),
)
NOTES = replace(
    NAMED,
    consent_id="c3",
    type="counselling_notes",
    content=frozenset({"counselling_notes", "identity", "hiv"}),
)
COURT = replace(NAMED, consent_id="c4", type="proceedings", purpose="court")


def asks(*content: str, to: str = "food-1", why: str = "referral", of: str = "") -> Request:
    return Request(to, frozenset(filter(None, [of])), why, frozenset(content or ("referral",)))


def treated(*content: str, why: str = "treatment") -> Request:
    return asks(*(content or ("identity",)), to="th-9", why=why, of="treating_providers")


@pytest.mark.parametrize(
    ("consent", "request_", "says"),
    [
        (NAMED, asks(), None),
        (NAMED, asks("identity"), None),
        (NAMED, asks(to="shelter-1"), "names food-1 and not shelter-1"),
        (NAMED, asks(to="shelter-1", of="treating_providers"), "names food-1 and not shelter-1"),
        (replace(NAMED, recipient="treating_providers"), treated(why="referral"),
         "names treating_providers and not th-9"),
        (replace(NAMED, recipient="payers"), asks(to="payers"), "names payers and not payers"),
        (NAMED, asks(why="treatment"), "is for referral and not for treatment"),
        (NAMED, asks("referral", "hiv", "attendance"), "does not cover attendance, hiv"),
        (FOR_CARE, treated(), None),
        (FOR_CARE, treated(why="payment"), None),
        (FOR_CARE, treated(why="operations"), None),
        (FOR_CARE, treated(why="referral"), None),
        (FOR_CARE, treated("referral", "medication", "test_results"), None),
        (replace(FOR_CARE, recipient="payers"), asks("identity", to="p-1", of="payers"),
         "is for treatment and not for referral"),
        (replace(FOR_CARE, recipient="food-1"), asks("identity"), "is for treatment and not for referral"),
        (FOR_CARE, treated(why="research"), "is for treatment and not for research"),
        (FOR_CARE, treated("identity", "hiv"), "does not cover hiv"),
        (replace(FOR_CARE, content=frozenset({"identity"})), treated("medication"), "does not cover medication"),
        (replace(FOR_CARE, content=frozenset({"all", "hiv"})), treated("hiv"), None),
        (replace(NAMED, content=frozenset({"all"})), asks("attendance"), "does not cover attendance"),
        (NOTES, asks("counselling_notes", "identity"), None),
        (NOTES, asks("counselling_notes", "hiv"), "does not cover hiv"),
        (NOTES, asks("identity"), "is for referral and not for referral"),
        (NAMED, asks("counselling_notes"), "is for referral and not for referral"),
        (COURT, asks(why="court"), None),
        (COURT, asks(), "is for court and not for referral"),
        (replace(COURT, purpose="treatment"), asks(why="treatment"), "is for treatment and not for treatment"),
        (replace(COURT, purpose="referral"), asks(), "is for referral and not for referral"),
        (replace(NAMED, purpose="court"), asks(why="court"), "is for court and not for court"),
        (replace(NAMED, signed_on=ON), asks(), None),
        (replace(NAMED, signed_on=ON + DAY), asks(), "is signed only on 2026-01-16"),
        (replace(NAMED, expires_on=ON), asks(), None),
        (replace(NAMED, expires_on=ON - DAY), asks(), "expired on 2026-01-14"),
        (replace(NAMED, revoked=True), asks(), "is revoked"),
        (replace(NAMED, entered_in_error=True), asks(), "was entered in error"),
        (replace(NAMED, expires_event="Court-hearing"), asks(), None),
        (
            replace(NAMED, expires_event="end_of Probation", happened=frozenset({"end_of_probation"})),
            asks(),
            "expired with end of Probation",
        ),
    ],
)  # fmt: skip
def test_P3_a_consent_lets_out_what_it_names_to_whom_it_names_for_what_it_was_given(
    consent: Consent, request_: Request, says: str | None
) -> None:
    assert objection(consent, request_, ON) == says


def test_P3_of_several_consents_the_narrowest_is_taken_then_the_latest() -> None:
    by_name = replace(FOR_CARE, consent_id="c9", recipient="th-9", signed_on=SIGNED - DAY)
    assert covering([FOR_CARE, by_name], treated(), ON) == (by_name, ())
    later = replace(FOR_CARE, consent_id="c0", signed_on=SIGNED + DAY)
    assert covering([FOR_CARE, later], treated(), ON)[0] == later
    twin = replace(FOR_CARE, consent_id="c8")
    assert covering([twin, FOR_CARE], treated(), ON)[0] == twin


def test_P3_without_a_consent_each_one_on_file_says_why_it_does_not_serve() -> None:
    assert covering([], asks(), ON) == (None, ("no consent is on file",))
    revoked = replace(NAMED, revoked=True)
    assert covering([revoked, COURT], asks(), ON) == (
        None,
        ("consent c1 is revoked", "consent c4 is for court and not for referral"),
    )
    assert ground_by_consent([revoked], asks(), ON) == (
        "no consent lets food-1 be told: consent c1 is revoked"
    )


def test_P3_what_goes_out_on_a_consent_names_it() -> None:
    ground = ground_by_consent([NAMED], asks(), ON)
    assert isinstance(ground, Ground)
    assert (ground.basis, ground.consent_id) == ("consent", "c1")


EMERGENCY = asks("identity", to="hospital-1")


def test_P6_in_an_emergency_medical_personnel_are_told_without_a_consent() -> None:
    ground = ground_in_emergency(EMERGENCY, is_medical=True, way="content")
    assert ground == Ground("emergency")
    assert Ground("emergency").consent_id is None


@pytest.mark.parametrize("way", ["link", "post"])
def test_P6_nobody_waits_for_a_letter_in_an_emergency(way: str) -> None:
    said = ground_in_emergency(EMERGENCY, is_medical=True, way=way)  # type: ignore[arg-type]
    assert said == "in an emergency hospital-1 is not told by mail: tell it by telephone"


def test_P6_an_emergency_opens_nothing_to_family_or_police() -> None:
    said = ground_in_emergency(EMERGENCY, is_medical=False, way="content")
    assert said == "in an emergency only medical personnel are told, and hospital-1 is none"


@pytest.mark.parametrize("content", ["counselling_notes", "attendance"])
def test_P3_what_no_channel_carries_is_told_by_people(content: str) -> None:
    asked = asks("identity", content)
    said = f"no channel carries {content}: tell it by telephone"
    covers = replace(NAMED, content=frozenset({"identity", content}))
    assert ground_by_consent([covers], asked, ON) == said
    assert ground_in_emergency(asked, is_medical=True, way="content") == said


@pytest.mark.parametrize("content", ["hiv", "hepatitis", "sti"])
def test_C5_a_channel_carries_what_a_consent_names_by_its_word(content: str) -> None:
    assert isinstance(ground_by_consent([NAMED], asks("identity", content), ON), str)
    names = replace(NAMED, content=frozenset({"identity", content}))
    assert isinstance(ground_by_consent([names], asks("identity", content), ON), Ground)


@pytest.mark.parametrize(
    ("service", "topics"),
    [
        ("food_bank", set()),
        ("HIV-testing", {"hiv"}),
        ("std_and_hcv_testing", {"sti", "hepatitis"}),
        ("sexual_health", {"sti"}),
        ("prep", {"hiv"}),
    ],
)
def test_C5_a_service_that_tells_of_an_infection_is_named_only_where_the_consent_names_that(
    service: str, topics: set[str]
) -> None:
    assert topics_of(service) == topics
    assert may_be_named(service, ["service_need"]) is not bool(topics)
    assert may_be_named(service, ["service_need", *topics])
    assert may_be_named(service, topics)
    if len(topics) > 1:
        assert not may_be_named(service, ["service_need", "sti"])


@pytest.mark.parametrize(
    ("ends", "said"),
    [
        ({}, "until 2026-02-04"),
        ({"expires_on": None, "expires_event": "end_of_care"}, "until end of care"),
    ],
)
def test_P5_the_recipient_reads_what_the_consent_allows(ends: dict[str, str | None], said: str) -> None:
    consent = replace(FOR_CARE, content=frozenset({"service_need", "identity"}), **ends)  # type: ignore[arg-type]
    assert scope_of(consent) == (
        "Disclosed with the patient's written consent c2, signed on 2026-01-05: identity, service need; for treatment; "
        f"to treating providers; {said}, unless revoked."
    )


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({}, []),
        ({"type": "tpo", "recipient": "payers"}, []),
        ({"recipient": "payers"}, ["recipient by name (a class such as payers serves type tpo only)"]),
        ({"discloser": None}, ["discloser (who may disclose)"]),
        ({"signed_by_representative": True, "authority": "guardian"}, []),
        ({"signed_by_representative": True}, ["authority (of the representative who signed)"]),
        ({"type": "counselling_notes", "content": ["counselling_notes", "contact"]}, []),
        ({"type": "proceedings", "purpose": "court"}, []),
        (
            {"type": "proceedings"},
            ["a consent of its own for referral (one for legal proceedings serves nothing else)"],
        ),
        ({"purpose": "court"}, ["a consent of its own for legal proceedings (type proceedings)"]),
        (
            {"content": ["my_entire_medical_record"]},
            [
                "content by name (a word for everything names nothing; such as identity, contact, service_need)"
            ],
        ),
    ],
)
def test_P4_what_a_form_lacks_is_said_in_its_words(changes: dict[str, object], missing: list[str]) -> None:
    form: dict[str, object] = {
        "type": "disclosure", "discloser": "us", "recipient": "food-1", "purpose": "referral", "content": ["referral"],
        "may_revoke": True, "signed_on": SIGNED, "expires": True, "signed_by_representative": False, "authority": None,
    }  # fmt: skip
    assert missing_elements(**{**form, **changes}) == missing  # type: ignore[arg-type]
