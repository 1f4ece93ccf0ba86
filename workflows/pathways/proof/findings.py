"""What is proved, in words, and what was found: for each invariant how often it was looked at and what breaks it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from workflows.pathways.proof.story import ChartStory, Story


@dataclass(frozen=True, slots=True)
class Invariant:
    """Something that must always be true, in words that a clinician reads."""

    rule: str
    title: str
    means: str
    of_policy: bool = False
    """Whether it is looked at only under a clinic's own policy."""


INVARIANTS: Mapping[str, Invariant] = MappingProxyType(
    {
        "person": Invariant(
            "E1", "Only a person ends an episode",
            "Nobody is discharged by a return to use, a test, a missed session, a payer's refusal, the extension "
            "limit, time, or another system: an exit always has the decision of a named person behind it.",
        ),
        "promise": Invariant(
            "", "What the rules promise is kept",
            "Each rule has ways of its own through the small program: what it promises is seen at their end, and what "
            "it forbids is refused.",
        ),
        "blind": Invariant(
            "", "Nothing hangs on what it must not depend on",
            "What a fact has read is noted while it is worked out: an exit has read nothing that happens to a person, "
            "the gate no attendance.",
        ),
        "follows": Invariant(
            "E9", "The engine follows whatever is stated", "No statement and no moment makes it fail."
        ),
        "way_out": Invariant(
            "E1", "There is always a way to an exit", "From everywhere a person can bring the episode to an end."
        ),
        "wait": Invariant(
            "E9", "Somebody or something is always awaited",
            "An open episode has a task, a referral or a deadline that lies ahead; it is never forgotten.",
        ),
        "crisis": Invariant(
            "E8", "A crisis is answered everywhere",
            "A crisis can be stated in every situation; the on-call role is called at once, and everything else "
            "stays where it stood.",
        ),
        "resume": Invariant(
            "E3", "A reopened episode resumes where it stood", "An exit that is taken back loses nothing."
        ),
        "owner": Invariant(
            "", "Every state and every task has an owner", "There is always a role that answers for the person."
        ),
        "asked": Invariant(
            "E9", "What waits for a person is asked of one",
            "While a review, a response or a signature is outstanding, somebody owes it, now or from a day on.",
        ),
        "cancel": Invariant(
            "A5", "Every deadline can be cancelled",
            "For each kind of deadline something can happen that takes it away before it comes.",
        ),
        "truth": Invariant(
            "T3", "Every state says what the record says",
            "While the chart rests in a state, what that state says about the person is true.",
        ),
        "decision": Invariant(
            "E10", "A decision leads where it says, and nowhere else",
            "Each decision that moves the pathway leads to the stage it names.",
        ),
        "ladder": Invariant(
            "A4", "A search ends with a person",
            "At the end of the ladder somebody is asked, for as long as it goes on.",
            of_policy=True,
        ),
        "due": Invariant(
            "T6", "What is owed is due while it matters",
            "In the program nothing is given longer than the program lasts, after an exit longer than the record is "
            "open.",
            of_policy=True,
        ),
        "rest": Invariant("", "The chart comes to rest", "No combination of facts makes it go round without end."),
        "reach": Invariant(
            "", "Everything that is claimed can arise",
            "Each state can be reached; each kind of task and of deadline does come up; nothing is claimed in vain.",
        ),
        "cause": Invariant(
            "", "Facts change only by their causes",
            "What the proof assumes about the facts is true of the engine: what changes them, and which of them "
            "never stand together.",
        ),
        "running": Invariant(
            "", "The graph is that of the running chart",
            "The chart that the engine runs goes the same ways as the graph that the proof has built.",
        ),
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Breach:
    """How an invariant is broken, with the shortest story that breaks it; some breaches need no story."""

    what: str
    story: Story | ChartStory | None = None

    @property
    def length(self) -> int:
        """Steps of the story."""
        return len(self.story.steps) if self.story else 0


@dataclass
class Findings:
    """For each invariant: how often it held, and the shortest breach of each kind."""

    looked_at: dict[str, int] = field(default_factory=lambda: dict.fromkeys(INVARIANTS, 0))
    breaches: dict[str, dict[str, Breach]] = field(default_factory=dict)
    stop_at_first: bool = False
    """Whether the first breach that is told as a story is enough."""
    known: frozenset[tuple[str, str]] = frozenset()
    """Breaches that are no news, as invariant and words."""

    def holds(self, invariant: str, times: int = 1) -> None:
        """The invariant was looked at and holds."""
        self.looked_at[invariant] += times

    def broken(self, invariant: str, what: str, story: Story | ChartStory | None = None) -> None:
        """The invariant was looked at and is broken; of breaches in the same words the shortest is kept."""
        self.looked_at[invariant] += 1
        kept = self.breaches.setdefault(invariant, {})
        breach = Breach(what, story)
        # What the engine has lived through says more than what only the chart could do.
        lived = what in kept and isinstance(story, Story) - isinstance(kept[what].story, Story)
        if what not in kept or lived > 0 or (lived == 0 and breach.length < kept[what].length):
            kept[what] = Breach(what, replace(story, shows=what) if story else None)
        if self.stop_at_first and story and (invariant, what) not in self.known:
            raise Broken(invariant, what)

    @property
    def hold(self) -> bool:
        """Whether nothing is broken."""
        return not self.breaches


class Broken(Exception):
    """The first breach, where one is enough."""

    def __init__(self, invariant: str, what: str) -> None:
        super().__init__(f"{invariant}: {what}")
        self.invariant = invariant
        self.what = what
