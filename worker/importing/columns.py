"""What the tables of an export are called, which columns they have, and what the other system's codes mean.

A clinic whose export calls something otherwise says so in its `clinic.json`, under `columns` and `codes`; nothing
here needs to change for it.
"""

from dataclasses import dataclass

SHARED = ("row_id", "updated_at")
"""What makes a row the same row when it is exported again, and which of its versions is the later one."""


@dataclass(frozen=True)
class Table:
    """One kind of file, known by the beginning of its name: `attendance.csv`, `attendance-2026-03.csv`."""

    name: str
    needed: tuple[str, ...]
    optional: tuple[str, ...]


ADMISSIONS = Table(
    "admissions",
    ("patient_key", "site", "referred_on", "case_manager", "therapist"),
    ("nurse", "supervisor", "director", "schedule", "level_of_care", "level_decided_on", "level_decided_by",
     "admitted_on", "last_use_on", "goals", "rights_notice_on", "contact_preferences_on", "contact",
     "contact_allowed"),
)  # fmt: skip
ATTENDANCE = Table(
    "attendance", ("patient_key", "session_start", "status"), (*SHARED, "minutes", "service")
)
TESTS = Table(
    "tests",
    ("patient_key", "specimen_id", "collected_on", "result"),
    (*SHARED, "ordered_on", "use_on", "substances", "reason"),
)
EVENTS = "events"
"""The table of everything else: JSON lines of the public contract's entries, each with its `patient_key`."""

TEAM = ("case_manager", "therapist", "nurse", "supervisor", "director")

ATTENDED, EXCUSED, MISSED, VOID = "attended", "excused", "missed", "void"

STATUS = {
    "present": ATTENDED, "p": ATTENDED, "attended": ATTENDED, "late": ATTENDED, "left_early": ATTENDED,
    "absent": MISSED, "a": MISSED, "missed": MISSED, "no_show": MISSED, "noshow": MISSED,
    "excused": EXCUSED, "e": EXCUSED,
    "cancelled": "clinic", "cancelled_by_clinic": "clinic", "holiday": "holiday", "closed": "holiday",
    "weather": "weather", "entered_in_error": VOID, "void": VOID,
}  # fmt: skip
"""What other systems call an attendance. `clinic`, `holiday` and `weather` take the session away (A3)."""

RESULT = {
    "pending": "pending", "ordered": "pending", "negative": "negative", "neg": "negative",
    "presumptive": "presumptive", "presumptive_positive": "presumptive", "screen_positive": "presumptive",
    "definitive": "definitive", "definitive_positive": "definitive", "confirmed": "definitive",
    "confirmed_positive": "definitive", "residual": "residual", "dilute": "dilute", "diluted": "dilute",
    "tampered": "tampered", "adulterated": "tampered", "substituted": "tampered",
    "not_provided": "not_provided", "refused": "not_provided", "unable": "not_provided",
    "entered_in_error": VOID, "void": VOID,
}  # fmt: skip
"""What other systems call a result. A bare "positive" is missing on purpose: whether it is presumptive or
definitive decides whether it is a slip (S5), and that is not ours to guess."""
