"""No error tells Temporal, or a log, of whom it was about (P1)."""

from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError
from temporalio.exceptions import ApplicationError
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput

from activities.clinic_database import ClinicDatabase
from activities.clinic_database.tables import PatientRow
from tests.databases import make_database
from worker.discretion import Discretion
from worker.settings import Settings

SAID = "Key (phone)=(555-0101) of Ada Example already exists"


class _Raising(ActivityInboundInterceptor):
    def __init__(self, error: Exception) -> None:
        self._error = error

    async def execute_activity(self, input: Any) -> Any:
        raise self._error


async def _failure_of(error: Exception) -> ApplicationError:
    guarded = Discretion().intercept_activity(_Raising(error))
    with pytest.raises(ApplicationError) as raised:
        await guarded.execute_activity(ExecuteActivityInput(fn=print, args=(), executor=None, headers={}))
    return raised.value


async def test_P1_an_error_that_nobody_foresaw_is_named_and_not_repeated() -> None:
    failure = await _failure_of(ValueError(SAID))
    assert (failure.type, failure.non_retryable) == ("ValueError", False)
    assert "Ada" not in str(failure)
    assert failure.__cause__ is None
    assert failure.__suppress_context__


async def test_P1_an_error_that_was_worded_for_a_history_stays_as_it_is() -> None:
    worded = ApplicationError("food-1 answered 500", type="ChannelDown")
    assert await _failure_of(worded) is worded


async def test_P1_an_error_of_the_database_does_not_repeat_what_was_to_be_written(
    clinic_settings: Settings,
) -> None:
    make_database(clinic_settings.database)
    database = ClinicDatabase(clinic_settings.database)
    with pytest.raises(DBAPIError) as refused:
        async with database.transaction() as session:
            session.add_all([PatientRow(patient_key="MRN-1", given_name="Ada") for _ in range(2)])
    assert "Ada" not in str(refused.value)
    await database.close()
