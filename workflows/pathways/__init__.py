"""The pathways that can be run, by name."""

from workflows.core.engine.errors import InvalidEntry
from workflows.core.episode.pathway import Pathway
from workflows.pathways.iop import Iop
from workflows.pathways.php import Php

# IOP and IOT are the same program: either name is accepted everywhere (I5).
PATHWAYS: dict[str, Pathway] = {"iop": Iop(), "iot": Iop(), "php": Php()}


def pathway_named(name: str) -> Pathway:
    """The pathway of a name.

    Raises:
        InvalidEntry: there is none; the message lists those there are.
    """
    pathway = PATHWAYS.get(name.strip().lower())
    if pathway is None:
        raise InvalidEntry(f"pathway: there is no pathway {name}; there are: {', '.join(PATHWAYS)}.")
    return pathway
