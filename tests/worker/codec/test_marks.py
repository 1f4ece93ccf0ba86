"""A clinic that encrypts knows it: whoever has no key, or another one, is stopped before anything is sent (P1)."""

import asyncio
import os
from datetime import date
from pathlib import Path

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowHandle

from activities.clinic_database import ClinicDatabase, Crosswalk
from tests.databases import make_database
from tests.servers import clinic_of, dev_server
from tests.typed import carepath
from tests.waiting import eventually
from tests.workflows.test_what_anybody_sends import episode
from worker.codec.keys import add_key
from worker.codec.marks import check_keys_of, settle_keys_of
from worker.connection import converter
from worker.diagnosis import workflow_problem
from worker.errors import CannotDo
from worker.mailbox import Mailbox
from worker.run import running_worker
from worker.settings import KEY_FILE, OFF, Settings

pytestmark = pytest.mark.dear

NEED = ("need", "service=food_bank", "--by", "cm-1")


def with_keys(settings: Settings, file: Path, *key_ids: str) -> Settings:
    for key_id in key_ids:
        add_key(file, key_id)
    return settings.model_copy(update={"codec": str(file)})


@pytest.fixture
def plain(clinic_settings: Settings) -> Settings:
    """A clinic without a key."""
    make_database(clinic_settings.database)
    return clinic_settings


async def test_P1_without_the_key_nothing_is_sent_to_a_clinic_that_encrypts(
    clinic_settings: Settings, mailbox: Mailbox, tmp_path: Path
) -> None:
    settings = with_keys(clinic_settings, tmp_path / "keys", "2027")
    async with dev_server(settings) as server, running_worker(server.client, settings, versioned=False):
        handle: WorkflowHandle[object, object] = await server.client.start_workflow(
            "CareEpisode", episode("e1"), id="episode-e1", task_queue="carepath"
        )
        before = len(await handle.query("journal"))
        address = server.client.service_client.config.target_host
        other = with_keys(clinic_settings, tmp_path / "other", "2027")
        for wrong, says in (
            (settings.model_copy(update={"codec": OFF}), "CAREPATH_CODEC is off here, so nothing was sent"),
            (other, "is another one than this clinic's of the same id"),
        ):
            for arguments in (
                ("record", "episode-e1", *NEED), ("tasks",), ("setup",), ("worker",),
                ("gateway",),
            ):  # fmt: skip
                done = await asyncio.to_thread(carepath, *arguments, settings=wrong, address=address)
                assert (done.returncode, says in done.stderr) == (1, True), (arguments, done.stderr)
            with pytest.raises(CannotDo, match="so nothing was sent"):
                async with running_worker(
                    await Client.connect(address, data_converter=converter(wrong)), wrong, versioned=False
                ):
                    pass
        assert len(await handle.query("journal")) == before
        done = await asyncio.to_thread(
            carepath, "record", "episode-e1", *NEED, settings=settings, address=address
        )
        assert done.returncode == 0, done.stderr


async def test_P1_the_clinic_takes_new_keys_with_its_workers_and_misses_old_ones(
    plain: Settings, tmp_path: Path
) -> None:
    settings = with_keys(plain, tmp_path / "keys", "2027")
    await check_keys_of(plain)  # a clinic without a key wants none
    with pytest.raises(CannotDo, match="no worker of this clinic has had key 2027"):
        await check_keys_of(settings)
    assert "encrypts what it sends" in (await settle_keys_of(settings))[0]
    assert await settle_keys_of(settings) == []
    await check_keys_of(settings)

    with_keys(plain, tmp_path / "keys", "2028")
    await check_keys_of(settings)  # it decrypts only, so far
    newest_first = "".join(reversed((tmp_path / "keys").read_text().splitlines(keepends=True)))
    (tmp_path / "keys").write_text(newest_first)
    with pytest.raises(CannotDo, match="no worker of this clinic has had key 2028"):
        await check_keys_of(settings)
    assert await settle_keys_of(settings)
    await check_keys_of(settings)

    (tmp_path / "keys").write_text(newest_first.splitlines(keepends=True)[0])
    for judge in (check_keys_of, settle_keys_of):
        with pytest.raises(CannotDo, match="lacks the key 2027"):
            await judge(settings)
    forgotten = await asyncio.to_thread(carepath, "codec", "forget", "2027", settings=settings)
    assert (forgotten.returncode, "does without key 2027" in forgotten.stdout) == (0, True), forgotten.stderr
    await check_keys_of(settings)
    again = await asyncio.to_thread(carepath, "codec", "forget", "2027", settings=settings)
    assert (again.returncode, "noted no key" in again.stderr) == (1, True)


async def test_P1_a_clinic_that_begins_to_encrypt_says_what_is_to_become_of_open_episodes(
    plain: Settings, tmp_path: Path
) -> None:
    settings = with_keys(plain, tmp_path / "keys", "2027")
    database = ClinicDatabase(plain.database)
    await Crosswalk(database).open_episode("MRN-1", "e1", date(2027, 1, 4))
    await database.close()
    with pytest.raises(CannotDo, match=r"has 1 open episodes.*CAREPATH_CODEC_MODE=lenient"):
        await settle_keys_of(settings)
    assert await settle_keys_of(settings.model_copy(update={"codec_mode": "lenient"}))


async def test_P1_T3_an_episode_that_began_without_a_key_goes_on_where_the_operator_says_so(
    plain: Settings, mailbox: Mailbox, tmp_path: Path
) -> None:
    settings = with_keys(plain, tmp_path / "keys", "2027").model_copy(update={"codec_mode": "lenient"})
    async with dev_server(plain) as server:
        async with running_worker(server.client, plain, versioned=False):
            handle = await server.client.start_workflow(
                "CareEpisode", episode("e1"), id="episode-e1", task_queue="carepath"
            )
            await handle.execute_update("record", {"kind": "need", "service": "food_bank", "by": "cm-1"})
        address = server.client.service_client.config.target_host
        client = await Client.connect(address, data_converter=converter(settings))
        async with running_worker(client, settings, versioned=False):
            handle = client.get_workflow_handle("episode-e1")
            await handle.execute_update("record", {"kind": "need", "service": "transport", "by": "cm-1"})
            assert len(await handle.query("journal")) == 2
            kinds = [event.event_type for event in (await handle.fetch_history()).events]
            assert EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED not in kinds
        strictly = settings.model_copy(update={"codec_mode": "strict"})
        strict = await Client.connect(address, data_converter=converter(strictly))
        async with running_worker(strict, strictly, versioned=False):

            async def it_stands_still() -> bool:
                return "CAREPATH_CODEC_MODE=lenient" in (await workflow_problem(strict, "episode-e1") or "")

            await handle.signal("ask_how_it_stands")
            await eventually(it_stands_still)
        async with running_worker(client, settings, versioned=False):

            async def it_goes_on() -> bool:  # at its next attempt
                return await workflow_problem(client, "episode-e1") is None

            await eventually(it_goes_on)
            await handle.execute_update("record", {"kind": "need", "service": "housing", "by": "cm-1"})


def test_P1_the_key_of_a_home_is_found_by_itself_and_closed_to_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert clinic_of(tmp_path).codec == OFF
    add_key(tmp_path / KEY_FILE, "2027")
    assert clinic_of(tmp_path).codec == str(tmp_path / KEY_FILE)
    assert os.stat(tmp_path / KEY_FILE).st_mode & 0o777 == 0o600
    monkeypatch.setenv("CAREPATH_CODEC", "off")
    assert clinic_of(tmp_path).codec == OFF
