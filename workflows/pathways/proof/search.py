"""The search over the real engine: every story of a few steps, each with the fewest steps that lead there.

Two situations are taken for the same if the chart rests in the same states with the same facts, the same kinds
of tasks are open, the same kinds of deadlines stand, and the same kind comes next. So the search sees each *kind*
of situation once, by its shortest story, and what it finds broken is really broken: it is a story that the engine
has lived through. What it does not find is not proved beyond its depth; that is what the graph of the chart is for.
"""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from workflows.core.engine.configuration import Restless
from workflows.core.engine.errors import Refused
from workflows.core.episode.entries import parse_entry
from workflows.core.episode.episode import Episode
from workflows.core.episode.pathway import Pathway
from workflows.core.episode.start import EpisodeStart
from workflows.core.episode.state import EpisodeState
from workflows.pathways.proof.moves import Move, moves, stated
from workflows.pathways.proof.seen import Seen, look
from workflows.pathways.proof.story import Step, Story


class NoSuchWay(Exception):
    """An opening that the engine does not take, and how far it was taken."""

    def __init__(self, why: str, here: "Situation", taken: bool = False) -> None:
        super().__init__(why)
        self.here = here
        self.taken = taken
        """Whether it took what it was to refuse."""


class GoesRound(Exception):
    """The chart goes round without end after a story."""

    def __init__(self, story: Story) -> None:
        self.story = story


class Fell(Exception):
    """The engine fails after a story, by an error that is no refusal."""

    def __init__(self, story: Story, error: Exception) -> None:
        super().__init__(str(error))
        self.story = story
        self.error = error


@dataclass(frozen=True)
class Situation:
    """A kind of situation and the first story that led to it."""

    seen: Seen
    story: Story
    now: datetime
    depth: int
    state: EpisodeState


class Taken(NamedTuple):
    """One move that was tried: from where, to what; `refused` holds the engine's words if it was not taken."""

    source: Situation
    move: Move
    step: Step
    after: Seen
    refused: str | None

    @property
    def story(self) -> Story:
        """The story with this step."""
        return self.source.story.then(self.step)


@dataclass
class Search:
    """Breadth-first over one pathway's engine."""

    pathway: Pathway
    depth: int
    most: int = 1_000_000
    situations: dict[tuple[object, ...], Situation] = field(default_factory=dict)
    expanded: list[Situation] = field(default_factory=list)
    """Situations from which every move was tried."""
    closing: set[tuple[object, ...]] = field(default_factory=set)
    """Kinds of situations from which a move has closed the episode."""
    blocked: list[str] = field(default_factory=list)
    """Openings that could not be lived through, and why."""
    tried: int = 0
    complete: bool = True
    patience: int = 60
    """So many deadlines are waited for at most, where a way waits until something has come."""
    is_tested: bool = False
    """Whether, where something is waited for, each test that is drawn meanwhile is collected and negative."""
    start_with: Mapping[str, Any] | None = None
    """The start of the episode, if it is not that of the small program."""
    lived: dict[tuple[str, ...], Situation] = field(default_factory=dict)
    """What the ways of promises have begun with, and where that has led."""
    _opened: dict[tuple[str, ...], Situation] = field(default_factory=dict)
    """The same of openings."""
    _waited: dict[int, tuple[Situation, Situation]] = field(default_factory=dict)
    """Situations from which the next deadline was waited for, by identity, and where that has led: whatever else is
    waited for from there comes by the same way."""

    def __post_init__(self) -> None:
        begins = self.start_with or self.pathway.claims.start
        self.start = EpisodeStart.model_validate(dict(begins))
        self.began = datetime.fromisoformat(f"{self.start.referred_on}T09:00").replace(tzinfo=self.start.zone)
        story = Story(self.pathway.name, begins, self.began)
        try:
            self.episode = Episode(self.start, self.pathway, self.began)
            self.episode.wake(self.began)
        except Restless:
            raise GoesRound(story) from None
        except Exception as error:
            raise Fell(story, error) from error
        self.episode.take_effects()
        self.first = Situation(look(self.episode, self.began), story, self.began, 0, self.episode.state)

    def run(self) -> Iterator[Taken]:
        """Every move from every kind of situation up to the depth, shortest stories first."""
        waiting: deque[Situation] = deque()
        for opening in self.pathway.claims.openings:
            try:
                for situation in self._open(opening):
                    if isinstance(situation, Taken):
                        yield situation
                    elif situation.seen.kind not in self.situations:
                        self.situations[situation.seen.kind] = situation
                        waiting.append(situation)
            except NoSuchWay as no_way:
                self.blocked.append(str(no_way))
        while waiting:
            here = waiting.popleft()
            if here.depth >= self.depth:
                continue
            if self.tried >= self.most:
                self.complete = False
                return
            self.expanded.append(here)
            for taken, episode in self._expand(here):
                yield taken
                if taken.refused is None and taken.after.stage == "closed":
                    self.closing.add(here.seen.kind)
                if taken.refused is None and taken.after.kind not in self.situations:
                    there = self._situation(episode, taken, here.depth + 1)
                    self.situations[taken.after.kind] = there
                    waiting.append(there)

    def _open(self, name: str) -> Iterator[Situation | Taken]:
        """Live an opening through: a list of moves, `wait:X` meaning to wait until X is true or stands next."""
        yield self.first
        yield from self.live(self.pathway.claims.openings[name], f"'{name}'", self._opened)

    def end_of(self, way: Sequence[str], to: str) -> Situation:
        """Where a way leads that a promise is shown on.

        Raises:
            NoSuchWay: the engine does not take it.
        """
        for _ in self.live(way, to, self.lived):
            pass
        return self.lived[tuple(way)] if way else self.first

    def live(
        self, way: Sequence[str], to: str, lived: dict[tuple[str, ...], Situation]
    ) -> Iterator[Situation | Taken]:
        """Each move of a way and each situation on it; what other ways have begun with is not lived through again.

        Raises:
            NoSuchWay: the engine does not take it.
        """
        here = self.first
        for number, wanted in enumerate(way, 1):
            begun = tuple(way[:number])
            if begun in lived:
                here = lived[begun]
                continue
            for step in self._take(here, wanted, to):
                yield step
                if isinstance(step, Situation):
                    here = step
            lived[begun] = here

    def _take(self, here: Situation, wanted: str, to: str) -> Iterator[Situation | Taken]:
        until = wanted.partition(":")[2] if wanted.startswith("wait:") else ""
        for _ in range(self.patience):
            if until and (waited := self._waited.get(id(here))):
                here = waited[1]
                yield here
                if self._come(until, here.seen):
                    return
                continue
            before = here
            if until and self.is_tested and (collected := self._collected(here)):
                yield collected[0]
                here = collected[1]
                yield here
            taken, is_to_be_refused = (
                self._one(here, "wait" if until else wanted.removeprefix("!")),
                wanted[0] == "!",
            )
            if taken is None and is_to_be_refused:
                return  # nobody is even asked
            if taken is None or (taken[0].refused is not None) is not is_to_be_refused:
                what = "is not refused" if is_to_be_refused else "is not possible"
                here = taken[1] if taken and is_to_be_refused else here
                raise NoSuchWay(
                    f"there is no way to {to}: {wanted.removeprefix('!')} {what}", here, is_to_be_refused
                )
            yield taken[0]
            if taken[0].refused is None:
                here = taken[1]
                yield here
                if until:
                    self._waited[id(before)] = before, here
            if not until or self._come(until, here.seen):
                return
        raise NoSuchWay(f"there is no way to {to}: {until} never comes", here)

    def _collected(self, here: Situation) -> tuple[Taken, Situation] | None:
        """The test that was drawn, where one is to be collected now."""
        is_drawn = any(key.partition(":")[0] == "collect_test" for key in here.seen.tasks)
        return self._one(here, "test:negative") if is_drawn else None

    def _one(self, here: Situation, wanted: str) -> tuple[Taken, Situation] | None:
        """One move by its name, stated by somebody else where the name says so; None: nothing of that name."""
        name, _, by = wanted.partition("@")
        for taken, episode in self._expand(here, name, by):
            return taken, here if taken.refused else self._situation(episode, taken, 0)
        return None

    @staticmethod
    def _come(wanted: str, seen: Seen) -> bool:
        tasks = {key.partition(":")[0] for key in seen.tasks}
        return wanted in seen.states or wanted in tasks or (seen.next_deadline or ("",))[0] == wanted

    def _expand(
        self, here: Situation, only: str | None = None, by: str = ""
    ) -> Iterator[tuple[Taken, Episode]]:
        episode = self.episode
        episode.state = here.state
        number = len(here.story.steps) + 1
        said = self.pathway.claims.says.get(only.removeprefix("says:")) if only else None
        tried = [stated(said, episode, here.now, number)] if said else list(moves(episode, here.now, number))
        for move in tried:
            if only is not None and not said and move.name != only:
                continue
            if by and move.entry is not None:
                move = move._replace(entry={**move.entry, "by": by})
            self.tried += 1
            step, refused = Step(here.now, move.entry), None
            if move.entry is None:
                assert episode.next_deadline is not None
                step = Step(episode.next_deadline.at, None, episode.next_deadline.name)
            try:
                if move.entry is None:
                    episode.wake(step.at)
                else:
                    episode.apply(parse_entry(move.entry), here.now)
                after = look(episode, step.at)
            except Refused as refusal:
                refused, after = str(refusal), here.seen
            except Restless:
                raise GoesRound(here.story.then(step)) from None
            except Exception as error:
                raise Fell(here.story.then(step), error) from error
            episode.take_effects()
            yield Taken(here, move, step, after, refused), episode
            episode.state = here.state

    def _situation(self, episode: Episode, taken: Taken, depth: int) -> Situation:
        return Situation(taken.after, taken.story, taken.step.at, depth, episode.state)


def by_person(exit_by: tuple[str, str, str] | None) -> bool:
    """Whether the exit that stands was signed or decided by a named person (E1)."""
    return exit_by is not None and exit_by[1] in ("exit", "decision") and exit_by[2] in ("staff", "patient")
