"""Taking a clinic over: exports of another system become entries with their true dates.

In reading order. What another system wrote: `limits`, `text`, `table`, `workbook`, `files`; `dates` and `values` are
how it writes days, numbers and words. What that says: `rows` (a row becomes a statement with an identity), `setting`,
`folder` (the people of an export), `stays` (which stay a row belongs to). What is done with it: `planning` (what is
new, known, or corrects something), `person` and `episodes` (a stay reaches its episode), `run`, `report` (what became
of each row).
"""
