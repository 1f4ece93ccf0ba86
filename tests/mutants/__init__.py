"""`make mutants`: small faults are put into the core, one at a time, and its tests are to catch them.

The faults come from cosmic-ray, a public tool, which reads and writes the source. Which tests run against which of
them, and how, is decided here: those that come by the changed line, the quickest first, in a process that has imported
and collected everything before and only forks.
"""
