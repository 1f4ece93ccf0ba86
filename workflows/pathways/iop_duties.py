"""What people owe in the stages of the Intensive Outpatient Program: intake, gate, aftercare, exits."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from workflows.core.calendar import Delay, day_in_words
from workflows.core.deadlines import Deadline
from workflows.core.duties import CLINICIAN, Duty, slip_response
from workflows.core.entries import Checkin, Screening
from workflows.core.facts import Facts
from workflows.core.policy import added_months

LEVELS = ("outpatient", "iop", "php", "residential", "withdrawal_management")


# -- intake ---------------------------------------------------------------------------------------------------


def proposed_level(screening: Screening, facts: Facts) -> tuple[str, list[str]]:
    """The level of care that a screening proposes, and why; a clinician decides (I1, I2)."""
    rules = facts.policy.intake
    reasons = []
    if screening.withdrawal_risk == "high":
        return "withdrawal_management", ["high risk of withdrawal"]
    dangerous = [s for s in screening.substances if s.lower() in rules.dangerous_withdrawal]
    if dangerous and screening.withdrawal_risk == "moderate":
        return "withdrawal_management", [f"moderate risk of withdrawal from {', '.join(dangerous)}"]
    if not screening.home_safe:
        reasons.append("home is not safe or stable")
    if not screening.support_network:
        reasons.append("no support network")
    if screening.years_of_use >= rules.long_use_years:
        reasons.append("long duration of use")
    if screening.co_occurring:
        reasons.append(f"co-occurring: {', '.join(screening.co_occurring)}")
    if screening.prior_return_to_use:
        reasons.append("return to use after earlier treatment")
    if not screening.home_safe or (not screening.support_network and len(reasons) > 1):
        kept_home = [f"but has duties at home: {', '.join(screening.duties)}"] if screening.duties else []
        return ("php" if screening.duties else "residential"), reasons + kept_home
    if len(reasons) > 1:
        return "php", reasons
    return "iop", reasons or ["nothing speaks against a program attended from home"]


def missing_for_admission(facts: Facts) -> list[str]:
    """What admission still waits for, in words (I4)."""
    missing = []
    if facts.level_of_care is None:
        missing.append("a clinician's level-of-care decision")
    elif facts.level_of_care != "iop":
        missing.append(f"a level-of-care decision for this program (it is {facts.level_of_care})")
    missing += [
        f"a {role.replace('_', ' ')} in the team"
        for role in ("therapist", "case_manager")
        if not facts.frame.team.get(role)
    ]
    if not facts.frame.weekly:
        missing.append("a weekly schedule")
    if facts.admission is None:
        missing.append("the admission itself")
    if facts.last_use_on is None:
        missing.append("the date of last use")
    if not facts.goals:
        missing.append("at least one personal goal")
    return missing


def intake(facts: Facts) -> Iterator[Duty]:
    """Screen, decide, admit, or refer to the level that is right (I1-I4)."""
    rules = facts.policy.intake
    referred = facts.calendar.at(facts.frame.periods[0][1])
    if facts.level_of_care is None:
        screened = facts.screening
        if screened is None or not isinstance(screened.entry, Screening):
            yield Duty(
                "screening",
                "case_manager",
                referred,
                rules.admission,
                ("done",),
                "I1",
                (),
                "Screen the person who was referred.",
                done_by=("screening", "level_of_care"),
            )
            return
        level, reasons = proposed_level(screened.entry, facts)
        yield Duty(
            "level_of_care",
            CLINICIAN,
            screened.known_at,
            rules.level_of_care_decision,
            LEVELS,
            "I2",
            (screened.key,),
            f"Decide on the level of care. The screening proposes {level}: {'; '.join(reasons)}.",
            done_by=("level_of_care",),
        )
    elif facts.level_of_care == "iop":
        missing = missing_for_admission(facts)
        yield Duty(
            "admission",
            "case_manager",
            referred,
            rules.admission,
            ("declined",),
            "I4",
            (),
            f"Complete the admission. It waits for: {', '.join(missing)}.",
            done_by=("admission", "goal", "use"),
        )
    else:
        yield Duty(
            "refer_to_level_of_care",
            "case_manager",
            referred,
            rules.admission,
            ("first_visit_attended", "declined"),
            "I3",
            (),
            f"Refer the person to {facts.level_of_care} and follow it up to the first attended visit.",
        )


# -- program --------------------------------------------------------------------------------------------------


def slip_response_is_open(facts: Facts) -> bool:
    """Whether a part of the response to a slip is still owed, and its time has not long passed (S3)."""
    if facts.level_review:
        return True
    patience = timedelta(days=facts.policy.slip_response.review_within_days)
    return any(
        facts.answer(duty.key) is None and facts.now - duty.since <= patience for duty in slip_response(facts)
    )


def continued_stay(facts: Facts) -> Iterator[Duty]:
    """Each extension has its review; at the limit a team review is mandatory, and nothing else (S11)."""
    if not facts.extensions:
        return
    first, unmet = facts.extensions[-1]
    number = len(facts.extensions)
    yield Duty(
        f"continued_stay_review:{number}",
        CLINICIAN,
        facts.calendar.at(first),
        facts.policy.length.continued_stay_review,
        ("continue", "change_plan"),
        "S11",
        (),
        f"Review extension {number}. The gate still needs: {', '.join(unmet).replace('_', ' ')}.",
    )
    if facts.at_extension_limit and facts.program_ends_on:
        yield Duty(
            "team_review",
            "supervisor",
            facts.calendar.at(facts.program_ends_on),
            facts.policy.length.continued_stay_review,
            ("continue", "change_plan"),
            "S11",
            (),
            f"Meet as a team: the program has been extended {number} times.",
        )


def gate(facts: Facts) -> Iterator[Duty]:
    """The clinician's signature (S9), or its advance before the program's length is reached (S12)."""
    last_use, rules = facts.last_use_on, facts.policy.gate
    if facts.gate_ready and last_use:
        since, number = facts.calendar.at(facts.today), 0
        while held := facts.answer(f"gate_review:{last_use}:{number}"):
            since, number = held.at + timedelta(days=rules.review_again_days), number + 1
        yield Duty(
            f"gate_review:{last_use}:{number}",
            CLINICIAN,
            since,
            rules.review,
            ("pass", "hold"),
            "S9",
            (),
            "Review the sobriety gate: every other condition is met.",
            is_task=since <= facts.now,
        )
    elif facts.gate_ready_but_for_length and last_use:
        yield Duty(
            f"gate_review:{last_use}:advance",
            CLINICIAN,
            facts.now,
            rules.review,
            ("advance",),
            "S12",
            (),
            "The gate waits for the program's length; it may be advanced with a reason.",
            is_task=False,
        )


# -- aftercare ------------------------------------------------------------------------------------------------


def reassessment(facts: Facts) -> Iterator[Duty]:
    """Use in aftercare: closer contact, and perhaps a return to the program in the same episode (C1)."""
    since = facts.frame.since("aftercare")
    for slip in facts.slips if since else []:
        if since and slip.on >= since and facts.answer(f"reassessment:{slip.key}") is None:
            yield Duty(
                f"reassessment:{slip.key}",
                CLINICIAN,
                slip.known_at,
                facts.policy.aftercare.reassessment,
                ("stay_in_aftercare", "return_to_program"),
                "C1",
                (slip.key,),
                f"Reassess after the return to use on {day_in_words(slip.on)}.",
            )
    for slip in facts.slips if since else []:
        recorded = facts.record.get(slip.key)
        if since and recorded and slip.on < since <= facts.calendar.day_of(recorded.recorded_at):
            yield Duty(
                f"late_news:{slip.key}",
                CLINICIAN,
                recorded.known_at,
                facts.policy.aftercare.reassessment,
                ("no_change", "closer_contact"),
                "S13",
                (slip.key,),
                f"A use on {day_in_words(slip.on)}, before the step-down, has become known: decide what "
                "follows. Nothing is undone by itself.",
                lapses=True,
            )


def next_checkin_on(facts: Facts) -> date | None:
    """The day of the next check-in: the cadence, moved closer by the last risk score (C2)."""
    since = facts.frame.since("aftercare")
    if since is None:
        return None
    rules = facts.policy.aftercare
    done = [
        r.entry
        for r in facts.record.standing(Checkin)
        if isinstance(r.entry, Checkin) and r.entry.on >= since
    ]
    last = done[-1].on if done else since
    if done and done[-1].risk >= rules.closer_from_risk:
        return last + timedelta(days=7)
    if last < since + timedelta(weeks=rules.weekly_for_weeks):
        return last + timedelta(days=7)
    if last < added_months(since, rules.fortnightly_until_month):
        return last + timedelta(days=14)
    following = added_months(last, 1)
    return following if following <= added_months(since, rules.monthly_until_month) else None


def checkins(facts: Facts) -> Iterator[Duty]:
    """The check-in that is due; at the end of aftercare, the question whether the episode is complete (C2)."""
    due, since = next_checkin_on(facts), facts.frame.since("aftercare")
    if due is None and since:
        yield Duty(
            "aftercare_complete",
            CLINICIAN,
            facts.calendar.at(facts.today),
            Delay(business_days=2),
            ("complete", "continue"),
            "C2",
            (),
            "Aftercare has reached its length: complete the episode?",
        )
    elif due and due <= facts.today:
        rules = facts.policy.aftercare
        last = facts.record.standing(Checkin)[-1:]
        risk = last[0].entry.risk if last and isinstance(last[0].entry, Checkin) else 0
        how = "in person" if risk >= rules.in_person_from_risk else "by telephone"
        yield Duty(
            f"checkin:{due}",
            "case_manager",
            facts.calendar.at(due),
            rules.checkin_within,
            ("not_reached", "declined"),
            "C2",
            (),
            f"Aftercare check-in, {how}; record it with its risk score.",
            done_by=("checkin",),
        )


def checkin_due(facts: Facts) -> Iterator[Deadline]:
    """The day on which the next check-in becomes due (C2)."""
    due = next_checkin_on(facts)
    if due and due > facts.today:
        yield Deadline(facts.calendar.at(due), f"Check-in due {day_in_words(due)}")


# -- exits ----------------------------------------------------------------------------------------------------


def leaving(facts: Facts) -> Iterator[Duty]:
    """An involuntary discharge is proposed by one person and decided by another (E2)."""
    proposal = facts.answer("involuntary_discharge")
    yield Duty(
        "involuntary_discharge",
        "supervisor",
        facts.now,
        Delay(hours=0),
        ("propose",),
        "E2",
        (),
        "An involuntary discharge may be proposed, with its reason.",
        is_task=False,
    )
    if proposal and proposal.choice == "propose":
        yield Duty(
            f"involuntary_review:{proposal.key}",
            "director",
            proposal.at,
            Delay(business_days=2),
            ("approve", "reject"),
            "E2",
            (proposal.key,),
            "Review whether the proposed involuntary discharge is fair and what was tried instead.",
        )


def exit_duties(facts: Facts) -> Iterator[Duty]:
    """Every exit carries its bundle (C7); a withdrawal can be reopened for a while (E3)."""
    if facts.exit is None:
        return
    reason, on, key = facts.exit
    if reason == "deceased":
        return
    signed = facts.record.get(key)
    since = signed.known_at if signed else facts.calendar.at(on)
    yield Duty(
        f"exit_bundle:{key}",
        "case_manager",
        since,
        facts.policy.course.exit_bundle,
        ("given", "declined"),
        "C7",
        (key,),
        "Give the exit bundle: naloxone and overdose plan, safety plan, medication bridge, "
        "appointment within 7 days, the way back.",
        lapses=True,
    )
    if reason == "withdrew" and facts.now <= facts.calendar.due(since, facts.policy.course.reopen_within):
        yield Duty(
            f"reopening:{key}",
            "case_manager",
            since,
            Delay(hours=0),
            ("reopen",),
            "E3",
            (key,),
            "The withdrawal can still be reopened.",
            is_task=False,
        )


def record_closes(facts: Facts) -> Iterator[Deadline]:
    """When the record of a closed episode takes no further entries (E11)."""
    if facts.exit and takes_entries_until(facts) > facts.now:
        yield Deadline(takes_entries_until(facts), "Record of the closed episode is complete")


def takes_entries_until(facts: Facts) -> datetime:
    """Until when the record of a closed episode takes late entries, counted from when its exit was signed (E11)."""
    assert facts.exit is not None
    signed = facts.record.get(facts.exit[2])
    since = signed.known_at if signed else facts.calendar.at(facts.exit[1])
    return facts.calendar.due(since, facts.policy.course.late_entries_for)
