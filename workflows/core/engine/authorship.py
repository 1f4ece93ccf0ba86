"""Who has made an entry: whether the clinic's signature is over exactly this, and its signer may say so (E0)."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from workflows.core.engine.entry import Entry, Source
from workflows.core.engine.errors import InvalidEntry, NotAllowedNow
from workflows.core.engine.record import Recorded
from workflows.core.engine.signatures import (
    Answered,
    PublicKey,
    Signature,
    Trust,
    refuse_forged,
    refuse_stale,
)
from workflows.core.engine.signing_keys import SigningKey
from workflows.core.engine.sources import spoken_by
from workflows.core.engine.statements import Decision


def said_in(entry: Entry) -> dict[str, Any]:
    """What is signed of an entry: all of it but the signature, as plain JSON."""
    said = entry.plain()
    said.pop("signature", None)
    return said


def said_in_answer(by: str, answer: Answered) -> dict[str, Any]:
    """What is signed of an answer to a task: what the update `complete` takes."""
    return {"by": by, "outcome": answer.outcome, **({"reason": answer.reason} if answer.reason else {})}


def refuse_unauthored(entry: Entry, to: str, trust: Trust, now: datetime) -> None:
    """Refuse an entry that is not its signer's, where entries are signed.

    Args:
        entry: What is stated.
        to: Id of the workflow that takes it.
        trust: What signatures are judged by.
        now: The instant.

    Raises:
        NotAllowedNow: what is wrong with the signature, or who would have to sign.
    """
    if not trust:
        return
    signature = entry.signature
    what = f"{entry.kind.replace('_', ' ')} entry"
    if signature and signature.answers:  # its task has looked how old it is; it may have waited for us since
        answer = signature.answers
        refuse_forged(answer.task_id, said_in_answer(entry.by, answer), signature, trust, now, "answer")
        _refuse_another_answer(entry, answer)
    else:
        refuse_forged(to, said_in(entry), signature, trust, now, what)
        refuse_stale(signature, trust, now)
    if signature:
        refuse_other_signer(entry.by, spoken_by(entry), signature)


def check_named(entry: Entry) -> None:
    """Refuse what was signed and has no id of its own, by which a copy of it is known (T4), or what brings the
    signature of another thing.

    Raises:
        InvalidEntry: names the field.
    """
    if entry.signature and entry.signature.answers:
        raise InvalidEntry("signature.answers: an entry is signed itself; leave it out.")
    if entry.signature and not entry.id:
        raise InvalidEntry("id: what is signed has an id of its own, so that it has its effect once (T4).")


def answering(
    signature: Signature | None, task_id: str, outcome: str, reason: str | None
) -> Signature | None:
    """The signature of an answer to a task, for the statement that follows from it."""
    return signature and replace(signature, answers=Answered(task_id, outcome, reason))


def is_answer_of(by: str, answer: Answered, signature: Signature | None, trust: Trust, now: datetime) -> bool:
    """Whether somebody has given an answer to a task, as far as a record can tell: where nothing is signed, yes."""
    try:
        refuse_forged(answer.task_id, said_in_answer(by, answer), signature, trust, now, "answer")
        if trust and signature:
            refuse_other_signer(by, Source.STAFF, signature)
    except NotAllowedNow:
        return False
    return True


def is_authentic(entry: Entry, to: str, trust: Trust, now: datetime) -> bool:
    """Whether the clinic has signed an entry for its author."""
    try:
        refuse_unauthored(entry, to, trust, now)
    except NotAllowedNow:
        return False
    return bool(trust)


def unsigned(entry: Entry) -> Entry:
    """The same entry without its signature, where there is no key to judge it by: it would be shown as one."""
    return entry.model_copy(update={"signature": None}) if entry.signature else entry


def refuse_other_signer(by: str, source: Source, signature: Signature) -> None:
    """Refuse what somebody else has signed than who states it. A system signs what it has heard itself; a person also
    what others have told them.

    Raises:
        NotAllowedNow: who would have to sign.
    """
    if signature.is_of_a_system:
        if signature.signer != source.value:
            raise NotAllowedNow(
                f"signature: {signature.signer} is a system and signs what it has heard itself; what a person states "
                "is signed by that person (E0)."
            )
    elif source is Source.STAFF and signature.signer.casefold() != by.casefold():
        raise NotAllowedNow(
            f"by: {signature.signer} has signed this and not {by}. Whoever states something signs it; give your own "
            "id, or let them state it (E0)."
        )


def _refuse_another_answer(entry: Entry, answer: Answered) -> None:
    """The signature of an answer is good for what follows from it alone."""
    if isinstance(entry, Decision) and (entry.about, entry.choice, entry.reason) != (
        answer.task_id, answer.outcome, answer.reason,
    ):  # fmt: skip
        raise NotAllowedNow("signature: it is that of another answer (E0).")
    if entry.key != f"{answer.task_id}:completed":
        raise NotAllowedNow("signature: it is that of an answer to another task (E0).")


def not_signed_by_its_author(
    record: Iterable[Recorded], to: str, first: Mapping[str, PublicKey], ours: Collection[str] = ()
) -> Iterator[tuple[Recorded, str]]:
    """Every entry of a record that its author has not signed, and how that shows; of one that signs nothing, none.

    Args:
        record: In the order of recording.
        to: Id of the workflow that has taken it.
        first: The clinic's public keys at the beginning.
        ours: Ids of the entries that the engine has stated itself.
    """
    keys = dict(first)
    for recorded in record:
        entry = recorded.entry
        if keys and entry.key not in ours and (why := _problem(entry, to, keys)):
            yield recorded, why
        if isinstance(entry, SigningKey):
            keys.pop(entry.key_id, None)
            keys |= {entry.key_id: entry.public_key} if entry.public_key else {}


def _problem(entry: Entry, to: str, keys: Mapping[str, PublicKey]) -> str | None:
    """Judged as it was when it was stated, but for how old it was then: of that the door was the judge."""
    if entry.signature is None:
        return "it is signed by nobody"
    try:
        refuse_unauthored(entry, to, Trust(keys, timedelta(), timedelta()), entry.signature.at)
    except NotAllowedNow as error:
        return str(error)
    return None
