"""Bytes of another system become text, in whatever encoding they came."""

import codecs
import re

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_LINE_END = re.compile(r"\r\n|\n|\r")


def decoded(raw: bytes) -> str:
    """The text of a file: by its mark, else UTF-16 where every other byte is zero, else UTF-8, else Latin-1."""
    for mark, encoding in _MARKS:
        if raw.startswith(mark):
            return raw.decode(encoding, errors="replace")
    start = raw[:200]
    if start.count(0) > len(start) // 4:
        return raw.decode(
            "utf-16-le" if start[1::2].count(0) > start[::2].count(0) else "utf-16-be", "replace"
        )
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        # Old systems write names in Latin-1. Those columns are never imported, and every code is ASCII.
        return raw.decode("latin-1")


def lines(text: str) -> list[str]:
    """The lines of a text. Rarer signs at which Python would break a line too are part of what people write."""
    found = _LINE_END.split(text)
    return found[:-1] if found[-1] == "" else found
