"""The engine, for any pathway: pure, without Temporal and without I/O.

Entries go in, the record keeps them for ever, facts are folded from it, the chart follows, and effects come
out. Nothing here knows the time: every function that needs it is told.
"""
