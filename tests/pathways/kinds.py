"""The kinds of tasks as they stand in the code, so that a table of a test cannot forget one."""

import ast
from collections.abc import Iterator
from pathlib import Path

CODE = Path(__file__).parent.parent.parent / "workflows"

NAMED_BESIDE = {
    "{due.rung.task}": frozenset(),  # a rung of the ladder: its kind is the policy's
    "what": frozenset({"rights_notice", "contact_preferences"}),
    "{kind}": frozenset({"safety_check", "individual_session", "plan_review"}),
    "{follow_up}": frozenset({"after_crisis_contact", "after_crisis_level_of_care"}),
    "offer_{kind}": frozenset({"offer_therapist", "offer_mutual_help"}),
    "{('keep_letter' if stays else 'post_letter')}": frozenset({"keep_letter", "post_letter"}),
    "f'level_of_care_review:{decided}' if decided else 'level_of_care'": frozenset(
        {"level_of_care_review", "level_of_care"}
    ),
    "key": frozenset(),  # the one place through which a referral's duties go
}
"""Keys whose kind stands in a name and not in the key's own words, with what that name stands for."""


def kinds_in(*places: str) -> frozenset[str]:
    """Every kind of task that the code of some files can ask for; a key that cannot be read fails."""
    found: set[str] = set()
    for place in places:
        files = [*CODE.glob(place)]
        assert files, f"there is no {place} any more"
        for file in files:
            for key in _keys(ast.parse(file.read_text("utf-8"))):
                word = _kind_of(key)
                if not word.isidentifier() or word in NAMED_BESIDE:
                    assert word in NAMED_BESIDE, (
                        f"{file.name}: say in NAMED_BESIDE which kinds {word} stands for"
                    )
                    found |= NAMED_BESIDE[word]
                else:
                    found.add(word)
    return frozenset(found)


def _keys(tree: ast.AST) -> Iterator[ast.expr]:
    """The first argument of each duty, the second of each made by a helper, and the key that a copy is given."""
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name):
            if call.func.id in ("Duty", "owed"):
                yield call.args[0 if call.func.id == "Duty" else 1]
            yield from (
                word.value for word in call.keywords if call.func.id == "replace" and word.arg == "key"
            )


def _kind_of(key: ast.expr) -> str:
    if isinstance(key, ast.Constant):
        return str(key.value).partition(":")[0]
    if not isinstance(key, ast.JoinedStr):
        return ast.unparse(key)
    text = ast.unparse(key)[2:-1].partition(":")[0]
    return text.removesuffix("{again}")
