"""Letters: rendered once, with the notice, and neutral from outside (P2, P5, C5)."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

from activities.agencies.book import Agency, Office
from activities.agencies.letter import Letter
from activities.agencies.port import Person
from activities.channels.port import Transient
from tests.activities.agencies.partners import SCOPE, SENT_AT, handover
from workflows.core.episode.consent.notice import NOTICE


def letters(folder: Path, office: Office | None = None) -> Letter:
    agency = Agency.model_validate(
        {
            "id": "health-1",
            "name": "Example <County>",
            "address": "1 County Square, Anytown",
            "channel": {"type": "letter"},
        }
    )
    return Letter(agency, office or Office(), folder)


def text_of(folder: Path, name: str) -> str:
    return (folder / f"{name}.html").read_text("utf-8")


async def test_P5_the_letter_names_who_and_what_and_carries_the_notice(tmp_path: Path) -> None:
    page = text_of(tmp_path, await letters(tmp_path).send(handover()))
    for shown in (
        "Ada Example",
        "1980-02-03",
        "555-0101",
        "Food",
        "r1",
        NOTICE,
        SCOPE.replace("'", "&#x27;"),
    ):
        assert shown in page
    assert "Example &lt;County&gt;<br>1 County Square<br>Anytown" in page


async def test_P2_what_is_seen_through_the_window_of_the_envelope_is_two_addresses(tmp_path: Path) -> None:
    page = text_of(tmp_path, await letters(tmp_path).send(handover()))
    window = re.findall(r'<div class="(?:office|agency)">(.*?)</div>', page)
    assert window == ["Office of Care Coordination<br>100 Main Street<br>Anytown",
                      "Example &lt;County&gt;<br>1 County Square<br>Anytown"]  # fmt: skip


async def test_P1_the_name_of_the_file_tells_nothing_and_the_file_is_for_the_owner_alone(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "letters"
    name = await letters(folder).send(handover(service="hiv_testing"))
    assert re.fullmatch(r"2026-03-02-[0-9a-f]{16}", name)
    assert (folder.stat().st_mode & 0o777, (folder / f"{name}.html").stat().st_mode & 0o777) == (0o700, 0o600)


async def test_P9_a_letter_that_lies_there_is_not_written_again(tmp_path: Path) -> None:
    first = await letters(tmp_path).send(handover())
    await letters(tmp_path).send(handover(sent_at=SENT_AT + timedelta(days=3)))
    assert [file.name for file in tmp_path.iterdir()] == [f"{first}.html"]


@pytest.mark.parametrize("content", [{}, {"service_need": "hiv_testing"}])
async def test_C5_a_service_that_must_be_named_in_the_consent_is_not_in_the_letter(
    tmp_path: Path, content: dict[str, str]
) -> None:
    page = text_of(tmp_path, await letters(tmp_path).send(handover(service="hiv_testing", content=content)))
    assert "HIV" not in page


async def test_a_cancellation_names_the_reference_alone(tmp_path: Path) -> None:
    page = text_of(tmp_path, await letters(tmp_path).send(handover(what="cancellation")))
    assert "take back the request" in page
    assert not any(told in page for told in ("Ada", "1980", "555-0101", "Food"))
    assert NOTICE in page


async def test_a_name_is_text_and_never_markup(tmp_path: Path) -> None:
    person = Person(given_name="<script>alert(1)</script>", family_name="$notice ${office} {x}")
    page = text_of(tmp_path, await letters(tmp_path).send(handover(person=person)))
    assert "<script>" not in page
    assert "$notice ${office} {x}" in page


async def test_a_folder_that_cannot_be_written_to_is_said_and_nothing_is_lost(tmp_path: Path) -> None:
    (tmp_path / "letters").write_text("a file stands in the way")
    with pytest.raises(Transient, match="the folder for letters cannot be written to"):
        await letters(tmp_path / "letters").send(handover())
    assert await letters(tmp_path).ask("x") is None
