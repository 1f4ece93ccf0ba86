"""What is told to a record: entries, statements, starts and policies; and how it is kept: acts, lines, snapshots."""

import base64
import json
import zlib
from collections.abc import Mapping
from datetime import UTC, datetime
from random import Random
from typing import Any

from pydantic import ValidationError

from tests.core.clinic import ADMITTED, Patient, admitted, at, held_in, start
from tests.core.rules.test_authority import SAMPLES
from tests.fuzz.mutating import changed_json, changed_or_too_deep, changed_text
from tests.fuzz.target import Prepared, Target, Untrue
from tests.signed import KEYS
from workflows.core.engine.acts import (
    AskedAnew,
    Begun,
    Forgotten,
    Heard,
    Stated,
    Vouched,
    Woken,
    read,
    written,
)
from workflows.core.engine.bounds import check_start
from workflows.core.engine.errors import InvalidEntry, Refused
from workflows.core.engine.lines import Beginning
from workflows.core.engine.state import unpack
from workflows.core.episode.entries import KINDS, parse_entry
from workflows.core.episode.policy import InvalidPolicy, Policy, load_policy
from workflows.core.episode.start import EpisodeStart
from workflows.core.episode.state import EpisodeState
from workflows.core.referral.start import ReferralStart
from workflows.core.referral.statements import STATEMENTS, parse_statement

BY = {"by": "cm-1"}
NOON = at(ADMITTED).isoformat()


def plain(value: Any) -> Any:
    """A sample as it would be sent."""
    return value.isoformat() if hasattr(value, "isoformat") else value


def entries() -> list[dict[str, Any]]:
    """One entry of every kind, by somebody who may make it."""
    found = []
    for kind, sample in SAMPLES.items():
        said = {
            **BY,
            **{name: plain(value) for name, value in sample.items()},
            "kind": kind,
            "id": f"x-{kind}",
        }
        found.append({**said, "entry_id": "y"} if kind == "retraction" else said)
    return found


def statements() -> list[dict[str, Any]]:
    """One statement of every kind about a referral."""
    own: Mapping[str, dict[str, Any]] = {
        "candidates": {"found": [{"listing_id": "l1", "name": "Levee Group", "agency": "harbor", "why": ["near"]}],
                       "as_of": NOON, "search": "s1"},
        "preference": {"wishes": {"online": True, "near": [1, 2]}, "leave_out": ["l2"]},
        "choice": {"listing_id": "l1", "name": "Levee Group"}, "consent": {"consent_id": "c1"},
        "revocation": {"consent_id": "c1"}, "send_again": {"listing_id": "l1"}, "engaged": {"agency": "harbor"},
        "sending": {"outcome": "sent", "try_id": "t1", "reference": "their-7", "way": "link"},
        "answer": {"status": "scheduled", "appointment_at": NOON}, "visit": {"status": "missed", "on": "2026-01-05"},
        "appointment": {"appointment_at": NOON, "change": "booked"}, "sponsor": {"status": "found"},
        "not_comfortable": {}, "next_candidate": {"choice_id": "x"}, "cancellation": {"reason": "moved away"},
        "cancellation_confirmed": {"heard": False}, "closing": {"reason": "engaged"},
        "reply": {"about": "keep_waiting", "choice": "wait", "reason": "soon"},
    }  # fmt: skip
    shared = [one for one in entries() if one["kind"] in STATEMENTS and one["kind"] not in own]
    return [{**BY, "at": NOON, "id": "x", **said, "kind": kind} for kind, said in own.items()] + shared


def _read_twice(statement: Any, read_one: Any) -> None:
    """What was read and is written again says the same: that is what is signed (E0)."""
    once = read_one(statement).plain()
    if read_one(once).plain() != once:
        raise Untrue("written and read again, it says something else")


def _entries() -> Prepared:
    return Prepared(
        entries(), lambda said: _read_twice(said, parse_entry), (InvalidEntry,), changed_or_too_deep
    )


def _statements() -> Prepared:
    return Prepared(
        statements(), lambda said: _read_twice(said, parse_statement), (InvalidEntry,), changed_or_too_deep
    )


def _starts() -> Prepared:
    episode = {**start().model_dump(mode="json"), "policy": None, "closures": ["2026-01-19"], "history": entries()[:3],
               "signing_keys": KEYS.public, "follows": "e0",
               "following": {"php": {"policy": {"gate": {"sober_days": 20}}, "schedule": []}}}  # fmt: skip
    referral = {
        "referral_id": "referral-r1", "episode_id": "e1", "site": "north", "timezone": "America/Chicago",
        "kind": "mutual_help", "service": "aa", "wishes": {"online": True}, "since": NOON, "need": "x",
        "team": {"therapist": "th-1"}, "closures": ["2026-01-19"], "policy": {}, "statements": statements()[:2],
        "signing_keys": KEYS.public,
    }  # fmt: skip
    now = at(ADMITTED)

    def tell(given: Any) -> None:
        check_start(given)
        if isinstance(given, dict) and "referral_id" in given:
            began = ReferralStart.model_validate(given)
            load_policy(began.policy)
            assert began.began_at.tzinfo
        else:
            begun = EpisodeStart.model_validate(given)
            begun.check_codes()
            begun.check_referral(now, load_policy(begun.policy))

    return Prepared([episode, referral], tell, (Refused, ValidationError), changed_or_too_deep)


def _policies() -> Prepared:
    whole = Policy().model_dump(mode="json")
    parts = [{name: part} for name, part in whole.items()]
    return Prepared([*parts, *parts, whole, {}], load_policy, (InvalidPolicy,), changed_or_too_deep)


def _acts() -> Prepared:
    now = at(ADMITTED)
    stated = tuple(parse_entry(one) for one in entries()[:5])
    acts = (Begun(now), Woken(now), Stated(now, stated, hands_over=True), Vouched("th-1", ("therapist",)),
            Vouched("th-2", None), Forgotten("th-1"), AskedAnew(now, "task-1"), Heard("try-1", "received"))  # fmt: skip
    valid = [json.loads(json.dumps(written(act))) for act in acts]
    return Prepared(valid, lambda said: written(read(said, KINDS)), (ValueError, KeyError))


def _beginnings() -> Prepared:
    first = Beginning("episode", datetime(2026, 1, 5, tzinfo=UTC), start().model_dump(mode="json"), "packed")
    return Prepared([json.loads(first.line())], lambda said: Beginning.of_line(said).line(), (ValueError,))


def _snapshots() -> Prepared:
    patients = [Patient(), admitted()]
    context = {"zone": patients[0].episode.zone, "kinds": KINDS}
    packed = [one.episode.packed() for one in patients]
    return Prepared(packed, lambda text: unpack(EpisodeState, text, context), (ValueError,), _changed_inside)


def _changed_inside(chance: Random, packed: str, other: str) -> str:
    """A snapshot with a change in what is packed, or in the pack."""
    if chance.random() < 0.3:
        return changed_text(chance, packed, other)
    try:
        held = changed_json(chance, held_in(packed), held_in(other))
        return base64.b85encode(zlib.compress(json.dumps(held).encode(), 1)).decode()
    except (ValueError, zlib.error, RecursionError):
        return changed_text(chance, packed, other)


TARGETS = (
    Target("entries", 16, _entries),
    Target("statements", 10, _statements),
    Target("starts", 4, _starts),
    Target("policies", 3, _policies),
    Target("acts", 6, _acts),
    Target("beginnings", 3, _beginnings),
    Target("snapshots", 3, _snapshots),
)
