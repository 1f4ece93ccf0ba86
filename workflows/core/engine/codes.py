"""Codes that stand where everybody can read them: ids of workflows, search attributes, links (P1)."""

import re

from workflows.core.engine.errors import InvalidEntry

_CODE = re.compile(r"[\w.:/+-]{1,64}")
_DAY = re.compile(r"\d{4}[-./]?\d{2}[-./]?\d{2}|\d{1,2}[-./]\d{1,2}[-./]\d{2,4}")


def check_code(field: str, given: str) -> None:
    """Refuse text where a code belongs.

    Raises:
        InvalidEntry: names the field.
    """
    if not _CODE.fullmatch(given):
        raise InvalidEntry(f"{field}: use a code without spaces, such as north.")


def check_opaque(field: str, given: str) -> None:
    """Refuse an id that could be a person's name or a date of birth: it would stand on every screen, unencrypted (P1).

    Raises:
        InvalidEntry: names the field, and not what it held.
    """
    check_code(field, given)
    is_plain = given.isascii() and re.match(r"\w", given)
    reads_as_name = not any(sign.isdigit() for sign in given) and not re.fullmatch(r"[a-z]+", given)
    if not is_plain or reads_as_name or _DAY.fullmatch(given):
        raise InvalidEntry(
            f"{field}: use an opaque code with digits, such as e1 or 3f9a61c2: no name, and no date."
        )


def check_workflow_id(field: str, prefix: str, owed: str, workflow_id: str) -> None:
    """Refuse a copy: a workflow is found, told and ended by its id, so two of one name act on each other's tasks (I6).

    Args:
        field: The field of the start that gives the id.
        prefix: What ids of this type begin with.
        owed: The id that the start gives.
        workflow_id: The id under which it was started.

    Raises:
        InvalidEntry: says which id would be right.
    """
    check_opaque(field, owed.removeprefix(prefix))
    if not owed.startswith(prefix) or owed != workflow_id:
        right = owed if owed.startswith(prefix) else f"{prefix}…"
        raise InvalidEntry(
            f"{field}: it belongs to the workflow id {right}, and this one was started under another: a copy of a "
            "workflow must not act in its place."
        )
