"""What agencies do for people, and which of it goes out only where a consent names it (C5)."""

from activities.agencies.port import Handover
from activities.directory.vocabulary import in_words
from workflows.core.episode.consent.covering import ONLY_BY_NAME

_OTHER_NAMES = {
    "aids": "hiv", "prep": "hiv", "hep": "hepatitis", "hcv": "hepatitis", "hbv": "hepatitis", "stis": "sti",
    "std": "sti", "stds": "sti", "sexual": "sti", "syphilis": "sti",
}  # fmt: skip
"""Words in a service's code that mean one of the topics too; a code is whatever staff write."""


def title_of(service: str) -> str:
    """A service in words, as an agency reads it."""
    words = in_words(service)
    return words[:1].upper() + words[1:]


def topics_of(service: str) -> frozenset[str]:
    """The content codes that a consent must name before this service may be told to anybody."""
    words = (_OTHER_NAMES.get(word, word) for word in service.lower().replace("-", "_").split("_"))
    return frozenset(word for word in words if word in ONLY_BY_NAME)


def need_told(handover: Handover) -> str | None:
    """The service that the agency may be told of; None where the consent does not go so far.

    The channel errs to the silent side: a service that must be named in the consent is not told unless the content
    names it beside the need. The agency then learns only that somebody would like to come.
    """
    need = handover.content.get("service_need")
    if need is None or not topics_of(need) <= frozenset(handover.content):
        return None
    return need
