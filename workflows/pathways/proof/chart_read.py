"""The structure of a chart, read from the class that the engine runs."""

from collections.abc import Callable
from typing import Any

from statemachine.spec_parser import operator_mapping, parse_boolean_expr

from workflows.core.engine.claims import Literal
from workflows.core.episode.pathway import Pathway
from workflows.pathways.proof.chart import Arrow, Chart, Known


def read_chart(pathway: Pathway) -> Chart:
    """The structure of a pathway's chart, from the class that the engine runs."""
    order: dict[str, int] = {}
    parent: dict[str, str | None] = {}
    children: dict[str, tuple[str, ...]] = {}
    parallel, initial, histories, names = set(), {}, {}, {}
    arrows: list[Arrow] = []

    def visit(state: Any, outer: str | None) -> None:
        order[state.id] = len(order)
        parent[state.id] = outer
        names[state.id] = state.name
        children[state.id] = tuple(child.id for child in state.states)
        if state.parallel:
            parallel.add(state.id)
        for arrow in state.transitions:
            targets = tuple(target.id for target in arrow.targets)
            if arrow.initial:
                initial[state.id] = targets
            else:
                arrows.append(_arrow(len(arrows), state.id, targets, arrow))
        for past in state.history:
            order[past.id] = len(order)
            parent[past.id], children[past.id], names[past.id] = state.id, (), past.name
            histories[past.id] = (state.id, past.type.is_deep)
        for child in state.states:
            visit(child, state.id)

    for state in pathway.chart.states:
        visit(state, None)
    return Chart(order, parent, children, frozenset(parallel), initial, histories, tuple(arrows), names)


def _arrow(number: int, source: str, targets: tuple[str, ...], arrow: Any) -> Arrow:
    conditions = [_condition(str(cond.func), bool(cond.expected_value)) for cond in arrow.cond]
    guards = tuple(dict.fromkeys(name for cond in arrow.cond for name in names_in(str(cond.func))))

    def every(facts: Known) -> bool:
        return all(condition(facts) for condition in conditions)

    open_under = conditions[0] if len(conditions) == 1 else every
    plain = [
        (bare(str(cond.func)), bool(cond.expected_value) is not str(cond.func).startswith("!"))
        for cond in arrow.cond
    ]
    needs = tuple(need for need in plain if need[0].isidentifier())
    return Arrow(number, source, targets, frozenset(map(str, arrow.events)), guards, needs, open_under)


def names_in(expression: str) -> list[str]:
    """The guards that an expression reads."""
    found: list[str] = []

    def hook(name: str) -> Callable[..., bool]:
        found.append(name)
        return bool

    parse_boolean_expr(expression, hook, operator_mapping)  # type: ignore[no-untyped-call]  # the library has none
    return found


def _condition(expression: str, expected: bool) -> Callable[[Known], bool]:
    """A guard expression in the library's own grammar, read from free facts."""
    bare = expression.removeprefix("!")
    if bare.isidentifier():  # nearly all; the others take the longer way
        value = expected is (bare == expression)
        return lambda facts: facts[bare] is value

    def hook(name: str) -> Callable[..., bool]:
        def read(facts: Known) -> bool:
            return facts[name]

        return read

    parsed = parse_boolean_expr(expression, hook, operator_mapping)  # type: ignore[no-untyped-call]  # as above
    return lambda facts: bool(parsed(facts)) is expected


def bare(literal: Literal) -> str:
    """The guard that a literal is about."""
    return literal.removeprefix("!")
