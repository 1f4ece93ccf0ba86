"""How far a law is searched: some examples each time the suite runs, four times as many in `make verify`.

Each run at the desk draws new examples, so that what one run does not look at another does. To see only which code a
law comes by, a part of them is enough.
"""

import os


def examples(each_time: int) -> int:
    """Of how many examples a law is asked."""
    return max(1, int(each_time * float(os.environ.get("CAREPATH_SEARCH_TIMES", "1"))))
