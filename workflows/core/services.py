"""What a session is called, and which service of the program is meant (A2)."""

from collections.abc import Iterable, Mapping
from functools import lru_cache

from workflows.core.entries import WeeklySession
from workflows.core.errors import InvalidEntry
from workflows.core.policy import Dose, Policy
from workflows.core.vocabulary import is_mutual_help, slug

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


def refuse_unknown_services(weekly: Iterable[WeeklySession], policy: Policy) -> None:
    """The same for every line of a weekly schedule."""
    for number, line in enumerate(weekly):
        refuse_unknown_service(line.service, policy, f"schedule.{number}.service")
