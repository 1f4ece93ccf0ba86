"""The client, from Temporal's standard environment configuration."""

import asyncio
from datetime import timedelta
from functools import cache
from pathlib import Path

from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.converter import DataConverter
from temporalio.envconfig import ClientConfig, ClientConnectConfig
from temporalio.runtime import Runtime, TelemetryConfig

from worker.errors import CannotDo
from worker.running import running_clinic
from worker.settings import OFF, Settings, check_codec

SECONDS_TO_CONNECT = 4.0
"""How long a server may take to answer at all: whoever waits longer believes that something is being done."""

HEARTBEAT = timedelta(seconds=2)
"""How often a worker of ours tells the server that it lives; a command sees from it whether to wait for an answer."""


async def connect(settings: Settings, own: str | None = None) -> Client:
    """Connect to the server that `TEMPORAL_ADDRESS` and its companions name, else to that of the clinic that
    `carepath up` runs in this home, else to one on this machine.

    Args:
        settings: The clinic's.
        own: The address of a server that this process has started: then nothing else is asked.

    Raises:
        CannotDo: there is no server there, histories would leave the machine unencrypted, or the key file cannot be
            used.
    """
    config = _own(own) if own else _told(settings)
    address = config["target_host"]
    check_codec(settings, address)
    try:
        async with asyncio.timeout(SECONDS_TO_CONNECT):
            return await Client.connect(**config, data_converter=converter(settings), runtime=runtime())
    except TimeoutError:
        raise CannotDo(
            f"There is no Temporal server at {address} that answers within {SECONDS_TO_CONNECT:.0f} s: look whether "
            "the address is right and the way there is open, or set TEMPORAL_ADDRESS."
        ) from None
    except (RuntimeError, ValueError) as error:
        raise CannotDo(_no_connection(address, str(error))) from None


def converter(settings: Settings) -> DataConverter:
    """The SDK's pydantic converter, with the payload codec around it where `CAREPATH_CODEC` names a key file.

    Raises:
        CannotDo: the key file cannot be used.
    """
    if settings.codec == OFF:
        return pydantic_data_converter
    from worker.codec.codec import encrypting  # a command without encryption does not wait for its library
    from worker.codec.keys import load_keys

    return encrypting(load_keys(Path(settings.codec)), strict=settings.codec_mode == "strict")


def _own(address: str) -> ClientConnectConfig:
    return {"target_host": address}


def _told(settings: Settings) -> ClientConnectConfig:
    config = ClientConfig.load_client_connect_config()
    if "target_host" not in config:
        running = running_clinic(settings.home)
        config["target_host"] = running.address if running else "localhost:7233"
    return config


def _no_connection(address: str, told: str) -> str:
    told = told.lower()
    if "permission" in told or "unauth" in told or "api key" in told:
        return (f"The Temporal server at {address} refuses this shell: look at TEMPORAL_API_KEY, or at the "
                "certificate of TEMPORAL_TLS_CLIENT_CERT_PATH.")  # fmt: skip
    if "tls" in told or "certificate" in told or "ssl" in told:
        return (f"There is no Temporal server at {address} that speaks TLS as this shell is told to: look at "
                "TEMPORAL_TLS and the certificates of Temporal's environment configuration.")  # fmt: skip
    return f"There is no Temporal server at {address}: start one with `carepath up`, or set TEMPORAL_ADDRESS."


@cache
def runtime() -> Runtime:
    """What a worker runs on that commands are to hear of; one for a process."""
    return Runtime(telemetry=TelemetryConfig(), worker_heartbeat_interval=HEARTBEAT)
