"""Whether a neutral message may go to a patient at this moment: judged in the act of sending (P2, T7, E7). Pure."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

STEP = timedelta(minutes=5)
"""How finely the end of quiet hours is looked for; clocks are set in whole minutes, and zones move in quarters."""

Hours = tuple[time, time]
"""Wall-clock times; together they may span midnight."""


def is_quiet(instant: datetime, zone: ZoneInfo, hours: Hours | None) -> bool:
    """Whether an instant falls into quiet hours."""
    if hours is None or hours[0] == hours[1]:
        return False
    begin, end = hours
    clock = instant.astimezone(zone).time()
    if begin < end:
        return begin <= clock < end
    return clock >= begin or clock < end


def quiet_until(now: datetime, zone: ZoneInfo, own: Hours | None, default: Hours | None) -> datetime | None:
    """When quiet hours end, if they are on (P2).

    Args:
        now: The instant.
        zone: The person's time zone.
        own: The hours that the person has named.
        default: The policy's, for whom has named none.
    """
    later, hours = now, own or default
    while is_quiet(later, zone, hours):
        later += STEP
    return later if later > now else None


def is_stale(send_before: datetime | None, now: datetime, wakes: datetime | None) -> bool:
    """Whether a message comes too late, or will when the quiet hours are over (T7)."""
    return send_before is not None and (wakes or now) > send_before


def is_suppressed(*, is_over: bool, has_channel: bool, has_stopped: bool) -> bool:
    """Whether nothing may go to a person.

    Args:
        is_over: The episode is closed: whoever has left, or has died, gets no more of what was on its way (E7).
        has_channel: A channel is on file that the person has allowed.
        has_stopped: The person has said STOP (P2).
    """
    return is_over or not has_channel or has_stopped
