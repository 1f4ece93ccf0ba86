"""What is closed, and the keys that close it: payloads, journals at rest, links, seals, key files."""

import base64
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from temporalio.api.common.v1 import Payload

from activities.agencies.links import BadLink, Links
from tests.fuzz.mutating import changed_bytes, changed_json, changed_parts, changed_text
from tests.fuzz.target import Forged, Prepared, Target, Untrue, scratch
from tests.signed import KEYS
from worker.codec.at_rest import AtRest
from worker.codec.codec import KEY_ID, Codec
from worker.codec.keys import Keys, load_keys
from worker.errors import CannotDo
from worker.settings import SIGNING_FILE, Settings
from worker.signing_key import load_signing_keys
from workflows.ports.sealing import Sealing

NOW = datetime(2026, 1, 5, 18, tzinfo=UTC)


def _line(key_id: str, fill: int) -> str:
    return f"{key_id}:{base64.b64encode(bytes([fill]) * 31 + b'~').decode()}\n"


def _keys(folder: Path, *lines: str) -> Keys:
    file = folder / "codec.keys"
    file.write_text("".join(lines), "utf-8")
    return load_keys(file)


def _codecs() -> tuple[Keys, Keys]:
    """The clinic's keys, of which the first one closes; and somebody else's of the same name."""
    with scratch() as folder:
        clinic = _keys(Path(folder), _line("a", 7), _line("b.2", 8))
        return clinic, _keys(Path(folder), _line("a", 9))


def _payloads() -> Prepared:
    clinic, another = _codecs()
    plain = [
        Payload(metadata={"encoding": b"json/plain"}, data=data) for data in (b"{}", b'"slip"', b"1" * 500)
    ]
    codec = Codec(clinic)
    sealed = [*codec.sealed(plain), *Codec(another).sealed(plain[:1]), plain[0]]
    valid = [(one.metadata["encoding"], one.metadata.get(KEY_ID, b""), one.data) for one in sealed]
    said = {one.SerializeToString() for one in plain}

    def tell(parts: tuple[bytes, bytes, bytes]) -> None:
        encoding, key_id, data = parts
        opened = codec.open_one(Payload(metadata={"encoding": encoding, KEY_ID: key_id}, data=data))
        if opened.SerializeToString() not in said:
            raise Forged("a payload that nobody has closed was opened")

    return Prepared(valid, tell, (CannotDo,), changed_parts)


def _at_rest() -> Prepared:
    clinic, another = _codecs()
    lines = ['{"acts":[]}', '{"acts":[{"act":"woken"}]}', "é" * 200]
    rest = AtRest(clinic)
    valid = [*map(rest.close, lines), AtRest(another).close(lines[0])]

    def tell(closed: str) -> None:
        if rest.open(closed) not in lines:
            raise Forged("a line that nobody has closed was opened")

    return Prepared(valid, tell, (CannotDo,), changed_text)


def _links() -> Prepared:
    ours, theirs = Links("secret of the clinic", "http://x"), Links("another secret", "http://x")
    told = [("referral-1", "harbor"), ("referral-22", "food-bank")]
    made = [links.url(*one, NOW) for links in (ours, ours, theirs) for one in told]
    valid = [url.rpartition("/r/")[2] for url in made]
    until = {ours.read(valid[0], NOW).expires_at}

    def tell(token: str) -> None:
        link = ours.read(token, NOW)
        if (link.referral_id, link.agency) not in told or link.expires_at not in until:
            raise Forged("a link was taken that nobody has signed")

    return Prepared(valid, tell, (BadLink,), changed_text)


class NotSealed(Exception):
    """The answer was no."""


def exact(value: Any) -> Any:
    """A value by which 1, 1.0 and true are three."""
    if isinstance(value, dict):
        return ("object", frozenset((name, exact(part)) for name, part in value.items()))
    if isinstance(value, list | tuple):
        return ("list", tuple(map(exact, value)))
    return (type(value).__name__, repr(value))


def _seals() -> Prepared:
    clinic, another = Sealing(), Sealing()
    clinic.begin(b"k" * 32)
    another.begin(b"o" * 32)
    news = {"referral_id": "r1", "state": "visited", "at": "2026-01-05T18:00:00Z", "count": 1, "late": False}
    told: list[tuple[str, str, dict[str, Any]]] = [
        ("episode-e1", "referral_news", news), ("referral-r1", "chosen", {"names": ["a", "b"], "none": None}),
        ("task-1", "withdrawn by its episode", {}),
    ]  # fmt: skip
    sealed = {exact(one) for one in told}
    valid = [
        {"to": to, "name": name, "said": said, "seal": sealing.seal(to, name, said)}
        for sealing in (clinic, clinic, another)
        for to, name, said in told
    ]

    def tell(signal: Any) -> None:
        match signal:
            case {"to": str(to), "name": str(name), "said": dict(said)}:
                if not clinic.fits(to, name, said, signal.get("seal")):
                    raise NotSealed
                if exact((to, name, said)) not in sealed:
                    raise Forged("a signal was taken that no worker has sealed")

    return Prepared(valid, tell, (NotSealed,), changed_json)


def _kept_secret(read: Callable[[bytes], object], secrets: tuple[bytes, ...]) -> Callable[[bytes], None]:
    """What is wrong with a file of keys is said without what stands there."""

    def tell(content: bytes) -> None:
        try:
            read(content)
        except CannotDo as error:
            said = str(error).encode("utf-8", "replace")
            if any(secret in said for secret in secrets):
                raise Untrue("an error shows a key") from None
            raise

    return tell


def _codec_keys() -> Prepared:
    folder = scratch()
    file = Path(folder.name, "codec.keys")
    lines = [_line("2026-01", 7), _line("b", 8), f"# of the clinic\n\n  {_line('c.3_x-y', 9)}"]
    valid = [one.encode() for one in (*lines, "".join(lines), "﻿" + lines[0])]

    def read(content: bytes) -> None:
        file.write_bytes(content)
        if not load_keys(file).ciphers or not folder:
            raise Untrue("there is no key")

    return Prepared(valid, _kept_secret(read, _parts_of(lines)), (CannotDo,), changed_bytes)


def _signing_keys() -> Prepared:
    folder = scratch()
    settings = Settings(home=Path(folder.name))
    file = Path(folder.name, SIGNING_FILE)
    secret = base64.b64encode(KEYS.private["k1"].private_bytes_raw()).decode()
    lines = [f"k1:{secret}\n", _line("2026-02", 7), f"{_line('z', 8).rstrip()} # leaving\n"]
    file.touch(0o600)

    def read(content: bytes) -> None:
        file.write_bytes(content)
        known = load_signing_keys(settings)
        if not known or not known.public or not folder:
            raise Untrue("there is no key")

    valid = [one.encode() for one in (*lines, "".join(lines))]
    return Prepared(valid, _kept_secret(read, _parts_of(lines)), (CannotDo,), changed_bytes)


def _parts_of(lines: list[str]) -> tuple[bytes, ...]:
    """Twenty signs of each key, by which it would be half known."""
    return tuple(line.partition(":")[2].strip()[:20].encode() for line in lines)


TARGETS = (
    Target("payloads", 14, _payloads),
    Target("journal_at_rest", 10, _at_rest),
    Target("links", 14, _links),
    Target("seals", 12, _seals),
    Target("codec_keys", 7, _codec_keys),
    Target("signing_keys", 4, _signing_keys),
)
