"""Ranking: the best places for what is asked, with the reason of each rank. Pure.

`fitting` says what comes into the list at all, `points` in which order, `reasons` why. Equal input gives an equal list,
whatever its order: listings with equal points stand in the order of their ids.
"""

from collections.abc import Sequence
from dataclasses import replace
from heapq import nsmallest

from activities.directory import vocabulary
from activities.directory.asking import Ask, Ranked, RankedList
from activities.directory.fitting import Fitting
from activities.directory.index import Index
from activities.directory.points import Points
from activities.directory.reasons import Reasons
from activities.directory.secular import ALWAYS
from workflows.core.episode.linkage.vocabulary import meaning

ALWAYS_OFFERED = "a secular choice, always offered"


def rank(index: Index, ask: Ask) -> RankedList:
    """The best listings for what is asked, the best first.

    For mutual help the list always holds a secular choice (C4): the best one that fits takes the last place if none
    is among the best; else one at another time or place; else the meetings that everybody can join online.
    """
    ask = _understood(ask)
    fitting = Fitting(index, ask)
    numbers = fitting.numbers()
    best = _best(fitting, numbers, ask.at_most)
    if ask.kind != "mutual_help" or any(one.listing.secular for one in best):
        return RankedList(best, len(numbers))
    return RankedList((*best[: max(1, ask.at_most - 1)], _secular(index, ask)), len(numbers))


def _best(fitting: Fitting, numbers: Sequence[int], at_most: int) -> tuple[Ranked, ...]:
    """The few with the fewest points, with their reasons; of those with equal points the lower id is first."""
    points = Points(fitting)
    reasons = Reasons(fitting, points)
    first = nsmallest(at_most, zip(points.totals(numbers), numbers, strict=True))
    listings = fitting.index.listings
    return tuple(Ranked(listings[n], total, reasons.of(n), fitting.km(n)) for total, n in first)


def _understood(ask: Ask) -> Ask:
    """A service that names a specialty or a fellowship is a wish for it."""
    meant, wishes = meaning(ask.service), ask.wishes
    code = meant.code if meant and meant.kind == ask.kind else vocabulary.service(ask.service)
    if ask.kind == "therapist":
        special = vocabulary.specialty(ask.service)
        if special in vocabulary.SPECIALTIES and special not in wishes.specialties:
            wishes = wishes.model_copy(update={"specialties": (*wishes.specialties, special)})
        code = ""
    elif ask.kind == "mutual_help":
        group = vocabulary.fellowship(ask.service)
        if group in vocabulary.FELLOWSHIPS and not wishes.fellowships:
            wishes = wishes.model_copy(update={"fellowships": (group,)})
        code = ""
    return replace(ask, wishes=wishes, service=code)


def _secular(index: Index, ask: Ask) -> Ranked:
    """The best choice that is built on no higher power: as wished, else at any time, else from anywhere."""
    as_wished: dict[str, object] = {"fellowships": tuple(index.secular)}
    any_time = {**as_wished, "weekdays": (), "not_before": None, "not_after": None}
    anywhere = {**any_time, "modality": "online", "languages": (), "open_meetings_only": False}
    steps = ((as_wished, ask.near, ()), (any_time, ask.near, ("at another time than wished",)),
             (anywhere, None, ("in another way than wished",)))  # fmt: skip
    for update, near, note in steps if index.secular else ():
        wishes = ask.wishes.model_copy(update=update)
        fitting = Fitting(index, replace(ask, wishes=wishes, near=near))
        for one in _best(fitting, [n for n in fitting.numbers() if index.listings[n].secular], 1):
            return replace(one, why=(ALWAYS_OFFERED, *note, *one.why))
    choice = next((one for one in ALWAYS if one.listing_id not in ask.leave_out), ALWAYS[0])
    return Ranked(choice, ask.weights.joined_online, (ALWAYS_OFFERED, "online, every day, from anywhere"))
