"""`DirectorySync`: reads all directories, feed by feed, and tells the director what does not work.

A Temporal Schedule starts it each night. One feed that is broken or cannot be reached stops no other.
"""

from temporalio import workflow
from temporalio.common import RawValue
from temporalio.exceptions import ActivityError, ApplicationError, FailureError

with workflow.unsafe.imports_passed_through():
    from workflows import visibility
    from workflows.core.engine.urgency import Urgency
    from workflows.ports.directory import (
        DIRECTORY_ALARMS,
        LIST_FEEDS,
        TAKE_FEED,
        DirectoryAlarm,
        FeedNames,
        FeedOutcome,
    )
    from workflows.ports.sending import Receipt
    from workflows.ports.staff import StaffNotice, others_than
    from workflows.ports.timeouts import DIRECTORY, FEED, NOTICE_OF_A_NIGHT
    from workflows.shell.arriving import NOTHING, refused_start
    from workflows.shell.notices import StaffNotices


@workflow.defn(name=visibility.DIRECTORY_SYNC)
class DirectorySync:
    """One reading of all directories."""

    @workflow.run
    async def run(self, start: RawValue = NOTHING) -> list[FeedOutcome]:
        if start.payload != NOTHING.payload:
            raise refused_start("reading of the directories", "it takes no input; leave it empty.")
        try:
            feeds = await workflow.execute_activity(
                LIST_FEEDS,
                result_type=FeedNames,
                summary="Which directories are there",
                **DIRECTORY.options(),
            )
        except ActivityError as error:
            reason = _reason(error)
            key = f"directory:feeds-file:{workflow.now():%G-W%V}"
            await self._tell(key, [f"No directory can be read: {reason}."])
            raise ApplicationError(reason, type="FeedsFileUnusable", non_retryable=True) from None
        outcomes = [await self._take(name) for name in feeds.names]
        workflow.set_current_details("\n\n".join(map(_line, outcomes)) or "There are no directories.")
        alarms = await workflow.execute_activity(
            DIRECTORY_ALARMS,
            result_type=list[DirectoryAlarm],
            summary="What staff must hear",
            **DIRECTORY.options(),
        )
        for alarm in alarms:
            await self._tell(alarm.key, alarm.lines)
        return outcomes

    async def _take(self, name: str) -> FeedOutcome:
        try:
            taken: FeedOutcome = await workflow.execute_activity(
                TAKE_FEED, name, result_type=FeedOutcome, summary=f"Directory {name}", **FEED.options()
            )
        except ActivityError as error:
            return FeedOutcome(feed=name, result="kept", reason=_reason(error))
        return taken

    async def _tell(self, key: str, lines: list[str]) -> None:
        notice = StaffNotice(
            key=key, episode_id="", role="director", staff_id=None, subject_code="directory_needs_you", lines=lines,
            others=others_than("director", {}),
        )  # fmt: skip
        await StaffNotices().begin(notice, Urgency.FOR_INFORMATION, _noted, insist=NOTICE_OF_A_NIGHT)


def _noted(receipt: Receipt | None, _failures: list[str]) -> None:
    if receipt is None:
        workflow.logger.warning("what a directory needs has reached nobody")


def _line(outcome: FeedOutcome) -> str:
    if outcome.result == "kept":
        return f"**{outcome.feed}**: the last good one stays. {outcome.reason}"
    became = outcome.became
    said = f"{became.get('taken', 0) + became.get('remarked', 0):,} of {outcome.rows:,} rows"
    return f"**{outcome.feed}**: {said}; {outcome.new} new, {outcome.changed} changed, {outcome.gone} gone"


def _reason(error: ActivityError) -> str:
    return error.cause.message if isinstance(error.cause, FailureError) else "no answer in time"
