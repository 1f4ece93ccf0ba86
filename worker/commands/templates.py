"""Commands on the templates of patient messages (P2)."""

from pathlib import Path
from typing import Annotated

import typer

from activities.messages.files import TEMPLATES, Templates
from worker.commands.options import Json
from worker.errors import CannotDo
from worker.settings import load_settings
from worker.show import as_json, console
from workflows.core.episode.messages.neutral import check_phone, check_sender

templates = typer.Typer(help="Templates of messages to patients.", no_args_is_help=True)


@templates.command()
def check(
    folder: Annotated[
        Path | None, typer.Argument(help="A folder of templates; the clinic's own if absent.")
    ] = None,
    json: Json = False,
) -> None:
    """Refuse any template, sender, subject or link that shows substance-use care."""
    settings = load_settings()
    chosen = folder or settings.templates or TEMPLATES
    if not chosen.is_dir():
        raise CannotDo(f"{chosen}: there is no folder of templates.")
    found = Templates(chosen).problems()
    if not found:
        raise CannotDo(f"{chosen}: there is no template; each is a text file such as please_call.txt.")
    found["CAREPATH_SENDER"] = check_sender(settings.sender)
    found["CAREPATH_CLINIC_PHONE"] = check_phone(settings.clinic_phone)
    if json:
        as_json(found)
    else:
        for name, problems in found.items():
            console.print(f"{name}: {'; '.join(problems) or 'may be sent'}")
    if wrong := [name for name, problems in found.items() if problems]:
        raise CannotDo(f"Not to be sent: {', '.join(wrong)}.")
