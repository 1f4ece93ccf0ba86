"""Every technical time-out, pause and number of attempts, by what it is for. None of them is a rule of care: those are
numbers of the policy."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TypedDict

from temporalio.common import RetryPolicy

AT_ONCE = "carepath-at-once"
"""The task queue of what nothing else may keep waiting: it has workers of its own (F2)."""


class Options(TypedDict):
    """What `workflow.execute_activity` takes."""

    task_queue: str | None
    start_to_close_timeout: timedelta
    schedule_to_close_timeout: timedelta | None
    retry_policy: RetryPolicy


@dataclass(frozen=True)
class Timeouts:
    """How long one attempt and the whole may take, how often it is tried, and how the pauses between grow.

    Without `altogether` and `attempts` it is tried until it is done, or taken back.
    """

    one_attempt: timedelta
    altogether: timedelta | None = None
    attempts: int = 0
    first_pause: timedelta = timedelta(seconds=5)
    growth: float = 3
    longest_pause: timedelta | None = None
    at_once: bool = False
    """Whether it passes everything that may wait, also where all of that hangs at a server that does not answer."""

    def options(self) -> Options:
        """As keyword arguments."""
        return Options(
            task_queue=AT_ONCE if self.at_once else None,
            start_to_close_timeout=self.one_attempt,
            schedule_to_close_timeout=self.altogether,
            retry_policy=RetryPolicy(
                initial_interval=self.first_pause,
                backoff_coefficient=self.growth,
                maximum_interval=self.longest_pause,
                maximum_attempts=self.attempts,
            ),
        )


ATTEMPT = timedelta(seconds=60)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)

NOTICE_AT_FIRST = Timeouts(ATTEMPT, attempts=3)
"""A notice to staff: at once, after 5 and after 20 seconds. If it reaches nobody, that is shown, and it is tried on."""
NOTICE_IN_DANGER = Timeouts(ATTEMPT, first_pause=timedelta(seconds=30), growth=1.5, longest_pause=10 * MINUTE)
"""Tried on until it arrives or is taken back, where somebody is in danger."""
NOTICE_OF_TASK = Timeouts(ATTEMPT, first_pause=MINUTE, growth=2, longest_pause=HOUR)
"""Tried on until it arrives or the task ends."""
NOTICE_OF_DANGER = replace(NOTICE_IN_DANGER, altogether=timedelta(days=4))
NOTICE_OF_EVENT = replace(NOTICE_OF_TASK, altogether=timedelta(days=4))
"""What belongs to no task is tried as long as mail is (RFC 5321, 4.5.4.1), then it is shown as not delivered."""
NOTICE_FOR_INFORMATION = replace(NOTICE_OF_TASK, altogether=timedelta(days=1))
"""A forecast or a summary, which the next one replaces."""
NOTICE_OF_A_NIGHT = replace(NOTICE_OF_TASK, altogether=12 * HOUR)
"""What the next night would tell anew."""

STAFF_QUESTION = Timeouts(timedelta(seconds=5), timedelta(seconds=20), 2, at_once=True)
"""Somebody waits at the other end for the answer to what they have signed."""
PATIENT_MESSAGE = Timeouts(ATTEMPT, 26 * HOUR, 0, timedelta(seconds=30), 2, 15 * MINUTE)
"""A message may wait for the end of a person's quiet hours; it is never tried longer than it is fresh (T7)."""
FEED = Timeouts(timedelta(minutes=10), HOUR, 3)
DIRECTORY = Timeouts(ATTEMPT, 10 * MINUTE, 4)
CLINIC_NOTE = Timeouts(timedelta(seconds=30), longest_pause=5 * MINUTE)
"""Our own database: what it must know is tried until it stands there."""
DOOR = Timeouts(timedelta(seconds=30), longest_pause=timedelta(seconds=30), at_once=True)
"""By this the door judges what may leave, so it is never given up: a lost revocation would let something out (P3)."""
TOLD_AGAIN_AFTER = timedelta(seconds=30)
"""When the door is told again, where somebody else has answered in its place."""
NOT_KEPT_IS_TOLD_AFTER = timedelta(minutes=15)
"""So long lines of the journal may be on their way into the clinic database; then staff are told (T3)."""
TAKEN_ALONG_WITHIN = timedelta(minutes=10)
"""Lines wait so long at most for a deadline with which they are handed over."""
JOURNAL_AT_FIRST = Timeouts(timedelta(seconds=30), NOT_KEPT_IS_TOLD_AFTER, 0, timedelta(seconds=1), 2, MINUTE)
"""Until staff must be told."""
JOURNAL = Timeouts(timedelta(seconds=30), longest_pause=MINUTE)
"""Tried until it stands there: the clinic database is the home of the record."""
RESTORING = Timeouts(5 * MINUTE, longest_pause=MINUTE)
"""A long record takes a while to be folded; a database that is away is waited for."""
LEDGER_NOTE = Timeouts(timedelta(seconds=30), timedelta(days=4), longest_pause=5 * MINUTE)
"""What the ledger must know; at last people are shown that it does not."""
DIRECTORY_SEARCH = Timeouts(ATTEMPT, 10 * MINUTE, 4)
DISCLOSURE = Timeouts(ATTEMPT, timedelta(days=4), longest_pause=30 * MINUTE)
"""As long as mail is tried. The activity itself gives an agency up that is away: after six attempts in ten minutes, and
where it asks us to wait (Retry-After) after a day. What failed by our own access does not count."""
AGENCY_QUESTION = Timeouts(ATTEMPT, 10 * MINUTE, 2)
"""Asking changes nothing, and the next question is due in an hour or so: no need to insist."""

ANSWER_IS_WAITED_FOR = timedelta(seconds=5)
"""So long whoever has answered a task waits for its effect: an episode that is paused hears of it once it goes on."""
FILES_ARE_ASKED_AGAIN = timedelta(days=1)
"""When the clinic's own files are asked again about an episode with which something is amiss."""

OTHERS_ARE_TOLD_FROM = 3
"""The attempt from which others are told, where nobody is in danger: what fails once often succeeds a moment later."""
TEXT_IS_LOOKED_FOR_AGAIN = timedelta(minutes=15)
"""When a message that waits for a person to read a text is tried again."""

AGENCY_ATTEMPTS = 6
"""So often an agency that is away is tried; then a person makes the contact."""
AGENCY_PAUSE, AGENCY_PAUSE_GROWTH = timedelta(seconds=5), 3
"""The pauses between: six attempts in ten minutes."""
AGENCY_WAIT = timedelta(hours=26)
"""From when a sending was asked for, so long an agency is waited for that asks us to (Retry-After)."""
LONGEST_RETRY_AFTER = timedelta(days=1)
"""So long any other side may ask us to wait at once; after that a person should know."""
