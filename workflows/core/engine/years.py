"""Which years a date may lie in."""

from datetime import date

YEARS = range(1900, 2201)
"""At the ends of Python's calendar no zone and no delay can be added any more, and nothing could follow an entry."""


def check_year(when: date) -> None:
    """Refuse a date with which nobody can reckon.

    Raises:
        ValueError: says which years there are.
    """
    if when.year not in YEARS:
        raise ValueError(f"the year {when.year} must lie between {YEARS[0]} and {YEARS[-1]}")
