"""How quickly a sample agency goes about a referral."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


@dataclass(frozen=True, slots=True)
class Pace:
    """One step of a sample agency: it accepts after one, books after another, and confirms the visit after two more."""

    step: timedelta = timedelta(seconds=20)

    @property
    def visit_after_booking(self) -> timedelta:
        """From the booking to the visit; so the appointment is soon, in a world that turns this fast."""
        return 2 * self.step

    def appointment(self) -> datetime:
        """The time that is booked now, in whole seconds."""
        return (datetime.now(UTC) + self.visit_after_booking).replace(microsecond=0)
