"""What the clinic's own files know of an episode (I6, E0)."""

from datetime import date
from pathlib import Path

from activities.clinic_database import ClinicDatabase, Crosswalk
from activities.episode_known import EpisodeKnower
from tests.servers import EXAMPLE
from workflows.ports.clinic_files import EpisodeAsked, EpisodeKnown

TODAY = date(2026, 3, 2)


async def test_I6_E0_the_clinics_files_tell_whose_an_episode_is_and_who_of_its_team_works_here(
    database: ClinicDatabase,
) -> None:
    crosswalk = Crosswalk(database)
    knower = EpisodeKnower(crosswalk, EXAMPLE / "staff.yaml")

    async def known(episode_id: str, *team: str) -> EpisodeKnown:
        return await knower.what_is_known(EpisodeAsked(episode_id=episode_id, team=list(team)))

    assert await known("a1", "cm-1", "zz-9") == EpisodeKnown(patient="unknown", strangers=["zz-9"])
    await crosswalk.open_episode("MRN-1", "a1", TODAY)
    assert (await known("a1", "cm-1", "th-1")).is_as_it_should_be
    await crosswalk.note("a1", TODAY)
    assert await known("a1") == EpisodeKnown(patient="closed")
    await crosswalk.open_episode("MRN-1", "a2", TODAY)
    assert await known("a1") == EpisodeKnown(patient="closed", other="a2")
    assert (await known("a2")).is_as_it_should_be


async def test_E0_a_changed_staff_directory_is_in_force_without_a_restart(
    database: ClinicDatabase, tmp_path: Path
) -> None:
    staff = tmp_path / "staff.yaml"
    knower = EpisodeKnower(Crosswalk(database), staff)
    for people, strangers in (("cm-1", ["zz-9"]), ("zz-9", [])):
        staff.write_text(f'staff:\n  {people}: {{channels: ["mailto:{people}@clinic.example"]}}\n')
        assert (
            await knower.what_is_known(EpisodeAsked(episode_id="a1", team=["zz-9"]))
        ).strangers == strangers
