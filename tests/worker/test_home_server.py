"""Another server, or another namespace of the same one, is not taken for the clinic's own (F3, E9, I6)."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from activities.clinic_database import ClinicDatabase, Crosswalk, HomeServer
from activities.clinic_database.faults import ChannelFaults
from tests.databases import make_database
from tests.servers import dev_server
from tests.typed import carepath
from tests.worker.importing.exports import admission, export
from tests.workflows.story import SCHEDULE, TEAM, ZONE
from worker.episodes import Clinic
from worker.errors import CannotDo
from worker.settings import Settings
from worker.setup import set_up

TODAY = datetime.now(UTC).astimezone(ZONE).date()
ADMIT = ("admit", "--site", "north", "--timezone", ZONE.key, "--case-manager", "cm-1", "--therapist", "th-1")


async def workflows_on(client: Client) -> list[str]:
    return [one.id async for one in client.list_workflows()]


async def admit_somebody(server: WorkflowEnvironment, settings: Settings, database: ClinicDatabase) -> str:
    start = {
        "site": "north",
        "timezone": ZONE.key,
        "team": TEAM,
        "schedule": SCHEDULE,
        "referred_on": str(TODAY),
    }
    here = Clinic(server.client, settings, Crosswalk(database), ChannelFaults(database))
    return await here.admit(start, "MRN-1")


async def test_F3_in_a_wrong_namespace_each_command_says_so_and_changes_nothing(
    clinic_settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with dev_server(clinic_settings, None, "--namespace", "other") as server:
        address = server.client.service_client.config.target_host
        other = await Client.connect(address, namespace="other", data_converter=server.client.data_converter)
        database = ClinicDatabase(clinic_settings.database)
        episode = await admit_somebody(server, clinic_settings, database)
        before = await Crosswalk(database).all_episodes()
        folder = str(export(tmp_path / "export", [admission("MRN-1", TODAY), admission("MRN-2", TODAY)]))

        async def typed(*arguments: str) -> tuple[int, str]:
            done = await asyncio.to_thread(carepath, *arguments, settings=clinic_settings, address=address)
            return done.returncode, done.stderr

        monkeypatch.setenv("TEMPORAL_NAMESPACE", "other")
        for arguments in (
            ("import", folder), ("doctor",), ("list",), ("tasks",), ("give-up", episode), ("setup",), ("worker",),
            ("gateway",), (*ADMIT, "--patient-key", "MRN-3"),
        ):  # fmt: skip
            code, told = await typed(*arguments)
            assert code == 1, (arguments, told)
            assert "do not run on the namespace other" in told, (arguments, told)
            assert "--new-server" in told
            assert "nothing was changed" in told
        assert await Crosswalk(database).all_episodes() == before
        assert await workflows_on(other) == []

        # Who moves on purpose says so once; from then on the old server is the wrong one.
        assert await typed("setup", "--new-server") == (0, "")
        assert await typed("setup") == (0, "")
        _, told = await typed("doctor")
        assert "do not run on" not in told
        monkeypatch.setenv("TEMPORAL_NAMESPACE", "default")
        code, told = await typed("doctor")
        assert (code, "do not run on the namespace default" in told) == (1, True)
        await database.close()


async def test_F3_a_server_of_the_same_name_at_the_same_place_is_another_one(
    clinic_settings: Settings,
) -> None:
    """A server that keeps nothing has forgotten everything once it is started again, and says so by its id."""
    database = ClinicDatabase(clinic_settings.database)
    async with dev_server(clinic_settings):
        pass
    first = await HomeServer(database).namespace_id()
    with pytest.raises(CannotDo, match="do not run on the namespace default"):
        async with dev_server(clinic_settings):
            pass
    assert await HomeServer(database).namespace_id() == first
    await database.close()


async def test_F3_a_clinic_of_an_older_release_settles_where_its_open_episodes_are_known(
    dev_server: WorkflowEnvironment, clinic_settings: Settings, tmp_path: Path
) -> None:
    """It has noted no server yet; its first set-up of this release does, and not on a wrong one."""
    settings = clinic_settings.model_copy(update={"database": f"sqlite+aiosqlite:///{tmp_path / 'old.db'}"})
    make_database(settings.database)
    database = ClinicDatabase(settings.database)
    await Crosswalk(database).open_episode("MRN-0", "not-here", TODAY)
    with pytest.raises(CannotDo, match="do not run on"):
        await set_up(dev_server.client, settings)
    assert await HomeServer(database).namespace_id() is None
    await admit_somebody(dev_server, settings, database)
    await set_up(dev_server.client, settings)
    assert await HomeServer(database).namespace_id() is not None
    await database.close()
