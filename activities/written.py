"""Reading the YAML and JSON that people and other programs have written: as they mean it, and within bounds.

In YAML `on` is the name of a field, 18:00 a time of day, 2026-03-01 the text that a date field reads, and 0012 an id.
A name that is given twice is an error, where YAML itself would take the second in silence.
"""

import json
import re
from collections import Counter
from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml

MOST_JSON = 8_000_000
"""Bytes of a JSON file: the whole history of some hundred patients, as `carepath record --file` takes it."""
MOST_YAML = 500_000
"""Bytes of a YAML file: settings of a clinic with a thousand staff; more is data, and data comes as JSON."""
MOST_VALUES = 100_000
"""Values of a YAML file, each reference (`*name`) counted as what it stands for: a few hundred bytes of references to
references can stand for more values than a machine holds."""
DEEPEST = 50
"""Lists in lists in objects; the deepest of our own files has eight."""


class Unreadable(Exception):
    """A text or file that cannot be used; the message says why, to go behind its name and a colon."""


def read_document(path: Path) -> Any:
    """The value that a JSON or YAML file holds.

    Raises:
        Unreadable: the file cannot be read, is neither, or is larger than any file of its kind.
    """
    return parse(read_text(path))


def read_text(path: Path, most: int = MOST_JSON) -> str:
    """The text of a file of at most so many bytes, in UTF-8.

    Raises:
        Unreadable: it cannot be read, or is no such text.
    """
    try:
        with path.open("rb") as file:
            content = file.read(most + 1)
    except OSError as error:
        raise Unreadable(f"cannot be read ({error.strerror})") from None
    except ValueError:  # a name with a character that no file can have
        raise Unreadable("is no name of a file") from None
    return decoded(content, most)


def decoded(content: bytes, most: int = MOST_JSON) -> str:
    """Bytes as text.

    Raises:
        Unreadable: they are no UTF-8, or more than `most`.
    """
    if len(content) > most:
        raise Unreadable(f"is larger than {most // 1000:,} kB")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Unreadable("is not text in UTF-8") from None


def parse(text: str) -> Any:
    """The value of a text in JSON or in YAML.

    Raises:
        Unreadable: it is neither.
    """
    try:
        return parse_json(text)
    except Twice as twice:
        raise Unreadable(f"cannot be taken: {twice}") from None
    except Unreadable as no_json:
        if text.lstrip()[:1] in ("{", "[") and len(text) > MOST_YAML:
            raise Unreadable(f"is no JSON: {no_json}") from None
    return parse_yaml(text)


class Twice(Unreadable):
    """An object says one thing twice."""


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object; which of two values is meant is not guessed."""
    if twice := next((name for name, count in Counter(name for name, _ in pairs).items() if count > 1), None):
        raise Twice(f"it names {twice[:40]} twice in one object; keep the one that is meant")
    return dict(pairs)


def parse_json(text: str) -> Any:
    """The value of a text in JSON.

    Raises:
        Unreadable: it is none, or holds what could not be sent on: a number without end, lists in lists in lists, half
            a character. The message goes behind "is no JSON:".
    """
    try:
        value = json.loads(text, object_pairs_hook=_each_once)
        json.dumps(value, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        raise Unreadable(f"{error.msg} in line {error.lineno}") from None
    except UnicodeEncodeError:
        raise Unreadable("it holds half a character (a lone surrogate)") from None
    except RecursionError:
        raise Unreadable("its lists or objects are nested too deeply") from None
    except ValueError:  # Python reads no number of more than 4,300 digits
        raise Unreadable("it holds a number that is too long") from None
    return value


def parse_yaml(text: str) -> Any:
    """The value of a text in YAML, made of what JSON has: text, numbers, true and false, lists, objects.

    Raises:
        Unreadable: it is no YAML, or stands for more than a file of settings holds.
    """
    if len(text) > MOST_YAML:
        raise Unreadable(f"is YAML of more than {MOST_YAML // 1000:,} kB; write so much as JSON")
    try:
        loader = _AsMeant(text)
        node = loader.get_single_node()
        if node is None:
            return None
        _within_bounds(node)
        value = loader.construct_document(node)
        # A date that is marked as one is turned back to text: what reads it takes JSON.
        return parse_json(json.dumps(value, default=_plain))
    except yaml.MarkedYAMLError as error:
        line = f" in line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise Unreadable(f"is neither JSON nor YAML: {error.problem}{line}") from None
    except yaml.YAMLError as error:
        raise Unreadable(f"is neither JSON nor YAML: {str(error).splitlines()[0]}") from None
    except (ValueError, TypeError, RecursionError, OverflowError):
        # Such as a number without end, a month 13 that is marked as a date, brackets in brackets in brackets.
        raise Unreadable("holds a number or a date that is none, or is nested too deeply") from None


class _AsMeant(yaml.SafeLoader):
    """YAML as people mean it."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        names: set[Any] = set()
        for key, _ in node.value:
            name = key.value if isinstance(key, yaml.ScalarNode) else None
            if name is not None and name != "<<" and name in names:
                raise yaml.constructor.ConstructorError(None, None, f"{name} is given twice", key.start_mark)
            names.add(name)
        return super().construct_mapping(node, deep)


_AsMeant.yaml_implicit_resolvers = {
    first: [(tag, shape) for tag, shape in found if tag.rpartition(":")[2] in ("null", "merge")]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
for _tag, _shape, _first in (
    ("bool", r"(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
    ("int", r"[-+]?(?:0|[1-9][0-9]*)$", "-+0123456789"),
    ("float", r"[-+]?[0-9]+\.[0-9]*$", "-+0123456789"),
):
    _AsMeant.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_shape), list(_first))


def _within_bounds(root: yaml.Node) -> None:
    """Refuse a document that stands for more than it says, before any of it is built.

    Raises:
        Unreadable: too many values, too deep, or a part that holds itself.
    """
    sizes: dict[int, int] = {}
    open_: set[int] = set()

    def size(node: yaml.Node, depth: int) -> int:
        if id(node) in open_:
            raise Unreadable("is YAML in which a part holds itself")
        if depth > DEEPEST:
            raise Unreadable(f"is nested more than {DEEPEST} deep")
        if id(node) not in sizes:
            open_.add(id(node))
            sizes[id(node)] = 1 + sum(size(one, depth + 1) for one in _parts(node))
            open_.discard(id(node))
        if sizes[id(node)] > MOST_VALUES:
            raise Unreadable(f"stands for more than {MOST_VALUES:,} values; look at its references (*)")
        return sizes[id(node)]

    size(root, 0)


def _parts(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [part for pair in node.value for part in pair]
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []


def _plain(value: Any) -> Any:
    if isinstance(value, set | frozenset):
        return sorted(map(str, value))
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
