"""The journal tells everything that was stated, whatever the kind."""

from typing import Any

import pytest

from worker.sentences import COMMON, sentence
from workflows.core.episode.entries import KINDS


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"kind": "attendance", "session": "2026-03-02T18:00:00", "status": "missed"},
         "Session of 2026-03-02 18:00: missed."),
        ({"kind": "test", "test_id": "S[/12]", "collected_on": "2026-03-02", "result": "definitive",
          "substances": ["cocaine"]}, "Test S[/12]: definitive, collected on 2026-03-02, substances cocaine."),
        ({"kind": "use", "on": "2026-03-02", "class": "slip"}, "Use on 2026-03-02, class slip."),
        ({"kind": "goal", "goal_id": "g1", "title": "{goal_id} {x}", "status": "met"}, "Goal g1: {goal_id} {x}, met."),
        ({"kind": "screening", "home_safe": False, "substances": []}, "Screening, home safe no, substances none."),
        ({"kind": "use", "on": "2026-03-02", "supersedes": "n1", "supersedes_reason": "wrong day"},
         "Use on 2026-03-02, in place of n1, because wrong day."),
    ],
)  # fmt: skip
def test_an_entry_is_told_in_words(entry: dict[str, Any], words: str) -> None:
    assert sentence({"by": "cm-1", "id": "n2", **entry}) == words


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_no_field_of_any_kind_is_left_out(kind: str) -> None:
    fields = {
        (one.alias or name): f"v{number}"
        for number, (name, one) in enumerate(KINDS[kind].model_fields.items())
    }
    told = sentence({**fields, "kind": kind})
    for name, value in fields.items():
        assert name in COMMON or value in told, (name, told)
    for name in fields:  # nor where the others were not given
        if name not in COMMON:
            assert "only" in sentence({"kind": kind, name: "only"})
