"""One patient: outcomes come out of the engine, and the same patient meets both policies."""

from datetime import timedelta
from itertools import islice

import pytest

from tests.servers import EXAMPLE
from tests.worker.simulation.conftest import clinic, journey
from worker.commands.options import read_file
from worker.errors import CannotDo
from worker.simulation.behaviour import Person
from worker.simulation.parameters import Parameters, load_parameters
from worker.simulation.run import simulate

WAYS = {
    "dropped_out": {"share": 1, "stay_days": {"median": 20, "sigma": 0}},
    "transferred": {"share": 0, "stay_days": {"median": 20}},
    "terminated": {"share": 0, "stay_days": {"median": 20}},
    "other": {"share": 0, "stay_days": {"median": 20}},
}
SILENT = {
    "leaving": {"ways": WAYS, "says_so": 0},
    "outreach": {"reached_after_leaving": 0},
    "staff": {"answers": {"lost_contact_proposal": {"close": 1}}},
}
LEFT_ALONE = {"leaving": {"ways": {name: {"share": 0, "stay_days": {"median": 20}} for name in WAYS}}}
SUPERVISOR_AT_24H = read_file(EXAMPLE / "policy_supervisor_at_24h.yaml")


def test_who_stops_coming_is_closed_by_a_persons_decision_and_the_stay_ends_at_the_last_contact() -> None:
    lived = journey(clinic(**SILENT))
    outcome = lived.desk.outcome
    answers = {key.partition(":")[0]: answer for key, answer in lived.episode.frame.answers.given.items()}
    assert (outcome.exit, outcome.reason) == ("lost_contact", "dropped_out")
    assert (answers["lost_contact_proposal"].choice, answers["lost_contact_proposal"].by) == ("close", "su-1")
    assert outcome.stay_days is not None
    assert outcome.stay_days <= 21
    assert answers["lost_contact_proposal"].at - lived.episode.facts.calendar.at(
        outcome.last_contact_on  # type: ignore[arg-type]
    ) > timedelta(days=30)


def test_a_termination_is_proposed_and_decided_by_different_people() -> None:
    ways = {
        name: {"share": float(name == "terminated"), "stay_days": {"median": 20, "sigma": 0}} for name in WAYS
    }
    sure = {
        "involuntary_review": {"approve": 1},
        "discharge_team_meeting": {"alternatives_tried": 1},
        "discharge_decision": {"discharge": 1},
        "discharge_appeal_hearing": {"uphold": 1},
    }
    lived = journey(clinic(leaving={"ways": ways}, staff={"answers": sure, "overlooked": 0}))
    answers = {key.partition(":")[0]: answer.by for key, answer in lived.episode.frame.answers.given.items()}
    assert lived.desk.outcome.reason == "terminated"
    assert (answers["involuntary_discharge"], answers["involuntary_review"]) == ("su-1", "di-1")


def test_the_behaviour_of_a_patient_does_not_depend_on_the_policy() -> None:
    admitted_on = Person(clinic(), 1, 7).referred_on + timedelta(days=5)
    lives = [list(islice(Person(clinic(), 1, 7).in_program(admitted_on), 80)) for _ in range(2)]
    assert lives[0] == lives[1]
    assert lives[0] != list(islice(Person(clinic(), 1, 8).in_program(admitted_on), 80))


def test_happenings_come_in_the_order_of_time() -> None:
    for number in range(20):
        person = Person(clinic(attendance={"leave": 1, "crisis": 1}, use={"per_week": 0.5}), 1, number)
        times = [one.at for one in person.in_program(person.referred_on)]
        assert times == sorted(times)


def test_nobody_is_treated_differently_under_the_same_policy() -> None:
    found = simulate(clinic(), patients=3, seed=1, policy={}, against={})
    assert found.comparison
    assert (found.comparison.patients, found.comparison.different) == (3, 0)


def test_an_earlier_supervisor_rung_is_more_work_for_the_supervisor_and_none_for_who_never_misses() -> None:
    found = simulate(clinic(), patients=8, seed=2, against=SUPERVISOR_AT_24H)
    assert found.comparison
    assert found.against
    assert found.against.of_kind()["supervisor_review"] > found.tally.of_kind()["supervisor_review"]
    assert 0 < found.comparison.different < 8
    never = journey(clinic(attendance={"spell_begins": 0, "spell_continues": 0}, **LEFT_ALONE))
    again = journey(
        clinic(attendance={"spell_begins": 0, "spell_continues": 0}, **LEFT_ALONE), 0, SUPERVISOR_AT_24H
    )
    assert never.desk.outcome == again.desk.outcome


def test_an_overlooked_task_climbs_to_the_levels_of_the_policy() -> None:
    lived = journey(clinic(staff={"overlooked": 1}, **LEFT_ALONE))
    decided = next(task for task in lived.desk.outcome.tasks if task.kind == "level_of_care")
    assert decided.level > 0
    assert lived.desk.outcome.escalations > 0


def test_the_example_file_lists_the_defaults() -> None:
    assert load_parameters(read_file(EXAMPLE / "simulation.yaml")) == Parameters()


def test_a_table_in_a_file_names_only_the_rows_that_differ() -> None:
    answers = load_parameters({"staff": {"answers": {"gate_review": {"hold": 1}}}}).staff.answers
    assert answers["gate_review"] == {"hold": 1}
    assert answers["screening"] == {}


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"attendence": {}}, "attendence is not a field here"),
        ({"attendance": {"excused": 2}}, "attendance.excused: input should be less than or equal to 1"),
        ({"tests": {"every_days": [9, 4]}}, "tests.every_days is not a field here"),
        ({"leaving": {"ways": {"dropped_out": {"share": 0.9, "stay_days": {"median": 3}}}}}, "at most 1"),
        (["attendance"], "one object with named parts"),
    ],
)
def test_a_broken_parameters_file_is_refused_in_one_plain_sentence(wrong: object, words: str) -> None:
    with pytest.raises(CannotDo, match=words) as refused:
        load_parameters(wrong)
    assert "\n" not in str(refused.value)
