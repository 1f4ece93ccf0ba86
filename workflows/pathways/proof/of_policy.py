"""The pathway under a clinic's own policy: its numbers are lived with, and not those of the small program.

The graph of the chart holds for every policy, because the facts are free in it. What the engine does between the
guards depends on numbers: so the ways of the promises are gone once more under the clinic's, a search for somebody
who stays away is followed to its end, and what is owed has to be due while it matters. A promise about the numbers of
the small program itself says nothing here, and a way along which a policy does not lead is told. Tests that are drawn
while something is waited for are collected, and negative: else no gate would open.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import Any

from workflows.core.episode.episode import Episode
from workflows.core.episode.pathway import Pathway
from workflows.core.episode.policy import Policy, load_policy
from workflows.core.episode.stages import IN_PROGRAM
from workflows.pathways.openings import admitted
from workflows.pathways.proof.findings import Findings
from workflows.pathways.proof.of_engine import Watch
from workflows.pathways.proof.of_promises import look_at, says
from workflows.pathways.proof.search import NoSuchWay, Search, Situation, Taken
from workflows.pathways.proof.seen import Seen
from workflows.pathways.proof.story import Story

PATIENCE = 500
"""So many deadlines are waited for at most: half a year of a person who comes to nothing."""

ENDS = frozenset({"reached", "crisis", "close"})
"""Outcomes of a step of a search that end it, or hand it to others; every other leaves it going on."""

RECORD_CLOSES = "Record of the closed episode is complete"


@dataclass(frozen=True)
class UnderPolicy:
    """What was lived through under a policy."""

    shown: int
    """Promises that were seen to be kept."""
    unshown: tuple[str, ...]
    """Ways that this policy does not lead along, in words."""


def prove_policy(pathway: Pathway, settings: Mapping[str, Any], findings: Findings) -> UnderPolicy:
    """Live with a policy that was read already.

    Raises:
        InvalidPolicy: it contradicts itself.
    """
    policy = load_policy(settings, pathway.defaults)
    start = MappingProxyType({**pathway.claims.start, "policy": dict(settings)})
    search = Search(pathway, 0, patience=PATIENCE, is_tested=True, start_with=start)
    watch = Watch(pathway, findings)
    shown, unshown = 0, []
    for promise in pathway.claims.promises:
        if promise.of_small_numbers:
            continue
        try:
            here = _end_of(search, promise.way, f"what {promise.rule} promises", watch, policy)
        except NoSuchWay as no_way:
            if no_way.taken:  # what should have been refused was not
                findings.broken("promise", f"{says(promise)}; but {no_way}", no_way.here.story)
            unshown.append(f"{promise.rule}, {promise.says.lower()}: {no_way}")
            continue
        look_at(search, here, promise, findings)
        shown += 1
    _search_ends_with_a_person(search, watch, policy)
    return UnderPolicy(shown, tuple(unshown))


def _end_of(search: Search, way: tuple[str, ...], to: str, watch: Watch, policy: Policy) -> Situation:
    for step in search.live(way, to, search.lived):
        if isinstance(step, Taken):
            watch.on(step)
            if step.refused is None:
                _due_in_time(step.after, step.story, watch.findings, policy)
    return search.lived[way] if way else search.first


def _due_in_time(seen: Seen, story: Story, findings: Findings, policy: Policy) -> None:
    """In the program nothing is given more time than it lasts; after an exit all is due while the record is open."""
    lasts = timedelta(days=policy.length.days)
    closes_at = next((at for kind, at in seen.deadlines if kind == RECORD_CLOSES), None)
    for kind, since, due_at in seen.due:
        what = f"the task {kind.replace('_', ' ')} is due {due_at:%-d %b %Y}"
        if seen.stage in IN_PROGRAM and due_at - since > lasts:
            findings.broken(
                "due", f"{what}: it is given longer than the program lasts ({lasts.days} days)", story
            )
        if seen.stage == "closed" and closes_at and due_at > closes_at:
            findings.broken("due", f"{what}, after the record is closed on {closes_at:%-d %b %Y}", story)
        findings.holds("due")


def _search_ends_with_a_person(search: Search, watch: Watch, policy: Policy) -> None:
    """Somebody stays away, and no attempt reaches them: at the end of the ladder a person is asked, again and again."""
    way: tuple[str, ...] = (*admitted(search.pathway.level), "wait:outreach")
    findings, answered = watch.findings, False
    here = search.first
    for _ in range(PATIENCE):
        here = _end_of(search, way, "the end of the ladder", watch, policy)
        search.episode.state = here.state
        outreach = search.episode.facts.outreach
        if outreach and outreach.next(search.episode.facts.has_come):
            way = (*way, "wait")
            continue
        asked = list(_steps_asked(search.episode))
        if not asked:
            findings.broken(
                "ladder", "a search for a person goes on, and nobody is asked any more", here.story
            )
            return
        if answered:
            findings.holds("ladder")
            return
        way, answered = (*way, asked[0]), True
    findings.broken("ladder", "a search for a person comes to no end of its ladder", here.story)


def _steps_asked(episode: Episode) -> Iterator[str]:
    """Answers to the steps of the search that are asked, each one that leaves it going on."""
    steps = {rung.task for rung in episode.frame.policy.attendance.ladder if rung.task}
    for duty in episode.pathway.unanswered(episode.facts, episode.state.states):
        if duty.kind in steps:
            going_on = [one for one in duty.outcomes if one not in ENDS] or duty.outcomes
            yield f"answer:{duty.kind}:{going_on[0]}"
