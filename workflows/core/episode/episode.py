"""One patient's passage through a pathway, as whoever runs it holds it: the state of now, and what is still to be done.

Pure: it knows no clock, every call is told the instant. What an entry or the time makes of a state is `step`'s.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from pydantic import JsonValue

from workflows.core.engine.acts import Act, AskedAnew, Forgotten, Stated, Vouched, Woken
from workflows.core.engine.authorship import answering, is_authentic
from workflows.core.engine.deadline import Deadline
from workflows.core.engine.duty import Duty
from workflows.core.engine.effects import Effect, KeepConsents, MessagePatient, NoteClosed
from workflows.core.engine.errors import Refused
from workflows.core.engine.living import Living
from workflows.core.engine.shown import Changed
from workflows.core.engine.signatures import Signature, Trust
from workflows.core.engine.state import pack, unpack
from workflows.core.episode import step
from workflows.core.episode.authority import unknown_author
from workflows.core.episode.consent.facts import told_of
from workflows.core.episode.decisions import may_be_answered
from workflows.core.episode.engine import Engine
from workflows.core.episode.entries import KINDS, Entry, TeamChange, parse_entry
from workflows.core.episode.facts import Facts
from workflows.core.episode.frame import EpisodeFrame
from workflows.core.episode.linkage.requests import ReferralRequests
from workflows.core.episode.messages.alarms import message_not_sent, messages_wanted
from workflows.core.episode.pathway import Pathway
from workflows.core.episode.stages import Stage
from workflows.core.episode.start import EpisodeStart
from workflows.core.episode.state import EpisodeState


class Episode(Living[EpisodeState, Effect]):
    """The engine for one episode, with the state that it is in.

    Args:
        start: How it began.
        pathway: What it goes through.
        now: When it begins.
        state: Where it goes on; None: at the beginning.

    Raises:
        InvalidPolicy: the policy in `start` contradicts itself.
    """

    def __init__(
        self, start: EpisodeStart, pathway: Pathway, now: datetime, state: EpisodeState | None = None
    ) -> None:
        self.start, self.pathway = start, pathway
        self.engine = Engine(start, pathway)
        super().__init__(state or self.engine.begin(now))

    # -- what happens -------------------------------------------------------------------------------------

    def recall(self, now: datetime) -> None:
        """Begin with what is at hand from the episode that this one follows."""
        entries = [parse_entry(statement) for statement in self.start.history]
        if entries:
            self.apply_many(entries, now, is_ours=True)

    def wake(self, now: datetime) -> None:
        """Bring the episode up to date with the time."""
        decided = step.wake(self.engine, self.state, now)
        self.go_on(decided.state, decided.effects, Woken(now))

    def apply(self, entry: Entry, now: datetime, *, is_ours: bool = False) -> Changed:
        """Record one entry and follow it through; see `step.decide`.

        Raises:
            InvalidEntry, NotAllowedNow: why it is refused; then nothing has changed but the time.
        """
        result = self.apply_many([entry], now, is_ours=is_ours)[0]
        if isinstance(result, Refused):
            raise result
        return result

    def apply_many(
        self, entries: Sequence[Entry], now: datetime, *, is_ours: bool = False
    ) -> list[Changed | Refused]:
        """Record entries together, and follow them through; see `step.decide`."""
        decided = step.decide(self.engine, self.state, entries, now, is_ours=is_ours)
        self.go_on(decided.state, decided.effects, self._taken(decided.state, now))
        return list(decided.results)

    def _taken(self, after: EpisodeState, now: datetime) -> Act | None:
        """What a step that leads to a state has taken into the record."""
        before = self.state
        taken = tuple(recorded.entry for recorded in after.record.since(before.record))
        hands_over = after.record.taken_over_at != before.record.taken_over_at
        is_history = after.taken_over_at != before.taken_over_at
        if taken or hands_over or is_history:
            return Stated(now, taken, hands_over, is_history)
        is_due = before.next_deadline is not None and before.next_deadline.at <= now
        return Woken(now) if is_due else None  # all that was refused has changed is the time

    def ask_anew(self, task_id: str, now: datetime) -> None:
        """A task has ended with an answer that had no effect: if it is still owed, it is opened again (E9)."""
        ended = replace(self.state, worklist=self.state.worklist.ended(task_id))
        decided = step.wake(self.engine, ended, now)
        self.go_on(decided.state, decided.effects, AskedAnew(now, task_id))

    def complete(
        self,
        task_id: str,
        outcome: str,
        by: str,
        reason: str | None,
        now: datetime,
        signature: Signature | None = None,
    ) -> Changed:
        """A person has completed a task: its outcome is their decision, and what they have signed.

        Raises:
            InvalidEntry, NotAllowedNow: why the answer has no effect.
        """
        decision = {
            "kind": "decision", "id": f"{task_id}:completed", "by": by, "about": task_id, "choice": outcome,
            "reason": reason, "signature": answering(signature, task_id, outcome, reason),
        }  # fmt: skip
        entry = parse_entry(decision)
        self.knows_by_signature(entry, now)
        return self.apply(entry, now)

    def hear_of_referral(self, news: Mapping[str, JsonValue], now: datetime) -> None:
        """A referral tells how it stands; `news` are its id, its state, since when and the reason (C3)."""
        number = f"{news['referral_id']}:{news['state']}:{news.get('reason', '')}:{len(self.record)}"
        told = {"kind": "referral_news", "id": number, "by": "carepath", "source": "agency", **news}
        self.apply(parse_entry(told), now, is_ours=True)

    # -- what the world has answered ------------------------------------------------------------------------

    def vouch(self, staff_id: str, roles: tuple[str, ...] | None) -> None:
        """What the staff directory says of somebody: their roles, or that it does not know them."""
        directory = {**self.state.directory, staff_id.casefold(): roles}
        self.go_on(replace(self.state, directory=directory), act=Vouched(staff_id, roles))

    def forget(self, staff_id: str) -> None:
        """The staff directory could not be asked about somebody."""
        directory = {one: roles for one, roles in self.state.directory.items() if one != staff_id.casefold()}
        self.go_on(replace(self.state, directory=directory), act=Forgotten(staff_id))

    # -- living again ---------------------------------------------------------------------------------------

    def live_again(self, now: datetime) -> None:
        """The same; and the clinic database is told again by what the door judges what may leave, and whether the
        episode is closed: the run that was to tell it may have been ended on the way (P3, I6)."""
        super().live_again(now)
        facts, number = self.facts, len(self.state.record)
        if facts.consents:
            said = tuple(told_of(consent) for consent in facts.consents)
            self.effects.append(KeepConsents(f"consents:{number}", number, said, facts.revocations_lifted))
        self.effects.append(NoteClosed(f"closed:{number}", facts.exit[1] if facts.exit else None))

    # -- living through it again ----------------------------------------------------------------------------

    def relive(self, act: Act) -> None:
        """Live through what the journal says: it was judged when it happened, and is refused no more (T3)."""
        match act:
            case Woken():
                self.wake(act.at)
            case Stated():
                decided = step.retell(self.engine, self.state, act)
                self.go_on(decided.state, decided.effects)
            case AskedAnew():
                self.ask_anew(act.task_id, act.at)
            case Vouched():
                self.vouch(act.staff_id, act.roles)
            case Forgotten():
                self.forget(act.staff_id)
            case _:
                raise ValueError(f"an episode does not know the act {type(act).__name__}")

    def not_sent(self, message: MessagePatient, *why: str) -> None:
        """A message to the patient was not sent, or not everywhere; in words (P2)."""
        self.not_delivered(*why)
        self.effects.append(message_not_sent(self.facts, message, why))

    # -- what may be decided --------------------------------------------------------------------------------

    def may_be_decided(self, facts: Facts) -> list[Duty]:
        """What a person may decide at the instant of the facts without being asked, or ahead of its time (E10)."""
        duties, tasks = self.pathway.unanswered(facts, self.state.states), self.open_tasks
        return [duty for duty in duties if duty.key not in tasks and may_be_answered(duty, facts)]

    def unknown_author(self, entry: Entry) -> str | None:
        """The author of an entry, where only the clinic's staff directory can tell whether they may sign it (E0)."""
        return unknown_author(entry, self.facts)

    def knows_by_signature(self, entry: Entry, now: datetime) -> bool:
        """Whether the clinic has signed an entry for its author: then it says in which roles, as its staff directory
        had them, and nobody needs to ask that (E0)."""
        signature = entry.signature
        if not signature or not is_authentic(entry, self.engine.workflow_id, self.trust, now):
            return False
        if self.state.directory.get(entry.by.casefold()) != signature.roles:
            self.vouch(entry.by, signature.roles)
        return True

    @property
    def workflow_id(self) -> str:
        """What statements are told to."""
        return self.engine.workflow_id

    @property
    def trust(self) -> Trust:
        """What signatures are judged by now (E0)."""
        return self.engine.trust(self.state)

    def appointed(self, entry: Entry) -> str | None:
        """Whom an entry appoints, about whom the clinic's staff directory is asked (E0)."""
        return entry.staff_id if isinstance(entry, TeamChange) else None

    def wants(self, message: MessagePatient) -> bool:
        """Whether a message that waits to be sent, as in quiet hours, is still to be sent (A5, E7)."""
        wanted = messages_wanted(self.facts) if self.stage.has_sessions else ()
        return any(one.key == message.key for one in wanted)

    # -- where things stand -------------------------------------------------------------------------------

    @property
    def facts(self) -> Facts:
        """What follows from the record at the instant at which it was last brought up to date."""
        return self.engine.facts(self.state, self.state.at)

    def facts_at(self, now: datetime) -> Facts:
        """The same at another instant."""
        return self.engine.facts(self.state, now)

    @property
    def frame(self) -> EpisodeFrame:
        """What beside the record decides how it is read."""
        return self.engine.frame(self.state)

    @property
    def referral_requests(self) -> ReferralRequests:
        """Which referrals were begun, and what they were told."""
        return self.state.referral_requests

    @property
    def moved_by(self) -> dict[str, str]:
        """The entries that stand and have moved the patient, by their ids, and into which stage: as it came, and as the
        facts have it now."""
        as_it_came = {move.entries[-1]: move.to.value for move in self.state.moves if move.entries}
        standing = {key: to for key, to in as_it_came.items() if self.record.stands(key)}
        return standing | self.facts.moved_by

    @property
    def open_referrals(self) -> list[str]:
        """Ids of the referrals that this episode has begun and that have not ended."""
        return self.state.referral_requests.open(self.facts)

    def awaited(self) -> list[Deadline]:
        """Every moment ahead at which time changes something or a duty begins."""
        return self.engine.awaited(self.facts, self.state.states)

    @property
    def states(self) -> list[str]:
        """Ids of the active states, compound ones included."""
        return list(self.state.states)

    @property
    def guards(self) -> tuple[tuple[str, bool], ...]:
        """What each guard of the chart says now."""
        guards = self.pathway.guards(self.facts)
        return tuple(zip(guards.names, map(bool, guards.read(guards.names)), strict=True))

    @property
    def stage(self) -> Stage:
        """The stage of the public contract."""
        return self.engine.stage(self.state)

    def finished(self, now: datetime) -> bool:
        """Whether a closed episode takes no further entries and nothing is owed (E11)."""
        deadline = self.next_deadline
        is_over = deadline is None or deadline.at <= now
        return self.stage.is_over and not self.open_tasks and is_over

    def at_close_of(self, day: date, now: datetime) -> datetime:
        """The last instant of a program day; of today if it lies ahead, since nobody knows yet what will be."""
        calendar = self.frame.calendar
        return calendar.at(min(day, calendar.day_of(now)) + timedelta(days=1)) - timedelta(microseconds=1)

    @property
    def zone(self) -> ZoneInfo:
        """The program's time zone."""
        return self.start.zone

    # -- as one string, for continue-as-new -----------------------------------------------------------------

    def packed(self) -> str:
        """Everything about the episode but its start."""
        return pack(self.state)

    @classmethod
    def unpacked(cls, packed: str, start: EpisodeStart, pathway: Pathway) -> "Episode":
        """The episode as it was packed.

        Raises:
            ValueError: it was packed by code that packs otherwise.
        """
        state = unpack(EpisodeState, packed, {"zone": start.zone, "kinds": KINDS})
        return cls(start, pathway, state.record.began_at, state)
