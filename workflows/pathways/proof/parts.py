"""What of a chart can be looked at apart, and which facts can stand together."""

from collections.abc import Iterable, Iterator, Mapping

from workflows.core.engine.claims import Literal
from workflows.core.episode.pathway import Pathway
from workflows.pathways.proof.chart import Chart
from workflows.pathways.proof.chart_read import bare, read_chart
from workflows.pathways.proof.graph import NumberedGuards


def parts(pathway: Pathway) -> list[Chart]:
    """The regions at the top of a chart that share nothing, each as a chart of its own."""
    whole = read_chart(pathway)
    if whole.root not in whole.parallel:
        return [whole]
    claims = pathway.claims
    groups: list[tuple[set[str], set[str]]] = []  # regions, and the words they share
    for region in whole.children[whole.root]:
        members = {s for s in whole.order if region in whole.around(s)}
        words = {region}
        for arrow in whole.arrows:
            if arrow.source in members or members & set(arrow.targets):
                words |= set(arrow.guards) | {f"event {event}" for event in arrow.events}
                words |= {r for s in (arrow.source, *arrow.targets) for r in whole.around(s)
                          if whole.parent[r] == whole.root}  # fmt: skip
        words |= {bare(literal) for state in members for literal in claims.means.get(state, ())}
        groups.append(({region}, words))
    for together in claims.never:
        groups.append((set(), {bare(literal) for literal in together}))
    joined: list[tuple[set[str], set[str]]] = []
    for regions, words in groups:
        for other in [other for other in joined if other[1] & words]:
            joined.remove(other)
            regions, words = regions | other[0], words | other[1]
        joined.append((regions, words))
    found = [whole.part(frozenset(regions)) for regions, _ in joined if regions]
    # The largest first: if it goes round without end, the running chart must not be driven at all.
    return sorted(found, key=lambda part: -len(part.order))


class Possible:
    """The combinations of facts that can stand together; as numbers, a bit for each guard."""

    def __init__(self, never: Iterable[tuple[Literal, ...]], guards: NumberedGuards) -> None:
        self._about: dict[int, list[tuple[int, int]]] = {}
        """For each guard what can never be so together with it: bits that hold, and bits that do not."""
        self._of: dict[int, list[int]] = {}
        for clause in never:
            if all(bare(literal) in guards.bit for literal in clause):
                hold = guards.mask(tuple(literal for literal in clause if not literal.startswith("!")))
                fail = guards.mask(tuple(bare(literal) for literal in clause if literal.startswith("!")))
                for literal in clause:
                    self._about.setdefault(guards.bit[bare(literal)], []).append((hold, fail))

    def of(self, guards: int) -> list[int]:
        """Every combination of values of some guards."""
        if guards not in self._of:
            found, left = [(0, 0)], guards
            while left:
                guard = left & -left
                left ^= guard
                found = [longer for so_far in found for longer in self.with_either(*so_far, guard)]
            self._of[guards] = [values for _, values in found]
        return self._of[guards]

    def with_either(self, known: int, values: int, guard: int) -> Iterator[tuple[int, int]]:
        """What is known, and its values, with a guard decided in each possible way, failing first."""
        known |= guard
        about = self._about.get(guard, ())
        for longer in (values, values | guard):
            fails = known & ~longer
            if not any(hold & longer == hold and fail & fails == fail for hold, fail in about):
                yield known, longer


def contradicted(
    never: Iterable[tuple[Literal, ...]], facts: Mapping[str, bool]
) -> tuple[Literal, ...] | None:
    """What is claimed never to stand together, and does."""
    for clause in never:
        if all(facts.get(bare(literal)) is (not literal.startswith("!")) for literal in clause):
            return clause
    return None
