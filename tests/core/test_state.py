"""The state is one value: what is in it survives everything, and there is no second list of it."""

import base64
import zlib
from dataclasses import dataclass, fields, replace
from typing import Any

import pytest

from tests.core.breaking import broken_off
from tests.core.clinic import ADMITTED, ZONE, admitted
from workflows.core.engine.errors import Refused
from workflows.core.engine.state import pack, unpack
from workflows.core.episode.entries import KINDS, parse_entry
from workflows.core.episode.episode import Episode
from workflows.core.episode.state import EpisodeState
from workflows.pathways import pathway_named
from workflows.pathways.proof.search import Search

SAID = ("once", "twice")


@dataclass(frozen=True, slots=True, kw_only=True)
class Grown(EpisodeState):
    """The state with a field that nobody has heard of."""

    added: tuple[str, ...] = ()


def grown(episode: Episode) -> Grown:
    """The state of an episode, with the field filled."""
    given: dict[str, Any] = {one.name: getattr(episode.state, one.name) for one in fields(episode.state)}
    return Grown(**given, added=SAID)


def added(episode: Episode) -> tuple[str, ...]:
    """What stands in that field."""
    assert isinstance(episode.state, Grown)
    return episode.state.added


def test_a_field_more_survives_every_step() -> None:
    patient = admitted()
    patient.episode.state = grown(patient.episode)
    patient.attends(ADMITTED)
    with pytest.raises(Refused):
        patient.says("retraction", entry_id="nobody", reason="wrong")
    patient.says("crisis", type="overdose", at=patient.now)
    patient.says("decision", about="crisis_response", choice="safe")
    patient.until(ADMITTED.replace(day=20))
    assert added(patient.episode) == SAID


def test_a_field_more_survives_continue_as_new() -> None:
    patient = admitted()
    patient.episode.state = grown(patient.episode)
    state = unpack(Grown, patient.episode.packed(), {"zone": ZONE, "kinds": KINDS})
    assert state.added == SAID
    again = Episode(patient.episode.start, patient.episode.pathway, patient.now, state)
    assert again.packed() == patient.episode.packed()


def test_E9_a_field_more_survives_an_error_in_the_middle_of_any_step() -> None:
    patient = admitted()
    patient.episode.state = grown(patient.episode)
    entry = parse_entry({"kind": "use", "id": "x1", "by": "cm-1", "on": ADMITTED.isoformat()})
    for _ in broken_off(lambda: patient.episode.apply(entry, patient.now), every=211):
        assert added(patient.episode) == SAID


def test_a_field_more_survives_the_search_of_the_proof() -> None:
    search = Search(pathway_named("iop"), depth=0)
    first = search.first
    search.first = replace(first, state=grown(Episode(search.start, search.pathway, first.now, first.state)))
    assert list(search.run())
    assert all(isinstance(one.state, Grown) and one.state.added == SAID for one in search.situations.values())


def test_what_is_packed_is_the_same_text_wherever_it_is_packed() -> None:
    patient = admitted()
    patient.says("need", service="transport")
    state = unpack(EpisodeState, patient.episode.packed(), {"zone": ZONE, "kinds": KINDS})
    shuffled = replace(state, sent=frozenset(sorted(state.sent, reverse=True)))
    assert pack(shuffled) == pack(state) == patient.episode.packed()


def test_a_state_of_another_format_is_not_guessed_at() -> None:
    with pytest.raises(ValueError, match="format"):
        Episode.unpacked(_of_another_format(), admitted().episode.start, pathway_named("iop"))


def _of_another_format() -> str:
    import base64
    import json
    import zlib

    return base64.b85encode(zlib.compress(json.dumps({"format": 7}).encode())).decode()


@pytest.mark.parametrize(
    "content", ['{"format": 10, "record": 7}', "[]", "{}", '{"format": 10, "record": {"began_at": 7}}']
)
def test_a_snapshot_that_is_none_or_is_damaged_is_refused_as_that(content: str) -> None:
    packed = base64.b85encode(zlib.compress(content.encode())).decode()
    for text in (packed, packed[:-4], packed + "x", "", "no snapshot"):
        with pytest.raises(ValueError, match=r"."):
            unpack(EpisodeState, text, {"zone": ZONE, "kinds": KINDS})
