"""E-mail to an agency: that something waits for its answer, and where. It names nobody, no service and no kind of care.

Mail lies open on its way and in the mailbox: so it holds no content, and the sender, the subject and the link's own
address pass the same check as messages to patients do (P2). What it is about the agency hears when it calls.
"""

from urllib.parse import urlsplit

from activities.agencies.links import LIFETIME
from activities.agencies.port import AgencyWord, Handover
from activities.channels.email import Email
from activities.channels.port import AccessFault, Leaving, Message, at_once
from workflows.core.episode.consent.grounds import Way
from workflows.core.episode.messages.neutral import check, check_sender

SUBJECT = "Something is waiting for you"

BODY = f"""Hello,

we are waiting for an answer of yours. Please call us at PHONE to hear what it is about, and then
answer on this page, which works for {LIFETIME.days} days:

LINK

If you did not expect this, please leave the page closed and call us.
"""


class AgencyEmail:
    """One agency's mailbox. It cannot be asked: the agency answers on the page."""

    way: Way = "link"

    def __init__(self, mail: Email, to: str, sender: str, phone: str) -> None:
        self._mail, self._to, self._sender, self._phone = mail, to, sender, phone

    @property
    def to(self) -> str:
        """The mailbox."""
        return self._to

    async def send(self, handover: Handover, leaving: Leaving = at_once) -> str:
        """Send the link; the message's own reference."""
        if not handover.answer_url:
            raise AccessFault(
                "there is no page to link to; set CAREPATH_GATEWAY_URL to where agencies reach it"
            )
        # Only the address: the token behind it is drawn by chance and says nothing.
        problems = check_sender(self._sender) + check_sender(urlsplit(handover.answer_url).netloc)
        if problems := problems + check(f"Subject: {SUBJECT}\n\n{BODY}"):
            raise AccessFault(f"the mail would show too much: {problems[0]}")
        body = BODY.replace("LINK", handover.answer_url).replace("PHONE", self._phone)
        return await self._mail.send(Message(handover.key, self._to, SUBJECT, body), leaving)

    async def ask(self, reference: str) -> AgencyWord | None:
        """It cannot be asked."""
        return None
