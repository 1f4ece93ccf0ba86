"""One person under two patient keys: merged whole or not at all, on each kind of database (I6, P2, P8)."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import product
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities.clinic_database import ClinicDatabase, Crosswalk, EpisodeAlreadyOpen
from activities.clinic_database.keys import chain_of
from activities.clinic_database.ledger import Ledger, Line, append
from activities.clinic_database.ledger_verifying import Verifier
from activities.clinic_database.merging import (
    CannotMerge,
    Contact,
    Hours,
    Merging,
    quiet_of_both,
    safer,
    together,
)
from activities.clinic_database.patients import Patient, Patients
from tests.databases import JOURNAL_KEY
from workflows.core.episode.messages.sending import is_quiet

DAY = timedelta(days=1)
STOPPED = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)


async def disclosed(database: ClinicDatabase, episode_id: str, key: str) -> None:
    async with database.transaction() as session:
        for what in ("sending", "sent"):
            line = Line(
                key, what, "system", "harbor", purpose="referral", content=("referral",), basis="consent"
            )
            await append(session, JOURNAL_KEY, await chain_of(session, episode_id), line)


async def accounted(database: ClinicDatabase, key: str) -> list[str]:
    return [one.key for one in await Ledger(database).accounting(key)]


async def two(database: ClinicDatabase) -> Merging:
    """MRN-1 with an episode that has ended, MRN-2 with an open one; something was disclosed in each."""
    crosswalk, patients = Crosswalk(database), Patients(database)
    await crosswalk.open_episode("MRN-1", "e1", date(2025, 1, 5))
    await crosswalk.note("e1", date(2025, 6, 1))
    await crosswalk.open_episode("MRN-2", "e2", date(2026, 1, 5))
    await patients.save(
        Patient("MRN-1", given_name="Ada", family_name="Exmple", phone="555-010-0001", stopped_at=STOPPED)
    )
    await patients.save(Patient("MRN-2", family_name="Example", quiet_from=time(22), quiet_until=time(7)))
    await crosswalk.save_contact("MRN-2", "mailto:ada@mail.example", allowed=True)
    await disclosed(database, "e1", "r1")
    await disclosed(database, "e2", "r2")
    return Merging(database)


async def test_P8_the_accounting_of_a_merged_person_shows_both_and_no_chain_is_rewritten(
    database: ClinicDatabase,
) -> None:
    merging = await two(database)
    before = await Verifier(database, JOURNAL_KEY).verify()
    done = await merging.merge("MRN-1", "MRN-2", "su-1")
    assert (done.into_key, done.episodes, done.differed) == ("MRN-2", ("e1",), ("family_name",))
    assert await Verifier(database, JOURNAL_KEY).verify() == before
    for key in ("MRN-1", "MRN-2"):
        assert await accounted(database, key) == ["r1", "r2"]
        assert await Crosswalk(database).episodes_of(key) == ["e2", "e1"]
    await disclosed(database, "e1", "r3")
    assert (await Verifier(database, JOURNAL_KEY).verify()).problems == ()
    again = await merging.merge("MRN-1", "MRN-2", "su-1")
    assert (again.is_new, again.episodes) == (False, ("e1",))


async def test_P2_the_safer_of_two_wishes_holds_and_a_stop_from_the_older_number_still_counts(
    database: ClinicDatabase,
) -> None:
    merging, patients = await two(database), Patients(database)
    await merging.merge("MRN-1", "MRN-2", "su-1")
    kept = await patients.get("MRN-1")
    assert kept is not None
    assert (kept.patient_key, kept.given_name, kept.family_name) == ("MRN-2", "Ada", "Example")
    assert (kept.stopped_at, kept.quiet_from, kept.quiet_until) == (STOPPED, time(22), time(7))
    await patients.stop("MRN-2", False)
    told = await patients.of_episode("e2")
    assert told is not None
    assert told.stopped_at is None
    await patients.stop_phone("555-010-0001")
    for episode_id in ("e1", "e2"):
        told = await patients.of_episode(episode_id)
        assert told is not None
        assert told.stopped_at is not None


async def test_I6_two_open_episodes_are_told_with_the_remedy_and_nothing_is_changed(
    database: ClinicDatabase,
) -> None:
    merging, crosswalk = await two(database), Crosswalk(database)
    await crosswalk.note("e1", None)
    with pytest.raises(
        CannotMerge, match=r"episode-e1 \(MRN-1\) and episode-e2 \(MRN-2\).*Nothing was changed"
    ):
        await merging.merge("MRN-1", "MRN-2", "su-1")
    assert await crosswalk.episodes_of("MRN-1") == ["e1"]
    kept = await Patients(database).get("MRN-2")
    assert kept is not None
    assert kept.given_name is None
    await crosswalk.note("e1", date(2026, 1, 6))
    await merging.merge("MRN-1", "MRN-2", "su-1")
    with pytest.raises(EpisodeAlreadyOpen, match="e2"):
        await crosswalk.open_episode("MRN-1", "e3", date(2026, 2, 1))


async def test_a_merge_that_points_nowhere_or_in_a_circle_is_refused(database: ClinicDatabase) -> None:
    merging = await two(database)
    for keys, words in (
        (("MRN-1", "MRN-1"), "same"),
        (("MRN-9", "MRN-2"), "MRN-9"),
        (("MRN-1", "MRN-9"), "MRN-9"),
    ):
        with pytest.raises(CannotMerge, match=words):
            await merging.merge(*keys, "su-1")
    with pytest.raises(CannotMerge, match="not merged"):
        await merging.unmerge("MRN-1", "su-1")
    await merging.merge("MRN-1", "MRN-2", "su-1")
    with pytest.raises(CannotMerge, match="name that key"):
        await merging.merge("MRN-2", "MRN-1", "su-1")
    await Patients(database).save(Patient("MRN-3", given_name="Ada"))
    with pytest.raises(CannotMerge, match="merge that one"):
        await merging.merge("MRN-1", "MRN-3", "su-1")
    await merging.merge("MRN-2", "MRN-3", "su-1")
    assert await accounted(database, "MRN-1") == ["r1", "r2"]
    with pytest.raises(CannotMerge, match="take that apart first"):
        await merging.unmerge("MRN-1", "su-1")


async def test_T3_two_people_who_were_merged_by_mistake_are_taken_apart_again(
    database: ClinicDatabase,
) -> None:
    merging, crosswalk = await two(database), Crosswalk(database)
    await merging.merge("MRN-1", "MRN-2", "su-1")
    await disclosed(database, "e1", "r3")
    await crosswalk.note("e2", date(2026, 1, 31))
    await crosswalk.follow("e1", "e1b", date(2026, 2, 1))
    done = await merging.unmerge("MRN-1", "su-1")
    assert done.episodes == ("e1", "e1b")
    assert done.differed == ("stopped_at",)  # a STOP is not lifted by itself
    assert (await accounted(database, "MRN-1"), await accounted(database, "MRN-2")) == (["r1", "r3"], ["r2"])
    assert (await crosswalk.episodes_of("MRN-1"), await crosswalk.episodes_of("MRN-2")) == (
        ["e1b", "e1"],
        ["e2"],
    )
    ours, other = await Patients(database).get("MRN-2"), await Patients(database).get("MRN-1")
    assert ours is not None
    assert other is not None
    assert (ours.given_name, other.given_name) == (None, "Ada")
    assert (await merging.merge("MRN-1", "MRN-2", "su-1")).is_new


def test_nobody_is_written_to_who_may_not_be_under_either_key() -> None:
    for one, other in product((True, False, None), repeat=2):
        kept = safer(*(None if may is None else Contact("mailto:a@b.example", may) for may in (one, other)))
        assert (kept is not None and kept.allowed) == (False not in (one, other) and True in (one, other))


clocks = st.times().map(lambda at: at.replace(minute=at.minute // 15 * 15, second=0, microsecond=0))
hours: st.SearchStrategy[Hours] = st.one_of(st.just((None, None)), st.tuples(clocks, clocks))


@given(hours, hours, clocks)
def test_quiet_hours_of_a_merged_person_cover_those_of_both(one: Hours, other: Hours, clock: time) -> None:
    both = quiet_of_both(one, other)
    instant = datetime.combine(date(2026, 1, 5), clock, UTC)

    def is_quiet_for(span: Hours) -> bool:
        person = Patient("k", quiet_from=span[0], quiet_until=span[1])
        return is_quiet(instant, ZoneInfo("UTC"), person.quiet_hours)

    if is_quiet_for(one) or is_quiet_for(other):
        assert is_quiet_for(both)


@given(st.booleans(), st.booleans())
def test_a_stop_under_either_key_holds(ours: bool, other: bool) -> None:
    kept, _ = together(*(Patient("k", stopped_at=STOPPED if said else None) for said in (ours, other)))
    assert (kept.stopped_at is not None) == (ours or other)
