"""Who may be named on the command line: people of the staff directory."""

from activities.staff_directory import StaffDirectoryError, UnknownStaff, load
from worker.errors import CannotDo
from worker.settings import Settings


def named(settings: Settings, option: str, staff_id: str) -> str:
    """The id of a person whom the staff directory knows: a task, a decision or a disclosure is a named person's (E1).

    Raises:
        CannotDo: there is nobody of that id, or the directory cannot be read.
    """
    try:
        return load(settings.staff).resolve("", staff_id).staff_id
    except (StaffDirectoryError, UnknownStaff) as error:
        raise CannotDo(f"{option}: {error}.") from None
