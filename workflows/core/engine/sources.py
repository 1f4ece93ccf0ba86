"""What a source may state, and whose statements it may take back: rules about statements alone, so that they hold in
whatever order these arrive (E0, E1, T4)."""

from workflows.core.engine.entry import Entry, Source

NO_PERSONS = frozenset({*(source.value for source in Source), "carepath", "system"})
"""Words in the place of a staff id that name nobody: a source, or the machine itself."""


def spoken_by(entry: Entry) -> Source:
    """Who speaks in a statement: its source, or the source that it names as its author (`by: lab`)."""
    author = entry.by.casefold()
    return Source(author) if entry.source is Source.STAFF and author in tuple(Source) else entry.source


def may_correct(correction: Entry, corrected: Entry) -> bool:
    """Whether the source of a correction is above, or the same as, that of what it takes out of force.

    Staff correct whatever was stated, as far as their role allows it. A patient takes back the patient's own words; a
    laboratory amends its results, also those that another system had brought; every other system corrects its own
    statements, and what it was told by a person stays.
    """
    by, of = spoken_by(correction), spoken_by(corrected)
    if by is Source.STAFF or by is of:
        return True
    if by is Source.IMPORT:
        return of in (Source.LAB, Source.AGENCY, Source.KIOSK)
    return by is Source.LAB and of is Source.IMPORT and corrected.laboratories_amend
