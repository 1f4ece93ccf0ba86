"""Where a person stands toward the clinic: coming, missing for a while, gone, or silent."""

from dataclasses import dataclass
from datetime import datetime

from worker.simulation.behaviour import Person
from worker.simulation.happenings import SessionDay


@dataclass
class Presence:
    """One person's presence; it changes by what they do and by being reached."""

    person: Person
    gone_since: datetime | None = None
    """Since when they no longer come to the program, for good as far as they mean it."""
    elsewhere: bool = False
    """Gone for another reason than having stopped coming: to be reached changes nothing."""
    silent: bool = False
    """In aftercare, nobody reaches them any more."""
    unanswered_calls: int = 0
    """Check-in calls in a row that reached nobody."""
    _spell: int | None = None
    _ended_spell: int | None = None

    def leaves(self, at: datetime, *, elsewhere: bool) -> None:
        """They stop coming."""
        self.gone_since, self.elsewhere = at, elsewhere

    def comes_to(self, session: SessionDay) -> bool:
        """Whether they come to a session: also to one of a spell that ended because somebody reached them."""
        self._spell = session.spell
        return session.spell is None or session.spell == self._ended_spell

    @property
    def is_missing(self) -> bool:
        """In a spell of absences that nobody has ended."""
        return self._spell is not None and self._spell != self._ended_spell

    def is_reached(self, at: datetime) -> bool:
        """Somebody speaks with them: they may come again; True if they say that they will not."""
        if self.elsewhere:
            return False
        if self.gone_since is None:
            if self._spell is not None and self.person.returns_from(self._spell):
                self._ended_spell = self._spell
            return False
        if self.person.comes_back((at - self.gone_since).days):
            self.gone_since = None
            return False
        return self.person.withdraws_when_reached()

    def answers_call(self, call: str) -> bool:
        """Whether they answer a check-in call."""
        answered = not self.silent and self.person.answers_call(call)
        self.unanswered_calls = 0 if answered else self.unanswered_calls + 1
        return answered

    @property
    def is_lost(self) -> bool:
        """Whether so many calls in a row reached nobody that staff end the episode."""
        return self.unanswered_calls >= self.person.parameters.aftercare.calls_before_giving_up
