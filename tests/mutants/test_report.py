"""What is said of the mutants that were judged."""

import pytest

from tests.mutants import accepted, report
from tests.mutants.accepted import Accepted
from tests.mutants.making import Mutant, Place
from tests.mutants.report import Judged
from tests.mutants.running import Verdict


def _judged(path: str, caught_by: str | None, after: str = "if b:") -> Judged:
    place = Place(path, 7, "AddNot", 0, "Facts.holds", ())
    return Judged(Mutant(place, "", "", "if a:", after), Verdict(caught_by, 3, 1.0), 5)


USE = "workflows/core/episode/sobriety/facts.py"
CAUGHT = _judged(USE, "test_S2")
SURVIVED = _judged(USE, None)
ELSEWHERE = _judged("workflows/core/engine/calendar.py", None)


def test_nine_of_ten_are_asked_of_what_decides_about_people_and_of_nothing_else() -> None:
    assert report.share_caught([CAUGHT, SURVIVED, ELSEWHERE]) == 0.5
    assert report.share_caught([CAUGHT, ELSEWHERE]) == 1


def test_a_survivor_counts_as_one_also_where_its_reason_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    known = Accepted(USE, "Facts.holds", "if a:", "if b:", "the two are the same")
    monkeypatch.setattr(accepted, "all_accepted", lambda: [known])
    assert "  the two are the same" in list(report.survivors([SURVIVED]))
    assert report.share_caught([CAUGHT, SURVIVED]) == 0.5


def test_a_reason_follows_a_file_into_another_folder_and_no_other_change(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    known = Accepted(USE, "Facts.holds", "if a:", "if b:", "the two are the same")
    monkeypatch.setattr(accepted, "all_accepted", lambda: [known])
    moved = _judged("workflows/core/episode/use/facts.py", None)
    other = _judged(USE, None, after="if c:")
    assert "  the two are the same" in list(report.survivors([moved]))
    assert "  no reason is known: a test is missing" in list(report.survivors([other]))


def test_the_table_counts_by_file_by_kind_and_in_all() -> None:
    rows = {
        line.rsplit(maxsplit=4)[0]: line.split()[-4:] for line in report.table([CAUGHT, SURVIVED, ELSEWHERE])
    }
    assert rows["facts"] == rows["  workflows/core/episode/sobriety/facts.py"] == ["2", "1", "1", "50%"]
    assert rows["the rest"] == ["1", "0", "1", "0%"]
    assert rows["all"] == ["3", "1", "2", "33%"]


def test_every_accepted_survivor_has_its_reason() -> None:
    assert all(len(one.why) > 20 for one in accepted.all_accepted())
