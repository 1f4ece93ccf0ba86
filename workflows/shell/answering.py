"""What a workflow says to those who ask it: errors that harm nothing, and today as far as it is known."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

from temporalio import workflow
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from workflows.core.engine.errors import Refused
    from workflows.core.engine.years import check_year
    from workflows.ports.unreadable import Unreadable


def application_error(error: Exception) -> ApplicationError:
    """What the caller is told. Any other exception out of a handler would stop the workflow for ever."""
    if isinstance(error, Refused):
        return ApplicationError(str(error), type=type(error).__name__, non_retryable=True)
    workflow.logger.error("the engine could not follow an entry: %s", type(error).__name__)
    words = f"carepath itself could not follow this entry ({type(error).__name__}); tell whoever runs it."
    return ApplicationError(words, type="EngineError", non_retryable=True)


@contextmanager
def refusals_told() -> Iterator[None]:
    """The caller is told what the core refuses."""
    try:
        yield
    except Refused as refused:
        raise application_error(refused) from None


def only(given: Sequence[Any], what: str) -> Any:
    """The one value that an update or a query takes. Handlers take any number, so that an error can say what is right;
    left to Python, it would name a function of ours.

    Args:
        given: What came.
        what: What belongs there, in words.

    Raises:
        ApplicationError: none came, or several, or one that cannot be read.
    """
    if len(given) == 1 and isinstance(given[0], Unreadable):
        raise _not_understood(f"What came cannot be read. {given[0].why}")
    if len(given) == 1:
        return given[0]
    came = "none" if not given else str(len(given))
    raise _not_understood(f"Give one value, {what}; {came} came.")


def none_of(given: Sequence[Any], name: str) -> None:
    """Refuse values for a query that takes none.

    Raises:
        ApplicationError: some came.
    """
    if given:
        raise _not_understood(f"The query {name} takes no value, and {len(given)} came; leave them out.")


def day_of(given: Any) -> date:
    """A day that somebody asks about; one that lies ahead, however far, is answered as of today.

    Raises:
        ApplicationError: it is none.
    """
    try:
        day = date.fromisoformat(given)
        check_year(min(day, today_as_far_as_known().date()))
    except (TypeError, ValueError):
        raise _not_understood(
            "Give the day as YYYY-MM-DD, such as 2026-03-01; what came is no day of our time."
        ) from None
    return day


def _not_understood(words: str) -> ApplicationError:
    return ApplicationError(words, type="InvalidEntry", non_retryable=True)


def today_as_far_as_known() -> datetime:
    """The instant of a query: a workflow's own clock stands still while nothing happens, so the later of the two.

    Only a query may read the wall clock: it changes nothing and is never replayed.
    """
    with workflow.unsafe.sandbox_unrestricted():
        wall = datetime.now(UTC)
    return max(workflow.now(), wall) if wall - workflow.now() < timedelta(days=3650) else workflow.now()
