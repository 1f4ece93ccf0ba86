"""The key that seals the clinic's journal and ledger of disclosures: a file in its home, made once by `setup` and `up`.

Whoever has it can write a journal that looks whole. So it lies beside the database, belongs to its owner alone, and is
never made anew beside a journal that another one has sealed.
"""

import base64
import os
import secrets
import stat
from pathlib import Path

from activities.clinic_database import ClinicDatabase
from activities.clinic_database.journal import Cipher, Journal, OtherKey
from activities.clinic_database.journal_chain import Key
from activities.clinic_database.ledger_verifying import Verifier, is_sealed
from activities.written import Unreadable, read_text
from worker.errors import CannotDo
from worker.settings import OFF, Settings

FILE = "journal.secret"
KEY_BYTES = 32
MOST_BYTES = 1_000


def key_file(settings: Settings) -> Path:
    """Where the key lies."""
    return settings.home / FILE


def load_journal_key(settings: Settings) -> Key:
    """Read the key.

    Raises:
        CannotDo: it is missing, others may read it, or it is none.
    """
    file = key_file(settings)
    if not file.exists():
        raise CannotDo(
            f"The key of the clinic's journal is missing: {file}. Put it back from your backup; where there never was "
            "one, `carepath setup` makes it."
        )
    if file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise CannotDo(
            f"The key of the clinic's journal, {file}, is open to others on this machine: whoever read it can write a "
            f"journal of their own. Close it with `chmod 600 {file}`."
        )
    try:
        secret = base64.b64decode(read_text(file, MOST_BYTES).strip(), validate=True)
    except Unreadable as error:
        raise CannotDo(f"The key of the clinic's journal, {file}, {error}.") from None
    except ValueError:
        secret = b""
    if len(secret) != KEY_BYTES:
        raise CannotDo(
            f"The key of the clinic's journal, {file}, is no key: {KEY_BYTES} bytes in base64 belong there. Put the "
            "right file back from your backup."
        )
    return Key(secret)


async def make_journal_key(settings: Settings) -> list[str]:
    """Make the key if there is none, and look whether it is the one of the journal; what was done.

    Raises:
        CannotDo: it cannot be used, it is another one, or it is missing where a journal was sealed.
    """
    file, done = key_file(settings), list[str]()
    database = ClinicDatabase(settings.database)
    try:
        if not file.exists():
            if await Journal(database, Key(b"")).all_ids() or await is_sealed(database):
                load_journal_key(settings)
            descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as out:
                out.write(base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode() + "\n")
            done.append(
                f"made the key of the clinic's journal: keep a copy of {file} apart from the database"
            )
        await check_journal_key(settings, database)
    finally:
        await database.close()
    return done


async def check_journal_key(settings: Settings, database: ClinicDatabase) -> None:
    """Refuse to go on with a key that is not the journal's.

    Raises:
        CannotDo: with the remedy.
    """
    try:
        await Journal(database, load_journal_key(settings)).check_key()
        await Verifier(database, load_journal_key(settings)).check_key()
    except OtherKey as error:
        raise CannotDo(
            f"{key_file(settings)} is not the key of this clinic's journal ({error}). Put the right file back from "
            "your backup, or set CAREPATH_HOME and CAREPATH_DATABASE to the same clinic."
        ) from None


async def seal_ledger(settings: Settings) -> list[str]:
    """Seal what the ledger of disclosures holds from before it had seals, once; what was done."""
    database = ClinicDatabase(settings.database)
    try:
        count = await Verifier(database, load_journal_key(settings)).carried_over()
    finally:
        await database.close()
    return [f"sealed the {count} lines of the ledger that had no seal yet"] if count else []


def journal_cipher(settings: Settings) -> Cipher | None:
    """What encrypts the journal: the keys that encrypt histories, where the clinic has any.

    Raises:
        CannotDo: the key file cannot be used.
    """
    if settings.codec == OFF:
        return None
    from worker.codec.at_rest import AtRest  # a clinic without encryption does not wait for its library
    from worker.codec.keys import load_keys

    return AtRest(load_keys(Path(settings.codec)))


def journal_of(settings: Settings, database: ClinicDatabase) -> Journal:
    """The journal of a clinic.

    Raises:
        CannotDo: its key, or the keys that encrypt it, cannot be used.
    """
    return Journal(database, load_journal_key(settings), journal_cipher(settings))
