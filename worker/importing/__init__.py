"""Taking a clinic over: exports of another system become entries with their true dates.

The parts, in reading order: `files` (what the other system wrote), `rows` (a row becomes an entry), `run` (entries
reach their episodes), `report` (what became of each row).
"""
