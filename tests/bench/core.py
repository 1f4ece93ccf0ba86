"""The speed of the pure core, in processor time of one core: what else the machine does is not measured."""

import time
from datetime import timedelta

from tests.core.clinic import ADMITTED, Patient, goes_through_intake, ready_for_gate
from workflows.core.episode.entries import parse_entry
from workflows.core.episode.policy import Tests

POLICY = {"tests": Tests().model_dump(mode="json", include={"phases"})}
"""The default policy, tests drawn at random included."""


def full_record() -> Patient:
    """A patient in the program with about 200 entries."""
    patient = goes_through_intake(Patient(policy=POLICY)).attends_until(ADMITTED + timedelta(days=60))
    for number in range(200 - len(patient.episode.record)):
        patient.says("mutual_help", on=ADMITTED + timedelta(days=number % 60), group="aa")
    return patient


def entries_per_second() -> float:
    """Attendance, contacts and meetings in turn, parsed and followed through on a 200-entry record."""
    patient, today = full_record(), (ADMITTED + timedelta(days=60)).isoformat()
    statements = []
    for number in range(300):
        statements.append(({"kind": "mutual_help", "on": today, "group": "aa"},
                           {"kind": "contact", "at": f"{today}T11:00", "channel": "phone", "outcome": "voicemail"},
                           {"kind": "attendance", "session": f"{today}T{number % 12:02d}:{number % 60:02d}",
                            "status": "excused"})[number % 3])  # fmt: skip
    begun = time.process_time()
    for number, statement in enumerate(statements):
        patient.episode.apply(parse_entry({"by": "cm-1", "id": f"b{number}", **statement}), patient.now)
    return len(statements) / (time.process_time() - begun)


def journey() -> tuple[float, int]:
    """A full 90-day journey to the gate's signature with all its deadlines: milliseconds, and its entries.

    Besides sessions and tests it has the small entries of a real record: meetings, contacts, skills.
    """
    begun = time.process_time()
    patient = goes_through_intake(Patient(policy=POLICY))
    for day in (ADMITTED + timedelta(days=n) for n in range(89)):
        patient.attends_until(day)
        if day.weekday() < 5:
            patient.says("mutual_help", on=day, group="aa")
        if day.weekday() == 1:
            patient.says("module", skill="coping", done_on=day)
    ready_for_gate(patient=patient)
    patient.says("decision", about="gate_review", choice="pass", by="th-1")
    return (time.process_time() - begun) * 1000, len(patient.episode.record)
