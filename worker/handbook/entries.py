"""Everything that can be stated, about an episode and about a referral."""

import ast
import inspect
from collections.abc import Iterable, Mapping
from itertools import pairwise
from types import ModuleType

from pydantic import BaseModel

from worker.handbook.citations import assigned, docstring_of, rules_in
from worker.handbook.models import fields_of, said_of, table
from workflows.core.engine import bounds
from workflows.core.episode.entries import KINDS, Entry, Source, WeeklySession
from workflows.core.referral.refusals import OF_AN_AGENCY
from workflows.core.referral.statements import STATEMENTS, AboutPlace, Place, Statement

COMMON = tuple(Entry.model_fields)

HEAD = """# What can be stated

Written by `make docs` from `workflows/core/episode/entries.py`, which gathers the kinds from the folders of their
subjects, and `workflows/core/referral/statements.py`. An entry is one JSON object; its `kind` tells which.
`carepath record EPISODE KIND FIELD=VALUE … --by STAFF` states one, and so does the update `record` of the workflow. A
field without a default is *needed*. The identifiers are explained in [rules](rules.md).

Days are written `2026-03-31`; an instant has its offset, `2026-03-31T18:05-06:00`; a session is named by its start on
the wall, `2026-03-31T18:00`."""

BOUNDS = """Whatever is larger is refused with the field and the bound."""

ABOUT_REFERRALS = """## About a referral

Stated by `carepath referral record REFERRAL KIND FIELD=VALUE … --by STAFF`; an agency states its own through the
gateway. Each takes the fields of every entry, and `at` or `on` for when it was so. Those about a place take
`listing_id`, `agency` or `choice_id` for which place is meant."""


def page() -> str:
    """docs/entries.md."""
    parts = [HEAD, "## In every entry", _fields(Entry, ("kind",)), "## How large", BOUNDS, _bounds(bounds)]
    parts += ["## About an episode", _links(KINDS, "")]
    for kind, model in KINDS.items():
        parts += _one(kind, model, _who(model), "")
    parts += ["### Each line of a `schedule`", said_of(WeeklySession), _fields(WeeklySession)]
    parts += [ABOUT_REFERRALS, _fields(AboutPlace, COMMON), _links(STATEMENTS, "referral-")]
    for kind, model in STATEMENTS.items():
        if model in KINDS.values():
            parts += [f"### referral: {kind}", f"As [{kind}](#{kind}) of an episode."]
        else:
            parts += _one(kind, model, _who_of_referral(model), "referral: ")
    parts += ["### Each place in `candidates`", said_of(Place), _fields(Place)]
    return "\n\n".join(parts) + "\n"


def _one(kind: str, model: type[Entry], who: str, prefix: str) -> Iterable[str]:
    rules = rules_in(said_of(model))
    yield f"### {prefix}{kind}"
    yield said_of(model)
    plan = " May be about a day to come." if model.states_a_plan else ""
    carries = f" Rule: {', '.join(rules)}." if rules else ""
    yield f"Who may state it: {who}.{plan}{carries}"
    common = {*COMMON, *Statement.model_fields, *AboutPlace.model_fields} if prefix else set(COMMON)
    if own := _fields(model, tuple(common)):
        yield own


def _fields(model: type[BaseModel], leave_out: tuple[str, ...] = ()) -> str:
    rows = [
        [f"`{one.name}`", one.kind, one.default, one.meaning or "—"] for one in fields_of(model, leave_out)
    ]
    return table(["field", "takes", "default", "meaning"], rows) if rows else ""


def _who(model: type[Entry]) -> str:
    return _in_words(model.stated_by)


def _who_of_referral(model: type[Entry]) -> str:
    sources = model.stated_by
    return _in_words([one for one in sources if one is not Source.AGENCY or issubclass(model, OF_AN_AGENCY)])


def _in_words(sources: Iterable[Source]) -> str:
    able = [source.value for source in sources]
    barred = [source.value for source in Source if source.value not in able]
    if not barred:
        return "every source"
    return f"every source but {' and '.join(barred)}" if len(barred) < 3 else ", ".join(able)


def _links(kinds: Mapping[str, object], prefix: str) -> str:
    return " · ".join(f"[{kind}](#{prefix}{kind})" for kind in kinds)


def _bounds(module: ModuleType) -> str:
    """The constants of a module with the texts behind them."""
    body = ast.parse(inspect.getsource(module)).body
    rows = []
    for statement, after in pairwise(body):
        name, text = assigned(statement), docstring_of(after)
        value = getattr(module, name, None) if name else None
        if isinstance(value, int) and text:
            rows.append([f"`{name}`", f"{value:,}", " ".join(text.split())])
    return table(["bound", "at most", "of what"], rows)
