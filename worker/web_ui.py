"""The Temporal Web UI: links with filters, and which columns its lists show."""

import json
from urllib.parse import quote

from workflows import visibility

EPISODE_COLUMNS = (
    "Status",
    "Workflow ID",
    visibility.STAGE.name,
    visibility.FLAGS.name,
    visibility.OWNER.name,
    visibility.SITE.name,
    visibility.GATE.name,
    "Start",
)
TASK_COLUMNS = (
    "Status",
    "Workflow ID",
    visibility.TASK.name,
    visibility.OWNER.name,
    visibility.DUE.name,
    visibility.LEVEL.name,
    visibility.EPISODE.name,
    visibility.SITE.name,
)

OPEN = "CloseTime IS NULL"
"""What has not ended, paused or not, in a filter: the Web UI (2.54) shows nothing for a choice between two states."""

COLUMNS_KEY = "namespace-workflow-table-columns"
"""Where the Web UI (2.54) keeps the columns of its lists: in the browser, by namespace."""


def link(address: str, path: str = "", query: str = "", namespace: str = "default") -> str:
    """A page of the Web UI: the list with a filter, or one workflow."""
    page = f"{address}/namespaces/{namespace}/workflows"
    return f"{page}/{quote(path)}" if path else f"{page}?query={quote(query)}"


def choose_columns(columns: tuple[str, ...], namespace: str = "default") -> str:
    """JavaScript that makes the lists of a browser show these columns; the same as choosing them by hand."""
    value = json.dumps({namespace: [{"label": label} for label in columns]})
    return f"localStorage.setItem({json.dumps(COLUMNS_KEY)}, {json.dumps(value)});"
