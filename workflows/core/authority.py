"""Who may state what: a system states facts; what moves or shapes care is a person's word (E1, I2, T8)."""

from workflows.core.entries import (
    Closure,
    Entry,
    LevelOfCareDecision,
    PolicyAdoption,
    Retraction,
    Source,
    TeamChange,
)
from workflows.core.errors import NotAllowedNow
from workflows.core.record import Record

_SYSTEMS = (Source.LAB, Source.AGENCY, Source.KIOSK)
_DECIDED: dict[type[Entry], str] = {
    LevelOfCareDecision: "a level of care",
    PolicyAdoption: "a policy",
    TeamChange: "the team",
    Closure: "a closed day",
}
_PERSONS = (Source.STAFF, Source.PATIENT)


def refuse_for_its_source(entry: Entry, record: Record) -> None:
    """Refuse what the source of an entry may not state.

    Raises:
        NotAllowedNow: who would have to state it.
    """
    what = _DECIDED.get(type(entry))
    if what and entry.source not in (Source.STAFF, Source.IMPORT):
        raise NotAllowedNow(
            f"source: {what} is decided on by a named person of the staff; a {entry.source.value} states facts only."
        )
    if entry.source in _SYSTEMS:
        corrected = [entry.entry_id] if isinstance(entry, Retraction) else []
        for key in [*corrected, *([entry.supersedes] if entry.supersedes else [])]:
            known = record.get(key)
            if known and known.entry.source in _PERSONS:
                raise NotAllowedNow(
                    f"source: entry {key} was stated by a person ({known.entry.source.value}); a "
                    f"{entry.source.value} corrects only what a system has stated (E1)."
                )
