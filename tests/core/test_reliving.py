"""The record outlives its workflow: folded from its journal alone it is the same state (T2, T3, E9)."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.core.clinic import ADMITTED, Patient, goes_through_intake
from tests.core.referral.linked import Linked, on
from tests.core.test_laws import STATEMENTS
from tests.searching import examples
from tests.worker.simulation.conftest import clinic
from worker.simulation.behaviour import Person
from worker.simulation.journey import Journey
from workflows.core.engine.acts import MUST_BE_KEPT, Act, read, written
from workflows.core.engine.effects import KeepConsents, NoteClosed, OpenTask
from workflows.core.engine.lines import Beginning, line_of
from workflows.core.episode.entries import KINDS, parse_entry
from workflows.core.episode.episode import Episode
from workflows.core.episode.views import journal
from workflows.core.referral.referral import Referral
from workflows.pathways.reliving import lived, told


def lines_of(living: Episode | Referral, acts: Sequence[Act], began_at: datetime) -> list[dict[str, Any]]:
    """A journal, through the text in which it is kept."""
    of = "episode" if isinstance(living, Episode) else "referral"
    start = living.start.model_dump(mode="json")
    return [
        json.loads(text)
        for text in (Beginning(of, began_at, start).line(), *(line_of([written(act)]) for act in acts))
    ]


def same(one: Episode | Referral, other: Episode | Referral) -> None:
    """Nothing that is kept of them differs: the record, the tasks under their ids, the deadline, what was said."""
    left, right = replace(one.state, at=other.state.at), other.state
    for name in ("worklist", "next_deadline", "states", "sent"):
        assert getattr(left, name) == getattr(right, name), name
    assert journal(one) == journal(other)
    one.state = left
    assert one.packed() == other.packed()


def same_work(one: Episode | Referral, other: Episode | Referral) -> None:
    """People see the same: journal, tasks under their ids and when they are due, deadline."""
    assert journal(one) == journal(other)
    assert one.next_deadline == other.next_deadline
    tasks, others = ({t.task_id: t.due_at for t in each.open_tasks.values()} for each in (one, other))
    assert tasks == others


def kept(acts: Sequence[Act]) -> list[Act]:
    """What a journal holds at least: up to the last act that nothing brings back."""
    last = max((n for n, act in enumerate(acts) if isinstance(act, MUST_BE_KEPT)), default=-1)
    return list(acts[: last + 1])


class Noted(Patient):
    """A patient of whom the journal is kept."""

    def __init__(self, **changes: Any) -> None:
        super().__init__(**changes)
        self.began_at = self.now
        self.episode = Episode(self.episode.start, self.episode.pathway, self.now)
        self.episode.note_acts()
        self.episode.wake(self.now)


MOVES = st.one_of(
    st.tuples(st.just("passes"), st.integers(1, 90)),
    st.tuples(st.just("is away"), st.integers(1, 90)),
    st.tuples(st.just("says"), st.lists(STATEMENTS, min_size=1, max_size=4)),
    st.tuples(st.just("answers"), st.integers(0, 5)),
    st.tuples(st.just("asks anew"), st.integers(0, 5)),
    st.tuples(st.just("vouches"), st.sampled_from([None, ("therapist",), ("director",)])),
    st.tuples(st.just("takes back"), st.integers(0, 8)),
)  # fmt: skip


def _does(patient: Noted, number: int, move: tuple[str, Any]) -> None:
    what, value = move
    tasks = sorted(patient.episode.open_tasks.values(), key=lambda task: task.task_id)
    if what == "passes":
        then = patient.now + timedelta(hours=value)
        while (deadline := patient.episode.next_deadline) and deadline.at <= then:
            patient.now = max(deadline.at, patient.now)
            patient.episode.wake(patient.now)
        patient.now = then
    elif what == "is away":  # nobody looks, and time is looked at late
        patient.now += timedelta(hours=value)
    elif what == "says":
        entries = [parse_entry({"by": "cm-1", "id": f"e{number}-{n}", **one}) for n, one in enumerate(value)]
        patient.episode.apply_many(entries, patient.now)
    elif what == "answers" and tasks:
        task = tasks[value % len(tasks)]
        said = {"kind": "decision", "id": f"d{number}", "about": task.task_id, "reason": "seen",
                "choice": task.outcomes[value % len(task.outcomes)], "by": task.owner or "cm-1"}  # fmt: skip
        patient.episode.apply_many([parse_entry(said)], patient.now)
    elif what == "asks anew" and tasks:
        patient.episode.ask_anew(tasks[value % len(tasks)].task_id, patient.now)
    elif what == "vouches":
        patient.episode.vouch("x-1", value)
    elif what == "takes back" and (keys := [one.key for one in patient.episode.record]):
        entry = {"kind": "retraction", "id": f"r{number}", "by": "cm-1", "reason": "wrong",
                 "entry_id": keys[value % len(keys)]}  # fmt: skip
        patient.episode.apply_many([parse_entry(entry)], patient.now)


@settings(max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(MOVES, max_size=14))
def test_T3_an_episode_folded_from_its_journal_is_the_state_that_it_was(
    moves: list[tuple[str, Any]],
) -> None:
    patient = Noted()
    goes_through_intake(patient)
    for number, move in enumerate(moves):
        _does(patient, number, move)
    acts = patient.episode.take_acts()
    same(
        lived(told(lines_of(patient.episode, acts, patient.began_at)), patient.episode.state.at),
        patient.episode,
    )


@settings(max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(MOVES.filter(lambda move: move[0] != "is away"), max_size=14))
def test_T7_a_deadline_that_was_judged_at_its_own_time_needs_no_line(moves: list[tuple[str, Any]]) -> None:
    patient = Noted()
    goes_through_intake(patient)
    for number, move in enumerate(moves):
        _does(patient, number, move)
    acts = kept(patient.episode.take_acts())
    again = lived(told(lines_of(patient.episode, acts, patient.began_at)), patient.episode.state.at)
    same_work(again, patient.episode)


@pytest.mark.parametrize("number", range(examples(6)))
def test_T3_a_simulated_patient_folded_from_the_journal_is_the_same(number: int) -> None:
    journey = Journey(Person(clinic(), 5, number), None, 5)
    began_at, episode = journey.desk.now, journey.episode
    episode.note_acts()
    journey.run()
    acts = episode.take_acts()
    assert len(acts) > 3
    same(lived(told(lines_of(episode, acts, began_at)), episode.state.at), episode)
    same_work(lived(told(lines_of(episode, kept(acts), began_at)), episode.state.at), episode)


def test_C3_a_referral_folded_from_its_journal_is_the_state_that_it_was() -> None:
    linked = Linked(noting=True)
    linked.says("consent", consent_id="c-1", recipient="harbor", purpose="referral")
    linked.chooses("t1").until(on(3))
    linked.agency("accepted")
    linked.says_to_polls["harbor"] = ("accepted", None)
    linked.until(on(40))
    acts = linked.referral.take_acts()
    same(
        lived(told(lines_of(linked.referral, acts, linked.began_at)), linked.referral.state.at),
        linked.referral,
    )


def test_T3_what_began_before_there_was_a_journal_begins_it_with_how_it_stands() -> None:
    patient = Noted()
    goes_through_intake(patient)
    patient.attends(ADMITTED)
    patient.episode.take_acts()
    start = patient.episode.start.model_dump(mode="json")
    beginning = Beginning("episode", patient.began_at, start, patient.episode.packed())
    patient.until(ADMITTED + timedelta(days=3))
    patient.says("use", on=ADMITTED + timedelta(days=2))
    lines = [beginning.line(), line_of([written(act) for act in patient.episode.take_acts()])]
    again = lived(told(json.loads(line) for line in lines), patient.episode.state.at)
    same(again, patient.episode)


def test_P3_who_lives_again_tells_the_door_again_what_was_consented_to() -> None:
    patient = Noted()
    goes_through_intake(patient)
    patient.says("consent", consent_id="c-1", type="disclosure", recipient="agency-1", purpose="referral",
                 content=["referral"], signed_on=ADMITTED, expires_event="end_of_care")  # fmt: skip
    patient.says("revocation", consent_id="c-1")
    told_then = [one for one in patient.effects if isinstance(one, KeepConsents)][-1]
    patient.says("exit", reason="withdrew", on=ADMITTED)
    acts = patient.episode.take_acts()
    again = lived(told(lines_of(patient.episode, acts, patient.began_at)), patient.now)
    again.live_again(patient.now)
    asked = again.take_effects()
    (kept,) = [one for one in asked if isinstance(one, KeepConsents)]
    assert (kept.consents, kept.lifted) == (told_then.consents, told_then.lifted)
    assert kept.version >= told_then.version
    assert [one.closed_on for one in asked if isinstance(one, NoteClosed)] == [ADMITTED]
    open_tasks = {one.task_id for one in patient.episode.open_tasks.values()}
    assert {one.task_id for one in asked if isinstance(one, OpenTask)} == open_tasks


def test_a_journal_of_another_format_is_not_guessed_at() -> None:
    with pytest.raises(ValueError, match="format 7"):
        told([{"format": 7, "of": "episode", "at": "2026-01-01T00:00:00+00:00", "start": {}}])


@pytest.mark.parametrize(
    "line", [{"format": 1}, {"format": 1, "of": "episode", "at": 7, "start": {}}, [], "x",
             {"format": 1, "of": "episode", "at": "2026-01-05T12:00:00Z", "start": None}],
)  # fmt: skip
def test_a_line_of_another_form_is_no_beginning(line: Any) -> None:
    with pytest.raises(ValueError, match="beginning"):
        Beginning.of_line(line)


@pytest.mark.parametrize(
    "said", [{"act": "woken", "at": 7}, {"act": "stated", "at": "2026-01-05T12:00:00Z", "entries": 7}, "x", None,
             {"act": "vouched", "staff_id": "th-1", "roles": 7}],
)  # fmt: skip
def test_what_has_another_form_is_no_act(said: Any) -> None:
    with pytest.raises(ValueError, match="no act"):
        read(said, KINDS)
