"""Every outcome of every task of a referral has its effect, and none is a dead end (C3, C4, E9): a walk through all.

Each opening leads to some tasks. There each is answered in each way on the real engine; what the word of an answer
promises stands in the table, and a new kind of task, or a new outcome, needs its line.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import cache

from tests.core.clinic import at
from tests.core.referral.linked import PLACES, Linked, on
from tests.pathways.kinds import kinds_in
from workflows.core.engine.effects import OpenTask
from workflows.core.engine.keys import kind_of
from workflows.core.referral.duties import duties

A_PLACE = "a place"
SETTLED = "settled"
AGAIN = "asked again"
DECLINED = "closed declined"
ANOTHER = "chooses again"

KEPT = {"declined": DECLINED, "another_candidate": ANOTHER, "not_comfortable": ANOTHER}
"""Words that promise the same whatever was asked."""

PROMISES: dict[str, dict[str, str]] = {
    "choose_candidate": {A_PLACE: "goes there", "none_suits": "owes find_candidate_by_hand", "declined": DECLINED},
    "choose_next": {A_PLACE: "goes there", "keep_waiting": AGAIN, "search_again": "searches", "declined": DECLINED},
    "find_candidate_by_hand": {
        "search_again": "searches", "none_available": "closed none_available", "declined": DECLINED
    },
    "referral_consent": {"recorded": "sends", "patient_contacts": "owes ask_for_answer", **KEPT},
    "send_again": {"send": "sends", "patient_contacts": "owes ask_for_answer", **KEPT},
    "contact_by_hand": {
        "made": "owes ask_for_answer", "patient_contacts": "owes ask_for_answer", "not_reached": AGAIN, **KEPT
    },
    "tell_by_telephone": {"told": SETTLED, "not_called": AGAIN, **KEPT},
    "ask_for_answer": {
        "accepted": "owes book_appointment", "waitlisted": "step waitlisted", "agency_declined": ANOTHER,
        "no_answer": AGAIN, **KEPT,
    },
    "book_appointment": {"not_yet": AGAIN, **KEPT},
    "confirm_visit": {"attended": "owes confirm_engagement", "missed": "owes rebook_visit", "not_known": AGAIN},
    "rebook_visit": {"not_reached": AGAIN, **KEPT},
    "reconcile_sending": {"arrived": "owes ask_for_answer or cancels", "not_arrived": "owes send_again or settled"},
    "post_letter": {"posted": "owes ask_for_answer", "not_posted": "owes send_again"},
    "keep_letter": {"posted": "cancels", "not_posted": SETTLED},
    "keep_referral": {"told": SETTLED, "not_reached": AGAIN, **KEPT},
    "ask_first_meeting": {"attended": "owes ask_sponsor", "not_yet": AGAIN, **KEPT},
    "volunteer_contact": {"arranged": SETTLED, "not_wanted": SETTLED, "not_reached": AGAIN},
    "ask_sponsor": {"found": "closed engaged", "not_wanted": "closed engaged", "not_yet": AGAIN, **KEPT},
    "confirm_engagement": {"engaged": "closed engaged", "not_yet": AGAIN, **KEPT},
    "confirm_cancellation": {"confirmed": "cancelled", "left_open": "cancelled", "not_reached": AGAIN},
    "referral_consent_revoked": {"goes_on": SETTLED, "cancel": "cancels"},
}  # fmt: skip


def _linked(outcome: str, kind: str = "therapist", **more: str) -> Linked:
    return Linked(kind, receipts=lambda asked: (outcome, {"reference": "r", "consent_id": "c1", **more}))


def _booked(kind: str = "therapist") -> Linked:
    linked = Linked(kind).chooses("t1")
    linked.agency("accepted")
    linked.agency("scheduled", appointment_at=at(on(4), "10:00"))
    return linked.until(on(4), "12:00")


def _missed() -> Linked:
    linked = _booked()
    linked.completes("confirm_visit", "missed")
    return linked


def _visited() -> Linked:
    linked = _booked()
    linked.completes("confirm_visit", "attended")
    return linked.until(on(19))


def _said(linked: Linked, kind: str, **fields: str) -> Linked:
    linked.says(kind, **fields)
    return linked


def _not_arrived() -> Linked:
    linked = _linked("uncertain").chooses()
    linked.completes("reconcile_sending", "not_arrived")
    return linked


def _kept_after_all() -> Linked:
    linked = Linked().chooses("t1")
    linked.agency("accepted")
    changed = linked.says("cancellation", reason="the person asked for it")
    return _said(linked, "retraction", entry_id=changed.entry_id, reason="a misunderstanding")


def _group(**wishes: bool) -> Linked:
    consent = {"purpose": "volunteer_contact", "kind": "consent", "consent_id": "c1", "by": "cm-1", "id": "c"}
    return Linked("mutual_help", "aa", wishes=wishes, statements=[consent] if wishes else []).chooses("g1")


def _been_there() -> Linked:
    linked = _group().until(on(8))
    linked.completes("ask_first_meeting", "attended")
    return linked.until(on(40))


OPENINGS: dict[str, Callable[[], Linked]] = {
    **{
        f"a choice of a {kind}": lambda kind=kind: Linked(kind)  # type: ignore[misc]
        for kind in ("therapist", "mutual_help", "service", "level_of_care")
    },
    "a group of one": lambda: Linked(
        "mutual_help", "aa", places=[{"listing_id": "g1", "name": "Monday Night"}]
    ),
    "nothing is found": lambda: Linked(places=[]),
    "the wait is over": lambda: Linked().chooses("t1").until(on(15)),
    "the wait is over, and there is no other": lambda: Linked(places=PLACES[:1]).chooses("t1").until(on(15)),
    "no consent stands": lambda: _linked("withheld").chooses(),
    "it is not certain that it arrived": lambda: _linked("uncertain").chooses(),
    "not certain, and given up": lambda: _said(_linked("uncertain").chooses(), "next_candidate"),
    "it has not arrived": _not_arrived,
    "a place without a channel": lambda: Linked().chooses("t3"),
    "told by a link": lambda: _linked("sent", way="link").chooses(),
    "not answered": lambda: Linked().chooses("t1").until(on(6)),
    "accepted": lambda: _said(Linked().chooses("t1"), "answer", status="accepted", listing_id="t1"),
    "booked": _booked,
    "missed": _missed,
    "visited": _visited,
    "another level of care": lambda: _booked("level_of_care"),
    "a letter to post": lambda: _linked("to_post").chooses(),
    "a letter to keep": lambda: _said(_linked("to_post").chooses(), "closing", reason="declined"),
    "kept after all": _kept_after_all,
    "a group is gone to": lambda: _group().until(on(8)),
    "a volunteer is wished": lambda: _group(volunteer_contact=True),
    "been to a group": _been_there,
    "a cancellation is not confirmed": lambda: _said(Linked().chooses("t1"), "cancellation").until(on(3)),
    "the consent is taken back": lambda: _said(_linked("sent").chooses("t1"), "revocation", consent_id="c1"),
}


@dataclass(frozen=True)
class Answered:
    """One task, as it was answered in one way after an opening."""

    opening: str
    task: OpenTask
    outcome: str
    linked: Linked
    sent: int
    """How much had been asked to be sent before."""

    @property
    def told(self) -> str:
        return f"{self.opening}: {self.task.kind}: {self.outcome}"

    @property
    def name(self) -> str:
        is_place = self.task.kind in ("choose_candidate", "choose_next") and self.outcome in self._places
        return A_PLACE if is_place else self.outcome

    @property
    def _places(self) -> set[str]:
        return {place.listing_id for place in self.linked.referral.facts.places}

    def keeps(self, promise: str) -> bool:
        """Whether one of the things that the answer promises has come to pass, or is owed."""
        return any(self._keeps(one) for one in promise.split(" or "))

    def _keeps(self, promise: str) -> bool:
        linked, facts = self.linked, self.linked.referral.facts
        owed = [duty for duty in duties(facts) if facts.answer(duty.key) is None]
        match promise.split():
            case ["settled"]:
                return self.task.kind not in {duty.kind for duty in owed}
            case ["asked", "again"]:
                return any(duty.kind == self.task.kind and duty.since > linked.now for duty in owed)
            case ["owes", kind]:
                return kind in {duty.kind for duty in owed} or facts.closed is not None
            case ["closed", reason]:
                return facts.closed is not None and facts.closed.reason == reason
            case ["goes", "there"]:
                return facts.current is not None and facts.current.place.listing_id == self.outcome
            case ["chooses", "again"]:
                return facts.current is None and self.task.duty not in linked.referral.open_tasks
            case ["searches"]:
                return facts.search_is_answered or facts.search_is_wanted
            case ["sends"]:
                return len(linked.sendings) > self.sent
            case ["step", step]:
                return facts.current is not None and facts.current.step == step
            case ["cancels"]:
                return bool(facts.withdrawing)
            case ["cancelled"]:
                return not facts.withdrawing
        raise AssertionError(f"unknown promise {promise}")


@cache
def answers() -> list[Answered]:
    """Every task to which an opening leads, answered in each way."""
    return list(_answers())


def _answers() -> Iterator[Answered]:
    for name, opening in OPENINGS.items():
        for key, task in opening().referral.open_tasks.items():
            for outcome in task.outcomes:
                linked = opening()
                sent = len(linked.sendings)
                open_task = linked.referral.open_tasks[key]
                linked.now += timedelta(minutes=1)
                linked.referral.complete(open_task.task_id, outcome, "cm-1", None, linked.now)
                linked._carry_out()
                yield Answered(name, task, outcome, linked, sent)


def test_E9_every_outcome_of_every_task_of_a_referral_keeps_what_its_word_promises() -> None:
    broken = []
    for one in answers():
        promise = PROMISES.get(one.task.kind, {}).get(one.name)
        if promise is None:
            broken.append(f"{one.told}: no line says what it promises")
        elif not one.keeps(promise):
            broken.append(f"{one.told}: {promise} is not kept")
        referral = one.linked.referral
        if referral.waits_for == "nothing" and not referral.facts.closed:
            broken.append(f"{one.told}: nothing is awaited any more")
    assert not broken, "\n".join(broken)


def test_every_kind_of_task_of_a_referral_is_walked_through() -> None:
    walked: dict[str, set[str]] = {}
    for one in answers():
        walked.setdefault(one.task.kind, set()).add(one.name)
    assert set(walked) == kinds_in("core/referral/*.py")
    assert set(PROMISES) == set(walked)
    for kind, names in walked.items():
        surplus = {"not_comfortable", "another_candidate", "declined"} - names
        assert set(PROMISES[kind]) - surplus == names, kind
    assert kind_of("choose_next:1.2") == "choose_next"
