"""What the outcome of a task states: a person who completes a task says one thing, in the referral's own kinds."""

from datetime import datetime
from typing import Any

from workflows.core.engine.keys import kind_of
from workflows.core.referral.facts import ReferralFacts

_STATEMENTS: dict[str, dict[str, dict[str, Any]]] = {
    "choose_candidate": {},
    "choose_next": {"search_again": {"kind": "preference"}},
    "find_candidate_by_hand": {
        "search_again": {"kind": "preference"},
        "none_available": {"kind": "closing", "reason": "none_available"},
    },
    "referral_consent": {"recorded": {"kind": "consent"}},
    "contact_by_hand": {"made": {"kind": "sending", "outcome": "by_hand"}},
    "reconcile_sending": {
        "arrived": {"kind": "sending", "outcome": "arrived"},
        "not_arrived": {"kind": "sending", "outcome": "not_arrived"},
    },
    "tell_by_telephone": {"told": {"kind": "sending", "outcome": "by_hand"}},
    "post_letter": {
        "posted": {"kind": "sending", "outcome": "arrived"},
        "not_posted": {"kind": "sending", "outcome": "not_arrived"},
    },
    "keep_letter": {
        "posted": {"kind": "sending", "outcome": "arrived"},
        "not_posted": {"kind": "sending", "outcome": "not_arrived"},
    },
    "send_again": {"send": {"kind": "send_again"}},
    "ask_for_answer": {
        "accepted": {"kind": "answer", "status": "accepted"},
        "waitlisted": {"kind": "answer", "status": "waitlisted"},
        "agency_declined": {"kind": "answer", "status": "declined"},
    },
    "confirm_visit": {
        "attended": {"kind": "visit", "status": "attended"},
        "missed": {"kind": "visit", "status": "missed"},
    },
    "ask_first_meeting": {"attended": {"kind": "visit", "status": "attended"}},
    "ask_sponsor": {
        "found": {"kind": "sponsor", "status": "found"},
        "not_wanted": {"kind": "sponsor", "status": "not_wanted"},
    },
    "confirm_engagement": {"engaged": {"kind": "engaged"}},
    "confirm_cancellation": {
        "confirmed": {"kind": "cancellation_confirmed"},
        "left_open": {"kind": "cancellation_confirmed", "heard": False},
    },
    "referral_consent_revoked": {"cancel": {"kind": "cancellation"}},
}

_ANYWHERE: dict[str, dict[str, Any]] = {
    "declined": {"kind": "closing", "reason": "declined"},
    "another_candidate": {"kind": "next_candidate"},
    "not_comfortable": {"kind": "not_comfortable"},
    "patient_contacts": {"kind": "sending", "outcome": "by_patient"},
}
"""Outcomes that say the same whatever was asked."""

_ABOUT_A_PLACE = frozenset(
    {
        "sending",
        "send_again",
        "answer",
        "visit",
        "engaged",
        "next_candidate",
        "not_comfortable",
        "cancellation",
    }
)


def statement_of(duty: str, outcome: str, facts: ReferralFacts, now: datetime) -> dict[str, Any]:
    """The statement that an outcome makes, without who makes it.

    Args:
        duty: The key of the duty.
        outcome: One of its outcomes.
        facts: The facts at the moment of the answer.
        now: That moment.
    """
    kind = kind_of(duty)
    if kind in ("choose_candidate", "choose_next"):
        if outcome in {place.listing_id for place in facts.offered}:
            return {"kind": "choice", "listing_id": outcome}
        if outcome == "none_suits":
            return {"kind": "preference", "leave_out": [place.listing_id for place in facts.offered]}
    said = _STATEMENTS.get(kind, {}).get(outcome) or _ANYWHERE.get(outcome)
    if said is None:
        return {"kind": "reply", "about": duty, "choice": outcome}
    statement = dict(said)
    if kind == "confirm_cancellation" and facts.withdrawing:
        number = duty.partition(":")[2].partition("#")[0]
        one = next(one for one in facts.withdrawing if str(one.number) == number)
        statement |= {"listing_id": one.place.listing_id, "choice_id": one.key}
    elif kind in ("reconcile_sending", "post_letter", "keep_letter"):
        number = duty.partition(":")[2].partition(".")[0]
        one = next(one for one in facts.uncertain if str(one.number) == number)
        statement |= {"listing_id": one.place.listing_id, "choice_id": one.key}
    elif statement["kind"] in _ABOUT_A_PLACE and facts.current:
        statement["listing_id"] = facts.current.place.listing_id
    if kind == "confirm_visit" and facts.current and (booked := facts.current.appointment_at):
        # What is told about an appointment is true of its time, whenever it is told.
        statement["at"] = min(booked, now).isoformat()
    return statement
