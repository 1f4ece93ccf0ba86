"""The clinic database: who is behind an opaque episode id, how to reach them, and what was sent.

Identity lives here and nowhere else (P1). SQLite in a file by default; any SQLAlchemy URL will do.
"""

from activities.clinic_database.crosswalk import Crosswalk, EpisodeAlreadyOpen, Passage
from activities.clinic_database.engine import MIGRATIONS, ClinicDatabase, migrate, revision_of
from activities.clinic_database.imported import ImportMemory
from activities.clinic_database.outbox import Outbox
from activities.clinic_database.server import HomeServer

__all__ = [
    "MIGRATIONS",
    "ClinicDatabase",
    "Crosswalk",
    "EpisodeAlreadyOpen",
    "HomeServer",
    "ImportMemory",
    "Outbox",
    "Passage",
    "migrate",
    "revision_of",
]
