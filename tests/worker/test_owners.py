"""What nobody is behind is shown as such: an owner who is in no staff directory, a role for which nobody answers."""

from pathlib import Path

from worker.owners import UNKNOWN, Owners
from worker.settings import Settings


def test_an_owner_is_somebody_of_the_directory_or_a_role_for_which_one_answers(
    clinic_settings: Settings,
) -> None:
    owners = Owners(clinic_settings)
    known = {one: owners.is_known(one) for one in ("cm-1", "supervisor", "on_call", "cm-9", "janitor", None)}
    assert known == {
        "cm-1": True,
        "supervisor": True,
        "on_call": True,
        "cm-9": False,
        "janitor": False,
        None: True,
    }
    assert (owners.shown("cm-9"), owners.shown("cm-1")) == (f"cm-9\n{UNKNOWN}", "cm-1")


def test_a_directory_that_cannot_be_read_makes_nobody_unknown(
    clinic_settings: Settings, tmp_path: Path
) -> None:
    away = clinic_settings.model_copy(update={"staff": tmp_path / "none.yaml"})
    assert Owners(away).is_known("cm-9")
