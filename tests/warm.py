"""What every command would do first, done once in the process that all of them are forks of: see `tests.typed`."""

from collections.abc import Iterator

from pydantic import BaseModel
from sqlalchemy.orm import configure_mappers


def models(of: type[BaseModel] = BaseModel) -> Iterator[type[BaseModel]]:
    """The models of carepath that are loaded."""
    for model in of.__subclasses__():
        if model.__module__.partition(".")[0] in ("workflows", "activities", "worker"):
            yield model
        yield from models(model)


configure_mappers()
for _model in models():
    _model.model_rebuild()
