"""The start of the episode that follows on another pathway: the same patient and team, with that pathway's settings."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from workflows.core.engine.effects import BeginEpisode
from workflows.core.engine.errors import InvalidEntry, Refused
from workflows.core.episode.attendance.services import refuse_schedule
from workflows.core.episode.policy import InvalidPolicy, load_policy
from workflows.core.episode.start import EpisodeStart, Following
from workflows.pathways import pathway_named


def check_following(start: EpisodeStart) -> None:
    """Refuse at the start what could otherwise not begin weeks later, when nobody looks.

    Raises:
        InvalidEntry: there is no pathway of a name, or a schedule cannot be.
        InvalidPolicy: a policy contradicts itself; the message says which.
    """
    for name, settings in start.following.items():
        try:
            policy = load_policy(settings.policy, pathway_named(name).defaults)
            refuse_schedule(settings.schedule, policy, f"following.{name}.schedule")
        except InvalidPolicy as error:
            raise InvalidPolicy(f"following.{name}.policy: {error}") from None
        except InvalidEntry as error:
            raise InvalidEntry(
                str(error) if str(error).startswith("following.") else f"following: {error}"
            ) from None
        except Refused as error:
            raise type(error)(f"following: {error}") from None


def start_of_following(
    start: EpisodeStart, begin: BeginEpisode, keys: Mapping[str, str] = MappingProxyType({})
) -> dict[str, Any]:
    """The start of the following episode, as plain JSON.

    The policy of the episode before is not handed on: its numbers are those of another program. The clinic's public
    keys are, as they are in force now.
    """
    settings = _settings(start, begin.pathway).model_dump(mode="json", exclude_unset=True)
    return {
        **start.model_dump(mode="json", exclude={"policy", "history", "follows"}),
        **settings,
        "episode_id": begin.episode_id,
        "pathway": begin.pathway,
        "referred_on": begin.referred_on.isoformat(),
        "follows": start.episode_id,
        "history": list(begin.history),
        "signing_keys": dict(keys),
    }


def _settings(start: EpisodeStart, pathway: str) -> Following:
    wanted = pathway_named(pathway).name
    named = (one for name, one in start.following.items() if pathway_named(name).name == wanted)
    return next(named, Following())
