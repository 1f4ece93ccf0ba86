"""Facts of the course through the stages: admitted, stepped down, returned, closed (I4, C1, E1-E5).

The stages are folded like everything else, from the admission, from what named people signed, and from the exits
that stand. So the retraction of a wrong signature or of a wrong exit leaves no trace in them (T3).
"""

import itertools
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from workflows.core.engine.answers import Answer
from workflows.core.engine.reading import fact
from workflows.core.engine.record import Recorded
from workflows.core.episode.entries import Decision, Exit, Retraction, Return, Source
from workflows.core.episode.exits.signed import SignedExit
from workflows.core.episode.intake.entries import LEVELS
from workflows.core.episode.safety.facts import RiskFacts


@dataclass(frozen=True, slots=True)
class Transfer:
    """A way to another place of care that was begun: by an exit, by an offer that was accepted, or by a clinician's
    decision on the level of care (entry id)."""

    key: str
    to: str
    known_at: datetime
    since: datetime


class StageFacts(RiskFacts):
    """In which stage the episode is, and was on any day."""

    @fact
    def missing_for_admission(self) -> list[str]:
        """What admission still waits for, in words (I4)."""
        missing = []
        if self.level_of_care is None:
            missing.append("a clinician's level-of-care decision")
        elif not self.level_admitted:
            missing.append(f"a level-of-care decision for this program (it is {self.level_of_care})")
        missing += [
            f"a {role.replace('_', ' ')} in the team"
            for role in ("therapist", "case_manager")
            if not self.team.get(role)
        ]
        if not self.frame.weekly and not self.schedules:
            missing.append("a weekly schedule")
        if self.admission is None:
            missing.append("the admission itself")
        if self.last_use_on is None:
            missing.append("the date of last use")
        if not self.goals:
            missing.append("at least one personal goal")
        return missing

    @property
    def admitted(self) -> bool:
        """Whether the admission was complete once, and stands. Its conditions are those of that day: what falls away
        afterwards is asked for anew, and moves nobody back (I4)."""
        return not self.missing_for_admission or self._was_complete

    @fact
    def _was_complete(self) -> bool:
        keys = self.admission_keys
        if not keys:
            return False
        begun = min(self.record.get(key).recorded_at for key in keys)  # type: ignore[union-attr]
        instants = dict.fromkeys(r.recorded_at for r in self.record if r.recorded_at >= begun)
        return any(self._was_complete_at(instant, keys) for instant in instants)

    def _was_complete_at(self, instant: datetime, keys: Collection[str]) -> bool:
        then = self.as_known_at(instant)
        return not then.missing_for_admission and then.admission_keys[0] in keys

    @fact
    def moves(self) -> list[tuple[datetime, str, Answer]]:
        """Every signature that moved the episode into another stage, oldest first. What was signed before anybody was
        admitted moves no later admission (S9)."""
        found = [
            (answer.at, stage, answer)
            for (kind, choice), stage in self.frame.moves.items()
            for _, answer in self.answers_to(kind)
            if answer.choice == choice and self._was_admitted_by(self.calendar.day_of(answer.at))
        ]
        return sorted(found, key=lambda move: (move[0], move[2].key))

    def _was_admitted_by(self, day: date) -> bool:
        """Whether an admission, as it was told first or as it was corrected, lies on a day or before it."""
        told = [self.record.get(key) for key in self.admission_keys]
        return any(self.calendar.day_of(one.effective_at) <= day for one in told if one)

    @property
    def stepped_down(self) -> bool:
        """Whether a clinician has passed the gate, and nobody has returned the patient to the program since."""
        return bool(self.moves) and self.moves[-1][1] == "aftercare"

    @property
    def stepped_down_on(self) -> date | None:
        """The day on which the patient's aftercare began."""
        return self.calendar.day_of(self.moves[-1][0]) if self.stepped_down else None

    @property
    def step_down(self) -> Answer | None:
        """The signature by which the patient is in aftercare."""
        return self.moves[-1][2] if self.stepped_down else None

    @fact
    def exits_signed(self) -> list[SignedExit]:
        """Every exit that was signed and stands, in the order of signing. A transfer is one only when the first
        visit over there is confirmed (E5)."""
        found = []
        for recorded in self.record.all_of(Exit):
            entry = recorded.entry
            if self._exit_stands(recorded, entry):
                reopened = self._reopened_at(entry.reason, recorded.key, recorded.known_at, entry.on)
                found.append(SignedExit(entry, entry.reason, entry.on, recorded.known_at, reopened))
        for (kind, choice), reason in self.frame.exits.items():
            for _, answer in self.answers_to(kind):
                if answer.choice == choice:
                    on, signed_at = self.calendar.day_of(answer.at), self.hour_of(answer.key, answer.at)
                    reopened = self._reopened_at(reason, answer.key, signed_at, on)
                    found.append(SignedExit(self._decision(answer), reason, on, signed_at, reopened))
        return sorted(found, key=lambda signed: (signed.known_at, signed.key))

    def _decision(self, answer: Answer) -> Decision:
        """The entry by which an answer was given."""
        recorded = self.record.get(answer.key)
        assert recorded is not None
        assert isinstance(recorded.entry, Decision)
        return recorded.entry

    def _exit_stands(self, recorded: Recorded, entry: Exit) -> bool:
        if entry.reason == "deceased":  # a death is corrected by two people (E7)
            return len(self._people_undoing(recorded.key)) < 2
        if entry.reason == "transferred" and not recorded.is_history:
            return False
        return self.record.stands(recorded.key)

    def _people_undoing(self, key: str) -> set[str]:
        """Who of the staff has taken an entry back. A system is nobody, and a capital letter makes no second person."""
        undoing = self.record.undoing(key)
        return {one.entry.by.casefold() for one in undoing if one.entry.source is Source.STAFF}

    @fact
    def shut_out(self) -> list[tuple[datetime, datetime]]:
        """From a discharge until it was taken back: the person was told not to come (E2). And from a withdrawal that
        was taken back after the time for reopening it: nobody expected them for so long (E3).

        An exit that was only written down by mistake sent nobody away, and leaves no such hole (T3).
        """
        found = []
        for (kind, choice), reason in self.frame.exits.items():
            for answer in self.ever_answered(kind) if reason == "involuntary" else ():
                undone = self.record.undone_by(answer.key) if answer.choice == choice else None
                if undone:
                    found.append((self.hour_of(answer.key, answer.at), undone.recorded_at))
        found += self._withdrawn_for_long
        return sorted((first, until) for first, until in found if first < until)

    @property
    def _withdrawn_for_long(self) -> list[tuple[datetime, datetime]]:
        found = []
        for told in self.record.all_of(Exit):
            undone = self.record.undone_by(told.key)
            if told.entry.reason != "withdrew" or undone is None:
                continue
            if isinstance(undone.entry, Retraction) and undone.recorded_at > self.may_be_reopened_until(told):
                found.append((self.hour_of(told.key, self.calendar.at(told.entry.on)), undone.recorded_at))
        return found

    def may_be_reopened_until(self, withdrawn: Recorded) -> datetime:
        """Until when a withdrawal can be reopened as it was (E3)."""
        return self.calendar.due(withdrawn.known_at, self.policy.course.reopen_within)

    def _reopened_at(self, reason: str, key: str, signed_at: datetime, on: date) -> datetime | None:
        if answer := self.answer(f"reopening:{key}"):
            return max(self.hour_of(answer.key, answer.at), signed_at)
        if reason != "withdrew":
            return None
        # Coming back within the time for it takes a withdrawal back, like the decision to reopen (E3).
        until = self.calendar.due(signed_at, self.policy.course.reopen_within)
        back = [
            max(self.hour_of(r.key, r.effective_at), signed_at)
            for r in self.record.standing(Return)
            if on <= r.entry.on
            and r.recorded_at > signed_at
            and (r.recorded_at <= until or r.entry.on < self.calendar.day_of(until))
        ]
        return min(back, default=None)

    @fact
    def exit_signed(self) -> SignedExit | None:
        """The exit by which the episode is closed; a death outweighs every other (E7)."""
        standing = [signed for signed in self.exits_signed if signed.reopened_at is None]
        return next((s for s in standing if s.reason == "deceased"), standing[-1] if standing else None)

    @fact
    def ways_elsewhere(self) -> list[Transfer]:
        """Ways to another level of care that were begun here: offers that were accepted, and the decision of a
        clinician that stands last (S3, I3, C4)."""
        accepted = [
            Transfer(answer.key, subject.partition(":")[0], answer.at, answer.at)
            for subject, answer in self.answers_to("level_of_care_offer")
            if answer.choice == "accepted"
        ]
        return [*accepted, *self._other_level_decided]

    @property
    def _other_level_decided(self) -> list[Transfer]:
        """The decision that the person needs another level of care than this program gives, as it was taken first: more
        care at any time, less care while they are in the program (in aftercare they have it). One of before the end of
        the day of admission belongs to the intake (I4)."""
        if self.admission is None:
            return []
        since = self.calendar.at(self.admission.on + timedelta(days=1))
        decided = [one for one in self.level_decisions if one[0] >= since]
        last = list(itertools.takewhile(lambda one: one[1] == decided[-1][1], reversed(decided)))
        if not last or last[-1][1] == self.frame.level:
            return []
        is_less = LEVELS.index(last[-1][1]) < LEVELS.index(self.frame.level)
        if is_less and self.stage_on(self.calendar.day_of(last[0][0])) != "program":
            return []
        at, level, key = ([one for one in last if one[0] > self._stayed_at] or last)[-1]
        told = self.record.get(key)
        return [Transfer(key, level, told.known_at if told else at, at)]

    @property
    def on_the_way_to(self) -> str | None:
        """The other level of care to which the person is on the way, until somebody says that they stay (E5)."""
        return next((way.to for way in self.ways_elsewhere if way.since > self._stayed_at), None)

    @property
    def _stayed_at(self) -> datetime:
        """When somebody said last that a person who was on the way elsewhere stays."""
        stays = [answer.at for _, answer in self.answers_to("transfer") if answer.choice == "stays_here"]
        return max(stays, default=self.calendar.at(self.frame.referred_on))

    @property
    def has_died(self) -> bool:
        """Whether a death is recorded and stands (E7)."""
        return self.exit_signed is not None and self.exit_signed.reason == "deceased"

    @property
    def in_crisis(self) -> bool:
        """Whether a crisis is not answered yet. Of a person who has died nobody is called to one (E7, E8)."""
        return bool(self.crises) and not self.has_died

    @fact
    def _changes(self) -> list[tuple[date, datetime, str]]:
        """Day, instant and stage of every change of the stage, in order."""
        at, day_of = self.calendar.at, self.calendar.day_of
        found = [(self.frame.referred_on, at(self.frame.referred_on), "intake")]
        if self.admitted_on and self.admitted:
            found.append((self.admitted_on, self._admitted_at, "program"))
            for moved_at, stage, answer in self.moves:
                found.append((day_of(moved_at), self.hour_of(answer.key, moved_at), stage))
        for signed in self.exits_signed:
            if signed.reopened_at or self._has_closed(signed):
                found.append((signed.on, max(at(signed.on), signed.known_at), "closed"))
            if signed.reopened_at:
                found.append((day_of(signed.reopened_at), signed.reopened_at, "reopened"))
        changes, underway = [], "intake"
        for on, instant, stage in sorted(found, key=lambda change: change[:2]):
            stage = underway if stage == "reopened" else stage
            underway = underway if stage == "closed" else stage
            # What is dated back was so for the whole of its day: nobody knows the hour.
            changes.append((on, instant if day_of(instant) == on else at(on), stage))
        return changes

    @fact
    def moved_by(self) -> dict[str, str]:
        """The entries that moved the patient into another stage, by their ids, and into which."""
        found = {key: "program" for key in self.admission_keys[:1] if self.admitted}
        found |= {answer.key: stage for _, stage, answer in self.moves}
        return found | {s.key: "closed" for s in self.exits_signed if s.reopened_at or self._has_closed(s)}

    def _has_closed(self, signed: SignedExit) -> bool:
        """Whether the episode was closed by an exit: by the one that stands, or by one before a death (E3, E7)."""
        return signed == self.exit_signed or (signed.reopened_at is None and self.has_died)

    @property
    def _admitted_at(self) -> datetime:
        """The instant of the admission; one that was corrected keeps the hour at which it was told first."""
        assert self.admitted_on is not None
        begins = self.calendar.at(self.admitted_on)
        return min(self.hour_of(key, begins) for key in self.admission_keys)

    @fact
    def periods(self) -> list[tuple[str, date]]:
        """Stages and the day since which each has lasted, in order."""
        periods: list[tuple[str, date]] = []
        for on, _, stage in self._changes:
            if not periods or periods[-1][0] != stage:
                periods.append((stage, on))
        return periods

    @fact
    def moments(self) -> list[tuple[str, datetime]]:
        """Stages and the instant since which each has lasted, in order: a day may hold several (E3)."""
        moments: list[tuple[str, datetime]] = []
        for _, instant, stage in self._changes:
            instant = max(instant, moments[-1][1]) if moments else instant
            if not moments or moments[-1][0] != stage:
                moments.append((stage, instant))
        return moments

    def in_program_throughout(self, begins: datetime, ends: datetime) -> bool:
        """Whether the episode was in the program for the whole time between two instants."""
        until = [since for _, since in self.moments[1:]]
        stages = [
            stage
            for number, (stage, since) in enumerate(self.moments)
            if (since < ends or since <= begins) and (number == len(until) or until[number] > begins)
        ]
        return stages == ["program"]

    @property
    def returned_at(self) -> datetime | None:
        """When the patient last came back to the program from aftercare (C1)."""
        pairs = itertools.pairwise(self.moments)
        back = [since for (left, _), (stage, since) in pairs if (left, stage) == ("aftercare", "program")]
        return back[-1] if back else None

    def stage_on(self, day: date) -> str:
        """The stage on a day; the day on which a stage begins belongs to it."""
        for stage, since in reversed(self.periods):
            if since <= day:
                return stage
        return "intake"

    def is_in_program_on(self, day: date) -> bool:
        """Whether the sessions of the program are owed on a day, by the stages alone."""
        return self.stage_on(day) == "program"

    def since(self, stage: str) -> date | None:
        """The day on which a stage last began."""
        return next((since for name, since in reversed(self.periods) if name == stage), None)
