"""Whether somebody works here, and as what: asked about whoever signs and is not of the episode's team (E0)."""

from pathlib import Path

from temporalio import activity

from activities.staff_directory import load
from workflows.ports.staff import WHO_IS, StaffKnown


class StaffKnower:
    """Reads the directory anew for each question, so that a changed file is in force without a restart."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    @activity.defn(name=WHO_IS)
    async def who_is(self, staff_id: str) -> StaffKnown:
        """The roles of a person of the directory."""
        return StaffKnown(roles=load(self._directory).roles_of(staff_id))
