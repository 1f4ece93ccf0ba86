"""Whether somebody is behind what stands as the owner of a task or an episode: a person of the staff directory, or a
role for which one answers. What nobody is behind would wait for ever, so every list shows it."""

from activities.staff_directory import StaffDirectory, UnknownStaff
from worker.errors import CannotDo
from worker.people import directory
from worker.settings import Settings

UNKNOWN = "not in the staff directory"


class Owners:
    """Asks the staff directory once for a whole list. One that cannot be read makes nobody unknown."""

    def __init__(self, settings: Settings) -> None:
        self._directory: StaffDirectory | None = None
        try:
            self._directory = directory(settings)
        except CannotDo:
            return

    def is_known(self, owner: str | None) -> bool:
        """Whether an owner, a staff id or a role, is somebody."""
        if self._directory is None or not owner or owner in self._directory.staff:
            return True
        try:
            self._directory.resolve(owner, None)
        except UnknownStaff:
            return False
        return True

    def shown(self, owner: str | None) -> str:
        """An owner as it stands in a table."""
        return (owner or "") if self.is_known(owner) else f"{owner}\n{UNKNOWN}"
