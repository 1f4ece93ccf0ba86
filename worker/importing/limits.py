"""How much of an export is read, and sent on at once: every bound of the import stands here."""

LARGEST_FILE = 64_000_000
"""Bytes of one file. Ten years of a clinic of 200 people have a quarter of that."""

MOST_ROWS = 500_000
"""Rows of one file."""

MOST_COLUMNS = 500
"""Columns of one file. Those that no rule names are never looked at."""

HEADER_WITHIN = 10
"""The header is one of so many first lines: above it may stand a title, an empty line, or `sep=;`."""

LINES_OF_A_CELL = 100
"""A note in quotes may run over so many lines; a quote that closes later belongs to another row."""

LONGEST_CELL = 1_000
"""Characters of a cell that is read. Others may have any length."""

LONGEST_STATEMENT = 30_000
"""Characters of one line of events.jsonl; the largest in use, a policy, has 16,000."""

WORKBOOK_SECONDS = 120
"""How long a spreadsheet may take to be read."""

WORKBOOK_BYTES = 1_500_000_000
"""Memory that reading it may take: a file of a few kilobytes can unfold to any size."""

ENTRIES_AT_ONCE = 800
"""Entries of one update: a year and more of most people. What the rest is judged by is in the first."""

BYTES_AT_ONCE = 500_000
"""The same in bytes of JSON; Temporal takes no value above 2 MB."""

SIDE_BY_SIDE = 4
"""People imported at once; more than the server can take only makes each of them wait."""

UNANSWERED_IN_A_ROW = 5
"""When the server has not answered for so many people one after the other, the others are not tried any more."""
