"""E-mail to an agency: that something waits, and where to sign in. It names nobody, no service and no kind of care.

What there is to read stands behind the link. Mail lies open on its way and in the mailbox: so the sender, the subject
and the link's own address pass the same check as messages to patients do (P2).
"""

from urllib.parse import urlsplit

from activities.agencies.links import LIFETIME
from activities.agencies.port import AgencyWord, Handover
from activities.channels.email import Email
from activities.channels.port import Message, Permanent
from activities.messages.check import check, check_sender

SUBJECT = "Something is waiting for you"

BODY = f"""Hello,

we have something for you to read and answer. Please open this page and sign in:

LINK

The page works for {LIFETIME.days} days. If you did not expect this, please leave it closed and call us
at PHONE.
"""


class AgencyEmail:
    """One agency's mailbox. It cannot be asked: the agency answers on the page."""

    def __init__(self, mail: Email, to: str, sender: str, phone: str) -> None:
        self._mail, self._to, self._sender, self._phone = mail, to, sender, phone

    async def send(self, handover: Handover) -> str:
        """Send the link; the message's own reference."""
        if not handover.answer_url:
            raise Permanent(
                "there is no page to link to; set CAREPATH_GATEWAY_URL to where agencies reach it"
            )
        # Only the address: the token behind it is drawn by chance and says nothing.
        problems = check_sender(self._sender) + check_sender(urlsplit(handover.answer_url).netloc)
        if problems := problems + check(f"Subject: {SUBJECT}\n\n{BODY}"):
            raise Permanent(f"the mail would show too much: {problems[0]}")
        body = BODY.replace("LINK", handover.answer_url).replace("PHONE", self._phone)
        return await self._mail.send(Message(handover.key, self._to, SUBJECT, body))

    async def ask(self, reference: str) -> AgencyWord | None:
        """It cannot be asked."""
        return None
