"""What is refused because it tells who somebody is: flags and titles are seen by many (P1)."""

import re

from workflows.core.engine.errors import InvalidEntry
from workflows.core.episode.entries import Flag
from workflows.core.episode.facts import Facts
from workflows.core.episode.safety.words import flag_named, is_of_the_program

_NUMBER_OF_A_PERSON = re.compile(r"\d(?:[ ().+_-]*\d){6,}")
"""Seven digits and more, however they are grouped: a telephone, a record, a date of birth."""

_FORM_OF_ADDRESS = re.compile(r"\b(?:Mr|Mrs|Ms|Mx|Miss|Dr|Prof)\b\.?\s+[^\W\d_a-z]")
"""What is said before a person's name. A name alone cannot be told from other words: "Grace House" is a place."""


def refuse_name_as_flag(flag: Flag, facts: Facts) -> None:
    """A flag stands on every screen that shows where a person stands: there is no room there for a sentence, an address
    or anybody's name (P1)."""
    rules, name = facts.policy.attendance, flag_named(flag.name, facts.policy.attendance)
    known = [one.entry for one in facts.record.standing(Flag)]
    if is_of_the_program(flag.name, rules) or any(flag_named(one.name, rules) == name for one in known):
        return
    if rules.other_flags:
        there = ", ".join((*rules.high_risk_flags, *rules.other_flags))
        raise InvalidEntry(
            f"name: the program has no such flag; write one of {there}, or let the program name it in "
            "attendance.other_flags (P1)."
        )
    refuse_what_tells_who("name", flag.name)
    if not re.fullmatch(r"[\w-]{1,40}", flag.name) or flag.name != flag.name.lower():
        raise InvalidEntry(
            "name: a flag is a short code of small letters, digits, - and _, such as new_job, and names no person. One "
            "that the program names in attendance.other_flags may be written in any way (P1)."
        )


def refuse_what_tells_who(field: str, text: str | None) -> None:
    """A flag and the name of a goal stand on screens: nothing that tells who somebody is (P1)."""
    rest = "it has a code that tells of nobody, and the rest stands in the note of note_ref (P1)."
    if text and _NUMBER_OF_A_PERSON.search(text):
        raise InvalidEntry(f"{field}: it holds a number such as a telephone's or a record's; {rest}")
    if text and ("@" in text or _FORM_OF_ADDRESS.search(text)):
        raise InvalidEntry(f"{field}: it holds an address or a person's name; {rest}")
