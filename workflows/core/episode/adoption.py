"""A new policy for a running episode (T8)."""

from typing import ClassVar, Literal

from pydantic import JsonValue

from workflows.core.engine.entry import BY_STAFF, Entry, Source


class PolicyAdoption(Entry):
    """A new policy reaches a running episode only by this recorded adoption (T8)."""

    kind: Literal["policy"]
    stated_by: ClassVar[tuple[Source, ...]] = BY_STAFF
    policy: dict[str, JsonValue]
    """The numbers that change, part by part; all others stay as they are pinned."""
