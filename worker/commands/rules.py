"""The command `rules`: what a rule's identifier means, and what carries the rule."""

from typing import Annotated

import typer

from worker.commands.options import Json
from worker.errors import CannotDo
from worker.handbook.carried import Carried, carried
from worker.handbook.citations import IS_CHECKOUT, ROOT
from worker.show import as_json, console, table
from workflows.core.rules import RULES, in_words

app = typer.Typer()


@app.command()
def rules(
    rule: Annotated[str | None, typer.Argument(help="One rule's identifier, such as S6.")] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Whether each rule has code and a test, and the pages say so.")
    ] = False,
    json: Json = False,
) -> None:
    """The clinical and legal rules, each in a sentence, with the functions, policy numbers and tests that carry it."""
    known = carried(_named(rule) if rule else None)
    if check:
        _check(known, whole=rule is None)
    elif json:
        as_json(known[0].as_data() if rule else [one.as_data() for one in known])
    elif rule:
        _show(known[0])
    else:
        table(
            "Rules (`carepath rules S6` shows one)",
            ["what holds", "rule", "code", "numbers", "tests"],
            [(one.says, one.rule, len(one.functions), len(one.numbers), _count(one)) for one in known],
            whole=["rule"],
        )


def _named(rule: str) -> str:
    name = rule.strip().upper()
    if name not in RULES:
        raise CannotDo(f"There is no rule {rule}; there are {', '.join(RULES)}.")
    return name


def _count(one: Carried) -> int | None:
    return None if one.tests is None else len(one.tests)


def _show(one: Carried) -> None:
    console.print(in_words(one.rule), soft_wrap=True)
    lists = {"code": one.functions, "numbers of the policy": one.numbers, "tests": one.tests}
    for name, found in lists.items():
        if found is not None:
            console.print(f"\n{name}:" if found else f"\n{name}: none")
            for place in found:
                console.print(f"  {place}", soft_wrap=True)


def _check(known: list[Carried], *, whole: bool) -> None:
    if not IS_CHECKOUT:
        raise CannotDo("Here are neither tests nor pages: check the rules in a checkout.")
    from worker.handbook.pages import stale  # the pages tell of everything there is, which takes long to load

    wrong = [f"{in_words(one.rule)} Of it {' and '.join(one.missing)}." for one in known if one.missing]
    if whole:
        wrong += [
            f"{path.relative_to(ROOT)} does not say what the code says; `make docs` writes it anew."
            for path in stale()
        ]
    if wrong:
        raise CannotDo("\n".join(wrong))
    console.print(f"{len(known)} rule{'s are' if len(known) > 1 else ' is'} carried by code and tests.")
