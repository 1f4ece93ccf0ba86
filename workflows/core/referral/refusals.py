"""What is refused of a referral, and why in words. What merely comes late is not refused: it is kept (E11)."""

from collections.abc import Collection

from workflows.core.engine.calendar import in_words
from workflows.core.engine.errors import InvalidEntry, NotAllowedNow
from workflows.core.engine.record import Recorded
from workflows.core.episode.authority import refuse_for_its_source
from workflows.core.episode.entries import Closure, Entry, Retraction, Source, TeamChange, dated_ahead
from workflows.core.referral.attempt import Reached
from workflows.core.referral.facts import ReferralFacts
from workflows.core.referral.statements import (
    AboutPlace,
    AgencyAnswered,
    Appointment,
    Cancellation,
    CancellationConfirmed,
    Choice,
    Reply,
    SendAgain,
    Sending,
    Visit,
)

OF_AN_AGENCY = (AgencyAnswered, Appointment, Visit, CancellationConfirmed, Retraction)
"""All that an agency may state; everything else is the patient's or the staff's to say."""

BY_MACHINE = ("sent", "withheld", "uncertain", "to_post", "failed")


def refuse(arriving: Recorded, facts: ReferralFacts, open_duties: Collection[str]) -> None:
    """Refuse a statement that may not be recorded.

    Args:
        arriving: The statement with both its times.
        facts: The facts as they stand without it.
        open_duties: Keys of the tasks that are open.

    Raises:
        InvalidEntry, NotAllowedNow: what is wrong, and what would be right.
    """
    statement, start = arriving.entry, facts.start
    _from_the_future(arriving, facts)
    refuse_for_its_source(statement, facts.record)
    if statement.source is Source.AGENCY and not isinstance(statement, OF_AN_AGENCY):
        raise NotAllowedNow(
            f"source: an agency states {', '.join(_kind(one) for one in OF_AN_AGENCY)}; a {statement.kind} is for the "
            "patient or the staff to state."
        )
    if isinstance(statement, TeamChange | Closure) and statement.source not in (Source.STAFF, Source.IMPORT):
        raise NotAllowedNow("source: the team and closed days are told by a named person of the staff.")
    if start.joins:
        _nobody_confirms(statement)
    if isinstance(statement, Sending) and statement.outcome in BY_MACHINE:
        raise NotAllowedNow(
            f"outcome: {statement.outcome} is what the ledger says; record by_hand, by_patient, arrived or not_arrived."
        )
    if isinstance(statement, AboutPlace) and not statement.source.arrives_out_of_order:
        _known_place(statement, facts)
    if isinstance(statement, Choice | Cancellation | SendAgain) and (end := facts.closed):
        raise NotAllowedNow(
            f"The referral is closed ({end.reason.replace('_', ' ')}). To go on with it, retract what closed it."
        )
    match statement:
        case Choice():
            _known_choice(statement, facts)
        case Cancellation():
            if not any(one.step.is_with_agency for one in facts.attempts):
                raise NotAllowedNow(
                    "Nothing was sent that could be cancelled; to end the referral record a closing."
                )
        case SendAgain() if not (facts.current and facts.current.step is Reached.NOT_ARRIVED):
            raise NotAllowedNow(
                "It is sent once more only when it is known that it did not arrive: state the sending as not_arrived "
                "first (P9)."
            )
        case Appointment(change="booked", appointment_at=None):
            raise InvalidEntry(
                "appointment_at: an appointment needs its time, such as 2026-03-02T10:00:00-06:00."
            )
        case Reply(choice="arranged") if not _volunteer_may_be_told(facts):
            raise NotAllowedNow(
                "A volunteer is contacted only with a consent that names them: record it in the episode first, with "
                "the purpose volunteer_contact (C4)."
            )
        case Reply(about=about) if about not in open_duties:
            raise NotAllowedNow(f"about: no task {about} is open.")
        case Retraction(entry_id=key):
            _stays(key, facts)
        case _:
            pass


def _kind(kind: type[Entry]) -> str:
    return str(kind.model_fields["kind"].annotation.__args__[0])  # type: ignore[union-attr]


def _from_the_future(arriving: Recorded, facts: ReferralFacts) -> None:
    statement, zone = arriving.entry, facts.calendar.zone
    if dated_ahead(statement, arriving.recorded_at, zone, facts.frame.policy.clock_skew):
        raise InvalidEntry(
            f"This {statement.kind} is dated {statement.when()}, which is in the future: it is "
            f"{in_words(arriving.recorded_at.astimezone(zone))} in {zone.key}. Give the time of an appointment as "
            "appointment_at."
        )


def _nobody_confirms(statement: Entry) -> None:
    if statement.source is Source.AGENCY or isinstance(statement, Sending | SendAgain | AgencyAnswered):
        raise NotAllowedNow(
            "Mutual help is voluntary: nothing is sent, and no group is asked who came (C4). Record what the person "
            "tells as a visit."
        )


def _known_place(statement: AboutPlace, facts: ReferralFacts) -> None:
    chosen = [one.place for one in facts.attempts]
    if not chosen:
        raise NotAllowedNow(
            f"No place is chosen yet; a {statement.kind} is about one. Record a choice first."
        )
    if statement.listing_id and statement.listing_id not in {place.listing_id for place in chosen}:
        known = ", ".join(dict.fromkeys(place.listing_id for place in chosen))
        raise InvalidEntry(f"listing_id: {statement.listing_id} was never chosen; chosen were: {known}.")


def _known_choice(choice: Choice, facts: ReferralFacts) -> None:
    known = {place.listing_id for place in facts.places}
    if choice.name is None and choice.listing_id not in known:
        listed = ", ".join(place.listing_id for place in facts.offered) or "none yet"
        raise InvalidEntry(
            f"listing_id: {choice.listing_id} is not among those found ({listed}). For a place of the person's own "
            "give its name too."
        )


def _volunteer_may_be_told(facts: ReferralFacts) -> bool:
    return any(consent.purpose == "volunteer_contact" for consent in facts.consents)


def _stays(key: str, facts: ReferralFacts) -> None:
    known = facts.record.get(key)
    if known and isinstance(known.entry, Sending) and known.entry.outcome in BY_MACHINE:
        raise NotAllowedNow(
            "What was sent or withheld stays in the record and in the ledger; it cannot be retracted (P4)."
        )
