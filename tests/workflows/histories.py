"""Stored histories of the golden journey: `make histories` writes them, `test_replay.py` replays them.

They show that today's code still takes every decision that it took when they were recorded. A change that is meant
to decide otherwise records them again: running episodes are pinned to their version and come over to the new one
at a continue-as-new, never in the middle of a history.
"""

import asyncio
import gzip
import json
import re
import tempfile
from pathlib import Path

from temporalio.client import Client, WorkflowHistory

from tests.servers import clinic_of, mailbox_of, time_skipping_server
from tests.workflows.golden import golden_journey
from tests.workflows.story import Story
from worker.run import running_worker

FOLDER = Path(__file__).parent / "stored_histories"


async def histories_of(client: Client, workflow_id: str, run_id: str | None) -> list[WorkflowHistory]:
    """The history of a run, of the runs that continue it, and of all children they started."""
    history = await client.get_workflow_handle(workflow_id, run_id=run_id).fetch_history()
    found = [history]
    for event in history.events:
        child = event.child_workflow_execution_started_event_attributes.workflow_execution
        if child.workflow_id:
            found += await histories_of(client, child.workflow_id, child.run_id)
    following = history.events[-1].workflow_execution_continued_as_new_event_attributes.new_execution_run_id
    return found + (await histories_of(client, workflow_id, following) if following else [])


def store(histories: list[WorkflowHistory]) -> None:
    """Write histories, without the names of the machine they were recorded on."""
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.json.gz"):
        old.unlink()
    for number, history in enumerate(histories):
        content = re.sub(r'"identity": "[^"]*"', '"identity": "recorder"', history.to_json())
        file = FOLDER / f"{number:02d}-{history.workflow_id}.json.gz"
        file.write_bytes(gzip.compress(json.dumps(json.loads(content)).encode(), 9, mtime=0))


def stored() -> list[Path]:
    """The files, in the order in which they were written."""
    return sorted(FOLDER.glob("*.json.gz"))


def read(file: Path) -> WorkflowHistory:
    """One stored history."""
    workflow_id = file.name.removesuffix(".json.gz").partition("-")[2]
    return WorkflowHistory.from_json(workflow_id, gzip.decompress(file.read_bytes()).decode())


async def record() -> None:
    """Live through the golden journey and store what it leaves."""
    with tempfile.TemporaryDirectory() as folder:
        settings = clinic_of(Path(folder))
        with mailbox_of(settings, Path(folder)):
            async with (
                time_skipping_server(settings) as server,
                running_worker(server.client, settings, versioned=False),
            ):
                story = await Story.begin(server)
                await golden_journey(story)
                run_id = story.handle.first_execution_run_id
                store(await histories_of(server.client, story.handle.id, run_id))


if __name__ == "__main__":
    asyncio.run(record())
    print(f"{len(stored())} histories in {FOLDER.name}.")
