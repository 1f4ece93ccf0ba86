"""A clinic that encrypts knows it, and with which keys: nobody writes plain text into it by mistake (P1).

A command without the key would write an entry that everybody can read, and fail to read the answer; so it is stopped
before it sends anything. So is a worker that lacks a key, which could not read what waits for it.
"""

import asyncio
from pathlib import Path

from activities.clinic_database import ClinicDatabase, Crosswalk
from activities.clinic_database.history_keys import HistoryKeys
from worker.errors import CannotDo
from worker.settings import OFF, Settings


async def check_keys(settings: Settings, database: ClinicDatabase) -> None:
    """Refuse to write with no key, or with another one than the clinic's workers have.

    Raises:
        CannotDo: with the remedy; nothing was sent.
    """
    noted = await HistoryKeys(database).noted()
    ours = await _fingerprints(settings)
    _compare(settings, noted, ours)
    if ours and (newest := next(iter(ours))) not in noted:
        raise CannotDo(
            f"CAREPATH_CODEC: no worker of this clinic has had key {newest} of {settings.codec} yet, so nothing was "
            "sent: start the workers with this file first, or run `carepath setup` with it."
        )


async def settle_keys(settings: Settings, database: ClinicDatabase) -> list[str]:
    """As `check_keys`, for a worker and for `carepath setup`: note which keys the clinic encrypts with; what was done.

    Raises:
        CannotDo: the key file lacks a key of the clinic, or histories that began without one would become unreadable.
    """
    keys = HistoryKeys(database)
    noted, ours = await keys.noted(), await _fingerprints(settings)
    _compare(settings, noted, ours)
    if not (new := {key_id: print_ for key_id, print_ in ours.items() if key_id not in noted}):
        return []
    if not noted and "codec_mode" not in settings.model_fields_set:
        await _must_have_begun_encrypted(database)
    await keys.note(new)
    return [f"the clinic encrypts what it sends to the server, with the keys of {settings.codec}"]


async def check_keys_of(settings: Settings) -> None:
    """As `check_keys`, for what opens the clinic database later.

    Raises:
        CannotDo: with the remedy; nothing was sent.
    """
    database = ClinicDatabase(settings.database)
    try:
        await check_keys(settings, database)
    finally:
        await database.close()


async def settle_keys_of(settings: Settings) -> list[str]:
    """As `settle_keys`, for what opens the clinic database later.

    Raises:
        CannotDo: with the remedy; nothing was sent.
    """
    database = ClinicDatabase(settings.database)
    try:
        return await settle_keys(settings, database)
    finally:
        await database.close()


async def _must_have_begun_encrypted(database: ClinicDatabase) -> None:
    if opened := len(await Crosswalk(database).all_open()):
        raise CannotDo(
            f"CAREPATH_CODEC: this clinic begins to encrypt, and has {opened} open episodes. If their histories began "
            "without a key, set CAREPATH_CODEC_MODE=lenient until each of them has gone on in a new run or has ended; "
            "if all of them are encrypted, set CAREPATH_CODEC_MODE=strict."
        )


def _compare(settings: Settings, noted: dict[str, str], ours: dict[str, str]) -> None:
    if noted and not ours:
        raise CannotDo(
            f"This clinic encrypts what it sends to the Temporal server (key {list(noted)[-1]}), and CAREPATH_CODEC is "
            "off here, so nothing was sent. Set CAREPATH_CODEC to the clinic's key file."
        )
    for key_id, fingerprint in noted.items():
        if key_id not in ours:
            raise CannotDo(
                f"CAREPATH_CODEC: {settings.codec} lacks the key {key_id}, with which this clinic has encrypted, so "
                "nothing was sent. Put its line back, or name the clinic's own key file; if nothing that it encrypted "
                f"is needed any more, `carepath codec forget {key_id}`."
            )
        if ours[key_id] != fingerprint:
            raise CannotDo(
                f"CAREPATH_CODEC: the key {key_id} of {settings.codec} is another one than this clinic's of the same "
                "id, so nothing was sent. Name the clinic's own key file."
            )


async def _fingerprints(settings: Settings) -> dict[str, str]:
    if settings.codec == OFF:
        return {}
    from worker.codec.keys import load_keys  # a clinic without encryption does not wait for its library

    return dict((await asyncio.to_thread(load_keys, Path(settings.codec))).fingerprints)
