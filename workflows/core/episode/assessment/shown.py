"""How instruments are shown: in the progress, and in the summary of a week."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from pydantic import BaseModel, Field

from workflows.core.engine.calendar import day_in_words
from workflows.core.episode.assessment.facts import Taken, due, last_taken, taken
from workflows.core.episode.assessment.instruments import INSTRUMENTS
from workflows.core.episode.facts import Facts


class AssessmentView(BaseModel):
    """Where a person stands on one instrument."""

    instrument: str
    title: str
    on: date | None = None
    """When it was filled in last; None: not yet."""
    entry_id: str | None = None
    scores: dict[str, int] = Field(default_factory=dict)
    """By the names of its scales."""
    severity: dict[str, str] = Field(default_factory=dict)
    """How each score is read, where the instrument has bands."""
    before: dict[str, int] = Field(default_factory=dict)
    """The scores of the time before."""
    worse: list[str] = Field(default_factory=list)
    """The scales on which it is a worsening against the time before, by the instrument's own threshold (M2)."""
    due_on: date | None = None
    """When it is due next, the day itself where that is past (M1)."""
    said: str
    """The same in one line: "PHQ-9 12, moderate (5 Jan), due 4 Feb"."""


def views(facts: Facts) -> list[AssessmentView]:
    """Each instrument that was filled in or is followed, in the order of their codes."""
    last, next_due = last_taken(facts), {one.instrument: one.since for one in due(facts)}
    found = []
    for code in sorted({*last, *next_due}):
        due_on = facts.calendar.day_of(next_due[code]) if code in next_due and not facts.exit else None
        shown = _shown_of(facts, code) if code in last else {}
        said = _said(code, last.get(code), due_on)
        found.append(
            AssessmentView(instrument=code, title=INSTRUMENTS[code].title, due_on=due_on, said=said, **shown)
        )
    return found


def _said(code: str, one: Taken | None, due_on: date | None) -> str:
    known = INSTRUMENTS[code]
    score = f" {known.in_words(one.scores)} ({day_in_words(one.on)})" if one else ""
    return f"{known.title}{score}" + (f", due {day_in_words(due_on)}" if due_on else "")


def _shown_of(facts: Facts, code: str) -> dict[str, Any]:
    *earlier, one = (each for each in taken(facts) if each.instrument == code)
    bands = {scale.name: scale.band(one.scores[scale.name]) for scale in INSTRUMENTS[code].scales}
    return {
        "on": one.on,
        "entry_id": one.key,
        "scores": dict(one.scores),
        "severity": {name: band for name, band in bands.items() if band},
        "before": dict(earlier[-1].scores) if earlier else {},
        "worse": list(one.worse),
    }


def scores_in_words(facts: Facts) -> list[str]:
    """The last scores, instrument by instrument: "PHQ-9 8, mild"."""
    return [
        f"{INSTRUMENTS[code].title} {INSTRUMENTS[code].in_words(one.scores)}"
        for code, one in sorted(last_taken(facts).items())
    ]


def of_week(facts: Facts, first: date, last: date) -> Iterator[str]:
    """A line of a week's summary for the instruments of that week; nothing where there was none."""
    filled_in = [
        f"{INSTRUMENTS[one.instrument].title} {INSTRUMENTS[one.instrument].in_words(one.scores)}"
        f"{' (worse than before)' if one.worse else ''}"
        for one in taken(facts)
        if first <= one.on <= last
    ]
    if filled_in:
        yield f"Assessments: {'. '.join(filled_in)}."
