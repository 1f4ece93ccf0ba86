"""Text messages that a person must read are told to whoever cares for the sender, without a word of them (P1, P2)."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC

from temporalio.exceptions import ApplicationError

from activities.clinic_database.crosswalk import Crosswalk
from activities.clinic_database.patients import Patients
from activities.clinic_database.texts import Text, Texts
from workflows.ports.sending import Receipt
from workflows.ports.staff import StaffNotice, others_than

_log = logging.getLogger(__name__)

SUBJECT = "text_to_read"
READ_IT = (
    "A text message has come in that a person must read. `carepath answers` shows it; note it there as seen."
)


@dataclass(frozen=True)
class Unread:
    """Tells the staff of texts that nobody has seen. Each notice goes out once: the outbox knows it (P9)."""

    texts: Texts
    patients: Patients
    crosswalk: Crosswalk
    owner_of: Callable[[str], Awaitable[str | None]]
    """Who has an episode, as a staff id; None: nobody knows just now."""
    tell: Callable[[StaffNotice], Awaitable[Receipt]]

    async def tell_all(self) -> None:
        """Tell of every one; what does not arrive is tried again in the next round."""
        for text in await self.texts.unseen():
            for notice in await self._notices(text):
                try:
                    await self.tell(notice)
                except ApplicationError as error:
                    _log.error("nobody could be told of a text message: %s", error.message)

    async def _notices(self, text: Text) -> list[StaffNotice]:
        keys = await self.patients.reached_at(text.sender)
        found = [await self.crosswalk.open_episode_of(key) for key in keys]
        episodes = list(dict.fromkeys(one for one in found if one))
        notices = [
            StaffNotice(
                key=f"text:{text.key[:16]}:{one}", episode_id=one, role="case_manager",
                staff_id=await self.owner_of(one), subject_code=SUBJECT, lines=[READ_IT], is_plain=True,
                others=others_than("case_manager", {}),
            )
            for one in episodes
        ]  # fmt: skip
        if notices:
            return notices
        # Of what nobody here has sent, or somebody whose episode has ended, one word a day will do.
        day = text.received_at.replace(tzinfo=text.received_at.tzinfo or UTC).astimezone(UTC).date()
        nobodys = StaffNotice(
            key=f"text:of-nobody:{day}", episode_id="", role="supervisor", staff_id=None, subject_code=SUBJECT,
            lines=[READ_IT, "It comes from no number of somebody with an open episode."],
            others=others_than("supervisor", {}),
        )  # fmt: skip
        return [nobodys]
