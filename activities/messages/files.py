"""Approved templates: one text file each, and one more for each language, as `please_call.es.txt`."""

from dataclasses import dataclass
from pathlib import Path

from workflows.core.episode.messages.neutral import check

TEMPLATES = Path(__file__).parent / "templates"
"""Those that come with carepath; a clinic may have a folder of its own."""


class TemplateRefused(Exception):
    """There is no such template, or it may not be sent; the message says why."""


@dataclass(frozen=True, slots=True)
class Text:
    """A message as it goes out."""

    subject: str
    body: str


class Templates:
    """The templates in a folder."""

    def __init__(self, folder: Path = TEMPLATES) -> None:
        self._folder = folder

    def filled(self, name: str, language: str | None, clinic_phone: str) -> Text:
        """A template in the person's language where there is one; read and checked anew each time.

        Raises:
            TemplateRefused: it is missing, or shows what care it is about.
        """
        file = self._file(name, language)
        template = file.read_text("utf-8")
        if problems := check(template):
            raise TemplateRefused(f"template {file.stem}: {problems[0]}")
        first, _, body = template.partition("\n\n")
        return Text(first.removeprefix("Subject: ").strip(), body.replace("{clinic_phone}", clinic_phone))

    def problems(self) -> dict[str, list[str]]:
        """Every template with what is wrong with it."""
        return {file.name: check(_read(file)) for file in sorted(self._folder.glob("*.txt"))}

    def _file(self, name: str, language: str | None) -> Path:
        if not name.isidentifier():
            raise TemplateRefused(f"{name} is no name of a template")
        code = (language or "").lower().replace("_", "-").partition("-")[0]
        for file in ([self._folder / f"{name}.{code}.txt"] if code.isalpha() else []) + [
            self._folder / f"{name}.txt"
        ]:
            if file.is_file():
                return file
        raise TemplateRefused(f"there is no template {name}")


def _read(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except UnicodeDecodeError:
        return ""
