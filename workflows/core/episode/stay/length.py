"""Facts of the program's length: extension blocks and their limit (S11)."""

from datetime import date, timedelta

from workflows.core.engine.reading import fact
from workflows.core.episode.gate.facts import GateFacts


class LengthFacts(GateFacts):
    """How long the program lasts for this patient."""

    @fact
    def extensions(self) -> list[tuple[date, tuple[str, ...]]]:
        """Extension blocks that have begun: first day, and the gate conditions that were not met then."""
        if self.admitted_on is None or not self.has_begun(self.length_reached_on):
            return []
        blocks: list[tuple[date, tuple[str, ...]]] = []
        day = self._in_program_from(self.length_reached_on)
        while day and len(blocks) < self.policy.length.max_extensions:
            unmet = self.unmet_on(day)
            if unmet:
                blocks.append((day, unmet))
            day = self._in_program_from(
                day + timedelta(days=self.policy.length.extension_days if unmet else 1)
            )
        return blocks

    def _in_program_from(self, day: date) -> date | None:
        """The first day, from one on and up to today, on which the episode is in the program."""
        if day > self.today:
            return None
        if self.is_in_program_on(day):
            return day
        later = [since for stage, since in self.periods if stage == "program" and day < since <= self.today]
        return min(later, default=None)

    @property
    def program_ends_on(self) -> date | None:
        """The day on which the program, with the extensions so far, is over."""
        if self.admitted_on is None:
            return None
        if not self.extensions:
            return self.length_reached_on
        return self.extensions[-1][0] + timedelta(days=self.policy.length.extension_days)

    @property
    def at_extension_limit(self) -> bool:
        """Whether the last extension is over: a team review is mandatory, and nothing else follows (S11)."""
        ends = self.program_ends_on
        return (
            len(self.extensions) >= self.policy.length.max_extensions
            and ends is not None
            and self.has_begun(ends)
        )
