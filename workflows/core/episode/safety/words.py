"""The names of flags, of crises and of opioids, in any spelling (A6). The tables are the policy's."""

import re
from collections.abc import Iterable
from difflib import get_close_matches

from workflows.core.engine.errors import InvalidEntry
from workflows.core.episode.linkage.vocabulary import crisis_in
from workflows.core.episode.policy import Attendance

UNCLEAR_CRISIS = "unclear_crisis"
"""The flag of a crisis in words that nobody here knows: until a person has spoken with them it is a high risk (A6)."""

_TELLING = re.compile(r"suicid|overdos|opioid|opiate|selfharm")
"""What a name that means a high risk has in it; a name that nobody knows and that has it is asked about."""


def flag_meant(name: str, rules: Attendance) -> str | None:
    """The high-risk flag that a name stands for; None: it stands for none."""
    known = {squeezed(one): one for one in rules.high_risk_flags}
    others = {squeezed(other): flag for other, flag in rules.flag_names.items()}
    word = squeezed(name)
    return known.get(word) or others.get(word)


def is_of_the_program(name: str, rules: Attendance) -> bool:
    """Whether a flag is one of high risk, or one that the program names itself."""
    own = map(squeezed, rules.other_flags)
    return flag_meant(name, rules) is not None or squeezed(name) in own


def flag_named(name: str, rules: Attendance) -> str:
    """The one name of a flag, however it is written."""
    own = {squeezed(one): one for one in rules.other_flags}
    return flag_meant(name, rules) or own.get(squeezed(name)) or name.lower().replace(" ", "_")


def flag_of_crisis(kind: str, rules: Attendance) -> str | None:
    """The flag that a crisis of a kind raises by itself: by its name, else by the words within it. Only a kind of which
    the policy says so raises none; what nobody here knows is a high risk (A6)."""
    word = squeezed(kind)
    table = {squeezed(other): flag for other, flag in rules.crisis_flags.items()}
    if flag := table.get(word) or flag_meant(kind, rules) or crisis_in(kind):
        return flag
    return None if word in map(squeezed, rules.crises_without_flag) else UNCLEAR_CRISIS


def is_opioid(substance: str, rules: Attendance) -> bool:
    """Whether a substance, as it is written in an entry, is an opioid."""
    words = {squeezed(word) for word in re.split(r"[\s,/()]+", substance)} | {squeezed(substance)}
    return not words.isdisjoint(map(squeezed, rules.opioids))


def refuse_almost_known(name: str, rules: Attendance) -> None:
    """Refuse a flag that looks like one of high risk and is none: without a word it would mean nothing (A6).

    Raises:
        InvalidEntry: with the flags that may be meant.
    """
    word = squeezed(name)
    if is_of_the_program(name, rules):
        return
    names: Iterable[str] = (*rules.high_risk_flags, *rules.flag_names)
    close = get_close_matches(word, [squeezed(one) for one in names], n=1, cutoff=0.8)
    if close or _TELLING.search(word):
        raise InvalidEntry(
            f"name: {name} is no flag of high risk, and may be meant as one: write {', '.join(rules.high_risk_flags)}; "
            "or another code that cannot be taken for one of them (A6)."
        )


def squeezed(name: str) -> str:
    """A name without what people spell differently."""
    return re.sub(r"[^a-z0-9]", "", name.lower())
