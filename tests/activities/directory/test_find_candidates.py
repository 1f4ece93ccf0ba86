"""The activity that a referral calls, on both kinds of database."""

import asyncio
import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from temporalio.exceptions import ApplicationError

from activities.clinic_database import ClinicDatabase, Crosswalk
from activities.clinic_database.patients import Patient, Patients
from activities.directory.current import Current
from activities.directory.intake import Intake
from activities.directory.store import DirectoryStore
from activities.find_candidates import CandidateFinder
from tests.activities.directory.invented import feed, meeting
from workflows.core.episode.linkage.vocabulary import ReferralKind
from workflows.ports.directory import Candidates, CandidateSearch

HOME = (38.63, -90.2)


class Here:
    """A clinic with one patient, e1, who lives at HOME."""

    def __init__(self, database: ClinicDatabase) -> None:
        self.store = DirectoryStore(database)
        self.intake = Intake(self.store)
        self.current = Current(self.store)
        self.patients = Patients(database)
        self.finder = CandidateFinder(self.patients, self.current, "America/Chicago")

    async def take(self, *meetings: dict[str, object], name: str = "f") -> None:
        """Take a feed of AA meetings."""
        await self.intake.take(feed(name=name, agencies={"levee": "agency-1"}), json.dumps(meetings).encode())

    async def find(
        self, kind: ReferralKind = "mutual_help", episode: str = "e1", **wishes: object
    ) -> Candidates:
        """What the referral would be told."""
        return await self.finder.find_candidates(
            CandidateSearch(referral_id="r1", episode_id=episode, kind=kind, service="", wishes=wishes)
        )


@pytest.fixture
async def here(database: ClinicDatabase) -> Here:
    await Crosswalk(database).open_episode("MRN-1", "e1", date(2026, 1, 5))
    await Patients(database).save(
        Patient("MRN-1", timezone="America/Chicago", language="en", latitude=HOME[0], longitude=HOME[1])
    )
    return Here(database)


async def test_candidates_are_near_where_the_patient_lives_and_say_nothing_of_where_that_is(
    here: Here,
) -> None:
    await here.take(meeting(slug="far", latitude=39.0), meeting())
    found = await here.find()
    assert [one.listing_id for one in found.found] == ["f:levee", "f:far", "always:smart-online"]
    assert found.found[0].agency == "agency-1"
    assert found.found[0].why[-1] == "0.0 km away"
    assert found.as_of
    assert datetime.now(UTC) - found.as_of < timedelta(minutes=1)
    assert "38.6" not in found.model_dump_json()
    assert "MRN-1" not in found.model_dump_json()


async def test_without_a_place_of_the_patient_distance_plays_no_part(here: Here) -> None:
    await here.take(meeting(slug="far", latitude=45.0), meeting())
    found = await here.find(episode="unknown")
    assert [one.listing_id for one in found.found][:2] == ["f:far", "f:levee"]
    assert not any("km" in reason for one in found.found for reason in one.why)


async def test_an_empty_directory_is_an_answer_and_no_error(here: Here) -> None:
    assert (await here.find("therapist")).found == []
    assert (await here.find("therapist")).as_of is None
    assert [one.secular for one in (await here.find()).found] == [True]


async def test_a_wrong_wish_is_refused_for_good(here: Here) -> None:
    with pytest.raises(ApplicationError, match="weekdays: someday is no weekday") as error:
        await here.find(weekdays=["someday"])
    assert error.value.non_retryable
    assert error.value.type == "WrongWish"


async def test_a_change_of_the_directory_is_seen_at_the_next_match_and_nothing_is_built_without_one(
    here: Here,
) -> None:
    now = datetime.now(UTC)
    await here.take(meeting())
    await here.take(meeting(slug="other", name="Other", day=3), name="g")
    first = await here.current.index(now)
    assert await here.current.index(now) is first
    await here.take(meeting())  # the same again
    assert await here.current.index(now) is first
    await here.take(meeting(), meeting(slug="new", name="New", time="12:00"))
    assert len(await here.current.index(now)) == 3


async def test_what_is_too_old_is_offered_to_nobody(here: Here) -> None:
    await here.take(meeting())
    assert len(await here.current.index(datetime.now(UTC) + timedelta(days=13))) == 1
    assert len(await here.current.index(datetime.now(UTC) + timedelta(days=15))) == 0


async def test_two_matches_at_once_build_one_index(here: Here) -> None:
    await here.take(meeting())
    now = datetime.now(UTC)
    one, other = await asyncio.gather(here.current.index(now), here.current.index(now))
    assert one is other


async def test_the_example_directories_can_be_used(here: Here) -> None:
    from activities.directory.feeds import load

    for one in load(Path("deploy/example/directories/feeds.yaml")).feeds.values():
        assert (await here.intake.take(one)).result == "taken"
    kinds = [one.kind for one in (await here.current.index(datetime.now(UTC))).listings]
    assert kinds.count("mutual_help") >= 35
    assert kinds.count("therapist") == 11  # one of the twelve takes nobody new
    assert kinds.count("service") + kinds.count("level_of_care") == 9  # and one of the ten services is closed
