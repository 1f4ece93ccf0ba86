"""How an episode stands in the clinic's own files, for its page: whose it is, and who of its team works here (I6, E0).

`carepath admit` and an import ask both before anything begins. Whoever starts an episode by hand, as in the Web UI,
asks neither: so each asks once for itself, and once a day for as long as something is amiss.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from workflows.ports.clinic_files import WHAT_IS_KNOWN, EpisodeAsked, EpisodeKnown
    from workflows.ports.timeouts import DIRECTORY, FILES_ARE_ASKED_AGAIN


class ClinicFiles:
    """What is known of one episode.

    Args:
        episode_id: The episode.
        team: Staff ids by role, as of now.
        known: What a run before this one had heard.
        stir: Called with whatever has been heard.
    """

    def __init__(
        self, episode_id: str, team: Callable[[], Mapping[str, str]], known: Any, stir: Callable[[], None]
    ) -> None:
        self._episode_id, self._team, self._stir = episode_id, team, stir
        self._known = EpisodeKnown.model_validate(known) if known else None
        self._asked_at: datetime | None = None
        self._is_wanted = self._known is None or not self._known.is_as_it_should_be

    def ask_again(self) -> None:
        """Something may have changed: somebody has said whose it is, or the team is another one."""
        self._is_wanted = True

    def ask_if_it_is_time(self, now: datetime) -> None:
        """Ask what is wanted, and once a day what is amiss."""
        is_amiss = self._known is None or not self._known.is_as_it_should_be
        is_old = self._asked_at is None or now - self._asked_at >= FILES_ARE_ASKED_AGAIN
        if self._is_wanted or (is_amiss and is_old):
            self._is_wanted, self._asked_at = False, now
            asked = EpisodeAsked(episode_id=self._episode_id, team=sorted(set(self._team().values())))
            self._answer = workflow.start_activity(
                WHAT_IS_KNOWN, asked, result_type=EpisodeKnown, **DIRECTORY.options(),
                summary="What the clinic's own files know of this episode",
            )  # fmt: skip
            self._answer.add_done_callback(self._heard)

    def _heard(self, answer: Any) -> None:
        if answer.cancelled():
            return
        if error := answer.exception():
            workflow.logger.warning("the clinic's files could not be asked: %s", type(error).__name__)
            return
        self._known = answer.result()
        self._stir()

    def handed_on(self) -> Any:
        """What the next run begins with."""
        return self._known.model_dump(mode="json") if self._known else None

    def in_words(self, stage: str) -> list[str]:
        """What somebody has to look at, with the remedy; nothing of an episode that is over."""
        known, this = self._known, f"episode-{self._episode_id}"
        if known is None or stage == "closed":
            return []
        roles = {staff_id: role.replace("_", " ") for role, staff_id in self._team().items()}
        said = [
            f"The staff directory knows nobody called {one}, the {roles[one]}: what they are asked goes on to the next "
            "role. Put them into the directory, or record a team entry that names somebody else (E0)."
            for one in known.strangers
            if one in roles
        ]
        if known.patient == "unknown":
            said.append(
                "The clinic database knows no patient of this episode, so no message reaches anybody. `carepath "
                f"patient link KEY {this}` says whose it is; if it was started by mistake, `carepath record {this} "
                "exit reason=other on=DATE --by …` closes it (I6)."
            )
        if known.patient == "closed":
            beside = f", and the same patient has episode-{known.other}" if known.other else ""
            said.append(
                f"The clinic database has noted this episode as closed{beside}: `carepath record {this} exit "
                "reason=other on=DATE --by …` closes it, if it is not needed (I6)."
            )
        return said
