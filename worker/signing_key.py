"""The key with which the clinic signs what its people state: `signing.secret` in its home, readable by its owner alone.

A clinic signs as soon as it has one; its episodes know the public half from their start. Whoever has the file can sign
for anybody: it lies on machines on which people sign in, and nowhere else. The server and its operator need it for
nothing, and neither does a worker.
"""

import base64
import os
import re
import stat
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from activities.written import Unreadable, read_text
from worker.errors import CannotDo
from worker.settings import SIGNING_FILE, Settings

MOST_BYTES = 10_000
LEAVING = "leaving"
"""Stands behind a key whose place another one is taking."""

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True)
class SigningKeys:
    """Keys by id. The first of the file signs; episodes that begin know all of them, so that one can follow another."""

    source: Path
    private: dict[str, Ed25519PrivateKey] = field(repr=False)
    leaving: str | None = None
    """The one whose place another one is taking."""

    @property
    def first(self) -> str:
        """The id of the key that signs."""
        return next(iter(self.private))

    @property
    def public(self) -> dict[str, str]:
        """The public halves, in base64."""
        return {
            key_id: base64.b64encode(key.public_key().public_bytes_raw()).decode()
            for key_id, key in self.private.items()
        }


def signing_file(settings: Settings) -> Path:
    """Where the keys lie."""
    return settings.home / SIGNING_FILE


def load_signing_keys(settings: Settings) -> SigningKeys | None:
    """Read the keys; None: this clinic does not sign.

    Raises:
        CannotDo: others may read the file, or it holds no keys; says which line, and never what stands there.
    """
    file = signing_file(settings)
    if not file.exists():
        return None
    if file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise CannotDo(
            f"The clinic's signing key, {file}, is open to others on this machine: whoever read it can sign for "
            f"anybody. Close it with `chmod 600 {file}`, and replace it with `carepath signing rotate`."
        )
    try:
        lines = read_text(file, MOST_BYTES).splitlines()
    except Unreadable as error:
        raise CannotDo(f"The clinic's signing key, {file}, {error}.") from None
    found: dict[str, Ed25519PrivateKey] = {}
    leaving = None
    for number, line in enumerate(lines, 1):
        text, _, remark = (part.strip() for part in line.partition("#"))
        if not text:
            continue
        key_id, _, encoded = text.partition(":")
        try:
            key = Ed25519PrivateKey.from_private_bytes(base64.b64decode(encoded.strip(), validate=True))
        except ValueError:
            raise _unusable(file, number, "it holds no key of Ed25519 in base64") from None
        if not _ID.fullmatch(key_id) or key_id in found:
            raise _unusable(file, number, "each line is 'id:key', and each id stands there once")
        found[key_id] = key
        leaving = key_id if remark == LEAVING else leaving
    if not found:
        raise CannotDo(f"The clinic's signing key, {file}, is empty. Put it back from your backup.")
    return SigningKeys(file, found, leaving)


def make_signing_key(settings: Settings, key_id: str | None = None) -> str:
    """Make a key and write it below those that are there; its id.

    Raises:
        CannotDo: there is no home, the id is none or is taken, or the file cannot be used or written.
    """
    file, known = signing_file(settings), load_signing_keys(settings)
    name = key_id or _unused(known)
    if not _ID.fullmatch(name):
        raise CannotDo(f"--id: {name} is no id; use letters, digits, '.', '_' and '-', such as 2027-01.")
    if known and name in known.private:
        raise CannotDo(f"--id: {file} has a key {name} already. Choose another id.")
    secret = base64.b64encode(Ed25519PrivateKey.generate().private_bytes_raw()).decode()
    try:
        with os.fdopen(
            os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "a", encoding="utf-8"
        ) as out:
            out.write(f"{name}:{secret}\n")
    except OSError as error:
        raise CannotDo(f"{file} cannot be written: {error.strerror}.") from None
    return name


def write_signing_keys(keys: SigningKeys) -> None:
    """Write the file anew, in one step.

    Raises:
        CannotDo: it cannot be written.
    """
    lines = []
    for key_id, key in keys.private.items():
        remark = f" # {LEAVING}" if key_id == keys.leaving else ""
        lines.append(f"{key_id}:{base64.b64encode(key.private_bytes_raw()).decode()}{remark}")
    beside = keys.source.with_name(f".{keys.source.name}.new")
    try:
        beside.unlink(missing_ok=True)
        with os.fdopen(
            os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8"
        ) as out:
            out.write("".join(f"{line}\n" for line in lines))
            out.flush()
            os.fsync(out.fileno())
        beside.replace(keys.source)
    except OSError as error:
        raise CannotDo(f"{keys.source} cannot be written: {error.strerror}.") from None


def _unused(known: SigningKeys | None) -> str:
    today, taken = datetime.now(UTC).date().isoformat(), set(known.private if known else ())
    return next(name for n in range(1, 1000) if (name := today if n == 1 else f"{today}-{n}") not in taken)


def _unusable(file: Path, line: int, why: str) -> CannotDo:
    return CannotDo(f"Line {line} of the clinic's signing key, {file}, cannot be used: {why}.")
