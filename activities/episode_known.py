"""What the clinic's own files know of an episode: whoever starts one by hand asks neither of them (I6, E0)."""

from pathlib import Path

from temporalio import activity

from activities.clinic_database import Crosswalk
from activities.staff_directory import load
from workflows.ports.clinic_files import WHAT_IS_KNOWN, EpisodeAsked, EpisodeKnown


class EpisodeKnower:
    """Reads both anew for each question."""

    def __init__(self, crosswalk: Crosswalk, directory: Path) -> None:
        self._crosswalk, self._directory = crosswalk, directory

    @activity.defn(name=WHAT_IS_KNOWN)
    async def what_is_known(self, asked: EpisodeAsked) -> EpisodeKnown:
        """Whose an episode is, whether that person has another one open, and who of its team works here."""
        staff = load(self._directory)
        strangers = [one for one in asked.team if staff.roles_of(one) is None]
        key = await self._crosswalk.patient_of(asked.episode_id)
        if key is None:
            return EpisodeKnown(patient="unknown", strangers=strangers)
        if not await self._crosswalk.is_closed(asked.episode_id):
            return EpisodeKnown(strangers=strangers)
        other = await self._crosswalk.open_episode_of(key)
        return EpisodeKnown(patient="closed", other=other, strangers=strangers)
