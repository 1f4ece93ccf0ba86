"""Reading JSON that other people and programs have written."""

import json
from typing import Any


class NoJson(Exception):
    """The text is no JSON that can be used; the message says why, to go behind a colon."""


def read_json(text: str) -> Any:
    """The value that a text holds.

    Raises:
        NoJson: it is none, or holds what could not be sent on: a number without end, lists in lists in lists, half a
            character.
    """
    try:
        value = json.loads(text)
        json.dumps(value, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        raise NoJson(f"{error.msg} in line {error.lineno}") from None
    except UnicodeEncodeError:
        raise NoJson("it holds half a character (a lone surrogate)") from None
    except RecursionError:
        raise NoJson("its lists or objects are nested too deeply") from None
    except ValueError:  # Python reads no number of more than 4,300 digits
        raise NoJson("it holds a number that is too long") from None
    return value
