"""What the clinic's own files know of an episode, and what they must know."""

from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, Field

WHAT_IS_KNOWN = "what_is_known_of_an_episode"
NOTE_EPISODE = "note_episode"
KEEP_CONSENTS = "keep_consents"


class EpisodeAsked(BaseModel):
    """An episode, and the staff ids of its team."""

    episode_id: str
    team: list[str]


class EpisodeKnown(BaseModel):
    """What the clinic's own files know of an episode: whose it is, and who of its team works here (I6, E0)."""

    patient: Literal["known", "unknown", "closed"] = "known"
    """Whether the clinic database knows whose it is, and has not noted it as closed."""
    other: str | None = None
    """Id of another episode of the same patient that is open (I6)."""
    strangers: list[str] = Field(default_factory=list)
    """Staff ids of the team that the staff directory does not know."""

    @property
    def is_as_it_should_be(self) -> bool:
        """Whether nobody need look at it."""
        return self == EpisodeKnown()


class EpisodeNote(BaseModel):
    """Whether an episode is closed, and since when; None: it is open.

    With `follows`, it is a new episode of the patient whose episode that was.
    """

    episode_id: str
    closed_on: date | None = None
    follows: str | None = None
    opened_on: date | None = None


class ConsentsStated(BaseModel):
    """What an episode's record says of every consent; `version` grows with the record."""

    episode_id: str
    version: int
    consents: list[dict[str, Any]]
    lifted: list[str]
    """Revocations that were retracted."""
