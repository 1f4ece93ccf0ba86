"""The picture and the table are those of the chart that runs."""

import xml.etree.ElementTree as ET

import pytest

from workflows.core.errors import Refused
from workflows.pathways import pathway_named
from workflows.pathways.drawing import mermaid, transitions
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


def test_I5_a_pathway_goes_by_either_name_and_an_unknown_one_is_refused_with_those_there_are() -> None:
    assert pathway_named("IOT").name == IOP.name
    with pytest.raises(Refused, match="iop"):
        pathway_named("nothing")
