"""Facts of risk: the flags that were stated, and those that a crisis or a return to opioids raises by itself (A6)."""

from datetime import date, timedelta

from workflows.core.engine.reading import fact
from workflows.core.episode.entries import Crisis, Flag
from workflows.core.episode.safety.words import UNCLEAR_CRISIS, flag_named, flag_of_crisis, is_opioid
from workflows.core.episode.sobriety.facts import UseFacts
from workflows.core.episode.sobriety.results import Slip


class RiskFacts(UseFacts):
    """Which flags are on, by the names that the policy knows them by, in whatever spelling they were stated."""

    @fact
    def flags(self) -> list[str]:
        """Flags that are on today."""
        return sorted(
            {
                name
                for (name, on), off in self._flags.items()
                if self.has_begun(on) and not (off and self.has_begun(off + timedelta(days=1)))
            }
        )

    @fact
    def _flags(self) -> dict[tuple[str, date], date | None]:
        """Each flag by name and first day, with its last day. What was stated last of one counts, also of one that was
        raised by itself: a later entry of the same name and day says when it goes off."""
        found: dict[tuple[str, date], date | None] = dict(self._raised)
        for recorded in self.record.standing(Flag):
            flag = recorded.entry
            found[(flag_named(flag.name, self.policy.attendance), flag.on)] = flag.off
        return found

    @property
    def _raised(self) -> dict[tuple[str, date], date]:
        """Flags that nobody needs to state: an overdose, a risk of suicide, opioids after days without (A6)."""
        rules = self.policy.attendance
        lasts = timedelta(days=rules.raised_flag_days - 1)
        crises: list[tuple[str | None, date]] = [
            (flag_of_crisis(r.entry.type, rules), self.calendar.day_of(r.effective_at))
            for r in self.record.standing(Crisis)
        ]
        crises += [(UNCLEAR_CRISIS, day) for day in self.days_of_crises_found]
        returns = [("opioid_use_after_abstinence", day) for day in self._returns_to_opioids]
        return {(name, on): on + lasts for name, on in (*crises, *returns) if name}

    @property
    def _returns_to_opioids(self) -> list[date]:
        """Days on which opioids were used after so many days without that tolerance is lost."""
        apart = timedelta(days=self.policy.attendance.abstinence_days)
        known = self.last_use_at_admission
        found = []
        for slip in self.slips:
            if self._was_opioid(slip) and (self.admitted_on is None or slip.on >= self.admitted_on):
                if known is None or slip.on - known >= apart:
                    found.append(slip.on)
                known = slip.on
        return found

    def _was_opioid(self, slip: Slip) -> bool:
        return any(is_opioid(name, self.policy.attendance) for name in slip.substances)

    @property
    def flags_end(self) -> list[date]:
        """The last day of each flag that has one."""
        return [off for off in self._flags.values() if off]

    @property
    def high_risk(self) -> bool:
        """Whether a flag replaces the ladder by same-day contact (A6)."""
        return any(flag in self.policy.attendance.high_risk_flags for flag in self.flags)
