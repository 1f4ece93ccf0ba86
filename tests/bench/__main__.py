"""`make bench`: the speed of the core. Figures only; nothing here passes or fails."""

import time
from datetime import timedelta
from statistics import median

from tests.core.clinic import ADMITTED, Patient, admitted, ready_for_gate
from workflows.core.entries import parse_entry


def full_record() -> Patient:
    """A patient in the program with about 200 entries."""
    patient = admitted().attends_until(ADMITTED + timedelta(days=60))
    for number in range(200 - len(patient.episode.record)):
        patient.says("mutual_help", on=ADMITTED + timedelta(days=number % 60), group="aa")
    return patient


def entries_per_second() -> float:
    """Attendance, contacts and tests in turn, parsed and followed through on a 200-entry record."""
    patient, today = full_record(), (ADMITTED + timedelta(days=60)).isoformat()
    statements = []
    for number in range(300):
        statements.append(({"kind": "mutual_help", "on": today, "group": "aa"},
                           {"kind": "contact", "at": f"{today}T11:00", "channel": "phone", "outcome": "voicemail"},
                           {"kind": "attendance", "session": f"{today}T{number % 12:02d}:{number % 60:02d}",
                            "status": "excused"})[number % 3])  # fmt: skip
    begun = time.perf_counter()
    for number, statement in enumerate(statements):
        patient.episode.apply(parse_entry({"by": "cm-1", "id": f"b{number}", **statement}), patient.now)
    return len(statements) / (time.perf_counter() - begun)


def journey_ms() -> tuple[float, int]:
    """A full 90-day journey with all its deadlines, to the gate's signature: milliseconds and entries."""
    begun = time.perf_counter()
    patient = ready_for_gate()
    patient.says("decision", about="gate_review", choice="pass", by="th-1")
    return (time.perf_counter() - begun) * 1000, len(patient.episode.record)


if __name__ == "__main__":
    journey_ms()  # warm
    rate = median(entries_per_second() for _ in range(3))
    times = [journey_ms() for _ in range(5)]
    print("| what | measured |")
    print("|---|---|")
    print(f"| entries per second on a 200-entry record, one core | {rate:,.0f} |")
    print(
        f"| a 90-day journey with {times[0][1]} entries and its deadlines | {median(t for t, _ in times):.0f} ms |"
    )
