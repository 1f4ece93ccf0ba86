"""What can happen next to a patient: the alphabet of the search over the engine.

It is the same for every pathway: time passes, staff state one of the kinds of entries, another system states
something, a person answers what is open in each way that it can be answered, and the last entry is retracted.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple, get_args

from workflows.core.engine.claims import Cause
from workflows.core.episode.entries import Source, TeamChange, Use
from workflows.core.episode.episode import Episode
from workflows.core.episode.exits.entries import ExitReason
from workflows.core.episode.stages import IN_PROGRAM

CLOCK = frozenset({Cause.LIMIT})
_CORRECTED = frozenset(
    {
        "exit",
        "decision",
        "admission",
        "level_of_care",
        "use",
        "crisis",
        "return",
        "leave",
        "flag",
        "payer",
        "goal",
        "team",
    }
)


class Move(NamedTuple):
    """One step that can be taken: a name, what kind of cause it is, and its entry; none if time passes."""

    name: str
    causes: frozenset[Cause]
    entry: Mapping[str, Any] | None


def moves(episode: Episode, now: datetime, number: int) -> Iterator[Move]:
    """Everything that can happen to an episode at an instant; `number` makes the ids of entries."""
    if episode.next_deadline:
        yield Move("wait", CLOCK, None)
    for name, by, statement in (
        *_answers(episode),
        *_course(episode, now),
        *_payer(episode, now),
        *_tests(episode, now),
        *_instruments(episode, now),
        *_intake(episode, now),
        *_exits(episode, now),
        *_corrections(episode),
    ):
        entry = {"id": f"s{number}", "by": by, **statement}
        yield Move(name, causes_of(entry), entry)


def stated(said: Mapping[str, Any], episode: Episode, now: datetime, number: int) -> Move:
    """A statement of the claims as a move, with its days filled in: `{today}`, `{today-3}`."""
    today = _today(episode, now)

    def day(found: re.Match[str]) -> str:
        return f"{today + timedelta(days=int(found[1] or 0))}"

    entry = {name: _DAY.sub(day, one) if isinstance(one, str) else one for name, one in said.items()}
    entry["id"] = f"s{number}"
    return Move("", causes_of(entry), entry)


_DAY = re.compile(r"\{today([+-]\d+)?\}")


def causes_of(entry: Mapping[str, Any] | None) -> frozenset[Cause]:
    """What kind of cause an entry is; that time passes, if there is none."""
    if entry is None:
        return CLOCK
    kind = entry["kind"]
    if kind in ("decision", "exit", "level_of_care", "retraction"):
        if entry.get("source", "staff") not in ("staff", "patient"):
            return frozenset({Cause.FEED})
        corrects = kind == "retraction" or entry.get("supersedes")
        return frozenset({Cause.CORRECTION if corrects else Cause.DECISION})
    if kind == "attendance" and entry["status"] == "missed":
        return frozenset({Cause.MISS})
    if kind == "payer":
        return frozenset({Cause.PAYER if entry["decision"] != "approved" else Cause.FEED})
    return frozenset({{"use": Cause.SLIP, "test": Cause.TEST}.get(kind, Cause.COURSE)})


Stated = tuple[str, str, dict[str, Any]]
"""A move's name, who states it, and what is stated."""


def _intake(episode: Episode, now: datetime) -> Iterator[Stated]:
    today, stage = _today(episode, now), episode.stage
    if stage == "intake":
        yield "screening", "cm-1", {"kind": "screening", "substances": ["alcohol"]}
        yield (
            "admission", "cm-1",
            {"kind": "admission", "on": f"{today}", "last_use_on": f"{today - timedelta(days=8)}"},
        )  # fmt: skip
    for level in (episode.pathway.name, "residential"):
        yield f"level:{level}", "th-1", {"kind": "level_of_care", "level": level}
    if episode.facts.goals.get("g1") != "open":
        yield "goal:open", "cm-1", {"kind": "goal", "goal_id": "g1", "status": "open"}
    else:
        yield "goal:met", "cm-1", {"kind": "goal", "goal_id": "g1", "status": "met"}
    if stage in IN_PROGRAM:
        for what in ("rights_notice", "contact_preferences"):
            if not episode.facts.acknowledged(what):
                statement = {"kind": "acknowledgement", "what": what, "on": f"{today}"}
                yield f"signed:{what}", "cm-1", statement


def _course(episode: Episode, now: datetime) -> Iterator[Stated]:
    today, facts = _today(episode, now), episode.facts
    yield "use", "cm-1", {"kind": "use", "on": f"{today}"}
    earlier = f"{today - timedelta(days=1)}"
    yield "use:yesterday", "cm-1", {"kind": "use", "on": earlier}
    yield "relapse", "th-1", {"kind": "use", "on": f"{today}", "class": "relapse"}
    if episode.stage in IN_PROGRAM and not facts.told_by_others:
        yield "use:told", "cm-1", {"kind": "use", "on": f"{today}", "evidence": "collateral"}
    for result in ("negative", "presumptive", "definitive", "not_provided"):
        yield f"test:{result}", "lab", {
            "kind": "test", "test_id": "t1" if result != "negative" else f"t-{today}", "source": "lab",
            "ordered_on" if result == "not_provided" else "collected_on": f"{today}", "result": result,
            **({"substances": ["cocaine"]} if result in ("presumptive", "definitive") else {}),
        }  # fmt: skip
    unstated = [one.session for one in facts.judged if one.by is None] if facts.admitted_on else []
    for session in unstated[-1:]:
        for status in ("attended", "excused"):
            statement = {"kind": "attendance", "session": session.start.isoformat(), "status": status}
            yield status, "cm-1", statement
        longer = {"kind": "attendance", "session": session.start.isoformat(), "status": "attended"}
        yield "overlong", "cm-1", {**longer, "minutes": session.minutes + 60}
    unscheduled = (now - timedelta(hours=2)).replace(tzinfo=None, minute=7)
    yield "came_unscheduled", "cm-1", {
        "kind": "attendance", "session": unscheduled.isoformat(), "status": "attended"
    }  # fmt: skip
    for one in facts.judged[-1:] if facts.admitted_on else []:
        if one.by and not one.disputed_by:
            other = "missed" if one.status != "missed" else "attended"
            yield "disputed", "kiosk", {
                "kind": "attendance", "session": one.session.start.isoformat(), "status": other, "source": "kiosk"
            }  # fmt: skip
    contact = {"kind": "contact", "at": now.isoformat(), "channel": "phone", "outcome": "reached"}
    yield "reached", "cm-1", contact
    yield "crisis", "cm-1", {"kind": "crisis", "type": "overdose", "at": now.isoformat()}
    yield "leave", "cm-1", {
        "kind": "leave", "reason": "hospital", "from": f"{today}", "until": f"{today + timedelta(days=2)}"
    }  # fmt: skip
    yield "leave:ahead", "cm-1", {
        "kind": "leave", "reason": "travel",
        "from": f"{today + timedelta(days=1)}", "until": f"{today + timedelta(days=2)}",
    }  # fmt: skip
    if not facts.record.standing(TeamChange):
        yield "team:planned", "su-1", {
            "kind": "team", "role": "case_manager", "staff_id": "cm-2", "from": f"{today + timedelta(days=1)}"
        }  # fmt: skip
    yield "return", "cm-1", {"kind": "return", "on": f"{today}"}
    if "suicide_risk" not in facts.flags:
        yield "flag", "th-1", {"kind": "flag", "name": "suicide_risk", "on": f"{today}"}
    if "new_job" not in facts.flags:
        ends = f"{today + timedelta(days=1)}"
        yield "flag:ends", "cm-1", {"kind": "flag", "name": "new_job", "on": f"{today}", "off": ends}
    if not facts.consents:
        yield "consent", "cm-1", {
            "kind": "consent", "consent_id": "c1", "recipient": "harbor", "purpose": "referral",
            "content": ["referral"], "signed_on": f"{today}", "expires_event": "end_of_episode",
        }  # fmt: skip
    elif facts.consents[-1].revocation is None:
        yield "revocation", "cm-1", {"kind": "revocation", "consent_id": "c1", "on": f"{today}"}
    if episode.open_referrals:
        yield "referral:closed", "carepath", {
            "kind": "referral_news", "referral_id": episode.open_referrals[0], "state": "closed",
            "reason": "engaged", "at": now.isoformat(), "source": "agency",
        }  # fmt: skip
    else:
        yield "need", "cm-1", {"kind": "need", "service": "therapist"}
    for risk in (1, 8) if episode.stage == "aftercare" else ():
        yield f"checkin:{risk}", "cm-1", {"kind": "checkin", "on": f"{today}", "risk": risk}


def _tests(episode: Episode, now: datetime) -> Iterator[Stated]:
    """A medication is prescribed and a test does not find it; and a program that drew no tests begins to (T8)."""
    today = f"{_today(episode, now)}"
    if not episode.facts.medications:
        yield "medication", "nu-1", {"kind": "medication", "name": "naltrexone", "start_on": today}
    else:
        yield "test:without_prescribed", "lab", {
            "kind": "test", "test_id": f"w-{today}", "source": "lab", "collected_on": today, "result": "negative",
            "substances": ["naltrexone"],
        }  # fmt: skip
    if episode.facts.tested.slips and not episode.facts.medications_to_confirm:
        yield "medication:told", "cm-1", {"kind": "medication", "name": "cocaine", "start_on": today}
    if not episode.frame.policy.tests.phases:
        settings = {**(episode.start.policy or {}), "tests": {"phases": [{"max_gap_days": 2}]}}
        yield "policy:tests", "di-1", {"kind": "policy", "policy": settings}


def _instruments(episode: Episode, now: datetime) -> Iterator[Stated]:
    """A program begins to follow an instrument (T8); it is filled in with nothing to tell, and in danger (M1-M3)."""
    if not episode.frame.policy.assessments.instruments:
        followed = {"instruments": ["phq_9"], "again_days": {"phq_9": 2}}
        yield "policy:instruments", "di-1", {"kind": "policy", "policy": {"assessments": followed}}
        return
    for name, answer in (("calm", 0), ("worse", 1)):
        yield f"assessment:{name}", "th-1", {
            "kind": "assessment", "instrument": "phq_9", "on": f"{_today(episode, now)}", "items": [answer] * 9,
        }  # fmt: skip


def _payer(episode: Episode, now: datetime) -> Iterator[Stated]:
    """A payer refuses to pay, in whole or in part; and pays after all."""
    for decision in ("denied", "approved") if episode.facts.payer_refusals else ("denied",):
        yield f"payer:{decision}", "payer-system", {
            "kind": "payer", "authorization_id": "a1", "decision": decision, "on": f"{_today(episode, now)}",
            "source": Source.AGENCY.value,
        }  # fmt: skip


def _answers(episode: Episode) -> Iterator[Stated]:
    """Each open question in each of its outcomes, by the role that owes the answer; closing ones by a machine too."""
    facts, people = episode.facts, episode.facts.team
    for duty in episode.pathway.duties(facts, episode.state.states):
        if facts.answer(duty.key) is not None:
            continue
        for choice in duty.outcomes:
            decision = {"kind": "decision", "about": duty.key, "choice": choice, "reason": "as agreed"}
            name = f"answer:{duty.kind}:{choice}"
            yield name, people.get(duty.role, "oc-1"), decision
            if (duty.kind, choice) in episode.pathway.exits:
                feed = {**decision, "source": Source.AGENCY.value}
                yield f"feed:{name}", "agency-system", feed


def _exits(episode: Episode, now: datetime) -> Iterator[Stated]:
    today = _today(episode, now)
    for reason in get_args(ExitReason):
        statement = {"kind": "exit", "reason": reason, "on": f"{today}"}
        yield f"exit:{reason}", "di-1", statement
        if reason in ("transferred", "involuntary"):
            for source in (Source.LAB, Source.IMPORT):
                feed = {**statement, "source": source.value}
                yield f"feed:exit:{reason}:{source}", f"{source}-system", feed
    if episode.facts.exit:
        reason, _, key = episode.facts.exit
        other = "deceased" if reason != "deceased" else "other"
        statement = {"kind": "exit", "reason": other, "on": f"{today}", "supersedes": key}
        yield "exit:corrected", "di-1", statement


def _corrections(episode: Episode) -> Iterator[Stated]:
    """The last entry of each kind that others depend on is retracted."""
    seen: set[str] = set()
    for recorded in reversed(list(episode.record)):
        kind = recorded.entry.kind
        if kind in _CORRECTED and kind not in seen and episode.record.stands(recorded.key):
            seen.add(kind)
            statement = {"kind": "retraction", "entry_id": recorded.key, "reason": "another patient"}
            # Whoever could have signed it takes it back (E0).
            yield f"retract:{kind}", "di-1" if kind in ("decision", "level_of_care") else "cm-1", statement
    if uses := episode.record.all_of(Use):  # done twice, the corrections contradict each other
        statement = {"kind": "use", "on": f"{uses[0].effective_at.date()}", "supersedes": uses[0].key}
        yield "use:superseded", "cm-1", {**statement, "supersedes_reason": "another substance"}


def _today(episode: Episode, now: datetime) -> Any:
    return episode.frame.calendar.day_of(now)
