"""The index of what is in force, kept in memory and built anew only when a feed has changed or grown too old."""

import asyncio
from datetime import datetime

from activities.directory.index import Index
from activities.directory.listing import Listing
from activities.directory.store import DirectoryStore, FeedState


class Current:
    """The directories as they stand; safe to ask at every match."""

    def __init__(self, store: DirectoryStore) -> None:
        self._store = store
        self._feeds: dict[str, tuple[int, list[Listing]]] = {}
        self._key: object = None
        self._index = Index(())
        self._states: dict[str, FeedState] = {}
        self._building = asyncio.Lock()

    async def index(self, now: datetime) -> Index:
        """The index of all feeds in force."""
        states = [state for state in await self._store.states() if state.in_force(now)]
        key = [(state.name, state.revision) for state in states]
        self._states = {state.name: state for state in states}
        async with self._building:
            if key != self._key:
                self._feeds = {state.name: await self._listings(state) for state in states}
                everything = [one for _, listings in self._feeds.values() for one in listings]
                self._index = await asyncio.to_thread(Index, everything)
                self._key = key
            return self._index

    def as_of(self, sources: set[str]) -> datetime | None:
        """When the oldest of these feeds was last confirmed; of all of them where none is named."""
        asked = [state for name, state in self._states.items() if not sources or name in sources]
        return min((state.good_at for state in asked if state.good_at), default=None)

    async def _listings(self, state: FeedState) -> tuple[int, list[Listing]]:
        known = self._feeds.get(state.name)
        if known and known[0] == state.revision:
            return known
        return state.revision, await self._store.listings(state.name)
