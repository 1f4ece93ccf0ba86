"""Every command of README.md, run as it stands there, so that the README cannot go stale.

What stands in capitals (EPISODE, TASK, REFERRAL…) is taken from the lists of the clinic, as a reader does. A command
that takes minutes runs with fewer patients; what CI runs by itself (`make …`, the proof) is only looked up.
"""

import json
import re
import shlex
import signal
import subprocess
import time
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.servers import free_port, generated
from tests.typed import CAREPATH, outside_any_clinic, typed

pytestmark = [pytest.mark.dear, pytest.mark.timeout(600)]

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")

SMALLER = {"--patients 1000": "--patients 2"}
"""What is run with less, so that it takes seconds."""

BY_THEMSELVES = ("up", "worker", "gateway", "watch", "down", "pathway")
"""Commands that run until they are stopped, or for minutes: they have tests of their own, and are looked up here."""


def blocks(text: str) -> list[list[str]]:
    """The indented blocks of a Markdown text: lists of commands, without their comments and with no line broken."""
    found: list[list[str]] = [[]]
    for line in text.replace("\\\n", " ").splitlines():
        if line.startswith("    "):
            found[-1].append(line.partition("  #")[0].strip())
        elif found[-1]:
            found.append([])
    return [block for block in found if block]


COMMANDS = [
    command for block in blocks(README) for command in block if command.startswith(("carepath ", "make "))
]

INLINE = [one for one in re.findall(r"`(carepath [^`]+)`", README) if "…" not in one]


class Reader:
    """Whoever follows the README in a second window, beside the clinic that runs in the first."""

    def __init__(self, home: Path, folder: Path) -> None:
        self.folder = folder
        self.environment = outside_any_clinic(CAREPATH_HOME=str(home))
        self.known: dict[str, str] = {}

    def asks(self, *arguments: str) -> Any:
        """What a command shows as JSON."""
        return json.loads(self.types([*arguments, "--json"]).stdout)

    def types(self, arguments: list[str]) -> subprocess.CompletedProcess[str]:
        return typed(*arguments, environment=self.environment, folder=self.folder, patience=180)

    def filled(self, word: str) -> str:
        """A word of a command, with what the reader puts in the place of capitals."""
        find = getattr(self, f"_{word.lower()}", None) if re.fullmatch(r"[A-Z]{3,}", word) else None
        if find is None:
            return word
        if word not in self.known:
            self.known[word] = find()
        return self.known[word]

    def _episode(self) -> str:
        """One of `carepath list --stage program`."""
        in_program = self.asks("list", "--stage", "program")
        # Late in the evening of a group everybody may have a flag.
        calmest = min(in_program, key=lambda one: len(one.get("flags", ())))
        return str(calmest["episode_id"])

    def _task(self) -> str:
        """The first of the list that is somebody's own."""
        tasks = [one for one in self.asks("tasks") if "-" in one["owner"]]
        return str(tasks[0]["task_id"])

    def _outcome(self) -> str:
        return str(self.asks("why", self.filled("TASK"))["outcomes"][0])

    def _owner(self) -> str:
        return str(self.asks("why", self.filled("TASK"))["owner"])

    def _referral(self) -> str:
        """The one that the need of the command before has begun."""
        for _ in range(60):
            episode = self.filled("EPISODE")
            for one in self.asks("referral", "list", "--episode", episode):
                shown = self.asks("referral", "show", one["referral_id"])
                if shown["service"] == "food_bank" and shown["offered"]:
                    return str(one["referral_id"])
            time.sleep(0.5)
        raise AssertionError("the need has begun no referral with places")

    def _day(self) -> str:
        return str(datetime.now(ZoneInfo("America/Chicago")).date())  # today where the program is

    def _key(self) -> str:
        return "MRN-NEW"

    def _file(self) -> str:
        """What is kept of a person."""
        (self.folder / "person.json").write_text('{"given_name": "Ada", "language": "es"}', "utf-8")
        return "person.json"

    def _folder(self) -> str:
        """An export of three people who come from elsewhere; what belongs to others is refused row by row, which
        stops nothing."""
        export = generated(self.folder / "export", date.fromisoformat(self._day()))
        for file in export.iterdir():
            file.write_bytes(file.read_bytes().replace(b"MRN-", b"ELSEWHERE-"))
        admissions = export / "admissions.csv"
        names, *people = admissions.read_text("utf-8").splitlines(keepends=True)
        admissions.write_text("".join([names, *people[6:9]]), "utf-8")
        return "export"


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    """The clinic of `carepath up`, with its ports moved out of the way, and a reader beside it."""
    home, folder = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("reader")
    (folder / "deploy").symlink_to(ROOT / "deploy")  # the README is read in the checkout
    someone = Reader(home, folder)
    gateway = free_port()
    ports = {
        "--port": free_port(),
        "--ui-port": free_port(),
        "--mail-port": free_port(),
        "--gateway-port": gateway,
        "--codec-port": free_port(),
    }
    options = [part for name, port in ports.items() for part in (name, str(port))]
    log = (folder / "up.log").open("w")
    process = subprocess.Popen(
        [str(CAREPATH), "up", *options], stdout=log, stderr=log, env=someone.environment, cwd=folder
    )
    try:
        for _ in range(600):
            if "The clinic is running" in (told := (folder / "up.log").read_text("utf-8")):
                break
            assert process.poll() is None, told
            time.sleep(0.5)
        yield someone
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(90)
        log.close()


@pytest.mark.parametrize("command", [one for one in COMMANDS if one.startswith("make ")])
def test_every_target_of_make_is_there(command: str) -> None:
    subprocess.run(
        ["make", "-n", *shlex.split(command)[1:]], cwd=ROOT, check=True, capture_output=True, timeout=60
    )


def test_every_command_of_the_readme_does_what_it_says(reader: Reader) -> None:
    commands = [command for command in COMMANDS if command.startswith("carepath ")]
    assert len(commands) > 15
    refused = []
    for command in commands:
        for many, few in SMALLER.items():
            command = command.replace(many, few)
        arguments = [reader.filled(word) for word in shlex.split(command)[1:]]
        if arguments[0] in BY_THEMSELVES or "deployment promote" in command or "deployment ramp" in command:
            # `up --help`, but `pathway verify --help`.
            arguments = [*(word for word in arguments[:2] if word.isalpha()), "--help"]
        done = reader.types(arguments)
        if done.returncode:
            refused.append((" ".join(arguments), done.stdout[-500:], done.stderr))
    assert refused == []


def test_every_command_within_a_sentence_of_the_readme_is_one(reader: Reader) -> None:
    for command in INLINE:
        words = [word for word in shlex.split(command)[1:] if not word.startswith("-")]
        for arguments in (words[:2], words[:1]):
            done = reader.types([*arguments, "--help"])
            if done.returncode == 0:
                break
        assert done.returncode == 0, (command, done.stderr)
    asks = [
        shlex.split(command)[1:]
        for command in INLINE
        if command.startswith(("carepath match", "carepath list"))
    ]
    for arguments in asks:
        assert reader.types(arguments).returncode == 0, arguments


def test_the_links_of_the_readme_lead_somewhere() -> None:
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", README):
        assert (ROOT / target).exists(), target
    for named in re.findall(r"`((?:deploy|docs|workflows|tests)/[^`*]+)`", README):
        assert (ROOT / named).exists(), named
