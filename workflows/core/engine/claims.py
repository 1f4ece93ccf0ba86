"""What a pathway claims about itself, as data beside its chart, so that the claims can be proved.

A chart says how it moves. The claims say what it is *for*: what each guard means and what may change it, what
each state says about the patient, who owns it, and which duties and deadlines must arise. `carepath pathway
verify` holds the two against each other; a chart that is changed by mistake no longer agrees with them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Cause(StrEnum):
    """What may change a fact, in words. E1 names the causes that may never discharge anyone by themselves."""

    SLIP = "a return to use"
    TEST = "a test result"
    MISS = "a missed session"
    PAYER = "a payer's refusal"
    LIMIT = "the extension limit"
    TIME = "time passing"
    COURSE = "what happens in care"
    FEED = "a statement by another system"
    CORRECTION = "a correction by a person"
    DECISION = "a decision by a person"

    @property
    def by_person(self) -> bool:
        """Whether a named person answers for it; only this may lead to an exit (E1)."""
        return self in (Cause.CORRECTION, Cause.DECISION)


@dataclass(frozen=True, slots=True)
class Guard:
    """One fact that the chart reads: its two values in words, and what may bring each of them about."""

    holds: str
    fails: str
    rises: frozenset[Cause]
    falls: frozenset[Cause]

    def says(self, value: bool) -> str:
        """A value as a sentence without its full stop."""
        return self.holds if value else self.fails

    def may_become(self, value: bool) -> frozenset[Cause]:
        """What may bring a value about."""
        return self.rises if value else self.falls


Literal = str
"""A guard's name, with `!` before it where the guard does not hold."""


@dataclass(frozen=True, slots=True)
class Promise:
    """What a rule promises of one way through the small program: lived through on the engine, and looked at."""

    rule: str
    says: str
    """In words that a clinician reads, without a full stop."""
    way: tuple[str, ...]
    """Moves as in an opening. `!X`: the engine refuses X. `X@ID`: X is stated by ID."""
    shows: tuple[str, ...] = ()
    """What is so at its end: a guard; `owes K` a duty of a kind; `task K` an open task, `task K of R` one of
    a role; `awaits D` a deadline; `said N` a notice or a message of a kind; `in S` the stage; `NAME=VALUE` a fact with
    its value. `!`: it is not so."""
    of_small_numbers: bool = False
    """Whether it is about the numbers of the small program, so that another policy promises something else."""


@dataclass(frozen=True, slots=True)
class Claims:
    """Everything that is claimed about one pathway; see each field."""

    guards: Mapping[str, Guard]
    """Every guard of the pathway."""
    never: Sequence[tuple[Literal, ...]]
    """Guards that never stand so together, whatever the record: the chart is not asked about such situations."""
    means: Mapping[str, tuple[Literal, ...]]
    """What is true of the patient while the chart rests in a state."""
    owners: Mapping[str, str]
    """The role that answers for a state; a state without one of its own is owned with the state around it."""
    leads_to: Mapping[str, str]
    """Where each event, which is a person's decision, must lead."""
    decisions: Mapping[tuple[str, str], str]
    """Each answer that moves an episode between stages, as kind of duty and choice, and the stage it leads to."""
    passes_through: frozenset[str]
    """States in which the chart never rests."""
    crisis: tuple[str, str, str]
    """The guard, the state and the kind of duty of a crisis (E8)."""
    asks: Mapping[tuple[str, str], str]
    """For each stage and guard the kind of duty that somebody owes, at once or from a day on, while the guard holds."""
    duties: frozenset[str]
    """Every kind of duty that must be able to arise."""
    deadlines: Mapping[str, frozenset[str]]
    """For each stage every kind of deadline that must be able to stand; a kind is the name without its dates."""
    start: Mapping[str, Any] = field(default_factory=dict)
    """An episode's start with small numbers, in which everything of the rules is within a few steps."""
    openings: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Stories, each a list of moves, from which the search over the engine sets out; the first is the earliest."""
    promises: Sequence[Promise] = ()
    """What the rules promise, each shown on a way of its own."""
    says: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """What promises state beside the moves of the search, by name; `{today}`, `{today-3}` stand for days."""
    blind: Mapping[str, frozenset[type[Any]]] = field(default_factory=dict)
    """For each fact the kinds of entries that it must never have read (A7, E1, S1)."""
