"""Another key for what people state: every open record hears of it before it signs, and the old one is withdrawn (E0).

Each step may be done again: how far it has come stands in the clinic's file, and which keys a record believes, it says.
So whatever breaks off is made up for by the same command.
"""

from collections.abc import Callable, Collection
from typing import Any

from worker.episodes import Clinic, clinic_with
from worker.errors import CannotDo
from worker.signing_key import SigningKeys, make_signing_key, write_signing_keys
from worker.staffing import Running, Told, each, record_in, running


async def rotate(clinic: Clinic, by: str) -> tuple[str, Told]:
    """Let a new key take the place of the one that signs; its id, and which records heard of it.

    Args:
        clinic: The clinic, which signs.
        by: Staff id of the director or compliance officer who is signed in.

    Raises:
        CannotDo: the clinic does not sign, or not every open record could be told: then both keys are in force, and
            the same command goes on from there.
    """
    keys = clinic.keys
    if keys is None:
        raise CannotDo(
            "This clinic does not sign what is stated: `carepath signing key` makes its first key."
        )
    if keys.leaving is None:
        write_signing_keys(SigningKeys(keys.source, keys.private, leaving=keys.first))
        make_signing_key(clinic.settings)
        clinic = _anew(clinic)
        keys = clinic.keys or keys
    old = keys.leaving or keys.first
    new = next(one for one in keys.private if one != old)
    told = Told()
    news = {
        "kind": "signing_key",
        "by": by,
        "id": f"key-{new}",
        "key_id": new,
        "public_key": keys.public[new],
    }
    if keys.first == old:
        await _tell(clinic, news, told, lambda known: new not in known)
        keys = SigningKeys(keys.source, {new: keys.private[new], **keys.private}, leaving=old)
        write_signing_keys(keys)
        clinic = _anew(clinic)
    gone = {"kind": "signing_key", "by": by, "id": f"key-{old}-withdrawn", "key_id": old, "withdrawn": True}
    await _tell(clinic, gone, told, lambda known: old in known)
    write_signing_keys(SigningKeys(keys.source, {new: keys.private[new]}))
    return new, told


async def _tell(
    clinic: Clinic, said: dict[str, Any], told: Told, concerns: Callable[[Collection[str]], bool]
) -> None:
    async def tell(one: Running) -> None:
        if concerns(one.keys):
            await record_in(clinic, one.workflow_id, [said])
            told.episodes[one.workflow_id] = f"believes {said['key_id']}" if "public_key" in said else "told"

    await each({one.workflow_id: one for one in await running(clinic, told)}, tell, told)
    if told.failed:
        raise CannotDo(
            told.in_words("both keys are in force until all of them know; run the same command again.")
        )


def _anew(clinic: Clinic) -> Clinic:
    """The same clinic with the keys as they stand in the file now."""
    return clinic_with(clinic.client, clinic.settings, clinic.crosswalk.database, clinic.problem)
