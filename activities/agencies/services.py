"""What agencies do for people, in words, and which of it an agency is told (C5)."""

from activities.agencies.port import Handover
from activities.directory.vocabulary import in_words
from workflows.core.episode.consent.grounds import may_be_named


def title_of(service: str) -> str:
    """A service in words, as an agency reads it."""
    words = in_words(service)
    return words[:1].upper() + words[1:]


def need_told(handover: Handover) -> str | None:
    """The service that the agency may be told of; None where the consent does not go so far.

    The channel errs to the silent side: a service that must be named in the consent is not told unless the content
    names it beside the need. The agency then learns only that somebody would like to come.
    """
    need = handover.content.get("service_need")
    if need is None or not may_be_named(need, handover.content):
        return None
    return need
