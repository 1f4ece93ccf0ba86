"""An episode or a referral as its journal tells it: lived through again by the core, without a workflow (T2, T3).

Nothing is asked of the world on the way: what was to be done for it was done when it happened.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from workflows.core.engine.acts import read
from workflows.core.engine.lines import Beginning
from workflows.core.episode.entries import KINDS
from workflows.core.episode.episode import Episode
from workflows.core.episode.start import EpisodeStart
from workflows.core.referral.referral import Referral
from workflows.core.referral.start import ReferralStart
from workflows.core.referral.statements import STATEMENTS
from workflows.pathways import pathway_named
from workflows.pathways.referral import new_referral


class Told(NamedTuple):
    """What a journal says of an episode or a referral: how it began, and every act since."""

    beginning: Beginning
    acts: tuple[Mapping[str, Any], ...]


def told(lines: Iterable[Mapping[str, Any]]) -> Told:
    """What the lines of a journal say.

    Raises:
        ValueError: they do not begin with a beginning.
    """
    first, *others = lines
    return Told(Beginning.of_line(first), tuple(act for line in others for act in line["acts"]))


def lived(journal: Told, until: datetime) -> Episode | Referral:
    """How an episode or a referral stands at an instant, by its journal.

    What time has brought since the last line is judged at its own time, as its workflow would have done.
    """
    begin = journal.beginning
    living = _begun(begin)
    kinds = KINDS if begin.of == "episode" else STATEMENTS
    for said in journal.acts:
        living.relive(read(said, kinds))
        living.take_effects()
    living.note_acts()  # what time has brought since is in no line yet
    living.wake_until(until)
    return living


def _begun(begin: Beginning) -> Episode | Referral:
    if begin.of == "episode":
        start = EpisodeStart.model_validate(begin.start)
        pathway = pathway_named(start.pathway)
        if begin.snapshot:
            return Episode.unpacked(begin.snapshot, start, pathway)
        return Episode(start, pathway, begin.at)
    referral = new_referral(ReferralStart.model_validate(begin.start), begin.at)
    if begin.snapshot:
        referral.go_on_from(begin.snapshot)
    return referral
