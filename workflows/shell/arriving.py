"""What workflows are started and signalled with, from anybody who can press a button: read here, where an error can say

what is wrong. A workflow whose start cannot be read ends at once; a signal that cannot be read is logged and forgotten.
Left to the SDK, each would fail the workflow task for ever.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from temporalio import workflow
from temporalio.api.common.v1 import Payload
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from workflows.core.engine.bounds import check_start
    from workflows.core.engine.errors import InvalidEntry, Refused
    from workflows.core.engine.signatures import Trust
    from workflows.core.episode.entries import in_words
    from workflows.ports.sealing import SEALING
    from workflows.ports.unreadable import Unreadable

T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)

NOTHING = RawValue(Payload())
"""The input of a workflow that was started without any."""

SURPLUS = b"carepath/surplus"
"""The encoding that stands for an input of several values: a worker's runner puts it in their place."""

RESUMED = "resumed"
"""Beside the start, in the input of a run that continues another one: how it stood."""


def read_start(given: RawValue) -> dict[str, Any]:
    """The start of a workflow as plain JSON.

    Raises:
        InvalidEntry: there is none, there are several, it cannot be decoded, it is no object, or it brings a state of
            its own.
    """
    if not given.payload.metadata and not given.payload.data:
        raise InvalidEntry("the input is empty; give one JSON object with its fields.")
    if given.payload.metadata.get("encoding") == SURPLUS:
        raise InvalidEntry("the input has several values; give one JSON object with its fields.")
    try:
        start = workflow.payload_converter().from_payload(given.payload)
    except Exception:
        raise InvalidEntry("the input cannot be decoded; give one JSON object with its fields.") from None
    if isinstance(start, Unreadable):
        raise InvalidEntry(f"the input cannot be read. {start.why}")
    if not isinstance(start, dict):
        raise InvalidEntry("the input is no JSON object with fields.")
    if RESUMED in start and not workflow.info().continued_run_id:
        raise InvalidEntry(
            f"{RESUMED}: only a run that continues another one has it; this is a copy. Leave it out to begin anew."
        )
    if RESUMED not in start:
        check_start(start)
    return start


def without_state(start: Mapping[str, Any]) -> dict[str, Any]:
    """The start alone, as it was first given."""
    return {name: value for name, value in start.items() if name != RESUMED}


def begun(begin: Callable[[Mapping[str, Any]], T], given: RawValue, model: type[BaseModel]) -> T | str:
    """What begins with a start, or in words why it cannot begin.

    A run that continues another one has begun well before: an error there is ours, and the run waits for better code.
    Under a cron schedule each turn continues the one before it, whatever became of that; so nothing begins under one.
    """
    if workflow.info().cron_schedule:
        return "it was started under a cron schedule, and would begin anew at each turn. Start it once, without one."
    if workflow.info().continued_run_id:
        return begin(read_start(given))
    try:
        return begin(read_start(given))
    except ValidationError as error:
        return in_words(error, model)
    except Refused as error:
        return str(error)
    except Exception as error:
        workflow.logger.error("a start could not be followed: %s", type(error).__name__)
        return f"carepath itself could not follow this start ({type(error).__name__}); tell whoever runs it."


def refused_start(what: str, why: str) -> ApplicationError:
    """Ends a workflow that cannot begin, with a sentence."""
    return ApplicationError(f"This {what} cannot begin: {why}", type="InvalidEntry", non_retryable=True)


def heard(told: tuple[Any, ...], model: type[M], name: str = "", trust: Trust | None = None) -> M | None:
    """What a signal says, or None if it cannot be read: then nothing happens but a line in the log.

    Args:
        told: Its values: what is said, and the seal of the workflow that says it.
        model: What is said.
        name: Of the signal, where only our own workflows send it.
        trust: What statements are judged by here: where they are signed, such a signal has to be sealed (E0).
    """
    try:
        said = sealed(told, name, trust) if name else told[0]
        return model.model_validate(said)
    except (ValidationError, ValueError, TypeError, IndexError):
        workflow.logger.warning("a signal was not understood as %s; nothing was done", model.__name__)
        return None


def sealed(told: tuple[Any, ...], name: str, trust: Trust | None) -> dict[str, Any]:
    """What a signal of our own says.

    Raises:
        ValueError, TypeError: nothing is said, or statements are signed here and this is not sealed for us.
    """
    said, *seal = told
    if not isinstance(said, dict):
        raise TypeError
    if trust and not SEALING.fits(workflow.info().workflow_id, name, said, seal[0] if seal else None):
        workflow.logger.warning("a signal %s was sent by none of our workflows; nothing was done", name)
        raise ValueError
    return said
