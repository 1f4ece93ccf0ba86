"""The client, from Temporal's standard environment configuration."""

from pathlib import Path

from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.converter import DataConverter
from temporalio.envconfig import ClientConfig

from worker.errors import CannotDo
from worker.settings import OFF, Settings, check_codec


async def connect(settings: Settings) -> Client:
    """Connect to the server that `TEMPORAL_ADDRESS` and its companions name.

    Raises:
        CannotDo: there is no server there, histories would leave the machine unencrypted, or the key file cannot be
            used.
    """
    config = ClientConfig.load_client_connect_config()
    config.setdefault("target_host", "localhost:7233")
    check_codec(settings, config["target_host"])
    try:
        return await Client.connect(**config, data_converter=converter(settings))
    except RuntimeError:
        raise CannotDo(f"There is no Temporal server at {config['target_host']}: start one with `carepath up`, "
                       "or set TEMPORAL_ADDRESS.") from None  # fmt: skip


def converter(settings: Settings) -> DataConverter:
    """The SDK's pydantic converter, with the payload codec around it where `CAREPATH_CODEC` names a key file.

    Raises:
        CannotDo: the key file cannot be used.
    """
    if settings.codec == OFF:
        return pydantic_data_converter
    from worker.codec.codec import encrypting  # a command without encryption does not wait for its library
    from worker.codec.keys import load_keys

    return encrypting(load_keys(Path(settings.codec)))
