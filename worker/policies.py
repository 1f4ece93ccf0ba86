"""The clinic's own policies: one file for every pathway, or a folder with a file for each (`iop.yaml`, `php.yaml`)."""

from pathlib import Path
from typing import Any

from worker.commands.options import read_file
from worker.errors import CannotDo
from workflows.core.engine.errors import Refused


def with_clinic_policies(start: dict[str, Any], where: Path | None) -> dict[str, Any]:
    """A start with the clinic's policy of its pathway, and those of the pathways that may follow; what the start says
    itself is left as it is.

    Raises:
        CannotDo: a file cannot be read, or is named after no pathway.
    """
    if where is None:
        return start
    if not where.is_dir():
        return start if "policy" in start else {**start, "policy": read_file(where)}
    files = {_pathway(file.stem): file for file in sorted(where.glob("*.y*ml"))}
    own = _pathway(str(start.get("pathway", "iop")))
    following = {name: {"policy": read_file(file)} for name, file in files.items() if name != own}
    policy = {"policy": read_file(files[own])} if own in files else {}
    return {**policy, "following": following, **start}


def _pathway(name: str) -> str:
    from workflows.pathways import pathway_named  # the charts take long to import

    try:
        return pathway_named(name).name
    except Refused as error:
        raise CannotDo(str(error)) from None
