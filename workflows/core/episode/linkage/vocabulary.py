"""The words for what a person may need or be in danger of: the one judge of which kind of referral a word begins
(C3-C5), and of which danger to life somebody's words mean (A6).

A need that is stated, a search in the directories and the listings of a directory all meet here, so that no face judges
otherwise than another. Nothing is disclosed to mutual help: whatever means it begins no referral of another kind (C4).
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

ReferralKind = Literal["therapist", "mutual_help", "service", "level_of_care"]

SECULAR_FELLOWSHIPS = frozenset({"smart", "lifering", "women_for_sobriety", "sos", "moderation"})
"""Mutual help that is built on no higher power; one of these is always offered beside the others (C4)."""

FELLOWSHIPS = {
    "aa": "Alcoholics Anonymous", "na": "Narcotics Anonymous", "ca": "Cocaine Anonymous",
    "ma": "Marijuana Anonymous", "cma": "Crystal Meth Anonymous", "al_anon": "Al-Anon",
    "nar_anon": "Nar-Anon", "dra": "Dual Recovery Anonymous", "celebrate_recovery": "Celebrate Recovery",
    "ha": "Heroin Anonymous", "pa": "Pills Anonymous", "nica": "Nicotine Anonymous", "ga": "Gamblers Anonymous",
    "oa": "Overeaters Anonymous", "coda": "Co-Dependents Anonymous", "aca": "Adult Children of Alcoholics",
    "alateen": "Alateen", "wellbriety": "Wellbriety", "refuge_recovery": "Refuge Recovery",
    "she_recovers": "SHE RECOVERS",
    "smart": "SMART Recovery", "lifering": "LifeRing Secular Recovery", "women_for_sobriety": "Women for Sobriety",
    "sos": "Secular Organizations for Sobriety", "recovery_dharma": "Recovery Dharma",
    "moderation": "Moderation Management",
}  # fmt: skip

_SERVICES = {
    "food_bank": r"food (bank|pantr|shelf|box)|pantry|groceries|emergency food|\bsnap\b|\bwic\b|soup kitchen|meals?\b",
    "interview_clothes": r"interview (cloth|attire|outfit)|(work|professional|business) (cloth|attire)|"
                         r"dress for success|career closet",
    "job_training": r"\bjobs?\b|vocational|employment|workforce|career|resume",
    "transport": r"\btransport|\brides?\b|bus pass|van service|transit",
    "legal_help": r"\blegal|\blawyer|attorney|expunge|record sealing|court (help|advoca)",
    "recreation": r"recreation|\bsport|\bgym\b|fitness|\byoga\b|sober (event|activit)|art class|community cent",
    "hiv_testing": r"\bhiv\b|\baids (test|service|project)",
    "hepatitis_testing": r"hepatitis|\bhep[ -]?[bc]\b|\bhcv\b|\bhbv\b",
    "sti_testing": r"\bsti\b|\bstis\b|\bstd\b|\bstds\b|sexually transmitted|sexual health",
    "housing": r"housing|shelter|sober living|recovery (home|residence)|\brent\b|homeless",
    "health_care": r"primary care|health (clinic|center)|medical care|dental",
    "naloxone": r"naloxone|narcan|harm reduction|overdose prevention|syringe",
    "childcare": r"child ?care|day ?care|head start",
    "benefits": r"benefits|medicaid enrol|insurance enrol|social security|\btanf\b",
    "clothing": r"\bcloth(es|ing)\b",
    "education": r"\bged\b|literacy|adult education|english class|\besl\b",
    "peer_support": r"peer (support|recovery)|recovery (community|cent)",
    "withdrawal_management": r"withdrawal management|detox",
    "residential": r"residential (treatment|rehab|substance)|inpatient rehab",
    "php": r"partial hospital",
    "medication": r"opioid treatment|methadone|buprenorphine|medication[- ]assisted|\bmoud\b",
    "outpatient": r"outpatient (rehab|substance|treatment)",
    "crisis": r"crisis|suicide prevention",
}  # fmt: skip
"""Needs, and what directories call what meets them."""

SERVICES = frozenset(_SERVICES)
LEVELS_OF_CARE = frozenset({"withdrawal_management", "residential", "php", "outpatient", "medication"})

_SPECIALTIES = {
    "trauma": r"trauma|ptsd|post[- ]traumatic",
    "emdr": r"emdr|eye movement",
    "dual_diagnosis": r"dual[- ]diagnos|co[- ]?occurring|\bmisa\b|\bcod\b",
    "family": r"famil|marriage",
    "couples": r"couple|marital",
    "addiction": r"addict|substance|alcohol|chemical dependency",
    "cbt": r"\bcbt\b|cognitive[- ]behav",
    "dbt": r"\bdbt\b|dialectical",
    "anxiety": r"anxiety|panic",
    "depression": r"depress|mood",
    "bipolar": r"bipolar",
    "grief": r"grief|bereave",
    "psychiatry": r"psychiatr",
    "medication": r"medication management|\bmoud\b|buprenorphine",
    "pain": r"chronic pain",
}  # fmt: skip
SPECIALTIES = frozenset(_SPECIALTIES)

_MUTUAL_HELP = re.compile(
    r"\banonymous\b|\banon\b|\b(12|twelve)[ -]?steps?\b|\bstep (meeting|group|work)|mutual[ -](help|aid|support)|"
    r"self[ -]help|\bmeetings?\b|support groups?\b|\bfellowships?\b|\bsponsor(ship)?s?\b|\bsmart (recovery|meeting)|"
    r"\brecovery (group|meeting|circle)|\brefuge recovery|\blife ?ring\b|\bbig book\b|\bsober (group|circle)|"
    r"\b(dharma|buddhist) recovery|\bslaa\b|\bdouble trouble\b|\bin the rooms\b|\bmillati islami\b|\bjacs\b"
)
"""How people speak of mutual help beside its names."""

_THERAPY = re.compile(
    r"\btherap(y|ist|ists|ies)\b|psychotherap|\bcounsel(l)?(or|ors|ing)\b|\bpsycholog(ist|y)|\blcsw\b|\blpc\b|\blmft\b|"
    r"\bmental health\b"
)
_CRISES = {
    "recent_overdose": r"over[ -]?do[sz]|\bo\.?d\b|\bo\.?d\.?'?(ed|ing)\b|\bnarcan|naloxone",
    "suicide_risk": r"suici|sucid|self[ -]?(harm|injur|mutilat)|"
                    r"\b(kill|harm|hurt|hang|cut)(s|ing|ed)? (him|her|them|my|your|one)[ -]?sel(f|ves)|"
                    r"\b(want|wish|wanting|wishing|wants|wishes) (to die|to be dead|(he|she|they|i) (was|were) dead)|"
                    r"\b(end|tak)(e|s|ing) (his|her|their|my|own|one.?s)( own)? li(fe|ves)|\bend it all\b|"
                    r"\bbetter off dead\b|\bjump(ed|ing)? (off|from)",
}  # fmt: skip
"""What people call a danger to life, by the flag of high risk that it means (A6)."""

_SPOKEN_CODES = frozenset({"aa", "na", "ca", "cma", "al_anon", "nar_anon", "alateen", "coda", "smart"})
"""Codes of fellowships that are used as words; of the others only the whole word or the name is meant."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a word for a need stands for: the kind of its referral, and our code, "" where the kind says it all."""

    kind: ReferralKind
    code: str = ""


@lru_cache(maxsize=2048)
def meaning(words: str) -> Meaning | None:
    """What a word or some words for a need stand for; None where nobody here knows them.

    A whole code of ours comes first, then whatever means mutual help, then levels of care, therapy, other services.
    """
    word = slug(words)
    if group := fellowship_in(words):
        return Meaning("mutual_help", group)
    if word not in SERVICES and is_mutual_help(words):
        return Meaning("mutual_help")
    need = service(words)
    if (level := _LEVEL_NAMES.get(word, word)) in _LEVELS or need in LEVELS_OF_CARE:
        return Meaning("level_of_care", level if level in _LEVELS else need)
    if _CRISIS_CARE.search(_plain(words)):
        return Meaning("level_of_care", "crisis")
    special = specialty(words)
    if word not in SERVICES and (special in SPECIALTIES or _THERAPY.search(_plain(words))):
        return Meaning("therapist", special if special in SPECIALTIES else "")
    return Meaning("service", need) if need in SERVICES else None


_CRISIS_CARE = re.compile(r"\bcrisis (stabili[sz]ation|residential|bed)")
_LEVELS = frozenset({"outpatient", "iop", "php", "residential", "withdrawal_management"})
_LEVEL_NAMES = {"iot": "iop", "intensive_outpatient": "iop", "intensive_outpatient_program": "iop",
                "rehab": "residential", "inpatient": "residential", "partial_hospitalisation": "php",
                "day_treatment": "php", "day_hospital": "php"}  # fmt: skip


def is_mutual_help(words: str) -> bool:
    """Whether some words mean mutual help, whichever: AA, a 12-step meeting, SMART Recovery, a sponsor."""
    return fellowship_in(words) is not None or bool(_MUTUAL_HELP.search(_plain(words)))


def fellowship_in(words: str) -> str | None:
    """The code of the fellowship that some words speak of: "AA", "an NA meeting", "SMART Recovery"."""
    word = slug(words)
    if (code := fellowship(word)) in FELLOWSHIPS:
        return code
    plain = f" {word.replace('_', ' ')} "
    for code, name in FELLOWSHIPS.items():
        if f" {slug(name).replace('_', ' ')} " in plain:
            return code
    if word in SERVICES or "_" not in word:
        return None
    return next((code for code in _SPOKEN_CODES if f" {code.replace('_', ' ')} " in plain), None)


def slug(value: str) -> str:
    """A code of a word: "Dual diagnosis" and "dual-diagnosis" are `dual_diagnosis`."""
    return re.sub(r"[^a-z0-9]+", "_", value.lower()).strip("_")


def crisis_in(words: str) -> str | None:
    """The flag of high risk that some words for a crisis mean: "heroin OD", "wants to kill themself" (A6)."""
    return next(iter(_spoken_of(_CRISES, [words.replace("-", " ")])), None)


def service(words: str) -> str:
    """The code of a need in somebody's words; the words themselves as a code where it is none of ours."""
    return _one(words, _SERVICES)


def specialty(words: str) -> str:
    """The code of a specialty in somebody's words."""
    return _one(words, _SPECIALTIES)


def fellowship(words: str) -> str:
    """The code of a fellowship: "AA", "SMART Recovery" and "smart_recovery" are known."""
    word = slug(words)
    return word if word in FELLOWSHIPS else _NAMES.get(word, word)


_NAMES = {slug(name): code for code, name in FELLOWSHIPS.items()} | {
    "12_step_aa": "aa", "alcoholics_anon": "aa", "narcotics_anon": "na", "smart_meeting": "smart",
    "dharma": "recovery_dharma", "dharma_recovery": "recovery_dharma", "buddhist_recovery": "recovery_dharma",
}  # fmt: skip


def services_in(*phrases: str) -> tuple[str, ...]:
    """The needs that a text speaks of."""
    return _spoken_of(_SERVICES, phrases)


def specialties_in(*phrases: str) -> tuple[str, ...]:
    """The specialties that a text speaks of."""
    return _spoken_of(_SPECIALTIES, phrases)


def _one(words: str, table: Mapping[str, str]) -> str:
    word = slug(words)
    return word if word in table else next(iter(_spoken_of(table, [words])), word)


def _spoken_of(table: Mapping[str, str], phrases: Iterable[str]) -> tuple[str, ...]:
    spoken = _plain(" · ".join(phrases))
    return tuple(code for code, pattern in table.items() if re.search(pattern, spoken))


def _plain(words: str) -> str:
    return words.lower().replace("_", " ")
