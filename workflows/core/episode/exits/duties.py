"""Ways out: involuntary discharge, transfer, withdrawal, death, and what every exit carries (C7, E2-E7)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from workflows.core.engine.calendar import Delay, day_in_words
from workflows.core.engine.duty import ALWAYS, AT_ONCE, Duty, repeated
from workflows.core.engine.reading import kept
from workflows.core.episode.exits.discharge import DischargeStep
from workflows.core.episode.facts import Facts

SECOND_DIRECTOR = (
    "The director of the team has proposed it and may not decide on it: another director answers. Give the task to one "
    "of the staff directory (reassign), or put one into the team (a team entry with role director)."
)
"""What a task says that nobody of the team may answer (E2, E9)."""

BUNDLE = (
    "naloxone and overdose plan, safety plan, medication bridge, appointment within 7 days, the way back, "
    "word to the contacts that the person has consented to"
)


@kept
def involuntary_discharge(facts: Facts) -> Iterator[Duty]:
    """One step at a time, each by a named person; services go on meanwhile (E2)."""
    for duty in _steps_of_discharge(facts):
        if duty.not_by and facts.needs_second_director:
            yield replace(duty, asks=f"{duty.asks} {SECOND_DIRECTOR}")
        else:
            yield duty


def _steps_of_discharge(facts: Facts) -> Iterator[Duty]:
    times = facts.policy.discharge
    case = facts.discharge
    if case is None:
        yield Duty(
            f"involuntary_discharge:{facts.discharges_ended}",
            "supervisor",
            ALWAYS,
            AT_ONCE,
            ("propose",),
            "E2",
            (),
            "An involuntary discharge may be proposed, with its reason.",
            is_task=False,
        )
        return
    review = Duty(
        f"involuntary_review:{case.key}",
        "director",
        case.since,
        times.review,
        ("approve", "reject"),
        "E2",
        (case.key,),
        "Review whether the proposed involuntary discharge is fair, and its reason.",
        signed_by=("director",),
        not_by=case.proposed_by,
    )
    appeal = Duty(
        f"discharge_appeal:{case.key}",
        "case_manager",
        case.since,
        AT_ONCE,
        ("appealed",),
        "E2",
        (case.key,),
        "The person may appeal against the discharge.",
        is_task=False,
    )
    if case.dated_back_by:
        yield replace(
            appeal,
            key=f"discharge_notice_date:{case.key}",
            role="supervisor",
            outcomes=("confirmed",),
            asks="The notice of discharge was dated back. Its day counts once somebody else confirms that it was given "
            "then; until then the time to appeal runs from when it was recorded.",
            not_by=case.dated_back_by,
        )
    match case.step:
        case DischargeStep.REVIEW:
            yield review
        case DischargeStep.TEAM_MEETING:
            yield replace(
                review,
                key=f"discharge_team_meeting:{case.key}",
                role="supervisor",
                within=times.team_meeting,
                outcomes=("alternatives_tried", "alternatives_remain"),
                asks="Meet as a team about the proposed involuntary discharge: were all alternatives tried? The "
                "written notice, with how to appeal, comes after it.",
                signed_by=(),
                not_by=None,
            )
        case DischargeStep.NOTICE:
            yield replace(
                review,
                key=f"discharge_notice:{case.key}",
                role="case_manager",
                within=times.notice,
                outcomes=("given",),
                asks="Give the written notice of discharge, with its reasons and how to appeal.",
                signed_by=(),
                not_by=None,
            )
        case DischargeStep.APPEAL_PERIOD:
            yield appeal
            yield replace(
                review,
                key=f"discharge_decision:{case.key}",
                since=facts.calendar.due(case.since, times.appeal_period),
                within=times.decision,
                outcomes=("discharge", "rescind"),
                asks="No appeal has come: discharge, or rescind.",
                announced="Appeal period of a discharge ends",
            )
        case DischargeStep.APPEAL:
            assert case.notice_at is not None
            not_before = max(case.since, facts.calendar.due(case.notice_at, times.appeal_not_before))
            answered_by = facts.calendar.due(case.since, times.appeal_answered_within)
            yield replace(
                review,
                key=f"discharge_appeal_hearing:{case.key}",
                since=not_before,
                within=Delay(minutes=max(0, (answered_by - not_before) // timedelta(minutes=1))),
                outcomes=("uphold", "rescind"),
                latest=answered_by,
                asks="Hear the person's appeal against the discharge and answer it.",
                announced="Hearing of an appeal begins",
            )


@kept
def transfer(facts: Facts) -> Iterator[Duty]:
    """A transfer is complete when the receiving side confirms the first attended visit (E5)."""
    begun = facts.transfer_begun
    if begun is None:
        return
    on = facts.first_visit_told(f"transfer:{begun.key}")
    told = f" The referral tells of a first visit on {day_in_words(on)}." if on else ""
    duty = Duty(
        f"transfer:{begun.key}",
        "case_manager",
        begun.known_at,
        facts.policy.course.transfer_visit,
        ("first_visit_attended", "not_attended", "stays_here"),
        "E5",
        (begun.key,),
        f"Have the receiving side confirm the first attended visit; until then the person is ours.{told}",
    )
    yield from repeated(facts, duty, {"not_attended": facts.policy.course.transfer_visit})


@kept
def exit_duties(facts: Facts) -> Iterator[Duty]:
    """Every exit carries its bundle (C7); a withdrawal can be reopened (E3), a death corrected by two people (E7)."""
    signed = facts.exit_signed
    if signed is None:
        return
    if signed.reason == "deceased":
        yield from _death(facts, signed.key)
        return
    yield Duty(
        f"exit_bundle:{signed.key}",
        "case_manager",
        signed.known_at,
        facts.policy.course.exit_bundle,
        ("given", "declined"),
        "C7",
        (signed.key,),
        f"Give the exit bundle: {BUNDLE}.",
        lapses=True,
    )
    may_be_reopened_until = facts.calendar.due(signed.known_at, facts.policy.course.reopen_within)
    if signed.reason == "withdrew" and not facts.is_after(may_be_reopened_until):
        yield Duty(
            f"reopening:{signed.key}",
            "case_manager",
            signed.known_at,
            AT_ONCE,
            ("reopen",),
            "E3",
            (signed.key,),
            "The withdrawal can still be reopened.",
            is_task=False,
        )


def _death(facts: Facts, key: str) -> Iterator[Duty]:
    """One person has taken the record of a death back; it is corrected when a second one does so too (E7)."""
    if undoing := facts.record.undoing(key):
        yield Duty(
            f"death_correction:{key}",
            "director",
            undoing[0].recorded_at,
            Delay(business_days=1),
            ("it_stands",),
            "E7",
            (key, *(one.key for one in undoing)),
            "One person has taken the record of a death back. If that is right, a second person must retract it too.",
            done_by=("retraction",),
        )
