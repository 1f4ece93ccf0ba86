"""The picture and the table are those of the chart that runs."""

import xml.etree.ElementTree as ET

import pytest

from workflows.core.engine.errors import Refused
from workflows.core.engine.places import carrying
from workflows.pathways import pathway_named
from workflows.pathways.drawing import carried, mermaid, transitions
from workflows.pathways.svg import svg

IOP = pathway_named("iop")


def test_the_table_holds_every_transition_with_what_moves_it() -> None:
    rows = {(row.source, row.target): row.when for row in transitions(IOP)}
    assert rows["referred", "screening"] == "screened"
    assert rows["program", "aftercare"] == "stepped down"
    assert rows["underway", "closed"] == "exit signed"
    assert rows["closed", "where_it_stood"] == "not exit signed"
    assert all(rows.values()), "an arrow without an event or a guard would move by itself"


def test_the_mermaid_picture_names_every_state_and_draws_every_transition() -> None:
    drawn = mermaid(IOP)
    assert drawn.startswith("stateDiagram-v2")
    assert drawn.count(" --> ") >= len(transitions(IOP))
    assert 'state "Slip response" as slip_response' in drawn


def test_the_svg_picture_is_well_formed_and_holds_every_state_and_every_word() -> None:
    root = ET.fromstring(svg(IOP))
    said = [text.text or "" for text in root.iter("{http://www.w3.org/2000/svg}text")]
    for name in ("Intake", "Slip response", "Extension limit reached", "On leave", "Crisis", "Deceased"):
        assert any(name in text for text in said), name
    assert {row.when for row in transitions(IOP)} <= set(said)


def test_nothing_in_the_svg_picture_is_drawn_outside_of_it_or_over_its_neighbour() -> None:
    root = ET.fromstring(svg(IOP))
    width, height = float(root.attrib["width"]), float(root.attrib["height"])
    boxes = [{side: float(box.attrib[side]) for side in ("x", "y", "width", "height")}
             for box in root.iter("{http://www.w3.org/2000/svg}rect")]  # fmt: skip
    assert all(box["x"] + box["width"] <= width and box["y"] + box["height"] <= height for box in boxes)
    leaves = [box for box in boxes if box["height"] == 34]
    for number, one in enumerate(leaves):
        for other in leaves[number + 1 :]:
            apart = (
                one["x"] + one["width"] <= other["x"] or other["x"] + other["width"] <= one["x"]
                or one["y"] + one["height"] <= other["y"] or other["y"] + other["height"] <= one["y"]
            )  # fmt: skip
            assert apart


def test_each_state_tells_what_is_owed_and_awaited_in_it() -> None:
    places = {place.state: place for place in carried(IOP)}
    assert "The clinician's signature (S9)" in " ".join(one.says for one in places["gate"].owed)
    assert [one.name for one in places["gate"].awaited] == ["gate opens"]
    assert [one.name for one in places["deceased"].owed] == ["exit duties"]
    assert all(one.says for place in places.values() for one in (*place.owed, *place.awaited))
    assert "owed: gate" in mermaid(IOP)


def test_a_state_shares_what_the_states_around_it_carry_and_nothing_twice() -> None:
    together = carrying(IOP.chart).together(("underway", "program", "attendance", "outreach"))
    names = [one.__name__ for one in together.owes]
    assert names.index("crisis") < names.index("slip_response") < names.index("outreach")
    assert len(names) == len(set(names))
    assert carrying(IOP.chart).together(("underway", "program", "attendance", "attending")) is together


def test_I5_a_pathway_goes_by_either_name_and_an_unknown_one_is_refused_with_those_there_are() -> None:
    assert pathway_named("IOT").name == IOP.name
    with pytest.raises(Refused, match="iop"):
        pathway_named("nothing")
