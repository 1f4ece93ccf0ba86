"""Whether what is kept of an episode is what would be worked out now, from nothing."""

from dataclasses import replace
from typing import Any

from workflows.core.engine.memory import Memory
from workflows.core.engine.reading import fact
from workflows.core.episode.changes import observed
from workflows.core.episode.episode import Episode
from workflows.core.episode.facts import Facts

NAMES = sorted(
    {name for kind in Facts.__mro__ for name, value in vars(kind).items() if isinstance(value, fact)}
    - {"_sessions_meant"}  # a drawer that is filled as it is asked
)
"""Every fact that is kept."""


def differs_afresh(episode: Episode) -> dict[str, tuple[Any, Any]]:
    """Everything that is kept otherwise than it would be worked out afresh: as it is kept, and as it would be."""
    kept, stage = episode.facts, episode.stage
    fresh = Facts(episode.record, replace(episode.frame, memory=Memory()), kept.now)
    found: dict[str, tuple[Any, Any]] = {}
    for name in NAMES:
        found[name] = _asked(kept, name), _asked(fresh, name)
    pathway, states = episode.pathway, episode.state.states
    found["duties"] = tuple(pathway.duties(kept, states)), tuple(pathway.duties(fresh, states))
    found["unanswered"] = tuple(pathway.unanswered(kept, states)), tuple(pathway.unanswered(fresh, states))
    found["deadlines"] = tuple(pathway.deadlines(kept, states)), tuple(pathway.deadlines(fresh, states))
    found["observed"] = observed(kept, stage), observed(fresh, stage)
    return {name: both for name, both in found.items() if both[0] != both[1]}


def _asked(facts: Facts, name: str) -> Any:
    try:
        return getattr(facts, name)
    except AssertionError:
        return "not to be asked yet"  # such as the length of a program to which nobody is admitted
