"""`carepath`: the command line. Thin: each command reads its arguments, asks, and shows.

Exit codes: 0 done, 1 refused (the reason on stderr), 2 wrong usage.
"""

import gc
import os
import sys
from asyncio import CancelledError
from collections.abc import Iterator, Mapping
from importlib import import_module
from types import ModuleType
from typing import Any, NoReturn

import typer
from typer.core import TyperGroup

from worker.errors import CannotDo, in_words
from worker.said import Said

# Where each command stands in worker/commands (file and Typer app), in the order of `carepath --help`.
COMMANDS = {
    "up": "clinic.app",
    "down": "clinic.app",
    "setup": "clinic.app",
    "worker": "clinic.app",
    "deployment": "deployment.deployment",
    "mail": "clinic.app",
    "codec": "codec.codec",
    "signing": "signing.signing",
    "admit": "episodes.app",
    "record": "episodes.app",
    "attend": "attending.app",
    "progress": "looking.app",
    "journal": "journals.app",
    "list": "looking.app",
    "gate": "gate.app",
    "tasks": "tasks.app",
    "complete": "tasks.app",
    "reassign": "tasks.app",
    "acknowledge": "tasks.app",
    "why": "tasks.app",
    "channels": "channels.app",
    "doctor": "doctor.app",
    "watch": "doctor.app",
    "revive": "doctor.app",
    "restore": "restore.app",
    "give-up": "doctor.app",
    "accounting": "disclosures.app",
    "emergency": "emergency.app",
    "gateway": "gateway.app",
    "answers": "gateway.app",
    "agencies": "agencies.app",
    "sample-agencies": "agencies.app",
    "import": "importing.app",
    "match": "matching.app",
    "simulate": "simulating.app",
    "pathway": "pathways.pathway",
    "policy": "pathways.policy",
    "rules": "rules.app",
    "referral": "referrals.referral",
    "consent": "consents.consent",
    "patient": "patients.patient",
    "ledger": "emergency.ledger",
    "templates": "templates.templates",
    "staff": "staff.staff",
    "closure": "closures.closure",
    "directory": "directory.directory",
}


class _WhenAsked(Mapping[str, Any]):
    """The commands by name; the module of one is imported when it is asked for.

    To import them all takes longer than most commands take to do their work.
    """

    def __getitem__(self, name: str) -> Any:
        module, attribute = COMMANDS[name].split(".")
        group = typer.main.get_group(getattr(_imported(f"worker.commands.{module}"), attribute))
        group.name = name
        return group.commands.get(name, group)

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)


def _imported(name: str) -> ModuleType:
    """A module, and what it imports. None of that is garbage, for which Python would look again and again meanwhile."""
    gc.disable()
    try:
        return import_module(name)
    finally:
        gc.freeze()
        gc.enable()


class _Commands(TyperGroup):
    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.commands = _WhenAsked()  # type: ignore[assignment]  # Typer reads it only

    def format_help(self, ctx: Any, formatter: Any) -> None:
        self.commands = Said(COMMANDS)  # type: ignore[assignment]  # as above
        super().format_help(ctx, formatter)


app = typer.Typer(
    cls=_Commands,
    help="Care pathways as durable workflows.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


@app.callback()
def carepath() -> None:
    """Care pathways as durable workflows."""


_BY_CTRL_C = 130
"""What Typer makes of it, without a word."""


def main() -> NoReturn:
    """Run the command line; no error ends in a traceback unless CAREPATH_DEBUG is set."""
    os.umask(0o077)  # whatever a command writes may hold what is nobody else's business
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
        if ended.code == _BY_CTRL_C:
            print("Stopped.", file=sys.stderr)
            return 1
        return ended.code if isinstance(ended.code, int) else 0 if ended.code is None else 1
    except CannotDo as error:
        print(error, file=sys.stderr)
        return 1
    except (KeyboardInterrupt, CancelledError):
        print("Stopped.", file=sys.stderr)
        return 1
    except Exception as error:
        if os.environ.get("CAREPATH_DEBUG"):
            raise
        print(in_words(error), file=sys.stderr)
        return 1
    return 0
