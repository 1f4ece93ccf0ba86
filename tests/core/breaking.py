"""What breaks off in the middle: at each call that the core makes of itself, one after the other."""

import sys
from collections.abc import Callable, Iterator
from inspect import CO_GENERATOR
from types import FrameType
from typing import Any


class BreaksOff(BaseException):
    """A defect that nobody has foreseen. No handler for errors in general catches it."""


def broken_off(do: Callable[[], object], every: int) -> Iterator[int]:
    """Do something again and again, breaking it off each time some calls later; until it comes to its end.

    A generator that is thrown away is called once more by Python, which takes no error then: those are left out.

    Args:
        do: What is done; it must be possible to do it anew each time.
        every: How many calls later each time; 1 breaks it off at each of them.

    Yields:
        The number of the call at which it was broken off.
    """
    number = 1
    while _breaks_off(do, number):
        yield number
        number += every


def _breaks_off(do: Callable[[], object], number: int) -> bool:
    left = number

    def count(frame: FrameType, event: str, _: Any) -> None:
        nonlocal left
        code = frame.f_code
        if event == "call" and "/workflows/core/" in code.co_filename and not code.co_flags & CO_GENERATOR:
            left -= 1
            if left == 0:
                raise BreaksOff

    sys.setprofile(count)
    try:
        do()
    except BreaksOff:
        return True
    finally:
        sys.setprofile(None)
    return False
