"""Who may sign: one rule, asked by an entry, by a task before it ends, and by the command line (E0, E1, E2).

A signature is a named person's. What the core can know of a person is the episode's team, and what the shell has read
in the clinic's staff directory about somebody outside of it: a substitute, a colleague of another team. Whoever
neither of them knows signs nothing, and no system and no patient does. One call is taken from whoever is there: that
of the on-call role, which no team names, since in danger nobody waits for a directory.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from workflows.core.engine.sources import NO_PERSONS

CLINICIANS = ("therapist", "nurse", "supervisor", "director")
"""Roles that may sign what only a clinician may decide; a case manager may not."""


def able_to_sign_as(role: str) -> frozenset[str] | None:
    """Roles of the staff directory with which a person signs what a role of the team signs: a director's word is a
    director's, a clinician's a clinician's. None: whatever the role, since it signs nothing that another may not."""
    if role == "director":
        return frozenset({role})
    return frozenset(CLINICIANS) if role in CLINICIANS else None


KEEPERS_OF_KEYS = ("director", "compliance_officer")
"""Roles that bring a key of the clinic into force, or withdraw one (E0)."""

ON_CALL = "on_call"
"""The role that answers in danger; the clinic's staff directory says who has it tonight (A6, E8)."""


@dataclass(frozen=True, slots=True)
class Signers:
    """Who may sign one thing, as far as the team tells."""

    roles: tuple[str, ...] = ()
    """Any one of these; empty: whoever is of the staff."""
    able: tuple[str, ...] = ()
    """Staff ids of the team who may."""
    others: tuple[str, ...] = ()
    """Staff ids of the team whose roles are none of them."""
    only: str | None = None
    """The one person, where a single role signs and the team names who holds it."""
    involved: str | None = None
    """Whoever has proposed or stated what is now to be judged: not this person (E2)."""
    at_hand: bool = False
    """Whether the answer is taken from whoever is there, because it is about danger."""

    @property
    def in_words(self) -> str:
        """The roles as people say them."""
        return " or ".join(role.replace("_", " ") for role in self.roles) or "staff"

    def must_ask_about(self, staff_id: str) -> bool:
        """Whether only the staff directory can tell if a person may sign."""
        return self.bars("", staff_id) is None and not self._is_of_the_team(staff_id)

    def objection(self, kind: str, staff_id: str, known_as: Collection[str] | None = None) -> str | None:
        """Why a person may not sign; None if nothing speaks against it.

        Args:
            kind: What is to be signed, for the message.
            staff_id: The person.
            known_as: The roles of somebody outside the team in the staff directory; None: it does not know them.
        """
        if (barred := self.bars(kind, staff_id)) or self._is_of_the_team(staff_id):
            return barred
        if known_as is None:
            return (
                f"{kind} is decided by the {self.in_words}, and neither the team nor the staff directory knows anybody "
                f"called {staff_id}; give the id of a person who works here (E0)."
            )
        if self.roles and not set(self.roles) & set(known_as):
            held = (
                " or ".join(role.replace("_", " ") for role in known_as) or "without a role in the directory"
            )
            return f"{kind} is decided by the {self.in_words}; {staff_id} is {held}."
        return None

    def bars(self, kind: str, staff_id: str) -> str | None:
        """Why a person may not sign, whatever the staff directory says of them."""
        if staff_id.casefold() in NO_PERSONS:
            return f"{kind} is decided by a named person of the staff, and {staff_id} is none (E0)."
        if _among(staff_id, (self.involved,)):
            what = "proposed an involuntary discharge, or dated its notice back,"
            return f"the person who {what} may not decide on it (E2)."
        if _among(staff_id, self.others) or (self.only and not _among(staff_id, (self.only,))):
            return f"{kind} is decided by the {self.in_words}; {staff_id} has another role."
        return None

    def _is_of_the_team(self, staff_id: str) -> bool:
        return self.at_hand or _among(staff_id, self.able)


ANYONE = Signers(at_hand=True)


def signers(
    team: Mapping[str, str], roles: tuple[str, ...], involved: str | None = None, *, at_hand: bool = False
) -> Signers:
    """Who of a team may sign, where `roles` may."""
    able = {staff_id for role, staff_id in team.items() if not roles or role in roles}
    others = tuple(sorted(set(team.values()) - able))
    only = team.get(roles[0]) if len(roles) == 1 else None
    if _among(involved or "", (only,)):
        only = (
            None  # who may not decide on what they have proposed leaves it to another one of their role (E2)
        )
    return Signers(roles, tuple(sorted(able)), others, only, involved, at_hand and not roles)


def _among(staff_id: str, people: Collection[str | None]) -> bool:
    """A capital letter makes no second person."""
    return staff_id.casefold() in {one.casefold() for one in people if one}
