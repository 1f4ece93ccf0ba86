"""The words by which listings are matched, and what directories call them.

A wish and a listing meet in a code: "Legal Aid" and `legal_help` are one thing. Words of a directory that stand for
nothing here are kept with the listing as they were and fail nothing.
"""

import re
from typing import Any

from activities.directory.fields import text
from workflows.core.episode.linkage import vocabulary as words
from workflows.core.episode.linkage.vocabulary import (
    FELLOWSHIPS,
    LEVELS_OF_CARE,
    SECULAR_FELLOWSHIPS,
    SERVICES,
    SPECIALTIES,
)

FORMATS = {
    "newcomer": "for newcomers", "discussion": "discussion", "speaker": "speaker", "big_book": "Big Book",
    "step_study": "step study", "tradition_study": "tradition study", "literature": "literature",
    "meditation": "meditation", "secular": "secular", "proof_of_attendance": "gives proof of attendance",
    "dual_diagnosis": "for dual diagnosis", "women": "for women", "men": "for men", "young": "for young people",
    "seniors": "for seniors", "lgbtq": "for LGBTQ people", "people_of_color": "for people of color",
    "indigenous": "for Indigenous people", "professionals": "for professionals", "family": "for family and friends",
}  # fmt: skip
"""Formats of meetings, with the words for people."""

AUDIENCES = frozenset({"women", "men", "young", "seniors", "lgbtq", "people_of_color", "indigenous",
                       "professionals", "family"})  # fmt: skip
"""Formats that are meant for some people: they come after others unless they are asked for."""

NUCC = {
    "101YA0400X": ("addiction",), "101YM0800X": (), "101YP2500X": (), "1041C0700X": (),
    "106H00000X": ("family", "couples"), "103T00000X": (), "103TC0700X": (), "103TA0400X": ("addiction",),
    "103TF0000X": ("family",), "2084A0401X": ("addiction", "psychiatry"), "2084P0800X": ("psychiatry",),
    "2084P0802X": ("addiction", "psychiatry"),
    "363LP0808X": ("psychiatry",), "104100000X": (), "101Y00000X": (), "207QA0401X": ("addiction",),
    "207RA0401X": ("addiction",),
}  # fmt: skip
"""Codes of the Health Care Provider Taxonomy (NUCC) that stand for a person who gives therapy, and its specialties."""

NUCC_ORGANISATIONS = {
    "261QR0405X": ("outpatient",), "324500000X": ("residential",), "3245S0500X": ("residential",),
    "261QM2800X": ("medication",), "276400000X": ("residential",), "261QM0801X": (), "251S00000X": (),
}  # fmt: skip
"""NUCC codes of places that treat substance use, and the level of care they stand for."""

_LANGUAGES = {
    "en": "English eng", "es": "Spanish Español spa", "fr": "French Français fra fre", "de": "German Deutsch deu ger",
    "it": "Italian ita", "pt": "Portuguese Português por", "pl": "Polish pol", "ru": "Russian rus",
    "uk": "Ukrainian ukr", "zh": "Chinese Mandarin Cantonese zho chi", "ja": "Japanese jpn", "ko": "Korean kor",
    "vi": "Vietnamese vie", "ar": "Arabic ara", "fa": "Persian Farsi fas per", "hi": "Hindi hin", "ne": "Nepali nep",
    "pa": "Punjabi pan", "tl": "Tagalog tgl", "th": "Thai tha", "tr": "Turkish tur", "am": "Amharic amh",
    "so": "Somali som", "sw": "Swahili swa", "ht": "Haitian Creole hat", "bs": "Bosnian bos", "hr": "Croatian hrv",
    "da": "Danish dan", "nl": "Dutch nld dut", "fi": "Finnish fin", "el": "Greek ell gre", "he": "Hebrew heb",
    "hu": "Hungarian hun", "is": "Icelandic isl ice", "lt": "Lithuanian lit", "ml": "Malayalam mal",
    "mt": "Maltese mlt",
    "no": "Norwegian nor", "sk": "Slovak slk slo", "sl": "Slovenian slv", "sv": "Swedish swe", "bg": "Bulgarian bul",
    "af": "Afrikaans afr", "ka": "Georgian kat geo", "ur": "Urdu urd", "ps": "Pashto pus", "my": "Burmese mya bur",
    "sgn": "Sign ASL ase",
}  # fmt: skip
_BY_LANGUAGE_NAME = {
    word.lower(): code for code, named in _LANGUAGES.items() for word in named.split() if word != "Creole"
}


def slug(value: Any) -> str:
    """A code of a word: "Dual diagnosis" and "dual-diagnosis" are `dual_diagnosis`."""
    return words.slug(text(value, 80))


def language(value: Any) -> str | None:
    """The ISO 639-1 code of a language's name or tag: "Spanish", "spa" and "es-MX" are `es`."""
    parts = re.split(r"[^\w]+", text(value, 60).lower())
    return next(
        (word if word in _LANGUAGES else _BY_LANGUAGE_NAME[word]
         for word in parts if word in _LANGUAGES or word in _BY_LANGUAGE_NAME), None,
    )  # fmt: skip


def language_name(code: str) -> str:
    """The name of a language for people."""
    return "sign language" if code == "sgn" else _LANGUAGES.get(code, code).split()[0]


def services_in(*phrases: Any) -> tuple[str, ...]:
    """The needs that a text speaks of."""
    return words.services_in(*(text(phrase, 2000) for phrase in phrases))


def specialties_in(*phrases: Any) -> tuple[str, ...]:
    """The specialties that a text speaks of."""
    return words.specialties_in(*(text(phrase, 2000) for phrase in phrases))


def service(value: Any) -> str:
    """The code of a need in somebody's words; the words themselves as a code where it is none of ours."""
    return words.service(text(value, 80))


def specialty(value: Any) -> str:
    """The code of a specialty in somebody's words."""
    return words.specialty(text(value, 80))


def fellowship(value: Any) -> str:
    """The code of a fellowship: "AA", "an AA meeting" and "smart_recovery" are known."""
    said = text(value, 80)
    return words.fellowship_in(said) or slug(said)


def payer(value: Any) -> str:
    """The code of who pays: "Medicaid", "MO Medicaid" and "MEDICAID - state plan" are `medicaid`."""
    word = slug(value)
    for known in ("medicaid", "medicare", "tricare", "self_pay", "sliding_scale"):
        if known in word:
            return known
    return word


def in_words(code: str) -> str:
    """A code for people."""
    special = {
        "emdr": "EMDR", "cbt": "CBT", "dbt": "DBT", "hiv_testing": "HIV testing", "sti_testing": "STI testing",
        "php": "partial hospitalization", "medicaid": "Medicaid", "medicare": "Medicare", "tricare": "Tricare",
    }  # fmt: skip
    return special.get(code) or FORMATS.get(code) or FELLOWSHIPS.get(code) or code.replace("_", " ")


__all__ = [
    "AUDIENCES", "FELLOWSHIPS", "FORMATS", "LEVELS_OF_CARE", "NUCC", "NUCC_ORGANISATIONS", "SECULAR_FELLOWSHIPS",
    "SERVICES", "SPECIALTIES", "fellowship", "in_words", "language", "language_name", "payer", "service",
    "services_in", "slug", "specialties_in", "specialty",
]  # fmt: skip
