"""The stages of an episode: the part of a chart that everybody names, whatever the pathway."""

from enum import StrEnum


class Stage(StrEnum):
    """A stage of the public contract; which states of a chart belong to it, the chart says itself."""

    INTAKE = "intake"
    PROGRAM = "program"
    GATE_REVIEW = "gate_review"
    AFTERCARE = "aftercare"
    CLOSED = "closed"

    @property
    def is_before_admission(self) -> bool:
        """Whether the person waits to be admitted."""
        return self is Stage.INTAKE

    @property
    def has_sessions(self) -> bool:
        """Whether the sessions of the program are owed."""
        return self in (Stage.PROGRAM, Stage.GATE_REVIEW)

    @property
    def is_after_program(self) -> bool:
        """Whether the person has stepped down."""
        return self is Stage.AFTERCARE

    @property
    def is_over(self) -> bool:
        """Whether the episode has been ended by what a named person has signed (E1)."""
        return self is Stage.CLOSED


IN_PROGRAM: frozenset[str] = frozenset(stage for stage in Stage if stage.has_sessions)
"""The stages in which the sessions of the program are owed."""
