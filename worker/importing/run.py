"""An import from its folder to its report: a patient's whole history at once, so that nothing is judged half told (T7).

Whatever one person's rows or episode may be like, the others are imported.
"""

import asyncio
import secrets
from collections.abc import Callable, Sequence
from pathlib import Path

from activities.clinic_database import ImportMemory
from activities.clinic_database.journal_chain import Key
from worker.episodes import Clinic
from worker.errors import CannotDo
from worker.importing.episodes import RunningEpisodes, Unanswered
from worker.importing.folder import UNKNOWN_PATIENT, Export, Person, people_of, read_export, refuse_all
from worker.importing.limits import SIDE_BY_SIDE, UNANSWERED_IN_A_ROW
from worker.importing.person import ADMISSION_REFUSED, Importing, import_person, stays_of
from worker.importing.report import Report
from worker.importing.stays import route
from worker.importing.table import Row
from worker.journal_key import load_journal_key
from worker.people import directory
from worker.settings import Settings

NOT_TRIED = "not tried, since the server did not answer for the people before: import the folder again"


async def import_folder(
    clinic: Clinic, folder: Path, progress: Callable[[int, int], None] = lambda done, of: None
) -> Report:
    """Import an export; safe to run again, and after a crash in the middle.

    Raises:
        CannotDo: a file as a whole cannot be used, or nobody would answer; then nothing was imported.
    """
    report = Report(folder)
    export = read_export(folder)
    people = people_of(export, directory(clinic.settings), report, load_journal_key(clinic.settings))
    clinic.must_be_answered()
    importing = Importing(
        RunningEpisodes(clinic.client, clinic.keys),
        clinic.crosswalk,
        ImportMemory(clinic.crosswalk.database),
        export.setting.system,
        report,
    )
    await import_people(people, importing, progress)
    _all_told(export, report)
    return report


async def import_people(
    people: Sequence[Person],
    importing: Importing,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> None:
    """Import people side by side; what fails for one of them is told in their rows alone."""
    gate = asyncio.Semaphore(SIDE_BY_SIDE)
    done = unanswered = 0

    async def one(person: Person) -> None:
        nonlocal done, unanswered
        async with gate:
            try:
                if unanswered >= UNANSWERED_IN_A_ROW:
                    raise Unanswered(NOT_TRIED)
                await import_person(person, importing)
                unanswered = 0
            except Exception as error:
                unanswered += isinstance(error, Unanswered)
                importing.report.is_whole &= isinstance(error, CannotDo) and not isinstance(error, Unanswered)
                importing.report.refuse_the_rest(_rows_of(person), _in_words(error))
        done += 1
        progress(done, len(people))

    await asyncio.gather(*(one(person) for person in people))


def check_folder(folder: Path, settings: Settings) -> Report:
    """What an import would refuse before anything reaches the server or the clinic database: files, rows, admissions,
    staff. Nothing is written anywhere.

    Raises:
        CannotDo: a file as a whole cannot be used.
    """
    report = Report(folder)
    export = read_export(folder)
    unused = Key(secrets.token_bytes())  # nothing begins, so nothing keeps its id
    for person in people_of(export, directory(settings), report, unused):
        _check_person(person, report)
    _all_told(export, report)
    return report


def _check_person(person: Person, report: Report) -> None:
    stays = stays_of(person, ())
    if not stays:
        refuse_all(person.statements, ADMISSION_REFUSED if person.had_a_row else UNKNOWN_PATIENT, report)
        return
    for one in person.admitted:
        report.add(one.row, "refused" if one.problem else "accepted", one.problem or "")
    routed = route(person.statements, stays)
    for number, stay in enumerate(stays):
        for told in routed.by_stay[number]:
            if stay.start is None:
                report.add(told.row, "refused", ADMISSION_REFUSED)
            else:
                report.add(told.row, "accepted")


def _rows_of(person: Person) -> list[Row]:
    return [*(one.row for one in person.admitted), *(one.row for one in person.statements)]


def _in_words(error: Exception) -> str:
    if isinstance(error, CannotDo):
        return str(error)
    # Its own words may repeat whom it was about (P1).
    return f"carepath itself failed at this person ({type(error).__name__}); import the folder again"


def _all_told(export: Export, report: Report) -> None:
    """The numbers of a report are those of the files."""
    rows = [*export.admissions, *(one.row for one in export.statements)]
    report.refuse_the_rest(rows, "carepath itself has said nothing of this row; import the folder again")
