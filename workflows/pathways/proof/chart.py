"""A chart as the proof moves it: its states, its arrows, and where they lead.

A proof needs some hundred thousand steps and the library takes a millisecond for each, so the chart is
interpreted here by the same rules (SCXML: of two transitions the inner one; transitions without an event until
the chart rests). `running.driven` compares with the running chart.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from workflows.core.engine.configuration import Restless

Configuration = tuple[str, ...]
History = tuple[tuple[str, tuple[str, ...]], ...]

MOST_STEPS = 25
"""A chart that has not come to rest after so many steps never will: it has far fewer levels."""


class Unread(Exception):
    """A guard is read whose value is still open."""

    def __init__(self, guard: str) -> None:
        self.guard = guard


class Known(dict[str, bool]):
    """Facts as far as they are decided; to read another one is to be asked for it."""

    def __missing__(self, guard: str) -> bool:
        raise Unread(guard)


@dataclass(frozen=True, eq=False)
class Arrow:
    """One transition: taken on an event, or by itself, when its guards hold."""

    number: int
    source: str
    targets: tuple[str, ...]
    events: frozenset[str]
    guards: tuple[str, ...]
    needs: tuple[tuple[str, bool], ...]
    """What must be so for it to open, where that is a plain guard."""
    open_under: "Callable[[Known], bool]"


@dataclass
class Chart:
    """The structure of a chart, read from its class. Only what lies in `within` is looked at."""

    order: Mapping[str, int]
    parent: Mapping[str, str | None]
    children: Mapping[str, tuple[str, ...]]
    parallel: frozenset[str]
    initial: Mapping[str, tuple[str, ...]]
    histories: Mapping[str, tuple[str, bool]]
    """Pseudo-state to the state whose past it keeps, and whether it keeps it deep."""
    arrows: tuple[Arrow, ...]
    names: Mapping[str, str]
    _moved: dict[Any, tuple[Configuration, History]] = field(default_factory=dict)
    _candidates: dict[Any, list[tuple[Arrow, ...]]] = field(default_factory=dict)
    _around: dict[tuple[str, ...], Configuration] = field(default_factory=dict)
    _resolved: dict[Any, tuple[Arrow, ...]] = field(default_factory=dict)

    @property
    def leaves(self) -> list[str]:
        """States without states inside."""
        return [state for state in self.order if not self.children[state] and state not in self.histories]

    @property
    def root(self) -> str:
        """The outermost state; a chart without one is given one."""
        return next(state for state in self.order if self.parent[state] is None)

    def around(self, state: str) -> Iterator[str]:
        """The state and the states around it, inside out."""
        here: str | None = state
        while here is not None:
            yield here
            here = self.parent[here]

    def inside(self, state: str, outer: str | None) -> bool:
        """Whether a state lies properly inside another; everything lies inside None."""
        return state != outer and (outer is None or outer in self.around(state))

    def part(self, regions: frozenset[str]) -> "Chart":
        """The same chart with only some of the regions at its top."""
        root = self.root
        kept = [s for s in self.order if s == root or any(r in self.around(s) for r in regions)]
        return Chart(
            {s: self.order[s] for s in kept},
            {s: self.parent[s] for s in kept},
            {s: tuple(c for c in self.children[s] if c in kept) for s in kept},
            self.parallel,
            self.initial,
            {h: of for h, of in self.histories.items() if h in kept},
            tuple(arrow for arrow in self.arrows if arrow.source in kept),
            self.names,
        )

    # -- one step -----------------------------------------------------------------------------------------

    @property
    def at_first(self) -> Configuration:
        """The initial states, before any fact is read."""
        return self._in_order(self._entered([self.root]))

    def settled(self, states: Sequence[str], facts: Iterable[tuple[str, bool]]) -> Configuration:
        """Where the chart comes to rest from some states and those around them."""
        key = tuple(states)
        if key not in self._around:
            self._around[key] = self._in_order(self._entered(states))
        return self.settle(self._around[key], (), Known(facts))[0]

    def start(self, facts: Known) -> tuple[Configuration, History]:
        """The chart as it first comes to rest."""
        return self.settle(self.at_first, (), facts)

    def step(
        self, configuration: Configuration, history: History, event: str | None, facts: Known
    ) -> tuple[Configuration, History]:
        """Where the chart comes to rest after its facts were read anew, and after an event if there is one.

        Raises:
            Restless: it never does.
            Unread: the facts do not say enough.
        """
        configuration, history = self.settle(configuration, history, facts)
        if event is not None:
            taken = self._enabled(configuration, event, facts)
            if taken:
                configuration, history = self._move(configuration, history, taken)
                configuration, history = self.settle(configuration, history, facts)
        return configuration, history

    def settle(
        self, configuration: Configuration, history: History, facts: Known
    ) -> tuple[Configuration, History]:
        """Take transitions without an event until none is open."""
        for _ in range(MOST_STEPS):
            to = self.once(configuration, history, facts)
            if to is None:
                return configuration, history
            configuration, history = to
        raise Restless(", ".join(self.names[s] for s in configuration if s in self.leaves))

    def once(
        self, configuration: Configuration, history: History, facts: Known
    ) -> tuple[Configuration, History] | None:
        """Take the transitions without an event that are open now; None if there are none.

        Raises:
            Unread: the facts do not say enough.
        """
        taken = self._enabled(configuration, None, facts)
        return self._move(configuration, history, taken) if taken else None

    def _enabled(self, configuration: Configuration, event: str | None, facts: Known) -> tuple[Arrow, ...]:
        found: list[Arrow] = []
        for chain in self._chains(configuration, event):
            for arrow in chain:
                if arrow.open_under(facts):
                    if arrow not in found:
                        found.append(arrow)
                    break
        if len(found) < 2:
            return tuple(found)
        key = (configuration, *(arrow.number for arrow in found))
        if key not in self._resolved:
            self._resolved[key] = tuple(self._without_conflicts(found, configuration))
        return self._resolved[key]

    def _chains(self, configuration: Configuration, event: str | None) -> list[tuple[Arrow, ...]]:
        """For each innermost state the transitions that it may take, inner ones first."""
        key = (configuration, event)
        if key not in self._candidates:
            self._candidates[key] = [
                chain
                for state in configuration
                if not self.children[state]
                and (
                    chain := tuple(
                        arrow
                        for outer in self.around(state)
                        for arrow in self.arrows
                        if arrow.source == outer and (event in arrow.events if event else not arrow.events)
                    )
                )
            ]
        return self._candidates[key]

    def _without_conflicts(self, found: list[Arrow], configuration: Configuration) -> list[Arrow]:
        """Of two transitions that leave a common state the inner one is taken, else the first."""
        kept: list[Arrow] = []
        for arrow in found:
            left = self._left(arrow, configuration)
            rivals = [other for other in kept if left & self._left(other, configuration)]
            if all(self.inside(arrow.source, other.source) for other in rivals):
                kept = [other for other in kept if other not in rivals] + [arrow]
        return kept

    def _left(self, arrow: Arrow, configuration: Configuration) -> set[str]:
        targets = [self.histories.get(target, (target,))[0] for target in arrow.targets]
        domain = self._domain(arrow.source, targets)
        return {state for state in configuration if self.inside(state, domain)}

    def _domain(self, source: str, targets: Iterable[str]) -> str | None:
        """The innermost compound state around source and targets that is no region's sum (LCCA)."""
        for outer in self.around(source):
            if outer != source and outer not in self.parallel and all(self.inside(t, outer) for t in targets):
                return outer
        return None

    def _move(
        self, configuration: Configuration, history: History, taken: tuple[Arrow, ...]
    ) -> tuple[Configuration, History]:
        past = any(target in self.histories for arrow in taken for target in arrow.targets)
        key = (configuration, history, taken) if past or self.histories else (configuration, taken)
        if key not in self._moved:
            self._moved[key] = self._moved_anew(configuration, dict(history), taken)
        return self._moved[key]

    def _moved_anew(
        self, configuration: Configuration, history: dict[str, tuple[str, ...]], taken: tuple[Arrow, ...]
    ) -> tuple[Configuration, History]:
        exits: set[str] = set()
        for arrow in taken:
            targets = [s for t in arrow.targets for s in history.get(t, (t,))]
            domain = self._domain(arrow.source, targets)
            exits |= {state for state in configuration if self.inside(state, domain)}
        before = dict(history)
        for pseudo, (of, deep) in self.histories.items():
            if of in exits:
                before[pseudo] = tuple(
                    s for s in configuration if (self.inside(s, of) if deep else self.parent[s] == of)
                )
        stays = [state for state in configuration if state not in exits]
        after = self._in_order(self._entered([t for arrow in taken for t in arrow.targets], stays, history))
        # What history keeps is read only while its state is left; then it is what it was on leaving.
        kept = {h: past for h, past in before.items() if self.histories[h][0] not in after}
        return after, tuple(sorted(kept.items()))

    def _entered(
        self,
        targets: Sequence[str],
        already: Iterable[str] = (),
        history: Mapping[str, tuple[str, ...]] | None = None,
    ) -> set[str]:
        """The targets with the states around them, and inside them the initial ones."""
        wanted: list[str] = []
        deep: set[str] = set()
        for target in targets:
            if target in self.histories:
                past = (history or {}).get(target, ())
                of, is_deep = self.histories[target]
                wanted += [of] if not past else []
                (deep.update if is_deep else wanted.extend)(past)
            else:
                wanted.append(target)
        entered = set(already) | deep
        for state in [*wanted, *deep]:
            entered.update(s for s in self.around(state) if s in self.order)
        pending = list(entered)
        while pending:
            state = pending.pop()
            inner = self.children[state]
            missing: list[str] = []
            if state in self.parallel:
                missing = [child for child in inner if child not in entered]
            elif inner and not any(child in entered for child in inner):
                missing = list(self.initial[state])
            entered.update(missing)
            pending += missing
        return entered

    def _in_order(self, states: Iterable[str]) -> Configuration:
        return tuple(sorted(states, key=self.order.__getitem__))
