"""What a referral asks of the world: places, sendings, news of an agency, a word to its episode. Each is asked once."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from workflows.core.engine.calendar import Instant
from workflows.core.engine.state import Codes
from workflows.core.referral.attempt import Attempt, Reached
from workflows.core.referral.deadlines import asked_again_at, to_be_asked
from workflows.core.referral.effects import AskAgency, Disclose, FindCandidates, ReportToEpisode
from workflows.core.referral.facts import ReferralFacts
from workflows.core.referral.words import is_plain

Request = FindCandidates | Disclose | AskAgency | ReportToEpisode


@dataclass(frozen=True, slots=True)
class Requests:
    """What was asked for so far."""

    asked: Codes = frozenset()
    """Searches and sendings."""
    asked_at: Mapping[str, Instant] = field(default_factory=dict)
    """When the agency of an attempt was last asked for news."""
    heard: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """What each agency said when it was asked, word by word; the same word again is no news."""
    reported: tuple[str, str | None] = ("open", None)
    """What the episode was told last: a state, and why."""

    def due(self, facts: ReferralFacts) -> "tuple[Requests, list[Request]]":
        """What it is time to ask for now and was not asked for yet; and everything that was asked for then."""
        wanted = {key: one for key, one in (*_searches(facts), *_sendings(facts)) if key not in self.asked}
        questions = {one.key: one for one in to_be_asked(facts) if self._is_to_be_asked(one, facts)}
        report = _report(facts)
        is_news = (report.state, report.reason) != self.reported
        after = replace(
            self,
            asked=self.asked.union(wanted),
            asked_at={**self.asked_at, **dict.fromkeys(questions, facts.now)},
            reported=(report.state, report.reason),
        )
        asked = [_question(one) for one in questions.values()]
        return after, [*wanted.values(), *asked, *([report] if is_news else [])]

    def _is_to_be_asked(self, one: Attempt, facts: ReferralFacts) -> bool:
        return asked_again_at(one, facts, self.asked_at) <= facts.now

    def news(self, attempt: str, word: str) -> int | None:
        """The number of what an agency says, counted for its attempt; None where it has said the same before."""
        heard = self.heard.get(attempt, ())
        return None if heard and heard[-1] == word else len(heard) + 1

    def having_heard(self, attempt: str, word: str) -> "Requests":
        """The same, after an agency has said something."""
        return replace(self, heard={**self.heard, attempt: (*self.heard.get(attempt, ()), word)})


def _searches(facts: ReferralFacts) -> Iterator[tuple[str, Request]]:
    if facts.search_is_wanted:
        numbers = facts.linkage
        longest_wait = numbers.first_visit_of(facts.start.kind).roughly.days
        wanted = FindCandidates(
            facts.search,
            facts.wishes,
            tuple(facts.left_out),
            numbers.at_most,
            longest_wait,
            facts.frame.policy.ranking,
        )
        yield facts.search, wanted


def _sendings(facts: ReferralFacts) -> Iterator[tuple[str, Request]]:
    one = facts.current
    if one and one.step is Reached.QUEUED and not facts.closed:
        yield from _disclosure(facts, one, "referral", one.sending_key, one.try_id, None)
    for late in facts.withdrawing:
        if late.by == "agency" and late.reference:
            key = late.cancel_key
            yield from _disclosure(facts, late, "cancellation", key, key, late.reference)
    for done in facts.attempts:
        if done.is_done and done.has_order and not facts.is_silent:
            key = f"{done.sending_key}:completion"
            yield from _disclosure(facts, done, "completion", key, key, done.reference)


def _disclosure(
    facts: ReferralFacts, one: Attempt, what: Any, key: str, try_id: str, revokes: str | None
) -> Iterator[tuple[str, Request]]:
    if one.place.agency is None:
        return
    terms = facts.linkage
    content = terms.content if is_plain(facts) else terms.content_unnamed
    yield (
        try_id,
        Disclose(
            key=f"{facts.start.referral_id}:{key}",
            try_id=try_id,
            what=what,
            listing_id=one.place.listing_id,
            agency=one.place.agency,
            purpose=terms.purpose,
            # That it is taken back says nothing new about the person.
            content=content if what == "referral" else (),
            revokes=revokes,
        ),
    )


def _question(one: Attempt) -> AskAgency:
    assert one.place.agency is not None
    assert one.reference is not None
    return AskAgency(one.key, one.place.listing_id, one.place.agency, one.reference)


def _report(facts: ReferralFacts) -> ReportToEpisode:
    if end := facts.closed:
        return ReportToEpisode("closed", end.at, end.reason)
    if facts.first_visit_at:
        return ReportToEpisode("visited", facts.first_visit_at, None)
    return ReportToEpisode("open", facts.now, None)


def is_wanted(effect: Disclose, facts: ReferralFacts) -> bool:
    """Whether a sending that is on its way is still to be made: nobody may have declined it meanwhile."""
    if effect.what == "cancellation":
        return any(late.cancel_key == effect.try_id for late in facts.withdrawing)
    if effect.what == "completion":
        return not facts.is_silent
    one = facts.current
    is_queued = one is not None and one.step is Reached.QUEUED and one.try_id == effect.try_id
    return is_queued and facts.closed is None
