"""The Temporal Web UI: links with filters, and which columns its lists show."""

import json
from urllib.parse import quote

from workflows import visibility as seen

EPISODE_COLUMNS = ("Status", "Workflow ID", seen.STAGE.name, seen.FLAGS.name, seen.OWNER.name, seen.SITE.name,
                   seen.GATE.name, "Start")  # fmt: skip
TASK_COLUMNS = ("Status", "Workflow ID", seen.TASK.name, seen.OWNER.name, seen.DUE.name, seen.LEVEL.name,
                seen.EPISODE.name, seen.SITE.name)  # fmt: skip

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
