"""`carepath`: the command line. Thin: each command reads its arguments, asks, and shows.

Exit codes: 0 done, 1 refused (the reason on stderr), 2 wrong usage.
"""

import os
import sys

import typer

from worker.commands import clinic, episodes, importing, pathways, tasks
from worker.errors import CannotDo

app = typer.Typer(
    help="Care pathways as durable workflows.", no_args_is_help=True, pretty_exceptions_enable=False
)
for group in (clinic.app, episodes.app, tasks.app, importing.app):
    app.registered_commands += group.registered_commands
app.add_typer(pathways.pathway, name="pathway")
app.add_typer(pathways.policy, name="policy")


def main() -> None:
    """Run the command line; no error ends in a traceback unless CAREPATH_DEBUG is set."""
    try:
        app()
    except CannotDo as error:
        print(error, file=sys.stderr)
        sys.exit(1)
    except Exception as error:
        if os.environ.get("CAREPATH_DEBUG"):
            raise
        print(
            f"This could not be done ({type(error).__name__}). Set CAREPATH_DEBUG=1 to see why.",
            file=sys.stderr,
        )
        sys.exit(1)
