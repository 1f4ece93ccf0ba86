"""The instruments that are known: each is a file of numbers in `published/`.

No question stands there, which are their authors': an instrument is the numbers of its items, how high an answer
goes, how its scales are added up and read, and when it is due again.
"""

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class _Numbers(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Band(_Numbers):
    """From which score on a scale is read how."""

    from_: Annotated[int, Field(alias="from", ge=0)]
    name: str


class Scale(_Numbers):
    """Items that are added up to a score, and what makes a score worse than the one before."""

    name: str
    items: tuple[int, ...]
    more_is_better: bool = False
    worse_by: int | None = None
    """So many points more than the time before are a worsening; less, where more is better."""
    worse_from: int | None = None
    """A score of so much or more is one, if the time before it was lower; of so much or less, where more is better."""
    bands: tuple[Band, ...] = ()

    def band(self, score: int) -> str | None:
        """How a score is read; None where the instrument has no bands."""
        return next((band.name for band in reversed(self.bands) if score >= band.from_), None)

    def is_worse(self, score: int, before: int) -> bool:
        """Whether a score is a worsening, by the instrument's own threshold (M2)."""
        now, then, bound = score, before, self.worse_from
        if self.more_is_better:
            now, then, bound = -score, -before, None if bound is None else -bound
        by_points = self.worse_by is not None and now - then >= self.worse_by
        return by_points or (bound is not None and now >= bound > then)


class Asks(_Numbers):
    """An answer that is spoken about the same day (M3)."""

    item: int
    from_: Annotated[int, Field(alias="from", ge=1)]
    about: str


class Instrument(_Numbers):
    """One instrument: its items are numbered from 1, and each is answered from 0 to `highest`."""

    code: str
    title: str
    source: str
    items: Annotated[int, Field(ge=1, le=200)]
    highest: Annotated[int, Field(ge=1, le=1000)]
    again_days: Annotated[int, Field(ge=1, le=3650)]
    """So many days after it was filled in it is due again (M1)."""
    scales: Annotated[tuple[Scale, ...], Field(min_length=1)]
    asks: tuple[Asks, ...] = ()

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        numbers = range(1, self.items + 1)
        named = [item for scale in self.scales for item in scale.items] + [one.item for one in self.asks]
        if beyond := sorted({item for item in named if item not in numbers}):
            raise ValueError(f"items: there is no item {beyond[0]} among {self.items}")
        for scale in self.scales:
            if any(one.from_ >= other.from_ for one, other in pairwise(scale.bands)):
                raise ValueError(f"scales: the bands of {scale.name} go up from the lowest")
        return self

    def scored(self, answers: tuple[int, ...]) -> dict[str, int]:
        """The score of each scale, from the answers in the order of the items."""
        return {scale.name: sum(answers[item - 1] for item in scale.items) for scale in self.scales}

    def highest_of(self, scale: Scale) -> int:
        """The highest score of a scale."""
        return self.highest * len(scale.items)

    def worse(self, scores: Mapping[str, int], before: Mapping[str, int]) -> tuple[str, ...]:
        """The scales on which scores are a worsening (M2)."""
        return tuple(s.name for s in self.scales if s.is_worse(scores[s.name], before[s.name]))

    def in_words(self, scores: Mapping[str, int]) -> str:
        """Scores as staff read them: "12, moderate", or "use 4, use; risk 60, lower risk; …"."""
        said = [
            (scale.name, ", ".join(filter(None, (str(scores[scale.name]), scale.band(scores[scale.name])))))
            for scale in self.scales
        ]
        return said[0][1] if len(said) == 1 else "; ".join(f"{name} {score}" for name, score in said)


@cache
def instruments() -> Mapping[str, Instrument]:
    """Every instrument by its code, such as `phq_9`: the name of its file."""
    found = sorted(files(__package__).joinpath("published").iterdir(), key=lambda file: file.name)
    read = ((file.name.removesuffix(".toml"), file) for file in found if file.name.endswith(".toml"))
    return {code: Instrument(code=code, **tomllib.loads(file.read_text("utf-8"))) for code, file in read}


INSTRUMENTS = instruments()
"""Read once, when this is imported: no rule waits for a disk."""


def code_of(name: str) -> str | None:
    """The code of an instrument, however it is spelled: "PHQ-9", "phq9" and "phq_9"; None: it is not known."""
    return _SPELLED.get(_plain(name))


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


_SPELLED = {_plain(code): code for code in INSTRUMENTS}
