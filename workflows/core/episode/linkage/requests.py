"""What an episode asks of its referrals: to begin, and to hear what was stated here that concerns them.

A referral begins once for each need, and lives its own life. What it must hear follows from the facts like everything
else: a consent, a revocation, that the need is gone, that a person has confirmed the first visit. If such a fact
falls away again, the referral hears that too (T3).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from workflows.core.engine.effects import StartReferral, TellReferral
from workflows.core.episode.entries import Closure, Consent, Entry, Revocation, SigningKey, TeamChange
from workflows.core.episode.facts import Facts
from workflows.core.episode.linkage.facts import Needed, referral_id

MACHINE = "carepath"

_OF_THE_POLICY = (
    "clock_skew_minutes",
    "signature_valid_hours",
    "business",
    "linkage",
    "ranking",
    "escalation",
)
"""What a referral reads of the policy; it is pinned to it when it begins (T8)."""


@dataclass(frozen=True, slots=True)
class ReferralRequests:
    """Which referrals were begun, and what they were told."""

    referrals: Mapping[str, str] = field(default_factory=dict)
    """The referral that answers each need, by the need's key."""
    told: Mapping[str, int] = field(default_factory=dict)
    """How often each thing was told; negative once it was taken back."""

    def follow(
        self, facts: Facts, is_over: bool
    ) -> "tuple[ReferralRequests, list[StartReferral | TellReferral]]":
        """Begin what is needed, and tell what is new: how it stands then, and what is asked for."""
        if not self.referrals and not facts.needs:
            return self, []
        links = _Links(dict(self.referrals), dict(self.told))
        begun = links.begin(facts, is_over)
        told = links.tell(facts, {one.referral_id for one in begun})
        return ReferralRequests(links.referrals, links.told), [*begun, *told]

    def open(self, facts: Facts) -> list[str]:
        """Ids of the referrals that have not ended, in the order of their beginning."""
        return [one for one in dict.fromkeys(self.referrals.values()) if one not in facts.referrals_closed]


class _Links:
    """The same while it is being followed."""

    def __init__(self, referrals: dict[str, str], told: dict[str, int]) -> None:
        self.referrals, self.told = referrals, told

    def begin(self, facts: Facts, is_over: bool) -> list[StartReferral | TellReferral]:
        """Begin a referral for each need that has none."""
        needed = {need.key: need for need in facts.needs}
        found: list[StartReferral | TellReferral] = []
        for key, need in needed.items():
            if key in self.referrals or is_over:
                continue
            same = [
                known
                for other, known in self.referrals.items()
                if other in needed and _alike(needed[other], need) and known not in facts.referrals_closed
            ]
            if same:  # said twice while it is being seen to, it is one need
                self.referrals[key] = same[0]
                continue
            new = self.referrals[key] = referral_id(facts.frame.episode_id, key)
            news = _news(facts)
            self.told |= {f"{new}|{name}": 1 for name in news}
            # What was taken back before it began does not concern it.
            statements = tuple(
                {**said, "id": f"{name}#1"} for name, said in news.items() if said["kind"] != "revocation"
            )
            found.append(_start(new, need, facts, statements))
        return found

    def tell(self, facts: Facts, new: set[str]) -> list[StartReferral | TellReferral]:
        """Tell each referral what it has not heard yet, and what no longer holds."""
        wanted = self._wanted(facts)
        found: list[StartReferral | TellReferral] = []
        for name, said in wanted.items():
            count = self.told.get(name, 0)
            if count <= 0:
                self.told[name] = 1 - count
                listed = {**said, "id": f"{name.partition('|')[2]}#{1 - count}"}
                found.append(TellReferral(name.partition("|")[0], listed))
        for name, count in self.told.items():
            if count > 0 and name not in wanted and name.partition("|")[0] not in new:
                self.told[name] = -count
                key = f"{name.partition('|')[2]}#{count}"
                back = {
                    "kind": "retraction", "by": MACHINE, "id": f"{key}:taken_back", "entry_id": key,
                    "reason": "it no longer holds in the episode",
                }  # fmt: skip
                found.append(TellReferral(name.partition("|")[0], back))
        return found

    def _wanted(self, facts: Facts) -> dict[str, dict[str, Any]]:
        """Everything that holds now and that a referral must know, by referral and name."""
        wanted: dict[str, dict[str, Any]] = {}
        needed = {need.key for need in facts.needs}
        news = _news(facts)
        for one in dict.fromkeys(self.referrals.values()):
            keys = [key for key, known in self.referrals.items() if known == one]
            was_told = {name for name in self.told if name.startswith(f"{one}|")}
            said: dict[str, dict[str, Any]] = dict(news)
            if needed.isdisjoint(keys):
                said["not_needed"] = {"kind": "closing", "by": MACHINE, "reason": "not_needed"}
            signed = facts.exit_signed
            if signed and signed.reason == "deceased":
                said["deceased"] = {"kind": "closing", "by": MACHINE, "reason": "deceased"}
            if any(key.partition(":")[0] in ("level_of_care", "transfer") for key in keys):
                said |= _decided(facts)
            # One that has ended hears nothing new; what it was told may still be taken back.
            wanted |= {
                f"{one}|{name}": statement
                for name, statement in said.items()
                if one not in facts.referrals_closed or f"{one}|{name}" in was_told
            }
        return wanted


def _alike(one: Needed, other: Needed) -> bool:
    return (one.kind, one.service) == (other.kind, other.service)


def _news(facts: Facts) -> Mapping[str, dict[str, Any]]:
    """What stands in the episode and concerns each of its referrals, by the id of the entry."""
    return facts.keep("news for referrals", _all_news)


def _all_news(facts: Facts) -> Mapping[str, dict[str, Any]]:
    return {
        **_consents(facts),
        **_of_the_clinic(facts, TeamChange),
        **_of_the_clinic(facts, Closure),
        **_of_the_clinic(facts, SigningKey),
    }


def _of_the_clinic(facts: Facts, kind: type[Entry]) -> Mapping[str, dict[str, Any]]:
    """Changes of the team, days on which the program is closed, and keys of the clinic, as they were stated."""
    left_out = {"id", "source", "supersedes", "supersedes_reason", "signature"}
    return {
        r.key: r.entry.model_dump(mode="json", by_alias=True, exclude_none=True, exclude=left_out)
        for r in facts.record.standing(kind)
    }


def _consents(facts: Facts) -> Mapping[str, dict[str, Any]]:
    """Consents and revocations that stand, as a referral hears them."""
    said: dict[str, dict[str, Any]] = {}
    for recorded in facts.record.standing(Consent):
        entry = recorded.entry
        said[recorded.key] = {
            "kind": "consent", "by": entry.by, "consent_id": entry.consent_id, "recipient": entry.recipient,
            "purpose": entry.purpose, "at": recorded.recorded_at.isoformat(),
        }  # fmt: skip
    for taken in facts.record.standing(Revocation):
        said[taken.key] = {
            "kind": "revocation", "by": taken.entry.by, "consent_id": taken.entry.consent_id,
            "at": taken.recorded_at.isoformat(),
        }  # fmt: skip
    return said


def _decided(facts: Facts) -> dict[str, dict[str, Any]]:
    """What a person has answered about the way to another level of care (I3, E5)."""
    said: dict[str, dict[str, Any]] = {}
    for kind in ("refer_to_level_of_care", "transfer"):
        for _, answer in facts.answers_to(kind):
            about = {"by": answer.by, "at": answer.at.isoformat()}
            if answer.choice == "first_visit_attended":
                said[answer.key] = {**about, "kind": "closing", "reason": "first_visit_attended"}
            elif answer.choice in ("declined", "stays_here"):
                reason = "declined" if answer.choice == "declined" else "not_needed"
                said[answer.key] = {**about, "kind": "closing", "reason": reason}
    return said


def _start(new: str, need: Needed, facts: Facts, statements: tuple[dict[str, Any], ...]) -> StartReferral:
    frame = facts.frame
    return StartReferral(
        referral_id=new,
        kind=need.kind,
        service=need.service,
        wishes=need.wishes,
        since=need.since,
        need=need.key,
        policy=frame.policy.model_dump(mode="json", include=set(_OF_THE_POLICY), exclude_defaults=True),
        statements=statements,
    )
