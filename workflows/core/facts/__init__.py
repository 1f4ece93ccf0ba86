"""What follows from a record under a policy on a given day. Nothing here decides; it only reads."""

from workflows.core.facts.facts import Answer, Facts, Frame

__all__ = ["Answer", "Facts", "Frame"]
