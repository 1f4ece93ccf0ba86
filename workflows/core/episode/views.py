"""Progress, journal, and what was known on an earlier day, read from an episode without changing it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from itertools import groupby
from types import MappingProxyType
from typing import Protocol
from zoneinfo import ZoneInfo

from workflows.core.engine.configuration import leaves
from workflows.core.engine.corrections import reason_of
from workflows.core.engine.deadline import Deadline
from workflows.core.engine.record import Record
from workflows.core.engine.state import State
from workflows.core.episode.assessment import shown as assessment
from workflows.core.episode.entries import Entry, TeamChange
from workflows.core.episode.episode import Episode
from workflows.core.episode.facts import Facts
from workflows.core.episode.progress import (
    ExitView,
    GateCondition,
    GateProgress,
    JournalLine,
    MoveView,
    NextDeadline,
    Progress,
    Question,
    TeamChangeView,
    Week,
)


def progress(episode: Episode, now: datetime) -> Progress:
    """Where the episode stands on the program day of `now`; only the chart stands as it was last moved."""
    facts = episode.facts_at(now)
    running = episode.stage.has_sessions
    week = facts.week_started_on if running else None
    minutes, days = facts.dose_of_week(week) if week else (0, 0)
    required = facts.dose_required(week) if week else 0
    admitted_on = facts.admitted_on
    return Progress(
        episode_id=episode.start.episode_id,
        timezone=episode.start.timezone,
        pathway=episode.pathway.name,
        stage=episode.stage.value,
        on_leave=facts.on_leave,
        in_crisis=facts.in_crisis,
        states=leaf_states(episode),
        site=episode.start.site,
        moves=_moves(episode),
        signing_keys=sorted(episode.trust.keys),
        team=facts.team,
        team_named=facts.team_named,
        team_changes=changes_of_team(facts.record),
        program_day=(facts.today - admitted_on).days + 1
        if admitted_on and facts.today >= admitted_on
        else None,
        admitted_on=admitted_on,
        last_use_on=facts.last_use_on,
        days_sober=facts.days_sober,
        gate=gate(facts),
        week=Week(minutes=minutes, days=days, short_by_minutes=max(0, required - minutes)),
        consecutive_misses=facts.consecutive_misses if running else 0,
        open_tasks=episode.worklist.shown(now),
        open_referrals=episode.referral_requests.open(facts),
        next_deadline=_deadline(episode.next_deadline),
        extensions=len(facts.extensions) if admitted_on else 0,
        on_hold=[hold.said for hold in facts.holds],
        flags=facts.flags,
        needs_second_director=facts.needs_second_director,
        waits_for=facts.missing_for_admission if episode.stage.is_before_admission else [],
        unmatched=[f"{key}: {why}" for key, why in facts.unmatched.items()],
        undelivered=list(episode.undelivered),
        nobody_reached=bool(not_reached(episode.state)),
        not_reached=not_reached(episode.state),
        assessments=assessment.views(facts),
        refused_by_payer=[refusal.said for refusal in facts.payer_refusals],
        may_decide=[
            Question(
                about=duty.kind,
                choices=list(duty.outcomes),
                asks=duty.asks,
                rule=duty.rule,
                signed_by=list(duty.signed_by),
            )
            for duty in episode.may_be_decided(facts)
        ],
        exit=_exit(facts),
    )


def _exit(facts: Facts) -> ExitView | None:
    if facts.exit is None or facts.stay_ended_on is None:
        return None
    reason, on, key = facts.exit
    return ExitView(reason=reason, on=on, entry_id=key, stay_ended_on=facts.stay_ended_on)


def changes_of_team(record: Record) -> list[TeamChangeView]:
    """Every change of the team that stands, by the day from which it holds."""
    return [
        TeamChangeView(
            entry_id=recorded.key,
            since=change.from_,
            **change.model_dump(include={"role", "staff_id", "until", "stands_in_for"}),
        )
        for recorded in record.standing(TeamChange)
        if isinstance(change := recorded.entry, TeamChange)
    ]


def gate(facts: Facts) -> GateProgress:
    """The gate's conditions with the clinician's signature; once it is passed, as it was passed (S9, S13)."""
    passed, signed = facts.gate_as_passed, facts.step_down
    found, opens_on = passed or (facts.gate_conditions, facts.gate_opens_on)
    conditions = [GateCondition(name=c.name, met=c.met, why=c.why) for c in found]
    conditions.append(
        GateCondition(
            name="signature",
            met=passed is not None,
            why="a clinician has signed" if passed else "a clinician has not signed yet",
        )
    )
    return GateProgress(
        passes=all(condition.met for condition in conditions),
        ready=passed is not None or facts.gate_ready,
        earliest_on=opens_on if passed or opens_on is None else max(opens_on, facts.today),
        opens_on=opens_on,
        passed_on=facts.calendar.day_of(signed.at) if signed else None,
        passed_by=signed.by if signed else None,
        conditions=conditions,
    )


def _moves(episode: Episode) -> list[MoveView]:
    return [
        MoveView(
            at=one.at.astimezone(episode.zone),
            to=one.to.value,
            entry_ids=list(one.entries),
            deadline=one.deadline,
        )
        for one in episode.state.moves
    ]


def leaf_states(episode: Episode) -> list[str]:
    """Ids of the active states that have no states inside, in the order of the chart."""
    return sorted(set(episode.states) & leaves(episode.pathway.chart))


def not_reached(of: State) -> list[str]:
    """Why nobody was reached so far, for each open task and each notice that is on its way."""
    tasks = {task.task_id: task.kind.replace("_", " ") for task in of.worklist.open.values()}
    about_tasks = [f"{tasks[one]}: {why}" for one, why in of.worklist.unreached.items() if one in tasks]
    return about_tasks + list(of.unreached.values())


NOTHING: Mapping[str, str] = MappingProxyType({})


class Kept(Protocol):
    """Anything with a record: an episode, a referral."""

    @property
    def record(self) -> Record:
        """What was stated."""

    @property
    def zone(self) -> ZoneInfo:
        """The program's time zone."""


def signer_of(entry: Entry) -> str | None:
    """Who has signed an entry, and in which roles, for people."""
    signed = entry.signature
    return f"{signed.signer} ({', '.join(signed.roles).replace('_', ' ')})" if signed else None


def journal(
    episode: Kept, known_by: datetime | None = None, moved_by: Mapping[str, str] = NOTHING
) -> list[JournalLine]:
    """Every entry in the order of recording.

    Args:
        episode: Whose record is read.
        known_by: Only what was recorded until then (T2).
        moved_by: The entries that moved the patient, by their ids, and into which stage.
    """
    lines = []
    for recorded in episode.record:
        if known_by and recorded.recorded_at > known_by:
            continue
        undone = episode.record.undone_by(recorded.key)
        if undone and known_by and undone.recorded_at > known_by:
            undone = None
        lines.append(
            JournalLine(
                entry_id=recorded.key,
                kind=recorded.entry.kind,
                effective_at=recorded.effective_at,
                recorded_at=recorded.recorded_at.astimezone(episode.zone),
                by=recorded.entry.by,
                source=recorded.entry.source.value,
                signed_by=signer_of(recorded.entry),
                stands=undone is None,
                moved_to=moved_by.get(recorded.key),
                undone_by=undone.key if undone else None,
                undone_because=reason_of(undone.entry) if undone else None,
                entry=recorded.entry.plain(),
            )
        )
    return lines


def as_known_at(episode: Episode, instant: datetime) -> Episode:
    """The episode as it was known at an earlier instant: its record of then, lived through again (T2)."""
    began_at = episode.record.began_at
    past = Episode(episode.start, episode.pathway, began_at)
    past.state = replace(past.state, directory=episode.state.directory)
    past.wake(began_at)
    known = [r for r in episode.record if r.recorded_at <= instant]
    for recorded_at, together in groupby(known, key=lambda r: r.recorded_at):
        past.wake_until(recorded_at)
        entries: list[Entry] = [recorded.entry for recorded in together]
        past.apply_many(entries, recorded_at, is_ours=True)
    past.wake_until(instant)
    past.wake(max(instant, began_at))
    return past


def _deadline(deadline: Deadline | None) -> NextDeadline | None:
    return NextDeadline(at=deadline.at, name=deadline.name) if deadline else None
