"""Changing a valid input a little: JSON by its structure, text by its signs, bytes by themselves."""

import math
from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any

Changing = Callable[[Random, Any, Any], Any]
"""A new value from chance, a value, and a second one from which parts may be taken. It changes neither of them."""


def _nested(depth: int) -> Any:
    value: Any = 1
    for level in range(depth):
        value = [value] if level % 2 else {"a": value}
    return value


DAYS = (
    "0001-01-01", "9999-12-31", "2026-02-30", "2024-02-29", "2026-1-5", "1900-01-01", "2100-06-30", "20260105",
    "2026-01-05T24:00", "2026-01-05T23:59:60Z", "0001-01-01T00:00+14:00", "9999-12-31T23:59:59-12:00",
    "2026-03-08T02:30", "2026-11-01T01:30", "2026-01-05T18:00:00.123456789Z", "2026-01-05T18:00+99:99", "2026-W01-1",
    "12/31/2026", "31.12.2026", "2/3/2026", "45000", "45000.75", "Oct 2, 2026", "2 October 2026 6:00 PM", "24:00",
    "25:61", "-1:00", "00:00", "0x10", "P1D", "1767600000", "1e400",
)  # fmt: skip
SIGNS = (
    "\x00", "\n", "\r", "\t", "\x1b", "\x7f", "\x85", "\xa0", "\u200b", "\u202e", "\u2028", "\ufeff", "\ufffd",
    "\ud800", "\udfff", "\u0301", "é", "ß", "İ", "٣", "²", "Ⅷ", "\U0001f600", '"', "'", "\\", ",", ";", ":", "|", "@",
    "#", "%", "{", "}", "[", "]", "<", "&", "*", "=", "+", "/", "-", ".", "_", " ", "0", "9", "a", "Z",
)  # fmt: skip
VALUES: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 7, 255, 2**31, 2**63, -(2**63), 10**30, 0.5, -0.0, 1e308, 5e-324, math.nan, math.inf,
    "", " ", "null", "true", "0", "-1", "1e9", "NaN", "x", "cm-1", "staff", "import", "carepath", *SIGNS[:20], *DAYS,
    [], {}, [[]], [None], {"": 1}, {"a": {"b": {"c": None}}}, {"kind": "use"}, ["x"] * 3, [1, "1", 1.0],
)  # fmt: skip
HUGE: tuple[Any, ...] = (
    "x" * 3_000, "9" * 5_000, "\u202e" * 500, "a b " * 700, ["x"] * 300, [{}] * 250, {f"f{n}": n for n in range(600)},
    10**400, _nested(14), _nested(60), _nested(300), "x" * 60_000, "é" * 30_000,
)  # fmt: skip
"""What costs a reader more; it comes seldom."""
TOKENS = (
    *(one.encode("utf-8", "surrogatepass") for one in (*SIGNS, *DAYS, "null", "true", "NaN", "1e999", "\r\n", '""')),
    b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf", b"\x80", b"\xc0\x80", b"PK\x03\x04", b"<html>", b"sep=;\n", b"\x00" * 9,
    b"[" * 3_000, b'{"a":' * 3_000,
)  # fmt: skip
TOO_DEEP = _nested(3_000)
"""Deeper than Python calls; no text in JSON is read to so much."""

SELDOM = 0.01


def changed_json(chance: Random, value: Any, other: Any) -> Any:
    """JSON with one to four changes."""
    for _ in range(1 if chance.random() < 0.6 else chance.randint(2, 4)):
        value = _once(chance, value, other)
    return value


def changed_or_too_deep(chance: Random, value: Any, other: Any) -> Any:
    """The same for what has to bear any depth."""
    changed = changed_json(chance, value, other)
    if chance.random() < SELDOM and isinstance(changed, dict) and changed:
        return {**changed, chance.choice([*changed]): TOO_DEEP}
    return changed


def _once(chance: Random, value: Any, other: Any) -> Any:
    if isinstance(value, Mapping) and value and chance.random() < 0.97:
        return _object(chance, value, other)
    if isinstance(value, list | tuple) and value and chance.random() < 0.9:
        return _list(chance, value, other)
    if chance.random() < 0.5:
        if isinstance(value, str):
            return changed_text(chance, value, "")
        if isinstance(value, int | float) and value == value and abs(value) < 1e18:
            return chance.choice(
                (value + 1, -value, value * 1000, float(value), str(value), [value], bool(value))
            )
    return _strange(chance, other)


def _strange(chance: Random, other: Any) -> Any:
    if chance.random() < SELDOM:
        return chance.choice(HUGE)
    return _part(chance, other) if chance.random() < 0.3 else chance.choice(VALUES)


def _part(chance: Random, value: Any) -> Any:
    """Some part of a value."""
    while isinstance(value, Mapping | list | tuple) and value and chance.random() < 0.8:
        value = chance.choice([*value.values()] if isinstance(value, Mapping) else value)
    return value


def _object(chance: Random, value: Mapping[str, Any], other: Any) -> dict[str, Any]:
    name, copy, what = chance.choice([*value]), dict(value), chance.random()
    if what < 0.1:
        del copy[name]
    elif what < 0.17:  # a field by another name
        copy[_name(chance, value, other)] = copy.pop(name)
    elif what < 0.24:  # one more
        copy[_name(chance, value, other)] = _strange(chance, other)
    elif what < 0.29 and isinstance(other, Mapping) and other:  # one as another input has it
        taken = chance.choice([*other])
        copy[taken] = other[taken]
    elif what < 0.33:  # two fields in each other's place
        swapped = chance.choice([*value])
        copy[name], copy[swapped] = copy[swapped], copy[name]
    else:
        copy[name] = _once(chance, value[name], other)
    return copy


def _name(chance: Random, value: Mapping[str, Any], other: Any) -> str:
    known = [*value, *(other if isinstance(other, Mapping) else ())]
    name: str = chance.choice(known)
    what = chance.random()
    if what < 0.5:
        return name
    return chance.choice(SIGNS) if what < 0.6 else changed_text(chance, name, "")


def _list(chance: Random, value: Sequence[Any], other: Any) -> list[Any]:
    place, copy, what = chance.randrange(len(value)), list(value), chance.random()
    if what < 0.12:
        del copy[place]
    elif what < 0.2:
        copy.insert(place, copy[chance.randrange(len(copy))])
    elif what < 0.28:
        copy.insert(place, _strange(chance, other))
    elif what < 0.3 and len(copy) < 50:
        copy *= chance.choice((2, 5, 50))
    elif what < 0.35:
        chance.shuffle(copy)
    else:
        copy[place] = _once(chance, value[place], other)
    return copy


def changed_text(chance: Random, text: str, other: str) -> str:
    """Text with a sign put in, taken out or replaced, a part cut out, repeated, or taken from another one."""
    start, what = chance.randint(0, len(text)), chance.random()
    end = min(len(text), start + (1 if chance.random() < 0.7 else chance.randint(0, 20)))
    if what < 0.3:
        return text[:start] + chance.choice(SIGNS) + text[end:]
    if what < 0.45:
        return text[:start] + chance.choice(SIGNS) + text[start:]
    if what < 0.6:
        return text[:start] + text[end:]
    if what < 0.67:
        return text[:start] + text[start:end] * chance.choice((2, 3, 40)) + text[end:]
    if what < 0.74:
        return text[:start] if chance.random() < 0.5 else text[start:]
    if what < 0.81:
        return chance.choice((text.upper(), text.lower(), text.swapcase(), text[::-1], f" {text} "))
    if what < 0.88 and other:
        return text[:start] + other[chance.randint(0, len(other)) :]
    return text[:start] + chance.choice(DAYS) + text[end:]


def changed_bytes(chance: Random, content: bytes, other: bytes) -> bytes:
    """Bytes with one to five changes: a bit flipped, a part cut out, repeated or overwritten, two inputs spliced."""
    for _ in range(chance.choice((1, 1, 1, 2, 3, 5))):
        start, what = chance.randint(0, len(content)), chance.random()
        end = min(len(content), start + chance.choice((1, 1, 1, 2, 4, 8, 32, 200)))
        if what < 0.25 and start < len(content):
            flipped = bytes((content[start] ^ (1 << chance.randrange(8)),))
            content = content[:start] + flipped + content[start + 1 :]
        elif what < 0.4:
            content = content[:start] + content[end:]
        elif what < 0.6:
            content = content[:start] + chance.choice(TOKENS) + content[end:]
        elif what < 0.7:
            content = content[:start] + chance.choice(TOKENS) + content[start:]
        elif what < 0.78:
            content = content[:start] + content[start:end] * chance.choice((2, 3, 50)) + content[end:]
        elif what < 0.86:
            content = content[:start] + other[chance.randint(0, len(other)) :]
        elif what < 0.92:
            content = content[:start]
        else:
            content = content[:start] + chance.randbytes(end - start) + content[end:]
    return content


def changed_parts(chance: Random, parts: Sequence[Any], other: Sequence[Any]) -> tuple[Any, ...]:
    """A few texts or bytes that belong together, such as a key's name and what it has closed: one of them changed, or
    taken from another input."""
    copy, place = list(parts), chance.randrange(len(parts))
    if chance.random() < 0.3:
        copy[place] = other[place]
    elif isinstance(copy[place], bytes):
        copy[place] = changed_bytes(chance, copy[place], other[place])
    else:
        copy[place] = changed_text(chance, copy[place], other[place])
    return tuple(copy)
