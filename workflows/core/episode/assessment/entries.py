"""What a person, or whoever asked them, has answered to an instrument (M1)."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BeforeValidator, model_validator

from workflows.core.engine.entry import BY_STAFF, Code, Entry, Source
from workflows.core.episode.assessment.instruments import INSTRUMENTS, Instrument, code_of


def _known(value: object) -> object:
    code = code_of(value) if isinstance(value, str) else None
    if code is None:
        raise ValueError(f"this instrument is not known; those that are: {', '.join(sorted(INSTRUMENTS))}")
    return code


def _in_order(value: object) -> object:
    """Answers by the numbers of their items, in the order of the items."""
    if not isinstance(value, Mapping):
        return value
    try:
        by_number = {int(str(item)): answer for item, answer in value.items()}
    except ValueError:
        raise ValueError('name each answer by the number of its item, such as {"1": 2, "2": 0, …}') from None
    missing = [number for number in range(1, max(by_number, default=0) + 1) if number not in by_number]
    if missing or min(by_number, default=1) < 1 or len(by_number) < len(value):
        raise ValueError(
            f"the answer to item {missing[0]} is missing"
            if missing
            else "items are numbered from 1, each once"
        )
    return [by_number[number] for number in sorted(by_number)]


class Assessment(Entry):
    """An instrument that was filled in: the answers to its items, or the score alone (M1)."""

    kind: Literal["assessment"]
    identified_by: ClassVar[tuple[str, ...] | None] = ("instrument", "on")
    stated_by: ClassVar[tuple[Source, ...]] = (*BY_STAFF, Source.PATIENT, Source.KIOSK, Source.AGENCY)
    instrument: Annotated[Code, BeforeValidator(_known)]
    """`phq_9`, `gad_7` or `bam_r`, in any spelling."""
    on: date
    """The day on which it was filled in."""
    items: Annotated[tuple[int, ...], BeforeValidator(_in_order)] | None = None
    """The answer to each item, as a list in their order or by their numbers. All of them are needed for a score: where
    one was left out, give the score as the instrument's manual has it."""
    score: int | dict[str, int] | None = None
    """The score, where the answers are not at hand; by the names of its scales where it has several."""

    @model_validator(mode="after")
    def _fits_its_instrument(self) -> Self:
        known = INSTRUMENTS[self.instrument]
        if self.items is None and self.score is None:
            raise ValueError("items: give the answers, or the score alone in score")
        if self.items is not None:
            _check_items(known, self.items)
        if self.score is not None:
            _check_scores(known, _by_scale(known, self.score))
        if self.items is not None and self.score is not None and self.scores != known.scored(self.items):
            raise ValueError(
                f"score: these answers add up to {known.in_words(known.scored(self.items))}; leave the score out, or "
                "correct whichever is wrong"
            )
        return self

    @property
    def scores(self) -> dict[str, int]:
        """The score of each scale of the instrument."""
        known = INSTRUMENTS[self.instrument]
        if self.score is not None:
            return _by_scale(known, self.score)
        assert self.items is not None, "one of the two is needed"
        return known.scored(self.items)

    def when(self) -> date:
        return self.on


def _check_items(known: Instrument, answers: tuple[int, ...]) -> None:
    if len(answers) != known.items:
        raise ValueError(f"items: {known.title} has {known.items} items, and these are {len(answers)}")
    for number, answer in enumerate(answers, 1):
        if not 0 <= answer <= known.highest:
            raise ValueError(f"items: item {number} of {known.title} is answered from 0 to {known.highest}")


def _by_scale(known: Instrument, score: Any) -> dict[str, int]:
    names = [scale.name for scale in known.scales]
    if isinstance(score, Mapping):
        if set(score) != set(names):
            raise ValueError(
                f"score: {known.title} has the scales {', '.join(names)}; give one score for each"
            )
        return {name: score[name] for name in names}
    if len(names) > 1:
        raise ValueError(f"score: {known.title} has no score as a whole; give one for {', '.join(names)}")
    return {names[0]: score}


def _check_scores(known: Instrument, scores: Mapping[str, int]) -> None:
    for scale in known.scales:
        if not 0 <= scores[scale.name] <= known.highest_of(scale):
            of = f" ({scale.name})" if len(known.scales) > 1 else ""
            raise ValueError(
                f"score: {known.title}{of} goes from 0 to {known.highest_of(scale)}, and this is {scores[scale.name]}"
            )
