"""What a workflow says to those who ask it: errors that harm nothing, and today as far as it is known."""

from datetime import UTC, datetime, timedelta

from temporalio import workflow
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from workflows.core.errors import Refused


def application_error(error: Exception) -> ApplicationError:
    """What the caller is told. Any other exception out of a handler would stop the workflow for ever."""
    if isinstance(error, Refused):
        return ApplicationError(str(error), type=type(error).__name__, non_retryable=True)
    workflow.logger.error("the engine could not follow an entry: %s", type(error).__name__)
    words = f"carepath itself could not follow this entry ({type(error).__name__}); tell whoever runs it."
    return ApplicationError(words, type="EngineError", non_retryable=True)


def today_as_far_as_known() -> datetime:
    """The instant of a query: a workflow's own clock stands still while nothing happens, so the later of the two.

    Only a query may read the wall clock: it changes nothing and is never replayed.
    """
    with workflow.unsafe.sandbox_unrestricted():
        wall = datetime.now(UTC)
    return max(workflow.now(), wall) if wall - workflow.now() < timedelta(days=3650) else workflow.now()
