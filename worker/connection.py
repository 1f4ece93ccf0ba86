"""The client, from Temporal's standard environment configuration."""

from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.envconfig import ClientConfig

from worker.errors import CannotDo
from worker.settings import Settings, check_codec


async def connect(settings: Settings) -> Client:
    """Connect to the server that `TEMPORAL_ADDRESS` and its companions name.

    Raises:
        CannotDo: there is no server there, or histories would leave the machine unencrypted.
    """
    config = ClientConfig.load_client_connect_config()
    config.setdefault("target_host", "localhost:7233")
    check_codec(settings, config["target_host"])
    try:
        return await Client.connect(**config, data_converter=pydantic_data_converter)
    except RuntimeError:
        raise CannotDo(f"There is no Temporal server at {config['target_host']}: start one with `carepath up`, "
                       "or set TEMPORAL_ADDRESS.") from None  # fmt: skip
