"""The chain of a journal: each line is sealed under the clinic's key, with the one before it. Pure.

Whoever can write the database, and does not have the key, can change, leave out, move or add no line unseen. An end
that was cut off cannot be seen from the chain alone: `Verified.digest`, noted elsewhere, shows it, and so does whoever
knows how many lines there were.
"""

import hashlib
import hmac
import json
from collections.abc import Sequence
from typing import NamedTuple

BEGINNING = "0" * 64
"""What stands for the seal before the first line."""


OPAQUE_SIGNS = 16
"""Of a code; 64 bits, as of the ids that are drawn by chance."""


class Link(NamedTuple):
    """A line as it is kept."""

    number: int
    line: str
    """Its text: the one text of what it says."""
    previous: str
    seal: str
    key_id: str
    """Which key it was sealed with."""


class Key(NamedTuple):
    """The clinic's key of the journal and of the ledger of disclosures."""

    secret: bytes

    @property
    def id(self) -> str:
        """Tells the key from others, and tells nothing of it."""
        return hashlib.sha256(b"carepath journal\0" + self.secret).hexdigest()[:16]

    def seal(self, of: str, number: int, previous: str, line: str) -> str:
        """The seal of a line: HMAC-SHA256 over whose it is, its number, the seal before it, and itself."""
        said = json.dumps([of, number, previous, line]).encode()
        return hmac.new(self.secret, said, hashlib.sha256).hexdigest()

    def opaque(self, *told: str) -> str:
        """A code that follows from what is told. Without the key nobody can try out what that was: there are so few
        record numbers that a plain hash of one is found in a second (P1)."""
        said = json.dumps(["opaque", *told]).encode()
        return hmac.new(self.secret, said, hashlib.sha256).hexdigest()[:OPAQUE_SIGNS]


def continued(key: Key, of: str, chain: Sequence[Link], lines: Sequence[str]) -> list[Link]:
    """The links by which lines continue a chain, of which only the last link need be given."""
    links, head = list[Link](), chain[-1] if chain else None
    number, previous = (head.number + 1, head.seal) if head else (0, BEGINNING)
    for line in lines:
        link = Link(number, line, previous, key.seal(of, number, previous, line), key.id)
        links.append(link)
        number, previous = number + 1, link.seal
    return links


def problems(key: Key, of: str, chain: Sequence[Link], others: Sequence[str] = ()) -> list[str]:
    """What is wrong with a chain, in words; nothing where each line is what was written, in its place.

    Args:
        key: The clinic's.
        of: Whose chain it is.
        chain: Its links, by their numbers.
        others: Whose chains there are beside it: a line may be from one of them.
    """
    found: list[str] = []
    number, previous = 0, BEGINNING
    for link in chain:
        if link.number > number:
            found.append(_hole(number, link.number - 1))
        elif link.number < number:
            found.append(f"line {link.number} is there twice")
        if (wrong := _wrong(key, of, link, others)) is not None:
            found.append(wrong)
        elif link.number == number and link.previous != previous:
            found.append(f"line {link.number} does not follow the line before it; one of them was replaced")
        number, previous = link.number + 1, link.seal
    return found


def _hole(first: int, last: int) -> str:
    return f"line {first} is missing" if first == last else f"lines {first} to {last} are missing"


def _wrong(key: Key, of: str, link: Link, others: Sequence[str]) -> str | None:
    if link.key_id != key.id:
        return f"line {link.number} was sealed with another key ({link.key_id}); this one is {key.id}"
    if _fits(key, of, link):
        return None
    if other := next((one for one in others if _fits(key, one, link)), None):
        return f"line {link.number} is a line of {other}"
    return f"line {link.number} is not what was written; it was changed"


def _fits(key: Key, of: str, link: Link) -> bool:
    return hmac.compare_digest(link.seal, key.seal(of, link.number, link.previous, link.line))
