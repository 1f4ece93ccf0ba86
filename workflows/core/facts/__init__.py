"""What follows from a record under a policy at one instant. Nothing here decides; it only reads.

One file for each subject, in a chain in which each reads only those before it:
`reading` → `team` → `consents` → `intake` → `course` → `use` → `risk` → `stages` → `attendance` → `gate` →
`length` → `discharge` → `exits` → `linkage` → `payer` → `waiting`.
The calculations themselves are functions beside them: `sessions`, `ladder`, `sobriety`, `conditions`.
"""

from workflows.core.facts.answers import Answer
from workflows.core.facts.frame import Frame
from workflows.core.facts.waiting import WaitingFacts


class Facts(WaitingFacts):
    """All facts of an episode at one instant."""


__all__ = ["Answer", "Facts", "Frame"]
