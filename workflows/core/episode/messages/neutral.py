"""Refuses what would show a bystander that somebody is in substance-use care: a template, a sender, a link (P2)."""

import re

ALLOWED_VARIABLES = frozenset({"clinic_phone"})
"""What a template may fill in; no name, no time, no place: each could tell who is meant or what for."""

FORBIDDEN = (
    "iop", "iot", "program", "programme", "recovery", "rehab", "rehabilitation", "drug", "drugs", "alcohol",
    "substance", "sober", "sobriety", "clean", "addict", "addiction", "relapse", "slip", "use", "test", "tests",
    "treatment", "therapy", "therapist", "counseling", "counselling", "counselor", "group", "session", "missed",
    "aa", "na", "detox", "methadone", "buprenorphine", "naloxone", "patient", "diagnosis", "discharge", "clinic",
    "programa", "recuperación", "rehabilitación", "droga", "drogas", "sustancia", "sobrio", "sobriedad", "adicción",
    "recaída", "prueba", "tratamiento", "terapia", "terapeuta", "consejero", "grupo", "sesión", "paciente", "clínica",
)  # fmt: skip
"""Words that alone, or with the sender, can tell a bystander what kind of care this is; in each language in use."""

TELLING = (
    "recover", "rehab", "sober", "sobri", "addict", "adicci", "detox", "substance", "substancia", "sustancia",
    "alcohol", "drug", "droga", "methadone", "suboxone", "relapse", "iop", "treatment", "12step", "twelvestep",
)  # fmt: skip
"""Parts of words that tell it inside an address or a name, where words run together."""


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
    text = re.sub(r"\{.*?\}", "", template).lower()
    words = set(re.findall(r"[^\W\d_]+", text))
    problems += [
        f"the word '{word}' can show what kind of care this is" for word in FORBIDDEN if word in words
    ]
    if re.search(r"https?:|www\.|\w\.(com|org|net|health|care)\b", text):
        problems.append("a link can show what kind of care this is")
    return problems


def check_sender(sender: str) -> list[str]:
    """What is wrong with a sender's name and address."""
    told = [part for part in TELLING if part in re.sub(r"[^a-z0-9]", "", sender.lower())]
    return [f"the sender holds '{part}', which shows what kind of care this is" for part in told]


def check_phone(phone: str) -> list[str]:
    """What is wrong with the number that templates give: letters in it can spell what kind of care this is."""
    return [] if re.fullmatch(r"\+?[\d .()-]{5,}", phone) else ["the phone number must be digits alone"]
