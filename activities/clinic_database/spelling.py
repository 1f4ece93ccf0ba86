"""One form of a patient key, however it is spelled: two spellings of one key must not make two people (I6). Pure."""

import unicodedata

LONGEST_KEY = 120
"""Characters of a patient key: the clinic database holds no more."""

_UNSEEN = ("Cc", "Cf", "Cs", "Zl", "Zp")
"""Signs that nobody sees: control and format characters, and line breaks."""


class BadKey(Exception):
    """A key that nobody could read off a screen, or that is too long; the message says what would be right (P1)."""


def form_of(patient_key: str) -> str:
    """By what two spellings are compared: capitals, blanks around, composed letters and unseen signs say nothing."""
    folded = unicodedata.normalize("NFC", unicodedata.normalize("NFC", patient_key).casefold())
    return " ".join("".join(sign for sign in folded if not _is_unseen(sign) or sign.isspace()).split())


def written(patient_key: str) -> str:
    """A new key as it is kept.

    Raises:
        BadKey: it is empty, too long, or holds signs that nobody sees or a quotation mark.
    """
    key = unicodedata.normalize("NFC", patient_key).strip()
    if not form_of(key):
        raise BadKey("patient_key is empty; give the clinic's own key")
    if any(map(_is_unseen, key)):
        raise BadKey(
            "patient_key holds a line break or another sign that nobody sees; write it as it is printed"
        )
    if '"' in key:
        raise BadKey(
            "patient_key holds a quotation mark, as half of a cell in quotes does; write the key alone"
        )
    if len(key) > LONGEST_KEY:
        raise BadKey(f"patient_key has {len(key)} characters; at most {LONGEST_KEY} are kept")
    return key


def _is_unseen(sign: str) -> bool:
    return unicodedata.category(sign) in _UNSEEN
