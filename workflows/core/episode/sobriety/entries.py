"""Use, tests and medication (S1-S10)."""

from datetime import date, datetime
from typing import ClassVar, Literal

from pydantic import Field, model_validator

from workflows.core.engine.entry import BY_STAFF, Code, Entry, Name, Source


class Use(Entry):
    """A use that was told, seen, or reported by another; a clinician may class it as relapse (S2, S3)."""

    kind: Literal["use"]
    identified_by: ClassVar[tuple[str, ...] | None] = ("on", "substance")
    on: date
    """The day of the use."""
    evidence: Literal["self_report", "observed", "collateral"] = "self_report"
    """Who says so: the person, somebody who saw it, or somebody else who knows them."""
    substance: Code = "unspecified"
    """What was used."""
    class_: Literal["slip", "relapse"] = Field("slip", alias="class")
    """`relapse` is a clinician's word."""

    def when(self) -> date:
        return self.on


TestResult = Literal[
    "pending", "negative", "presumptive", "definitive", "residual", "dilute", "tampered", "not_provided"
]


class Test(Entry):
    """The state of one test; later entries with the same `test_id` advance it (S5, S6)."""

    __test__ = False  # not a test case, whatever pytest may think

    kind: Literal["test"]
    identified_by: ClassVar[tuple[str, ...] | None] = ("test_id",)
    brings_forward: ClassVar[bool] = True
    stated_by: ClassVar[tuple[Source, ...]] = (*BY_STAFF, Source.LAB, Source.AGENCY)
    laboratories_amend: ClassVar[bool] = True
    test_id: Code
    """The specimen's own code."""
    ordered_on: date | None = None
    """The day on which it was ordered."""
    collected_on: date | None = None
    """The day on which it was given; it dates a positive (S5)."""
    use_on: date | None = None
    """A clinician's estimate of the day of use; absent: the collection date stands for it (S5)."""
    result: TestResult = "pending"
    """What is known by now."""
    substances: tuple[Code, ...] = ()
    """What was found, for a positive; what was prescribed and not found, for a negative."""
    reason: Name | None = None
    """Why it was not provided; some reasons excuse it (S5)."""
    reported_at: datetime | None = None
    """When the laboratory reported this result; results of one test are ordered by it where it is known (T4)."""

    @model_validator(mode="after")
    def _a_result_has_a_collection(self) -> "Test":
        if self.result not in ("pending", "not_provided") and self.collected_on is None:
            raise ValueError("collected_on: a result needs the day of collection, which dates it (S5)")
        if self.ordered_on and self.collected_on and self.collected_on < self.ordered_on:
            raise ValueError(
                f"collected_on: {self.collected_on} lies before the test was ordered on {self.ordered_on}"
            )
        if self.use_on and self.collected_on and self.use_on > self.collected_on:
            raise ValueError(f"use_on: {self.use_on} lies after the collection on {self.collected_on}")
        if self.result in ("presumptive", "definitive") and not self.substances:
            raise ValueError('substances: name what the positive is for, such as ["alcohol"]')
        return self

    def when(self) -> date | None:
        return self.collected_on or self.ordered_on

    def stated_days(self) -> tuple[date, ...]:
        return tuple(day for day in (self.ordered_on, self.collected_on, self.use_on) if day)

    def stated_moments(self) -> tuple[date | datetime, ...]:
        return (*self.stated_days(), self.reported_at) if self.reported_at else self.stated_days()


class Medication(Entry):
    """A prescription, active from `start_on` to `end_on` inclusive; never a slip, never a barrier (S7)."""

    kind: Literal["medication"]
    identified_by: ClassVar[tuple[str, ...] | None] = ("name", "start_on")
    stated_by: ClassVar[tuple[Source, ...]] = (*BY_STAFF, Source.LAB, Source.AGENCY)
    name: Code
    """Its name, of the ingredient or of the product."""
    treats: Code | None = None
    """What it is for."""
    start_on: date
    """The first day."""
    end_on: date | None = None
    """The last day; absent: it goes on."""

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> "Medication":
        if self.end_on and self.end_on < self.start_on:
            raise ValueError(f"end_on: {self.end_on} lies before start_on {self.start_on}")
        return self

    def when(self) -> date:
        return self.start_on
