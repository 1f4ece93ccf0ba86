"""Guards that every pathway shares, in the words of the charts. Each is a fact and nothing else."""

from workflows.core.engine.guards import Guards
from workflows.core.episode.exits.discharge import DischargeStep
from workflows.core.episode.facts import Facts
from workflows.core.episode.sobriety.duties import slip_response_is_open


def _exit_is(reason: str) -> property:
    return property(
        lambda self: self.facts.exit_signed is not None and self.facts.exit_signed.reason == reason
    )


def _discharge_at(*steps: DischargeStep) -> property:
    return property(lambda self: self.facts.discharge is not None and self.facts.discharge.step in steps)


class CommonGuards(Guards[Facts]):
    """What any chart may read: intake, attendance, leave, crisis, a discharge under way, exits."""

    def read(self, names: tuple[str, ...]) -> tuple[object, ...]:
        """What these say."""
        kind = type(self)
        return self.facts.keep(
            ("guards", kind, names), lambda facts: super(CommonGuards, kind(facts)).read(names)
        )

    @property
    def screened(self) -> bool:
        return self.facts.screening is not None

    @property
    def level_decided(self) -> bool:
        return self.facts.level_of_care is not None

    @property
    def suited(self) -> bool:
        return self.facts.level_of_care is not None and self.facts.level_admitted

    @property
    def not_suited_to_it(self) -> bool:
        return self.facts.level_of_care is not None and not self.facts.level_admitted

    @property
    def admission_complete(self) -> bool:
        return self.facts.admitted

    @property
    def searched_for(self) -> bool:
        return self.facts.outreach is not None and self.facts.outreach.searching

    @property
    def reached_again(self) -> bool:
        return self.facts.outreach is not None and not self.facts.outreach.searching

    @property
    def missing_nothing(self) -> bool:
        return self.facts.outreach is None

    @property
    def level_review_open(self) -> bool:
        return self.facts.level_review is not None

    @property
    def responding_to_slip(self) -> bool:
        return slip_response_is_open(self.facts)

    @property
    def is_extended(self) -> bool:
        return bool(self.facts.extensions)

    @property
    def at_extension_limit(self) -> bool:
        return self.facts.at_extension_limit

    @property
    def on_leave(self) -> bool:
        return self.facts.on_leave

    @property
    def in_crisis(self) -> bool:
        return self.facts.in_crisis

    @property
    def exit_signed(self) -> bool:
        return self.facts.exit_signed is not None

    discharge_proposed = _discharge_at(*DischargeStep)
    discharge_reviewed = _discharge_at(
        DischargeStep.TEAM_MEETING, DischargeStep.NOTICE, DischargeStep.APPEAL_PERIOD, DischargeStep.APPEAL
    )
    discharge_owes_notice = _discharge_at(
        DischargeStep.NOTICE, DischargeStep.APPEAL_PERIOD, DischargeStep.APPEAL
    )
    discharge_noticed = _discharge_at(DischargeStep.APPEAL_PERIOD, DischargeStep.APPEAL)
    discharge_appealed = _discharge_at(DischargeStep.APPEAL)

    exit_completed = _exit_is("completed")
    exit_transferred = _exit_is("transferred")
    exit_withdrew = _exit_is("withdrew")
    exit_lost_contact = _exit_is("lost_contact")
    exit_involuntary = _exit_is("involuntary")
    exit_incarcerated = _exit_is("incarcerated")
    exit_deceased = _exit_is("deceased")
    exit_other = _exit_is("other")
