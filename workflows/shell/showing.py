"""The search attributes of a workflow: only what differs from what is shown is shown anew."""

from collections.abc import Sequence
from typing import Any

from temporalio import workflow
from temporalio.common import SearchAttributeUpdate

Shown = tuple[str, Sequence[SearchAttributeUpdate[Any]]]
"""A page in Markdown, and search attributes."""


class ShownAttributes:
    """What the list of the Web UI shows of this workflow; it comes along into a new run."""

    def __init__(self) -> None:
        self._shown = {pair.key.name: pair.value for pair in workflow.info().typed_search_attributes}

    def show(self, attributes: Sequence[SearchAttributeUpdate[Any]]) -> None:
        """Upsert what has changed; each upsert is an action that is paid for."""
        changed = [update for update in attributes if self._shown.get(update.key.name) != update.value]
        if changed:
            workflow.upsert_search_attributes(changed)
            self._shown.update({update.key.name: update.value for update in changed})
