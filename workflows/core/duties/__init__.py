"""What people owe an episode, as a consequence of its facts: one file for each subject.

Duties are not started and stopped: at every moment they *follow* from the facts, and the episode opens and closes
tasks for the difference. So a late, wrong or retracted entry needs no case of its own (T3, A5). A pathway chooses
which duties hold in which stage.
"""

from workflows.core.duties.duty import ALWAYS, CLINICIAN, Duty, repeated

__all__ = ["ALWAYS", "CLINICIAN", "Duty", "repeated"]
