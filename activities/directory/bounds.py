"""What a feed may be at most: the one place for these numbers.

The largest known directories have some ten thousand entries of one or two kilobytes, so all of them fit many times
over. What is larger is a mistake or meant to do harm, and is refused before it fills the memory.
"""

MOST_BYTES = 100_000_000
"""Of one answer, one file, or everything in an archive once it is unpacked."""
MOST_ROWS = 200_000
"""Of a feed, and of each table of one."""
MOST_FILES = 100
"""Tables of a folder or an archive; HSDS has some thirty."""
MOST_PAGES = 500
LONGEST_HEADER = 20_000
"""Characters in the first line of a table."""
