"""What others have written: settings, exports of another system, answers of agencies, directories."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from activities.agencies.answers import BadAnswer, read_answer
from activities.directory import documents
from activities.directory.feeds import Feed
from activities.directory.reading import FeedUnusable
from activities.written import Unreadable, parse
from tests.activities.directory import invented
from tests.activities.directory.test_bad_input import zipped
from tests.fuzz.mutating import changed_bytes, changed_json, changed_text
from tests.fuzz.records import entries
from tests.fuzz.target import Prepared, Target, Untrue, scratch
from worker.errors import CannotDo
from worker.importing import rows, values
from worker.importing.dates import DateReader, NoDay
from worker.importing.files import read_jsonl
from worker.importing.table import Columns, Row, rows_of_text
from worker.importing.text import decoded, lines
from worker.importing.values import NotUnderstood

EXAMPLE = Path(__file__).parents[2] / "deploy" / "example"
CHICAGO = ZoneInfo("America/Chicago")


def as_json(value: Any) -> bytes:
    """As a program would send it; halves of characters too."""
    return json.dumps(value).encode()


def _settings() -> Prepared:
    small = (
        "gate: {sober_days: 20}\non: [mon, tue]\n", "a: &x {b: 1, c: 2026-03-01}\nd: *x\ne: 18:00\nf: 0012\n",
        "- text\n- 'quoted: yes'\n- \"two\\nlines\"\n- |\n  block\n- !!set {a, b}\n- ~\n",
        '{"a": [1, 2.5, true, null]}',
        "? key\n: value\n<<: {z: 1}\n--- \n", '[{"kind": "use", "on": "2026-01-05"}]', "null", "x: 1e9\ny: .5\nz: -7\n",
    )  # fmt: skip
    files = [
        (EXAMPLE / name).read_text("utf-8")[:400] for name in ("staff.yaml", "agencies.yaml", "policy.yaml")
    ]
    return Prepared([*small, *small, *files], parse, (Unreadable,), changed_text)


Reading = Callable[[Row, DateReader], dict[str, Any]]
TABLES: Mapping[str, tuple[Columns, Reading]] = {
    "attendance.csv": (rows.ATTENDANCE, rows.attendance),
    "tests.csv": (rows.TESTS, rows.test),
}


class RowRefused(Exception):
    """A row became a problem, as it should; it is counted as refused."""


def _stated(row: Row, read: Reading, reading: DateReader) -> None:
    stated = rows.statement(row, read, reading)
    if (stated.problem is None) == (stated.parsed is None):
        raise Untrue("a row became neither an entry nor a problem")
    if stated.problem:
        raise RowRefused(stated.problem)


def _each_stated(found: Sequence[Row], read: Reading, reading: DateReader) -> None:
    refused: RowRefused | None = None
    for row in found:
        try:
            _stated(row, read, reading)
        except RowRefused as error:
            refused = error
    if refused:
        raise refused


def _tables() -> Prepared:
    readings = (DateReader(CHICAGO), DateReader(CHICAGO, "day_first"))
    beginnings = [b"".join((EXAMPLE / "export" / name).read_bytes().splitlines(True)[:4]) for name in TABLES]
    by_hand = (
        b'sep=;\r\n"Patient Key";Session Start;STATUS;Minutes\r\nM-1;"02.10.2026 18:00";"No ""Show""";180\r\n',
        b"title\n\npatient_key\tspecimen_id\tcollected_on\tresult\tsubstances\nM-1\tS1\t45000.75\tneg\tthc|alcohol\n",
        'patient_key|session_start|status\nM-1|Oct 2, 2026 6:00 PM|présent\n"M-2\n|x'.encode("utf-16"),
    )  # fmt: skip

    def tell(content: bytes) -> None:
        columns, read = TABLES["tests.csv" if b"pecimen" in content else "attendance.csv"]
        found = rows_of_text("table.csv", lines(decoded(content)), columns)[:10]
        _each_stated(found, read, readings[len(content) % 2])

    return Prepared([*beginnings, *by_hand], tell, (CannotDo, RowRefused), changed_bytes)


def _cells() -> Prepared:
    reading, ordered = DateReader(CHICAGO), DateReader(CHICAGO, "month_first")
    asked: tuple[Callable[[str], object], ...] = (
        reading.day, reading.moment, reading.instant, ordered.instant, values.status, values.result, values.minutes,
    )  # fmt: skip
    valid = (
        "2026-10-02", "2026-10-02 18:00", "10/02/2026 6:00 pm", "20261002", "45000.75", "Oct 2nd, 2026 6:00 p.m.",
        "2 October 2026", "2026-10-02T18:00:00.5Z", "2026-10-02 18:00 -0500", "9999-12-31 23:59 -12:00", "Present",
        "0001-01-01 00:00 +14:00", "No Show", "positive", "Screen Positive", "180", "90.0 minutes", "thc|alcohol;x",
    )  # fmt: skip

    def tell(text: str) -> None:
        refused = list[Exception]()
        for ask in asked:
            try:
                ask(text)
            except (NoDay, NotUnderstood) as error:
                refused.append(error)
        if len(refused) == len(asked):
            raise refused[0]

    return Prepared(valid, tell, (NoDay, NotUnderstood), changed_text)


def _events() -> Prepared:
    folder = scratch()
    file, reading = Path(folder.name, "events.jsonl"), DateReader(CHICAGO)
    valid = [{**one, "patient_key": f"MRN-{number}"} for number, one in enumerate(entries())]

    def tell(said: Any) -> None:
        assert folder
        file.write_bytes(as_json(said) if not isinstance(said, str) else said.encode("utf-8", "replace"))
        _each_stated(read_jsonl(file), rows.event, reading)

    return Prepared(valid, tell, (CannotDo, RowRefused))


def _by_structure_or_by_bytes(chance: Random, value: bytes, other: bytes) -> bytes:
    """Half of the changed feeds and answers are JSON still."""
    if chance.random() < 0.7:
        try:
            return as_json(changed_json(chance, json.loads(value), json.loads(other)))
        except (ValueError, RecursionError):
            pass
    return changed_bytes(chance, value, other)


def _answers() -> Prepared:
    own = {"status": "scheduled", "at": "2026-01-05T18:00:00Z", "appointment_at": "2026-01-09T10:00:00-06:00"}
    task = {
        "resourceType": "Task", "id": "t1", "status": "in-progress", "intent": "order",
        "lastModified": "2026-01-05T18:00:00Z", "meta": {"lastUpdated": "2026-01-05"},
        "businessStatus": {"coding": [{"system": "http://hl7.org/fhir/us/bser/CodeSystem/TaskBusinessStatusCS",
                                       "code": "5.0"}], "text": "scheduled"},
        "code": {"coding": [{"code": "fulfill"}]}, "focus": {"reference": "ServiceRequest/1"},
        "output": [{"type": {"coding": [{"code": "resulting-activity"}]},
                    "valueReference": {"reference": "Appointment/1"}},
                   {"type": {"text": "x"}, "valueDateTime": "2026-01-09T10:00:00Z"}],
        "contained": [{"resourceType": "Appointment", "id": "1", "status": "booked", "start": "2026-01-09T10:00:00Z"}],
    }  # fmt: skip
    valid = [as_json(one) for one in (own, {"status": "received"}, task, {**task, "status": "completed"})]
    return Prepared(valid, read_answer, (BadAnswer,), _by_structure_or_by_bytes)


def _directory(format_: str, *documents_: Any, **fields: Any) -> Callable[[], Prepared]:
    def prepare() -> Prepared:
        feed: Feed = invented.feed(format_, country="US", **fields)
        valid = [one if isinstance(one, bytes) else as_json(one) for one in documents_]
        return Prepared(
            valid,
            lambda content: documents.read(content, feed, invented.TODAY),
            (FeedUnusable,),
            changed_bytes if format_ == "hsds_csv" else _by_structure_or_by_bytes,
        )

    return prepare


_SERVICES = b"id,name,status,organization_id\npantry,Food Pantry,active,o\n"
_ZIPPED = zipped(
    services=_SERVICES,
    organizations=b"id,name\no,Riverton Aid\n",
    schedules=b"service_id,freq,byday,opens_at,closes_at\npantry,WEEKLY,MO,09:00,13:00\n",
)
_EVERY_SECOND = invented.service(
    schedules=[
        {"freq": "MONTHLY", "bymonthday": "15", "interval": "2", "opens_at": "9am", "valid_to": "2027-01-01"}
    ]
)

TARGETS = (
    Target("settings", 2, _settings),
    Target("tables", 7, _tables),
    Target("cells", 14, _cells),
    Target("events", 5, _events),
    Target("answers", 10, _answers),
    Target("feed_meeting_guide", 5, _directory("meeting_guide", [invented.meeting(), invented.meeting(slug="b")])),
    Target("feed_bmlt", 5, _directory("bmlt", [invented.na_meeting()], {
        "meetings": [invented.na_meeting(time_zone="America/Chicago")],
        "formats": [{"key_string": "O", "world_id": "OPEN"}]})),
    Target("feed_hsds", 5, _directory("hsds", [invented.service()], {"contents": [_EVERY_SECOND]})),
    Target("feed_hsds_csv", 4, _directory("hsds_csv", _SERVICES, _SERVICES, _ZIPPED)),
    Target("feed_fhir", 4, _directory("fhir", invented.bundle(invented.role()))),
    Target("feed_nppes", 4, _directory("nppes", {"result_count": 1, "results": [invented.provider()]})),
)  # fmt: skip
