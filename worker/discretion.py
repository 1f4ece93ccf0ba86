"""Errors that nobody foresaw leave an activity by their kind alone: their words may repeat whom they were about (P1).

A driver's error quotes the row that it could not write, and a library's the address that it could not parse. Temporal
would keep such words in the history and log them.
"""

from typing import Any

from temporalio.exceptions import ApplicationError, FailureError
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor


class Discretion(Interceptor):
    """For the worker: lets pass what was worded for a history, and only names everything else."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        return _Discreet(next)


class _Discreet(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        try:
            return await self.next.execute_activity(input)
        except FailureError:
            raise
        except Exception as error:
            kind = type(error).__name__
            raise ApplicationError(f"carepath could not do this ({kind})", type=kind) from None
