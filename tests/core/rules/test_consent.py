"""Consent: what a form must say, what covers what, and what a revocation does (P3, P4, P7)."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.clinic import ADMITTED, Patient, admitted
from workflows.core.engine.effects import KeepConsents
from workflows.core.engine.errors import InvalidEntry
from workflows.core.episode.consent import covering as rule
from workflows.core.episode.consent.covering import Consent, Request, covering, objection, parts
from workflows.core.episode.entries import parse_entry

MON = ADMITTED
WHOLE: dict[str, Any] = {
    "consent_id": "c1", "type": "disclosure", "recipient": "food-1", "purpose": "referral", "content": "referral",
    "signed_on": ADMITTED, "expires_on": ADMITTED + timedelta(days=365),
}  # fmt: skip


@pytest.mark.parametrize(
    ("without", "named"),
    [
        ("recipient", "recipient (to whom)"),
        ("purpose", "purpose (why)"),
        ("content", "content (what)"),
        ("signed_on", "signed_on (signature and date)"),
        ("expires_on", "expires_on or expires_event"),
    ],
)
def test_P4_a_consent_that_lacks_an_element_is_refused_with_what_is_missing(without: str, named: str) -> None:
    patient = admitted()
    said = {name: value for name, value in WHOLE.items() if name != without}
    with pytest.raises(InvalidEntry, match=named.replace("(", r"\(").replace(")", r"\)")):
        patient.says("consent", **said)
    assert patient.episode.facts.consents == []


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"may_revoke": False}, "right to revoke"),
        ({"signed_by": "representative"}, "authority"),
        ({"recipient": "payers"}, "serves type tpo only"),
        ({"content": ["referral", "counselling_notes"]}, "counselling notes"),
        ({"purpose": "Court"}, "legal proceedings"),
        (
            {"type": "counselling_notes", "content": ["counselling_notes", "test_results"]},
            "of its own for test_results",
        ),
        ({"type": "counselling_notes", "content": ["referral"]}, "of its own for service_need"),
        ({"type": "proceedings"}, "of its own for referral"),
        ({"type": "general release"}, "there are tpo, disclosure"),
        ({"content": ["referral", "Counseling Notes"]}, "of its own for counselling notes"),
        ({"expires_on": ADMITTED - timedelta(days=1)}, "before the day of the signature"),
        ({"signed_on": ADMITTED + timedelta(days=3)}, "future"),
    ],
)
def test_P4_a_consent_that_is_none_is_refused(changes: dict[str, Any], named: str) -> None:
    with pytest.raises(Exception, match=named):
        admitted().says("consent", **{**WHOLE, **changes})


def test_P4_a_revocation_works_forward_and_the_case_manager_is_told() -> None:
    patient = admitted()
    changed = patient.says("consent", **WHOLE)
    assert "Consents that stand: c1 for food-1 (was none)." in changed.changes
    patient.until(MON + timedelta(days=2))
    patient.says("revocation", consent_id="c1")
    (task,) = [task for task in patient.progress.open_tasks if task.kind == "consent_revoked"]
    assert (task.role, task.rule) == ("case_manager", "P4")
    kept = [effect for effect in patient.effects if isinstance(effect, KeepConsents)]
    assert [effect.consents[0]["revocation"] is None for effect in kept] == [True, False]
    assert kept[0].version < kept[1].version


@pytest.mark.parametrize(
    ("form", "asks"),
    [("written", "is taken back."), ("spoken", "have it in writing"), ("event", "has ended with its event")],
)
def test_P4_a_revocation_counts_however_it_was_said(form: str, asks: str) -> None:
    patient = admitted()
    patient.says("consent", **WHOLE)
    patient.says("revocation", consent_id="c1", form=form)
    (task,) = [task for task in patient.progress.open_tasks if task.kind == "consent_revoked"]
    assert asks in task.asks
    assert patient.episode.facts.consents_standing == []


def test_P4_a_revocation_that_was_a_mistake_is_lifted_only_by_its_retraction() -> None:
    patient = admitted()
    patient.says("consent", **WHOLE)
    patient.says("revocation", id="r1", consent_id="c1")
    patient.says("retraction", entry_id="r1", reason="another person's form")
    assert [one.consent_id for one in patient.episode.facts.consents_standing] == ["c1"]
    assert "consent_revoked" not in patient.tasks
    assert [e for e in patient.effects if isinstance(e, KeepConsents)][-1].lifted == ("r1",)


def test_P4_a_revocation_that_takes_nothing_back_says_so() -> None:
    patient = admitted()
    patient.says("consent", **WHOLE)
    mistyped = patient.says("revocation", consent_id="c-1")
    assert any("No consent c-1 is on file (there is c1)" in sentence for sentence in mistyped.changes)
    early = patient.says("revocation", consent_id="c1", on=ADMITTED - timedelta(days=1))
    assert any("after this revocation: it still stands" in sentence for sentence in early.changes)
    assert [one.consent_id for one in patient.episode.facts.consents_standing] == ["c1"]
    meant = patient.says("revocation", consent_id="c1")
    assert not any("Check" in sentence for sentence in meant.changes)


def test_T4_a_revocation_that_arrives_before_its_consent_still_takes_it_back() -> None:
    patient = admitted()
    patient.says("revocation", consent_id="c1")
    patient.says("consent", **WHOLE)
    assert patient.episode.facts.consents_standing == []


def test_P4_a_consent_signed_anew_on_a_later_day_is_another_one() -> None:
    patient = admitted()
    patient.says("consent", **WHOLE)
    patient.says("revocation", consent_id="c1")
    patient.until(MON + timedelta(days=3))
    patient.says("consent", **{**WHOLE, "signed_on": MON + timedelta(days=3)})
    assert [one.signed_on for one in patient.episode.facts.consents_standing] == [MON + timedelta(days=3)]


def test_P7_a_consent_that_runs_out_takes_its_contacts_with_it_by_itself() -> None:
    patient = _missing_three({"attendance": {"ladder": LADDER}}, recipient="sister-1", purpose="outreach",
                             expires_on=MON + timedelta(days=5))  # fmt: skip
    assert "collateral_contact" in patient.tasks
    patient.until(MON + timedelta(days=6), "00:01")
    assert "collateral_contact" not in patient.tasks


@pytest.mark.parametrize("event", [*sorted(rule.EPISODE_ENDS), "End of Care", "end-of-treatment"])
def test_P4_a_consent_until_the_end_of_care_ends_with_the_episode_however_that_is_spelt(event: str) -> None:
    until = Consent(
        "c1", "disclosure", "food-1", "referral", frozenset({"referral"}), MON, expires_event=event
    )
    assert until.ended(MON) is None
    assert replace(until, happened=rule.EPISODE_ENDS).ended(MON) is not None


@pytest.mark.parametrize(
    ("event", "type_", "is_known"),
    [
        ("end_of_caer", "disclosure", False),
        ("never", "disclosure", False),
        ("none", "disclosure", False),
        ("none", "tpo", True),
        ("End of Probation", "disclosure", True),
        ("discharge", "disclosure", True),
    ],
)
def test_P4_a_consent_ends_with_an_event_that_somebody_knows_and_another_one_is_refused_with_the_list(
    event: str, type_: str, is_known: bool
) -> None:
    patient = admitted()
    said = {**WHOLE, "type": type_, "expires_event": event}
    for dated in ({}, {"expires_on": None}):  # a date beside it does not make a slip of the hand right
        if is_known:
            patient.says("consent", **{**said, **dated})
        else:
            with pytest.raises(
                InvalidEntry, match=f"expires_event: nobody knows .*{event}.*end_of_care.*expires_on"
            ):
                patient.says("consent", **{**said, **dated})
    assert len(patient.episode.facts.consents) == 2 * is_known


def test_P4_the_events_outside_the_episode_are_the_policys() -> None:
    patient = admitted(policy={"privacy": {"consent_events": ["end_of_season"]}})
    patient.says("consent", **{**WHOLE, "expires_event": "end of season"})
    with pytest.raises(InvalidEntry, match="end_of_season"):
        patient.says("consent", **{**WHOLE, "expires_event": "end_of_probation"})


def test_E3_a_consent_may_end_with_the_episode_and_comes_back_with_it() -> None:
    patient = admitted()
    patient.says("consent", **{**WHOLE, "expires_on": None, "expires_event": "discharge"})
    patient.says("exit", reason="withdrew", on=MON)
    assert patient.episode.facts.consents_standing == []
    patient.says("decision", about="reopening", choice="reopen")
    assert len(patient.episode.facts.consents_standing) == 1


def _missing_three(policy: dict[str, Any] | None = None, **consent: Any) -> Patient:
    patient = admitted(policy=policy or {})
    if consent:
        patient.says("consent", **{**WHOLE, **consent})
    return patient.until(MON + timedelta(days=5), "08:00")


def test_P7_a_letter_goes_out_and_nobody_else_is_contacted_without_a_consent() -> None:
    (letter,) = [t for t in _missing_three().progress.open_tasks if t.kind == "outreach_letter"]
    assert "no consent names anybody" in letter.asks
    (letter,) = [
        t
        for t in _missing_three(recipient="sister-1", purpose="outreach").progress.open_tasks
        if t.kind == "outreach_letter"
    ]
    assert "A consent lets you contact also: sister-1." in letter.asks


LADDER = [
    {"name": "call", "after": {"hours": 1}, "task": "outreach_call"},
    {"name": "collateral", "after": {"hours": 24}, "task": "collateral_contact", "contacts_others": "only"},
    {"name": "review", "after": {"days": 7}, "task": "supervisor_review", "role": "supervisor"},
]


def test_P7_a_rung_that_would_contact_somebody_is_skipped_with_its_reason_and_the_ladder_goes_on() -> None:
    policy = {"attendance": {"ladder": LADDER}}
    patient = _missing_three(policy)
    (task,) = [task for task in patient.progress.open_tasks if task.rule == "A4"]
    assert task.kind == "outreach_call"
    assert patient.until(MON + timedelta(days=9)).tasks >= {"supervisor_review"}
    reached = _missing_three(policy, recipient="sister-1", purpose="outreach")
    assert "collateral_contact" in reached.tasks
    reached.says("revocation", consent_id="c1")
    (task,) = [task for task in reached.progress.open_tasks if task.rule == "A4"]
    assert (task.kind, "is skipped: no consent names anybody" in task.asks) == ("outreach_call", True)


DAYS = st.dates(date(2026, 1, 1), date(2026, 1, 9))
CODES = st.sampled_from(
    ["identity", "contact", "service_need", "referral", "hiv", "counselling_notes", "all", "attendance"]
)
WHO = st.sampled_from(["a-1", "a-2", *sorted(rule.CLASSES)])
WHY = st.sampled_from(["referral", "treatment", "payment", "court", "research"])
CONSENTS = st.builds(
    Consent,
    st.sampled_from(["c1", "c2"]),
    st.sampled_from(rule.TYPES),
    WHO,
    WHY,
    st.frozensets(CODES, min_size=1),
    DAYS,
    st.none() | DAYS,
    st.none() | st.sampled_from(["discharge", "hearing"]),
    st.booleans(),
    st.booleans(),
    st.sampled_from([frozenset(), rule.EPISODE_ENDS]),
)
REQUESTS = st.builds(
    Request,
    st.sampled_from(["a-1", "a-2"]),
    st.frozensets(st.sampled_from(sorted(rule.CLASSES))),
    WHY,
    st.frozensets(CODES.filter(lambda code: code != "all"), min_size=1),
)


@given(CONSENTS, REQUESTS, DAYS)
def test_P3_what_goes_out_is_named_signed_not_expired_not_revoked_and_within_its_content(
    consent: Consent, request: Request, on: date
) -> None:
    if objection(consent, request, on):
        return
    assert not consent.revoked
    assert not consent.entered_in_error
    assert consent.signed_on <= on
    assert consent.expires_on is None or on <= consent.expires_on
    assert consent.expires_event not in consent.happened
    assert consent.recipient == request.recipient or (
        consent.type == "tpo" and consent.recipient in request.classes
    )
    assert request.purpose != "court" or consent.type == "proceedings"
    named_only = parts(request.content) & rule.ONLY_BY_NAME
    assert named_only <= consent.content
    assert "counselling_notes" not in request.content or consent.type == "counselling_notes"


@given(st.lists(CONSENTS, max_size=4), REQUESTS, DAYS, st.randoms())
def test_P3_the_order_in_which_consents_are_on_file_has_no_say(
    consents: list[Consent], request: Request, on: date, chance: Any
) -> None:
    found, objections = covering(consents, request, on)
    chance.shuffle(consents)
    again, _ = covering(consents, request, on)
    assert (found is None) == (again is None) == bool(objections)


@pytest.mark.parametrize("word", ["everything", "All"])
def test_P4_a_consent_names_its_content(word: str) -> None:
    form = {
        "kind": "consent", "by": "cm-1", "id": "c", "consent_id": "c-1", "recipient": "agency-1", "purpose": "referral",
        "content": [word], "signed_on": "2026-01-05", "expires_on": "2027-01-05",
    }  # fmt: skip
    with pytest.raises(InvalidEntry, match="names nothing"):
        parse_entry(form)


def test_P4_the_clinic_database_hears_who_has_taken_a_consent_back_and_when() -> None:
    patient = admitted()
    patient.says("consent", **WHOLE)
    patient.until(MON + timedelta(days=2))
    taken_back = patient.says("revocation", consent_id="c1", on=MON + timedelta(days=1)).entry_id
    kept = [effect for effect in patient.effects if isinstance(effect, KeepConsents)]
    assert [one["revocation"] for one in kept[0].consents] == [None]
    (told,) = kept[-1].consents
    assert told["revocation"] == {"entry_id": taken_back, "at": "2026-01-06T00:00:00-06:00", "by": "cm-1"}
    assert (told["consent_id"], told["recipient"], told["stands"]) == ("c1", "food-1", True)
