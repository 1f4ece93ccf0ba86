"""What follows from a record under a policy at one instant. Nothing here decides; it only reads.

Each subject has its own, in a chain in which each reads only those before it, so that the types hold what is a rule:
team → consent → intake → leave and return (`stay.facts`) → use (`sobriety.facts`) → risk (`safety.facts`) →
stages (`stay.stages`) → gate → length (`stay.length`) → attendance → outreach → dose → discharge (`exits.discharge`) →
exits → linkage → payer → what still waits for another entry (`waiting`).
The gate and the length of the program come before attendance, which they never read (A7); the payer comes last, so that
nothing of care reads it (S11). The calculations are functions beside the facts, such as `sobriety.results`.
"""

from workflows.core.engine.answers import Answer
from workflows.core.episode.frame import EpisodeFrame
from workflows.core.episode.waiting import WaitingFacts


class Facts(WaitingFacts):
    """All facts of an episode at one instant."""


__all__ = ["Answer", "EpisodeFrame", "Facts"]
