"""Refuses a patient message in which any word shows substance-use care (P2)."""

import re

ALLOWED_VARIABLES = frozenset({"clinic_phone"})

FORBIDDEN = (
    "iop", "iot", "program", "programme", "recovery", "rehab", "rehabilitation", "drug", "drugs", "alcohol",
    "substance", "sober", "sobriety", "clean", "addict", "addiction", "relapse", "slip", "use", "test", "tests",
    "treatment", "therapy", "therapist", "counseling", "counselling", "counselor", "group", "session", "missed",
    "aa", "na", "detox", "methadone", "buprenorphine", "naloxone", "patient", "diagnosis", "discharge", "clinic",
)  # fmt: skip
"""Words that alone, or with the sender, can tell a bystander what kind of care this is."""


def check(template: str) -> list[str]:
    """What is wrong with a template; nothing, if it may be sent."""
    first, _, body = template.partition("\n\n")
    problems = []
    if not first.startswith("Subject: ") or not body.strip():
        problems.append("it must begin with a line 'Subject: …', an empty line, and a text")
    variables = set(re.findall(r"\{(.*?)\}", template))
    problems += [
        f"{{{name}}} is not a variable that may be filled in"
        for name in sorted(variables - ALLOWED_VARIABLES)
    ]
    words = set(re.findall(r"[a-z]+", re.sub(r"\{.*?\}", "", template).lower()))
    problems += [
        f"the word '{word}' can show what kind of care this is" for word in FORBIDDEN if word in words
    ]
    if re.search(r"https?:|www\.", template.lower()):
        problems.append("a link can show what kind of care this is")
    return problems
