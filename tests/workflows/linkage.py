"""A clinic with a directory, a ledger and agencies, each a small real activity that a test tells what to answer."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from temporalio import activity
from temporalio.client import Client, WorkflowHandle
from temporalio.exceptions import ApplicationError

from activities.assembled import assemble
from tests.databases import sealed_for_tests
from tests.waiting import begun, ended, eventually, idle
from tests.workflows.story import Story, client_of
from worker.settings import Settings
from worker.workers import working
from workflows.ports.agencies import (
    ASK_AGENCY,
    DISCLOSE,
    GIVE_UP,
    NOTE_TOLD,
    RECONCILE,
    AgencyAnswer,
    AgencyQuestion,
    Disclosure,
    DisclosureReceipt,
    Reconciliation,
    ToldByHand,
    ToldReceipt,
)
from workflows.ports.clinic_files import KEEP_CONSENTS, ConsentsStated
from workflows.ports.directory import FIND_CANDIDATES, Candidate, Candidates, CandidateSearch
from workflows.ports.sending import CHANNEL_DOWN
from workflows.ports.timeouts import AGENCY_ATTEMPTS

PLACES = [
    Candidate(listing_id="t1", name="Harbor Counselling", agency="harbor", why=["speaks Spanish"]),
    Candidate(listing_id="t2", name="Riverside Therapy", agency="riverside"),
]


@dataclass
class Outside:
    """What lies outside the clinic. It sends only while a consent stands, and remembers what it sent."""

    places: list[Candidate] = field(default_factory=lambda: list(PLACES))
    answers: dict[str, AgencyAnswer] = field(default_factory=dict)
    consents: dict[str, Any] = field(default_factory=dict)
    sent: list[Disclosure] = field(default_factory=list)
    withheld: list[Disclosure] = field(default_factory=list)
    uncertain: set[str] = field(default_factory=set)
    down: set[str] = field(default_factory=set)
    """Agencies that cannot be reached."""
    died: set[str] = field(default_factory=set)
    """Agencies at which each attempt dies after the sending."""
    tried: int = 0
    told: list[ToldByHand] = field(default_factory=list)
    reconciled: list[Reconciliation] = field(default_factory=list)

    @activity.defn(name=FIND_CANDIDATES)
    async def find_candidates(self, search: CandidateSearch) -> Candidates:
        return Candidates(found=[one for one in self.places if one.listing_id not in search.leave_out])

    @activity.defn(name=KEEP_CONSENTS)
    async def keep_consents(self, stated: ConsentsStated) -> None:
        self.consents = {
            one["consent_id"]: one for one in stated.consents if one["stands"] and not one["revocation"]
        }

    @activity.defn(name=DISCLOSE)
    async def disclose(self, wanted: Disclosure) -> DisclosureReceipt:
        answer = DisclosureReceipt(key=wanted.key, outcome="sent", agency=wanted.agency)
        names = next((key for key, one in self.consents.items() if one["recipient"] == wanted.agency), None)
        if names is None:
            self.withheld.append(wanted)
            return answer.model_copy(update={"outcome": "withheld", "reason": "no consent is on file"})
        self.tried += 1
        if wanted.agency in self.down | self.died:
            is_enough = activity.info().attempt >= AGENCY_ATTEMPTS
            raise ApplicationError(
                f"{wanted.agency} could not be reached", type=CHANNEL_DOWN, non_retryable=is_enough
            )
        if any(one.key == wanted.key for one in self.sent):
            return answer.model_copy(update={"outcome": "already_sent"})
        self.sent.append(wanted)
        if wanted.agency in self.uncertain:
            return answer.model_copy(update={"outcome": "uncertain"})
        return answer.model_copy(update={"reference": f"ref-{wanted.agency}", "consent_id": names})

    @activity.defn(name=GIVE_UP)
    async def give_up(self, wanted: Disclosure) -> DisclosureReceipt:
        outcome: Literal["uncertain", "withheld"] = "uncertain" if wanted.agency in self.died else "withheld"
        return DisclosureReceipt(key=wanted.key, outcome=outcome, agency=wanted.agency, reason="given up")

    @activity.defn(name=RECONCILE)
    async def reconcile(self, found: Reconciliation) -> None:
        self.reconciled.append(found)

    @activity.defn(name=NOTE_TOLD)
    async def note_told(self, told: ToldByHand) -> ToldReceipt:
        self.told.append(told)
        covered = any(one["recipient"] == told.recipient for one in self.consents.values())
        return ToldReceipt(key=told.key, objection=None if covered else "no consent is on file")

    @activity.defn(name=ASK_AGENCY)
    async def ask_agency(self, question: AgencyQuestion) -> AgencyAnswer:
        return self.answers.get(question.agency, AgencyAnswer())

    @property
    def activities(self) -> list[Any]:
        """The callables to register."""
        return [
            self.find_candidates, self.keep_consents, self.disclose, self.give_up, self.reconcile, self.note_told,
            self.ask_agency,
        ]  # fmt: skip


class HasActivities(Protocol):
    """Whatever takes the place of some of the clinic's own activities."""

    @property
    def activities(self) -> list[Any]:
        """The callables to register."""


@asynccontextmanager
async def clinic_with(outside: HasActivities, client: Client, settings: Settings) -> AsyncIterator[None]:
    """A worker whose outside is the test's."""
    assembled = assemble(
        database_url=settings.database, staff_file=settings.staff, smtp_url=settings.smtp, sender=settings.sender,
        clinic_phone=settings.clinic_phone, journal=sealed_for_tests,
    )  # fmt: skip
    ours = {_name(one) for one in outside.activities}
    others = [one for one in assembled.callables if _name(one) not in ours]
    try:
        async with working(client, [*outside.activities, *others]):
            yield
    finally:
        await assembled.database.close()


def _name(callable_: Any) -> str:
    return str(activity._Definition.must_from_callable(callable_).name)


class Linking:
    """One referral of a story."""

    def __init__(self, story: Story, handle: WorkflowHandle[Any, Any]) -> None:
        self.story, self.handle = story, handle

    @classmethod
    async def of(cls, story: Story, number: int = -1) -> "Linking":
        """A referral that the episode has open; the latest unless another is meant.

        It may begin a moment after its episode lists it.
        """
        name = (await story.progress())["open_referrals"][number]
        handle = client_of(story).get_workflow_handle(name)
        await begun(handle)
        return cls(story, handle)

    async def shown(self) -> dict[str, Any]:
        view: dict[str, Any] = await self.handle.query("referral")
        return view

    async def reaches(self, *states: str) -> dict[str, Any]:
        """Wait until it stands in one of some states: what is on its way takes a moment."""
        shown: dict[str, Any] = {}

        async def there() -> bool:
            shown.update(await self.shown())
            return shown["state"] in states

        try:
            await eventually(there, self.story.environment.sleep)
        except AssertionError:
            raise AssertionError(
                f"it is {shown['state']}: {shown['waits_for']}; {shown['undelivered']}"
            ) from None
        return shown

    async def record(self, kind: str, **fields: Any) -> dict[str, Any]:
        statement = {"kind": kind, "by": "cm-1", **fields}
        answer: dict[str, Any] = await self.handle.execute_update("record", statement)
        return answer

    async def complete(self, kind: str, outcome: str) -> None:
        """Complete the open task of a kind, until the referral has heard of it."""
        tasks = {task["kind"]: task["task_id"] for task in (await self.shown())["open_tasks"]}
        assert kind in tasks, tasks
        handle = client_of(self.story).get_workflow_handle(tasks[kind])
        await begun(handle)
        await idle(handle)
        await handle.execute_update("complete", {"by": "cm-1", "outcome": outcome})
        await ended(handle)
