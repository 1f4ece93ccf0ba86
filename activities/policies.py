"""Time-outs and retries, one named policy for each family of activities."""

from dataclasses import dataclass
from datetime import timedelta
from typing import TypedDict

from temporalio.common import RetryPolicy

from activities.models import CHANNEL_REFUSED, NO_SUCH_AGENCY, TEMPLATE_REFUSED, UNKNOWN_STAFF


class Options(TypedDict):
    """What `workflow.execute_activity` takes."""

    start_to_close_timeout: timedelta
    schedule_to_close_timeout: timedelta
    retry_policy: RetryPolicy


@dataclass(frozen=True)
class ActivityPolicy:
    """How long one attempt and the whole may take, and how often it is tried."""

    one_attempt: timedelta
    altogether: timedelta
    attempts: int
    slowest: timedelta | None = None
    """The longest pause between two attempts; None: it grows without end."""

    def options(self) -> Options:
        """As keyword arguments."""
        return Options(
            start_to_close_timeout=self.one_attempt,
            schedule_to_close_timeout=self.altogether,
            retry_policy=RetryPolicy(
                initial_interval=timedelta(seconds=5),
                backoff_coefficient=3,
                maximum_interval=self.slowest,
                maximum_attempts=self.attempts,
                non_retryable_error_types=[UNKNOWN_STAFF, CHANNEL_REFUSED, TEMPLATE_REFUSED, NO_SUCH_AGENCY],
            ),
        )


STAFF_NOTICE = ActivityPolicy(timedelta(seconds=60), timedelta(minutes=10), 4)
# A message may wait for the end of a person's quiet hours, which is one attempt more.
PATIENT_MESSAGE = ActivityPolicy(timedelta(seconds=60), timedelta(hours=26), 5)
FEED = ActivityPolicy(timedelta(minutes=10), timedelta(hours=1), 3)
DIRECTORY = ActivityPolicy(timedelta(seconds=60), timedelta(minutes=10), 4)
CLINIC_NOTE = ActivityPolicy(timedelta(seconds=30), timedelta(hours=1), 20)
# By this the door judges what may leave, so it is never given up: a lost revocation would let something out (P3).
DOOR = ActivityPolicy(timedelta(seconds=30), timedelta(days=3650), 0, slowest=timedelta(seconds=30))
DIRECTORY_SEARCH = ActivityPolicy(timedelta(seconds=60), timedelta(minutes=10), 4)
DISCLOSURE = ActivityPolicy(timedelta(seconds=60), timedelta(hours=1), 6)
# Asking changes nothing, and the next question is due in an hour or so: no need to insist.
AGENCY_QUESTION = ActivityPolicy(timedelta(seconds=60), timedelta(minutes=10), 2)
