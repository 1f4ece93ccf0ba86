"""Writes the example clinic as another system would have exported it: forty synthetic patients, as of one day.

    python deploy/example/generate.py FOLDER [--today 2026-03-16]

All patients are invented. The same day always gives the same files. The disorder of real data is on purpose: rows
that arrive late and twice, a correction, a clinic holiday, columns with Latin-1 names that nobody may import, and
a few rows that must be refused.
"""

import argparse
import csv
import json
import random
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("America/Chicago")
SCHEDULE = [
    {"weekday": day, "start": "18:00", "minutes": 180, "service": "group"} for day in ("mon", "wed", "fri")
] + [{"weekday": "tue", "start": "17:00", "minutes": 60, "service": "individual"}]
NAMES = ("Zoë Müller", "José Peña", "Renée Lefèvre", "Søren Åkesson", "Íris Gonçalves")
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass
class Patient:
    """One synthetic patient and everything that was recorded about them."""

    key: str
    referred_on: date
    admitted_on: date | None = None
    attendance: list[dict[str, Any]] = field(default_factory=list)
    tests: list[dict[str, Any]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)

    def event(self, kind: str, by: str = "ehr", **fields: Any) -> None:
        """Something that is neither attendance nor a test."""
        plain = {
            name: value.isoformat() if isinstance(value, date) else value for name, value in fields.items()
        }
        self.events.append({"patient_key": self.key, "kind": kind, "by": by, **plain})


class Clinic:
    """The clinic as of one day."""

    def __init__(self, today: date) -> None:
        self.today = today
        self.random = random.Random(20260316)
        self.holiday = today - timedelta(days=today.weekday() + 5)  # the Wednesday of last week
        self.patients: list[Patient] = []

    def ago(self, days: int) -> date:
        """A day before today."""
        return self.today - timedelta(days=days)

    def new(self, referred_ago: int) -> Patient:
        """A patient who was referred so many days ago."""
        patient = Patient(f"MRN-{len(self.patients) + 1001}", self.ago(referred_ago))
        self.patients.append(patient)
        return patient

    def admitted(self, days: int, last_use_ago: int | None = None) -> Patient:
        """A patient who was admitted so many days ago and has come to the groups since."""
        patient = self.new(days + 4)
        patient.admitted_on = self.ago(days)
        last_use = self.ago(last_use_ago if last_use_ago is not None else days + 6)
        patient.event(
            "screening", on=patient.referred_on, substances=["alcohol"], years_of_use=4, duties=["work"]
        )
        patient.event("level_of_care", by="th-1", on=self.ago(days + 2), level="IOP", reason="suited")
        patient.event("goal", goal_id="g1", title="back to work", on=patient.admitted_on)
        patient.event("admission", on=patient.admitted_on, last_use_on=last_use)
        for what in ("rights_notice", "contact_preferences"):
            patient.event("acknowledgement", what=what, on=patient.admitted_on)
        return patient

    def sessions(self, patient: Patient, until_ago: int = 0) -> list[datetime]:
        """The sessions of a patient so far, as wall-clock times."""
        assert patient.admitted_on is not None
        found = []
        for back in range((self.today - patient.admitted_on).days, until_ago - 1, -1):
            day = self.ago(back)
            for line in SCHEDULE:
                start = datetime.fromisoformat(f"{day}T{line['start']}")
                # Of today's sessions none is over yet, whenever today the clinic is looked at.
                if WEEKDAYS[day.weekday()] == line["weekday"] and day != self.holiday and back > 0:
                    found.append(start)
        return found

    def comes(self, patient: Patient, until_ago: int = 0, missing: tuple[int, ...] = ()) -> None:
        """Attendance up to a day; `missing` are sessions, counted from the end, that were not attended."""
        sessions = self.sessions(patient, until_ago)
        for number, start in enumerate(sessions):
            from_end = len(sessions) - number
            if from_end in missing:
                continue
            minutes = 60 if start.hour == 17 else self.random.choice((180, 180, 180, 170, 150))
            patient.attendance.append(
                {
                    "patient_key": patient.key,
                    "session_start": start.strftime("%Y-%m-%d %H:%M"),
                    "status": self.random.choice(("present", "Present", "P")),
                    "minutes": minutes,
                    "service": "individual" if start.hour == 17 else "group",
                }
            )

    def tested(
        self, patient: Patient, *days_ago: int, result: str = "negative", substances: str = ""
    ) -> None:
        """Tests that were collected so many days ago."""
        for days in days_ago:
            patient.tests.append(
                {
                    "patient_key": patient.key,
                    "specimen_id": f"S{patient.key[4:]}{days:03d}",
                    "collected_on": self.ago(days).isoformat(),
                    "result": result,
                    "substances": substances,
                }
            )

    def build(self) -> None:
        """All forty, by the stage they are in."""
        for days in (0, 1, 3):  # referred
            self.new(days)
        for days in (2, 3):  # to be decided
            self.new(days).event(
                "screening",
                on=self.ago(days),
                substances=["opioids"],
                withdrawal_risk="moderate",
                years_of_use=12,
                co_occurring=["ptsd"],
            )
        patient = self.new(4)  # another level is right
        patient.event("screening", on=self.ago(3), substances=["alcohol"], withdrawal_risk="high")
        patient.event(
            "level_of_care", by="th-2", on=self.ago(2), level="withdrawal_management", reason="risk"
        )
        for days in (3, 9, 12, 18, 25, 33, 41, 52, 60, 74):  # attending
            patient = self.admitted(days)
            self.comes(patient)
            self.tested(patient, *range(4, days, 9))
        for days, missing in (
            (13, (1,)),
            (20, (1, 2)),
            (27, (1, 2, 3)),
            (34, (1, 2)),
            (46, (1, 2, 3, 4, 5, 6, 7)),
        ):
            patient = self.admitted(days)  # missing
            self.comes(patient, missing=missing)
            self.tested(patient, *range(5, days, 10))
        for days, slip_ago in ((30, 1), (44, 6), (58, 2)):  # slips
            patient = self.admitted(days)
            self.comes(patient)
            self.tested(patient, *range(7, days, 9))
            patient.event("use", on=self.ago(slip_ago), evidence="self_report", substance="alcohol")
        patient.event("use", on=self.ago(9), evidence="self_report", substance="alcohol")
        for days, result in ((38, "presumptive"), (50, "dilute")):  # holds
            patient = self.admitted(days)
            self.comes(patient)
            self.tested(patient, *range(8, days, 9))
            self.tested(patient, 2, result=result, substances="cocaine" if result == "presumptive" else "")
        for days, slip_ago in ((95, 20), (108, 15), (131, 10)):  # extended
            patient = self.admitted(days)
            self.comes(patient)
            self.tested(patient, *range(3, days, 9))
            patient.event("use", on=self.ago(slip_ago), evidence="self_report", substance="alcohol")
        for days in (91, 93):  # gate review
            patient = self.admitted(days)
            self.comes(patient)
            self.tested(patient, *range(2, days, 9))
            patient.event("goal", goal_id="g1", status="met", on=self.ago(1))
        for days, reason in ((29, "hospital"), (36, "travel")):  # on leave
            patient = self.admitted(days)
            self.comes(patient, until_ago=4)
            self.tested(patient, *range(6, days, 9))
            patient.event("leave", by="ehr", reason=reason, **{"from": self.ago(3), "until": self.ago(-6)})
        for days, checkins in (
            (100, (3,)),
            (110, (13, 6)),
            (124, (27, 20, 13)),
            (160, (63, 56, 49, 42, 35, 28, 21, 14, 7)),
        ):
            patient = self.admitted(days)  # aftercare
            stepped_down = days - 90
            self.comes(patient, until_ago=stepped_down)
            self.tested(patient, *range(stepped_down + 2, days, 9))
            patient.event("goal", goal_id="g1", status="met", on=self.ago(stepped_down + 1))
            patient.event(
                "decision", by="th-1", about="gate_review", choice="pass", on=self.ago(stepped_down)
            )
            for number, ago in enumerate(checkins):
                if ago < stepped_down:
                    patient.event("checkin", on=self.ago(ago), risk=(2, 5, 3)[number % 3])
        for days, reason, exit_ago in (
            (70, "transferred", 9),
            (40, "withdrew", 2),
            (120, "completed", 5),
        ):  # closed
            patient = self.admitted(days)
            self.comes(patient, until_ago=exit_ago + 1)
            patient.event("exit", by="cm-1", reason=reason, on=self.ago(exit_ago))
        while len(self.patients) < 40:
            patient = self.admitted(6 + 7 * (len(self.patients) % 5))
            self.comes(patient)

    def disorder(self) -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[dict[str, Any]]]:
        """All rows, in the order and with the faults of a real export."""
        attendance = [row for patient in self.patients for row in patient.attendance]
        tests = [row for patient in self.patients for row in patient.tests]
        events = [row for patient in self.patients for row in patient.events]
        attendance += self.random.sample(attendance, 12)  # exported twice
        self.random.shuffle(attendance)  # and in no order
        wrong = {
            "patient_key": "MRN-1007",
            "kind": "use",
            "by": "ehr",
            "id": "wrong-chart-1",
            "evidence": "observed",
            "on": self.ago(2).isoformat(),
            "substance": "alcohol",
        }
        retraction = {
            "patient_key": "MRN-1007",
            "kind": "retraction",
            "by": "ehr",
            "entry_id": "wrong-chart-1",
            "reason": "entered in the wrong chart",
        }
        events += [retraction, wrong]  # the correction comes before what it corrects
        attendance.append(
            {"patient_key": "MRN-1009", "session_start": "yesterday evening", "status": "present"}
        )
        attendance.append(
            {"patient_key": "MRN-9999", "session_start": f"{self.ago(3)} 18:00", "status": "present"}
        )
        tests.append(
            {
                "patient_key": "MRN-1010",
                "specimen_id": "S-FUTURE",
                "result": "negative",
                "collected_on": self.ago(-3).isoformat(),
            }
        )
        return attendance, tests, events


def write(folder: Path, today: date) -> None:
    """Write the export of a day."""
    clinic = Clinic(today)
    clinic.build()
    attendance, tests, events = clinic.disorder()
    folder.mkdir(parents=True, exist_ok=True)
    setting = {"timezone": ZONE.key, "pathway": "iop", "schedule": SCHEDULE}
    (folder / "clinic.json").write_text(json.dumps(setting, indent=2) + "\n", "utf-8")
    admissions = [
        {
            "patient_key": patient.key,
            "patient_name": NAMES[number % len(NAMES)],
            "site": ("north", "south")[number % 2],
            "referred_on": patient.referred_on.isoformat(),
            "case_manager": f"cm-{number % 2 + 1}",
            "therapist": f"th-{number % 2 + 1}",
            "nurse": "nu-1",
            "supervisor": "su-1",
            "director": "di-1",
        }
        for number, patient in enumerate(clinic.patients)
    ]
    _csv(folder / "admissions.csv", admissions, "utf-8")
    for row in attendance:
        row["patient_name"] = NAMES[hash_of(str(row["patient_key"])) % len(NAMES)]
    _csv(folder / "attendance.csv", attendance, "latin-1")
    _csv(folder / "tests.csv", tests, "utf-8")
    (folder / "events.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events), "utf-8")
    _csv(folder / "calendar.csv", session_calendar(today, clinic.holiday), "utf-8")


def session_calendar(today: date, holiday: date) -> list[dict[str, Any]]:
    """Four weeks of sessions around today, each with whether the clinic is open."""
    rows = []
    for number in range(28):
        day = today - timedelta(days=today.weekday() + 14 - number)
        closed = day == holiday
        for line in SCHEDULE:
            if line["weekday"] == WEEKDAYS[day.weekday()]:
                rows.append(
                    {
                        "date": day.isoformat(),
                        "weekday": line["weekday"],
                        "status": "closed" if closed else "open",
                        "start": line["start"],
                        "minutes": line["minutes"],
                        "service": line["service"],
                        "note": "clinic holiday" if closed else "",
                    }
                )
    return rows


def hash_of(text: str) -> int:
    """A small stable number (Python's own hash changes from run to run)."""
    return sum(map(ord, text))


def _csv(path: Path, rows: list[dict[str, Any]], encoding: str) -> None:
    columns = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.DictWriter(file, columns, restval="")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--today", type=date.fromisoformat, default=datetime.now(ZONE).date())
    arguments = parser.parse_args()
    write(arguments.folder, arguments.today)
