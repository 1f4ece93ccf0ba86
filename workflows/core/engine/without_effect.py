"""An answer that had no effect: the task was withdrawn meanwhile, or cannot be completed so yet (E10)."""

from workflows.core.engine.effects import Notify

TOO_LATE = "answer_too_late"
"""The subject under which somebody hears so who could not be told as they gave the answer."""


def told_too_late(task_id: str, by: str) -> Notify:
    """What a person is told whose answer had no effect, and who has not heard so as they gave it: not what it was (P1).

    Args:
        task_id: What was answered.
        by: Who has answered.
    """
    line = f"Your answer to {task_id} had no effect. `carepath why {task_id}` says why."
    return Notify(f"{task_id}:late", "case_manager", by, TOO_LATE, (line,), is_plain=True)
