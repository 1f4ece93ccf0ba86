"""Which faults are made: those of cosmic-ray that a person could make, and two of our own.

What of cosmic-ray's is left out, and why:

- other pairs of comparisons and of arithmetic (`<` for `is`, `+` for `**`): most do not run, and anything catches them;
- `is` for `==` and the like: the words of the core are interned, so the two are the same;
- a decorator less: `@fact`, `@property` and `@cache` say how something is kept, not what;
- variables for others: needs names, and is mostly no program.

Ours do not forget an `isinstance`: most stand there for mypy, where a record was asked for that kind of entry and for
no other; what one keeps out has no such field, and any test would see it.
"""

from collections.abc import Iterator
from typing import Any

import parso
from cosmic_ray.operators.operator import Operator
from cosmic_ray.plugins import get_operator

_OF_COSMIC_RAY = (
    *(
        f"ReplaceComparisonOperator_{pair}"
        for pair in (
            *("Eq_NotEq", "NotEq_Eq", "Is_IsNot", "IsNot_Is"),
            *("Lt_LtE", "Lt_GtE", "LtE_Lt", "LtE_Gt", "Gt_GtE", "Gt_LtE", "GtE_Gt", "GtE_Lt"),
        )
    ),
    *(
        f"ReplaceBinaryOperator_{pair}"
        for pair in (
            *("Add_Sub", "Sub_Add", "Mul_FloorDiv", "FloorDiv_Mul", "Div_Mul", "Mod_FloorDiv"),
            *("BitOr_BitAnd", "BitAnd_BitOr"),
        )
    ),
    *("ReplaceUnaryOperator_USub_UAdd", "ReplaceUnaryOperator_Delete_Not"),
    *("ReplaceTrueWithFalse", "ReplaceFalseWithTrue", "ReplaceAndWithOr", "ReplaceOrWithAnd", "AddNot"),
    *("ReplaceBreakWithContinue", "ReplaceContinueWithBreak", "ExceptionReplacer"),
    *("NumberReplacer", "ZeroIterationForLoop"),
)

_LEAVES_ALL = {"and_test": "True", "or_test": "False"}


def _that_can_be_forgotten(joined: Any) -> list[Any]:
    return [one for one in joined.children[::2] if not _asks_for_a_class(one)]


def _asks_for_a_class(condition: Any) -> bool:
    return bool(condition.get_code().strip().startswith("isinstance("))


def _code(source: str) -> Any:
    return parso.parse(source)  # type: ignore[no-untyped-call]


class OneConditionLess(Operator):  # type: ignore[misc]
    """Of what is joined by `and` or `or`, one condition is forgotten."""

    def mutation_positions(self, node: Any) -> Iterator[tuple[Any, Any]]:
        if node.type in _LEAVES_ALL:
            for condition in _that_can_be_forgotten(node):
                yield condition.start_pos, condition.end_pos

    def mutate(self, node: Any, index: int) -> Any:
        forgotten = _that_can_be_forgotten(node)[index]
        before = forgotten.get_first_leaf().prefix or " "
        node.children[node.children.index(forgotten)] = _code(before + _LEAVES_ALL[node.type])
        return node

    @classmethod
    def examples(cls) -> tuple[Any, ...]:
        return ()


class NothingSortedOut(Operator):  # type: ignore[misc]
    """A comprehension takes all, also what its `if` would have sorted out."""

    def mutation_positions(self, node: Any) -> Iterator[tuple[Any, Any]]:
        if node.type == "comp_if" and not _asks_for_a_class(node.children[1]):
            yield node.children[1].start_pos, node.children[1].end_pos

    def mutate(self, node: Any, index: int) -> Any:
        assert index == 0
        node.children[1] = _code(" True ")
        return node

    @classmethod
    def examples(cls) -> tuple[Any, ...]:
        return ()


OPERATORS: dict[str, type[Operator]] = {
    **{name: get_operator(f"core/{name}") for name in _OF_COSMIC_RAY},
    "OneConditionLess": OneConditionLess,
    "NothingSortedOut": NothingSortedOut,
}
