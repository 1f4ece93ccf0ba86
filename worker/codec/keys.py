"""The keys of the payload codec, in a file of the clinic's own."""

import base64
import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from activities.written import Unreadable, read_text
from worker.errors import CannotDo

MOST_BYTES = 100_000
"""Of a key file: a thousand keys, where one a year is needed."""
KEY_BYTES = 32
"""AES-256."""

FINGERPRINT = b"carepath fingerprint of a key"
"""What a key seals to be told from others."""

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class UnknownKey(CannotDo):
    """A payload was encrypted with a key that the file does not have."""


@dataclass(frozen=True)
class Keys:
    """Keys by id. The first of the file encrypts; all of them decrypt, so that a key can be replaced (rotated)."""

    source: Path
    ciphers: Mapping[str, AESGCM] = field(repr=False)
    fingerprints: Mapping[str, str] = field(default_factory=dict, repr=False)
    """By which one key is told from another of the same id; no key follows from it."""

    @property
    def newest(self) -> str:
        """The id of the key that encrypts."""
        return next(iter(self.ciphers))

    def cipher(self, key_id: str) -> AESGCM:
        """The cipher of a key.

        Raises:
            UnknownKey: it is not in the file.
        """
        try:
            return self.ciphers[key_id]
        except KeyError:
            raise UnknownKey(
                f"CAREPATH_CODEC: key {key_id[:64]} is not in {self.source}. Histories were encrypted with it: put its "
                "line back, below the others."
            ) from None


def load_keys(file: Path) -> Keys:
    """Read a key file: a line `id:key` for each key, the key in base64; `#` begins a comment.

    Raises:
        CannotDo: the file cannot be used; says which line, and never what stands there.
    """
    try:
        lines = read_text(file, MOST_BYTES).splitlines()
    except Unreadable as error:
        raise CannotDo(
            f"CAREPATH_CODEC: {file} {error}. Name a key file (make one with `carepath codec key {file}`), or "
            "'off' for a server on this machine."
        ) from None
    ciphers: dict[str, AESGCM] = {}
    fingerprints: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        text = line.partition("#")[0].strip()
        if not text:
            continue
        key_id, _, encoded = text.partition(":")
        if not _ID.fullmatch(key_id):
            raise _unusable(
                file, number, "a line is 'id:key', and an id has letters, digits, '.', '_' and '-'"
            )
        if key_id in ciphers:
            raise _unusable(file, number, f"there are two keys with the id {key_id}")
        try:
            key = base64.b64decode(encoded.strip(), validate=True)
        except ValueError:
            raise _unusable(file, number, "the key is not base64") from None
        if len(key) != KEY_BYTES:
            raise _unusable(file, number, f"the key has {len(key)} bytes and not {KEY_BYTES}")
        ciphers[key_id] = AESGCM(key)
        fingerprints[key_id] = hmac.new(key, FINGERPRINT, hashlib.sha256).hexdigest()[:32]
    if not ciphers:
        raise CannotDo(f"CAREPATH_CODEC: {file} has no key. Make one with `carepath codec key {file}`.")
    return Keys(file, ciphers, fingerprints)


def add_key(file: Path, key_id: str) -> bool:
    """Make a key and write it below those that are there; the file is readable by its owner alone.

    Returns:
        Whether it encrypts from now on: it is the only one. Another one has to be known to every worker and every
        command first; then somebody moves its line to the top.

    Raises:
        CannotDo: the id is no id or is taken, or the file cannot be used or written.
    """
    if not _ID.fullmatch(key_id):
        raise CannotDo(f"--id: {key_id} is no id; use letters, digits, '.', '_' and '-', such as 2027-01.")
    first = not file.exists()
    if not first and key_id in load_keys(file).ciphers:
        raise CannotDo(f"--id: {file} has a key {key_id} already. Choose another id.")
    line = f"{key_id}:{base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()}\n"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        if not first and not file.read_bytes().endswith(b"\n"):
            line = "\n" + line
        with os.fdopen(
            os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "a", encoding="utf-8"
        ) as out:
            out.write(line)
    except OSError as error:
        raise CannotDo(f"{file} cannot be written: {error.strerror}.") from None
    return first


def _unusable(file: Path, line: int, why: str) -> CannotDo:
    return CannotDo(f"CAREPATH_CODEC: line {line} of {file} cannot be used: {why}.")
