"""One referral, as whoever runs it holds it: the state of now, and what is still to be done. Pure, like the episode.

The referral's life is its own: it neither needs nor knows the episode's, and goes on when that has ended (C3).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from workflows.core.engine.acts import Act, AskedAnew, Begun, Heard, Stated, Woken
from workflows.core.engine.authorship import answering
from workflows.core.engine.calendar import in_words
from workflows.core.engine.configuration import leaves
from workflows.core.engine.effects import OpenTask
from workflows.core.engine.errors import NotAllowedNow
from workflows.core.engine.keys import kind_of, subject_of
from workflows.core.engine.living import Living
from workflows.core.engine.shown import Changed
from workflows.core.engine.signatures import Signature, Trust
from workflows.core.engine.state import pack, unpack
from workflows.core.episode.entries import Entry
from workflows.core.referral import step
from workflows.core.referral.attempt import Attempt
from workflows.core.referral.effects import AskAgency, Disclose, NoteTold, ReferralEffect
from workflows.core.referral.engine import Engine
from workflows.core.referral.facts import ReferralFacts, ReferralFrame
from workflows.core.referral.ledger import told_without_consent
from workflows.core.referral.outcomes import statement_of
from workflows.core.referral.requests import is_wanted
from workflows.core.referral.state import ReferralState
from workflows.core.referral.statements import STATEMENTS, parse_statement
from workflows.core.referral.status import Exported, exported

MACHINE = "carepath"
"""Who states what the machine found, sent or heard."""


class Referral(Living[ReferralState, ReferralEffect]):
    """The engine for one referral, with the state that it is in. Every call is told the instant."""

    def __init__(self, engine: Engine, now: datetime) -> None:
        self.start, self.engine = engine.start, engine
        super().__init__(engine.begin(now))

    # -- what happens -------------------------------------------------------------------------------------

    def begin(self, now: datetime) -> None:
        """Begin with what is known: statements of the start are taken as they are."""
        known = [(parse_statement(statement), now) for statement in self.start.statements]
        self._follow(replace(self.state, record=self.record.with_entries(known)), now, Begun(now))

    def wake(self, now: datetime) -> None:
        """Bring the referral up to date with the time."""
        self._follow(self.state, now, Woken(now))

    def _follow(self, state: ReferralState, now: datetime, act: Act) -> None:
        decided = step.wake(self.engine, state, now)
        self.go_on(decided.state, decided.effects, act)

    def apply(
        self, entry: Entry, now: datetime, *, by_machine: bool = False, is_ours: bool = False
    ) -> Changed:
        """Record one statement and follow it through; see `step.decide`.

        Raises:
            InvalidEntry, NotAllowedNow: why it is refused; then nothing has changed.
        """
        decided = step.decide(self.engine, self.state, entry, now, by_machine=by_machine, is_ours=is_ours)
        taken = tuple(recorded.entry for recorded in decided.state.record.since(self.record))
        self.go_on(decided.state, decided.effects, Stated(now, taken) if taken else None)
        assert decided.changed is not None
        return decided.changed

    def complete(
        self,
        task_id: str,
        outcome: str,
        by: str,
        reason: str | None,
        now: datetime,
        signature: Signature | None = None,
    ) -> Changed:
        """A person has completed a task: its outcome is stated in the referral's own words.

        Raises:
            NotAllowedNow: the task is no longer owed, or what it states is refused.
        """
        key = f"{task_id}:completed"
        if key in self.record:
            return Changed(entry_id=key, duplicate=True, stage=self.stands)
        task = self._asked_for(task_id, outcome)
        if task is None:
            raise NotAllowedNow("it is no longer owed; the referral has moved on in the meantime.")
        statement = statement_of(task.duty, outcome, self.facts_at(now), now)
        noted = {"reason": reason} if reason and statement["kind"] in ("cancellation", "reply") else {}
        signed = {"signature": answering(signature, task_id, outcome, reason)}
        return self.apply(parse_statement({**statement, **noted, **signed, "id": key, "by": by}), now)

    def _asked_for(self, task_id: str, outcome: str) -> OpenTask | None:
        """The open task of an id, or the one that asks the same anew with this outcome among its own: a search that
        returns while somebody answers loses no answer."""
        open_tasks = self.worklist.open.values()
        if found := next((task for task in open_tasks if task.task_id == task_id), None):
            return found
        former = self.worklist.asked_by(task_id)
        again = (task for task in open_tasks if former and _asks_the_same(task.duty, former))
        return next((task for task in again if outcome in task.outcomes), None)

    def ask_anew(self, task_id: str, now: datetime) -> None:
        """A task has ended with an answer that had no effect: if it is still owed, it is opened again."""
        ended = replace(self.state, worklist=self.worklist.ended(task_id))
        self._follow(ended, now, AskedAnew(now, task_id))

    def live_again(self, now: datetime) -> None:
        """The same; and what the world was asked for and has not answered is asked for again, under the same keys, so
        that nothing leaves twice (P9)."""
        super().live_again(now)
        self.state = replace(self.state, requests=replace(self.state.requests, asked=frozenset()))
        self.wake(now)

    def relive(self, act: Act) -> None:
        """Live through what the journal says: it was judged when it happened, and is refused no more (T3)."""
        match act:
            case Begun():
                self.begin(act.at)
            case Woken():
                self.wake(act.at)
            case Stated():
                for entry in act.entries:
                    decided = step.retell(self.engine, self.state, entry, act.at)
                    self.go_on(decided.state, decided.effects)
            case AskedAnew():
                self.ask_anew(act.task_id, act.at)
            case Heard():
                self._having_heard(act.attempt, act.word)
            case _:
                raise ValueError(f"a referral does not know the act {type(act).__name__}")

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
        word = f"{status}|{at}|{appointment_at}"
        number = self.state.requests.news(effect.attempt, word)
        if number is None:
            return
        said = {
            "kind": "answer", "id": f"{effect.attempt}:asked:{number}", "source": "agency", "status": status,
            "listing_id": effect.listing_id, "at": min(at or now, now).isoformat(),
            "appointment_at": appointment_at and appointment_at.isoformat(),
        }  # fmt: skip
        self._say(said, now)
        self._having_heard(effect.attempt, word)

    def _having_heard(self, attempt: str, word: str) -> None:
        requests = self.state.requests.having_heard(attempt, word)
        self.go_on(replace(self.state, requests=requests), act=Heard(attempt, word))

    def _say(self, said: Mapping[str, Any], now: datetime) -> None:
        given = {name: value for name, value in said.items() if value is not None}
        self.apply(parse_statement({"by": MACHINE, **given}), now, by_machine=True)

    def told_without_consent(self, told: NoteTold, now: datetime) -> None:
        """The ledger knows of no consent for what a person has told by hand (P3)."""
        self.effects += told_without_consent(told, self.facts)
        self.wake(now)

    def wants(self, effect: Disclose) -> bool:
        """Whether a sending that is on its way is still to be made."""
        return is_wanted(effect, self.facts)

    # -- where things stand -------------------------------------------------------------------------------

    @property
    def facts(self) -> ReferralFacts:
        """What follows from the record at the instant at which it was last brought up to date."""
        return self.facts_at(self.state.at)

    def facts_at(self, now: datetime) -> ReferralFacts:
        """The same at another instant."""
        return self.engine.facts(self.state, now)

    @property
    def workflow_id(self) -> str:
        """What statements are told to."""
        return self.start.referral_id

    @property
    def trust(self) -> Trust:
        """What signatures are judged by now (E0)."""
        return self.engine.trust(self.state)

    @property
    def frame(self) -> ReferralFrame:
        """What beside the record decides how it is read."""
        return self.engine.frame(self.state)

    @property
    def stands(self) -> str:
        """Where the referral stands, by the id of the chart's state."""
        return self.engine.stands(self.state)

    @property
    def states(self) -> list[str]:
        """Ids of the active states without states inside."""
        return sorted(set(self.state.states) & leaves(self.engine.chart))

    @property
    def waits_for(self) -> str:
        """What the referral waits for, in words; `nothing` is an alarm (E9)."""
        if self.next_deadline:
            return f"{self.next_deadline.name} ({in_words(self.next_deadline.at)})"
        if self.worklist.open:
            return "a person"
        return "the directory or the ledger" if self.facts.pending else "nothing"

    def status_of(self, one: Attempt) -> Exported | None:
        """What others read of an attempt."""
        return exported(one, joins=self.start.joins, is_closed=self.facts.closed is not None)

    def finished(self, now: datetime) -> bool:
        """Whether the referral is closed, nothing is owed, and it takes no further statements (E11)."""
        return (
            self.facts.closed is not None
            and not self.worklist.open
            and (self.next_deadline is None or self.next_deadline.at <= now)
        )

    def packed(self) -> str:
        """Everything about the referral but its start, as one string for continue-as-new."""
        return pack(self.state)

    def go_on_from(self, packed: str) -> None:
        """Go on where it was packed.

        Raises:
            ValueError: it was packed by code that packs otherwise.
        """
        self.state = unpack(ReferralState, packed, {"zone": self.zone, "kinds": STATEMENTS})

    @property
    def zone(self) -> ZoneInfo:
        """The program's time zone."""
        return self.start.zone


def _asks_the_same(duty: str, former: str) -> bool:
    """Of the same attempt; the number of the list or of the try may be another."""
    return all(one(duty).partition(".")[0] == one(former).partition(".")[0] for one in (kind_of, subject_of))
