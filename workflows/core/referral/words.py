"""How a referral is spoken of outside itself: in tasks, notices and summaries (C5, P1)."""

from collections.abc import Iterable
from datetime import datetime

from workflows.core.engine.calendar import in_words
from workflows.core.referral.facts import ReferralFacts
from workflows.core.referral.statements import Place

_KINDS = {"therapist": "a therapist", "mutual_help": "a mutual-help group", "service": "a service"}


def named(facts: ReferralFacts) -> str:
    """What is needed, as far as it may be said: a service only if the policy names it among the plain ones."""
    start = facts.start
    if start.kind == "service" and start.service in facts.linkage.named_services:
        return start.service.replace("_", " ")
    if start.kind == "level_of_care":
        return f"another level of care ({start.service.replace('_', ' ')})"
    return _KINDS[start.kind]


def is_plain(facts: ReferralFacts) -> bool:
    """Whether the names of places may be said: those of a service that is not named could tell what it is."""
    return facts.start.kind != "service" or facts.start.service in facts.linkage.named_services


def listed(places: Iterable[Place], facts: ReferralFacts) -> str:
    """What the patient can choose from, by the ids that the task takes as its outcome."""
    if not is_plain(facts):
        return "The choices stand in the referral"
    return "; ".join(_place(place) for place in places)


def _place(place: Place) -> str:
    why = f" ({', '.join(place.why)})" if place.why else ""
    return f"{place.listing_id} is {place.name}{why}"


def place_named(place: Place, facts: ReferralFacts) -> str:
    """A place by its name, or as "the chosen place" where the name could tell too much."""
    return place.name if is_plain(facts) else "the chosen place"


def moment(at: datetime, facts: ReferralFacts) -> str:
    """An instant in the program's zone, as people say it."""
    return in_words(at.astimezone(facts.calendar.zone))
