"""Who may be named on the command line: people of the staff directory.

The engine knows the roles of an episode's own team. Whoever else works at the clinic is known here, and asked about
before anything is sent (E1, I2, S9).
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from activities.staff_directory import StaffDirectory, StaffDirectoryError, StaffMember, UnknownStaff, load
from worker.errors import CannotDo
from worker.settings import Settings
from workflows.core.engine.keys import kind_of
from workflows.core.engine.signing import able_to_sign_as
from workflows.core.episode.authority import SIGNED_BY
from workflows.core.episode.entries import Source
from workflows.core.episode.start import Team


def named(settings: Settings, option: str, staff_id: str) -> str:
    """The id of a person whom the staff directory knows: a task, a decision or a disclosure is a named person's (E1).

    Raises:
        CannotDo: there is nobody of that id, or the directory cannot be read.
    """
    return _member(settings, option, staff_id).staff_id


def check_signer(settings: Settings, option: str, staff_id: str, kind: str, roles: Collection[str]) -> None:
    """Whether a person's roles in the staff directory allow them to decide on something.

    Args:
        settings: Where the directory is.
        option: What the person was named by, for the message.
        staff_id: The person.
        kind: What is decided on.
        roles: Who may; empty: whoever is in the directory.

    Raises:
        CannotDo: they may not, or the directory does not know them.
    """
    member = _member(settings, option, staff_id)
    if roles and member.roles and not set(roles) & set(member.roles):
        raise CannotDo(
            f"{option}: {kind} is decided by the {_in_words(roles)}; {staff_id} is {_in_words(member.roles)}."
        )


def check_authors(
    settings: Settings, statements: Iterable[Any], open_tasks: Iterable[Mapping[str, Any]] = ()
) -> None:
    """Whether whoever states something may be named so: nothing is sent before all of them may.

    What is no statement at all is left to the engine, which says why.

    Args:
        settings: Where the staff directory is.
        statements: What is to be recorded.
        open_tasks: What the episode asks for, as its progress shows it, if something is decided.

    Raises:
        CannotDo: the first who may not, and why.
    """
    for statement in statements:
        if not isinstance(statement, dict) or not isinstance(by := statement.get("by"), str):
            continue
        kind, source = statement.get("kind"), statement.get("source", Source.STAFF)
        if source != Source.STAFF or (by in tuple(Source) and kind not in SIGNED_BY):
            continue
        if kind == "team":
            check_holder(settings, statement)
        about = str(statement.get("about"))
        asked = [task for task in open_tasks if about == task["task_id"] or kind_of(about) == task["kind"]]
        if kind == "decision" and asked:
            check_signer(settings, "by", by, asked[0]["kind"], asked[0]["signed_by"])
        elif isinstance(kind, str) and (signing := SIGNED_BY.get(kind)):
            check_signer(settings, "by", by, kind, signing)
        else:
            named(settings, "by", by)


def check_holder(settings: Settings, change: Mapping[str, Any]) -> None:
    """Whether somebody may be given a role in a team: a slip of the hand would leave its tasks with nobody (E1).

    Raises:
        CannotDo: the directory does not know them, or they could not sign what the role signs.
    """
    staff_id, role = change.get("staff_id"), change.get("role")
    if isinstance(staff_id, str) and isinstance(role, str):
        check_able(_member(settings, "staff_id", staff_id), "staff_id", [role])


def check_able(member: StaffMember, option: str, roles: Collection[str]) -> None:
    """Whether a person could sign what some roles sign: a director's word is a director's, a clinician's a clinician's.

    Raises:
        CannotDo: they could not, and what would be right.
    """
    for role in roles if member.roles else ():
        able = able_to_sign_as(role)
        if able is not None and role not in member.roles and not able & set(member.roles):
            raise CannotDo(
                f"{option}: a {role.replace('_', ' ')} signs what {member.staff_id}, who is {_in_words(member.roles)}, "
                "may not. Name somebody else, or give them the role in the staff directory."
            )


def directory(settings: Settings) -> StaffDirectory:
    """The staff directory.

    Raises:
        CannotDo: it cannot be read.
    """
    try:
        return load(settings.staff)
    except StaffDirectoryError as error:
        raise CannotDo(f"The staff directory {error}.") from None


def known(staff: StaffDirectory, option: str, staff_id: str) -> StaffMember:
    """A person of the directory.

    Raises:
        CannotDo: there is nobody of that id.
    """
    try:
        return staff.resolve("", staff_id)
    except UnknownStaff as error:
        raise CannotDo(f"{option}: {error}.") from None


def roles(settings: Settings) -> list[str]:
    """Every role that a task may be owed by: of an episode's team, or of somebody in the staff directory."""
    of_staff = {role for member in directory(settings).staff.values() for role in member.roles}
    return sorted({*Team.model_fields, *of_staff})


def _member(settings: Settings, option: str, staff_id: str) -> StaffMember:
    return known(directory(settings), option, staff_id)


def _in_words(roles: Collection[str]) -> str:
    return " or ".join(role.replace("_", " ") for role in roles)
