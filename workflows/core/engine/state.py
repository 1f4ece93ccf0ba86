"""All that an episode or a referral is, as one value; and that value as a compact string, for continue-as-new.

A state never changes: a step makes the next one, and the one before is still there for whoever keeps it. So what is
refused, or breaks off in the middle, leaves nothing to undo; and what is not in here does not exist. There is no other
list of what must be kept: a field that is added here is packed, restored and taken back like the others.
"""

import base64
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Annotated, Any, Self, TypeVar

from pydantic import PlainSerializer, PlainValidator, TypeAdapter, ValidationInfo

from workflows.core.engine.answers import Answer, Answers
from workflows.core.engine.calendar import Instant
from workflows.core.engine.configuration import Configuration
from workflows.core.engine.deadline import Deadline
from workflows.core.engine.record import Record
from workflows.core.engine.worklist import Worklist

S = TypeVar("S", bound="State")

_FORMAT = 10
"""Of what is packed; code that reads another one says so."""


def _packed_record(record: Record) -> dict[str, Any]:
    return {
        "began_at": record.began_at.isoformat(),
        "taken_over_at": record.taken_over_at and record.taken_over_at.isoformat(),
        "entries": [[r.recorded_at.isoformat(), r.entry.plain()] for r in record],
    }


def _record(packed: Any, info: ValidationInfo) -> Record:
    if isinstance(packed, Record):
        return packed
    context = info.context or {}
    zone, kinds = context["zone"], context["kinds"]
    record = Record(zone, datetime.fromisoformat(packed["began_at"]))
    if taken := packed["taken_over_at"]:
        record = record.taken_over(datetime.fromisoformat(taken))
    return record.with_entries(
        (kinds[said["kind"]].model_validate(said), datetime.fromisoformat(at))
        for at, said in packed["entries"]
    )


_ANSWERS: TypeAdapter[list[tuple[str, Answer]]] = TypeAdapter(list[tuple[str, Answer]])


def _packed_answers(answers: Answers) -> list[Any]:
    lists = [*answers.given.items()], [*answers.replaced]
    return [_ANSWERS.dump_python(one, mode="json", exclude_defaults=True) for one in lists]


def _answers(packed: Any, info: ValidationInfo) -> Answers:
    if isinstance(packed, Answers):
        return packed
    given, replaced = (_ANSWERS.validate_python(one, context=info.context) for one in packed)
    return Answers.of(given, replaced)


KeptAnswers = Annotated[Answers, PlainValidator(_answers), PlainSerializer(_packed_answers)]
"""What people have decided, in a state."""

Codes = Annotated[frozenset[str], PlainSerializer(sorted, return_type=list[str])]
"""Keys, in JSON in their order, so that the same state is the same text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What an episode and a referral have in common."""

    at: Instant
    """When it was brought up to date last."""
    record: Annotated[Record, PlainValidator(_record), PlainSerializer(_packed_record)]
    worklist: Worklist
    """What people owe."""
    sent: Codes = frozenset()
    """Keys of what was said once and is not said again."""
    next_deadline: Deadline | None = None
    states: Configuration = ()
    """Where the chart stood then."""
    undelivered: tuple[str, ...] = ()
    """What has reached nobody, or could not be done, in words."""
    unreached: Mapping[str, str] = field(default_factory=dict)
    """Notices about no task that have reached nobody yet, and why, by their keys."""

    def not_delivered(self, *texts: str) -> Self:
        """The state, after something has reached nobody or could not be done."""
        return replace(self, undelivered=(*self.undelivered, *texts))

    def reached(self, key: str) -> Self:
        """The state, after somebody was reached by a notice."""
        return replace(self, unreached={one: why for one, why in self.unreached.items() if one != key})

    def not_reached(self, key: str, why: str) -> Self:
        """The state, after nobody was reached by a notice."""
        return replace(self, unreached={**self.unreached, key: why})


_ADAPTERS: dict[str, TypeAdapter[Any]] = {}


def _adapter(kind: type[State]) -> TypeAdapter[Any]:
    if kind.__name__ not in _ADAPTERS:
        _ADAPTERS[kind.__name__] = TypeAdapter(kind)
    return _ADAPTERS[kind.__name__]


def pack(state: State) -> str:
    """A state as text. That of a two-year episode stays well below Temporal's limit for a payload."""
    content = _adapter(type(state)).dump_python(state, mode="json", exclude_defaults=True)
    text = json.dumps({"format": _FORMAT, **content}, separators=(",", ":"))
    return base64.b85encode(zlib.compress(text.encode(), 9)).decode()


def unpack(kind: type[S], packed: str, context: Mapping[str, Any]) -> S:
    """The state as it was packed.

    Args:
        kind: The class of the state.
        packed: The text.
        context: `zone`, the program's time zone; and `kinds`, the class of each kind of entry.

    Raises:
        ValueError: it was packed in another format, or is no state.
    """
    try:
        content: dict[str, Any] = json.loads(zlib.decompress(base64.b85decode(packed)))
        if (made := content.pop("format")) != _FORMAT:
            raise ValueError(f"this snapshot has format {made}, this code reads {_FORMAT}")
        state: S = _adapter(kind).validate_python(content, context=dict(context))
    except (zlib.error, ArithmeticError, LookupError, TypeError, AttributeError, RecursionError):
        raise ValueError("this snapshot is damaged, or is none") from None
    return state
