"""Taking a clinic over: exports of another system become entries with their true dates.

The parts, in reading order: `files` (what the other system wrote), `columns` (what its columns are called),
`cells` (one value), `rows` (a row becomes entries), `identity` (what makes two rows the same), `setting` (what all
patients of an export share), `plan` (whose rows they are, and in what order they are told), `known` (what is there
already), `run` (entries reach their episodes), `report` (what became of each row).
"""
