"""The stages of an episode: the part of a chart that everybody names, whatever the pathway."""

from typing import Literal

Stage = Literal["intake", "program", "gate_review", "aftercare", "closed"]

IN_PROGRAM: frozenset[str] = frozenset({"program", "gate_review"})
"""The stages in which the sessions of the program are owed."""
