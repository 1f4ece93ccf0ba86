"""What instruments say: what was filled in, whether it is a worsening, and what is due (M1-M3)."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import NamedTuple

from workflows.core.engine.reading import kept
from workflows.core.episode.assessment.entries import Assessment
from workflows.core.episode.assessment.instruments import INSTRUMENTS
from workflows.core.episode.facts import Facts


class Taken(NamedTuple):
    """An instrument that was filled in, with what it says beside the time before."""

    key: str
    instrument: str
    on: date
    known_at: datetime
    scores: Mapping[str, int]
    worse: tuple[str, ...]
    """The scales on which it is a worsening (M2)."""
    asks: tuple[str, ...]
    """What the person has to be asked about the same day (M3)."""


class Due(NamedTuple):
    """An instrument that is to be filled in, or will be."""

    instrument: str
    since: datetime
    why: str


@kept
def taken(facts: Facts) -> Iterator[Taken]:
    """Every instrument that was filled in, in the order of its days; a later one of a day comes after the earlier."""
    before: dict[str, Mapping[str, int]] = {}
    stated = [(r, r.entry) for r in facts.record.standing(Assessment)]
    for recorded, entry in sorted(stated, key=lambda one: (one[1].on, one[0].recorded_at)):
        known, scores = INSTRUMENTS[entry.instrument], entry.scores
        last = before.get(entry.instrument)
        before[entry.instrument] = scores
        yield Taken(
            recorded.key,
            entry.instrument,
            entry.on,
            recorded.known_at,
            scores,
            known.worse(scores, last) if last else (),
            tuple(one.about for one in known.asks if entry.items and entry.items[one.item - 1] >= one.from_),
        )


def last_taken(facts: Facts) -> dict[str, Taken]:
    """The last of each instrument by its code."""
    return {one.instrument: one for one in taken(facts)}


@kept
def due(facts: Facts) -> Iterator[Due]:
    """When each instrument that is followed is due next: at intake, again after its days, and at the gate (M1).

    One that the policy names is followed from the admission on, any other from the first time it was filled in.
    """
    admitted_on, rules, last = facts.admitted_on, facts.policy.assessments, last_taken(facts)
    if admitted_on is None:
        return
    for code in dict.fromkeys((*rules.instruments, *last)):
        if code not in last:
            yield Due(code, facts.calendar.at(admitted_on), "at intake")
            continue
        again_on = max(last[code].on + timedelta(days=rules.days_until_again(code)), admitted_on)
        at, why = facts.calendar.at(again_on), f"last filled in on {last[code].on}"
        ready_at = _gate_ready_at(facts)
        if ready_at and last[code].on < facts.calendar.day_of(ready_at) - timedelta(
            days=rules.serves_the_gate_days
        ):
            at, why = min((at, why), (ready_at, "at the gate"))
        yield Due(code, at, why)


def _gate_ready_at(facts: Facts) -> datetime | None:
    """Since when a pathway that has a gate waits for its signature only."""
    return facts.gate_ready_known_at if facts.frame.has_a_gate and not facts.stepped_down else None
