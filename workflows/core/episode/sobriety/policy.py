"""Numbers of use and tests (S1-S8)."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from workflows.core.engine.calendar import Delay
from workflows.core.engine.policy import Days, Part


class SlipResponse(Part):
    """What follows a slip (S3)."""

    safety_check: Delay = Delay(by_end_of_day=True)
    """Until somebody has made sure that the person is safe."""
    safety_check_again: Delay = Delay(hours=2)
    """After an attempt that did not reach the person."""
    individual_session: Delay = Delay(business_days=1)
    """Until a session with the person alone."""
    plan_review: Delay = Delay(hours=72)
    """Until the plan of care has been looked through."""
    review_at_slips: Annotated[int, Field(ge=1)] = 2
    """So many slips ask for a review of the level of care…"""
    review_within_days: Days = 14
    """…if they lie within so many days."""
    review_due: Delay = Delay(business_days=2)
    """Until that review is done."""
    offer: Delay = Delay(business_days=2)
    """Until it is known what became of an offer of more care."""
    offer_again: Delay = Delay(business_days=2)
    """After the person has not decided yet."""


class TestPhase(Part):
    """How densely tests are drawn (S4): up to a program day, or to the end; at most so many days apart."""

    __test__ = False  # not a test case, whatever pytest may think

    until_day: Annotated[int, Field(ge=1)] | None = None
    """The last program day of the phase; absent: to the end."""
    max_gap_days: Annotated[int, Field(ge=1)]
    """Tests are drawn at most so many days apart."""


class Tests(Part):
    """How tests are drawn, which substances count, and which medication explains which positive (S4-S8)."""

    phases: tuple[TestPhase, ...] = (TestPhase(until_day=30, max_gap_days=7), TestPhase(max_gap_days=12))
    """Denser in the first phase; with none, no test is drawn (S4)."""
    after_slip_days: Days = 14
    """So long after a slip became known tests are drawn more often (S3)."""
    after_slip_max_gap_days: Annotated[int, Field(ge=1)] = 4
    """Then at most so many days apart (S3)."""
    collection: Delay = Delay(business_days=1)
    """The window in which a drawn test is collected (S4)."""
    not_collected: Delay = Delay(business_days=1)
    """Until somebody has said why a test was not collected (S4)."""
    result: Delay = Delay(business_days=5)
    """So long after a specimen was collected its result is asked about, if nothing is recorded of it (S5)."""

    never_counted: tuple[str, ...] = (
        "nicotine", "nikotin", "nicotin", "cotinine", "tobacco", "cigarette", "cigarettes", "cigar", "cigars",
        "smoking",
        "snus", "snuff", "dip", "chew", "chewing tobacco", "pipe tobacco", "nicotine gum", "nicotine patch",
        "nicotine pouch", "nicotine lozenge", "nicotine spray", "nicotine inhaler", "nicotine vape", "vape", "vaping",
        "juul", "zyn", "e-cigarette", "caffeine", "coffee", "decaf", "tea", "cola", "energy drink",
    )  # fmt: skip
    """What is never a slip, under every name that it goes by (S8)."""
    explained_by: Mapping[str, tuple[str, ...]] = Field(
        default_factory=lambda: {
            "buprenorphine": ("buprenorphine", "norbuprenorphine", "naloxone", "opioids"),
            "methadone": ("methadone", "eddp", "opioids"),
            "naltrexone": ("naltrexone", "6-beta-naltrexol", "beta-naltrexol"),
            "naloxone": ("naloxone",),
        }
    )
    """What a medication explains in a test, by its active ingredient; each ingredient is looked for in the name
    (S7)."""
    product_names: Mapping[str, str] = Field(
        default_factory=lambda: {
            **dict.fromkeys(
                ("suboxone", "zubsolv", "bunavail", "subutex", "sublocade", "brixadi", "buprenex", "butrans"),
                "buprenorphine",
            ),
            **dict.fromkeys(("methadose", "dolophine", "diskets"), "methadone"),
            **dict.fromkeys(("vivitrol", "revia", "depade"), "naltrexone"),
        }
    )
    """Product names of medication for addiction in the United States, with the active ingredient of each (S7)."""
    substance_names: Mapping[str, str] = Field(
        default_factory=lambda: {
            **dict.fromkeys(
                ("ethanol", "ethyl alcohol", "etoh", "etg", "ets", "ethyl glucuronide", "ethyl sulfate", "peth",
                 "phosphatidylethanol", "beer", "wine", "liquor", "spirits", "vodka", "whiskey", "whisky"),
                "alcohol",
            ),
            **dict.fromkeys(("benzoylecgonine", "coke", "crack", "crack cocaine"), "cocaine"),
            **dict.fromkeys(
                ("thc", "thc-cooh", "carboxy-thc", "marijuana", "marihuana", "cannabinoids", "weed", "hashish"),
                "cannabis",
            ),
            **dict.fromkeys(("meth", "crystal meth", "crystal", "d-methamphetamine"), "methamphetamine"),
            **dict.fromkeys(("benzos", "benzodiazepine"), "benzodiazepines"),
        }
    )  # fmt: skip
    """Other names of a substance, also what a laboratory finds of it, with the name under which uses are compared: one
    use that two people name differently is asked about once (S2)."""
    excused_reasons: tuple[str, ...] = ("unable", "absent", "excused", "clinic_cancelled")
    """Why a test that was not provided raises no doubt (S5); any other reason, and none, is a refusal (S6)."""
    hold_review: Delay = Delay(business_days=1)
    """Until a clinician has looked at what holds the gate (S2, S6)."""
    hold_review_again: Delay = Delay(business_days=3)
    """After a clinician chose to collect again or to await the confirmation, the question comes back (S6)."""
