"""E0: whether a seal fits is yes or no, whatever somebody sends as one."""

import pytest

from workflows.ports.sealing import Sealing


@pytest.mark.parametrize("half", ["\ud800", "x\udfff"])
def test_E0_half_a_character_is_no_seal_and_stops_nobody(half: str) -> None:
    sealing = Sealing()
    sealing.begin(b"k" * 32)
    seal = sealing.seal("task-1", "name", {})
    assert sealing.fits("task-1", "name", {}, seal)
    assert not sealing.fits("task-1", "name", {}, half)
    assert not sealing.fits(half, "name", {"said": half}, seal)
