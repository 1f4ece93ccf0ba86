"""What an agency posts to the answer address that it was given: our own JSON, or its FHIR Task.

Whether it may answer at all is the signed address's to say (`links.py`), and where the agency has a secret the
signature's over the body (`activities.channels.signing`). Here it is only read.
"""

import json

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from activities.agencies.fhir.reading import Unreadable, read, word_of
from activities.agencies.port import AgencyWord, Status

LONGEST = 100_000
"""Bytes of an answer; a real one has a few hundred."""


class BadAnswer(Exception):
    """It cannot be read; the sentence is for the agency's engineer and repeats nothing of what was posted (P1)."""


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    status: Status
    at: AwareDatetime | None = None
    appointment_at: AwareDatetime | None = None


def read_answer(body: bytes) -> AgencyWord | None:
    """What an agency says; None for a Task with which it has said nothing yet.

    Raises:
        BadAnswer: it is not what was agreed.
    """
    if len(body) > LONGEST:
        raise BadAnswer(f"the answer is longer than {LONGEST} bytes")
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        raise BadAnswer("the answer is not JSON") from None
    if not isinstance(content, dict):
        raise BadAnswer("the answer must be one JSON object")
    if content.get("resourceType", "Task") != "Task":
        raise BadAnswer("of FHIR resources only a Task is an answer")
    try:
        if "resourceType" in content:
            return word_of(read(content))
        answer = _Answer.model_validate(content)
    except Unreadable as error:
        raise BadAnswer(str(error)) from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        raise BadAnswer(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    return AgencyWord(answer.status, answer.at, answer.appointment_at)
