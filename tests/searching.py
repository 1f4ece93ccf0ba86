"""How far a law is searched: some examples each time the suite runs, four times as many in `make verify`.

Each run at the desk draws new examples, so that what one run does not look at another does.
"""

import os


def examples(each_time: int) -> int:
    """Of how many examples a law is asked."""
    return each_time * int(os.environ.get("CAREPATH_SEARCH_TIMES", "1"))
