"""Who has made a statement, signed by the clinic where the person was known, and checked where it is believed (E0).

The face at which somebody is known, such as the command line after they have signed in, signs with the clinic's private
key over all that is stated, over what it is told to, and over who states it in which roles. An episode begins with the
clinic's public keys and believes nothing else: whoever may write to Temporal can forge no statement, change none, and
tell none to another episode. One that is told twice has the same id and one effect (T4). Ed25519 is RFC 8032.

Without keys, as in a local trial, statements are taken as they come, and shown as not signed.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, ConfigDict, StringConstraints
from pydantic.dataclasses import dataclass as validated

from workflows.core.engine.errors import NotAllowedNow
from workflows.core.engine.lines import canonical
from workflows.core.engine.years import check_year

KEY_BYTES, VALUE_BYTES = 32, 64
"""Of a public key and of a signature (RFC 8032, 5.1)."""

SYSTEM = "system"
"""The one role of a signer that is no person: it states what it has heard, and decides nothing."""


def _bytes_of(length: int) -> AfterValidator:
    def check(text: str) -> str:
        try:
            given = base64.b64decode(text, validate=True)
        except ValueError:
            given = b""
        if len(given) != length:
            raise ValueError(f"it has to be {length} bytes in base64")
        return text

    return AfterValidator(check)


def _of_our_time(at: datetime) -> datetime:
    check_year(at)
    return at.astimezone(UTC)


KeyId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
"""What a key of the clinic is called."""
PublicKey = Annotated[str, _bytes_of(KEY_BYTES)]
"""A public key of Ed25519, in base64."""

_Signer = Annotated[str, StringConstraints(pattern=r"^[\w.:/+-]{1,64}$")]


@validated(frozen=True, slots=True, config=ConfigDict(extra="forbid"))
class Answered:
    """The answer to a task, where it is what was signed, and the statement follows from it."""

    task_id: str
    outcome: str
    reason: str | None = None


@validated(frozen=True, slots=True, config=ConfigDict(extra="forbid"))
class Signature:
    """The clinic's word that somebody has made a statement."""

    signer: _Signer
    """Staff id of whoever was signed in; or of the system that heard it, such as `agency` or `import`."""
    roles: tuple[_Signer, ...]
    """The signer's roles in the staff directory as it was when they signed; of a system `system` alone."""
    at: Annotated[AwareDatetime, AfterValidator(_of_our_time)]
    """When it was signed, by the clock of whoever signed."""
    key: KeyId
    """Which key of the clinic signed."""
    value: Annotated[str, _bytes_of(VALUE_BYTES)]
    """The signature itself, in base64."""
    answers: Answered | None = None
    """Where a task was answered. It comes with no statement from outside."""

    @property
    def is_of_a_system(self) -> bool:
        """Whether no person has signed."""
        return self.roles == (SYSTEM,)


@dataclass(frozen=True, slots=True)
class Trust:
    """What signatures are judged by."""

    keys: Mapping[str, PublicKey]
    """The clinic's public keys that are in force, by id; none: nothing is signed here."""
    valid_for: timedelta
    """How long after it was signed a statement may come."""
    skew: timedelta
    """How far ahead of ours the clock of whoever signs may be (T5)."""

    def __bool__(self) -> bool:
        return bool(self.keys)


def text_to_sign(to: str, said: Mapping[str, Any], signature: Signature) -> bytes:
    """What is signed, as bytes that are the same wherever they are written.

    Args:
        to: Id of the workflow that it is told to.
        said: What is stated, as plain JSON without what goes without saying.
        signature: Who states it, when, in which roles; its `value` stands for nothing.
    """
    by = {
        "signer": signature.signer,
        "roles": list(signature.roles),
        "at": signature.at.isoformat(),
        "key": signature.key,
    }
    return canonical({"to": to, "said": dict(said), **by}).encode()


def fits(to: str, said: Mapping[str, Any], signature: Signature, public: PublicKey) -> bool:
    """Whether a signature is the clinic's over exactly this."""
    from workflows.core.engine.ed25519 import (
        is_signed,
    )  # most commands see no signature, and need not wait for it

    return is_signed(text_to_sign(to, said, signature), signature.value, public)


def refuse_forged(
    to: str, said: Mapping[str, Any], signature: Signature | None, trust: Trust, now: datetime, what: str
) -> None:
    """Refuse what nobody has signed whom the clinic knows, where statements are signed.

    Args:
        to: Id of the workflow that it is told to.
        said: What is stated, as plain JSON.
        signature: What came with it.
        trust: What it is judged by.
        now: The instant.
        what: What it is, for the message.

    Raises:
        NotAllowedNow: says what is wrong with the signature, and what would be right.
    """
    if not trust:
        return
    if signature is None:
        raise NotAllowedNow(
            f"signature: this {what} is signed by nobody. Sign in as yourself and state it there, by the command line "
            "or at the desk: whoever states it is part of what is kept (E0)."
        )
    if signature.key not in trust.keys:
        raise NotAllowedNow(
            f"signature: {signature.key} is no key of this clinic that is in force. Sign in anew and state it once "
            "more; if it happens again, tell whoever runs carepath (E0)."
        )
    if not fits(to, said, signature, trust.keys[signature.key]):
        raise NotAllowedNow(
            f"signature: it does not fit this {what}. Something in it is not what was signed, or it was signed for "
            "another record; state it anew (E0)."
        )
    if signature.at > now + trust.skew:
        raise NotAllowedNow(
            f"signature: it is dated {signature.at:%Y-%m-%d %H:%M} UTC, which lies ahead. Set the clock of the machine "
            "that signed it (T5)."
        )


def refuse_stale(signature: Signature | None, trust: Trust, now: datetime) -> None:
    """Refuse what was signed so long ago that it may be a copy which somebody has kept.

    Raises:
        NotAllowedNow: says when it was signed.
    """
    if trust and signature and signature.at < now - trust.valid_for:
        raise NotAllowedNow(
            f"signature: it was signed at {signature.at:%Y-%m-%d %H:%M} UTC, longer ago than it counts "
            "(signature_valid_hours). State it anew; what happened then may be recorded late (T4)."
        )
