"""The ranking: what may come into a list, in which order, and why (C3, C4, C5)."""

import random
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from activities.directory import geometry, secular, vocabulary
from activities.directory.asking import Ask, RankedList
from activities.directory.index import Index
from activities.directory.listing import Listing, Place, Slot
from activities.directory.matching import ALWAYS_OFFERED, rank
from activities.directory.wishes import Wishes, WrongWish, read
from tests.searching import examples
from workflows.core.episode.linkage.ranking import Ranking
from workflows.core.episode.linkage.vocabulary import ReferralKind

NOW = datetime(2026, 3, 16, 12, tzinfo=UTC)
HOME = (38.63, -90.2)
ZONE = "America/Chicago"


def listing(source_id: str, kind: ReferralKind = "mutual_help", **fields: Any) -> Listing:
    usual: dict[str, Any] = {
        "source": "f",
        "source_id": source_id,
        "kind": kind,
        "name": source_id,
        "timezone": ZONE,
    }
    if kind == "mutual_help":
        usual |= {"fellowship": "aa", "weekly": (Slot(1, 19 * 60, 60),)}
    return Listing(**{**usual, "place": Place(38.64, -90.21), **fields})


def smart(source_id: str = "smart", **fields: Any) -> Listing:
    return listing(source_id, **{"fellowship": "smart", "secular": True, **fields})


def matched(
    listings: list[Listing], kind: ReferralKind = "mutual_help", *, near: tuple[float, float] | None = HOME,
    at_most: int = 5, leave_out: tuple[str, ...] = (), service: str = "", zone: str | None = ZONE,
    speaks: str | None = None, **wishes: Any,
) -> RankedList:  # fmt: skip
    ask = Ask(kind, read(wishes), NOW, service, near, zone, speaks, frozenset(leave_out), at_most)
    return rank(Index(listings), ask)


def ids(ranking: RankedList) -> list[str]:
    return [one.listing.source_id for one in ranking.found if one.listing.source != secular.SOURCE]


def why(ranking: RankedList, source_id: str) -> tuple[str, ...]:
    return next(one.why for one in ranking.found if one.listing.source_id == source_id)


# -- mutual help --------------------------------------------------------------------------------------------


def test_C4_meetings_are_ranked_by_distance_and_say_why() -> None:
    far, near = listing("far", place=Place(38.75, -90.2), open_meeting=True), listing("near")
    found = matched([far, near, smart(place=Place(38.7, -90.2))])
    assert ids(found) == ["near", "smart", "far"]
    assert why(found, "far") == ("Monday 19:00", "open to everybody", "13.3 km away")


@pytest.mark.parametrize(
    ("wishes", "left"),
    [
        ({"weekdays": [2]}, {"tue"}),
        ({"weekdays": ["mon", "Tuesday"]}, {"tue", "late", "es", "closed", "na", "online"}),
        ({"not_before": "20:30"}, {"late"}),
        ({"not_before": "23:00", "not_after": "01:00"}, set()),
        ({"not_after": "19:00", "weekdays": "mon"}, {"es", "closed", "na", "online"}),
        ({"languages": ["Spanish"]}, {"es"}),
        ({"open_meetings_only": True}, {"tue", "late", "es", "na", "online"}),
        ({"fellowships": ["NA"]}, {"na"}),
        ({"modality": "online"}, {"online"}),
        ({"modality": "in_person"}, {"tue", "late", "es", "closed", "na"}),
        ({"max_km": 0.5}, {"online"}),
    ],
)
def test_C4_a_meeting_on_another_day_in_another_language_or_too_far_is_left_out(
    wishes: dict[str, Any], left: set[str]
) -> None:
    listings = [
        listing("tue", weekly=(Slot(2, 1140),), languages=("en",)),
        listing("late", weekly=(Slot(1, 21 * 60),), languages=("en",)),
        listing("es", languages=("es",)),
        listing("closed", open_meeting=False, languages=("en",)),
        listing("na", fellowship="na", languages=("en",)),
        listing("online", modality="online", place=None, languages=("en",)),
    ]
    found = matched(listings, at_most=10, **wishes)
    assert set(ids(found)) == left
    assert found.fitting == len(left)


def test_what_is_closed_full_left_out_or_of_another_kind_never_comes() -> None:
    listings = [
        listing("tc", status="temporarily_closed"), listing("inactive", status="inactive"), listing("tried"),
        listing("full", accepts_new=False), listing("th", kind="therapist"), listing("good"),
    ]  # fmt: skip
    assert ids(matched(listings, leave_out=("f:tried",))) == ["good"]


def test_a_vague_place_is_never_the_nearest() -> None:
    vague = listing("a-vague", place=Place(*HOME, approximate=True))
    nowhere = listing("b-nowhere", place=None)
    edge = listing("edge", place=Place(39.3, -90.2))
    found = matched([vague, nowhere, edge, smart(place=Place(39.2, -90.2))])
    assert ids(found) == ["smart", "edge", "a-vague", "b-nowhere"]
    assert why(found, "a-vague")[-1] == "its place is only known roughly"
    assert why(found, "b-nowhere")[-1] == "its distance is not known"
    assert next(one.km for one in found.found if one.listing.source_id == "a-vague") is None


def test_a_meeting_for_others_comes_after_those_for_everybody_unless_it_is_wished() -> None:
    women, all_ = listing("a-women", formats=("women",)), listing("b")
    found = matched([women, all_])
    assert ids(found) == ["b", "a-women"]
    assert why(found, "a-women")[-1] == "for women"
    assert ids(matched([women, all_], formats=["women"])) == ["a-women", "b"]


def test_formats_rank_and_what_is_lacking_is_said() -> None:
    both, one = listing("z", formats=("newcomer", "step_study")), listing("a", formats=("newcomer",))
    found = matched([one, both], formats=["newcomer", "step study"])
    assert ids(found) == ["z", "a"]
    assert "does not state: step study" in why(found, "a")


def test_online_counts_like_a_way_of_ten_kilometres() -> None:
    online = listing("online", modality="online", place=None)
    near, far = listing("near"), listing("far", place=Place(38.8, -90.2))
    assert ids(matched([far, online, near])) == ["near", "online", "far"]


def test_a_hybrid_meeting_far_away_can_be_joined_online_and_not_in_person() -> None:
    hybrid = listing("hybrid", modality="hybrid", place=Place(40.7, -74.0))
    found = matched([hybrid])
    assert "online" in why(found, "hybrid")
    assert ids(matched([hybrid], modality="in_person")) == []


def test_times_are_on_the_clock_of_the_patient() -> None:
    # 00:30 on Tuesday in New York is 23:30 on Monday in Chicago.
    east = listing("east", weekly=(Slot(2, 30),), timezone="America/New_York", modality="online")
    found = matched([east], weekdays=["mon"], not_before="23:00")
    assert f"Monday 23:30 ({ZONE} time)" in why(found, "east")
    assert ids(matched([east], weekdays=["tue"])) == []
    # Sunday's last hour is Monday's first one farther east.
    west = listing("west", weekly=(Slot(7, 23 * 60 + 30),), modality="online")
    assert ids(matched([west], weekdays=["mon"], zone="America/New_York")) == ["west"]
    assert ids(matched([west], weekdays=["sun"], zone=None)) == ["west"]


def test_whoever_goes_there_reads_the_clock_on_that_wall_and_the_zone_is_named() -> None:
    over_there = listing("over-there", weekly=(Slot(2, 30),), timezone="America/New_York")
    assert "Tuesday 00:30 (America/New_York time)" in why(matched([over_there]), "over-there")
    here = listing("here", weekly=(Slot(2, 30),))
    assert "Tuesday 00:30" in why(matched([here]), "here")


def test_a_meeting_of_several_days_is_found_on_each() -> None:
    daily = listing("daily", weekly=tuple(Slot(day, 720) for day in range(1, 8)))
    assert all(ids(matched([daily], weekdays=[day])) == ["daily"] for day in range(1, 8))
    assert "Monday 12:00, Tuesday 12:00, Wednesday 12:00 and 4 more times" in why(matched([daily]), "daily")


def test_one_meeting_in_two_directories_comes_once_from_the_better_source() -> None:
    better, copied = listing("x"), replace(listing("x"), source="a-copy", trust="unverified")
    (first, *_) = matched([copied, better]).found
    assert first.listing.source == "f"
    assert matched([copied, better]).fitting == 1


def test_a_person_of_another_language_is_warned_though_nothing_is_wished() -> None:
    english, spanish = listing("a", languages=("en",)), listing("b", languages=("es",))
    found = matched([english, spanish], speaks="es")
    assert ids(found) == ["b", "a"]
    assert why(found, "a")[-1] == "not in Spanish"


# -- the secular choice -------------------------------------------------------------------------------------


def test_C4_a_secular_choice_is_always_in_the_list() -> None:
    others = [listing(f"aa{n}") for n in range(9)]
    found = matched([*others, smart(place=Place(38.9, -90.2))])
    assert ids(found) == ["aa0", "aa1", "aa2", "aa3", "smart"]
    assert why(found, "smart")[0] == ALWAYS_OFFERED


def test_C4_the_secular_choice_comes_at_another_time_or_from_afar_rather_than_not_at_all() -> None:
    at_another_time = matched([listing("aa"), smart()], weekdays=[1], not_before="18:00", not_after="18:30")
    assert why(at_another_time, "smart")[:2] == (ALWAYS_OFFERED, "at another time than wished")
    far = smart(modality="online", place=None, languages=("en",))
    assert ids(matched([listing("aa"), far], modality="in_person")) == ["aa", "smart"]
    nothing = matched([listing("aa")], fellowships=["aa"])
    assert nothing.found[-1].listing is secular.ALWAYS[0]
    assert matched([]).found[-1].listing is secular.ALWAYS[0]


def test_C4_of_the_standing_choices_one_that_was_declined_comes_last() -> None:
    first, second = (one.listing_id for one in secular.ALWAYS)
    assert matched([], leave_out=(first,)).found[-1].listing.listing_id == second
    assert matched([], leave_out=(first, second)).found[-1].listing.listing_id == first


def test_C4_a_list_of_one_still_has_the_wished_meeting_beside_the_secular_choice() -> None:
    assert ids(matched([listing("aa"), smart(place=Place(38.9, -90.2))], at_most=1)) == ["aa", "smart"]


# -- therapists and services --------------------------------------------------------------------------------


def therapist(source_id: str, **fields: Any) -> Listing:
    return listing(source_id, "therapist", **{"wait_days": 7, **fields})


def test_C3_therapists_are_ranked_by_specialty_payer_waiting_time_and_distance() -> None:
    listings = [
        therapist("fits", specialties=("trauma", "emdr"), payers=("medicaid",)),
        therapist("waits", specialties=("trauma", "emdr"), payers=("medicaid",), wait_days=40),
        therapist("no-emdr", specialties=("trauma",), payers=("medicaid",)),
        therapist("other-payer", specialties=("trauma", "emdr"), payers=("aetna",)),
        therapist("far", specialties=("trauma", "emdr"), payers=("medicaid",), place=Place(38.8, -90.2)),
        therapist("silent", payers=(), wait_days=None),
    ]
    found = matched(listings, "therapist", specialties=["trauma", "EMDR"], payers=["MO Medicaid"], at_most=9)
    assert ids(found) == ["fits", "far", "no-emdr", "other-payer", "waits", "silent"]
    assert why(found, "fits") == (
        "works with trauma", "works with EMDR", "takes Medicaid", "1.4 km away", "a first visit in 7 days",
    )  # fmt: skip
    assert why(found, "waits")[-1] == "a first visit in 40 days, later than 14"
    assert why(found, "silent")[-4:] == (
        "does not state: trauma", "does not state: EMDR", "does not say who pays", "does not state a waiting time",
    )  # fmt: skip
    assert "does not list Medicaid" in why(found, "other-payer")


def test_I3_a_first_visit_at_another_level_of_care_is_ranked_by_the_wait_of_its_own() -> None:
    def place(source_id: str, wait_days: int) -> Listing:
        return listing(source_id, "level_of_care", services=("residential",), wait_days=wait_days)

    found = matched([place("late", 10), place("soon", 7)], "level_of_care", service="residential")
    assert ids(found) == ["soon", "late"]
    assert why(found, "late")[-1] == "a first visit in 10 days, later than 7"


def test_C3_the_longest_wait_is_the_one_that_is_asked_for() -> None:
    ask = Ask("therapist", read({}), NOW, near=HOME, first_visit_within_days=30)
    found = rank(Index([therapist("waits", wait_days=20)]), ask)
    assert "a first visit in 20 days" in why(found, "waits")


def test_C3_a_need_that_names_a_specialty_is_a_wish_for_it() -> None:
    listings = [therapist("a"), therapist("b", specialties=("dual_diagnosis",))]
    assert ids(matched(listings, "therapist", service="dual diagnosis")) == ["b", "a"]
    assert ids(matched(listings, "therapist", service="therapist")) == ["a", "b"]


def test_C3_hours_that_are_not_stated_leave_nobody_out() -> None:
    evening = therapist("evening", weekly=(Slot(2, 12 * 60, 8 * 60),))
    morning, silent = therapist("morning", weekly=(Slot(2, 8 * 60, 240),)), therapist("silent")
    found = matched([evening, morning, silent], "therapist", weekdays=["tue"], not_before="18:00")
    assert ids(found) == ["evening", "silent"]
    assert "Tuesday 12:00–20:00" in why(found, "evening")


def test_C5_services_are_found_by_need_however_it_is_said() -> None:
    pantry = listing("pantry", "service", services=("food_bank",))
    clinic = listing("clinic", "service", services=("hiv_testing", "sti_testing"), tags=("wheelchair",))
    detox = listing("detox", "level_of_care", services=("withdrawal_management",))
    everything = [pantry, clinic, detox]
    assert ids(matched(everything, "service", service="food bank")) == ["pantry"]
    assert ids(matched(everything, "service", service="STD testing", access=["wheelchair"])) == ["clinic"]
    assert ids(matched(everything, "level_of_care", service="detox")) == ["detox"]
    assert ids(matched(everything, "service", service="piano lessons")) == []
    assert why(matched(everything, "service", service="hiv"), "clinic")[0] == "offers HIV testing"


# -- laws ---------------------------------------------------------------------------------------------------

SLOTS = st.builds(Slot, st.integers(1, 7), st.integers(0, 1439), st.sampled_from([0, 60, 600]))
PLACES = st.none() | st.builds(Place, st.floats(37.5, 39.5), st.floats(-91.5, -89), st.booleans())
LISTINGS = st.lists(
    st.builds(
        listing,
        st.integers(0, 30).map(str),
        st.sampled_from(["mutual_help", "therapist", "service"]),
        fellowship=st.sampled_from(["aa", "na", "smart"]),
        secular=st.booleans(),
        place=PLACES,
        modality=st.sampled_from(["in_person", "online", "hybrid"]),
        status=st.sampled_from(["active", "active", "temporarily_closed"]),
        weekly=st.lists(SLOTS, max_size=3).map(tuple),
        timezone=st.sampled_from([ZONE, "America/New_York", "Asia/Kathmandu"]),
        languages=st.lists(st.sampled_from(["en", "es"]), unique=True).map(tuple),
        formats=st.lists(st.sampled_from(sorted(vocabulary.FORMATS)), max_size=3, unique=True).map(tuple),
        specialties=st.lists(st.sampled_from(["trauma", "emdr"]), unique=True).map(tuple),
        payers=st.lists(st.sampled_from(["medicaid", "aetna"]), unique=True).map(tuple),
        services=st.just(("food_bank",)),
        open_meeting=st.sampled_from([True, False, None]),
        wait_days=st.none() | st.integers(0, 60),
        trust=st.sampled_from(["official", "partner", "unverified"]),
    ),
    max_size=25,
    unique_by=lambda one: one.source_id,
)
WISHES = st.fixed_dictionaries(
    {},
    optional={
        "weekdays": st.lists(st.integers(1, 7), max_size=3),
        "not_before": st.sampled_from(["06:00", "18:00", "23:00"]),
        "not_after": st.sampled_from(["02:00", "12:00", "22:00"]),
        "languages": st.lists(st.sampled_from(["en", "es"]), max_size=2),
        "formats": st.lists(st.sampled_from(["women", "newcomer"]), max_size=2),
        "specialties": st.lists(st.sampled_from(["trauma", "grief"]), max_size=2),
        "payers": st.lists(st.sampled_from(["medicaid", "x"]), max_size=2),
        "modality": st.sampled_from(["in_person", "online", "either"]),
        "max_km": st.floats(1, 300),
        "open_meetings_only": st.booleans(),
        "fellowships": st.lists(st.sampled_from(["aa", "smart"]), max_size=1),
    },
).map(read)
ASKS = st.builds(
    Ask,
    st.sampled_from(["mutual_help", "therapist", "service"]),
    WISHES,
    st.just(NOW),
    near=st.none() | st.tuples(st.floats(38, 39), st.floats(-91, -90)),
    zone=st.sampled_from([None, ZONE, "Asia/Kathmandu"]),
    speaks=st.sampled_from([None, "es"]),
    at_most=st.integers(1, 6),
)


@given(LISTINGS, ASKS, st.randoms(use_true_random=False))
@settings(max_examples=examples(150), deadline=None)
def test_the_order_of_the_input_plays_no_part(
    listings: list[Listing], ask: Ask, order: random.Random
) -> None:
    shuffled = order.sample(listings, len(listings))
    assert rank(Index(shuffled), ask) == rank(Index(listings), ask)


@given(LISTINGS, ASKS)
@settings(max_examples=examples(150), deadline=None)
def test_C4_whatever_is_wished_mutual_help_has_a_secular_choice(listings: list[Listing], ask: Ask) -> None:
    found = rank(Index(listings), replace(ask, kind="mutual_help")).found
    assert any(one.listing.secular for one in found)
    assert len(found) <= max(2, ask.at_most)


@given(LISTINGS, ASKS)
@settings(max_examples=examples(200), deadline=None)
def test_the_index_finds_what_a_plain_look_at_each_listing_finds(listings: list[Listing], ask: Ask) -> None:
    ranking = rank(Index(listings), replace(ask, at_most=100))
    fitting = {one.listing.listing_id for one in ranking.found if ALWAYS_OFFERED not in one.why}
    # Two listings may be one meeting; then one of them stands for both.
    assert fitting == {one.listing_id for one in Index(listings).listings if _fits(one, ask)}
    assert list(ranking.found[: ranking.fitting]) == sorted(
        ranking.found[: ranking.fitting], key=lambda one: (one.points, one.listing.listing_id)
    )
    assert all(one.why for one in ranking.found if ask.wishes.at_some_time or ask.near)


@given(LISTINGS, ASKS)
@settings(max_examples=examples(200), deadline=None)
def test_listings_with_the_same_reasons_have_the_same_points(listings: list[Listing], ask: Ask) -> None:
    ranking = rank(Index(listings), replace(ask, at_most=100))
    points: dict[object, int] = {}
    for one in ranking.found[: ranking.fitting]:
        said = frozenset(
            reason for reason in one.why if ":" not in reason or "state" in reason
        )  # times cost nothing
        assert points.setdefault(said, one.points) == one.points


def test_who_comes_or_joins_from_home_is_told_apart_from_who_can_only_join() -> None:
    said = {
        one.listing.modality: one.why
        for one in rank(
            Index([listing(one, "service", modality=one, place=None) for one in ("hybrid", "online")]),
            Ask("service", read({}), NOW),
        ).found
    }
    assert "there or online" in said["hybrid"]
    assert "online" in said["online"]


def _fits(one: Listing, ask: Ask) -> bool:
    """The same question, asked slowly and in other words."""
    wishes = ask.wishes
    if one.kind != ask.kind or not one.offered:
        return False
    if one.kind == "mutual_help" and wishes.fellowships and one.fellowship not in wishes.fellowships:
        return False
    if wishes.modality == "online" and one.modality == "in_person":
        return False
    if wishes.modality == "in_person" and one.modality == "online":
        return False
    if wishes.open_meetings_only and one.open_meeting is False:
        return False
    if wishes.languages and one.languages and not set(wishes.languages) & set(one.languages):
        return False
    if (
        wishes.at_some_time
        and not (one.kind != "mutual_help" and not one.weekly)
        and not _at_a_time(one, ask)
    ):
        return False
    if (
        ask.near is None
        or one.located is None
        or (one.modality == "hybrid" and wishes.modality != "in_person")
    ):
        return True
    here, there = geometry.vector(*ask.near), geometry.vector(one.located.latitude, one.located.longitude)
    return sum(a * b for a, b in zip(here, there, strict=True)) >= geometry.cosine(wishes.max_km or 80)


def _at_a_time(one: Listing, ask: Ask) -> bool:
    from zoneinfo import ZoneInfo

    wishes, shift = ask.wishes, 0
    if ask.zone:
        offsets = [NOW.astimezone(ZoneInfo(name)).utcoffset() for name in (ask.zone, one.timezone)]
        assert offsets[0] is not None
        assert offsets[1] is not None
        shift = int((offsets[0] - offsets[1]).total_seconds() // 60)
    begin, end = wishes.not_before or 0, 1439 if wishes.not_after is None else wishes.not_after
    for slot in one.weekly:
        for minute in range(1 if one.kind == "mutual_help" else max(1, slot.minutes)):
            day, clock = divmod((slot.minute_of_week + shift + minute) % (7 * 1440), 1440)
            in_time = begin <= clock <= end if begin <= end else clock >= begin or clock <= end
            if in_time and (not wishes.weekdays or day + 1 in wishes.weekdays):
                return True
    return False


@given(
    st.floats(-89, 89), st.floats(-180, 180), st.floats(-0.9, 0.9), st.floats(-0.9, 0.9), st.floats(1, 500)
)
def test_no_cell_that_holds_a_near_point_is_passed_over(
    latitude: float, longitude: float, up: float, right: float, distance: float
) -> None:
    there = (max(-90.0, min(90.0, latitude + up * 5)), (longitude + right * 8 + 180) % 360 - 180)
    a, b = geometry.vector(latitude, longitude), geometry.vector(*there)
    km = geometry.km(sum(x * y for x, y in zip(a, b, strict=True)))
    if km <= distance:
        assert geometry.cell(*there) in set(geometry.cells_within(latitude, longitude, distance))


def test_distances() -> None:
    a, b = geometry.vector(38.63, -90.2), geometry.vector(41.88, -87.63)
    assert geometry.km(sum(x * y for x, y in zip(a, b, strict=True))) == pytest.approx(422.5, abs=1)
    assert geometry.km(1.0000001) == 0


@pytest.mark.parametrize(
    ("wishes", "words"),
    [
        ({"weekdays": ["someday"]}, "weekdays: someday is no weekday"),
        ({"not_before": "25:00"}, "not_before: 25:00 is no time of day"),
        ({"languages": ["Klingon"]}, "languages: Klingon is no language"),
        ({"formats": ["fun"]}, "formats: fun is no format"),
        ({"max_km": -1}, "max_km: Input should be greater than 0"),
        ({"max_km": "near"}, "max_km: Input should be a valid number"),
        ({"modality": "phone"}, "modality: Input should be"),
    ],
)
def test_a_wish_that_cannot_be_understood_is_named(wishes: dict[str, Any], words: str) -> None:
    with pytest.raises(WrongWish) as error:
        read(wishes)
    assert words in str(error.value)


def test_wishes_of_other_names_are_left_alone() -> None:
    assert read({"colour": "blue", "max_km": "20", "weekdays": None}) == Wishes(max_km=20)


def test_C3_the_policy_says_what_a_place_costs_by_what_it_lacks() -> None:
    near = listing("near", "therapist", place=Place(38.631, -90.2))
    far = listing("far", "therapist", place=Place(38.68, -90.2), wait_days=0)
    ask = Ask("therapist", read({}), NOW, near=HOME, zone=ZONE)
    assert ids(rank(Index([near, far]), ask)) == ["far", "near"], "an unknown wait is worth 7 km"
    careless = replace(ask, weights=Ranking(wait_not_said=0))
    assert ids(rank(Index([near, far]), careless)) == ["near", "far"]
