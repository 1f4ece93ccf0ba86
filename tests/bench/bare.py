"""The floor: what a hand-written workflow without an engine costs on the same server in the same run."""

from datetime import timedelta
from typing import Any

from temporalio import workflow


@workflow.defn(name="Bare", sandboxed=False)
class Bare:
    """Keeps what it is told in a list and sleeps; it follows no rule and shows nothing."""

    def __init__(self) -> None:
        self.entries: dict[str, dict[str, Any]] = {}

    @workflow.run
    async def run(self, start: dict[str, Any]) -> int:
        await workflow.wait_condition(lambda: len(self.entries) > 100_000, timeout=timedelta(days=90))
        return len(self.entries)

    @workflow.update
    def record(self, entry: dict[str, Any]) -> dict[str, Any]:
        duplicate = entry["id"] in self.entries
        self.entries[entry["id"]] = entry
        return {"entry_id": entry["id"], "duplicate": duplicate, "stage": "program", "changes": []}

    @record.validator
    def _has_an_id(self, entry: dict[str, Any]) -> None:
        if "id" not in entry:
            raise ValueError("an entry needs an id")

    @workflow.query
    def progress(self) -> int:
        return len(self.entries)
