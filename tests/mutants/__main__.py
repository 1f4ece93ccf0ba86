"""`make mutants`: judge a sample of mutants of the core, or all with FULL=1; SEED= draws another sample.

What was caught stays so while the core is as it was: an interrupted run goes on, and after new tests only survivors are
judged again.
"""

import argparse
import fnmatch
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from tests.mutants import report
from tests.mutants.covering import Cover, cover_of, state_of_core
from tests.mutants.keeping import Caught
from tests.mutants.making import Place, mutant_at
from tests.mutants.report import Judged
from tests.mutants.running import Question, Verdict, serve
from tests.mutants.sampling import JUDGED, all_places, drawn, kind_of
from tests.mutants.sharing import shared

ROOT = Path(__file__).parents[2]
KEPT_IN = ROOT / ".carepath" / "mutants"


def arguments() -> argparse.Namespace:
    """What was asked for."""
    asked = argparse.ArgumentParser(prog="make mutants", description=__doc__)
    asked.add_argument("--full", action="store_true", help="every mutant, which takes a night")
    asked.add_argument("--sample", type=int, default=520, help="how many are drawn")
    asked.add_argument("--seed", type=int, default=1, help="another seed, another sample")
    asked.add_argument("--only", default="*", help="files of the core, as workflows/core/facts/*")
    asked.add_argument("--judged", action="store_true", help="only what decides about people")
    asked.add_argument("--bound", type=float, default=40, help="seconds of processor time for one mutant")
    asked.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    return asked.parse_args()


def chosen(asked: argparse.Namespace) -> list[Place]:
    """Where faults are put."""
    places = [place for place in all_places(ROOT) if fnmatch.fnmatch(place.path, asked.only)]
    print(f"{len(places)} places for a fault in {len({place.path for place in places})} files", end="; ")
    if not asked.full:
        places = drawn(places, asked.sample, asked.seed)
    if asked.judged:
        places = [place for place in places if kind_of(place.path) in JUDGED]
    print(f"{len(places)} of them" + ("" if asked.full else f", drawn with SEED={asked.seed}"), flush=True)
    return places


def judge(places: list[Place], cover: Cover, asked: argparse.Namespace) -> list[Judged]:
    """Each mutant before the tests that come by it."""
    caught = Caught(KEPT_IN / f"caught-{state_of_core(ROOT)}.jsonl", ROOT)
    judged: list[Judged] = []

    def questions() -> Iterator[Question]:
        for place in places:
            mutant = mutant_at(ROOT, place)
            if mutant is None:
                continue
            tests = tuple(cover.tests_of(ROOT, place))
            if known := caught.verdict_of(mutant):
                judged.append(Judged(mutant, known, len(tests)))
            elif tests:
                yield Question(mutant, tests, asked.bound, cover.is_at_import(ROOT, place))
            else:
                judged.append(Judged(mutant, Verdict(None, 0, 0), 0))

    tell = progress("mutants", len(places))
    for question, verdict in shared(serve, ROOT, asked.processes, questions()):
        caught.keep(question.mutant, verdict)
        judged.append(Judged(question.mutant, verdict, len(question.to_run)))
        if verdict.caught_by is None:
            print(f"survived: {question.mutant.name}", file=sys.stderr, flush=True)
        tell(len(judged))
    return judged


class progress:
    """One line that counts, on a terminal; elsewhere one for each tenth."""

    def __init__(self, of_what: str, whole: int) -> None:
        self._of_what, self._whole, self._began, self._said = of_what, whole, time.monotonic(), 0

    def __call__(self, done: int) -> None:
        """So many are done."""
        tenth = 10 * done // max(1, self._whole)
        if sys.stderr.isatty() or tenth > self._said:
            self._said = tenth
            minutes, end = (time.monotonic() - self._began) / 60, "\r" if sys.stderr.isatty() else "\n"
            told = f"{done} of {self._whole} {self._of_what}, {minutes:.1f} min"
            print(told, end=end, file=sys.stderr, flush=True)


def main() -> int:
    """0 where enough are caught."""
    asked = arguments()
    places = chosen(asked)
    judged = judge(places, cover_of(ROOT, KEPT_IN, asked.processes, progress), asked)
    for part in (report.survivors(judged), [""], report.table(judged)):
        print(*part, sep="\n", flush=True)
    seconds = sum(one.verdict.seconds for one in judged)
    print(
        f"{seconds / 60:.0f} minutes of processor time for tests, at most {asked.bound:.0f} s for one mutant"
    )
    caught = report.share_caught(judged)
    if caught < report.ENOUGH:
        print(
            f"{caught:.1%} of what decides about people is caught; it is to be {report.ENOUGH:.0%} at least."
        )
    return int(caught < report.ENOUGH)


if __name__ == "__main__":
    sys.exit(main())
