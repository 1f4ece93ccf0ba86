"""What a proof sees of an episode at one moment, and by what two moments are of one kind."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from workflows.core.episode.episode import Episode
from workflows.core.episode.facts import Facts
from workflows.core.episode.pathway import Pathway

_DATES = re.compile(
    r"\b(?:mon|tue|wed|thu|fri|sat|sun|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|\d[\d:]*)\b ?", re.I
)


def deadline_kind(name: str) -> str:
    """The name of a deadline without its dates."""
    return _DATES.sub("", name).replace("of closes", "closes").strip()


class Seen(NamedTuple):
    """What is looked at of an episode at one moment; plain values, so that it outlives the episode."""

    stage: str
    states: frozenset[str]
    facts: tuple[tuple[str, bool], ...]
    tasks: frozenset[str]
    duties: frozenset[str]
    """Kinds of everything owed, questions that are no tasks included."""
    deadlines: tuple[tuple[str, datetime], ...]
    """Everything that is awaited, as kinds and instants."""
    next_deadline: tuple[str, datetime] | None
    roles: frozenset[tuple[str, str]]
    """Whose each kind of open task is."""
    exit_by: tuple[str, str, str] | None
    """Of the exit that stands: its reason, the kind of its entry, and the source of that entry."""
    finished: bool
    referrals: int = 0
    """How many referrals are open."""
    due: tuple[tuple[str, datetime, datetime], ...] = ()
    """Of each open task its kind, since when it is owed, and when it is due."""
    misread: tuple[tuple[str, str], ...] = ()
    """Facts, each with a kind of entry that it must never have read, and has."""

    @property
    def kind(self) -> tuple[object, ...]:
        """What makes two situations the same for the search."""
        tasks = frozenset(key.partition(":")[0] for key in self.tasks)
        awaited = frozenset(kind for kind, _ in self.deadlines)
        return self.states, self.facts, tasks, awaited, self.next_deadline and self.next_deadline[0]


def look(episode: Episode, now: datetime) -> Seen:
    """What there is to see of an episode."""
    pathway, facts = episode.pathway, episode.facts
    exit_by = None
    if facts.exit and (signed := facts.record.get(facts.exit[2])):
        exit_by = (facts.exit[0], signed.entry.kind, signed.entry.source.value)
    upcoming = episode.next_deadline
    return Seen(
        episode.stage,
        frozenset(episode.states),
        episode.guards,
        frozenset(episode.open_tasks),
        frozenset(duty.kind for duty in pathway.duties(facts, episode.state.states)),
        tuple((deadline_kind(d.name), d.at) for d in episode.awaited()),
        (deadline_kind(upcoming.name), upcoming.at) if upcoming else None,
        frozenset((task.kind, task.role) for task in episode.open_tasks.values()),
        exit_by,
        episode.finished(now),
        len(episode.open_referrals),
        tuple((task.kind, task.since, task.due_at) for task in episode.open_tasks.values()),
        tuple(_misread(pathway, facts)),
    )


def _misread(pathway: Pathway, facts: Facts) -> Iterator[tuple[str, str]]:
    for name, kinds in pathway.claims.blind.items():
        getattr(facts, name)
        for kind in facts.rests_on(name) & kinds:
            yield name, getattr(kind, "__name__", str(kind))
