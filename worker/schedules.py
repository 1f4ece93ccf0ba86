"""The nightly reading of the directories, as a Temporal Schedule: created once, and set right when it is there."""

from datetime import timedelta

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleCalendarSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleRange,
    ScheduleSpec,
    ScheduleUpdate,
    ScheduleUpdateInput,
)
from temporalio.service import RPCError, RPCStatusCode

from activities.directory.feeds import FeedsFileError, Nightly, load
from worker.errors import CannotDo
from worker.settings import Settings
from workflows import visibility

NIGHTLY_SYNC = "carepath-directory-sync"
"""The schedule's id: the server allows one of it."""


async def schedule_directory_sync(client: Client, settings: Settings) -> str:
    """Create the schedule, or set the time of the one that is there; what was done. Safe to run again.

    A schedule that staff have paused stays paused.

    Raises:
        CannotDo: the feeds file cannot be used.
    """
    if not settings.directories.exists():
        return f"no directories are read: there is no feeds file at {settings.directories} (CAREPATH_DIRECTORIES)"
    try:
        nightly = load(settings.directories).reads_at
    except FeedsFileError as error:
        raise CannotDo(f"{error}.") from None
    schedule = Schedule(
        action=ScheduleActionStartWorkflow(
            visibility.DIRECTORY_SYNC,
            id="directory-sync",
            task_queue=visibility.TASK_QUEUE,
            static_summary="Read all directories",
        ),
        spec=_spec(nightly),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=timedelta(days=1)),
    )
    said = f"the directories are read each night at {nightly.at:%H:%M} ({nightly.timezone})"
    try:
        await client.create_schedule(NIGHTLY_SYNC, schedule)
    except ScheduleAlreadyRunningError:
        await _set_right(client, nightly)
    except RPCError as error:
        # The time-skipping test server knows no schedules.
        if error.status is not RPCStatusCode.UNIMPLEMENTED:
            raise
        return "this server has no schedules: the directories are read by `carepath directory sync`"
    return said


async def _set_right(client: Client, nightly: Nightly) -> None:
    handle = client.get_schedule_handle(NIGHTLY_SYNC)

    def change(found: ScheduleUpdateInput) -> ScheduleUpdate | None:
        # A schedule is written whole, and a pause that staff order in this moment would be lost: nothing is written
        # unless the time is another.
        if _time_of(found.description.schedule.spec) == _time_of(_spec(nightly)):
            return None
        found.description.schedule.spec = _spec(nightly)
        return ScheduleUpdate(schedule=found.description.schedule)

    await handle.update(change)


def _time_of(spec: ScheduleSpec) -> tuple[list[tuple[int, int]], str | None]:
    # The server fills in what a specification leaves out, so that no two are equal as a whole.
    return [(one.hour[0].start, one.minute[0].start) for one in spec.calendars], spec.time_zone_name


def _spec(nightly: Nightly) -> ScheduleSpec:
    hour, minute = ScheduleRange(nightly.at.hour), ScheduleRange(nightly.at.minute)
    return ScheduleSpec(
        calendars=[ScheduleCalendarSpec(hour=[hour], minute=[minute], comment="nightly")],
        time_zone_name=nightly.timezone,
    )
