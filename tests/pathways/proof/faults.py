"""Seeded faults: the pathway's own source with one thing wrong in it, run as it would run.

The source is that of the pathway with all that it shares with others: regions, guards, and the base class. A fault is
made in its syntax tree, and the changed module is executed: what the proof is given is a real chart class of the
library, and a real pathway on which the engine runs.
"""

import ast
import copy
import inspect
import sys
import types
from collections.abc import Callable, Iterator
from typing import NamedTuple

from workflows.core.episode import pathway as shared
from workflows.core.episode.pathway import Pathway
from workflows.pathways import guards, iop, regions


def _source() -> ast.Module:
    """One module out of the four; a region keeps apart from the duty of the same name."""
    made = ast.parse(inspect.getsource(regions))
    names = []
    for function in made.body:
        if isinstance(function, ast.FunctionDef):
            names.append(function.name)
            function.name = f"region_of_{function.name}"
    lists = [ast.unparse(name) for one in made.body if isinstance(one, ast.Assign) for name in one.targets]
    space = ", ".join(
        [*(f"{name}=region_of_{name}" for name in names), *(f"{name}={name}" for name in lists)]
    )
    named = ast.parse(f"import types\nregions = types.SimpleNamespace({space})")
    within = {"workflows.core.episode.pathway", "workflows.pathways", "workflows.pathways.guards"}
    body = [
        statement
        for module in (ast.parse(inspect.getsource(shared)), made, named, ast.parse(inspect.getsource(guards)),
                       ast.parse(inspect.getsource(iop)))
        for statement in module.body
        if not (isinstance(statement, ast.ImportFrom) and statement.module in within)
    ]  # fmt: skip
    return ast.Module(body, [])


SOURCE = _source()


class Fault(NamedTuple):
    """One thing that is wrong, in words, and the module in which it is."""

    name: str
    module: ast.Module

    def pathway(self) -> Pathway:
        """The pathway with the fault, executed as a module of its own."""
        module = types.ModuleType("faulty")
        sys.modules["faulty"] = module  # the chart's class body looks its module up
        try:
            exec(compile(self.module, f"<{self.name}>", "exec"), module.__dict__)
        finally:
            del sys.modules["faulty"]
        made: Pathway = module.Iop()
        return made


def faults_of_chart() -> Iterator[Fault]:
    """Each guard dropped and turned round; each target swapped; each transition left out or made automatic."""
    for number, arrow in enumerate(_arrows(SOURCE)):
        for name, change in _changes(arrow):
            module = copy.deepcopy(SOURCE)
            if change(_arrows(module)[number]):
                yield Fault(f"{_said(arrow.call)}: {name}", ast.fix_missing_locations(module))


def faults_of_pathway() -> Iterator[Fault]:
    """Each duty and each deadline left out of the states that carry it; each exit left out of its mapping."""
    for number, (name, carried) in enumerate(_carried(SOURCE)):
        for place, one in enumerate(carried.elts):
            module = copy.deepcopy(SOURCE)
            del _carried(module)[number][1].elts[place]
            yield Fault(f"{name}: {ast.unparse(one)} left out", module)
    for mapping in ("moves", "exits", "COMMON_EXITS"):
        for number, key in enumerate(_mapping(SOURCE, mapping).keys):
            if key is None:
                continue
            module = copy.deepcopy(SOURCE)
            entries = _mapping(module, mapping)
            del entries.keys[number], entries.values[number]
            yield Fault(f"{mapping}: {ast.unparse(key)} left out", module)
    for guard in _guards(SOURCE):
        module = copy.deepcopy(SOURCE)
        found = next(one for one in _guards(module) if one.name == guard.name)
        found.body = [ast.Return(ast.Constant(False))]
        yield Fault(f"guard {guard.name}: never holds", ast.fix_missing_locations(module))
    for cause, words in (
        ("self.facts.at_extension_limit", "the extension limit"),
        ("self.facts.outreach is not None", "a missed session"),
        ("bool(self.facts.slips)", "a return to use"),
        ("bool(self.facts.payer_refusals)", "a payer's refusal"),
        ("bool(self.facts.holds)", "a presumptive test"),
    ):
        module = copy.deepcopy(SOURCE)
        signed = next(one for one in _guards(module) if one.name == "exit_signed")
        signed.body = [ast.parse(f"return self.facts.exit_signed is not None or {cause}").body[0]]
        yield Fault(f"guard exit_signed: also after {words}", ast.fix_missing_locations(module))


# -- the transitions in the source ----------------------------------------------------------------------------


class _Arrow(NamedTuple):
    statement: ast.Expr | ast.Assign
    call: ast.Call
    siblings: list[str]
    body: list[ast.stmt]


_Change = Callable[[_Arrow], bool]


def _arrows(module: ast.Module) -> list[_Arrow]:
    bodies = [
        s.body
        for s in module.body
        if (isinstance(s, ast.ClassDef) and s.name == "IopChart")
        or (isinstance(s, ast.FunctionDef) and s.name.startswith("region_of_"))
    ]
    found: list[_Arrow] = []

    def visit(body: list[ast.stmt]) -> None:
        siblings = [
            s.name if isinstance(s, ast.ClassDef) else s.targets[0].id  # type: ignore[attr-defined]
            for s in body
            if isinstance(s, ast.ClassDef)
            or (
                isinstance(s, ast.Assign)
                and isinstance(s.value, ast.Call)
                and ast.unparse(s.value.func).startswith(("State", "regions."))
            )
        ]
        for statement in body:
            if isinstance(statement, ast.ClassDef):
                visit(statement.body)
            elif isinstance(statement, ast.Expr | ast.Assign) and isinstance(statement.value, ast.Call):
                call = statement.value
                if isinstance(call.func, ast.Attribute) and call.func.attr == "to":
                    found.append(_Arrow(statement, call, siblings, body))

    for body in bodies:
        visit(body)
    return found


def _changes(arrow: _Arrow) -> Iterator[tuple[str, _Change]]:
    guarded = any(word.arg == "cond" for word in arrow.call.keywords)
    if guarded:
        yield "the guard is dropped", _drop_guard
        yield "the guard is turned round", _turn_guard
    if isinstance(arrow.statement, ast.Assign):
        yield "happens by itself", _automatic
    yield "is left out", _leave_out
    target = ast.unparse(arrow.call.args[0])
    source = ast.unparse(arrow.call.func.value)  # type: ignore[attr-defined]
    if "." in target:
        yield f"goes to {target.partition('.')[0]}", _to(target.partition(".")[0])
    others = [name for name in arrow.siblings if name not in (target, source)]
    place = arrow.siblings.index(target) if target in arrow.siblings else 0
    others.sort(key=lambda name: (arrow.siblings.index(name) - place) % len(arrow.siblings))
    for other in others[:2]:
        yield f"goes to {other}", _to(other)
    if target in arrow.siblings:
        yield "goes nowhere", _to(source)


def _drop_guard(arrow: _Arrow) -> bool:
    arrow.call.keywords = [word for word in arrow.call.keywords if word.arg != "cond"]
    return True


def _turn_guard(arrow: _Arrow) -> bool:
    for word in arrow.call.keywords:
        if word.arg == "cond" and isinstance(word.value, ast.Constant):
            cond = str(word.value.value)
            word.value = ast.Constant(cond[1:] if cond.startswith("!") else f"!{cond}")
    return True


def _leave_out(arrow: _Arrow) -> bool:
    arrow.body[arrow.body.index(arrow.statement)] = ast.Pass()
    return True


def _automatic(arrow: _Arrow) -> bool:
    arrow.body[arrow.body.index(arrow.statement)] = ast.Expr(arrow.call)
    return True


def _to(target: str) -> _Change:
    def change(arrow: _Arrow) -> bool:
        arrow.call.args[0] = ast.parse(target, mode="eval").body
        return True

    return change


def _said(call: ast.Call) -> str:
    return ast.unparse(call)


# -- the pathway in the source --------------------------------------------------------------------------------


def _class(module: ast.Module, name: str) -> ast.ClassDef:
    return next(s for s in module.body if isinstance(s, ast.ClassDef) and s.name == name)


def _carried(module: ast.Module) -> list[tuple[str, ast.Tuple]]:
    """Everything that states carry, in the order of the source: what is owed and awaited, and the lists it is of."""
    found: list[tuple[str, ast.Tuple]] = []
    for node in ast.walk(module):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Tuple):
            found += [(ast.unparse(name), node.value) for name in node.targets if ast.unparse(name).isupper()]
        keywords = node.keywords if isinstance(node, ast.ClassDef | ast.Call) else []
        for word in keywords:
            if word.arg in ("owes", "awaits") and isinstance(word.value, ast.Tuple):
                where = node.name if isinstance(node, ast.ClassDef) else ast.unparse(node)
                found.append((f"{where} {word.arg}", word.value))
    return found


def _mapping(module: ast.Module, name: str) -> ast.Dict:
    for statement in (*_class(module, "Iop").body, *module.body):
        target = (
            statement.targets[0] if isinstance(statement, ast.Assign)
            else statement.target if isinstance(statement, ast.AnnAssign) else None
        )  # fmt: skip
        if target is not None and ast.unparse(target) == name:
            return next(node for node in ast.walk(statement) if isinstance(node, ast.Dict))
    raise LookupError(name)


def _guards(module: ast.Module) -> list[ast.FunctionDef]:
    return [
        s
        for name in ("CommonGuards", "IopGuards")
        for s in _class(module, name).body
        if isinstance(s, ast.FunctionDef) and s.decorator_list
    ]
