"""Facts of the clinic around the patient: who is in the team today, and on which days the program is closed."""

from datetime import date, datetime

from workflows.core.engine.reading import Reading, fact
from workflows.core.engine.record import Record
from workflows.core.episode.frame import EpisodeFrame
from workflows.core.episode.team.entries import Closure, TeamChange
from workflows.core.episode.team.roles import changes_in, named_on, planned, team_on


class TeamFacts(Reading[EpisodeFrame]):
    """Who cares for the patient."""

    def __init__(self, record: Record, frame: EpisodeFrame, now: datetime) -> None:
        super().__init__(record, frame, now)
        self.policy = frame.policy

    @fact
    def team(self) -> dict[str, str]:
        """Staff ids by role, as of today: those who stand in are in the place of those who are away."""
        if not self.record.all_of(TeamChange):
            return dict(self.frame.first_team)
        return team_on(self.today, self.frame.first_team, changes_in(self.record))

    @property
    def team_named(self) -> dict[str, str]:
        """Who was named for each role, whether or not they are away today."""
        return named_on(self.today, self.frame.first_team, changes_in(self.record))

    @property
    def team_ahead(self) -> list[str]:
        """Changes of the team that are planned, in words."""
        return planned(self.record, self.today) if self.record.all_of(TeamChange) else []

    @property
    def closures_told(self) -> list[date]:
        """Days of which was told after the beginning that the program is closed."""
        return [r.entry.on for r in self.record.standing(Closure)]
