"""The clinic database learns what an episode's record says of its consents."""

from temporalio import activity

from activities.clinic_database.consents import Consents
from workflows.ports.clinic_files import KEEP_CONSENTS, ConsentsStated


class ConsentKeeper:
    """Takes consents over from a record."""

    def __init__(self, consents: Consents) -> None:
        self._consents = consents

    @activity.defn(name=KEEP_CONSENTS)
    async def keep_consents(self, stated: ConsentsStated) -> None:
        """Take over the state of every consent; an older state than the one on file changes nothing."""
        await self._consents.keep(stated.episode_id, stated.version, stated.consents, stated.lifted)
