"""A moment ahead at which time alone changes something."""

from typing import NamedTuple

from workflows.core.engine.calendar import Instant


class Deadline(NamedTuple):
    """An instant in the program's zone, and what happens then."""

    at: Instant
    name: str
