"""An episode that can be put back to an earlier moment, so that many futures are tried from it.

A snapshot would do the same; but to build an episode from one takes ten times as long as a move, because a chart
is built with it. Everything in an episode that changes is a plain container or is replaced as a whole: so to
copy the containers is to remember the moment. A test holds this against the snapshot.
"""

from datetime import datetime
from typing import Any, NamedTuple

from statemachine.orderedset import OrderedSet

from workflows.core.episode import Episode
from workflows.core.facts import Facts
from workflows.core.notes import ANSWERS, CORRECTIONS, EVERYTHING, MISSING, STAFF

_LIVING = frozenset(
    {"start", "pathway", "record", "frame", "facts", "situation", "chart", "board", "linkage"}
)
"""Attributes of an episode that are objects of their own or never change."""


class Moment(NamedTuple):
    """What an episode was at one instant."""

    now: datetime
    episode: dict[str, Any]
    record: dict[str, Any]
    frame: dict[str, Any]
    board: dict[str, Any]
    linkage: dict[str, Any]
    states: tuple[str, ...]
    history: dict[str, list[Any]]


def remember(episode: Episode, now: datetime) -> Moment:
    """The present moment of an episode."""
    return Moment(
        now,
        {name: _copied(value) for name, value in vars(episode).items() if name not in _LIVING},
        _copied(vars(episode.record)),
        _copied(vars(episode.frame)),
        _copied(vars(episode.board)),
        _copied(vars(episode.linkage)),
        tuple(episode.situation.state),
        _copied(episode.chart.history_values),
    )


def rewind(episode: Episode, moment: Moment) -> None:
    """Put an episode back to a moment that was remembered of it."""
    _tell_what_differs(episode, moment)
    vars(episode).update(_copied(moment.episode))
    vars(episode.record).update(_copied(moment.record))
    vars(episode.frame).update(_copied(moment.frame))
    vars(episode.board).update(_copied(moment.board))
    vars(episode.linkage).update(_copied(moment.linkage))
    episode.facts = episode.situation.facts = Facts(episode.record, episode.frame, moment.now)
    episode.situation.state = OrderedSet(moment.states)
    episode.chart.history_values.clear()
    episode.chart.history_values.update(_copied(moment.history))


def _tell_what_differs(episode: Episode, moment: Moment) -> None:
    """To take back is a change, too: whatever was worked out from it is worked out again."""
    record, frame, changes = vars(episode.record), vars(episode.frame), episode.record.changes
    if any(frame[name] is not moment.frame[name] for name in ("policy", "calendar")):
        episode.frame.memory.kept.clear()
    now, then = record["_by_kind"], moment.record["_by_kind"]
    kinds = {kind for kind in (*now, *then) if now.get(kind, ()) != then.get(kind, ())}
    if record["_undone_by"] != moment.record["_undone_by"]:
        kinds = {*now, *then}
        changes.tell(CORRECTIONS)
    given, before = frame["answers_by_kind"], moment.frame["answers_by_kind"]
    answers = {kind for kind in (*given, *before) if given.get(kind) != before.get(kind)}
    if frame["replaced"] != moment.frame["replaced"]:
        answers = {*given, *before}
    if frame["staff"] != moment.frame["staff"]:
        changes.tell(STAFF)
    for what in (*kinds, *answers, EVERYTHING, MISSING, ANSWERS):
        changes.tell(what)


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copied(inner) for key, inner in value.items()}
    return type(value)(value) if isinstance(value, list | set) else value
