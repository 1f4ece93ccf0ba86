"""The episodes of an import in the pure core: the same engine as in the workflow, without a server.

They can be lost, as by retention, and the import can break off at any call, before or after what it sent was recorded.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from worker.importing.episodes import State
from workflows.core.engine.effects import Effect, MessagePatient
from workflows.core.engine.errors import Refused
from workflows.core.episode.entries import parse_entry
from workflows.core.episode.episode import Episode
from workflows.core.episode.start import EpisodeStart
from workflows.core.episode.views import progress
from workflows.pathways import pathway_named


class BrokenOff(Exception):
    """The import has died here."""


class CoreEpisodes:
    """Episodes by id. `breaks_at` counts the calls until the import breaks off; odd: after the call."""

    def __init__(self, now: datetime) -> None:
        self.now, self.running = now, dict[str, Episode]()
        self.begun: list[str] = []
        self.effects: list[Effect] = []
        self.breaks_at: int | None = None

    async def state_of(self, episode_id: str) -> State:
        return State.RUNNING if episode_id in self.running else State.GONE

    async def begin(
        self, start: Mapping[str, Any], entries: Sequence[Mapping[str, Any]]
    ) -> list[dict[str, Any]]:
        self._may_break(after=False)
        if start["episode_id"] not in self.running:
            self.begun.append(start["episode_id"])
            beginning = EpisodeStart.model_validate(start)
            self.running[start["episode_id"]] = Episode(beginning, pathway_named("iop"), self.now)
        return await self.record(start["episode_id"], entries)

    async def record(self, episode_id: str, entries: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        self._may_break(after=False)
        episode = self.running[episode_id]
        answers = episode.apply_many([parse_entry(entry) for entry in entries], self.now)
        self.effects += episode.take_effects()
        self._may_break(after=True)
        return [
            {"error": {"message": str(one)}} if isinstance(one, Refused) else one.model_dump(mode="json")
            for one in answers
        ]

    async def closed_on(self, episode_id: str) -> date | None:
        found = self.running[episode_id].facts.exit
        return found[1] if found else None

    def shown(self) -> dict[str, dict[str, Any]]:
        """Where each stands; without the ids of tasks, which count how often one was asked for."""
        found = {}
        for episode_id, episode in self.running.items():
            shown = progress(episode, self.now).model_dump(mode="json")
            for task in shown["open_tasks"]:
                task["task_id"] = ""
            found[episode_id] = shown
        return found

    def wake(self) -> None:
        """Time goes on a moment."""
        for episode in self.running.values():
            episode.wake(self.now)
            self.effects += episode.take_effects()

    @property
    def messages(self) -> list[Effect]:
        """What was to be sent to patients."""
        return [effect for effect in self.effects if isinstance(effect, MessagePatient)]

    def _may_break(self, *, after: bool) -> None:
        if self.breaks_at is None or (self.breaks_at % 2 == 1) != after:
            return
        if self.breaks_at <= 1:
            self.breaks_at = None
            raise BrokenOff
        self.breaks_at -= 2
