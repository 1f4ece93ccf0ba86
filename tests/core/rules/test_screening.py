"""I1, I2: what a screening proposes, and each of the reasons that it gives the clinician who decides."""

from typing import Any

import pytest

from tests.core.clinic import Patient

NOTHING = "nothing speaks against a program attended from home"
ALCOHOL = "withdrawal from alcohol can be dangerous"


def proposal(**found: Any) -> str:
    """What the clinician reads after a screening, up to what was not asked."""
    patient = Patient()
    patient.says("screening", **found)
    (task,) = patient.progress.open_tasks
    before = "Decide on the level of care. The screening proposes "
    return task.asks.partition(" Not asked yet")[0].removeprefix(before)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ({"withdrawal_risk": "high"}, "withdrawal_management: high risk of withdrawal."),
        ({"substances": ["Alcohol", "cannabis"], "withdrawal_risk": "moderate"},
         "withdrawal_management: moderate risk of withdrawal; withdrawal from Alcohol can be dangerous."),
        ({"substances": ["cannabis"], "withdrawal_risk": "moderate"}, f"iop: {NOTHING}."),
        ({"substances": ["alcohol"], "withdrawal_risk": "low"}, f"iop: {NOTHING}; mind that {ALCOHOL}."),
        ({"withdrawal_risk": "high", "duties": ["work"], "home_safe": False},
         "withdrawal_management: high risk of withdrawal; but has reasons to live at home: work."),
        ({"home_safe": False}, "residential: home is not safe or stable."),
        ({"home_safe": False, "duties": ["work"]},
         "php: home is not safe or stable; but has reasons to live at home: work."),
        ({"support_network": False}, "iop: no support network."),
        ({"support_network": False, "prior_return_to_use": True},
         "residential: no support network; return to use after earlier treatment."),
        ({"support_network": False, "substances": ["alcohol"]}, f"iop: no support network; mind that {ALCOHOL}."),
        ({"support_network": False, "co_occurring": ["ptsd"], "duties": ["young children"]},
         "php: no support network; co-occurring: ptsd; but has reasons to live at home: young children."),
        ({"years_of_use": 10}, "iop: long duration of use."),
        ({"years_of_use": 10, "prior_return_to_use": True},
         "php: long duration of use; return to use after earlier treatment."),
        ({"years_of_use": 12, "substances": ["alcohol"]}, f"iop: long duration of use; mind that {ALCOHOL}."),
        ({"co_occurring": ["ptsd", "bipolar"]}, "iop: co-occurring: ptsd, bipolar."),
        ({"prior_return_to_use": True}, "iop: return to use after earlier treatment."),
        ({"years_of_use": 0.9, "withdrawal_risk": "none"},
         "outpatient: short duration of use and nothing that speaks against living at home."),
        ({"years_of_use": 0.9, "withdrawal_risk": "none", "duties": ["work"]},
         "outpatient: short duration of use and nothing that speaks against living at home; "
         "but has reasons to live at home: work."),
        ({"years_of_use": 1, "withdrawal_risk": "none"}, f"iop: {NOTHING}."),
        ({"years_of_use": 0.9, "withdrawal_risk": "low"}, f"iop: {NOTHING}."),
        ({"years_of_use": 0.9, "withdrawal_risk": "none", "prior_return_to_use": True},
         "iop: return to use after earlier treatment."),
        ({"home_safe": True, "support_network": True, "prior_return_to_use": False, "duties": ["work"]},
         f"iop: {NOTHING}; but has reasons to live at home: work."),
    ],
)  # fmt: skip
def test_I1_I2_a_screening_proposes_a_level_with_each_of_its_reasons(
    found: dict[str, Any], said: str
) -> None:
    assert proposal(**found) == said
