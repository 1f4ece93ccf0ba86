"""Facts of use: what the tests say, slips, last use (S1-S8)."""

from bisect import bisect_right
from dataclasses import replace
from datetime import date

from workflows.core.engine.answers import Answer
from workflows.core.engine.entry import BY_STAFF
from workflows.core.engine.reading import fact
from workflows.core.engine.record import Recorded
from workflows.core.engine.signing import CLINICIANS
from workflows.core.engine.sources import spoken_by
from workflows.core.episode.entries import Medication, Source, TeamChange, Test, Use
from workflows.core.episode.sobriety.results import (
    Hold,
    Prescription,
    Slip,
    Tested,
    found_by_laboratory,
    is_one_use,
    latest_of_each,
    read_tests,
    say_the_same,
    stated_uses,
    told_once,
    would_explain,
)
from workflows.core.episode.stay.facts import CourseFacts
from workflows.core.episode.team.roles import changes_in, team_on


class UseFacts(CourseFacts):
    """When the patient last used, as far as is known."""

    @fact
    def medications(self) -> list[Prescription]:
        """Every prescription that stands and explains something: as a clinician has told or confirmed it; as another
        system had it before we took the episode over; and, of what the policy's table knows, whatever the staff tell.
        What others say of one explains no finding (S7, E0)."""
        return [one for one, source in self._prescriptions if one.is_confirmed or source in BY_STAFF]

    @fact
    def medications_to_confirm(self) -> list[Prescription]:
        """Prescriptions that would explain a finding, or a use that was told, if a clinician confirmed them (S7)."""
        asked: dict[str, Prescription] = {}
        tests, uses = self.record.standing(Test), self.record.standing(Use)
        for one, _ in self._prescriptions:
            open_yet = not one.is_confirmed and self.choice(f"medication_review:{one.key}") is None
            if open_yet and would_explain(one, self.medications, tests, uses, self.policy.tests):
                asked.setdefault(one.name.casefold(), one)
        return list(asked.values())

    @fact
    def _prescriptions(self) -> list[tuple[Prescription, Source]]:
        return [
            (
                Prescription(
                    r.key,
                    r.entry.name,
                    r.entry.start_on,
                    r.entry.end_on,
                    r.is_history
                    or self._by_clinician(r)
                    or self.choice(f"medication_review:{r.key}") == "prescribed",
                ),
                spoken_by(r.entry),
            )
            for r in self.record.standing(Medication)
        ]

    def _by_clinician(self, told: Recorded) -> bool:
        """Whether somebody of the staff has stated an entry whose role was a clinician's then."""
        entry, day = told.entry, self.calendar.day_of(told.recorded_at)
        if spoken_by(entry) not in BY_STAFF:
            return False
        by, changes = entry.by.casefold(), self.record.all_of(TeamChange)
        team = (
            team_on(day, self.frame.first_team, changes_in(self.record)) if changes else self.frame.first_team
        )
        held = {role for role, staff_id in team.items() if staff_id.casefold() == by}
        return not held.union(self.known_as(by) or ()).isdisjoint(CLINICIANS)

    @fact
    def tested(self) -> Tested:
        """What the tests say."""
        return read_tests(self.record.standing(Test), self.medications, self.policy.tests, self._by_clinician)

    @fact
    def results_not_believed(self) -> list[str]:
        """Entries by which somebody else would amend what the laboratory has found: they wait for a clinician (E0)."""
        tests = self.record.standing(Test)
        found = found_by_laboratory(tests)
        known = latest_of_each(tests, self._by_clinician) if found else {}
        return [
            r.key
            for r in tests
            if r.entry.test_id in found and r.entry.result != "pending"
            if spoken_by(r.entry) is not Source.LAB and not self._by_clinician(r)
            if (latest := known[r.entry.test_id].entry) and not say_the_same(latest, r.entry)
        ]

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
        valid = self.tested.valid_on
        valid = valid[: bisect_right(valid, self.today_among(valid))]
        tests = [
            hold
            for hold in self.tested.suspects
            if self.has_begun(hold.since)
            and hold.key not in lifted
            and (hold.why == "presumptive" or not any(day >= hold.since for day in valid))
        ]
        told = [Hold("", "collateral", slip.on, slip.key, slip.known_at) for slip in self.told_by_others]
        return [*tests, *told]

    @fact
    def slips(self) -> list[Slip]:
        """All uses that stand up to today, by date, each once (S2)."""
        return [slip for slip in self._uses if self.has_begun(slip.on)]

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

    @fact
    def _ever_told(self) -> list[Slip]:
        """Every telling of a use by the patient or by staff, standing or not."""
        uses = [r for r in self.record.all_of(Use) if r.entry.evidence != "collateral"]
        return stated_uses(uses, self.medications, self.policy.tests)

    @fact
    def _uses(self) -> list[Slip]:
        return told_once([*self._own, *self._classed, *self.tested.slips])

    @fact
    def _own(self) -> list[Slip]:
        """Told by the patient, or seen by staff."""
        uses = [r for r in self.record.standing(Use) if r.entry.evidence != "collateral"]
        return stated_uses(uses, self.medications, self.policy.tests)

    @fact
    def _collateral(self) -> list[Slip]:
        """Told by somebody else."""
        uses = [r for r in self.record.standing(Use) if r.entry.evidence == "collateral"]
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
            if self.has_begun(told.on) and not any(is_one_use(told, known) for known in self.slips)
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
