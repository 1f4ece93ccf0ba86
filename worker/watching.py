"""The watch: what is not as it should be is told to the director, whether or not anybody looks (E9).

A terminated episode escalates nothing, and a server that is gone tells nobody. So a process of its own looks every few
minutes, by the same eyes as `carepath doctor`, and tells by the same channels as everything else.
"""

import asyncio
import hashlib
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from temporalio.exceptions import ApplicationError

from activities.assembled import staff_notifier
from activities.clinic_database import ClinicDatabase
from worker.differences import Difference, differences
from worker.episodes import clinic
from worker.errors import CannotDo
from worker.settings import Settings
from workflows.ports.sending import Receipt
from workflows.ports.staff import StaffNotice, others_than

_log = logging.getLogger("carepath.watch")

SUBJECT = "clinic_watch"
EVERY = timedelta(minutes=5)
"""How often it looks. What is seen twice in a row is told: within 10 minutes, where 15 are allowed."""
AGAIN_AFTER = timedelta(hours=24)
"""What lasts is told again."""
LINES = 20
"""So many things are named in one notice."""

Look = Callable[[], Awaitable[Sequence[Difference]]]
Tell = Callable[[StaffNotice], Awaitable[Receipt]]


async def look() -> Sequence[Difference]:
    """What is not as it should be now; that nobody answers is one of these things."""
    try:
        async with clinic() as here:
            return await differences(here)
    except CannotDo as error:
        return [Difference("unanswered", "the clinic", str(error))]


@dataclass
class Watch:
    """Looks, and tells what is new.

    Args:
        tell: Tells one notice.
        look: Looks at the clinic.
    """

    tell: Tell
    look: Look = look
    _seen: frozenset[tuple[str, str]] = frozenset()
    _told: dict[tuple[str, str], datetime] = field(default_factory=dict)

    async def round(self, now: datetime, *, at_once: bool = False) -> Sequence[Difference]:
        """Look once; what was found.

        Args:
            now: The instant.
            at_once: Whether what is seen for the first time is told, too. An episode that is being begun is missing for
                a moment, so a watch that goes on looks twice.
        """
        found = {(one.kind, one.about): one for one in await self.look()}
        self._told = {key: at for key, at in self._told.items() if key in found and now - at < AGAIN_AFTER}
        news = [one for key, one in found.items() if key not in self._told and (at_once or key in self._seen)]
        self._seen = frozenset(found)
        if news and await self._tell(news, now):
            self._told |= {(one.kind, one.about): now for one in news}
        return list(found.values())

    async def _tell(self, news: Sequence[Difference], now: datetime) -> bool:
        more = (
            [f"And {len(news) - LINES} more; `carepath doctor` names all of them."]
            if len(news) > LINES
            else []
        )
        which = hashlib.sha256(
            "\n".join(sorted(f"{one.kind} {one.about}" for one in news)).encode()
        ).hexdigest()
        notice = StaffNotice(
            key=f"watch:{which[:16]}:{now:%Y-%m-%dT%H:%M}",
            episode_id="",
            role="director",
            staff_id=None,
            subject_code=SUBJECT,
            lines=[*(one.says for one in news[:LINES]), *more],
            others=others_than("director", {}),
        )
        try:
            await self.tell(notice)
        except ApplicationError as error:
            _log.error("nobody could be told what is not as it should be: %s", error.message)
            return False
        return True


async def watching(settings: Settings, stopped: asyncio.Event, every: timedelta = EVERY) -> None:
    """Look again and again until it is stopped, whatever goes wrong meanwhile."""
    database = ClinicDatabase(settings.database)
    watch = Watch(notifier(settings, database))
    try:
        while not stopped.is_set():
            try:
                await watch.round(datetime.now(UTC))
            except (
                Exception
            ) as error:  # such as a database that is away: the next round comes whatever it was
                _log.error("the clinic could not be looked at: %s", type(error).__name__)
            try:
                await asyncio.wait_for(stopped.wait(), every.total_seconds())
            except TimeoutError:
                continue
    finally:
        await database.close()


def notifier(settings: Settings, database: ClinicDatabase) -> Tell:
    """Tells the staff by the clinic's channels."""
    return staff_notifier(
        database, staff_file=settings.staff, smtp_url=settings.smtp, sender=settings.sender,
        webhook_secret=settings.webhook_secret, timezone=settings.timezone,
    ).notify_staff  # fmt: skip
