"""What a referral asks of the world: places, sendings, news of an agency, a word to its episode. Each is asked once."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from workflows.core.referral.attempts import Attempt, Step
from workflows.core.referral.deadlines import asked_again_at, to_be_asked
from workflows.core.referral.effects import AskAgency, Disclose, FindCandidates, ReportToEpisode
from workflows.core.referral.facts import ReferralFacts
from workflows.core.referral.words import is_plain


@dataclass
class Requests:
    """What was asked for so far, and what it is time to ask for now."""

    asked: set[str] = field(default_factory=set)
    """Searches and sendings."""
    asked_at: dict[str, datetime] = field(default_factory=dict)
    """When the agency of an attempt was last asked for news."""
    heard: dict[str, list[str]] = field(default_factory=dict)
    """What each agency said when it was asked, word by word; the same word again is no news."""
    reported: tuple[str, str | None] = ("open", None)
    """What the episode was told last: a state, and why."""

    def due(self, facts: ReferralFacts) -> Iterator[FindCandidates | Disclose | AskAgency | ReportToEpisode]:
        """Everything that it is time to ask for, and was not asked for yet."""
        yield from self._searches(facts)
        yield from self._sendings(facts)
        yield from self._questions(facts)
        yield from self._reports(facts)

    def _searches(self, facts: ReferralFacts) -> Iterator[FindCandidates]:
        if facts.search_is_wanted and facts.search not in self.asked:
            self.asked.add(facts.search)
            yield FindCandidates(facts.search, facts.wishes, tuple(facts.left_out), facts.linkage.at_most)

    def _sendings(self, facts: ReferralFacts) -> Iterator[Disclose]:
        one = facts.current
        if one and one.step is Step.QUEUED and not facts.closed:
            yield from self._disclosure(facts, one, "referral", one.sending_key, one.try_id, None)
        for late in facts.withdrawing:
            if late.by == "agency" and late.reference:
                key = late.cancel_key
                yield from self._disclosure(facts, late, "cancellation", key, key, late.reference)
        for done in facts.attempts:
            if done.is_done and done.has_order and not facts.is_silent:
                key = f"{done.sending_key}:completion"
                yield from self._disclosure(facts, done, "completion", key, key, done.reference)

    def _disclosure(
        self, facts: ReferralFacts, one: Attempt, what: Any, key: str, try_id: str, revokes: str | None
    ) -> Iterator[Disclose]:
        if try_id in self.asked or one.place.agency is None:
            return
        self.asked.add(try_id)
        terms = facts.linkage
        content = terms.content if is_plain(facts) else terms.content_unnamed
        yield Disclose(
            key=f"{facts.start.referral_id}:{key}",
            try_id=try_id,
            what=what,
            listing_id=one.place.listing_id,
            agency=one.place.agency,
            purpose=terms.purpose,
            # That it is taken back says nothing new about the person.
            content=content if what == "referral" else (),
            revokes=revokes,
        )

    def _questions(self, facts: ReferralFacts) -> Iterator[AskAgency]:
        for one in to_be_asked(facts):
            if asked_again_at(one, facts, self.asked_at) <= facts.now:
                self.asked_at[one.key] = facts.now
                assert one.place.agency is not None
                assert one.reference is not None
                yield AskAgency(one.key, one.place.listing_id, one.place.agency, one.reference)

    def _reports(self, facts: ReferralFacts) -> Iterator[ReportToEpisode]:
        state: tuple[Any, str | None] = ("open", None)
        at = facts.now
        if end := facts.closed:
            state, at = ("closed", end.reason), end.at
        elif facts.first_visit_at:
            state, at = ("visited", None), facts.first_visit_at
        if state != self.reported:
            self.reported = state
            yield ReportToEpisode(state[0], at, state[1])

    def news(self, attempt: str, word: str) -> int | None:
        """The number of what an agency says, counted for its attempt; None where it has said the same before."""
        heard = self.heard.setdefault(attempt, [])
        if heard and heard[-1] == word:
            return None
        heard.append(word)
        return len(heard)


def is_wanted(effect: Disclose, facts: ReferralFacts) -> bool:
    """Whether a sending that is on its way is still to be made: nobody may have declined it meanwhile."""
    if effect.what == "cancellation":
        return any(late.cancel_key == effect.try_id for late in facts.withdrawing)
    if effect.what == "completion":
        return not facts.is_silent
    one = facts.current
    is_queued = one is not None and one.step is Step.QUEUED and one.try_id == effect.try_id
    return is_queued and facts.closed is None
