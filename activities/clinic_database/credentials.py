"""Signing in: a code that is sent to a person's own channel, and the credential that they get for it (E0).

The database keeps neither the code nor the credential's secret, only what each is recognised by. A code works once, for
minutes, and for a few tries; a credential works until it expires or is revoked.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update

from activities.clinic_database.engine import ClinicDatabase
from activities.clinic_database.tables import CodeRow, CredentialRow

CODE_DIGITS = 8
CODE_LASTS = timedelta(minutes=10)
"""NIST SP 800-63B, 5.1.3.2: a secret that is sent out of band is valid for at most 10 minutes."""
MOST_TRIES = 5
"""With eight digits a guess succeeds once in 20 million codes."""
NEXT_CODE_AFTER = timedelta(seconds=30)
"""Nobody's channel is flooded, and whoever guesses gets no more tries by asking for more codes."""


class NotSignedIn(Exception):
    """There is no such credential, it has expired, or it was revoked; the message says which."""


class WrongCode(Exception):
    """The code is not the one that was sent last, or works no more; the message says what to do."""


class TooSoon(Exception):
    """A code was sent a moment ago."""


@dataclass(frozen=True, slots=True)
class Credential:
    """What a person keeps who is signed in."""

    credential_id: str
    staff_id: str
    secret: str
    expires_at: datetime


class Credentials:
    """Who of a clinic's staff is signed in."""

    def __init__(self, database: ClinicDatabase) -> None:
        self._database = database

    async def new_code(self, staff_id: str, now: datetime) -> str:
        """A code to be sent to a person; the one before it works no more.

        Raises:
            TooSoon: another one was sent a moment ago.
        """
        code, salt = "".join(secrets.choice("0123456789") for _ in range(CODE_DIGITS)), secrets.token_hex(16)
        async with self._database.transaction() as session:
            known = await session.get(CodeRow, staff_id)
            if known and known.sent_at > now - NEXT_CODE_AFTER:
                raise TooSoon("a code was sent a moment ago; use that one, or wait half a minute")
            row = known or CodeRow(staff_id=staff_id)
            row.salt, row.digest, row.tries = salt, _digest_of_code(code, salt), 0
            row.sent_at, row.expires_at = now, now + CODE_LASTS
            session.add(row)
        return code

    async def redeem(self, staff_id: str, code: str, now: datetime, lasts: timedelta) -> Credential:
        """Sign a person in with the code that they were sent.

        Raises:
            WrongCode: it is not, or no longer, the one.
        """
        if not await self._is_right(staff_id, code, now):
            raise WrongCode("this is not the code that was sent last; look again, or ask for another one")
        return await self.issue(staff_id, now, lasts)

    async def _is_right(self, staff_id: str, code: str, now: datetime) -> bool:
        """Whether a code is the one; a wrong one counts as a try, and the right one works no more."""
        async with self._database.transaction() as session:
            row = await session.get(CodeRow, staff_id)
            if row is None or row.expires_at <= now or row.tries >= MOST_TRIES:
                raise WrongCode("no code works any more: ask for another one")
            is_right = hmac.compare_digest(row.digest, _digest_of_code(code, row.salt))
            row.tries = MOST_TRIES if is_right else row.tries + 1
        return is_right

    async def issue(self, staff_id: str, now: datetime, lasts: timedelta) -> Credential:
        """Sign a person in who is known by other means."""
        given = Credential(secrets.token_hex(8), staff_id, secrets.token_urlsafe(32), now + lasts)
        async with self._database.transaction() as session:
            session.add(
                CredentialRow(
                    credential_id=given.credential_id,
                    staff_id=staff_id,
                    digest=_digest(given.secret),
                    issued_at=now,
                    expires_at=given.expires_at,
                )
            )
        return given

    async def check(self, credential_id: str, secret: str, now: datetime) -> str:
        """The staff id of whoever has a credential.

        Raises:
            NotSignedIn: it counts no more, or never did.
        """
        async with self._database.transaction() as session:
            row = await session.get(CredentialRow, credential_id)
        if row is None or not hmac.compare_digest(row.digest, _digest(secret)):
            raise NotSignedIn("this is no credential of the clinic")
        if row.revoked_at is not None:
            raise NotSignedIn(f"they were signed out at {row.revoked_at:%Y-%m-%d %H:%M} UTC")
        if row.expires_at <= now:
            raise NotSignedIn(f"their sign-in ended at {row.expires_at:%Y-%m-%d %H:%M} UTC")
        return row.staff_id

    async def end(self, credential_id: str, now: datetime) -> bool:
        """End one sign-in; whether it still counted."""
        async with self._database.transaction() as session:
            row = await session.get(CredentialRow, credential_id)
            if row is None or row.revoked_at is not None or row.expires_at <= now:
                return False
            row.revoked_at = now
        return True

    async def revoke(self, staff_id: str, now: datetime) -> int:
        """Sign a person out everywhere; from how many places."""
        async with self._database.transaction() as session:
            mine = select(CredentialRow.credential_id).where(
                CredentialRow.staff_id == staff_id,
                CredentialRow.revoked_at.is_(None),
                CredentialRow.expires_at > now,
            )
            found = list(await session.scalars(mine))
            await session.execute(
                update(CredentialRow).where(CredentialRow.credential_id.in_(found)).values(revoked_at=now)
            )
            code = await session.get(CodeRow, staff_id)
            if code is not None:
                code.tries = MOST_TRIES
        return len(found)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _digest_of_code(code: str, salt: str) -> str:
    """A code is short: whoever reads the database must not find it by trying all while it works."""
    return hashlib.scrypt(code.encode(), salt=bytes.fromhex(salt), n=2**14, r=8, p=1, dklen=32).hex()
