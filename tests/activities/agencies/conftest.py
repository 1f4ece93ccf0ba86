"""FHIR servers: the sample agency's, and one that is not ours."""

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta

import pytest

from tests.activities.agencies import partners
from tests.servers import free_port
from worker.sample_agencies.fhir_server import FhirAgency
from worker.sample_agencies.pace import Pace
from worker.serving import serving


@pytest.fixture(scope="session")
def medplum() -> Iterator[str]:
    """One server for all tests; each has keys of its own."""
    with partners.medplum() as url:
        yield url


@pytest.fixture
async def sample() -> AsyncIterator[str]:
    """The sample agency's server, whose desk is asleep."""
    port = free_port()
    async with serving(FhirAgency(Pace(timedelta(hours=1))).app, port):
        yield f"http://127.0.0.1:{port}/fhir"


@pytest.fixture(params=["sample", "medplum"])
def server(request: pytest.FixtureRequest, sample: str) -> str:
    """Each of the two."""
    if request.param == "sample":
        return sample
    url: str = request.getfixturevalue("medplum")
    return url
