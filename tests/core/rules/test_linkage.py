"""Needs, and what an episode and its referrals say to each other (C3-C5, I3, E5, E9)."""

from datetime import timedelta
from typing import Any

import pytest

from tests.core.clinic import ADMITTED, Patient, admitted, at, ready_for_gate
from workflows.core.engine.effects import StartReferral, TellReferral
from workflows.core.engine.errors import InvalidEntry
from workflows.core.episode.entries import Need, parse_entry
from workflows.core.episode.episode import Episode
from workflows.core.episode.linkage.vocabulary import meaning

DAY = timedelta(days=1)


def started(patient: Patient) -> list[StartReferral]:
    return [one for one in patient.effects if isinstance(one, StartReferral)]


def told(patient: Patient) -> list[dict[str, Any]]:
    return [one.statement for one in patient.effects if isinstance(one, TellReferral)]


def news(patient: Patient, number: int, state: str, **fields: Any) -> None:
    referral = started(patient)[number].referral_id
    patient.says("referral_news", referral_id=referral, state=state, at=patient.now.isoformat(), **fields)


@pytest.mark.parametrize(
    ("service", "kind"),
    [
        ("therapist", "therapist"), ("EMDR", "therapist"), ("AA", "mutual_help"), ("smart recovery", "mutual_help"),
        ("Food bank", "service"), ("hiv_testing", "service"), ("residential", "level_of_care"),
    ],
)  # fmt: skip
def test_C3_a_need_starts_one_referral_of_its_kind(service: str, kind: str) -> None:
    patient = admitted()
    changed = patient.says("need", service=service, wishes={"languages": ["es"]})
    (start,) = started(patient)
    assert (start.kind, start.wishes) == (kind, {"languages": ["es"]})
    assert patient.progress.open_referrals == [start.referral_id]
    assert not [sentence for sentence in changed.changes if "hiv" in sentence.lower()]


def test_C5_a_need_that_is_said_twice_is_one_referral_until_it_has_ended() -> None:
    patient = admitted()
    patient.says("need", service="food_bank")
    patient.says("need", service="food_bank")
    assert len(started(patient)) == 1
    news(patient, 0, "closed", reason="engaged")
    assert patient.progress.open_referrals == []
    patient.says("need", service="food_bank")
    assert len(started(patient)) == 2


def test_T3_a_need_that_was_stated_by_mistake_closes_its_referral_and_comes_back_with_the_correction() -> (
    None
):
    patient = admitted()
    need = patient.says("need", service="transport")
    wrong = patient.says("retraction", entry_id=need.entry_id, reason="another patient")
    assert [said["kind"] for said in told(patient)] == ["closing"]
    patient.says("retraction", entry_id=wrong.entry_id, reason="it was right")
    assert [said["kind"] for said in told(patient)] == ["closing", "retraction"]
    assert told(patient)[1]["entry_id"] == told(patient)[0]["id"]


def test_P4_consents_and_revocations_reach_the_open_referrals() -> None:
    patient = admitted()
    consent = {
        "purpose": "referral",
        "content": ["referral"],
        "signed_on": ADMITTED,
        "expires_on": "2027-01-01",
    }
    patient.says("consent", consent_id="c1", recipient="harbor", **consent)
    patient.says("need", service="therapist")
    (start,) = started(patient)
    assert [said["consent_id"] for said in start.statements] == ["c1"]
    patient.says("consent", consent_id="c2", recipient="riverside", **consent)
    patient.says("revocation", consent_id="c1", on=ADMITTED)
    assert [(said["kind"], said["consent_id"]) for said in told(patient)] == [
        ("consent", "c2"),
        ("revocation", "c1"),
    ]


def test_E9_an_open_referral_is_a_wait() -> None:
    patient = admitted()
    patient.says("need", service="transport")
    assert patient.episode.open_referrals
    news(patient, 0, "closed", reason="declined")
    assert not patient.episode.open_referrals


def test_I3_not_suited_starts_a_referral_and_a_person_confirms_the_first_visit() -> None:
    patient = Patient()
    patient.says("screening", substances=["alcohol"], home_safe=False)
    patient.says("level_of_care", level="residential", reason="home is not safe", by="th-1")
    (start,) = started(patient)
    assert (start.kind, start.service) == ("level_of_care", "residential")
    news(patient, 0, "closed", reason="first_visit_attended")
    assert patient.progress.stage == "intake", "a person closes the episode (E1)"
    (task,) = [task for task in patient.progress.open_tasks if task.kind == "refer_to_level_of_care"]
    assert "tells of a first visit" in task.asks
    patient.says("decision", about="refer_to_level_of_care", choice="first_visit_attended")
    assert patient.progress.exit
    assert patient.progress.exit.reason == "transferred"


def test_I3_a_person_who_declines_is_not_referred_on() -> None:
    patient = Patient()
    patient.says("level_of_care", level="residential", reason="home is not safe", by="th-1")
    patient.says("decision", about="refer_to_level_of_care", choice="declined")
    assert [(said["kind"], said["reason"]) for said in told(patient)] == [("closing", "declined")]


def test_I3_a_level_that_is_decided_anew_takes_the_first_referral_back() -> None:
    patient = Patient()
    patient.says("level_of_care", level="residential", reason="home is not safe", by="th-1")
    patient.now += timedelta(minutes=5)
    patient.says("level_of_care", level="iop", reason="a safe place was found", by="th-1")
    assert [said["reason"] for said in told(patient)] == ["not_needed"]


def test_E5_a_transfer_is_referred_and_complete_only_with_the_confirmed_visit() -> None:
    patient = admitted()
    patient.says("exit", reason="transferred", on=ADMITTED, to="residential")
    (start,) = started(patient)
    assert (start.kind, start.service) == ("level_of_care", "residential")
    news(patient, 0, "visited")
    assert patient.progress.stage == "program"
    patient.until(ADMITTED + 8 * DAY)
    patient.says("decision", about="transfer", choice="first_visit_attended")
    assert patient.progress.stage == "closed"


def test_E7_a_death_closes_every_referral_and_its_correction_takes_that_back() -> None:
    patient = admitted()
    patient.says("need", service="transport")
    death = patient.says("exit", reason="deceased", on=ADMITTED)
    assert [said["reason"] for said in told(patient)] == ["deceased"]
    for by in ("cm-1", "di-1"):
        patient.says("retraction", entry_id=death.entry_id, reason="another patient", by=by)
    assert told(patient)[-1]["kind"] == "retraction"


def test_E11_a_need_after_the_exit_is_shown_and_starts_nothing() -> None:
    patient = admitted()
    patient.says("exit", reason="withdrew", on=ADMITTED)
    patient.says("need", service="transport")
    assert started(patient) == []


def test_T7_a_need_of_before_this_clinic_took_over_is_history() -> None:
    patient = Patient()
    earlier = (patient.now.date() - 30 * DAY).isoformat()
    patient.says("need", service="transport", on=earlier, source="import")
    assert started(patient) == []


def test_C3_C4_the_step_down_offers_a_therapist_and_mutual_help_which_may_be_declined() -> None:
    patient = ready_for_gate()
    assert not {"offer_therapist", "offer_mutual_help"} & patient.tasks
    patient.says("decision", about="gate_review", choice="pass", by="th-1")
    assert {"offer_therapist", "offer_mutual_help"} <= patient.tasks
    patient.says("need", service="therapist")
    patient.says("decision", about="offer_mutual_help", choice="declined")
    assert not {"offer_therapist", "offer_mutual_help"} & patient.tasks
    assert [one.kind for one in started(patient)] == ["therapist"]


def test_a_snapshot_remembers_which_referrals_were_begun_and_what_they_were_told() -> None:
    patient = admitted()
    patient.says("need", service="transport")
    again = Episode.unpacked(patient.episode.packed(), patient.episode.start, patient.episode.pathway)
    again.wake(at(ADMITTED + DAY))
    assert not [one for one in again.take_effects() if isinstance(one, StartReferral | TellReferral)]
    assert again.open_referrals == patient.episode.open_referrals


WORDS = [
    ("12-step", "mutual_help"), ("12 step meeting", "mutual_help"), ("celebrate_recovery", "mutual_help"),
    ("Celebrate Recovery", "mutual_help"), ("Narcotics Anonymous", "mutual_help"), ("Heroin Anonymous", "mutual_help"),
    ("al-anon", "mutual_help"), ("an NA meeting", "mutual_help"), ("support group", "mutual_help"),
    ("sponsor", "mutual_help"), ("SMART", "mutual_help"), ("recovery dharma", "mutual_help"),
    ("refuge recovery", "mutual_help"), ("meetings", "mutual_help"), ("LifeRing", "mutual_help"),
    ("detox", "level_of_care"), ("withdrawal-management", "level_of_care"), ("PHP", "level_of_care"),
    ("inpatient rehab", "level_of_care"), ("methadone", "level_of_care"), ("trauma", "therapist"),
    ("EMDR", "therapist"), ("counseling", "therapist"), ("psychiatrist", "therapist"), ("dual diagnosis", "therapist"),
    ("couples therapy", "therapist"), ("food pantry", "service"), ("bus pass", "service"), ("legal aid", "service"),
    ("narcan", "service"), ("HIV testing", "service"), ("job-training", "service"), ("child care", "service"),
    ("sober living", "service"),
]  # fmt: skip


@pytest.mark.parametrize(("words", "kind"), WORDS)
def test_C4_a_need_and_a_search_judge_the_same_words_alike(words: str, kind: str) -> None:
    patient = admitted()
    patient.says("need", service=words)
    (start,) = started(patient)
    meant = meaning(words)
    assert meant
    assert (start.kind, meant.kind) == (kind, kind)


@pytest.mark.parametrize("words", [word for word, kind in WORDS if kind == "mutual_help"])
def test_C4_mutual_help_never_begins_a_referral_with_a_disclosure(words: str) -> None:
    for other in ("service", "therapist", "level_of_care"):
        with pytest.raises(InvalidEntry, match="nothing is disclosed"):
            admitted().says("need", service=words, referral_kind=other)


@pytest.mark.parametrize(
    ("words", "kind"),
    [*((words, "mutual_help") for words in ("dharma recovery", "SLAA", "double trouble", "Buddhist recovery",
                                            "In The Rooms", "millati islami", "jacs")),
     ("day treatment", "level_of_care"), ("crisis stabilization", "level_of_care"), ("food bank", "service")],
)  # fmt: skip
def test_C4_I3_a_need_is_judged_by_what_its_words_mean(words: str, kind: str) -> None:
    need = parse_entry({"kind": "need", "by": "cm-1", "id": "n", "service": words})
    assert isinstance(need, Need)
    assert need.referral == kind


def test_C5_a_need_is_said_in_words() -> None:
    with pytest.raises(InvalidEntry, match="in words"):
        parse_entry({"kind": "need", "by": "cm-1", "id": "n", "service": "<script>food bank</script>"})
