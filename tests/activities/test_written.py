"""Files that people write: whatever stands in them is read as meant, or refused in words and at once."""

import json
from collections.abc import Callable
from datetime import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from activities import staff_directory, written
from activities.agencies import book
from activities.directory import feeds
from tests.searching import examples
from worker.codec import keys
from worker.commands.options import read_file
from worker.errors import CannotDo

BILLION_LAUGHS = "\n".join(
    ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
)
MERGED_LAUGHS = "\n".join(
    ["a0: &a0 {x: 1}"] + [f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 10)}]}}" for n in range(1, 10)]
)
HOSTILE = {
    "references to references": BILLION_LAUGHS,
    "merged references": MERGED_LAUGHS,
    "a part that holds itself": "a: &a [*a]",
    "a month 13": "at: !!timestamp 2026-13-45",
    "a number of 5,000 digits": f"n: {'9' * 5000}",
    "brackets in brackets": "[" * 700,
    "objects in objects": "{a: " * 700,
    "lists by indentation": "".join(" " * n + "-\n" for n in range(500)),
    "half a character": 'n: "\\ud800"',
    "half a character in JSON": '{"n": "\\ud800"}',
    "an object of Python": "n: !!python/object/apply:os.system ['true']",
    "a key that is a list": "{[1]: 2}",
    "broken base64": "n: !!binary '###'",
    "a control character": "n: \x07",
    "nothing": "",
    "a name twice": "a: 1\na: 2",
    "two documents": "a: 1\n---\na: 2",
    "a web page": "<!DOCTYPE html><html></html>",
    "bytes": "\ufeff\ufeff:\t- \t",
}
READERS: dict[str, tuple[Callable[[Path], Any], type[Exception]]] = {
    "a policy or an entry": (read_file, CannotDo),
    "staff": (staff_directory.load, staff_directory.StaffDirectoryError),
    "feeds": (feeds.load, feeds.FeedsFileError),
    "agencies": (book.load, book.AgenciesFileError),
    "keys": (keys.load_keys, CannotDo),
}


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("text", HOSTILE.values(), ids=list(HOSTILE))
def test_a_hostile_file_is_refused_in_words_by_whatever_reads_it(
    tmp_path: Path, reader: str, text: str
) -> None:
    read, refusal = READERS[reader]
    file = tmp_path / "given.yaml"
    file.write_text(text, "utf-8", errors="surrogatepass")
    try:
        read(file)
    except refusal as refused:
        assert "given.yaml" in str(refused)


@pytest.mark.parametrize(
    "name", ["references to references", "merged references", "a part that holds itself"]
)
def test_a_few_bytes_that_stand_for_a_machine_full_are_not_built(name: str) -> None:
    with pytest.raises(written.Unreadable, match=r"stands for more than 100,000 values|holds itself"):
        written.parse_yaml(HOSTILE[name])


@pytest.mark.parametrize("reader", READERS)
@given(content=st.binary(max_size=200) | st.text(max_size=80).map(str.encode))
@example(content="0:\x80".encode())  # base64 beyond ASCII
@settings(max_examples=examples(40), deadline=None)
def test_any_bytes_are_read_or_refused_in_words(
    tmp_path_factory: pytest.TempPathFactory, reader: str, content: bytes
) -> None:
    read, refusal = READERS[reader]
    file = tmp_path_factory.mktemp("any") / "given.yaml"
    file.write_bytes(content)
    try:
        read(file)
    except refusal as refused:
        assert str(refused)


@pytest.mark.parametrize("reader", READERS)
def test_what_is_no_file_and_what_has_no_end_are_refused(tmp_path: Path, reader: str) -> None:
    read, refusal = READERS[reader]
    for path in (tmp_path, tmp_path / "none.yaml", Path("/dev/zero")):
        with pytest.raises(refusal, match=path.name):
            read(path)


def test_a_time_of_day_needs_no_quotes(tmp_path: Path) -> None:
    """YAML 1.1 reads 22:30 as a number of minutes: the nightly reading began at 00:22."""
    file = tmp_path / "feeds.yaml"
    file.write_text("feeds: {}\nnightly: {at: 22:30, timezone: UTC}\n", "utf-8")
    assert feeds.load(file).reads_at.at == time(22, 30)


def test_a_reference_that_is_meant_is_read() -> None:
    read = written.parse_yaml("usual: &usual {hours: 9}\nhere: *usual\nthere: {<<: *usual, days: 3}\n")
    assert read == {"usual": {"hours": 9}, "here": {"hours": 9}, "there": {"hours": 9, "days": 3}}


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(max_size=8),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=8,
    )
)
def test_json_is_read_as_json_by_whatever_reads_yaml(value: Any) -> None:
    assert written.parse(json.dumps(value)) == value


@pytest.mark.parametrize("text", ['{"on": "2026-01-05", "on": "2026-01-06"}', '[{"a": {"b": 1, "b": 1}}]'])
def test_T5_what_is_said_twice_in_one_object_is_refused_and_not_guessed(tmp_path: Path, text: str) -> None:
    with pytest.raises(written.Unreadable, match="twice in one object"):
        written.parse_json(text)
    file = tmp_path / "given.json"
    file.write_text(text, "utf-8")
    with pytest.raises(CannotDo, match="twice in one object"):
        read_file(file)
