"""docs/who-may.md: who may state what, and who may decide what, as the engine has it (E0, E1, E2)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from worker.handbook.models import table
from workflows.core.engine.entry import Source
from workflows.core.engine.signing_keys import SigningKey
from workflows.core.episode.authority import DECIDED, SIGNED_BY
from workflows.core.episode.decisions import NEEDS_REASON
from workflows.core.episode.entries import KINDS, Entry
from workflows.pathways import pathway_named
from workflows.pathways.proof.search import Search

HEAD = """# Who may say what

Written by `make docs` from the classes of the entries, from `workflows/core/episode/authority.py`, and from every
task and question that comes up where the proof sets out (`workflows/pathways/openings.py`). The identifiers are
those of the [rules](rules.md); how a statement is signed is in [signing](signing.md)."""

STATED = """## What may be stated

By whom it may come. A *person* is one of the staff, who signs it; a patient, a kiosk, a laboratory, an agency and
another system state what they have to tell, and take back their own words alone. Where the last column says so the
entry is a person's decision: there a system may only hand over what a named person has decided elsewhere, in a
take-over, and signs nothing itself (E1, T7)."""

DECIDED_HERE = """## What may be decided

Tasks, and questions that may be answered at any time. *Signed by*: whoever may answer; the clinic's directors,
therapists, supervisors and nurses are its clinicians. *Not by the same*: whoever has proposed or stated what is
judged here does not answer (E2). A reason is needed for the outcomes in italics. No system answers any of them
(E1); who answers a call of the on-call role is whoever is there (E8)."""

ROLES = {
    frozenset({"therapist", "nurse", "supervisor", "director"}): "a clinician",
    frozenset({"director", "compliance_officer"}): "a director or compliance officer",
}


@dataclass
class Asked:
    """One kind of task or question."""

    role: str
    signed_by: tuple[str, ...]
    not_by_the_same: bool
    rules: set[str] = field(default_factory=set)
    outcomes: dict[str, None] = field(default_factory=dict)
    pathways: dict[str, None] = field(default_factory=dict)


def page() -> str:
    """The page."""
    return "\n\n".join([HEAD, STATED, _statements(), DECIDED_HERE, _decisions()]) + "\n"


def _statements() -> str:
    sources = [source.value for source in Source if source is not Source.STAFF]
    rows = [
        [
            f"[{kind}](entries.md#{kind})",
            *(_may(model, name) for name in ("staff", *sources)),
            _signed(kind, model),
        ]
        for kind, model in sorted(KINDS.items())
    ]
    return table(["kind", "person", *sources, "a person's decision"], rows)


def _may(model: type[Entry], source: str) -> str:
    return "yes" if Source(source) in model.stated_by else "—"


def _signed(kind: str, model: type[Entry]) -> str:
    if model is SigningKey:
        return "yes, of a director or compliance officer"
    if kind in SIGNED_BY:
        return f"yes, of {_roles(SIGNED_BY[kind])}" if SIGNED_BY[kind] else "yes"
    return "yes" if model in DECIDED else "—"


def _decisions() -> str:
    rows = []
    for kind, asked in sorted(_asked().items()):
        for one in asked:
            outcomes = (f"*{o}*" if o in NEEDS_REASON else o for o in one.outcomes)
            signed = _roles(one.signed_by) if one.signed_by else "any of the staff"
            rows.append(
                [
                    kind.replace("_", " "), one.role.replace("_", " "), ", ".join(outcomes), signed,
                    "yes" if one.not_by_the_same else "—", ", ".join(sorted(one.rules)), ", ".join(one.pathways),
                ]
            )  # fmt: skip
    return table(["about", "asked of", "outcomes", "signed by", "not by the same", "rule", "pathways"], rows)


def _asked() -> dict[str, list[Asked]]:
    """Every kind of task and question, each with the ways in which it is asked."""
    found: dict[str, dict[tuple[object, ...], Asked]] = {}
    for name in ("iop", "php"):
        for kind, one in _comes_up(name):
            ways = found.setdefault(kind, {})
            known = ways.setdefault((one.role, one.signed_by, one.not_by_the_same), one)
            known.rules |= one.rules
            known.outcomes |= one.outcomes
            known.pathways[name] = None
    return {kind: list(ways.values()) for kind, ways in found.items()}


def _comes_up(pathway: str) -> Iterator[tuple[str, Asked]]:
    search = Search(pathway_named(pathway), depth=0)
    situations = [taken.source for taken in search.run()]
    for situation in (*situations, *search.situations.values()):
        search.episode.state = situation.state
        for duty in search.episode.pathway.duties(search.episode.facts, search.episode.state.states):
            outcomes = dict.fromkeys(sorted(duty.outcomes))
            if duty.kind == "attendance_conflict":
                outcomes = {"one of its entries": None}
            yield duty.kind, Asked(duty.role, duty.signed_by, duty.not_by is not None, {duty.rule}, outcomes)


def _roles(roles: Iterable[str]) -> str:
    named = [role.replace("_", " ") for role in roles]
    return ROLES.get(frozenset(roles), "a " + " or ".join(named))
