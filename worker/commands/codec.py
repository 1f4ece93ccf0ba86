"""Commands on the encryption of histories: make keys, and let the Web UI read."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from worker.codec.codec import Codec
from worker.codec.keys import add_key, load_keys
from worker.errors import CannotDo
from worker.settings import CODEC_PORT, OFF, load_settings
from worker.show import console
from worker.stopping import until_stopped

codec = typer.Typer(
    no_args_is_help=True, help="Encryption of histories: its keys, and the server for the Web UI."
)


@codec.command()
def key(
    file: Annotated[Path, typer.Argument(help="The key file; it is made if it is not there.")],
    key_id: Annotated[
        str | None, typer.Option("--id", help="The key's id; today's date (UTC) if it is left out.")
    ] = None,
) -> None:
    """Make a key. The first line of the file encrypts, all lines decrypt."""
    name = key_id or datetime.now(UTC).date().isoformat()
    if add_key(file, name):
        console.print(
            f"Key {name} is in {file}. Set CAREPATH_CODEC={file} for every worker and every command. Keep a copy "
            "apart: without it nobody reads the histories again.",
            highlight=False,
            soft_wrap=True,
        )
    else:
        console.print(
            f"Key {name} is in {file}, and decrypts. When every worker and every command has the file, move its line "
            "to the top: then it encrypts.",
            highlight=False,
            soft_wrap=True,
        )


@codec.command()
def forget(key_id: Annotated[str, typer.Argument(help="The key's id, as `carepath` names it.")]) -> None:
    """Do without a key: for one that is lost, or when no history and no line of the journal needs it any more."""

    # Whoever makes a key does not wait for a database.
    from activities.clinic_database.history_keys import HistoryKeys
    from worker.episodes import clinic_database

    async def run() -> bool:
        async with clinic_database() as database:
            return await HistoryKeys(database).forget(key_id)

    if not asyncio.run(run()):
        raise CannotDo(f"{key_id}: this clinic has noted no key of that id.")
    console.print(f"The clinic does without key {key_id}. What was encrypted with it can be read by nobody without it.",
                  highlight=False, soft_wrap=True)  # fmt: skip


@codec.command()
def serve(
    ui: Annotated[
        list[str] | None,
        typer.Option("--ui", help="Where the Web UI is, such as https://ui.example; several times."),
    ] = None,
    host: Annotated[
        str, typer.Option(help="Address to listen on; put a proxy with TLS and a login before it.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = CODEC_PORT,
) -> None:
    """Let the Web UI of a browser read and write what is encrypted, until it is stopped."""
    from worker.codec.server import codec_server  # whoever makes a key does not wait for a web server to load
    from worker.serving import serving

    settings = load_settings()
    if settings.codec == OFF:
        raise CannotDo("CAREPATH_CODEC is off: there is nothing to decrypt. Name the key file.")
    origins = [_origin(address) for address in ui or _ours(settings.web_ui)]
    app = codec_server(
        Codec(load_keys(Path(settings.codec)), strict=settings.codec_mode == "strict"), origins
    )

    async def run() -> None:
        async with serving(app, port, host):
            console.print(
                f"The codec server listens on http://{host}:{port} for {', '.join(origins)}. "
                "In the Web UI: the glasses at the top, then this address. Stop it with Ctrl-C.",
                highlight=False,
                soft_wrap=True,
            )
            await until_stopped()

    asyncio.run(run())


def _ours(web_ui: str) -> list[str]:
    """The clinic's own Web UI, under both names that this machine has for itself."""
    return list(dict.fromkeys([web_ui, web_ui.replace("//127.0.0.1:", "//localhost:")]))


def _origin(address: str) -> str:
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise CannotDo(f"--ui: {address} is not an address; use one such as https://ui.example.")
    return f"{parts.scheme}://{parts.netloc}".lower()
