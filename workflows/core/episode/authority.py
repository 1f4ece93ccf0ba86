"""Who may state what, and take it back: a system states facts; what moves or shapes care is a person's word, and what
needs a role to be stated needs the same to be taken back, corrected or superseded (E0, E1, I2, T8)."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeGuard

from workflows.core.engine.entry import BY_STAFF
from workflows.core.engine.errors import NotAllowedNow
from workflows.core.engine.keys import kind_of
from workflows.core.engine.record import Record, Recorded, targets_of
from workflows.core.engine.signing import CLINICIANS, KEEPERS_OF_KEYS, Signers, able_to_sign_as, signers
from workflows.core.engine.signing_keys import SigningKey
from workflows.core.engine.sources import may_correct, spoken_by
from workflows.core.episode.entries import (
    Closure,
    Decision,
    Entry,
    Exit,
    Flag,
    Goal,
    LevelOfCareDecision,
    Medication,
    PolicyAdoption,
    Schedule,
    SessionChange,
    Source,
    TeamChange,
    Test,
)
from workflows.core.episode.facts import Facts
from workflows.core.episode.safety.words import flag_named

FINDINGS = frozenset({"presumptive", "definitive", "dilute", "tampered", "not_provided"})
"""Results that speak of a use, or leave it in doubt (S5, S6)."""

DECIDED: Mapping[type[Entry], str] = {
    LevelOfCareDecision: "a level of care",
    PolicyAdoption: "a policy",
    TeamChange: "the team",
    Closure: "a closed day",
    Schedule: "a schedule",
    SigningKey: "a key of the clinic",
}


SIGNED_BY: Mapping[str, tuple[str, ...]] = {
    "decision": (), "level_of_care": CLINICIANS, "exit": (), "policy": (),
}  # fmt: skip
"""Kinds of entries that are a person's word, and the roles that a kind alone asks for: with none, any of the staff, or
whom the question itself names (E1, I2)."""


@dataclass(frozen=True, slots=True)
class Need:
    """What one statement needs of whoever states it, or takes it back."""

    kind: str
    """What is signed, for people."""
    key: str
    """The statement's id."""
    by: str
    """Who has signed it."""
    signers: Signers


# -- stating ----------------------------------------------------------------------------------------------------


def refuse_for_its_source(entry: Entry, record: Record) -> None:
    """Refuse what the source of an entry may not state or take back.

    Raises:
        NotAllowedNow: who would have to state it.
    """
    source = spoken_by(entry)
    # Decisions and exits are refused where they are judged, in their own words.
    if source not in entry.stated_by and not isinstance(entry, Decision | Exit):
        raise NotAllowedNow(f"source: {_stated_by_others(entry, source)}")
    if what := _for_the_clinic(entry, source):
        raise NotAllowedNow(
            f"{what} is said by the staff; a {source.value} tells it to them, and they record it (E0)."
        )
    for key in targets_of(entry):
        known = record.get(key)
        if known and not may_correct(entry, known.entry):
            raise NotAllowedNow(
                f"source: entry {key} was stated by {_speaker(spoken_by(known.entry))}; a {source.value} takes back or "
                "corrects only what it has stated itself. Let a person of the staff correct it (E0)."
            )


def _stated_by_others(entry: Entry, source: Source) -> str:
    """Who states an entry, for a source that may not."""
    if what := DECIDED.get(type(entry)):
        return f"{what} is decided on by a named person of the staff; a {source.value} states facts only."
    if isinstance(entry, Test | Medication):
        who = "the laboratory or the staff" if isinstance(entry, Test) else "the staff or whoever prescribes"
        return (
            f"a {entry.kind} is stated by {who}, because it changes what counts as a use; a {source.value} tells it to "
            "them (E0)."
        )
    return f"a {source.value} states no {entry.kind} entry: it tells the staff, who record it (E0)."


def _for_the_clinic(entry: Entry, source: Source) -> str | None:
    """What a statement says in the clinic's name, if its source is not the one to say it: the field, and what it is.

    Whoever does not come cancels for themselves, with the notice of the policy; what else happens to a session, and
    whether the gate need not wait for a goal, is the clinic's word (A3, S9)."""
    match entry:
        case SessionChange() if source in (Source.PATIENT, Source.KIOSK):
            if entry.change != "cancelled":
                return f"change: that a session is {entry.change}"
            return None if entry.reason == "patient" else f"reason: that a session falls out ({entry.reason})"
        case Goal(status="met" | "waived") if source not in BY_STAFF:
            return f"status: that a goal is {entry.status}"
    return None


def refuse_taking_a_flag_off(entry: Flag, facts: Facts) -> None:
    """Refuse that a source takes off a flag that it may not correct, under whatever name of it (A6).

    Raises:
        NotAllowedNow: who takes it off.
    """
    source, rules = spoken_by(entry), facts.policy.attendance
    for known in facts.record.standing(Flag) if entry.off else ():
        same = flag_named(known.entry.name, rules) == flag_named(entry.name, rules)
        if same and known.entry.on == entry.on and not may_correct(entry, known.entry):
            raise NotAllowedNow(
                f"off: the flag {entry.name} was put on by {_speaker(spoken_by(known.entry))}, and is taken off by the "
                f"staff; a {source.value} does neither (E0)."
            )


def _speaker(source: Source) -> str:
    is_person = source in (Source.STAFF, Source.PATIENT)
    return f"a person ({source.value})" if is_person else f"another system ({source.value})"


# -- signing, and taking back -------------------------------------------------------------------------------------


def needs(entry: Entry, facts: Facts) -> Iterator[Need]:
    """What an entry needs of whoever takes it back: what it needed itself, and what it has taken back in its turn."""
    if own := _own_need(entry, facts):
        yield own
    for key in targets_of(entry):
        if known := facts.record.get(key):
            yield from needs(known.entry, facts)


def _own_need(entry: Entry, facts: Facts) -> Need | None:
    roles: tuple[str, ...] = ()
    involved, at_hand, kind = None, False, entry.kind
    match entry:
        case Decision():
            duty, answer = facts.frame.answers.by_entry(entry.key)
            kind = kind_of(duty or entry.about)
            if answer:
                roles, involved, at_hand = answer.signed_by, answer.not_by, answer.at_hand
        case LevelOfCareDecision():
            roles = SIGNED_BY[kind]
        case Exit() if spoken_by(entry) is not Source.PATIENT:
            kind = f"exit {entry.reason}"
        case PolicyAdoption():
            pass
        case SigningKey():
            roles, kind = KEEPERS_OF_KEYS, "a key of the clinic"
        case Test() if spoken_by(entry) is Source.LAB and entry.result in FINDINGS:
            roles, kind = CLINICIANS, "a finding of the laboratory"
        case _:
            return None
    return Need(kind, entry.key, entry.by, signers(facts.team, roles, involved, at_hand=at_hand))


def signatures_wanted(entry: Entry, facts: Facts) -> list[Need]:
    """Every signature that the author of an entry gives: for itself where the kind alone tells who may, and for
    whatever it takes back. One's own signature may be taken back by oneself."""
    wanted = []
    if _is_signed(entry, facts):
        # A level of care that the screening proposes may be noted by anybody of the team (I2).
        own = _own_need(entry, facts) or Need(entry.kind, entry.key, entry.by, signers(facts.team, ()))
        wanted.append(own if not isinstance(entry, LevelOfCareDecision) else _of_any_role(own, facts))
    if isinstance(entry, TeamChange) and entry.role == "director":
        # Nobody chooses whom they will be judged by (E2).
        case = facts.discharge
        able = signers(facts.team, ("supervisor", "director"), case.proposed_by if case else None)
        wanted.append(Need("who is the director", entry.key, entry.by, able))
    for key in targets_of(entry) if spoken_by(entry) is not Source.LAB else ():  # it amends its own results
        if known := facts.record.get(key):
            for need in needs(known.entry, facts):
                if not _carries_history(entry, known) and need.by.casefold() != entry.by.casefold():
                    wanted.append(need)
    return wanted


def _is_signed(entry: Entry, facts: Facts) -> bool:
    """Whether the author of an entry signs it. What another system tells of a running episode is signed where it is
    decided: who ends it or changes its rules is a person who works here, whoever passes it on (E0, E1, T8)."""
    if entry.source is Source.STAFF:
        return isinstance(entry, Exit | PolicyAdoption | LevelOfCareDecision | SigningKey)
    if entry.source is not Source.IMPORT or not isinstance(entry, (Exit, *DECIDED)):
        return False
    return acts_now(entry, facts) or not facts.record.place(entry, facts.now).is_history


def acts_now(entry: Entry, facts: Facts) -> bool:
    """Whether what is dated before this engine is no history all the same: of a team there is none; and what shapes
    care was decided in another system only where that one had the person in its care (T7, E1)."""
    return isinstance(entry, TeamChange) or (type(entry) in DECIDED and not facts.record.was_taken_over)


def _takes_a_role(entry: Entry, facts: Facts) -> TypeGuard[TeamChange]:
    """Whether somebody who signs nothing in this team makes themselves one who does."""
    if not isinstance(entry, TeamChange) or entry.source is not Source.STAFF or entry.role not in CLINICIANS:
        return False
    author = entry.by.casefold()
    signs_already = any(facts.team.get(role, "").casefold() == author for role in CLINICIANS)
    return author == entry.staff_id.casefold() and not signs_already


def _of_any_role(need: Need, facts: Facts) -> Need:
    return Need(need.kind, need.key, need.by, signers(facts.team, ()))


def _carries_history(entry: Entry, known: Recorded) -> bool:
    """Another system amends what it had told of the time before this engine: no role was asked for that (T7)."""
    return entry.source is Source.IMPORT and known.is_history and known.entry.source is Source.IMPORT


def refuse_unsigned(entry: Entry, facts: Facts) -> None:
    """Refuse an entry that gives a signature which its author may not give.

    Raises:
        NotAllowedNow: who may.
    """
    if _takes_a_role(entry, facts) and not set(facts.known_as(entry.by) or ()) & set(CLINICIANS):
        raise NotAllowedNow(
            f"by: nobody gives themselves the role of {entry.role}, which signs; let the {' or '.join(CLINICIANS)} "
            "state it (E0)."
        )
    if isinstance(entry, TeamChange):
        _refuse_unable(entry, facts)
    wanted = signatures_wanted(entry, facts)
    if wanted and not isinstance(entry, TeamChange | Closure | Schedule):
        _refuse_signed_by_another(wanted[0].kind, entry)
    for need in wanted:
        if objection := need.signers.objection(need.kind, entry.by, facts.known_as(entry.by)):
            takes_back = "" if need.key == entry.key else f" Entry {need.key} is taken back by the same (E0)."
            named = " An import brings it only with the person who signed it (E1)."
            brought = named if entry.source is Source.IMPORT and need.key == entry.key else ""
            raise NotAllowedNow(f"by: {objection}{takes_back}{brought}")


def refuse_decided_by_a_system(arriving: Recorded) -> None:
    """Refuse a decision of today that a system brings: whoever has decided signs it (E0, E1).

    Raises:
        NotAllowedNow: says so.
    """
    if isinstance(arriving.entry, Decision) and not arriving.is_history:
        _refuse_signed_by_another("a decision", arriving.entry)


def _refuse_signed_by_another(what: str, entry: Entry) -> None:
    signature = entry.signature
    if signature and signature.is_of_a_system:
        raise NotAllowedNow(
            f"signature: {what} is signed by a named person; {signature.signer} is a system, and passes on only what "
            "needs nobody's signature (E0)."
        )
    if signature and signature.signer.casefold() != entry.by.casefold():
        raise NotAllowedNow(f"by: {signature.signer} has signed {what} that is {entry.by}'s to sign (E0).")


def _refuse_unable(entry: TeamChange, facts: Facts) -> None:
    """Nobody is given a role that signs, whom the staff directory does not know, or knows in other roles: their word
    would be taken for a signature, or their tasks lie with somebody who may not answer them (E0, E1)."""
    able, who = able_to_sign_as(entry.role), entry.staff_id.casefold()
    if able is None:
        return
    if facts.is_stranger(who):
        raise NotAllowedNow(
            f"staff_id: the staff directory knows nobody called {entry.staff_id}, and a {entry.role} signs; give the "
            "id of a person who works here (E0)."
        )
    held = facts.known_as(who)
    if held and entry.role not in held and not able & set(held):
        raise NotAllowedNow(
            f"staff_id: a {entry.role} signs what {entry.staff_id}, who is {_in_words(held)}, may not; name somebody "
            "else, or give them the role in the staff directory (E0)."
        )


def _in_words(roles: Collection[str]) -> str:
    return " or ".join(role.replace("_", " ") for role in roles)


def unknown_author(entry: Entry, facts: Facts) -> str | None:
    """The author of an entry, where only the staff directory can tell whether they may sign it."""
    wanted: Sequence[Signers] = [need.signers for need in signatures_wanted(entry, facts)]
    if isinstance(entry, Decision) and spoken_by(entry) in (Source.STAFF, Source.IMPORT):
        wanted = [*wanted, signers(facts.team, ())]
    if _takes_a_role(entry, facts):
        return entry.by
    if isinstance(entry, Medication | Test) and spoken_by(entry) is Source.STAFF:
        wanted = [
            *wanted,
            signers(facts.team, CLINICIANS),
        ]  # whose word explains a finding, or amends one (S7)
    return entry.by if any(one.must_ask_about(entry.by) for one in wanted) else None


def signatures_taken_back(entry: Entry, facts: Facts) -> list[Need]:
    """The signatures of the staff that an entry has taken out of force, but for its author's own: each signer hears
    of it."""
    taken = []
    for key in targets_of(entry):
        known = facts.record.get(key)
        if known is None or known.entry.source is not Source.STAFF or facts.record.stands(key):
            continue
        need = _own_need(known.entry, facts)
        if need and need.by.casefold() != entry.by.casefold():
            taken.append(need)
    return taken
