"""Reading fields of feeds, in which any value may have any shape: numbers as text, text as numbers, "" for nothing.

Nothing in here raises. A value that cannot be read is None or empty; who reads it says so in a remark.
"""

import html
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from activities.directory.listing import Place

_TAG = re.compile(r"<[^<>]{0,500}>")
_SPACE = re.compile(r"\s+")
_EMAIL = re.compile(r"\S+@\S+\.\w+")
_PHONE = re.compile(r"\+?\d?[\s.(-]*\d{3}[\s.)-]*\d{3}[\s.-]*\d{4}\b")
_HANDLE = re.compile(r"(?i)\b(venmo|pay\s?pal|cash\s?app|square|zelle)\b[^.;\n]*")
_MOMENTS = ("%m/%d/%Y", "%m/%d/%Y %I:%M:%S %p", "%m/%d/%Y %H:%M:%S", "%m/%d/%y")


def text(value: Any, at_most: int = 300) -> str:
    """Text for people: entities and tags resolved, white space folded. Not for links."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return ""
    plain = str(value)
    if "<" in plain or "&" in plain:
        plain = html.unescape(_TAG.sub(" ", plain))
    return _folded(plain, " ")[:at_most]


def directions(value: Any) -> str:
    """Text about how to find a place, without the e-mail addresses, phone numbers and payment handles in it."""
    plain = text(value, 500)
    for personal in (_EMAIL, _PHONE, _HANDLE):
        plain = personal.sub(" ", plain)
    return _SPACE.sub(" ", plain).strip()


def code(value: Any, at_most: int = 120) -> str:
    """An id or a code, as it is but for its white space; ids may be numbers."""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return ""
    return _folded(str(value), "")[:at_most]


def _folded(plain: str, unprintable: str) -> str:
    if not plain.isprintable():
        plain = "".join(c if c.isprintable() else unprintable for c in plain)
    return " ".join(plain.split())


def link(value: Any) -> str:
    """An http(s) link, untouched: resolving entities in it would corrupt it (`&currently=` is no `¤tly=`)."""
    if not isinstance(value, str) or len(value) > 2000 or not value.isprintable():
        return ""
    try:
        parts = urlsplit(value.strip())
    except ValueError:
        return ""
    return value.strip() if parts.scheme in ("http", "https") and parts.netloc else ""


def number(value: Any) -> float | None:
    """A finite number, also one written as text."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def whole(value: Any) -> int | None:
    """A whole number, also one written as text."""
    found = number(value)
    return int(found) if found is not None and found == int(found) else None


def members(value: Any) -> list[Any]:
    """A list; one value alone is a list of one, "[a, b]" and "a,b" are lists as well."""
    if isinstance(value, (list, tuple)):
        return list(value)
    if isinstance(value, str):
        return [part for part in (one.strip() for one in value.strip().strip("[]").split(",")) if part]
    return [] if value is None else [value]


def obj(value: Any) -> Mapping[str, Any]:
    """An object; empty where it is none."""
    return value if isinstance(value, Mapping) else {}


def objects(value: Any) -> list[Mapping[str, Any]]:
    """The objects in a list; one object alone is a list of one."""
    return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, Mapping)]


def says_yes(value: Any) -> bool | None:
    """A boolean, also one written as text; None where nothing is said."""
    if isinstance(value, bool):
        return value
    word = code(value).lower()
    if word in ("yes", "y", "true", "1"):
        return True
    return False if word in ("no", "n", "false", "0") else None


def moment(value: Any) -> datetime | None:
    """When something was updated: ISO, "8/25/2022 11:17:07 AM" and "7/4/2021" are seen; UTC where no zone is said."""
    written = code(value)
    if len(written) < 6:
        return None
    for shape in (None, *_MOMENTS):
        try:
            found = datetime.strptime(written, shape) if shape else datetime.fromisoformat(written)  # noqa: DTZ007
            return found if found.tzinfo else found.replace(tzinfo=UTC)
        except (ValueError, OverflowError):
            continue
    return None


def place(latitude: Any, longitude: Any, *, approximate: bool = False) -> Place | None:
    """A point on the earth; None for what is none, and for 0,0, which stands for nothing known."""
    north, east = number(latitude), number(longitude)
    if north is None or east is None or abs(north) > 90 or abs(east) > 180:
        return None
    return None if abs(north) < 0.01 and abs(east) < 0.01 else Place(north, east, approximate)


def unplaced(latitude: Any, longitude: Any) -> str:
    """Why coordinates are no place, as a remark on their row: not given, or given and not to be used."""
    given = [text(str(one), 20) for one in (latitude, longitude) if one is not None and one != ""]
    if not given:
        return "latitude, longitude: are not given; its distance is not known"
    if all(number(one) == 0 for one in given):
        return "latitude, longitude: 0 stands for nothing known; its distance is not known"
    return f"latitude, longitude: {', '.join(given)} is no place on earth; its distance is not known"


def joined(*parts: str) -> str:
    """An address line of the parts that are known."""
    return ", ".join(part for part in parts if part)
