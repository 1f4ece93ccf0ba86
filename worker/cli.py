"""`carepath`: the command line. Thin: each command reads its arguments, asks, and shows.

Exit codes: 0 done, 1 refused (the reason on stderr), 2 wrong usage.
"""

import os
import sys
from typing import NoReturn

import typer

from worker.commands import (
    agencies,
    clinic,
    consents,
    directory,
    disclosures,
    emergency,
    episodes,
    gate,
    gateway,
    importing,
    matching,
    pathways,
    patients,
    referrals,
    simulating,
    tasks,
    templates,
)
from worker.errors import CannotDo

app = typer.Typer(
    help="Care pathways as durable workflows.", no_args_is_help=True, pretty_exceptions_enable=False
)
for group in (
    clinic.app,
    episodes.app,
    gate.app,
    tasks.app,
    disclosures.app,
    emergency.app,
    gateway.app,
    agencies.app,
    importing.app,
    matching.app,
    simulating.app,
):
    app.registered_commands += group.registered_commands
app.add_typer(pathways.pathway, name="pathway")
app.add_typer(pathways.policy, name="policy")
app.add_typer(referrals.app, name="referral")
app.add_typer(consents.consent, name="consent")
app.add_typer(patients.patient, name="patient")
app.add_typer(disclosures.ledger, name="ledger")
app.add_typer(templates.templates, name="templates")
app.add_typer(directory.app, name="directory")


def main() -> NoReturn:
    """Run the command line; no error ends in a traceback unless CAREPATH_DEBUG is set."""
    code = _run()
    sys.stdout.flush()
    sys.stderr.flush()
    # Threads of Temporal's runtime may still be closing a connection: the interpreter's own way out then aborts now
    # and then. Everything of ours is done and closed by here.
    os._exit(code)


def _run() -> int:
    try:
        app()
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else 0 if ended.code is None else 1
    except CannotDo as error:
        print(error, file=sys.stderr)
        return 1
    except Exception as error:
        if os.environ.get("CAREPATH_DEBUG"):
            raise
        print(
            f"This could not be done ({type(error).__name__}). Set CAREPATH_DEBUG=1 to see why.",
            file=sys.stderr,
        )
        return 1
    return 0
