"""The attempts of a referral: each choice of a place, and how far it came, folded from what was stated about it.

A fold reads statements by the time at which they are true, and of one moment by how much they say; never by the order
in which they arrived. So late, repeated and contradictory answers of an agency need no case of their own (T4).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import TypeVar

from workflows.core.engine.record import Record, Recorded
from workflows.core.episode.entries import Entry
from workflows.core.referral.attempt import Attempt, Reached, Word
from workflows.core.referral.statements import (
    AboutPlace,
    AgencyAnswered,
    Appointment,
    Cancellation,
    CancellationConfirmed,
    Choice,
    ConsentGiven,
    ConsentRevoked,
    Engaged,
    NextCandidate,
    NotComfortable,
    Place,
    Reply,
    SendAgain,
    Sending,
    Visit,
)

S = TypeVar("S", bound=AboutPlace)
K = TypeVar("K", bound=Entry)


def attempts(
    record: Record,
    places: Sequence[Place],
    now: datetime,
    *,
    joins: bool,
    closed_at: datetime | None,
    is_silent: bool,
) -> list[Attempt]:
    """Every attempt, in the order of choosing.

    Args:
        record: What was stated.
        places: What searches have found, to name the choices by.
        now: Nothing dated later counts.
        joins: Whether people go there by themselves and nothing is ever sent (C4).
        closed_at: When a person closed the referral, if one did.
        is_silent: Whether nobody is told of the closing, as after a death (E7).
    """
    return _Fold(record, places, now, joins, closed_at, is_silent).attempts()


def meant(entry: AboutPlace, record: Record, among: Sequence[Attempt]) -> Attempt | None:
    """The attempt that a recorded statement is about."""
    recorded = record.get(entry.key)
    if recorded is None:
        return None
    key = _attempt_of(entry, recorded, among)
    return next((one for one in among if one.key == key), None)


@dataclass
class _Fold:
    record: Record
    places: Sequence[Place]
    now: datetime
    joins: bool
    closed_at: datetime | None
    is_silent: bool

    def attempts(self) -> list[Attempt]:
        chosen = self._chosen()
        passed = [self._passed_at(n, chosen) for n in range(len(chosen))]
        return [self._followed(replace(one, passed_at=passed[n]), chosen) for n, one in enumerate(chosen)]

    def _chosen(self) -> list[Attempt]:
        known = {place.listing_id: place for place in self.places}
        found: list[Attempt] = []
        counts: dict[str, int] = {}
        for recorded in sorted(self._standing(Choice), key=lambda r: (r.effective_at, r.key)):
            choice = recorded.entry
            listing = choice.listing_id
            own = Place(listing_id=listing, name=choice.name or listing, agency=choice.agency)
            place = own if choice.name else known.get(listing, own)
            counts[listing] = counts.get(listing, 0) + 1
            found.append(
                Attempt(
                    recorded.key,
                    len(found) + 1,
                    place,
                    counts[listing],
                    recorded.effective_at,
                    since=recorded.known_at,
                )
            )
        return found

    def _passed_at(self, number: int, chosen: Sequence[Attempt]) -> datetime | None:
        one = chosen[number]
        times = [
            recorded.effective_at
            for kind in (NotComfortable, NextCandidate, Cancellation)
            for recorded in self._about(kind, one, chosen)
        ]
        times += [later.chosen_at for later in chosen[number + 1 :][:1]]
        return min(times, default=None)

    def _followed(self, one: Attempt, chosen: Sequence[Attempt]) -> Attempt:
        one = self._sent(one, chosen)
        words = self._words(one, chosen)
        visited = [word for word in words if word.said == "visited"]
        engaged = self._about(Engaged, one, chosen)
        if visited or engaged:
            # Who is engaged has been there, whether or not anybody wrote the visit down.
            first_at = min([word.at for word in visited] or [r.effective_at for r in engaged])
            known_at = min([word.known_at for word in visited] or [r.known_at for r in engaged])
            return replace(
                one, step=Reached.VISITED, since=known_at, visited_at=first_at, was_engaged=bool(engaged),
                is_done=any(word.said == "ended" for word in words),
            )  # fmt: skip
        if self.joins:
            gone = one.passed_at or self.closed_at
            return replace(one, step=Reached.DROPPED if gone else Reached.JOINING, since=gone or one.since)
        if one.sent_at is None and not words:
            return self._before_sending(one)
        return self._with_agency(one, chosen, words)

    # -- before it is there -------------------------------------------------------------------------------

    def _sent(self, one: Attempt, chosen: Sequence[Attempt]) -> Attempt:
        """How far the sending came; the machine's tries are read by their names and not by their times."""
        tried = [r for r in self._about(Sending, one, chosen) if r.entry.what == "referral"]
        generation = len(self._about(SendAgain, one, chosen))
        arrived = [r for r in tried if r.entry.outcome in ("sent", "arrived", "by_hand", "by_patient")]
        one = replace(one, generation=generation)
        if arrived:
            first = min(arrived, key=lambda r: (r.effective_at, r.key))
            by = {"by_hand": "hand", "by_patient": "patient"}.get(first.entry.outcome, "agency")
            known = [r.entry for r in tried]
            ways = {s.way for s in known} - {None}
            is_told = any(r.entry.outcome == "by_hand" for r in arrived)
            return replace(
                one, by=by, sent_at=first.effective_at, since=first.known_at,
                reference=next((s.reference for s in known if s.reference), None),
                consent_id=next((s.consent_id for s in known if s.consent_id), None),
                awaits_a_call=ways == {"link"} and not is_told,
            )  # fmt: skip
        consents = [r.effective_at for r in self._standing(ConsentGiven)]
        revoked = [r.effective_at for r in self._standing(ConsentRevoked) if r.effective_at >= one.chosen_at]
        is_stopped = bool(revoked) and not any(at >= max(revoked) for at in consents)
        tries, step, since, withheld = 0, Reached.QUEUED, one.since, None
        while result := self._result(one.sending_key, tries, tried):
            if result.entry.outcome == "withheld":
                withheld, since = result.entry.reason, result.known_at
                # What the machine has tried is in the order of the record: a clock may say the same for both.
                if not self._since(result.key, ConsentGiven):
                    step = Reached.CONSENT_NEEDED
                    break
                tries += 1
                continue
            is_open = result.entry.outcome in ("uncertain", "to_post")
            step, since = Reached.UNCERTAIN if is_open else Reached.BY_HAND, result.known_at
            one = replace(
                one, is_letter=result.entry.outcome == "to_post", reference=result.entry.reference,
                consent_id=result.entry.consent_id,
            )  # fmt: skip
            break
        lost = [r for r in tried if r.entry.outcome == "not_arrived"]
        if step is Reached.UNCERTAIN and len(lost) > generation:
            step, since = Reached.NOT_ARRIVED, lost[-1].known_at
        if is_stopped and step is Reached.QUEUED:
            step, since = Reached.CONSENT_NEEDED, max(revoked)
            one = replace(one, revocations=len(revoked))
        if one.place.agency is None:
            step = Reached.BY_HAND
        return replace(one, step=step, since=since, tries=tries, withheld=withheld)

    def _result(
        self, sending_key: str, number: int, tried: Sequence[Recorded[Sending]]
    ) -> Recorded[Sending] | None:
        name = f"{sending_key}/{number}"
        return next((r for r in tried if r.entry.try_id == name), None)

    def _since(self, key: str, kind: type[Entry]) -> bool:
        """Whether something of a kind was recorded after an entry."""
        after = False
        for recorded in self.record:
            if after and type(recorded.entry) is kind and self.record.stands(recorded.key):
                return True
            after = after or recorded.key == key
        return False

    def _before_sending(self, one: Attempt) -> Attempt:
        gone = one.passed_at or self.closed_at
        if one.step is Reached.UNCERTAIN:
            return one  # a person still finds out, whatever has become of the referral: the ledger waits (P9)
        return replace(one, step=Reached.DROPPED, since=gone) if gone else one

    # -- with the other side ------------------------------------------------------------------------------

    def _with_agency(self, one: Attempt, chosen: Sequence[Attempt], words: Sequence[Word]) -> Attempt:
        one = self._taken_back(one, chosen)
        since = max([one.since, *(word.known_at for word in words[-1:])])
        gone = one.passed_at or (None if self.is_silent else self.closed_at)
        confirmed = self._about(CancellationConfirmed, one, chosen)
        cancelled = [word for word in words if word.said == "cancelled"]
        declined_at = _declined_at(words)
        if self.is_silent and self.closed_at:
            return replace(one, step=Reached.CANCELLED, since=self.closed_at)
        if confirmed or cancelled:
            return replace(one, step=Reached.CANCELLED, since=since, cancel_requested_at=gone)
        if _is_done(words):
            return replace(one, step=Reached.ENDED, since=since, is_done=True)
        if declined_at and (gone is None or declined_at <= gone):
            return replace(one, step=Reached.DECLINED, since=since)
        if gone:
            # Who made the contact themselves also takes it back themselves; and a refusal confirms it.
            done = one.by == "patient" or declined_at is not None
            return replace(
                one,
                step=Reached.CANCELLED if done else Reached.CANCEL_REQUESTED,
                since=gone,
                cancel_requested_at=gone,
            )
        step, appointment_at = _agreed(words)
        return replace(one, step=step, since=since, appointment_at=appointment_at)

    def _taken_back(self, one: Attempt, chosen: Sequence[Attempt]) -> Attempt:
        """Whether they were told of a cancellation, and how often that it was a mistake."""
        about = f"keep_referral:{one.number}."
        told = [
            r for r in self._standing(Reply) if r.entry.about.startswith(about) and r.entry.choice == "told"
        ]
        one = replace(one, kept=len(told))
        name = one.cancel_key
        said = [
            r.entry.outcome
            for r in self._about(Sending, one, chosen)
            if r.entry.what == "cancellation" and (r.entry.try_id or name) == name
        ]
        return replace(one, cancel_outcome=said[-1] if said else None)

    def _words(self, one: Attempt, chosen: Sequence[Attempt]) -> list[Word]:
        words = []
        for answer in self._about(AgencyAnswered, one, chosen):
            at = answer.entry.appointment_at
            words.append(Word(answer.effective_at, answer.entry.status, answer.known_at, answer.key, at))
        for booking in self._about(Appointment, one, chosen):
            said = "scheduled" if booking.entry.change == "booked" else "unbooked"
            at = booking.entry.appointment_at
            words.append(Word(booking.effective_at, said, booking.known_at, booking.key, at))
        for visit in self._about(Visit, one, chosen):
            said = "visited" if visit.entry.status == "attended" else "missed"
            words.append(Word(_end_of(visit), said, visit.known_at, visit.key))
        return sorted(words, key=lambda word: word.order)

    # -- reading ------------------------------------------------------------------------------------------

    def _standing(self, kind: type[K]) -> list[Recorded[K]]:
        return [r for r in self.record.standing(kind) if r.effective_at <= self.now]

    def _about(self, kind: type[S], one: Attempt, chosen: Sequence[Attempt]) -> list[Recorded[S]]:
        """What was stated about an attempt: of the place it names, the choice that stood at that time."""
        return [r for r in self._standing(kind) if _attempt_of(r.entry, r, chosen) == one.key]


def _attempt_of(statement: AboutPlace, recorded: Recorded, chosen: Sequence[Attempt]) -> str | None:
    at = _end_of(recorded)
    if statement.choice_id:
        return statement.choice_id
    if isinstance(statement, Sending) and statement.try_id:
        # A try is of the choice for which it was made, however late it is known what became of it.
        return next((one.key for one in chosen if one.made(statement.try_id)), None)
    meant = [
        one
        for one in chosen
        if statement.listing_id in (None, one.place.listing_id)
        and statement.agency in (None, one.place.agency)
    ]
    before = [one for one in meant if one.chosen_at <= at]
    return (before[-1] if before else meant[0]).key if meant else None


def _end_of(recorded: Recorded) -> datetime:
    """A statement about a whole day comes after whatever happened on that day at a time."""
    when = recorded.entry.when()
    if isinstance(when, date) and not isinstance(when, datetime):
        return datetime.combine(when, time(23, 59), recorded.effective_at.tzinfo)
    return recorded.effective_at


def _declined_at(words: Sequence[Word]) -> datetime | None:
    """When the other side declined, if nothing that it said later takes it back."""
    said = [word for word in words if word.said not in ("received", "missed")]
    return said[-1].at if said and said[-1].said == "declined" else None


def _is_done(words: Sequence[Word]) -> bool:
    """Whether the other side has done its part, and nothing since says that nobody came."""
    said = [word.said for word in words if word.said in ("ended", "missed", "scheduled")]
    return bool(said) and said[-1] == "ended"


def _agreed(words: Sequence[Word]) -> tuple[Reached, datetime | None]:
    """Accepted, on a waiting list, booked, missed or booked no more. A booking stands until something ends it."""
    step, appointment_at = Reached.SENT, None
    missed = [word.at for word in words if word.said == "missed"]
    for word in words:
        if word.said in ("declined", "received", "ended"):
            step = Reached.SENT if word.said == "declined" else step
        elif word.said == "scheduled" and word.appointment_at:
            # A booking that became known only after its day may have been missed already.
            is_missed = any(at >= word.appointment_at for at in missed)
            step, appointment_at = Reached.MISSED if is_missed else Reached.SCHEDULED, word.appointment_at
        elif word.said == "missed":
            # A miss is of the appointment that had come by then, and not of one that was booked for later.
            if appointment_at is None or appointment_at <= word.at:
                step = Reached.MISSED
        elif word.said in ("unbooked", "waitlisted") and step in (
            Reached.SCHEDULED,
            Reached.MISSED,
            Reached.UNBOOKED,
        ):
            step, appointment_at = Reached.UNBOOKED, None
        elif word.said == "waitlisted":
            step = Reached.WAITLISTED
        elif step in (Reached.SENT, Reached.WAITLISTED):
            step = Reached.ACCEPTED
    return step, appointment_at
