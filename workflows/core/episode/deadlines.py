"""The moments at which a fact changes by the mere passing of time, each with a name in plain words.

The shell sleeps until the earliest of them: one durable wait at a time. Like duties, deadlines follow from the
facts. A name holds dates and kinds, never a person.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Protocol

from workflows.core.engine.calendar import Calendar, day_in_words
from workflows.core.engine.deadline import Deadline
from workflows.core.engine.reading import kept
from workflows.core.engine.record import Record
from workflows.core.episode.facts import Facts
from workflows.core.episode.team.roles import days_ahead


@kept
def session_closes(facts: Facts) -> Iterator[Deadline]:
    """Each session is judged once, a grace after its end, whether or not attendance is already recorded (A3).

    It stands even when attendance came early: moving the wait from session to session would arm a timer for
    each of them anyway, and this way the timeline of an episode shows each session once.
    """
    if session := facts.next_to_close:
        yield Deadline(session.closes_at, f"Session of {session.name} closes")


@kept
def test_window_closes(facts: Facts) -> Iterator[Deadline]:
    """The window of a drawn test closes (S4); like a session it stands when the test came early."""
    for drawn in reversed(facts.draws[0]):
        opens_at = facts.calendar.at(drawn, facts.policy.business.opens)
        closes_at = facts.calendar.due(opens_at, facts.policy.tests.collection)
        if facts.has_come(closes_at):
            return
        yield Deadline(closes_at, f"Window of the test of {day_in_words(drawn)} closes")


@kept
def ladder_rung(facts: Facts) -> Iterator[Deadline]:
    """The next rung of the missed-session ladder (A4)."""
    if facts.outreach and not facts.high_risk and (due := facts.outreach.next(facts.has_come)):
        yield Deadline(due.at, f"Missed sessions: {due.rung.name.replace('_', ' ')}")


@kept
def dose_week(facts: Facts) -> Iterator[Deadline]:
    """The mid-week forecast and the end of the program week (A7)."""
    for moment in facts.dose_moments:
        if not facts.has_come(moment.at):
            yield Deadline(moment.at, f"Dose of the week: {moment.what}")
            return


@kept
def gate_opens(facts: Facts) -> Iterator[Deadline]:
    """The day on which dates no longer keep the gate shut (S9)."""
    opens = facts.gate_opens_on
    if opens and not facts.has_begun(opens):
        yield Deadline(facts.calendar.at(opens), f"Sobriety gate opens {day_in_words(opens)}")
    if changes := facts.evidence_changes_on:
        yield Deadline(
            facts.calendar.at(changes), f"Tests of the gate are judged anew {day_in_words(changes)}"
        )


@kept
def program_ends(facts: Facts) -> Iterator[Deadline]:
    """The end of the program or of its extension; a gate that shuts after it extends from the next day on (S11)."""
    ends = facts.program_ends_on
    if ends and facts.has_begun(ends) and not facts.gate_ready and not facts.at_extension_limit:
        ends = facts.today + timedelta(days=1)
    if ends and not facts.has_begun(ends):
        what = "Extension" if facts.extensions else "Program length"
        yield Deadline(facts.calendar.at(ends), f"{what} ends {day_in_words(ends)}")


@kept
def record_closes(facts: Facts) -> Iterator[Deadline]:
    """When the record of a closed episode takes no further entries, counted from the signing of its exit (E11)."""
    if signed := facts.exit_signed:
        closes_at = facts.calendar.due(signed.known_at, facts.policy.course.late_entries_for)
        if not facts.has_come(closes_at):
            yield Deadline(closes_at, "Record of the closed episode is complete")


class Dated(Protocol):
    """The facts of a moment of an episode or a referral, as far as the team asks them."""

    record: Record
    calendar: Calendar

    @property
    def today(self) -> date:
        """The program day."""


def team_changes(facts: Dated) -> Iterator[Deadline]:
    """A planned change of the team begins, or somebody no longer stands in: open tasks follow (I4)."""
    for day in days_ahead(facts.record, facts.today):
        yield Deadline(facts.calendar.at(day), f"Team changes {day_in_words(day)}")


def team_changes_before_close(facts: Facts) -> Iterator[Deadline]:
    """The same, for as long as the record of a closed episode takes entries (E11)."""
    for closes in record_closes(facts):
        yield from (one for one in team_changes(facts) if one.at < closes.at)


@kept
def leave_changes(facts: Facts) -> Iterator[Deadline]:
    """A leave that begins or ends (E6)."""
    for first, last, _ in facts.leaves:
        for day, what in ((first, "begins"), (last + timedelta(days=1), "is over")):
            if not facts.has_begun(day):
                yield Deadline(facts.calendar.at(day), f"Leave {what} {day_in_words(day)}")


@kept
def statements_end(facts: Facts) -> Iterator[Deadline]:
    """What was stated for a time and ends by itself: a flag on the day after its last (A6), a consent likewise (P3)."""
    lasting = [("A flag", day) for day in facts.flags_end]
    lasting += [("A consent", one.expires_on) for one in facts.consents_standing if one.expires_on]
    for what, last in lasting:
        over = last + timedelta(days=1)
        if not facts.has_begun(over):
            yield Deadline(facts.calendar.at(over), f"{what} ends {day_in_words(last)}")
