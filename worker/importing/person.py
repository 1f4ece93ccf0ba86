"""One person of an export: each stay to its episode, the earliest first.

The clinic database has the last word on what is open: an episode that it calls closed is never begun again, whatever
Temporal still knows of it (E7). What earlier imports have brought is known from there too.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from activities.clinic_database import Crosswalk, EpisodeAlreadyOpen, ImportMemory
from activities.clinic_database.crosswalk import Passage
from activities.clinic_database.imported import Imported
from worker.errors import CannotDo
from worker.importing.episodes import Episodes, State
from worker.importing.folder import UNKNOWN_PATIENT, Admitted, Person
from worker.importing.limits import BYTES_AT_ONCE, ENTRIES_AT_ONCE
from worker.importing.planning import Plan, Sending, Subject, identity_of, plan
from worker.importing.report import Report
from worker.importing.rows import code_of
from worker.importing.stays import Stay, route

ADMISSION_REFUSED = "its admission was refused"

ROW = "admissions"
"""In the memory of imports, the row by which an episode was begun: as what it is about, and as its entry."""

ROW_HAS_CHANGED = (
    "the row says something else than before, and its episode runs already: tell a change of the team as a team entry "
    "in events.jsonl; another site or day of referral is another stay"
)
"""Said once; from then on the row is known as it is now."""


@dataclass(frozen=True)
class Importing:
    """What an import works with."""

    episodes: Episodes
    crosswalk: Crosswalk
    memory: ImportMemory
    system: str
    report: Report


def stays_of(person: Person, passages: Sequence[Passage]) -> list[Stay]:
    """The stays of a person, from the export and from the clinic database, the earliest first.

    A row of the admissions is the episode of its id, or one that began with the same referral, as when it was begun by
    hand.
    """
    known = {passage.episode_id: passage for passage in passages}
    stays = []
    for admitted in person.admitted:
        here = _known_as(admitted, known)
        if here:
            del known[here.episode_id]
        stays.append(_stay(admitted, here))
    stays += [
        Stay(one.opened_on, one.episode_id, is_open=one.closed_on is None, closed_on=one.closed_on)
        for one in known.values()
    ]
    return sorted(stays, key=lambda stay: (stay.referred_on, stay.episode_id))


def _known_as(admitted: Admitted, known: dict[str, Passage]) -> Passage | None:
    by_id = next((known[one] for one in _ids_of(admitted) if one in known), None)
    return by_id or next((one for one in known.values() if one.opened_on == admitted.referred_on), None)


def _ids_of(admitted: Admitted) -> list[str]:
    """The ids under which an import begins, or has begun, the episode of a row."""
    return [str(admitted.start["episode_id"]), admitted.plain_id] if admitted.start else []


def _stay(admitted: Admitted, here: Passage | None) -> Stay:
    start = admitted.start
    if here is None:
        episode_id = str(start["episode_id"]) if start else ""
        return Stay(admitted.referred_on, episode_id, admitted.row, start, admitted.problem)
    beginning = {**start, "episode_id": here.episode_id} if start else None
    return Stay(
        admitted.referred_on,
        here.episode_id,
        admitted.row,
        beginning,
        admitted.problem,
        is_open=here.closed_on is None,
        closed_on=here.closed_on,
        was_begun_by_hand=start is not None and here.episode_id not in _ids_of(admitted),
    )


async def import_person(person: Person, importing: Importing) -> None:
    """Import one person. Every row of the person is in the report afterwards.

    Raises:
        Unanswered: the server did not answer; rows of which nothing is known are not in the report then.
    """
    ids = [one for admitted in person.admitted for one in _ids_of(admitted)]
    passages = await importing.crosswalk.passages_of(person.patient_key, ids)
    stays = stays_of(person, passages)
    known_as = passages[-1].patient_key if passages else person.patient_key
    if not stays:
        why = ADMISSION_REFUSED if person.had_a_row else UNKNOWN_PATIENT
        importing.report.refuse_the_rest([one.row for one in person.statements], why)
        return
    for stay, subjects in _by_stay(person, stays, importing):
        earlier = [one.episode_id for one in stays if one.referred_on < stay.referred_on and one.episode_id]
        rows = [one.statement.row for one in subjects if one.is_reported]
        try:
            if stay.problem and stay.row:
                importing.report.add(stay.row, "refused", stay.problem)
            if stay.problem and stay.is_open is None:
                raise CannotDo(ADMISSION_REFUSED)
            await _import_stay(known_as, stay, subjects, earlier[-1:], importing)
        except EpisodeAlreadyOpen as error:
            why = f"{error} If that stay has ended, tell its exit in events.jsonl."
            if stay.row:
                importing.report.add(stay.row, "refused", why)
            importing.report.refuse_the_rest(rows, ADMISSION_REFUSED)
        except CannotDo as error:
            if stay.row and stay.is_open is not None:
                importing.report.add(stay.row, "duplicate")
            importing.report.refuse_the_rest([*([stay.row] if stay.row else []), *rows], str(error))


def _by_stay(
    person: Person, stays: Sequence[Stay], importing: Importing
) -> Iterator[tuple[Stay, list[Subject]]]:
    """What is told of each stay."""
    routed = route(person.statements, stays)
    for number, stay in enumerate(stays):
        told = [(one, True) for one in routed.by_stay[number]]
        told += [(one, False) for one in routed.carried[number]]
        yield (
            stay,
            [
                Subject(one, identity_of(importing.system, stay.episode_id, one.about), own)
                for one, own in told
            ],
        )


async def _import_stay(
    patient_key: str, stay: Stay, subjects: list[Subject], earlier: Sequence[str], importing: Importing
) -> None:
    """One stay.

    Raises:
        EpisodeAlreadyOpen: the patient has another episode that is open (I6).
        CannotDo: its episode takes no entries.
    """
    report, is_new = importing.report, stay.is_open is None
    if is_new:
        await importing.crosswalk.open_episode(patient_key, stay.episode_id, stay.referred_on)
    planned = await _planned(subjects, importing)
    asks = stay.is_open is not False or planned.sendings
    state = await importing.episodes.state_of(stay.episode_id) if asks else State.ENDED
    if state is State.STOPPED and stay.is_open is not False:
        raise CannotDo(_can_go_on(stay))
    begins = state is State.GONE and stay.is_open is not False and stay.start is not None
    ran_before = begins and not is_new and await importing.memory.forget(stay.episode_id)
    if ran_before or (begins and not is_new and stay.was_begun_by_hand):
        report.begun_again.append(stay.episode_id)
        planned = await _planned(subjects, importing)
    _report_what_is_not_sent(planned, report)
    if planned.sendings and state is not State.RUNNING and not begins:
        raise CannotDo(_takes_no_more(stay))
    await _send(stay, planned, begins, earlier, importing)
    await _tell_of_its_row(stay, is_new or (begins and not ran_before), importing)
    report.episodes += is_new


async def _tell_of_its_row(stay: Stay, is_accepted: bool, importing: Importing) -> None:
    """The row of the admissions itself: it begins an episode, and changes none that runs. What it says otherwise than
    before is told once."""
    if stay.row is None:
        return
    said = Imported(
        identity_of(importing.system, stay.episode_id, ROW), code_of(stay.row.values), stay.episode_id, ROW
    )
    known = await importing.memory.known([said.identity])
    if known and known[0].content != said.content and not is_accepted:
        importing.report.add(stay.row, "refused", ROW_HAS_CHANGED)
    importing.report.add(stay.row, "accepted" if is_accepted else "duplicate")
    await importing.memory.keep([said])


def _can_go_on(stay: Stay) -> str:
    return (
        f"episode {stay.episode_id} was terminated and can go on with all that it knew, more than this export holds: "
        f"carepath revive {stay.episode_id}, then import the folder again"
    )


def _takes_no_more(stay: Stay) -> str:
    ended = f"its stay ended on {stay.closed_on}" if stay.closed_on else "nothing runs"
    return (
        f"{ended}, and episode {stay.episode_id} takes no further entries: what belongs to a later stay needs a row of "
        "its own in the admissions, all else is for the person's case manager"
    )


async def _planned(subjects: Sequence[Subject], importing: Importing) -> Plan:
    return plan(subjects, await importing.memory.known(sorted({one.identity for one in subjects})))


def _report_what_is_not_sent(planned: Plan, report: Report) -> None:
    for one in planned.known:
        if one.is_reported:
            report.add(one.statement.row, "duplicate")
    for one, why in planned.refused:
        if one.is_reported:
            report.add(one.statement.row, "refused", why)


async def _send(
    stay: Stay, planned: Plan, begins: bool, earlier: Sequence[str], importing: Importing
) -> None:
    """Send what is new, and remember it as soon as it was answered."""
    start = {**(stay.start or {}), **({"follows": earlier[0]} if earlier else {})}
    chunks = list(_chunks(planned.sendings)) or ([[]] if begins else [])
    stage = None
    for number, chunk in enumerate(chunks):
        entries = [sending.entry for sending in chunk]
        if begins and number == 0:
            answers = await importing.episodes.begin(start, entries)
        else:
            answers = await importing.episodes.record(stay.episode_id, entries)
        await _remember(stay, chunk, answers, importing)
        stage = next((answer["stage"] for answer in answers if answer.get("stage")), stage)
    if stage == "closed" and stay.is_open is not False:
        # Its own note comes a moment later; the next stay of the person cannot wait for it.
        closed_on = await importing.episodes.closed_on(stay.episode_id)
        if closed_on:
            await importing.crosswalk.note(stay.episode_id, closed_on)


async def _remember(
    stay: Stay, chunk: Sequence[Sending], answers: Sequence[dict[str, Any]], importing: Importing
) -> None:
    brought: list[Imported] = []
    replaced: list[Imported] = []
    for sending, answer in zip(chunk, answers, strict=True):
        if refused := answer.get("error"):
            _tell(sending, "refused", refused["message"], importing.report)
            continue
        first = sending.first
        brought.append(
            Imported(first.identity, first.statement.content, stay.episode_id, sending.entry["id"])
        )
        replaced += [replace(row, stands=False) for row in sending.replaces]
        corrects = f"corrects entry {sending.replaces[0].entry_id}" if sending.replaces else ""
        _tell(sending, "duplicate" if answer["duplicate"] else "accepted", corrects, importing.report)
    await importing.memory.keep(brought, replaced)


def _tell(sending: Sending, result: Any, reason: str, report: Report) -> None:
    said = [one.statement.row for one in sending.subjects if one.is_reported]
    for row in said[:1]:
        report.add(row, result, reason)
    for row in said[1:]:
        report.add(row, "refused" if result == "refused" else "duplicate", reason)


def _chunks(sendings: Sequence[Sending]) -> Iterator[list[Sending]]:
    chunk: list[Sending] = []
    size = 0
    for sending in sendings:
        length = len(json.dumps(sending.entry, default=str).encode())
        if chunk and (len(chunk) == ENTRIES_AT_ONCE or size + length > BYTES_AT_ONCE):
            yield chunk
            chunk, size = [], 0
        chunk.append(sending)
        size += length
    if chunk:
        yield chunk
