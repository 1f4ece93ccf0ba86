"""What a session is called, and which service of the program is meant (A2)."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import pairwise

from workflows.core.engine.calendar import WEEKDAYS
from workflows.core.engine.errors import InvalidEntry
from workflows.core.episode.entries import WeeklySession
from workflows.core.episode.linkage.vocabulary import is_mutual_help, slug
from workflows.core.episode.policy import Dose, Policy

MUTUAL_HELP = "mutual_help"


@lru_cache(maxsize=512)
def service_meant(name: str, dose: Dose) -> str | None:
    """The service that a name stands for, in any spelling: one of the program's, or mutual help, which never counts.

    None: nobody here knows it.
    """
    known: Mapping[str, str] = {slug(one): one for one in dose.services}
    word = slug(name)
    meant = {slug(other): service for other, service in dose.service_names.items()}.get(word, word)
    if meant in known:
        return known[meant]
    return MUTUAL_HELP if is_mutual_help(meant) else None


def refuse_unknown_service(name: str | None, policy: Policy, field: str = "service") -> None:
    """Refuse a name that means none of the program's services, because its minutes would count nowhere.

    Raises:
        InvalidEntry: with the services that there are.
    """
    if name is not None and service_meant(name, policy.dose) is None:
        known = ", ".join((*policy.dose.services, MUTUAL_HELP))
        raise InvalidEntry(
            f"{field}: {name} is no service that is known here; there are {known}. A program that offers another one, "
            "or calls one otherwise, names it in its policy (dose.services, dose.service_names)."
        )


def refuse_schedule(weekly: Sequence[WeeklySession], policy: Policy, field: str = "schedule") -> None:
    """Refuse a weekly schedule with a service that nobody knows, or with two sessions at one time: nobody comes to
    both, so that one of them would be missed or would vanish (A1, A2).

    Raises:
        InvalidEntry: names the line.
    """
    for number, line in enumerate(weekly):
        refuse_unknown_service(line.service, policy, f"{field}.{number}.service")
    planned = sorted((_minute(line), number, line) for number, line in enumerate(weekly))
    around = [*planned, *((begins + _WEEK, number, line) for begins, number, line in planned[:1])]
    for (begins, _, line), (follows, number, other) in pairwise(around):
        if follows < begins + line.minutes and line is not other:
            raise InvalidEntry(
                f"{field}.{number}.start: {other.weekday} {other.start} begins while the session of {line.weekday} "
                f"{line.start} ({line.minutes} minutes) is on, and nobody comes to both; leave one out, or give its "
                "time."
            )


_WEEK = 7 * 24 * 60


def _minute(line: WeeklySession) -> int:
    """The minute of the week at which a session begins."""
    hours, minutes = map(int, line.start.split(":"))
    return (WEEKDAYS.index(line.weekday) * 24 + hours) * 60 + minutes
