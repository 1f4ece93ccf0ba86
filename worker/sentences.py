"""Entries in words, for whoever reads a journal: nothing of what was stated is left out."""

import re
from collections.abc import Mapping
from typing import Any

COMMON = ("id", "kind", "by", "source", "supersedes", "supersedes_reason", "signature")
"""Fields that stand elsewhere in a journal, or are for machines."""

WORDED = {
    "attendance": "session of {session}: {status}",
    "session_change": "session of {session} {change}",
    "test": "test {test_id}: {result}",
    "use": "use on {on}",
    "decision": "decided {choice} about {about}",
    "exit": "exit as {reason} on {on}",
    "retraction": "took back entry {entry_id}: {reason}",
    "admission": "admitted on {on}",
    "level_of_care": "level of care {level}",
    "crisis": "crisis: {type}",
    "leave": "on leave from {from} to {until}: {reason}",
    "return": "returned on {on}",
    "contact": "contact by {channel}: {outcome}",
    "consent": "consented that {recipient} is told: {content}",
    "revocation": "revoked consent {consent_id}",
    "checkin": "check-in on {on}, risk {risk}",
    "need": "needs {service}",
    "goal": "goal {goal_id}: {title}, {status}",
    "medication": "takes {name}",
}
"""How a kind is told; what its sentence does not name follows it, by the names of the fields."""

DEFAULTS = {"attendance": {"status": "attended"}, "test": {"result": "pending"}, "goal": {"status": "open"}}
"""What a journal leaves out because it goes without saying."""


def sentence(entry: Mapping[str, Any]) -> str:
    """One entry as the journal has it, in words."""
    kind = str(entry.get("kind", ""))
    given = {**DEFAULTS.get(kind, {}), **{name: one for name, one in entry.items() if name not in COMMON}}
    said = WORDED.get(kind, "")
    named = {name for name in given if "{" + name + "}" in said}
    if not said or said.count("{") != len(named):  # a field of the sentence was not given
        said, named = kind.replace("_", " "), set()
    else:
        said = _filled(said, given)
    rest = [f"{name.replace('_', ' ')} {_said(value)}" for name, value in given.items() if name not in named]
    corrects = [f"in place of {entry['supersedes']}"] if entry.get("supersedes") else []
    corrects += [f"because {entry['supersedes_reason']}"] if entry.get("supersedes_reason") else []
    return said[:1].upper() + said[1:] + "".join(f", {part}" for part in [*rest, *corrects]) + "."


def _filled(said: str, given: Mapping[str, Any]) -> str:
    """Each name in braces replaced once: what is put in is text, also where it holds braces itself."""
    return re.sub(r"{(\w+)}", lambda found: _said(given[found[1]]), said)


def _said(value: Any) -> str:
    match value:
        case True:
            return "yes"
        case False:
            return "no"
        case None:
            return "not said"
        case Mapping():
            return (
                "(" + ", ".join(f"{name.replace('_', ' ')} {_said(one)}" for name, one in value.items()) + ")"
            )
        case list() | tuple():
            return ", ".join(map(_said, value)) or "none"
        case str() if len(value) >= 16 and value[10:11] == "T" and value[:4].isdigit():
            return (
                value.replace("T", " ").removesuffix(":00")
                if value.count(":") == 2
                else value.replace("T", " ")
            )
        case _:
            return str(value)
