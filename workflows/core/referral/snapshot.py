"""A referral as one compact string and back, for continue-as-new; see the episode's `snapshot`."""

import base64
import json
import zlib
from datetime import datetime
from typing import Any

from workflows.core.deadlines import Deadline
from workflows.core.referral.engine import Referral
from workflows.core.referral.statements import STATEMENTS
from workflows.core.snapshot import packed_board, restore_board

FORMAT = 4


def pack(referral: Referral) -> str:
    """Everything about a referral but its start."""
    states, history = referral.chart_as_it_stands()
    content = {
        "format": FORMAT,
        "entries": [
            [r.recorded_at.isoformat(), r.entry.model_dump(mode="json", by_alias=True, exclude_defaults=True)]
            for r in referral.record
        ],
        "states": states,
        "history": history,
        "board": packed_board(referral.board),
        "asked": sorted(referral.requests.asked),
        "asked_at": {key: at.isoformat() for key, at in referral.requests.asked_at.items()},
        "heard": referral.requests.heard,
        "reported": referral.requests.reported,
        "sent": sorted(referral.sent),
        "undelivered": referral.undelivered,
        "unreached": referral.unreached,
        "deadline": referral.next_deadline
        and [referral.next_deadline.at.isoformat(), referral.next_deadline.name],
    }
    return base64.b85encode(zlib.compress(json.dumps(content, separators=(",", ":")).encode(), 9)).decode()


def unpack(packed: str, referral: Referral, now: datetime) -> Referral:
    """Put a referral that has just been made back to where it was packed."""
    content: dict[str, Any] = json.loads(zlib.decompress(base64.b85decode(packed)))
    if content["format"] != FORMAT:
        raise ValueError(f"this snapshot has format {content['format']}, this code reads {FORMAT}")
    zone = referral.zone
    for recorded_at, statement in content["entries"]:
        entry = STATEMENTS[statement["kind"]].model_validate(statement)
        referral.record.add(entry, datetime.fromisoformat(recorded_at))
    restore_board(referral.board, content["board"], zone)
    referral.requests.asked = set(content["asked"])
    referral.requests.asked_at = {
        key: datetime.fromisoformat(at).astimezone(zone) for key, at in content["asked_at"].items()
    }
    referral.requests.heard = content["heard"]
    state, reason = content["reported"]
    referral.requests.reported = (state, reason)
    referral.sent = set(content["sent"])
    referral.undelivered = content["undelivered"]
    referral.unreached = content["unreached"]
    if content["deadline"]:
        at, name = content["deadline"]
        referral.next_deadline = Deadline(datetime.fromisoformat(at).astimezone(zone), name)
    referral.restore_chart(content["states"], content["history"])
    referral.facts_at(now)
    return referral
