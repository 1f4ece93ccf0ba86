"""Laws over orders and times, by property: what agencies and people state late, twice and in contradiction."""

import itertools
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tests.core.clinic import at
from tests.core.referral.linked import Linked, on
from tests.searching import examples
from workflows.core.engine.errors import Refused
from workflows.core.referral.status import (
    BUSINESS_STATUSES,
    DRAFT,
    ENTERED_IN_ERROR,
    TABLE,
    TASK_STATUSES,
    Exported,
    moves,
)
from workflows.core.referral.views import view
from workflows.pathways.referral import new_referral

pytestmark = pytest.mark.dear

AGENCY_WORDS = (
    "received",
    "accepted",
    "waitlisted",
    "declined",
    "scheduled",
    "visited",
    "missed",
    "ended",
    "cancelled",
)
MOMENTS = st.builds(lambda day, hour: at(on(day), f"{hour:02d}:00"), st.integers(0, 12), st.integers(8, 17))
PLACE = st.sampled_from([None, "t1", "t2"])


def _named(statement: dict[str, Any], listing: str | None) -> dict[str, Any]:
    return {**statement, **({"listing_id": listing} if listing else {})}


STATEMENTS = st.one_of(
    st.builds(
        lambda w, m, b, p: _named(
            {"kind": "answer", "status": w, "at": m.isoformat(), "appointment_at": (m + timedelta(days=b)).isoformat(),
             "source": "agency"}, p),
        st.sampled_from(AGENCY_WORDS), MOMENTS, st.integers(1, 9), PLACE,
    ),
    st.builds(lambda m, s, p: _named({"kind": "visit", "at": m.isoformat(), "status": s}, p),
              MOMENTS, st.sampled_from(["attended", "missed"]), PLACE),
    st.builds(lambda m, p: _named({"kind": "visit", "on": m.date().isoformat(), "status": "missed"}, p),
              MOMENTS, PLACE),
    st.builds(lambda m, b, c, p: _named({"kind": "appointment", "at": m.isoformat(), "change": c,
                                         "appointment_at": (m + timedelta(days=b)).isoformat()}, p),
              MOMENTS, st.integers(1, 9), st.sampled_from(["booked", "cancelled"]), PLACE),
    st.builds(lambda m, i: {"kind": "choice", "listing_id": i, "name": "A place", "agency": f"agency-{i}",
                            "at": m.isoformat()}, MOMENTS, st.sampled_from(["t1", "t2", "t4"])),
    st.builds(lambda m, p: _named({"kind": "not_comfortable", "at": m.isoformat()}, p), MOMENTS, PLACE),
    st.builds(lambda m, p: _named({"kind": "cancellation", "at": m.isoformat()}, p), MOMENTS, PLACE),
    st.builds(lambda m, p: _named({"kind": "cancellation_confirmed", "at": m.isoformat()}, p), MOMENTS, PLACE),
    st.builds(lambda m, p: _named({"kind": "engaged", "at": m.isoformat()}, p), MOMENTS, PLACE),
    st.builds(lambda m, r: {"kind": "closing", "reason": r, "at": m.isoformat()},
              MOMENTS, st.sampled_from(["declined", "not_needed", "deceased"])),
    st.builds(lambda m: {"kind": "revocation", "consent_id": "c1", "at": m.isoformat()}, MOMENTS),
    st.builds(lambda m: {"kind": "consent", "consent_id": "c2", "at": m.isoformat()}, MOMENTS),
    st.builds(lambda m: {"kind": "preference", "wishes": {"languages": ["es"]}, "at": m.isoformat()}, MOMENTS),
)  # fmt: skip
HISTORIES = st.lists(STATEMENTS, max_size=10)
FIRST = {
    "kind": "choice",
    "listing_id": "t1",
    "name": "Harbor",
    "agency": "harbor",
    "at": at(on(0), "10:00").isoformat(),
}
SENT = {"kind": "sending", "outcome": "by_hand", "at": at(on(0), "11:00").isoformat(), "listing_id": "t1"}


def _recorded(statements: list[tuple[int, dict[str, Any]]]) -> Linked:
    """All statements at one moment, after the last of them; as an import or a feed would bring them."""
    linked = Linked(receipts=lambda asked: ("withheld", {"reason": "no consent is on file"}))
    linked.now = at(on(13), "09:00")
    for number, statement in [(900, FIRST), (901, SENT), *statements]:
        entry = {"id": f"e{number}", "source": "import", **statement}
        if entry["kind"] == "choice" and entry["id"] != "e900":
            entry["source"] = "staff"
        try:
            linked.says(**entry)
        except Refused:
            # What is refused depends on what stood then; the law is about what is kept.
            referral = linked.referral
            record = referral.record.with_entry(_parsed(entry), linked.now)
            referral.state = replace(referral.state, record=record)
    linked.referral.wake(linked.now)
    linked._carry_out()
    return linked


def _parsed(entry: dict[str, Any]) -> Any:
    from workflows.core.referral.statements import parse_statement

    return parse_statement({"by": "cm-1", **entry})


def _facts(linked: Linked) -> dict[str, Any]:
    shown = linked.shown.model_dump(mode="json")
    # What was sent, asked and opened on the way depends on the way; what is so does not (T4).
    for attempt in [*shown["attempts"], shown["current"] or {}]:
        for way in ("withheld", "sent_at", "made_by", "reference"):
            attempt.pop(way, None)
    # The wait begins when the word of an agency became known: here each statement has a minute of its own.
    shown["first_visit_by"] = (shown["first_visit_by"] or "")[:10]
    return {
        name: value
        for name, value in shown.items()
        if name not in ("open_tasks", "next_deadline", "waits_for", "undelivered", "offered", "wishes")
    }


@settings(max_examples=examples(75), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(HISTORIES, st.randoms(use_true_random=False))
def test_T4_any_order_of_the_same_statements_gives_the_same_facts(
    history: list[dict[str, Any]], random: Any
) -> None:
    numbered = list(enumerate(history))
    shuffled = numbered[:]
    random.shuffle(shuffled)
    assert _facts(_recorded(numbered)) == _facts(_recorded(shuffled))


@settings(max_examples=examples(25), deadline=None)
@given(HISTORIES)
def test_T4_stating_twice_changes_nothing(history: list[dict[str, Any]]) -> None:
    once = list(enumerate(history))
    assert _facts(_recorded(once)) == _facts(_recorded([*once, *once]))


@settings(max_examples=examples(25), deadline=None)
@given(HISTORIES)
def test_a_snapshot_restores_the_referral_as_it_was(history: list[dict[str, Any]]) -> None:
    linked = _recorded(list(enumerate(history)))
    referral = linked.referral
    again = new_referral(referral.start, linked.now)
    again.go_on_from(referral.packed())
    assert view(again, linked.now) == view(referral, linked.now)
    again.wake(linked.now)
    assert again.take_effects() == []


LEGAL = {(row.before, row.after) for row in TABLE}


@settings(max_examples=examples(50), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(HISTORIES)
def test_every_move_of_the_status_is_a_legal_move_of_the_table(history: list[dict[str, Any]]) -> None:
    known: dict[str, Exported | None] = {}
    linked = Linked()
    linked.now = at(on(13), "09:00")
    for number, statement in enumerate([FIRST, SENT, *history]):
        try:
            linked.says(**{"id": f"e{number}", **statement})
        except Refused:
            continue
        for one in linked.referral.facts.attempts:
            now = linked.referral.status_of(one)
            before = known.get(one.key)
            assert now is None or (now.status in TASK_STATUSES and now.business in (None, *BUSINESS_STATUSES))
            way = [before or DRAFT, *moves(before, now)]
            assert now is None or way[-1] == now
            for step, following in itertools.pairwise(way):
                replaced = following == ENTERED_IN_ERROR or step == ENTERED_IN_ERROR
                assert replaced or (step, following) in LEGAL
            known[one.key] = now


class Walk(RuleBasedStateMachine):
    """A referral walked at random, through all that people, agencies, the ledger and time may do to it."""

    kind = "therapist"

    def __init__(self) -> None:
        super().__init__()
        self.receipt = "sent"
        self.linked = Linked(self.kind, receipts=self._receipts)

    def _receipts(self, asked: Any) -> tuple[str, dict[str, str]]:
        return self.receipt, {"reference": "ref-1", "consent_id": "c1"} if self.receipt == "sent" else {}

    @rule(days=st.integers(0, 9), clock=st.sampled_from(["00:00", "09:30", "16:00"]))
    def time_passes(self, days: int, clock: str) -> None:
        then = at(self.linked.now.date() + timedelta(days=days), clock)
        if then > self.linked.now:
            self.linked.until(then.date(), clock)

    @rule(outcome=st.sampled_from(["sent", "withheld", "uncertain", "failed"]))
    def the_ledger_is_in_a_mood(self, outcome: str) -> None:
        self.receipt = outcome

    @rule(statement=STATEMENTS, source=st.sampled_from(["staff", "agency", "patient"]))
    def something_is_stated(self, statement: dict[str, Any], source: str) -> None:
        timeless = {name: value for name, value in statement.items() if name not in ("at", "on", "source")}
        try:
            self.linked.says(**timeless, source=source)
        except Refused as refused:
            assert str(refused).strip()

    @rule(data=st.data())
    def a_task_is_completed(self, data: st.DataObject) -> None:
        tasks = sorted(self.linked.referral.open_tasks.values(), key=lambda task: task.duty)
        if tasks:
            task = data.draw(st.sampled_from(tasks))
            outcome = data.draw(st.sampled_from(task.outcomes))
            try:
                self.linked.referral.complete(task.task_id, outcome, "cm-1", None, self.linked.now)
                self.linked._carry_out()
            except Refused as refused:
                assert "volunteer" in str(refused)
            else:
                assert task.duty not in self.linked.referral.open_tasks, (
                    f"{task.duty} {outcome} settles nothing"
                )

    @rule(back=st.integers(0, 30))
    def something_is_retracted(self, back: int) -> None:
        known = [recorded for recorded in self.linked.referral.record if recorded.entry.by != "carepath"]
        if back < len(known):
            self.linked.says("retraction", entry_id=known[back].key, reason="wrong")

    @invariant()
    def E9_no_referral_ever_waits_for_nothing(self) -> None:
        referral = self.linked.referral
        assert referral.waits_for != "nothing" or referral.finished(self.linked.now)

    @invariant()
    def the_chart_rests_where_the_facts_are(self) -> None:
        referral, facts = self.linked.referral, self.linked.referral.facts
        assert ("cancel_requested" in referral.states) == bool(facts.withdrawing)
        if facts.closed is None:
            assert referral.stands not in (
                "closing",
                "engaged",
                "declined",
                "otherwise",
                "arrived",
                "none_available",
            )
        if referral.stands == "seeking":
            assert facts.current is None
            assert not facts.offered

    @invariant()
    def P9_one_sending_for_each_key(self) -> None:
        tries = [one.try_id for one in self.linked.sendings]
        assert len(set(tries)) == len(tries)


class WalkOfAGroup(Walk):
    """The same for mutual help."""

    kind = "mutual_help"

    @invariant()
    def C4_nothing_is_ever_sent(self) -> None:
        assert not self.linked.sendings


TestWalk = Walk.TestCase
TestWalk.settings = settings(max_examples=examples(25), stateful_step_count=25, deadline=None)
TestWalkOfAGroup = WalkOfAGroup.TestCase
TestWalkOfAGroup.settings = settings(max_examples=examples(15), stateful_step_count=20, deadline=None)
