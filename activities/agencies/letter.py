"""A letter to an agency, rendered for printing into a folder of the clinic's; a person prints and posts it.

It is laid out for a window envelope, so that only the two addresses are seen from outside. The file's name tells
nothing, and the folder is for the office alone: it holds names.
"""

import hashlib
import os
from html import escape
from pathlib import Path
from string import Template

from activities.agencies.book import Agency, Office
from activities.agencies.port import AgencyWord, Handover, Person
from activities.agencies.services import need_told, title_of
from activities.channels.port import AccessFault, Leaving, at_once
from workflows.core.episode.consent.grounds import Way

PAGE = Template((Path(__file__).parent / "letter.html").read_text("utf-8"))


class Letter:
    """The letters to one agency. It cannot be asked: it answers by telephone, and staff record what it says."""

    way: Way = "post"

    def __init__(self, agency: Agency, office: Office, folder: Path) -> None:
        self._agency, self._office, self._folder = agency, office, folder

    @property
    def to(self) -> str:
        """The address on the envelope."""
        return self._agency.address

    async def send(self, handover: Handover, leaving: Leaving = at_once) -> str:
        """Render it; the name of the file. A letter that lies there already is not written again."""
        name = f"{handover.sent_at:%Y-%m-%d}-{hashlib.sha256(handover.key.encode()).hexdigest()[:16]}"
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            await leaving()
            if not list(self._folder.glob(f"*{name[10:]}.html")):
                _write(self._folder / f"{name}.html", self._rendered(handover))
        except OSError as error:
            raise AccessFault(f"the folder for letters cannot be written to ({error.strerror})") from None
        return name

    async def ask(self, reference: str) -> AgencyWord | None:
        """It cannot be asked."""
        return None

    def _rendered(self, handover: Handover) -> str:
        cancels = handover.what == "cancellation"
        lines = [] if cancels else _about(handover.person)
        if (need := need_told(handover)) and not cancels:
            lines.append(("Asked for", title_of(need)))
        lines.append(("Our reference", handover.referral_id))
        ask = (
            "Please take back the request below: it is no longer needed. No reason is required, and none is given."
            if cancels
            else "The person named below would like to come to you, and has agreed in writing that we write to you."
            if handover.consent_id
            else "We write to you in an emergency about the person named below."
        )
        return PAGE.substitute(
            office=_lines(self._office.name, self._office.address),
            phone=escape(self._office.phone),
            agency=_lines(self._agency.name, self._agency.address),
            day=f"{handover.sent_at:%Y-%m-%d}",
            ask=escape(ask),
            rows="\n".join(
                f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in lines
            ),
            scope=escape(handover.scope),
            notice=escape(handover.notice),
        )


def _about(person: Person) -> list[tuple[str, str]]:
    name = " ".join(part for part in (person.given_name, person.family_name) if part)
    known = (
        ("Name", name),
        ("Born", person.birth_date.isoformat() if person.birth_date else ""),
        ("Telephone", person.phone or ""),
        ("E-mail", person.email or ""),
        ("Language", person.language or ""),
    )
    return [(title, value) for title, value in known if value]


def _lines(*parts: str) -> str:
    return "<br>".join(escape(line.strip()) for part in parts for line in part.split(",") if line.strip())


def _write(file: Path, text: str) -> None:
    """Whole or not at all, for the owner alone."""
    begun = file.with_suffix(".part")
    with os.fdopen(
        os.open(begun, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8"
    ) as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    begun.replace(file)
