"""What people owe at the gate and in aftercare (S9, S12, S13, C1, C2)."""

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta

from workflows.core.engine.calendar import Delay, added_months, day_in_words
from workflows.core.engine.duty import ALWAYS, CLINICIAN, Duty, repeated
from workflows.core.engine.keys import subject_of
from workflows.core.engine.reading import kept
from workflows.core.engine.signing import CLINICIANS
from workflows.core.episode.entries import Checkin
from workflows.core.episode.facts import Facts


@kept
def gate(facts: Facts) -> Iterator[Duty]:
    """The clinician's signature (S9), or its advance before the program's length is reached (S12)."""
    last_use, rules = facts.last_use_on, facts.policy.gate
    if last_use is None:
        return
    subject = f"{last_use}:{len(facts.moves)}"
    ready_since = facts.gate_ready_known_at
    if ready_since:
        duty = Duty(
            f"gate_review:{subject}",
            CLINICIAN,
            ready_since,
            rules.review,
            ("pass", "hold"),
            "S9",
            (),
            "Review the sobriety gate: every other condition is met.",
            signed_by=CLINICIANS,
            announced="Gate review comes back",
        )
        yield from repeated(facts, duty, {"hold": Delay(days=rules.review_again_days)})
    elif facts.gate_ready_but_for_length:
        yield Duty(
            f"gate_review:{subject}:advance",
            CLINICIAN,
            ALWAYS,
            rules.review,
            ("advance",),
            "S12",
            (),
            "The gate waits for the program's length; it may be advanced with a reason.",
            is_task=False,
            signed_by=CLINICIANS,
        )


# -- aftercare ------------------------------------------------------------------------------------------------


@kept
def reassessment(facts: Facts) -> Iterator[Duty]:
    """Use in aftercare: closer contact, and perhaps a return to the program in the same episode (C1)."""
    since = facts.stepped_down_on
    for slip in facts.slips if since else []:
        if not since or slip.on < since or facts.answered_as("reassessment", slip):
            continue
        if facts.answer(f"reassessment:{slip.key}") is None:
            yield Duty(
                f"reassessment:{slip.key}",
                CLINICIAN,
                slip.known_at,
                facts.policy.aftercare.reassessment,
                ("stay_in_aftercare", "return_to_program"),
                "C1",
                (slip.key,),
                f"Reassess after the return to use on {day_in_words(slip.on)}.",
                signed_by=CLINICIANS,
            )


@kept
def late_news(facts: Facts) -> Iterator[Duty]:
    """What became known after a step-down and would have spoken against it: a question, never undone (S13)."""
    since, signature = facts.stepped_down_on, facts.step_down
    if since is None or signature is None:
        return
    signed = facts.record.get(signature.key)
    if signed is None or signed.is_history:
        return
    outcomes, found = ("no_change", "closer_contact"), False
    for slip in facts.slips:
        recorded = facts.record.get(slip.key)
        if recorded and slip.on < since and recorded.recorded_at > signed.recorded_at:
            found = True
            yield Duty(
                f"late_news:{slip.key}",
                CLINICIAN,
                recorded.known_at,
                facts.policy.aftercare.reassessment,
                outcomes,
                "S13",
                (slip.key,),
                f"A use on {day_in_words(slip.on)}, before the step-down, has become known: decide what "
                "follows. Nothing is undone by itself.",
                lapses=True,
                signed_by=CLINICIANS,
            )
    unmet = facts.unmet_at_step_down
    if unmet and not found:
        yield Duty(
            f"late_news:{since}:{','.join(unmet)}",
            CLINICIAN,
            facts.calendar.at(facts.today),
            facts.policy.aftercare.reassessment,
            outcomes,
            "S13",
            (signature.key,),
            f"As is known now, the gate was not ready at the step-down on {day_in_words(since)} "
            f"({', '.join(unmet).replace('_', ' ')}): decide what follows. Nothing is undone by itself.",
            signed_by=CLINICIANS,
        )


def next_checkin_on(facts: Facts) -> date | None:
    """The day of the next check-in: the cadence, moved closer by risk and by use, and by leave out of its way (C2).

    None: the cadence is over.
    """
    since, rules = facts.stepped_down_on, facts.policy.aftercare
    if since is None:
        return None
    done = _checkins_since(facts, since)
    declined = [
        date.fromisoformat(subject.partition("#")[0])
        for subject, answer in facts.answers_to("checkin")
        if answer.choice == "declined"
    ]
    missed = missed_checkins(facts)
    last = max([since, *(entry.on for entry in done), *(day for day in (*declined, *missed) if day >= since)])
    used_on = max((slip.on for slip in facts.slips if slip.on >= since), default=None)
    closer_on = max(_closer_contact_asked(facts), default=None)
    closer = (
        last in missed
        or (done and done[-1].risk >= rules.closer_from_risk)
        or (used_on and last <= used_on + timedelta(days=rules.closer_after_use_days))
        or (closer_on and last <= closer_on + timedelta(days=rules.closer_after_use_days))
    )
    if closer or last < since + timedelta(weeks=rules.weekly_for_weeks):
        due = last + timedelta(days=7)
    elif last < added_months(since, rules.fortnightly_until_month):
        due = last + timedelta(days=14)
    else:
        due = added_months(last, 1)
        if due > added_months(since, rules.monthly_until_month):
            return None
    if used_on and used_on > last:
        due = min(due, used_on + timedelta(days=7))
    if closer_on and closer_on >= last:
        due = min(due, closer_on + timedelta(days=rules.closer_contact_days))
    for first, until, _ in facts.leaves:
        if first <= due <= until:
            due = until + timedelta(days=1)
    return due


def _closer_contact_asked(facts: Facts) -> list[date]:
    """The days on which a clinician has asked for closer contact (S13, C2)."""
    return [
        facts.calendar.day_of(answer.at)
        for kind in ("late_news", "missed_checkins")
        for _, answer in facts.answers_to(kind)
        if answer.choice == "closer_contact"
    ]


def _checkins_since(facts: Facts, since: date) -> list[Checkin]:
    found = [r.entry for r in facts.record.standing(Checkin) if isinstance(r.entry, Checkin)]
    return [entry for entry in found if entry.on >= since]


@kept
def checkins(facts: Facts) -> Iterator[Duty]:
    """The next check-in; at the end of the cadence, the question whether the episode is complete (C2)."""
    since, due, rules = facts.stepped_down_on, next_checkin_on(facts), facts.policy.aftercare
    if since is None or facts.on_leave:
        return
    if due is None:
        ends = facts.calendar.at(added_months(since, rules.monthly_until_month))
        duty = Duty(
            "aftercare_complete",
            CLINICIAN,
            ends,
            Delay(business_days=2),
            ("complete", "continue"),
            "C2",
            (),
            "Aftercare has reached its length: complete the episode?",
            early=True,
            announced="Aftercare reaches its length",
        )
        yield from repeated(facts, duty, {"continue": rules.continue_for})
        return
    done = _checkins_since(facts, since)
    how = "in person" if done and done[-1].risk >= rules.in_person_from_risk else "by telephone"
    duty = Duty(
        f"checkin:{due}",
        "case_manager",
        facts.calendar.at(due),
        rules.checkin_within,
        ("not_reached", "declined"),
        "C2",
        (),
        f"Aftercare check-in, {how}; record it with its risk score.",
        done_by=("checkin",),
        announced=f"Check-in due {day_in_words(due)}",
    )
    yield from repeated(facts, duty, {"not_reached": rules.checkin_again})
    yield from _out_of_reach(facts, since)


def missed_checkins(facts: Facts) -> list[date]:
    """Days of check-ins at which every attempt reached nobody (C2)."""
    attempts = Counter(
        subject_of(f"checkin:{subject}")
        for subject, answer in facts.answers_to("checkin")
        if answer.choice == "not_reached"
    )
    enough = facts.policy.aftercare.checkin_attempts
    return sorted(date.fromisoformat(day) for day, count in attempts.items() if count >= enough)


def _out_of_reach(facts: Facts, since: date) -> Iterator[Duty]:
    """A missed check-in is a clinician's question; a longer silence a proposal, which a person decides (C1, E1)."""
    rules, unanswered = facts.policy.aftercare, missed_checkins(facts)
    if not unanswered:
        return
    seen_on = max(facts.last_contact_by(facts.today) or since, since)
    missed = [day for day in unanswered if day > seen_on]
    if not missed:
        return
    yield Duty(
        f"missed_checkins:{missed[-1]}",
        CLINICIAN,
        facts.calendar.at(missed[-1]),
        rules.reassessment,
        ("closer_contact", "continue"),
        "C2",
        (),
        f"{len(missed)} check-in{'s' if len(missed) > 1 else ''} in a row reached nobody: decide how to look for the "
        "person.",
    )
    proposal = Duty(
        f"lost_contact_proposal:{seen_on}",
        "supervisor",
        facts.calendar.at(seen_on + timedelta(days=rules.lost_contact_after_days)),
        Delay(business_days=2),
        ("close", "continue_outreach", "reached"),
        "C2",
        (),
        f"Nobody has reached the person since {day_in_words(seen_on)}: close for lost contact, or go on looking.",
        announced="Closing for lost contact is proposed",
    )
    yield from repeated(facts, proposal, {"continue_outreach": rules.lost_contact_again})
