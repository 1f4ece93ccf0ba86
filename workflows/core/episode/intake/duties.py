"""Intake: screen, decide, admit, or refer to the level that is right (I1-I4)."""

from collections.abc import Iterator
from datetime import timedelta

from workflows.core.engine.calendar import Delay, day_in_words
from workflows.core.engine.duty import CLINICIAN, Duty, repeated
from workflows.core.engine.reading import kept
from workflows.core.engine.signing import CLINICIANS
from workflows.core.episode.entries import Screening
from workflows.core.episode.facts import Facts
from workflows.core.episode.intake.entries import LEVELS

LEVEL_REVIEW = ("stay", "patient_declined", "offer_php", "offer_residential", "offer_withdrawal_management")


def proposed_level(screening: Screening, facts: Facts) -> tuple[str, list[str]]:
    """The level of care that a screening proposes, and why; a clinician decides (I1, I2)."""
    rules = facts.policy.intake
    home = [f"but has reasons to live at home: {', '.join(screening.duties)}"] if screening.duties else []
    dangerous = [s for s in screening.substances or () if s.lower() in rules.dangerous_withdrawal]
    withdrawal = [f"withdrawal from {', '.join(dangerous)} can be dangerous"] if dangerous else []
    risk = screening.withdrawal_risk
    if risk == "high" or (dangerous and risk == "moderate"):
        return "withdrawal_management", [
            f"{risk} risk of withdrawal",
            *withdrawal,
            *home,
        ]
    reasons = list(withdrawal)
    if screening.home_safe is False:
        reasons.append("home is not safe or stable")
    if screening.support_network is False:
        reasons.append("no support network")
    years = screening.years_of_use
    if years is not None and years >= rules.long_use_years:
        reasons.append("long duration of use")
    if screening.co_occurring:
        reasons.append(f"co-occurring: {', '.join(screening.co_occurring)}")
    if screening.prior_return_to_use:
        reasons.append("return to use after earlier treatment")
    weighty = len(reasons) - len(withdrawal)
    if screening.home_safe is False or (screening.support_network is False and weighty > 1):
        return ("php" if screening.duties else "residential"), reasons + home
    if weighty > 1:
        return "php", reasons + home
    if not reasons and years is not None and years < rules.short_use_years and risk == "none":
        return "outpatient", ["short duration of use and nothing that speaks against living at home", *home]
    known = reasons[len(withdrawal) :] or ["nothing speaks against a program attended from home"]
    return "iop", [*known, *home, *(f"mind that {caution}" for caution in withdrawal)]


@kept
def intake(facts: Facts) -> Iterator[Duty]:
    """Screen, decide, admit, or refer to the level that is right (I1-I4)."""
    rules = facts.policy.intake
    referred = facts.calendar.at(facts.frame.referred_on)
    # Who declined and came back in time is asked anew (E3).
    back = sum(signed.reopened_at is not None for signed in facts.exits_signed)
    again = f":{back}" if back else ""
    screened = facts.screening
    if facts.level_of_care is None and screened is None:
        duty = Duty(
            f"screening{again}",
            "case_manager",
            referred,
            rules.admission,
            ("not_reached", "declined"),
            "I1",
            (),
            f"Screen the person who was referred: record a screening.{_nothing_asked(facts)}",
            done_by=("screening", "level_of_care"),
        )
        yield from repeated(facts, duty, {"not_reached": rules.screening_again})
    elif facts.level_of_care is None and screened:
        level, reasons = proposed_level(screened.entry, facts)
        yield Duty(
            "level_of_care",
            CLINICIAN,
            screened.known_at,
            rules.level_of_care_decision,
            LEVELS,
            "I2",
            (screened.key,),
            f"Decide on the level of care. The screening proposes {level}: {'; '.join(reasons)}."
            f"{_not_asked(screened.entry)}",
            done_by=("level_of_care",),
            signed_by=CLINICIANS,
        )
    elif facts.level_admitted:
        yield Duty(
            f"admission{again}",
            "case_manager",
            referred,
            rules.admission,
            ("declined",),
            "I4",
            (),
            f"Complete the admission. It waits for: {', '.join(facts.missing_for_admission)}.",
            tells_change=False,
            done_by=("admission", "goal", "use", "schedule"),
        )
    else:
        yield Duty(
            f"refer_to_level_of_care{again}",
            "case_manager",
            referred,
            rules.admission,
            ("first_visit_attended", "declined"),
            "I3",
            (),
            f"Refer the person to {facts.level_of_care} and follow it up to the first attended visit.{_told(facts)}",
        )


@kept
def fallen_away(facts: Facts) -> Iterator[Duty]:
    """What the admission rested on and what no longer stands is asked for anew; the person stays (I4)."""
    missing = facts.missing_for_admission
    if not missing or facts.admitted_on is None:
        return
    since = facts.calendar.at(facts.admitted_on)
    rules = facts.policy.intake
    stays = "The person stays where they are."
    if not facts.level_admitted:
        decided = facts.level_of_care
        yield Duty(
            f"level_of_care_review:{decided}" if decided else "level_of_care",
            CLINICIAN,
            since,
            rules.level_of_care_decision,
            LEVEL_REVIEW if decided else LEVELS,
            "I4",
            (),
            f"The level-of-care decision of the admission is {decided} as it stands now: review it with the person "
            f"and offer more where it would help. {stays}"
            if decided
            else f"The level-of-care decision of the admission no longer stands: decide anew. {stays}",
            done_by=("level_of_care",),
            signed_by=CLINICIANS,
        )
    others = [one for one in missing if "level-of-care decision" not in one]
    if others:
        duty = Duty(
            "admission_condition",
            "case_manager",
            since,
            rules.admission,
            ("not_yet",),
            "I4",
            (),
            f"What the admission rested on no longer stands: record {', '.join(others)} anew. {stays}",
            done_by=("goal", "use", "schedule", "admission", "team"),
        )
        yield from repeated(facts, duty, {"not_yet": rules.admission})


def _not_asked(screening: Screening) -> str:
    missing = ", ".join(screening.not_asked).replace("_", " ")
    return f" Not asked yet, which is not a no: {missing}." if missing else ""


def _nothing_asked(facts: Facts) -> str:
    empty = facts.empty_screenings
    asked = ", ".join(Screening.ASKED)
    return (
        f" In {empty[-1]} nothing was asked: it counts as none. State what was asked of {asked}."
        if empty
        else ""
    )


def _told(facts: Facts) -> str:
    """What the referral tells of the first visit; a person confirms it, because it closes the episode (E1)."""
    on = facts.first_visit_told(f"level_of_care:{facts.level_of_care}")
    return f" The referral tells of a first visit on {day_in_words(on)}: confirm it." if on else ""


@kept
def rights_and_preferences(facts: Facts) -> Iterator[Duty]:
    """The rights notice and the contact preferences are due by the first session (I4)."""
    admission, sessions = facts.admission, facts.sessions
    if admission is None or not sessions:
        return
    for what in ("rights_notice", "contact_preferences"):
        if not facts.acknowledged(what):
            first = facts.calendar.instant(sessions[0].start)
            admitted = facts.calendar.at(admission.on)
            # Told after the first session, as of an admission entered late, it has a day as well (T7).
            until_then = max(first - admitted, timedelta(days=1))
            yield Duty(
                what,
                "case_manager",
                admitted,
                Delay(minutes=until_then // timedelta(minutes=1)),
                ("signed", "declined"),
                "I4",
                (),
                f"Have the {what.replace('_', ' ')} read and signed by the first session.",
                done_by=("acknowledgement",),
                latest=first,
            )
