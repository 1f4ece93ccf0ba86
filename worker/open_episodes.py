"""The clinic's open episodes: those that the clinic database knows, joined with what runs on the server.

Visibility alone would leave out whoever was terminated, deleted or not indexed yet; and they are who must be seen.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from worker.episodes import Clinic
from worker.executions import OPEN, Execution, all_described
from workflows import visibility


@dataclass(frozen=True, slots=True)
class Listed:
    """An episode in the list."""

    id: str
    execution: Execution | None
    """None: it is open for the clinic, and the server knows nothing of it any more."""
    clinic_zone: str
    patient_known: bool = True
    """Whether the clinic database knows whose it is; one that was started in the Web UI is nobody's (I6)."""

    @property
    def state(self) -> str:
        """running, or what else became of it; deleted, where nothing is there any more."""
        return self.execution.state if self.execution else "deleted"

    @property
    def attributes(self) -> dict[str, Any]:
        """What it showed last."""
        return self.execution.attributes if self.execution else {}

    @property
    def stage(self) -> str | None:
        """The stage that it showed last."""
        return self.attributes.get("stage")

    @property
    def standing(self) -> str:
        """The stage, and what keeps the episode from going on."""
        if self.state == "running":
            return self.stage or "beginning"
        return f"{self.state.upper()}, was in {self.stage}" if self.stage else self.state.upper()

    @property
    def gate_opens_on(self) -> date | None:
        """The day from which dates no longer keep the gate shut, in the program's own zone."""
        at = self.attributes.get("gate")
        return day_of_midnight(at, ZoneInfo(self.clinic_zone)) if isinstance(at, datetime) else None

    def as_row(self) -> dict[str, Any]:
        """For programs."""
        return {
            "episode_id": self.id,
            "state": self.state,
            **self.attributes,
            "gate_opens_on": self.gate_opens_on,
            "patient_known": self.patient_known,
        }


def day_of_midnight(midnight: datetime, zone: ZoneInfo) -> date:
    """The day that begins with a midnight: of a zone if it is one there, else of whatever zone is nearest.

    The index keeps an instant. East of Greenwich it lies in the day before in UTC, and the day is what is meant.
    """
    there = midnight.astimezone(zone)
    if there.time() == time():
        return there.date()
    return (midnight.astimezone(UTC) + timedelta(hours=12)).date()


async def open_episodes(here: Clinic) -> list[Listed]:
    """Every episode that is open for the clinic, and whatever else runs as one, those that do not run first.

    Raises:
        CannotDo: the server or the clinic database does not answer.
    """
    known = {f"episode-{one.episode_id}": one for one in await here.crosswalk.all_episodes()}
    owed = [workflow_id for workflow_id, one in known.items() if one.is_open]
    running = [one.id async for one in here.listed(f"WorkflowType = '{visibility.CARE_EPISODE}' AND {OPEN}")]
    looked_at = await all_described(here.client, dict.fromkeys([*owed, *running]))
    found = [
        Listed(workflow_id, one, here.settings.timezone, workflow_id in known)
        for workflow_id, one in looked_at.items()
        if workflow_id in owed or (one and one.runs)
    ]
    return sorted(found, key=lambda one: (one.state == "running", one.id))
