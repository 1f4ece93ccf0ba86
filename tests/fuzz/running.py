"""Asking one target some thousand times, and making what was found as small as it can be."""

import re
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.fuzz.target import Forged, Prepared

KEPT = 300
"""So many inputs that led to something new are kept and changed further."""
FROM_KEPT = 0.3
SMALLER_TRIES = 400
_NUMBERS = re.compile(r"[0-9]+")


@dataclass(frozen=True, slots=True)
class Finding:
    """An input after which came something else than the documented refusal."""

    what: str
    case: int
    value: str


@dataclass(slots=True)
class Tally:
    """What became of the cases of one target."""

    cases: int = 0
    seconds: float = 0.0
    slowest: float = 0.0
    became: Counter[str] = field(default_factory=Counter)
    finding: Finding | None = None

    def add(self, other: "Tally") -> None:
        """Take the cases of another process to these."""
        self.cases += other.cases
        self.seconds += other.seconds
        self.slowest = max(self.slowest, other.slowest)
        self.became.update(other.became)
        self.finding = self.finding or other.finding


def ask(prepared: Prepared, cases: int, seed: str) -> Tally:
    """So many changed inputs, the same for the same seed; ends at the first finding."""
    chance, valid, tally = Random(seed), prepared.valid, Tally()
    kept, heard = list[Any](), set[str]()
    begun = time.process_time()
    for number in range(cases):
        # What is wrong in one way hides what else may be wrong: most inputs begin as valid ones.
        first = chance.choice(kept if kept and chance.random() < FROM_KEPT else valid)
        value = prepared.changed(chance, first, chance.choice(valid))
        before = time.process_time()
        became, words, problem = _told(prepared, value)
        tally.slowest = max(tally.slowest, time.process_time() - before)
        tally.cases += 1
        tally.became[became] += 1
        if problem:
            small = smaller(prepared, value, became)
            tally.finding = Finding(_told(prepared, small)[2] or problem, number, _shown(small))
            break
        if words not in heard and len(kept) < KEPT:
            heard.add(words)
            kept.append(value)
    tally.seconds = time.process_time() - begun
    return tally


def _told(prepared: Prepared, value: Any) -> tuple[str, str, str | None]:
    """What became of it, in which words, and the problem if that is one."""
    try:
        prepared.tell(value)
    except prepared.refusals as error:
        name = type(error).__name__
        return name, name + _NUMBERS.sub("", str(error)[:60]), None
    except Exception as error:
        said = "accepted" if isinstance(error, Forged) else "raised"
        return f"! {type(error).__name__}", "", f"{said} {type(error).__name__}: {str(error)[:300]}"
    return "taken", "taken", None


def _shown(value: Any) -> str:
    try:
        text = ascii(value)
    except RecursionError:
        return "a value that is nested too deeply to be shown"
    return text if len(text) <= 2_000 else f"{text[:2_000]}… ({len(text):,} signs)"


def smaller(prepared: Prepared, value: Any, became: str) -> Any:
    """The smallest input that still ends in the same way."""
    tries, found = 0, True
    try:
        while found and tries < SMALLER_TRIES:
            found = False
            for one in _simpler(value):
                tries += 1
                if _told(prepared, one)[0] == became:
                    value, found = one, True
                    break
                if tries >= SMALLER_TRIES:
                    break
    except RecursionError:
        pass  # it is shown as it is
    return value


def _simpler(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        for name in value:
            yield {one: kept for one, kept in value.items() if one != name}
        for name, part in value.items():
            yield from ({**value, name: one} for one in _simpler(part))
    elif isinstance(value, tuple):
        for place, part in enumerate(value):
            yield from ((*value[:place], one, *value[place + 1 :]) for one in _simpler(part))
    elif isinstance(value, list):
        yield from _shorter(value)
        for place, part in enumerate(value):
            yield from ([*value[:place], one, *value[place + 1 :]] for one in _simpler(part))
    elif isinstance(value, str | bytes):
        yield from _shorter(value)


def _shorter(value: Any) -> Iterator[Any]:
    """Without its first half, its second, a quarter, … one sign."""
    length = max(1, len(value) // 2) if value else 0
    while length:
        for start in range(0, len(value) - length + 1, length):
            yield value[:start] + value[start + length :]
        length //= 2
