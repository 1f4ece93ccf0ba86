"""The clinic's policies: a file for every pathway, or a folder with one for each."""

from pathlib import Path

import pytest

from worker.episodes import read_start
from worker.errors import CannotDo
from worker.policies import with_clinic_policies

START = {"episode_id": "e1", "site": "north", "timezone": "America/Chicago", "referred_on": "2026-01-05"}


def folder(where: Path) -> Path:
    (where / "iop.yaml").write_text("length: {days: 45}")
    (where / "php.yaml").write_text("length: {days: 21}")
    return where


def test_a_file_is_the_policy_of_whatever_begins(tmp_path: Path) -> None:
    start = with_clinic_policies(START, folder(tmp_path) / "iop.yaml")
    assert start == {**START, "policy": {"length": {"days": 45}}}


def test_a_folder_gives_the_policy_of_the_pathway_and_those_that_may_follow(tmp_path: Path) -> None:
    start = read_start(with_clinic_policies({**START, "pathway": "php"}, folder(tmp_path)))
    assert start.policy == {"length": {"days": 21}}
    assert start.following["iop"].policy == {"length": {"days": 45}}


def test_what_the_start_says_itself_is_left_as_it_is(tmp_path: Path) -> None:
    own: dict[str, object] = {**START, "pathway": "IOT", "policy": None, "following": {}}
    assert with_clinic_policies(own, folder(tmp_path)) == own


def test_a_file_that_is_named_after_no_pathway_is_refused(tmp_path: Path) -> None:
    (folder(tmp_path) / "day-clinic.yaml").write_text("{}")
    with pytest.raises(CannotDo, match="no pathway day-clinic"):
        with_clinic_policies(START, tmp_path)


def test_a_policy_to_come_that_contradicts_itself_is_refused_by_its_field(tmp_path: Path) -> None:
    (tmp_path / "iop.yaml").write_text("gate: {sober_days: 400}")
    with pytest.raises(CannotDo, match=r"following.iop.policy: .*gate.sober_days"):
        read_start(with_clinic_policies({**START, "pathway": "php"}, tmp_path))
