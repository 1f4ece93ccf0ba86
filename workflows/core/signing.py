"""Who may sign what a task asks: asked by the task before it ends, and by the engine before a decision stands (E1)."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Signers:
    """Who may sign, as far as the team tells; a person whom the team does not name is taken at their word."""

    roles: tuple[str, ...] = ()
    """Any one of these; empty: whoever there is."""
    others: tuple[str, ...] = ()
    """Staff ids of the team whose roles are none of them."""
    only: str | None = None
    """The one person, where a single role signs and the team names who holds it."""
    involved: str | None = None
    """Whoever has proposed what is now to be judged: not this person (E2)."""

    @property
    def in_words(self) -> str:
        """The roles as people say them."""
        return " or ".join(role.replace("_", " ") for role in self.roles) or "team"

    def objection(self, kind: str, staff_id: str) -> str | None:
        """Why a person may not sign; None if nothing speaks against it."""
        if staff_id == self.involved:
            return "the person who proposed an involuntary discharge may not decide on it (E2)."
        if staff_id in self.others or (self.only and staff_id != self.only):
            return f"{kind} is decided by the {self.in_words}; {staff_id} has another role."
        return None


ANYONE = Signers()


def signers(team: Mapping[str, str], roles: tuple[str, ...], involved: str | None = None) -> Signers:
    """Who of a team may sign, where `roles` may."""
    able = {staff_id for role, staff_id in team.items() if role in roles}
    others = tuple(sorted({staff_id for staff_id in team.values() if roles and staff_id not in able}))
    return Signers(roles, others, team.get(roles[0]) if len(roles) == 1 else None, involved)
