"""A referral moved through time by hand: the vocabulary of its tests. The directory, the ledger and the agencies answer
what a test tells them to."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from tests.core.clinic import TEAM, ZONE, at
from workflows.core.engine.effects import CloseTask, OpenTask
from workflows.core.engine.shown import Changed
from workflows.core.referral.effects import AskAgency, Disclose, FindCandidates, ReportToEpisode
from workflows.core.referral.start import ReferralStart
from workflows.core.referral.statements import parse_statement
from workflows.core.referral.views import ReferralView, view
from workflows.pathways.referral import new_referral

BEGAN = date(2026, 3, 2)  # a Monday; clocks change on the following Sunday
PLACES: list[dict[str, object]] = [
    {"listing_id": "t1", "name": "Harbor Counselling", "agency": "harbor", "why": ["speaks Spanish"]},
    {"listing_id": "t2", "name": "Riverside Therapy", "agency": "riverside"},
    {"listing_id": "t3", "name": "Oak Street Practice"},
]
GROUPS: list[dict[str, object]] = [
    {"listing_id": "g1", "name": "Monday Night"},
    {"listing_id": "g2", "name": "Tools for Change", "secular": True},
]


def on(days: int) -> date:
    """A day of the referral, from 0."""
    return BEGAN + timedelta(days=days)


class Linked:
    """One referral and its clock, on which everything that is said takes a minute."""

    def __init__(
        self,
        kind: str = "therapist",
        service: str | None = None,
        places: Sequence[Mapping[str, object]] | None = None,
        receipts: Callable[[Disclose], tuple[str, dict[str, str]]] | None = None,
        noting: bool = False,
        **changes: Any,
    ) -> None:
        self.began_at = at(BEGAN, "10:00")
        self.now = at(BEGAN, "10:00")
        self.places = places if places is not None else GROUPS if kind == "mutual_help" else PLACES
        self.receipts = receipts or (lambda asked: ("sent", {"reference": f"ref-{asked.listing_id}"}))
        self.is_held = False
        """Whether sendings are on their way and not answered yet."""
        self.says_to_polls: dict[str, tuple[str, datetime | None]] = {}
        begin = ReferralStart.model_validate(
            {
                "referral_id": "referral-r1", "episode_id": "e1", "site": "north", "timezone": ZONE.key,
                "kind": kind, "service": service or kind, "since": self.now.isoformat(), "team": TEAM,
                "need": "n1", **changes,
            }
        )  # fmt: skip
        self.referral = new_referral(begin, self.now)
        if noting:
            self.referral.note_acts()
        self.effects: list[Any] = []
        self._number = 0
        self.referral.begin(self.now)
        self._carry_out()

    def _carry_out(self) -> None:
        while taken := self.referral.take_effects():
            self.effects += taken
            for effect in taken:
                if isinstance(effect, FindCandidates):
                    found = [one for one in self.places if one["listing_id"] not in effect.leave_out]
                    self.referral.found(effect.search, found, None, self.now)
                elif isinstance(effect, Disclose) and not self.is_held:
                    outcome, more = self.receipts(effect)
                    self.referral.sending(effect, outcome, self.now, **more)
                elif isinstance(effect, AskAgency) and effect.agency in self.says_to_polls:
                    status, booked = self.says_to_polls[effect.agency]
                    self.referral.agency_said(effect, status, None, booked, self.now)

    def until(self, day: date | str, clock: str = "12:00") -> "Linked":
        """Let time pass, waking at each deadline as the shell does."""
        then = at(day, clock)
        while (deadline := self.referral.next_deadline) and deadline.at <= then:
            self.now = max(self.now, deadline.at)
            self.referral.wake(self.now)
            self._carry_out()
            assert self.referral.next_deadline is None or self.referral.next_deadline.at > self.now
        self.now = then
        self.referral.wake(then)
        self._carry_out()
        return self

    def says(self, kind: str, **fields: Any) -> Changed:
        """State something now."""
        self._number += 1
        self.now += timedelta(minutes=1)
        given = {name: v.isoformat() if isinstance(v, date) else v for name, v in fields.items()}
        statement = {"kind": kind, "by": "cm-1", "id": f"s{self._number:03d}", **given}
        changed = self.referral.apply(parse_statement(statement), self.now)
        self._carry_out()
        return changed

    def agency(self, status: str, **fields: Any) -> Changed:
        """An agency says something now."""
        given = {"at": self.now + timedelta(minutes=1), "by": "agency-gateway", "source": "agency", **fields}
        return self.says("answer", status=status, **given)

    def completes(self, kind: str, outcome: str) -> Changed:
        """Complete the open task of a kind."""
        self.now += timedelta(minutes=1)
        (task,) = [task for task in self.referral.open_tasks.values() if task.kind == kind]
        assert outcome in task.outcomes, task.outcomes
        changed = self.referral.complete(task.task_id, outcome, "cm-1", None, self.now)
        self._carry_out()
        return changed

    def chooses(self, listing_id: str = "t1") -> "Linked":
        """The patient chooses at the task that asks for it."""
        self.completes("choose_candidate", listing_id)
        return self

    @property
    def shown(self) -> ReferralView:
        """What the query shows now."""
        return view(self.referral, self.now)

    @property
    def tasks(self) -> set[str]:
        """The kinds of the open tasks."""
        return {task.kind for task in self.shown.open_tasks}

    @property
    def sendings(self) -> list[Disclose]:
        """What was asked to be sent."""
        return [one for one in self.effects if isinstance(one, Disclose)]

    @property
    def reports(self) -> list[tuple[str, str | None]]:
        """What the episode was told."""
        return [(one.state, one.reason) for one in self.effects if isinstance(one, ReportToEpisode)]

    def asked(self) -> list[str]:
        """The texts of every task that was ever opened."""
        return [one.asks for one in self.effects if isinstance(one, OpenTask)]

    def closed_tasks(self) -> list[CloseTask]:
        """Every task that was closed."""
        return [one for one in self.effects if isinstance(one, CloseTask)]
