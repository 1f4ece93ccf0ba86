"""What the screen shows: an id on it can be copied, however narrow it is."""

from io import StringIO

import pytest
from rich.console import Console

from worker import show

ID = "task-bc115a2008c02b1049ff"


def test_an_id_is_broken_on_no_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = StringIO()
    monkeypatch.setattr(show, "console", Console(file=screen, width=80))
    show.table(
        "Tasks", ["task", "asks", "owner"], [[ID, "one word after another " * 9, "cm-1"]], whole=["task"]
    )
    assert ID in screen.getvalue()
    assert max(map(len, screen.getvalue().splitlines())) <= 80
