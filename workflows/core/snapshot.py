"""An episode as one compact string and back, for continue-as-new.

What stands in the record is folded again; what cannot be folded is kept as it was: the chart's configuration
with its history, what people have answered, and what is open or was already said. Entry actions of the chart
do not run again.
"""

import base64
import json
import zlib
from dataclasses import astuple
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from workflows.core.board import Board
from workflows.core.deadlines import Deadline
from workflows.core.effects import EscalationLevel, OpenTask
from workflows.core.entries import KINDS, Admission
from workflows.core.episode import Episode
from workflows.core.facts import Answer
from workflows.core.keys import kind_of
from workflows.core.pathway import Pathway
from workflows.core.record import is_taken_over
from workflows.core.signing import Signers
from workflows.core.start import EpisodeStart
from workflows.core.urgency import Urgency

FORMAT = 7


def pack(episode: Episode) -> str:
    """Everything about an episode but its start. A two-year record stays well below Temporal's payload limit."""
    states = episode.chart.history_values
    content = {
        "format": FORMAT,
        "started_at": episode.started_at.isoformat(),
        "entries": [
            [r.recorded_at.isoformat(), r.entry.model_dump(mode="json", by_alias=True, exclude_defaults=True)]
            for r in episode.record
        ],
        "states": list(episode.chart.configuration_values),
        "history": {name: [state.id for state in kept] for name, kept in states.items()},
        "answers": {key: _packed_answer(a) for key, a in episode.frame.answers.items()},
        "staff": episode.frame.staff,
        "replaced": [[duty, _packed_answer(a)] for duty, a in episode.frame.replaced],
        "closed": episode.is_noted_closed,
        "board": packed_board(episode.board),
        "referrals": episode.linkage.referrals,
        "told": episode.linkage.told,
        "sent": sorted(episode.sent),
        "undelivered": episode.undelivered,
        "unreached": episode.unreached,
        "taken_over_at": episode.taken_over_at and episode.taken_over_at.isoformat(),
        "deadline": episode.next_deadline
        and [episode.next_deadline.at.isoformat(), episode.next_deadline.name],
    }
    return base64.b85encode(zlib.compress(json.dumps(content, separators=(",", ":")).encode(), 9)).decode()


def unpack(packed: str, start: EpisodeStart, pathway: Pathway) -> Episode:
    """The episode as it was packed."""
    content: dict[str, Any] = json.loads(zlib.decompress(base64.b85decode(packed)))
    if content["format"] != FORMAT:
        raise ValueError(f"this snapshot has format {content['format']}, this code reads {FORMAT}")
    episode = Episode(start, pathway, datetime.fromisoformat(content["started_at"]))
    recorded = [
        (KINDS[statement["kind"]].model_validate(statement), datetime.fromisoformat(recorded_at))
        for recorded_at, statement in content["entries"]
    ]
    admitted = next(((entry, at) for entry, at in recorded if isinstance(entry, Admission)), None)
    if admitted and is_taken_over(admitted[0]):
        episode.record.take_over(admitted[1])
    for entry, at in recorded:
        episode.record.add(entry, at)
    frame, zone = episode.frame, start.zone
    for key, answer in content["answers"].items():
        frame.keep_answer(key, _answer(answer, zone))
    frame.replaced = [(duty, _answer(answer, zone)) for duty, answer in content["replaced"]]
    frame.staff = {staff_id: tuple(roles) for staff_id, roles in content["staff"].items()}
    episode.is_noted_closed = content["closed"]
    restore_board(episode.board, content["board"], zone)
    episode.linkage.referrals = content["referrals"]
    episode.linkage.told = content["told"]
    episode.sent = set(content["sent"])
    episode.undelivered = content["undelivered"]
    episode.unreached = content["unreached"]
    taken = content["taken_over_at"]
    episode.taken_over_at = datetime.fromisoformat(taken) if taken else None
    if content["deadline"]:
        at, name = content["deadline"]
        episode.next_deadline = Deadline(datetime.fromisoformat(at).astimezone(zone), name)
    episode.restore_chart(content["states"], content["history"])
    return episode


def _packed_answer(answer: Answer) -> list[Any]:
    return [
        answer.choice, answer.by, answer.at.isoformat(), answer.key, answer.reason, list(answer.grounds),
        list(answer.signed_by), answer.not_by, answer.at_hand,
    ]  # fmt: skip


def _answer(packed: list[Any], zone: ZoneInfo) -> Answer:
    choice, by, at, key, reason, grounds, signed_by, not_by, at_hand = packed
    return Answer(
        choice, by, datetime.fromisoformat(at).astimezone(zone), key, reason, tuple(grounds), tuple(signed_by), not_by,
        at_hand,
    )  # fmt: skip


def packed_board(board: Board) -> dict[str, Any]:
    """The open tasks as plain values."""
    return {
        "open": [_packed_task(task, board.done_by.get(key, ())) for key, task in board.open.items()],
        "opened": board.opened,
        "unreached": board.unreached,
    }


def restore_board(board: Board, packed: dict[str, Any], zone: ZoneInfo) -> None:
    """Put the open tasks back."""
    for packed_task in packed["open"]:
        task, done_by = _task(packed_task, zone)
        board.open[task.duty] = task
        board.done_by[task.duty] = done_by
    board.opened = packed["opened"]
    board.unreached = packed.get("unreached", {})


def _packed_task(task: OpenTask, done_by: tuple[str, ...]) -> list[Any]:
    levels = [[level.role, level.staff_id, level.at.isoformat()] for level in task.escalation]
    return [
        task.task_id,
        task.duty,
        task.role,
        task.owner,
        task.since.isoformat(),
        task.due_at.isoformat(),
        levels,
        task.outcomes,
        task.rule,
        task.entries,
        task.asks,
        done_by,
        astuple(task.signers),
        task.urgency,
        task.revision,
        task.opened_at and task.opened_at.isoformat(),
    ]


def _task(packed: list[Any], zone: ZoneInfo) -> tuple[OpenTask, tuple[str, ...]]:
    task_id, duty, role, owner, since, due_at, levels, outcomes, rule, entries, asks, *more = packed
    done_by, able, urgency, revision, opened_at = more
    roles, of_team, others, only, involved, at_hand = able
    escalation = tuple(
        EscalationLevel(r, s, datetime.fromisoformat(at).astimezone(zone)) for r, s, at in levels
    )
    return (
        OpenTask(
            task_id,
            duty,
            kind_of(duty),
            role,
            owner,
            datetime.fromisoformat(since).astimezone(zone),
            datetime.fromisoformat(due_at).astimezone(zone),
            escalation,
            tuple(outcomes),
            rule,
            tuple(entries),
            asks,
            Signers(tuple(roles), tuple(of_team), tuple(others), only, involved, at_hand),
            Urgency(urgency),
            revision,
            datetime.fromisoformat(opened_at).astimezone(zone) if opened_at else None,
        ),
        tuple(done_by),
    )
