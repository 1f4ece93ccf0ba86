"""A webhook of an agency's: one signed POST of JSON with an idempotency key.

docs/agencies.md describes it for the engineer on the other side.
"""

import json
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from activities.agencies.port import AgencyWord, Handover
from activities.agencies.services import need_told, title_of
from activities.channels.http import exchange, unclear, without_secrets
from activities.channels.port import Leaving, at_once
from activities.channels.signing import signed
from workflows.core.episode.consent.grounds import Way


class Taken(BaseModel):
    """What the agency answers: the reference under which it knows the referral, if it has one."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    reference: (
        Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)] | None
    ) = None


class AgencyWebhook:
    """One agency's webhook. It cannot be asked: the agency answers over the link that it is given."""

    way: Way = "content"

    def __init__(
        self,
        who: str,
        url: str,
        secret: str,
        *,
        knows_repeats: bool = False,
        own_network: bool = False,
        within: float = 20,
    ) -> None:
        self._who, self._url, self._secret = who, url, secret
        self._repeats_are_safe, self._own_network, self._within = knows_repeats, own_network, within

    @property
    def to(self) -> str:
        """Where it posts."""
        return without_secrets(self._url)

    async def send(self, handover: Handover, leaving: Leaving = at_once) -> str:
        """Post it; the agency's own reference, or else ours."""
        body = json.dumps(content_of(handover)).encode()
        headers = {"Content-Type": "application/json", "Idempotency-Key": handover.key}
        answer = await exchange(
            self._who, "POST", self._url, content=body, headers=headers | signed(self._secret, body),
            within=self._within, repeats_are_safe=self._repeats_are_safe, own_network=self._own_network,
            leaving=leaving,
        )  # fmt: skip
        if not answer.body.strip():
            return handover.referral_id
        try:
            return Taken.model_validate(json.loads(answer.body)).reference or handover.referral_id
        except (ValidationError, ValueError, RecursionError):
            # A login page answers 200 too: then nothing was taken.
            raise unclear(
                f"{self._who} answered {answer.status} with something else than the JSON that was agreed",
                self._repeats_are_safe,
            ) from None

    async def ask(self, reference: str) -> AgencyWord | None:
        """It cannot be asked."""
        return None


def content_of(handover: Handover) -> dict[str, Any]:
    """What is posted. What the consent does not cover is absent, and not null."""
    person = {
        "given_name": handover.person.given_name,
        "family_name": handover.person.family_name,
        "birth_date": handover.person.birth_date.isoformat() if handover.person.birth_date else None,
        "phone": handover.person.phone,
        "email": handover.person.email,
        "language": handover.person.language,
    }
    need = need_told(handover)
    content = {
        "key": handover.key,
        "what": handover.what,
        "referral": handover.referral_id,
        "reference": handover.revokes,
        "service": {"code": need, "title": title_of(need)} if need else None,
        "person": {name: value for name, value in person.items() if value},
        "consent": handover.consent_id or None,
        "scope": handover.scope,
        "notice": handover.notice,
        "sent_at": handover.sent_at.isoformat(timespec="seconds"),
        "answer_url": handover.answer_url or None,
    }
    return {name: value for name, value in content.items() if value is not None}
