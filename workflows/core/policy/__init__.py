"""Every number that a program may change. The policy in force is pinned to the episode (T8).

The defaults are the ones RULES.md gives; the docstring of each part names its rule. `load_policy` takes a
partial policy, such as a file that overrides three numbers, and completes it with the defaults.
"""

from workflows.core.policy.outside import Linkage, Messages, Payer, Privacy
from workflows.core.policy.part import InvalidPolicy
from workflows.core.policy.sessions import Attendance, Dose, Rung
from workflows.core.policy.sobriety import Gate, SlipResponse, TestPhase, Tests
from workflows.core.policy.stay import Aftercare, Course, Discharge, Intake, Length
from workflows.core.policy.whole import Escalation, Policy, adopting, differences, load_policy

__all__ = [
    "Aftercare",
    "Attendance",
    "Course",
    "Discharge",
    "Dose",
    "Escalation",
    "Gate",
    "Intake",
    "InvalidPolicy",
    "Length",
    "Linkage",
    "Messages",
    "Payer",
    "Policy",
    "Privacy",
    "Rung",
    "SlipResponse",
    "TestPhase",
    "Tests",
    "adopting",
    "differences",
    "load_policy",
]
