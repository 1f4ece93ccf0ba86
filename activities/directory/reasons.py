"""Why a listing stands where it stands, in sentences for people: first what speaks for it, then what it lacks. Pure."""

from dataclasses import dataclass

from activities.directory import vocabulary
from activities.directory.asking import Ask
from activities.directory.fitting import Fitting
from activities.directory.listing import DAY, WEEK, Listing
from activities.directory.points import Points
from activities.directory.times import in_words

OLD_DAYS = 2 * 365
"""After so long without an update one should ask whether it still stands."""


@dataclass(frozen=True, slots=True)
class Reasons:
    """The reasons of one search."""

    _fitting: Fitting
    _points: Points

    @property
    def _ask(self) -> Ask:
        return self._fitting.ask

    def of(self, n: int) -> tuple[str, ...]:
        """What speaks for a listing, then what it lacks."""
        one, wishes = self._fitting.index.listings[n], self._ask.wishes
        good, lacks = [], []
        if self._ask.service:
            good.append(f"offers {vocabulary.in_words(self._ask.service)}")
        stated = (
            ("works with ", wishes.specialties, one.specialties),
            ("", wishes.formats, one.formats),
            ("", wishes.access, one.tags),
        )
        for verb, wished, has in stated:
            good += [f"{verb}{vocabulary.in_words(code)}" for code in wished if code in has]
            lacks += [f"does not state: {vocabulary.in_words(code)}" for code in wished if code not in has]
        if wishes.payers:
            taken = [code for code in wishes.payers if code in one.payers]
            good += [f"takes {vocabulary.in_words(code)}" for code in taken]
            if not taken:
                asked = " or ".join(map(vocabulary.in_words, wishes.payers))
                lacks.append(f"does not list {asked}" if one.payers else "does not say who pays")
        self._language(n, one, good, lacks)
        self._times(n, one, good, lacks)
        if one.open_meeting is not None:
            good.append("open to everybody" if one.open_meeting else "for members only")
        elif wishes.open_meetings_only:
            lacks.append("does not say whether everybody may come")
        lacks += [vocabulary.in_words(code) for code in one.formats
                  if code in vocabulary.AUDIENCES and code not in wishes.formats]  # fmt: skip
        self._distance(n, one, good, lacks)
        self._wait(one, good, lacks)
        if one.trust == "unverified":
            lacks.append("from a directory that nobody has verified")
        if one.updated_at and (self._ask.now - one.updated_at).days > OLD_DAYS:
            lacks.append(f"last updated in {one.updated_at:%B %Y}: ask whether it still stands")
        return (*good, *lacks)

    def _language(self, n: int, one: Listing, good: list[str], lacks: list[str]) -> None:
        for code in self._ask.wishes.languages:
            if code in one.languages:
                good.append(f"in {vocabulary.language_name(code)}")
        if self._ask.speaks and self._points.foreign(self._fitting.index.marks[n]):
            lacks.append(f"not in {vocabulary.language_name(self._ask.speaks)}")
        if self._ask.wishes.languages and not one.languages:
            lacks.append("does not state its languages")

    def _times(self, n: int, one: Listing, good: list[str], lacks: list[str]) -> None:
        slots = one.weekly
        if self._ask.wishes.at_some_time:
            slots = tuple(slot for slot in slots if self._fitting.suits(slot, n))
        away = self._fitting.shifts[self._fitting.index.zone_numbers[n]]
        # Whoever goes there reads the clock on that wall; whoever joins from home, their own.
        shift = away if one.modality == "online" else 0
        shown = []
        for slot in slots[:3]:
            minute = (slot.minute_of_week + shift) % WEEK
            until = (
                (minute + slot.minutes) % DAY if slot.minutes and self._ask.kind != "mutual_help" else None
            )
            shown.append(in_words(minute // DAY + 1, minute % DAY, slot.weeks, until))
        if shown:
            more = f" and {len(slots) - 3} more times" if len(slots) > 3 else ""
            zone = (self._ask.zone if shift else one.timezone) if away else None
            good.append(", ".join(shown) + more + (f" ({zone} time)" if zone else ""))
        elif one.other_times:
            good.append(one.other_times)
        elif self._ask.kind == "mutual_help" or self._ask.wishes.at_some_time:
            lacks.append("its times are to be asked for")

    def _distance(self, n: int, one: Listing, good: list[str], lacks: list[str]) -> None:
        km = self._fitting.km(n)
        if km is not None and self._ask.wishes.modality != "online":
            good.append(f"{km:.1f} km away" + (", or online" if one.modality == "hybrid" else ""))
            return
        if one.modality != "in_person":
            good.append("there or online" if one.modality == "hybrid" and not self._ask.near else "online")
        elif one.place and one.place.approximate:
            lacks.append("its place is only known roughly")
        elif self._ask.near:
            lacks.append("its distance is not known")

    def _wait(self, one: Listing, good: list[str], lacks: list[str]) -> None:
        if self._ask.kind not in self._ask.weights.waited_for:
            return
        limit = self._points.longest_wait
        if one.wait_days is None:
            lacks.append("does not state a waiting time")
        elif one.wait_days > limit:
            lacks.append(f"a first visit in {one.wait_days} days, later than {limit}")
        else:
            good.append(
                f"a first visit in {one.wait_days} days" if one.wait_days else "a first visit at once"
            )
