"""What the command line does to episodes and tasks, through the public contract alone."""

import sys
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError
from temporalio.client import Client
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

from activities.clinic_database import ClinicDatabase, Crosswalk, EpisodeAlreadyOpen
from activities.clinic_database.faults import ChannelFaults
from activities.clinic_database.spelling import BadKey
from worker.asking import LONGEST, UNSURE, answered
from worker.beginning import known_at_the_beginning
from worker.codec.marks import check_keys
from worker.connection import connect
from worker.database import check_database
from worker.diagnosis import queue, said, workflow_problem
from worker.errors import CannotDo
from worker.executions import Execution, described, executions, why_it_does_not_run
from worker.home_server import check_server
from worker.settings import Settings, load_settings, signs
from workflows import visibility
from workflows.core.engine.errors import Refused
from workflows.core.episode.attendance.services import refuse_schedule
from workflows.core.episode.entries import in_words
from workflows.core.episode.policy import load_policy
from workflows.core.episode.start import EpisodeStart

if TYPE_CHECKING:
    from worker.signing_key import SigningKeys
    from worker.speaking import Speaking


@dataclass(frozen=True)
class Clinic:
    """A connection to the server and the clinic database."""

    client: Client
    settings: Settings
    crosswalk: Crosswalk
    faults: ChannelFaults
    problem: str | None = None
    """What keeps everything from being answered, as far as it was seen when the connection was made."""
    speaking: "Speaking | None" = None
    """Signs what people say; None: this clinic does not sign."""
    keys: "SigningKeys | None" = None
    """With which it is signed; an episode begins with their public halves."""

    def must_be_answered(self) -> None:
        """Refuse before anything is sent that nobody would take.

        Raises:
            CannotDo: with what is wrong and the remedy.
        """
        if self.problem:
            raise CannotDo(f"Nothing was sent. {self.problem}")

    async def update(self, workflow_id: str, name: str, argument: Any) -> Any:
        """Send an update and wait for its answer.

        Raises:
            CannotDo: with the reason of the refusal, that there is nothing of that id, or why nobody answers.
        """
        self.must_be_answered()
        said = await self.speaking.said(workflow_id, name, argument) if self.speaking else argument
        handle = self.client.get_workflow_handle(workflow_id)
        return await answered(self.client, workflow_id, handle.execute_update(name, said), UNSURE)

    async def query(self, workflow_id: str, name: str, *arguments: Any) -> Any:
        """Ask a query.

        Raises:
            CannotDo: that there is nothing of that id, or why nobody answers.
        """
        self.must_be_answered()
        handle = self.client.get_workflow_handle(workflow_id)
        return await answered(self.client, workflow_id, handle.query(name, args=list(arguments)))

    async def admit(self, start: dict[str, Any], patient_key: str | None) -> str:
        """Start an episode; its id.

        Raises:
            CannotDo: the start is wrong in some field, or the patient has an open episode (I6).
        """
        self.must_be_answered()
        start = {**start, "episode_id": start.get("episode_id") or uuid.uuid4().hex[:16]}
        if self.keys:
            start["signing_keys"] = self.keys.public
        begun = read_start(start)
        if patient_key is not None:
            try:
                await self.crosswalk.open_episode(patient_key, begun.episode_id, begun.referred_on)
            except BadKey as error:
                raise CannotDo(f"This episode cannot begin: {error}.") from None
            except EpisodeAlreadyOpen as error:
                raise CannotDo(await self._already_open(error)) from None
        await self.start_episode(start)
        return begun.episode_id

    async def _already_open(self, error: EpisodeAlreadyOpen) -> str:
        """What to do about the episode that a patient has: also where it does not run as it should."""
        workflow_id = f"episode-{error.episode_id}"
        if (found := await described(self.client, workflow_id)) and found.state == "running":
            return str(error)
        does_not_run = why_it_does_not_run(workflow_id, found)
        problem = does_not_run or await workflow_problem(self.client, workflow_id)
        forgotten = (
            f" `carepath restore {workflow_id}` begins it again from its journal, "
            f"`carepath give-up {workflow_id}` notes that it has ended."
            if does_not_run and not found
            else ""
        )
        return f"This patient already has the open episode {error.episode_id}. {problem or ''}{forgotten}".strip()

    async def must_be_the_only_one(self, episode: str) -> None:
        """For whoever lets an episode go on: its patient has no other open one (I6).

        Raises:
            CannotDo: names the other one.
        """
        patient = await self.crosswalk.patient_of(episode)
        other = await self.crosswalk.open_episode_of(patient) if patient else None
        if other not in (None, episode):
            raise CannotDo(
                f"The patient has the open episode episode-{other} by now; record what happens there (I6)."
            )

    async def start_episode(self, start: dict[str, Any]) -> None:
        """Start the workflow of an episode that the crosswalk knows.

        The crosswalk knows it before what holds in the clinic is read, so that whoever tells all episodes of a closed
        day or of an absence in between finds it there.
        """
        holds = await known_at_the_beginning(self.crosswalk.database, read_start(start))
        start = {**start, "history": [*start.get("history", ()), *holds]} if holds else start
        try:
            await self.client.start_workflow(
                visibility.CARE_EPISODE,
                start,
                id=f"episode-{start['episode_id']}",
                task_queue=visibility.TASK_QUEUE,
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                static_summary=f"{start.get('pathway', 'iop')} · {start['site']}",
                rpc_timeout=LONGEST,
            )
        except WorkflowAlreadyStartedError:
            raise CannotDo(f"There is an episode {start['episode_id']} already; choose another id.") from None
        except RPCError as error:
            raise said(error, self.client) from None

    async def listed(self, query: str) -> AsyncIterator[Execution]:
        """Executions that a visibility query finds, paused ones too.

        Without a worker they are as the last one left them, and a note says so.
        """
        if self.problem:
            print(f"Note: {self.problem}", file=sys.stderr)
        async for execution in executions(self.client, query):
            yield execution


@asynccontextmanager
async def clinic_database() -> AsyncIterator[ClinicDatabase]:
    """The clinic database alone: for what must work without a Temporal server."""
    settings = load_settings()
    await check_database(settings)
    database = ClinicDatabase(settings.database)
    try:
        yield database
    finally:
        await database.close()


async def must_be_signed_in(settings: Settings, database: ClinicDatabase, staff_id: str) -> None:
    """For what somebody says to the clinic database alone, or before anything is sent to many episodes (E0).

    Raises:
        CannotDo: the clinic signs what is stated, and they are not signed in here.
    """
    if signs(settings):
        from worker.signed_in import SignedIn

        await SignedIn(settings, database).author(staff_id)


def clinic_with(
    client: Client, settings: Settings, database: ClinicDatabase, problem: str | None = None
) -> Clinic:
    """A clinic as commands use it; it signs what is said if it has a key.

    Raises:
        CannotDo: its signing key cannot be used.
    """
    faults, crosswalk = ChannelFaults(database), Crosswalk(database)
    if not signs(settings):
        return Clinic(client, settings, crosswalk, faults, problem)
    from worker.signed_in import SignedIn  # a clinic that signs nothing does not wait for what signs
    from worker.signing_key import load_signing_keys
    from worker.speaking import Speaking

    keys = load_signing_keys(settings)
    assert keys is not None
    speaking = Speaking(keys, SignedIn(settings, database))
    return Clinic(client, settings, crosswalk, faults, problem, speaking, keys)


@asynccontextmanager
async def clinic() -> AsyncIterator[Clinic]:
    """Connect, and disconnect the clinic database at the end.

    Raises:
        CannotDo: there is no server, no clinic database, or the server is another clinic's.
    """
    settings = load_settings()
    client = await connect(settings)
    async with clinic_database() as database:
        await check_keys(settings, database)
        await check_server(client, database)
        seen_now = await queue(client)
        if seen_now.remark:
            print(f"Note: {seen_now.remark}", file=sys.stderr)
        yield clinic_with(client, settings, database, seen_now.problem)


def read_start(start: dict[str, Any]) -> EpisodeStart:
    """Read a start as the workflow will.

    Raises:
        CannotDo: names the field.
    """
    # The charts take as long to import as most commands take in all, and only a start reads them.
    from workflows.pathways import pathway_named
    from workflows.pathways.following import check_following

    try:
        begun = EpisodeStart.model_validate(start)
        policy = load_policy(begun.policy, pathway_named(begun.pathway).defaults)
        begun.check_referral(datetime.now(UTC), policy)
        refuse_schedule(begun.schedule, policy)
        begun.check_codes()
        check_following(begun)
    except ValidationError as error:
        raise CannotDo(f"This episode cannot begin: {in_words(error, EpisodeStart)}") from None
    except Refused as error:
        raise CannotDo(f"This episode cannot begin: {error}") from None
    return begun


def episode_id(given: str) -> str:
    """The workflow id of an episode, given with or without its prefix."""
    return given if given.startswith("episode-") else f"episode-{given}"


def bare_id(given: str) -> str:
    """The id of an episode, given with or without its prefix."""
    return given.removeprefix("episode-")


def task_id(given: str) -> str:
    """The workflow id of a task, given with or without its prefix."""
    return given if given.startswith("task-") else f"task-{given}"
