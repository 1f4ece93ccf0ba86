"""What every kind of entry says of itself, in its own class."""

import pytest

from workflows.core.episode.entries import KINDS


@pytest.mark.parametrize("kind", KINDS)
def test_T4_what_an_entry_is_about_stands_in_fields_that_it_has(kind: str) -> None:
    fields = {field.alias or name for name, field in KINDS[kind].model_fields.items()}
    assert set(KINDS[kind].identified_by or ()) <= fields


@pytest.mark.parametrize("kind", [kind for kind in KINDS if KINDS[kind].brings_forward])
def test_T4_what_is_brought_forward_is_about_something(kind: str) -> None:
    assert KINDS[kind].identified_by
