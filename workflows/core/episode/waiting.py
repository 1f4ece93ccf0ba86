"""What was stated and waits for another entry: a return for its leave, a correction for what it corrects (T4)."""

from workflows.core.engine.entry import BY_STAFF
from workflows.core.engine.reading import fact
from workflows.core.engine.sources import spoken_by
from workflows.core.episode.entries import Leave, Medication, Return, SessionChange
from workflows.core.episode.payer.facts import PayerFacts


class WaitingFacts(PayerFacts):
    """Acceptance does not depend on arrival: what comes first is kept, waits, and is shown."""

    @fact
    def unmatched(self) -> dict[str, str]:
        """Entries that have no effect yet, by id, each with a sentence that says what it waits for."""
        return {
            **self._returns(),
            **self._told_elsewhere(),
            **self._leaves_at_once(),
            **self._corrections(),
            **self._moves_and_cancellations(),
        }

    def _returns(self) -> dict[str, str]:
        left = [r.entry.from_ for r in self.record.standing(Leave)]
        return {
            r.key: f"No leave began by {r.entry.on}: this return is kept, and waits for its leave."
            for r in self.record.standing(Return)
            # One that takes back a withdrawal, or comes after an exit, has its place (E3, E11).
            if not self.exits_signed and not any(day <= r.entry.on for day in left)
        }

    def _told_elsewhere(self) -> dict[str, str]:
        known = {one.name.casefold() for one in self.medications if one.is_confirmed}
        to_confirm = {one.key for one in self.medications_to_confirm}
        told = {
            r.key: "No clinician has told of this prescription: it is kept, explains no test, and waits for a nurse "
            "or another clinician to confirm it."
            for r in self.record.standing(Medication)
            if (r.key in to_confirm or spoken_by(r.entry) not in BY_STAFF)
            and r.entry.name.casefold() not in known
        }
        amended = dict.fromkeys(
            self.results_not_believed,
            "The laboratory has reported on this test: this result is kept, changes nothing, and waits for the "
            "laboratory, or for a clinician to record it.",
        )
        return {**told, **amended}

    def _leaves_at_once(self) -> dict[str, str]:
        counted = {first: (first, last) for first, last, _ in self.leaves}
        found = {}
        for recorded in self.record.standing(Leave):
            leave = recorded.entry
            for first, last in counted.values():
                if leave.from_ in counted and first < leave.from_ <= last:
                    found[recorded.key] = (
                        f"This leave overlaps the one from {first} to {last}: both are kept, and the return from that "
                        "one is waited for; if one of them is wrong, supersede or retract it."
                    )
        return found

    def _corrections(self) -> dict[str, str]:
        return {
            key: f"No entry {target} is on record yet: this correction is kept, and waits for it."
            for key, target in self.record.corrections_ahead.items()
        }

    def _moves_and_cancellations(self) -> dict[str, str]:
        left = {id(change): change for change in self.changes_without_session}
        return {
            r.key: f"No session stands at {r.entry.session:%Y-%m-%dT%H:%M}: this change is kept, and waits for one."
            for r in self.record.standing(SessionChange)
            if id(r.entry) in left
        }
