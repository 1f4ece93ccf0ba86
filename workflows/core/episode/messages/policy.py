"""Numbers of messages to patients (P2)."""

from datetime import time

from workflows.core.engine.policy import Part


class Messages(Part):
    """Messages to patients (P2)."""

    quiet_from: time | None = time(21)
    """From this time of day on no message leaves."""
    quiet_until: time | None = time(8)
    """No message between these wall-clock times of the person's zone where they have named none (47 CFR 64.1200(c)(1):
    nobody is called before 8 or after 21 o'clock). What falls between waits, and is judged again when it ends (A5)."""
