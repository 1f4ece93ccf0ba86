"""The course of an episode as its stages tell it, written into the outcome."""

from datetime import datetime, timedelta

from worker.simulation.desk import Desk

IN_PROGRAM = ("program", "gate_review")


class Course:
    """Notes what each change of stage means for the outcome."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.outcome = desk, desk.outcome
        self._since = desk.today
        self._ready_since: datetime | None = None

    def moved(self, before: str, after: str) -> None:
        """The stage has changed."""
        facts, outcome, today = self.desk.episode.facts, self.outcome, self.desk.today
        if after == "gate_review":
            self._ready_since = self.desk.now
        elif after == "program":
            self._ready_since = None
        if before in IN_PROGRAM and after in IN_PROGRAM:
            return
        self._left(before)
        self._since = today
        if after == "program" and before == "intake":
            outcome.admitted_on = facts.admitted_on
        elif after in IN_PROGRAM and before == "aftercare":
            outcome.returned += 1
        elif after == "aftercare" and outcome.stepped_down_on is None:
            outcome.stepped_down_on = outcome.last_contact_on = today
            outcome.gate_wait_days = (today - facts.length_reached_on).days
            if self._ready_since:
                outcome.signature_hours = (self.desk.now - self._ready_since) / timedelta(hours=1)
        elif after == "closed" and outcome.last_contact_on is None:
            outcome.last_contact_on = facts.last_contact_by(today)

    def conclude(self) -> None:
        """The episode is no longer followed."""
        facts, outcome = self.desk.episode.facts, self.outcome
        for task_id in list(self.desk.tasks):
            self.desk.end(task_id, "open")
        self._left(self.desk.stage)
        if facts.exit:
            outcome.exit, outcome.exit_on, _ = facts.exit
        if outcome.admitted_on:
            outcome.slips = [slip.on for slip in facts.slips if slip.on >= outcome.admitted_on]
        outcome.stage, outcome.ended_at = self.desk.stage, self.desk.now

    def _left(self, stage: str) -> None:
        facts, period = self.desk.episode.facts, (self._since, self.desk.today)
        if stage in IN_PROGRAM:
            self.outcome.in_program.append(period)
            self.outcome.extensions = len(facts.extensions)
            self.outcome.unmet_at_length = facts.extensions[0][1] if facts.extensions else ()
        elif stage == "aftercare":
            self.outcome.in_aftercare.append(period)
