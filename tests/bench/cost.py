"""What an episode costs on a server: Temporal actions, events and bytes of the golden journey.

An action is what Temporal bills as one (https://docs.temporal.io/cloud/actions): the start of a workflow, be it by a
client, by a parent or by continuing as new; an update, a signal, a timer, an activity, an upsert of search attributes.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import date
from typing import Any

from temporalio.api.enums.v1 import EventType
from temporalio.testing import WorkflowEnvironment

from activities.clinic_database import ClinicDatabase, Crosswalk
from tests.workflows.golden import golden_journey
from tests.workflows.histories import histories_of
from tests.workflows.story import Story
from worker.run import running_worker
from worker.settings import Settings
from workflows.ports.patients import MESSAGE_PATIENT
from workflows.ports.staff import NOTIFY_STAFF

_ACTIONS = {
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED: "workflow starts",
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED: "updates",
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED: "signals",
    EventType.EVENT_TYPE_TIMER_STARTED: "timers",
    EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED: "activities",
    EventType.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES: "search attributes",
}


@dataclass
class Cost:
    """The cost of one journey, its tasks included; `per` is what the actions are compared with."""

    actions: Counter[str]
    largest_events: int = 0
    largest_bytes: int = 0
    entries: int = 0
    notices: int = 0
    deadlines: int = 0

    @property
    def per(self) -> int:
        """Entries, notices and fired deadlines: what somebody asked for or had to be told."""
        return self.entries + self.notices + self.deadlines

    @property
    def ratio(self) -> float:
        """Actions for each of them."""
        return self.actions.total() / self.per


async def cost_of_golden_journey(server: WorkflowEnvironment, settings: Settings) -> Cost:
    """Live through the golden journey and count every history it leaves: the episode's runs and its tasks."""
    client = server.client
    # As `carepath admit` does it: of an episode that nobody admitted the clinic's files are asked every day.
    database = ClinicDatabase(settings.database)
    await Crosswalk(database).open_episode("MRN-1", "e1", date(2026, 1, 2))
    await database.close()
    async with running_worker(client, settings, versioned=False):
        story = await Story.begin(server)
        await golden_journey(story)
        cost = Cost(Counter(), entries=len(await client.get_workflow_handle("episode-e1").query("journal")))
        for history in await histories_of(client, "episode-e1", story.handle.first_execution_run_id):
            _count(cost, history.events)
    return cost


def _count(cost: Cost, events: Any) -> None:
    for event in events:
        kind = event.event_type
        if name := _ACTIONS.get(kind):
            cost.actions[name] += 1
        activity = event.activity_task_scheduled_event_attributes.activity_type.name
        cost.notices += activity in (NOTIFY_STAFF, MESSAGE_PATIENT)
        cost.deadlines += kind == EventType.EVENT_TYPE_TIMER_FIRED
    cost.largest_events = max(cost.largest_events, len(events))
    cost.largest_bytes = max(cost.largest_bytes, sum(event.ByteSize() for event in events))
