"""What is signed: entries that an episode takes, and answers to its tasks. What is accepted means what was signed."""

import json
from collections.abc import Mapping
from datetime import timedelta
from random import Random
from typing import Any

from pydantic import ValidationError

from tests.core.clinic import ADMITTED, Patient
from tests.fuzz.mutating import changed_json
from tests.fuzz.records import entries
from tests.fuzz.target import Forged, Prepared, Target
from tests.signed import FORGED, KEYS, ROLES, answered, author, signed
from worker.signing import Author, system
from workflows.core.engine.authorship import check_named, said_in
from workflows.core.engine.entry import Entry, Source
from workflows.core.engine.errors import Refused
from workflows.core.engine.signatures import Signature
from workflows.core.episode.entries import parse_entry
from workflows.messages import Completion

DAY = timedelta(days=1)


def keyed() -> Patient:
    """An episode that believes the clinic's keys alone, after the days of the samples."""
    return Patient(signing_keys=KEYS.public).until(ADMITTED + 4 * DAY)


def meaning(said: Mapping[str, Any], signature: Signature | None) -> str:
    """What is signed: what is said, and who says it in which roles, when, by which key."""
    by = signature and (signature.signer, signature.roles, signature.at.isoformat(), signature.key)
    return json.dumps([said, by], sort_keys=True)


def _who(statement: Mapping[str, Any]) -> Author:
    if statement.get("source", "staff") != "staff":
        return system(Source(statement["source"]))
    return author(statement["by"]) if statement["by"] in ROLES else Author(statement["by"], ("therapist",))


def _entries() -> Prepared:
    patient = keyed()
    before, now = patient.episode.state, patient.now
    good = [signed(one, now, by=_who(one)) for one in entries()]
    # What is a signature, and is none for this: its parts are put into the good ones.
    bad = [
        *(signed(one, now, by=_who(one), keys=FORGED) for one in entries()[:8]),
        *(signed(one, now, by=_who(one), to="episode-e2") for one in entries()[8:16]),
        *(signed({**one, "id": "other", "note_ref": "n-9"}, now - 40 * DAY, by=_who(one)) for one in entries()[16:24]),
        *entries()[:4],
    ]  # fmt: skip
    true = {meaning(said_in(entry), entry.signature) for entry in map(parse_entry, good)}

    def tell(statement: Any) -> None:
        entry: Entry = parse_entry(statement)
        check_named(entry)
        entry = entry if entry.id else entry.model_copy(update={"id": "unchecked"})  # as the shell does
        try:
            patient.episode.knows_by_signature(entry, now)
            patient.episode.apply(entry, now)
        finally:
            is_taken = bool(len(patient.episode.record))
            patient.episode.state = before
            patient.episode.effects.clear()
        if not is_taken or meaning(said_in(entry), entry.signature) not in true:
            raise Forged("an entry was taken that nobody has signed")

    return Prepared([*good, *good, *bad], tell, (Refused,), _exchanged)


def _answers() -> Prepared:
    patient = keyed()
    screened = {"kind": "screening", "by": "cm-1", "id": "s", "substances": ["alcohol"]}
    patient.episode.apply(parse_entry(signed(screened, patient.now)), patient.now)
    task = next(one for one in patient.episode.open_tasks.values() if one.kind == "level_of_care")
    before, now, taken = patient.episode.state, patient.now, len(patient.episode.record)
    said = [
        {"by": by, "outcome": outcome, **({"reason": "suited"} if has_reason else {})}
        for by in ("th-1", "su-1", "cm-1")
        for outcome in task.outcomes
        for has_reason in (True, False)
    ]
    good = [{"task_id": task.task_id, **answered(task.task_id, "complete", one, now)} for one in said]
    bad = [
        *({"task_id": task.task_id, **answered("task-9", "complete", one, now)} for one in said[:4]),
        *({"task_id": task.task_id, **answered(task.task_id, "complete", one, now, keys=FORGED)} for one in said[:4]),
        *({"task_id": task.task_id, **one} for one in said[:2]),
    ]  # fmt: skip

    def meant(task_id: str, read: Completion) -> str:
        plain = read.model_dump(mode="json", exclude_none=True, exclude={"signature"})
        return meaning({"task_id": task_id, **plain}, read.signature)

    true = {meant(one["task_id"], Completion.model_validate(_without_task(one))) for one in good}

    def tell(answer: Any) -> None:
        task_id = answer.get("task_id") if isinstance(answer, dict) else None
        if not isinstance(task_id, str):
            raise Refused("it goes to no task")
        read = Completion.model_validate(_without_task(answer))
        try:
            patient.episode.complete(task_id, read.outcome, read.by, read.reason, now, read.signature)
        finally:
            is_taken = len(patient.episode.record) > taken
            patient.episode.state = before
            patient.episode.effects.clear()
        if not is_taken or meant(task_id, read) not in true:
            raise Forged("an answer was taken that nobody has signed")

    return Prepared([*good, *good, *bad], tell, (Refused, ValidationError), _exchanged)


def _exchanged(chance: Random, value: Any, other: Any) -> Any:
    """Half of them have something of another one in its own place, and so can be read still."""
    if not (isinstance(value, dict) and isinstance(other, dict)) or chance.random() < 0.5:
        return changed_json(chance, value, other)
    if chance.random() < 0.5:
        value, other, whole = value.get("signature"), other.get("signature"), value
        if isinstance(value, dict) and isinstance(other, dict):
            return {**whole, "signature": _exchanged_field(chance, value, other)}
        return {**whole, "signature": other}
    return _exchanged_field(chance, value, other)


def _exchanged_field(chance: Random, value: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    name = chance.choice([*value, *other])
    return (
        {**value, name: other[name]} if name in other else {n: one for n, one in value.items() if n != name}
    )


def _without_task(answer: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name != "task_id"}


TARGETS = (
    Target("signed_entries", 30, _entries),
    Target("signed_answers", 15, _answers),
)
