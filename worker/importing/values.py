"""Words and numbers as other systems write them, in the words of the public contract."""

import re

STATUS = {
    **dict.fromkeys(("present", "attended", "p", "late", "arrived", "left early", "came late"), "attended"),
    **dict.fromkeys(("absent", "missed", "a", "no show", "noshow", "ns", "did not attend", "unexcused",
                     "unexcused absence"), "missed"),
    **dict.fromkeys(("excused", "e", "excused absence"), "excused"),
}  # fmt: skip
"""What other systems call an attendance."""

RESULT = {
    **dict.fromkeys(("negative", "neg", "not detected", "none detected", "nd"), "negative"),
    **dict.fromkeys(("pending", "in process", "in progress", "ordered"), "pending"),
    **dict.fromkeys(("presumptive", "presumptive positive", "screen positive", "preliminary positive"), "presumptive"),
    **dict.fromkeys(("definitive", "definitive positive", "confirmed", "confirmed positive"), "definitive"),
    **dict.fromkeys(("residual",), "residual"),
    **dict.fromkeys(("dilute", "diluted"), "dilute"),
    **dict.fromkeys(("tampered", "adulterated", "substituted"), "tampered"),
    **dict.fromkeys(("not provided", "refused"), "not_provided"),
}  # fmt: skip
"""What laboratories call a result. A bare `positive` says too little: a screening is not yet a slip (S5)."""

_MINUTES = re.compile(r"(\d{1,6})(?:[.,]0{1,6})?(?:\s*min(?:utes)?\.?)?", re.ASCII | re.I)


class NotUnderstood(Exception):
    """The text means nothing here; the message says what would be right, to go behind the field's name."""


def status(text: str) -> str:
    """An attendance.

    Raises:
        NotUnderstood: says what would be right.
    """
    found = STATUS.get(_words(text))
    if found is None:
        raise NotUnderstood(f"{shown(text)} is not known; use present, absent or excused")
    return found


def result(text: str) -> str:
    """A test's result.

    Raises:
        NotUnderstood: says what would be right.
    """
    found = RESULT.get(_words(text))
    if found is None and _words(text) in ("positive", "pos", "detected"):
        raise NotUnderstood(
            f"{shown(text)} does not say whether it is confirmed; use presumptive for a screening and definitive for a "
            "confirmed result"
        )
    if found is None:
        known = ", ".join(sorted(set(RESULT.values())))
        raise NotUnderstood(f"{shown(text)} is not known; use one of {known}")
    return found


def minutes(text: str) -> int:
    """A number of minutes; how many there may be is said by the entry.

    Raises:
        NotUnderstood: says what would be right.
    """
    found = _MINUTES.fullmatch(text)
    if found is None:
        raise NotUnderstood(f"{shown(text)} is no whole number of minutes; write it as 180")
    return int(found[1])


def names(text: str) -> list[str]:
    """A list in one cell, split by |, ; or a comma."""
    return [name.strip().lower() for name in re.split(r"[|;,]", text) if name.strip()]


def shown(text: str) -> str:
    """What was written, where it is short enough to be a code: a note in the wrong column must not travel (P1)."""
    return repr(text) if len(text) <= 30 else "the cell"


def _words(text: str) -> str:
    return " ".join(re.split(r"[\s_-]+", text.strip().casefold()))
