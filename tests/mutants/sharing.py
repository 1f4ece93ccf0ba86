"""Questions shared out among processes, each of which answers one after the other."""

import multiprocessing
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any


def shared(
    serve: Callable[[Connection, Path], None],
    root: Path,
    processes: int,
    questions: Iterator[Any] | Callable[[Any], Iterator[Any]],
) -> Iterator[tuple[Any, Any]]:
    """Each question with its answer, as they come; a question is made when somebody is there to answer it.

    What is asked may follow from how the processes greet."""
    forking = multiprocessing.get_context("fork")
    links: dict[Any, Any] = {}
    for _ in range(processes):
        here, there = forking.Pipe()
        process = forking.Process(target=serve, args=(there, root))
        process.start()
        there.close()
        links[here] = process
    asked: dict[Any, Any] = {}
    greetings = [link.recv() for link in links] if callable(questions) else []
    left = questions(greetings[0]) if callable(questions) else questions
    for link in links:
        _next(link, left, asked)
    while asked:
        for link in wait(list(asked)):
            assert isinstance(link, Connection)
            answer, question = link.recv(), asked.pop(link)
            _next(link, left, asked)
            yield question, answer
    for process in links.values():
        process.join()


def _next(link: Any, left: Iterator[Any], asked: dict[Any, Any]) -> None:
    question = next(left, None)
    link.send(question)
    if question is not None:
        asked[link] = question
