"""Who works here and how each person is reached: a YAML file that the clinic keeps.

staff:
  cm-1: {roles: [case_manager], channels: ["mailto:cm-1@clinic.example"]}
roles:
  on_call: nu-1
"""

from functools import lru_cache
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from activities.written import Unreadable, read_document


class StaffDirectoryError(Exception):
    """The staff directory cannot be used; the message names the file, the field and the remedy."""


class UnknownStaff(Exception):
    """Nobody of that id or role is in the directory."""


class StaffMember(BaseModel):
    """One person by staff id, with the channels to try in order: `mailto:`, `https:` or any Apprise URL."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    staff_id: str = ""
    roles: tuple[str, ...] = ()
    channels: Annotated[tuple[str, ...], Field(min_length=1)]


class StaffDirectory(BaseModel):
    """All staff, and who answers for a role where no person is named."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    staff: dict[str, StaffMember]
    roles: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _roles_name_known_people(self) -> "StaffDirectory":
        for role, staff_id in self.roles.items():
            if staff_id not in self.staff:
                raise ValueError(
                    f"roles.{role}: {staff_id} is not listed under staff; add it or name another"
                )
        return self

    def roles_of(self, staff_id: str) -> list[str] | None:
        """The roles of a person, those that are theirs by name included; None: nobody of that id is listed."""
        member = self.staff.get(staff_id)
        if member is None:
            return None
        return [*member.roles, *(role for role, holder in self.roles.items() if holder == staff_id)]

    def resolve(self, role: str, staff_id: str | None) -> StaffMember:
        """The person of a staff id; without one, whoever answers for the role.

        Raises:
            UnknownStaff: neither is in the directory.
        """
        wanted = (
            staff_id
            or self.roles.get(role)
            or next((one for one, member in self.staff.items() if role in member.roles), None)
        )
        member = self.staff.get(wanted) if wanted else None
        if wanted is None or member is None:
            who = f"staff id {staff_id}" if staff_id else f"the role {role}"
            raise UnknownStaff(f"the staff directory has nobody for {who}; add them to the directory file")
        return member.model_copy(update={"staff_id": wanted})


def load(path: Path) -> StaffDirectory:
    """Read the directory; the file is read again only after it has changed, because each notice asks for it.

    Raises:
        StaffDirectoryError: the file is missing, is no YAML, or has a wrong field.
    """
    try:
        now = path.stat()
    except (OSError, ValueError):
        return _read(path)  # which says what is wrong
    return _as_of(path, (now.st_mtime_ns, now.st_size, now.st_ino))


@lru_cache(maxsize=8)
def _as_of(path: Path, _stamp: tuple[int, ...]) -> StaffDirectory:
    return _read(path)


def _read(path: Path) -> StaffDirectory:
    try:
        content = read_document(path)
    except Unreadable as error:
        raise StaffDirectoryError(f"{path}: {error}; mend it, or set CAREPATH_STAFF to the file") from None
    try:
        return StaffDirectory.model_validate(content)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise StaffDirectoryError(f"{path}: {where}: {first['msg'].removeprefix('Value error, ')}") from None
