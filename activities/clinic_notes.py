"""The clinic database learns from the workflow whether an episode is open (I6)."""

from temporalio import activity

from activities.clinic_database import Crosswalk
from workflows.ports.clinic_files import NOTE_EPISODE, EpisodeNote


class ClinicNotes:
    """Keeps the crosswalk true."""

    def __init__(self, crosswalk: Crosswalk) -> None:
        self._crosswalk = crosswalk

    @activity.defn(name=NOTE_EPISODE)
    async def note_episode(self, note: EpisodeNote) -> None:
        """Note that an episode is closed, open again, or follows another; saying it twice changes nothing."""
        if note.follows and note.opened_on:
            await self._crosswalk.follow(note.follows, note.episode_id, note.opened_on)
        else:
            await self._crosswalk.note(note.episode_id, note.closed_on)
