"""Candidates for a referral: a ranked list from the directories that are in force (C3-C5).

Where the patient lives and in which zone is looked up behind the episode id and goes no further: the answer holds
distances and no place of a patient.
"""

import asyncio
from datetime import UTC, datetime

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.clinic_database.patients import Patient, Patients
from activities.directory.asking import Ask, Ranked, RankedList
from activities.directory.current import Current
from activities.directory.matching import rank
from activities.directory.secular import SOURCE
from activities.directory.vocabulary import language
from activities.directory.wishes import Wishes, WrongWish, read
from workflows.core.episode.linkage.ranking import Ranking
from workflows.ports.directory import FIND_CANDIDATES, WRONG_WISH, Candidate, Candidates, CandidateSearch


class CandidateFinder:
    """Matches what a patient needs with where one can go."""

    def __init__(self, patients: Patients, current: Current, zone: str) -> None:
        self._patients, self._current, self.zone = patients, current, zone

    @activity.defn(name=FIND_CANDIDATES)
    async def find_candidates(self, search: CandidateSearch) -> Candidates:
        """The best candidates, the best first; none where the directories hold none."""
        try:
            wishes = read(search.wishes)
        except WrongWish as error:
            raise ApplicationError(str(error), type=WRONG_WISH, non_retryable=True) from None
        patient = await self._patients.of_episode(search.episode_id)
        ranking = await self.ranking(ask_of(search, wishes, patient, self.zone, datetime.now(UTC)))
        sources = {one.listing.source for one in ranking.found} - {SOURCE}
        return Candidates(found=[candidate(one) for one in ranking.found], as_of=self._current.as_of(sources))

    async def ranking(self, ask: Ask) -> RankedList:
        """The ranked list with everything that is known of it."""
        index = await self._current.index(ask.now)
        return await asyncio.to_thread(rank, index, ask)


def ask_of(search: CandidateSearch, wishes: Wishes, patient: Patient | None, zone: str, now: datetime) -> Ask:
    """What the directory is asked for a patient of whom anything may be unknown; `zone` is the clinic's."""
    near = None
    if patient and patient.latitude is not None and patient.longitude is not None:
        near = (patient.latitude, patient.longitude)
    speaks = language(patient.language) if patient else None
    return Ask(
        search.kind, wishes, now, service=search.service, near=near,
        zone=(patient and patient.timezone) or zone, speaks=speaks,
        leave_out=frozenset(search.leave_out), at_most=search.at_most,
        first_visit_within_days=search.longest_wait_days, weights=Ranking.model_validate(search.ranking),
    )  # fmt: skip


def candidate(one: Ranked) -> Candidate:
    """As the referral takes it."""
    listing = one.listing
    return Candidate(
        listing_id=listing.listing_id, name=listing.name, agency=listing.agency or None,
        online=listing.modality != "in_person", secular=listing.secular, why=list(one.why),
    )  # fmt: skip
