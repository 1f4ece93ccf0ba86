"""Who is signed in on this machine: a credential in the person's own home, for whoever of the staff they are (E0).

`carepath staff login` puts it there, readable by its owner alone; it ends by itself. The people of a trial clinic are
signed in where it runs, in its own home.
"""

import hashlib
import json
import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from activities.clinic_database import ClinicDatabase
from activities.clinic_database.credentials import Credential, Credentials, NotSignedIn
from activities.staff_directory import StaffDirectoryError, load
from activities.written import Unreadable, read_document
from worker.errors import CannotDo
from worker.settings import Settings
from worker.signing import Author

OF_A_TRIAL = "credentials"
"""The folder of a clinic's home in which the people of a trial are signed in."""

TRIAL_LASTS = timedelta(days=7)
"""So long the people of a trial stay signed in, unless it is started again."""


def own_folder(settings: Settings) -> Path:
    """Where the credentials of this clinic lie for whoever uses this machine."""
    clinic = hashlib.sha256(str(settings.home).encode()).hexdigest()[:12]
    return settings.credentials / clinic


def trial_folder(settings: Settings) -> Path:
    """Where those of a trial's people lie."""
    return settings.home / OF_A_TRIAL


def keep(folder: Path, given: Credential) -> Path:
    """Keep a credential for its owner alone; the file.

    Raises:
        CannotDo: it cannot be written.
    """
    file = folder / f"{_named(given.staff_id)}.json"
    said = {
        "staff_id": given.staff_id, "credential_id": given.credential_id, "secret": given.secret,
        "expires_at": given.expires_at.isoformat(),
    }  # fmt: skip
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.unlink(missing_ok=True)
        with os.fdopen(
            os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8"
        ) as out:
            json.dump(said, out)
    except OSError as error:
        raise CannotDo(f"{file} cannot be written: {error.strerror}.") from None
    return file


def forget(settings: Settings, staff_id: str) -> bool:
    """Take a person's credential off this machine; whether there was one."""
    found = False
    for folder in (own_folder(settings), trial_folder(settings)):
        with suppress(FileNotFoundError):
            (folder / f"{_named(staff_id)}.json").unlink()
            found = True
    return found


@dataclass(frozen=True)
class SignedIn:
    """The people who are signed in here."""

    settings: Settings
    database: ClinicDatabase

    async def author(self, staff_id: str) -> Author:
        """A person who is signed in here, in the roles that the staff directory gives them now.

        Raises:
            CannotDo: they are not, and how they come to be.
        """
        kept = self._kept(staff_id)
        if kept is None:
            raise CannotDo(
                f"{staff_id} is not signed in here, and what is stated is signed by whoever states it: "
                f"`carepath staff login {staff_id}` sends them a code (E0)."
            )
        try:
            known = await Credentials(self.database).check(kept.credential_id, kept.secret, datetime.now(UTC))
        except NotSignedIn as error:
            raise CannotDo(
                f"{staff_id} is not signed in here any more: {error}. Sign in with `carepath staff login {staff_id}`."
            ) from None
        try:
            roles = load(self.settings.staff).roles_of(known)
        except StaffDirectoryError as error:
            raise CannotDo(f"The staff directory {error}.") from None
        if roles is None:
            raise CannotDo(f"{known} is not in the staff directory any more, and signs nothing (E0).")
        return Author(known, tuple(dict.fromkeys(roles)))

    async def sign_out(self, staff_id: str) -> bool:
        """End the sign-in of somebody on this machine; whether they were signed in."""
        kept = self._kept(staff_id)
        return bool(kept and await Credentials(self.database).end(kept.credential_id, datetime.now(UTC)))

    def everyone(self) -> list[str]:
        """The ids of those who have a credential here."""
        return sorted({file.stem for file in self._files("*.json")})

    def _kept(self, staff_id: str) -> Credential | None:
        for file in self._files(f"{_named(staff_id)}.json"):
            if file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
                raise CannotDo(
                    f"{file} is open to others on this machine, who could sign as {staff_id}. Sign out with `carepath "
                    f"staff logout {staff_id}`, and in again."
                )
            with suppress(Unreadable, KeyError, ValueError, TypeError):
                said = read_document(file)
                expires_at = datetime.fromisoformat(said["expires_at"])
                return Credential(said["credential_id"], said["staff_id"], said["secret"], expires_at)
        return None

    def _files(self, pattern: str) -> Iterator[Path]:
        for folder in (own_folder(self.settings), trial_folder(self.settings)):
            yield from sorted(folder.glob(pattern))


async def sign_in_trial(settings: Settings, database: ClinicDatabase) -> list[str]:
    """Sign the people of a trial clinic in where it runs; their ids. They are made up, and so is what they sign.

    Raises:
        CannotDo: a credential cannot be kept.
    """
    now = datetime.now(UTC)
    people = sorted(load(settings.staff).staff)
    for staff_id in people:
        keep(trial_folder(settings), await Credentials(database).issue(staff_id, now, TRIAL_LASTS))
    return people


def _named(staff_id: str) -> str:
    """A staff id as the name of a file."""
    return "".join(sign if sign.isalnum() or sign in "._-" else f"%{ord(sign):x}" for sign in staff_id)
