"""What a referral shows to those who may see everything: the query `referral`."""

from datetime import date, datetime

from pydantic import BaseModel, Field, JsonValue

from workflows.core.engine.shown import OpenTaskView
from workflows.core.episode.progress import NextDeadline, TeamChangeView
from workflows.core.episode.team.roles import changes_in, named_on
from workflows.core.episode.views import changes_of_team, not_reached
from workflows.core.referral.attempt import Attempt
from workflows.core.referral.facts import ReferralFacts
from workflows.core.referral.referral import Referral
from workflows.core.referral.statements import Place


class FhirStatus(BaseModel):
    """The status as others read it; both None where nothing was ever to be sent."""

    status: str | None
    business_status: str | None


class AttemptView(BaseModel):
    """One place that was chosen, and how far it came."""

    listing_id: str
    name: str
    agency: str | None
    step: str
    chosen_at: datetime
    sent_at: datetime | None
    made_by: str | None
    """`agency` where it was sent, `hand` or `patient` where a person made the contact."""
    reference: str | None
    consent_id: str | None
    withheld: str | None
    appointment_at: datetime | None
    visited_on: date | None
    cancel_requested_at: datetime | None
    fhir: FhirStatus


class ClosedView(BaseModel):
    """How and when a referral ended."""

    reason: str
    on: date


class ReferralView(BaseModel):
    """Where a referral stands."""

    referral_id: str
    episode_id: str
    site: str
    timezone: str
    kind: str
    service: str
    wishes: dict[str, JsonValue]
    need: str | None
    since: datetime
    state: str
    states: list[str]
    offered: list[Place]
    current: AttemptView | None
    attempts: list[AttemptView]
    first_visit_by: datetime | None
    """When the next candidate is offered, because the first visit has not come."""
    first_visit_on: date | None
    cancelling: list[str]
    open_tasks: list[OpenTaskView]
    next_deadline: NextDeadline | None
    waits_for: str
    fhir: FhirStatus
    undelivered: list[str]
    nobody_reached: bool
    """Whether something owed has reached nobody so far; it is tried on."""
    not_reached: list[str]
    not_kept: list[str] = Field(default_factory=list)
    """What the clinic database does not have yet, since when, and why where that is known (T3)."""
    journal_behind: bool = False
    """Whether that lasts so long that somebody must see to it."""
    signing_keys: list[str] = Field(default_factory=list)
    """Ids of the clinic's keys that are in force; none: statements are taken without a signature (E0)."""
    team: dict[str, str] = Field(default_factory=dict)
    """Staff ids by role, as of today."""
    team_named: dict[str, str] = Field(default_factory=dict)
    team_changes: list[TeamChangeView] = Field(default_factory=list)
    closed: ClosedView | None


def view(referral: Referral, now: datetime) -> ReferralView:
    """Where the referral stands at an instant; only the chart stands as it was last moved."""
    facts = referral.facts_at(now)
    start, end, due = referral.start, facts.closed, referral.next_deadline
    last = facts.current or (facts.attempts[-1] if facts.attempts else None)
    return ReferralView(
        referral_id=start.referral_id,
        episode_id=start.episode_id,
        site=start.site,
        timezone=start.timezone,
        kind=start.kind,
        service=start.service,
        wishes=facts.wishes,
        need=start.need,
        since=start.began_at,
        state=referral.stands,
        states=referral.states,
        offered=[] if end else facts.offered,
        current=_attempt(facts.current, referral, facts) if facts.current else None,
        attempts=[_attempt(one, referral, facts) for one in facts.attempts],
        first_visit_by=facts.wait_is_over_at if end is None else None,
        first_visit_on=facts.day_of_first_visit,
        cancelling=[one.place.listing_id for one in facts.withdrawing],
        open_tasks=referral.worklist.shown(now),
        next_deadline=NextDeadline(at=due.at, name=due.name) if due else None,
        waits_for=referral.waits_for,
        fhir=_fhir(last, referral),
        undelivered=list(referral.undelivered),
        nobody_reached=bool(not_reached(referral.state)),
        not_reached=not_reached(referral.state),
        signing_keys=sorted(referral.trust.keys),
        team=facts.team,
        team_named=named_on(facts.today, referral.frame.first_team, changes_in(referral.record)),
        team_changes=changes_of_team(facts.record),
        closed=ClosedView(reason=end.reason, on=facts.calendar.day_of(end.at)) if end else None,
    )


def _attempt(one: Attempt, referral: Referral, facts: ReferralFacts) -> AttemptView:
    return AttemptView(
        listing_id=one.place.listing_id,
        name=one.place.name,
        agency=one.place.agency,
        step=one.step.value,
        chosen_at=one.chosen_at,
        sent_at=one.sent_at,
        made_by=one.by if one.sent_at else None,
        reference=one.reference,
        consent_id=one.consent_id,
        withheld=one.withheld,
        appointment_at=one.appointment_at and one.appointment_at.astimezone(referral.zone),
        visited_on=facts.calendar.day_of(one.visited_at) if one.visited_at else None,
        cancel_requested_at=one.cancel_requested_at,
        fhir=_fhir(one, referral),
    )


def _fhir(one: Attempt | None, referral: Referral) -> FhirStatus:
    shown = referral.status_of(one) if one else None
    return FhirStatus(
        status=shown.status if shown else None, business_status=shown.business if shown else None
    )
