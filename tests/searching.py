"""How far a law is searched: two fifths of the number beside it in `make test`, four times as many in `make verify`.

Each run at the desk draws new examples, so that what one run does not look at another does. `make verify` asks all laws
(whatever Hypothesis draws for), each ten times as deep; to see only which code a law comes by, a part is enough.
"""

import os


def examples(number: int) -> int:
    """Of how many examples a law is asked."""
    return max(1, round(number * float(os.environ.get("CAREPATH_SEARCH_TIMES", "0.4"))))
