"""Questions shared out among processes, each of which answers one after the other."""

import multiprocessing
from collections.abc import Callable, Iterable, Iterator
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

Told = Callable[[int, int], None]
"""How many of how many are done."""


def shared(
    serve: Callable[[Connection, Path], None],
    root: Path,
    processes: int,
    questions: Iterable[Any] | Callable[[Any], Iterable[Any]],
    tell: Told,
) -> Iterator[tuple[Any, Any]]:
    """Each question with its answer, as they come. What is asked may follow from how the processes greet."""
    forking = multiprocessing.get_context("fork")
    links: dict[Any, Any] = {}
    for _ in range(processes):
        here, there = forking.Pipe()
        process = forking.Process(target=serve, args=(there, root))
        process.start()
        there.close()
        links[here] = process
    asked: dict[Any, Any] = {}
    left: list[Any]
    if callable(questions):
        for greeting in [link.recv() for link in links]:
            left = list(questions(greeting))
    else:
        left = list(questions)
    whole, done = len(left), 0
    left.reverse()
    for link in links:
        _next(link, left, asked)
    while asked:
        for link in wait(list(asked)):
            assert isinstance(link, Connection)
            answer, question = link.recv(), asked.pop(link)
            _next(link, left, asked)
            done += 1
            tell(done, whole)
            yield question, answer
    for process in links.values():
        process.join()


def _next(link: Any, left: list[Any], asked: dict[Any, Any]) -> None:
    if left:
        asked[link] = left.pop()
        link.send(asked[link])
    else:
        link.send(None)
