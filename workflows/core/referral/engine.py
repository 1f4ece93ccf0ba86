"""One referral: record, chart and policy, moved by statements and by time. Pure, like the episode.

`apply` and `wake` bring everything up to date and leave what the world must do in `effects`. The referral's life is
its own: it neither needs nor knows the episode's, and goes on when that has ended (C3).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from statemachine import StateChart
from statemachine.orderedset import OrderedSet

from workflows.core.board import Board, Clinic, Known
from workflows.core.calendar import Calendar, day_in_words, in_words
from workflows.core.deadlines import Deadline, team_changes
from workflows.core.duties import Duty
from workflows.core.effects import Notify, OpenTask
from workflows.core.entries import Closure, Entry
from workflows.core.errors import NotAllowedNow, Refused
from workflows.core.keys import kind_of, subject_of
from workflows.core.policy import load_policy
from workflows.core.progress import Changed
from workflows.core.record import Record, Recorded
from workflows.core.referral.attempts import Attempt, Step
from workflows.core.referral.deadlines import agency_is_asked, record_closes, wait_is_over
from workflows.core.referral.duties import duties
from workflows.core.referral.effects import AskAgency, Disclose, NoteTold, ReferralEffect
from workflows.core.referral.facts import ReferralFacts, ReferralFrame
from workflows.core.referral.ledger import found_out, told_by_hand, told_without_consent
from workflows.core.referral.outcomes import statement_of
from workflows.core.referral.refusals import refuse
from workflows.core.referral.requests import Requests, is_wanted
from workflows.core.referral.start import ReferralStart
from workflows.core.referral.statements import parse_statement
from workflows.core.referral.status import Exported, exported
from workflows.core.repeats import repeated
from workflows.core.situation import Situation, guards_read_in

MACHINE = "carepath"
"""Who states what the machine found, sent or heard."""


class Referral:
    """The engine for one referral. It knows no clock: every call is told the instant.

    Raises:
        InvalidPolicy: the policy in `start` contradicts itself.
    """

    def __init__(
        self,
        start: ReferralStart,
        chart: type[StateChart[Any]],
        situation: type[Situation[ReferralFacts]],
        now: datetime,
    ) -> None:
        policy = load_policy(start.policy)
        self.start = start
        self.started_at = now
        self.record = Record(start.zone, now)
        calendar = Calendar(start.zone, policy.business, frozenset(start.closures))
        self.frame = ReferralFrame(start, policy, calendar, start.team.model_dump(exclude_none=True))
        self.facts = ReferralFacts(self.record, self.frame, now)
        self._closures: tuple[Recorded, ...] = ()
        self._chart_type, self._situation_type = chart, situation
        self.situation = situation(self.facts)
        self.chart = chart(model=self.situation)
        self.board = Board(start.referral_id)
        self.effects: list[ReferralEffect] = []
        self.requests = Requests()
        self.sent: set[str] = set()
        self.undelivered: list[str] = []
        self.unreached: dict[str, str] = {}
        """Notices about no task that have reached nobody yet, and why."""
        self.next_deadline: Deadline | None = None
        self._reading: tuple[object, ...] | None = None

    # -- what happens -------------------------------------------------------------------------------------

    def begin(self, now: datetime) -> None:
        """Begin with what is known: statements of the start are taken as they are."""
        for statement in self.start.statements:
            self.record.add(parse_statement(statement), now)
        self._up_to_date(now, frozenset())

    def wake(self, now: datetime) -> list[str]:
        """Bring the referral up to date with the time; what changed, in words."""
        return self._up_to_date(now, frozenset())

    def apply(self, entry: Entry, now: datetime, *, by_machine: bool = False) -> Changed:
        """Record one statement and follow it through.

        An error that is no refusal is a defect of ours: then nothing of it is kept either, and the referral goes on
        without (E9).

        Raises:
            InvalidEntry, NotAllowedNow: why it is refused; then nothing has changed.
        """
        again = repeated(entry, self.record, self.state, but=("at",))
        if isinstance(again, Refused) and not by_machine:
            raise again
        if again:
            return Changed(entry_id=entry.key, duplicate=True, stage=self.state)
        before = self._observed(now)
        self.record.check(entry)
        if not by_machine:
            refuse(self.record.place(entry, now), self.facts, self.board.open)
        by_time = self._owed_by_time(now)
        known, effects, chart = len(self.record), len(self.effects), self.chart_as_it_stands()
        try:
            self.record.add(entry, now)
            self.effects += found_out(entry, self.facts)
            self.effects += told_by_hand(entry, self.facts_at(now))
            happened = self._up_to_date(now, frozenset({entry.kind}), by_time)
        except Exception:
            self.record.cut_back(known)
            del self.effects[effects:]
            self.facts_at(now)
            self.restore_chart(*chart)
            raise
        after = self._observed(now)
        changed = [name for name in after if before[name] != after[name]]
        said = [f"{_NAMES[name]}: {_said(after[name])} (was {_said(before[name])})." for name in changed]
        return Changed(
            entry_id=entry.key,
            stage=self.state,
            changes=[*said, *happened],
            before={name: before[name] for name in changed},
            after={name: after[name] for name in changed},
        )

    def complete(self, task_id: str, outcome: str, by: str, reason: str | None, now: datetime) -> Changed:
        """A person has completed a task: its outcome is stated in the referral's own words.

        Raises:
            NotAllowedNow: the task is no longer owed, or what it states is refused.
        """
        key = f"{task_id}:completed"
        if key in self.record:
            return Changed(entry_id=key, duplicate=True, stage=self.state)
        self.facts_at(now)
        task = self._asked_for(task_id, outcome)
        if task is None:
            raise NotAllowedNow("it is no longer owed; the referral has moved on in the meantime.")
        statement = statement_of(task.duty, outcome, self.facts, now)
        noted = {"reason": reason} if reason and statement["kind"] in ("cancellation", "reply") else {}
        return self.apply(parse_statement({**statement, **noted, "id": key, "by": by}), now)

    def _asked_for(self, task_id: str, outcome: str) -> OpenTask | None:
        """The open task of an id, or the one that asks the same anew with this outcome among its own: a search that
        returns while somebody answers loses no answer."""
        open_tasks = self.board.open.values()
        if found := next((task for task in open_tasks if task.task_id == task_id), None):
            return found
        former = self.board.asked_by(task_id)
        again = (task for task in open_tasks if former and _asks_the_same(task.duty, former))
        return next((task for task in again if outcome in task.outcomes), None)

    def ask_anew(self, task_id: str, now: datetime) -> None:
        """A task has ended with an answer that had no effect: if it is still owed, it is opened again."""
        self.board.ended(task_id)
        self._up_to_date(now, frozenset())

    # -- what the machine found, sent and heard -----------------------------------------------------------

    def found(
        self, search: str, places: Sequence[Mapping[str, Any]], as_of: datetime | None, now: datetime
    ) -> None:
        """The directory has answered a search; an empty answer is one too."""
        said = {
            "kind": "candidates", "id": search, "search": search, "found": [dict(place) for place in places],
            "as_of": as_of and as_of.isoformat(),
        }  # fmt: skip
        self._say(said, now)

    def sending(self, effect: Disclose, outcome: str, now: datetime, **more: str | None) -> None:
        """A disclosure has been tried; `outcome` is the ledger's word, or failed."""
        said = {
            "kind": "sending", "id": f"{effect.try_id}:{effect.what}", "listing_id": effect.listing_id,
            "what": effect.what, "outcome": "sent" if outcome == "already_sent" else outcome,
            "try_id": effect.try_id, **{name: value for name, value in more.items() if value},
        }  # fmt: skip
        self._say(said, now)

    def agency_said(
        self,
        effect: AskAgency,
        status: str,
        at: datetime | None,
        appointment_at: datetime | None,
        now: datetime,
    ) -> None:
        """An agency was asked and has answered; what it has said before is no news."""
        number = self.requests.news(effect.attempt, f"{status}|{at}|{appointment_at}")
        if number is None:
            return
        said = {
            "kind": "answer", "id": f"{effect.attempt}:asked:{number}", "source": "agency", "status": status,
            "listing_id": effect.listing_id, "at": min(at or now, now).isoformat(),
            "appointment_at": appointment_at and appointment_at.isoformat(),
        }  # fmt: skip
        self._say(said, now)

    def _say(self, said: Mapping[str, Any], now: datetime) -> None:
        given = {name: value for name, value in said.items() if value is not None}
        self.apply(parse_statement({"by": MACHINE, **given}), now, by_machine=True)

    def told_without_consent(self, told: NoteTold, now: datetime) -> None:
        """The ledger knows of no consent for what a person has told by hand (P3)."""
        self.effects += told_without_consent(told, self.facts)
        self._up_to_date(now, frozenset())

    def wants(self, effect: Disclose) -> bool:
        """Whether a sending that is on its way is still to be made."""
        return is_wanted(effect, self.facts)

    # -- following ----------------------------------------------------------------------------------------

    def facts_at(self, now: datetime) -> ReferralFacts:
        """Read the record anew for an instant."""
        self._adopt_closures()
        self.facts = self.situation.facts = ReferralFacts(self.record, self.frame, now)
        return self.facts

    def _adopt_closures(self) -> None:
        """Days on which the program is closed change the calendar (T6)."""
        standing = tuple(self.record.standing(Closure))
        if standing != self._closures:
            self._closures = standing
            told = (r.entry.on for r in standing if isinstance(r.entry, Closure))
            closures = frozenset([*self.start.closures, *told])
            calendar = Calendar(self.start.zone, self.frame.policy.business, closures)
            self.frame = replace(self.frame, calendar=calendar)

    def _settle(self, now: datetime) -> None:
        """Let the guards speak: the chart follows them until it stands still."""
        self.facts_at(now)
        guards = guards_read_in(self.chart)
        if self._reading != (guards, self.situation.read(guards)):
            self.chart.send("settle")
            guards = guards_read_in(self.chart)
            self._reading = (guards, self.situation.read(guards))

    def _owed_by_time(self, now: datetime) -> frozenset[str]:
        """Keys of what time alone has made owed since we last looked: it is no news (T7)."""
        if self.next_deadline is None or now < self.next_deadline.at:
            return frozenset()
        return frozenset(duty.key for duty in duties(self.facts_at(now)))

    def _up_to_date(
        self, now: datetime, kinds: frozenset[str], by_time: frozenset[str] | None = None
    ) -> list[str]:
        self._settle(now)
        facts = self.facts
        # What was answered with a statement has changed the facts; `repeated` has read the other answers.
        owed = [duty for duty in duties(facts) if facts.answer(duty.key) is None]
        self._awaited(owed)
        # From here on nothing is worked out that a statement could make impossible.
        clinic = Clinic(self.frame.calendar, facts.team, self.frame.policy.escalation)
        known = Known(self.next_deadline.at if self.next_deadline else None, by_time)
        opened, happened = self.board.reconcile(owed, facts, kinds, clinic, known)
        self.effects += opened
        self.effects += self.requests.due(facts)
        self.next_deadline = min(self._awaited(owed), default=None)
        self._raise_alarm()
        return happened

    def _awaited(self, owed: Sequence[Duty]) -> list[Deadline]:
        facts = self.facts
        begin = [
            Deadline(duty.since, duty.announced or f"{duty.kind.replace('_', ' ').capitalize()} is owed")
            for duty in owed
            if duty.since > facts.now
        ]
        closes = list(record_closes(facts))
        return [
            *closes,
            # Who is in the team of a closed referral matters only for as long as it takes statements.
            *(
                one
                for one in team_changes(facts)
                if facts.closed is None or one.at < min(closes, default=one).at
            ),
            *wait_is_over(facts),
            *agency_is_asked(facts, self.requests.asked_at),
            *begin,
        ]

    def _raise_alarm(self) -> None:
        key = f"nothing_awaited:{self.facts.today}"
        if self.waits_for == "nothing" and self.facts.closed is None and key not in self.sent:
            self.sent.add(key)
            line = f"{self.start.referral_id} is open, and no deadline and no task is: see what is owed."
            staff_id = self.facts.team.get("supervisor")
            self.effects.append(Notify(key, "supervisor", staff_id, "nothing_awaited", (line,)))

    def _observed(self, now: datetime) -> dict[str, Any]:
        facts = self.facts_at(now)
        one = facts.current
        return {
            "state": self.state,
            "place": one.place.listing_id if one else None,
            "appointment_at": one.appointment_at.isoformat() if one and one.appointment_at else None,
            "first_visit_on": facts.day_of_first_visit.isoformat() if facts.day_of_first_visit else None,
            "cancelling": [late.place.listing_id for late in facts.withdrawing],
            "closed": facts.closed.reason if facts.closed else None,
        }

    # -- where things stand -------------------------------------------------------------------------------

    def chart_as_it_stands(self) -> tuple[list[str], dict[str, list[str]]]:
        """The ids of the active states, and of those that each history state has kept."""
        kept = {name: [state.id for state in states] for name, states in self.chart.history_values.items()}
        return list(self.chart.configuration_values), kept

    def restore_chart(self, states: Sequence[str], history: Mapping[str, Sequence[str]]) -> None:
        """Put the chart back to where it stood, without running entry actions again."""
        self.situation = self._situation_type(self.facts)
        self.situation.state = OrderedSet(states)
        self.chart = self._chart_type(model=self.situation)
        for name, ids in history.items():
            self.chart.history_values[name] = [self.chart.states_map[state] for state in ids]
        self._reading = None

    @property
    def state(self) -> str:
        """Where the referral stands, by the id of the chart's state."""
        course = self.chart.states_map["course"]
        leaves = [state for state in self.chart.configuration if not state.states]
        return next(str(leaf.id) for leaf in leaves if _is_inside(leaf, course))

    @property
    def states(self) -> list[str]:
        """Ids of the active states without states inside."""
        return sorted(state.id for state in self.chart.configuration if not state.states)

    @property
    def pending(self) -> list[str]:
        """What was asked of the world and has not been answered: searches and sendings on their way."""
        facts = self.facts
        waiting = [facts.search] if facts.search_is_wanted else []
        if (one := facts.current) and one.step is Step.QUEUED and not facts.closed:
            waiting.append(one.try_id)
        return waiting

    @property
    def waits_for(self) -> str:
        """What the referral waits for, in words; `nothing` is an alarm (E9)."""
        if self.next_deadline:
            return f"{self.next_deadline.name} ({in_words(self.next_deadline.at)})"
        if self.board.open:
            return "a person"
        return "the directory or the ledger" if self.pending else "nothing"

    def status_of(self, one: Attempt) -> Exported | None:
        """What others read of an attempt."""
        return exported(one, joins=self.start.joins, is_closed=self.facts.closed is not None)

    @property
    def open_tasks(self) -> dict[str, OpenTask]:
        """What people owe now, by the key of the duty."""
        return self.board.open

    def finished(self, now: datetime) -> bool:
        """Whether the referral is closed, nothing is owed, and it takes no further statements (E11)."""
        return (
            self.facts.closed is not None
            and not self.board.open
            and (self.next_deadline is None or self.next_deadline.at <= now)
        )

    def take_effects(self) -> list[ReferralEffect]:
        """What the world must do since this was last asked."""
        taken, self.effects = self.effects, []
        return taken

    @property
    def zone(self) -> ZoneInfo:
        """The program's time zone."""
        return self.start.zone


def _asks_the_same(duty: str, former: str) -> bool:
    """Of the same attempt; the number of the list or of the try may be another."""
    return all(one(duty).partition(".")[0] == one(former).partition(".")[0] for one in (kind_of, subject_of))


_NAMES = {
    "state": "Referral",
    "place": "Place",
    "appointment_at": "Appointment",
    "first_visit_on": "First visit",
    "cancelling": "Cancellation not confirmed",
    "closed": "Closed",
}


def _said(value: Any) -> str:
    if value is None or value == []:
        return "none"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value).replace("_", " ") if not isinstance(value, datetime) else day_in_words(value.date())


def _is_inside(state: Any, region: Any) -> bool:
    while state is not None:
        if state is region or state.id == region.id:
            return True
        state = state.parent
    return False
