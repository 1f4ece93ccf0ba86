"""What is refused, and why in words: entries that cannot be true, or that only a decision may bring about.

A refusal changes nothing. What merely has no use in a stage is not refused: it is kept and shown (E11).
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from workflows.core.engine.calendar import in_words
from workflows.core.engine.errors import InvalidEntry, NotAllowedNow
from workflows.core.engine.keys import kind_of
from workflows.core.engine.record import Recorded
from workflows.core.engine.signing import CLINICIANS, signers
from workflows.core.engine.sources import spoken_by
from workflows.core.episode.attendance.services import refuse_schedule, refuse_unknown_service
from workflows.core.episode.authority import (
    acts_now,
    refuse_decided_by_a_system,
    refuse_for_its_source,
    refuse_taking_a_flag_off,
    refuse_unsigned,
)
from workflows.core.episode.consent.covering import objection_to_event
from workflows.core.episode.entries import (
    Admission,
    Attendance,
    Consent,
    Decision,
    Entry,
    Exit,
    Flag,
    Goal,
    Leave,
    LevelOfCareDecision,
    PolicyAdoption,
    Retraction,
    Schedule,
    SessionChange,
    Source,
    Test,
    dated_ahead,
)
from workflows.core.episode.facts import Facts
from workflows.core.episode.intake.duties import proposed_level
from workflows.core.episode.intake.entries import level_named
from workflows.core.episode.policy import Policy, adopting, load_policy
from workflows.core.episode.safety.refusals import refuse_name_as_flag, refuse_what_tells_who
from workflows.core.episode.safety.words import refuse_almost_known
from workflows.core.episode.stages import Stage
from workflows.core.episode.stay.refusals import refuse_longer_than_one_s_own, refuse_overlapping


def refuse(arriving: Recorded, facts: Facts, stage: Stage, defaults: Mapping[str, Any]) -> None:
    """Refuse an entry that may not be recorded.

    Args:
        arriving: The entry with both its times.
        facts: The facts as they stand without it.
        stage: The stage as the chart stands without it.
        defaults: What the pathway changes of the default policy.

    Raises:
        InvalidEntry, NotAllowedNow, InvalidPolicy: what is wrong, in which field, and what would be right.
    """
    entry = arriving.entry
    _from_the_future(arriving, facts)
    refuse_for_its_source(entry, facts.record)
    if not arriving.is_history or acts_now(entry, facts):
        refuse_unsigned(entry, facts)
    refuse_decided_by_a_system(arriving)
    if isinstance(entry, PolicyAdoption):
        _adoption(_with(entry.policy, facts), facts, stage)
    elif isinstance(entry, LevelOfCareDecision) and stage.is_before_admission and not arriving.is_history:
        _level_by_another_role(entry, facts)
    elif isinstance(entry, LevelOfCareDecision) and not stage.is_over:
        _other_level_by_another_role(entry, facts)
    elif isinstance(entry, Admission):
        _admission(entry, facts, stage)
    elif isinstance(entry, Flag):
        refuse_name_as_flag(entry, facts)
        refuse_taking_a_flag_off(entry, facts)
        refuse_almost_known(entry.name, facts.policy.attendance)
    elif isinstance(entry, Attendance | SessionChange | Schedule):
        _services(entry, facts)
    elif isinstance(entry, Goal):
        refuse_what_tells_who("title", entry.title)
    elif isinstance(entry, Consent):
        _event(entry, facts)
    elif isinstance(entry, Leave):
        refuse_overlapping(entry, facts)
        refuse_longer_than_one_s_own(entry, facts)
    elif isinstance(entry, Test) and not entry.source.arrives_out_of_order:
        _collected_before_it_was_ordered(entry, facts)
    elif isinstance(entry, Retraction):
        _late_reopening(entry, facts)
    elif arriving.is_history and (isinstance(entry, Exit) or _moves_the_episode(entry, facts)):
        _end_of_another_stay(entry, facts)
    elif isinstance(entry, Exit):
        _exit(entry, facts, stage)


def _from_the_future(arriving: Recorded, facts: Facts) -> None:
    entry, zone = arriving.entry, facts.calendar.zone
    if dated_ahead(entry, arriving.recorded_at, zone, facts.policy.clock_skew):
        raise InvalidEntry(
            f"This {entry.kind} entry is dated {entry.when()}, which is in the future: it is "
            f"{in_words(arriving.recorded_at.astimezone(zone))} in {zone.key}. Record it when it has happened."
        )


def _level_by_another_role(entry: LevelOfCareDecision, facts: Facts) -> None:
    """Another level than the screening proposes, or than a clinician has decided, is a clinician's decision (I2, E0).
    Somebody else of the team may note the proposed one."""
    screened = facts.screening
    if not screened:
        return
    proposed, _ = proposed_level(screened.entry, facts)
    noted = level_named(entry.level)
    if noted == level_named(proposed) and facts.level_of_care in (None, noted):
        return
    able = signers(facts.team, CLINICIANS)
    if objection := able.objection("level_of_care", entry.by, facts.known_as(entry.by)):
        said = f"by: the screening proposes {proposed}; another level of care"
        if facts.level_of_care:
            said = f"by: {facts.level_of_care} is decided, and another level of care"
        raise NotAllowedNow(f"{said} is a clinician's decision (I2): {objection}")


def _other_level_by_another_role(entry: LevelOfCareDecision, facts: Facts) -> None:
    """Another level of care than this program gives begins a transfer: that is a clinician's decision (I3, E0)."""
    level = facts.frame.level
    if entry.source is not Source.STAFF or entry.level == level:
        return
    able = signers(facts.team, CLINICIANS)
    if objection := able.objection("level_of_care", entry.by, facts.known_as(entry.by)):
        raise NotAllowedNow(
            f"level: {entry.level} is another level of care than {level}, which is a clinician's decision (I3): "
            f"{objection}"
        )


def _admission(entry: Admission, facts: Facts, stage: Stage) -> None:
    """Nobody is admitted before they were referred, nor twice (I4)."""
    if entry.source is Source.IMPORT:
        return
    referred_on = facts.frame.referred_on
    if entry.on < referred_on:
        raise InvalidEntry(
            f"on: {entry.on} lies before the referral on {referred_on}; give the day of admission."
        )
    known = facts.record.standing(Admission)
    if not (stage.has_sessions or stage.is_after_program) or entry.supersedes or not known:
        return
    first, last_use = known[0].entry, facts.last_use_at_admission
    hides_a_use = entry.last_use_on and last_use and entry.last_use_on > last_use
    if entry.on < first.on or hides_a_use:
        raise NotAllowedNow(
            f"The person was admitted on {first.on} (entry {known[0].key}). To correct that admission, record this one "
            f"with supersedes={known[0].key}; a use since then is recorded as a use."
        )


def _with(changes: Mapping[str, Any], facts: Facts) -> Policy:
    """The policy that would be in force: what an adoption does not name stays as it is (T8)."""
    in_force = facts.policy.model_dump(mode="json", exclude_defaults=True)
    return load_policy(adopting(in_force, changes))


def _adoption(policy: Policy, facts: Facts, stage: Stage) -> None:
    """A policy may not move the end of the program, or of its present extension, to a day that has passed (T8)."""
    if facts.admitted_on is None or not stage.has_sessions:
        return
    reached = facts.admitted_on + timedelta(days=policy.length.days)
    if reached < facts.today and reached != facts.length_reached_on:
        raise NotAllowedNow(
            f"length.days: with {policy.length.days} days the program would have ended on {reached}, which has "
            f"passed. Use at least {(facts.today - facts.admitted_on).days} days, or let a clinician advance the "
            "gate."
        )
    if policy.length.max_extensions < len(facts.extensions):
        raise NotAllowedNow(
            f"length.max_extensions: {len(facts.extensions)} extensions have begun already; use at least that many."
        )
    if facts.extensions and facts.program_ends_on and facts.program_ends_on >= facts.today:
        began = facts.extensions[-1][0]
        ends = began + timedelta(days=policy.length.extension_days)
        if ends < facts.today:
            raise NotAllowedNow(
                f"length.extension_days: with {policy.length.extension_days} days the extension that began on {began} "
                f"would have ended on {ends}, which has passed. Use at least {(facts.today - began).days} days."
            )


def _services(entry: Attendance | SessionChange | Schedule, facts: Facts) -> None:
    """A service that nobody knows would count nowhere, and a change of a session that does not exist would change
    nothing (A2)."""
    if isinstance(entry, Schedule):
        refuse_schedule(entry.schedule, facts.policy)
        return
    refuse_unknown_service(entry.service, facts.policy)
    # A feed may tell of it before it tells of the session: that waits (T4). A person who does so has mistyped.
    if (
        isinstance(entry, SessionChange)
        and entry.change != "added"
        and not entry.source.arrives_out_of_order
        and facts.finds_no_session(entry)
    ):
        there = facts.sessions_near(entry.session)
        known = (
            f"there {'is' if len(there) == 1 else 'are'} {', '.join(there)}" if there else "none is near it"
        )
        raise InvalidEntry(
            f"session: no session stands at {entry.session:%Y-%m-%dT%H:%M}; {known}. Name a session by its start, "
            "or add it with change: added."
        )


def _event(consent: Consent, facts: Facts) -> None:
    """A consent ends with an event that somebody knows (P4)."""
    event, others = consent.expires_event, facts.policy.privacy.consent_events
    if event and (objection := objection_to_event(event, consent.type, others)):
        raise InvalidEntry(f"expires_event: {objection}. Or give its last day, expires_on.")


def _collected_before_it_was_ordered(test: Test, facts: Facts) -> None:
    """The same test, told in two entries. A laboratory's may come in any order, and is not refused (T4)."""
    others = [
        r.entry
        for r in facts.record.standing(Test)
        if r.entry.test_id == test.test_id and r.key != test.supersedes
    ]
    ordered = [one.ordered_on for one in (*others, test) if one.ordered_on]
    collected = [one.collected_on for one in (*others, test) if one.collected_on]
    if ordered and collected and min(collected) < min(ordered):
        raise InvalidEntry(
            f"collected_on: test {test.test_id} was collected on {min(collected)}, before it was ordered on "
            f"{min(ordered)}; supersede the entry that is wrong."
        )


def _moves_the_episode(entry: Entry, facts: Facts) -> bool:
    if not isinstance(entry, Decision):
        return False
    signed = (kind_of(entry.about), entry.choice)
    return signed in facts.frame.exits or signed in facts.frame.moves


def _end_of_another_stay(entry: Entry, facts: Facts) -> None:
    """Another system exports every stay of a person. What ended or moved one of the others does nothing here (E1)."""
    on, began = entry.when(), facts.admitted_on or facts.frame.referred_on
    assert on is not None, "history is dated"
    if on < began:
        raise InvalidEntry(
            f"on: {on} lies before {'the admission' if facts.admitted_on else 'the referral'} on {began}, so this "
            f"{entry.kind} belongs to an earlier stay. Leave it out, or correct its day."
        )
    seen_on = facts.last_contact_by(facts.today)
    if seen_on and on < seen_on:
        if isinstance(entry, Decision) and (kind_of(entry.about), entry.choice) in facts.frame.moves:
            return  # who steps down or returns to the program is seen after it
        raise InvalidEntry(
            f"on: {on} lies before the day on which the person was last seen, {seen_on}; a stay ends on that day or "
            "later. If the stay goes on, leave this row out; if not, correct its day or the later attendance."
        )


def _late_reopening(entry: Retraction, facts: Facts) -> None:
    """A withdrawal is not reopened by a retraction after the time for it: who comes back then begins anew (E3). One
    that was recorded in error is taken back by whoever answers for the program."""
    told = facts.record.get(entry.entry_id)
    if told is None or not isinstance(told.entry, Exit) or told.entry.reason != "withdrew" or told.is_history:
        return
    if not facts.record.stands(told.key) or facts.now <= facts.may_be_reopened_until(told):
        return
    able = signers(facts.team, ("supervisor", "director"))
    if objection := able.objection("reopening", entry.by, facts.known_as(entry.by)):
        raise NotAllowedNow(
            f"entry_id: the time in which the withdrawal {told.key} can be reopened is over; who comes back now begins "
            f"a new episode that points to this one (E3). An exit that was recorded in error is taken back by the "
            f"supervisor or the director: {objection}"
        )


def _exit(entry: Exit, facts: Facts, stage: Stage) -> None:
    """An exit is signed by a named person, and some only by a decision (E1, E2)."""
    signed = facts.exit_signed
    if signed and entry.reason != "deceased" and entry.supersedes != signed.key:
        raise NotAllowedNow(
            f"The episode is closed already: {signed.reason} on {signed.on} (entry {signed.key}). To correct "
            "that, retract or supersede that entry."
        )
    began = facts.admitted_on or facts.frame.referred_on
    if entry.on < min(began, facts.today):
        raise InvalidEntry(
            f"on: {entry.on} lies before {'the admission' if facts.admitted_on else 'the referral'} on {began}; an "
            "exit is dated by the day on which the stay ended."
        )
    source = spoken_by(entry)
    by_patient = source is Source.PATIENT and entry.reason != "withdrew"
    if by_patient or source not in Exit.stated_by:
        raise NotAllowedNow(
            "source: an exit is signed by a named person of the staff, and a patient may withdraw; a "
            f"{source.value} states facts only (E1)."
        )
    decided_about = {"lost_contact": "lost_contact_proposal", "involuntary": "involuntary_discharge"}
    if about := decided_about.get(entry.reason):
        raise NotAllowedNow(
            f"An exit as {entry.reason} needs a decision by a named person about {about}; it is not recorded as "
            "an exit entry (E1)."
        )
    if entry.reason == "completed" and not stage.is_after_program:
        raise NotAllowedNow(
            f"An episode is completed from aftercare; this one is in {stage}. To end it now, use transferred, "
            "withdrew or other."
        )
