"""Facts of use: what the tests say, slips, last use (S1-S8)."""

from dataclasses import replace
from datetime import date

from workflows.core.entries import Decision, Medication, Test, Use
from workflows.core.facts.course import CourseFacts
from workflows.core.facts.frame import Answer
from workflows.core.facts.reading import fact
from workflows.core.facts.sobriety import (
    Hold,
    Slip,
    Tested,
    is_one_use,
    read_tests,
    stated_uses,
    told_once,
)
from workflows.core.sources import BY_STAFF, spoken_by


class UseFacts(CourseFacts):
    """When the patient last used, as far as is known."""

    @property
    def medications(self) -> list[Medication]:
        """Every prescription that stands and that the staff have told, here or in another system: what others say of
        one explains no finding (S7, E0)."""
        return [
            r.entry
            for r in self.record.standing(Medication)
            if isinstance(r.entry, Medication) and spoken_by(r.entry) in BY_STAFF
        ]

    @fact
    def tested(self) -> Tested:
        """What the tests say."""
        return self.fold(
            "tested",
            self.record.version(Test, Medication),
            lambda: read_tests(self.record.standing(Test), self.medications, self.policy.tests),
        )

    @fact
    def holds(self) -> list[Hold]:
        """Tests in doubt that hold the gate today: not confirmed, not collected again, not lifted (S6).

        A presumptive positive waits for its own confirmation; the others end with any valid later collection.
        """
        lifted = {
            subject.partition("#")[0]
            for subject, a in self.answers_to("hold_review")
            if a.choice == "lift_hold"
        }
        valid = [day for day in self.tested.valid_on if day <= self.today]
        tests = [
            hold
            for hold in self.tested.suspects
            if hold.since <= self.today
            and hold.key not in lifted
            and (hold.why == "presumptive" or not any(day >= hold.since for day in valid))
        ]
        told = [Hold("", "collateral", slip.on, slip.key, slip.known_at) for slip in self.told_by_others]
        return [*tests, *told]

    @fact
    def slips(self) -> list[Slip]:
        """All uses that stand up to today, by date, each once (S2)."""
        found = self.fold("slips", self._uses_version, self._uses)
        return [slip for slip in found if slip.on <= self.today]

    def answered_as(self, kind: str, slip: Slip) -> Answer | None:
        """What was answered about a use under the name of another telling of it, that no longer stands or that has
        another date now: the answers go with the use (S2). What was answered before the day of the use is not about it.
        """
        if not self.record.is_corrected:
            return None
        corrected = self._corrected_by(slip)
        before = {one.key for one in corrected}
        first_told = min(one.known_at for one in (slip, *corrected))
        fellows = {one.key for one in self._ever_told if is_one_use(one, slip)}
        fellows |= {one.key for one in self._ever_told if any(is_one_use(one, was) for was in corrected)}
        for subject, answer in self.answers_to(kind):
            key = subject.partition("#")[0]
            is_of_it = key in before or (key in fellows and answer.at >= first_told)
            in_time = self.calendar.day_of(answer.at) >= slip.on
            if is_of_it and in_time and answer.choice != "not_reached":
                return answer
        return None

    def _corrected_by(self, slip: Slip) -> list[Slip]:
        """The use as it was told before its date was corrected; with other substances it is another use."""
        before = {one.key: one for one in self._ever_told}
        found: list[Slip] = []
        recorded = self.record.get(slip.key)
        while recorded and (key := recorded.entry.supersedes) and key not in {one.key for one in found}:
            if (was := before.get(key)) and is_one_use(replace(was, on=slip.on), slip):
                found.append(was)
            recorded = self.record.get(key)
        return found

    @property
    def _ever_told(self) -> list[Slip]:
        """Every telling of a use by the patient or by staff, standing or not."""
        uses = [
            r
            for r in self.record.all_of(Use)
            if isinstance(r.entry, Use) and r.entry.evidence != "collateral"
        ]
        return self.fold(
            "ever_told",
            (len(self.record), self.record.version(Medication), self.policy.tests),
            lambda: stated_uses(uses, self.medications, self.policy.tests),
        )

    @property
    def _uses_version(self) -> object:
        return (
            self.record.version(Use, Medication, Decision),
            self.tested.slips,
            len(self.frame.answers_by_kind.get("collateral_use", ())),
        )

    def _uses(self) -> list[Slip]:
        return told_once([*self._own, *self._classed, *self.tested.slips])

    @property
    def _own(self) -> list[Slip]:
        """Told by the patient, or seen by staff."""
        uses = [
            r
            for r in self.record.standing(Use)
            if isinstance(r.entry, Use) and r.entry.evidence != "collateral"
        ]
        return stated_uses(uses, self.medications, self.policy.tests)

    @property
    def _collateral(self) -> list[Slip]:
        """Told by somebody else."""
        uses = [
            r
            for r in self.record.standing(Use)
            if isinstance(r.entry, Use) and r.entry.evidence == "collateral"
        ]
        return stated_uses(uses, self.medications, self.policy.tests)

    @property
    def _classed(self) -> list[Slip]:
        """Told by somebody else, and classed as a use by a clinician: known as such since then (S2)."""
        answers = dict(self.answers_to("collateral_use"))
        return [
            replace(slip, known_at=answer.at, relapse=slip.relapse or answer.choice == "relapse")
            for slip in self._collateral
            if (answer := answers.get(slip.key)) and answer.choice in ("use", "relapse")
        ]

    @fact
    def told_by_others(self) -> list[Slip]:
        """What somebody else told of a use and no clinician has answered: it holds the gate, and moves nothing (S2)."""
        if not self._collateral:
            return []
        answered = {subject for subject, _ in self.answers_to("collateral_use")}
        return [
            told
            for told in told_once(slip for slip in self._collateral if slip.key not in answered)
            # What the patient or a test says of the same use needs no other witness.
            if told.on <= self.today and not any(is_one_use(told, known) for known in self.slips)
        ]

    @fact
    def last_use_on(self) -> date | None:
        """The latest use that stands, whoever told it and whenever (S2); None: not known. A slip moves this day, and
        with it the gate, and nothing else (S1)."""
        known = [self.slips[-1].on] if self.slips else []
        if stated := self.last_use_at_admission:
            known.append(stated)
        return max(known, default=None)

    @property
    def days_sober(self) -> int | None:
        """Calendar days in the program's zone since last use (T1)."""
        return (self.today - self.last_use_on).days if self.last_use_on else None

    @fact
    def level_review(self) -> str | None:
        """The slip that calls for a level-of-care review nobody has decided yet: its entry id (S3)."""
        response = self.policy.slip_response
        since = self.admitted_on
        slips = [slip for slip in self.slips if since and slip.on >= since]
        open_review = None
        for number, slip in enumerate(slips):
            days = {
                other.on
                for other in slips[: number + 1]
                if (slip.on - other.on).days <= response.review_within_days
            }
            if slip.relapse or len(days) >= response.review_at_slips:
                kind = "level_of_care_review"
                decided = self.answer(f"{kind}:{slip.key}") or self.answered_as(kind, slip)
                open_review = None if decided else slip.key
        return open_review
