"""`make fuzz`: changed inputs for every reader and every signature, on all cores; ends with 1 if something was found.

Only what is named in its docstring may come of a reader, and no forged statement may be taken. The same seed and number
of cases ask the same, on any machine.
"""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from functools import partial

from tests.fuzz.running import Tally, ask
from tests.fuzz.target import Target
from tests.fuzz.targets import TARGETS, named

PARTS = 4
"""Each target is asked in so many parts, each with a seed of its own, however many processes there are."""


def part_of(seed: int, job: tuple[str, int, int]) -> tuple[str, Tally]:
    """One part of the cases of one target."""
    name, number, cases = job
    return name, ask(named(name).prepare(), cases, f"{seed} {name} {number}")


def jobs_of(targets: Sequence[Target], cases: int) -> list[tuple[str, int, int]]:
    """By target, the number of a part and how many cases it has; all together so many as were asked for."""
    whole = sum(target.share for target in targets)
    jobs, given, passed = [], 0, 0
    for target in targets:
        for number in range(PARTS):
            passed += target.share
            upto = cases * passed // (whole * PARTS)
            jobs.append((target.name, number, upto - given))
            given = upto
    return [job for job in jobs if job[2]]


def fuzz(
    targets: Sequence[Target], cases: int, seed: int, processes: int, say: Callable[[str], object] = print
) -> int:
    """Ask all of them; the exit code."""
    whole, found, line = Tally(), 0, "{:20} {:>9} {:>10} {:>9}  {}"
    tallies = {target.name: Tally() for target in targets}
    left = {target.name: 0 for target in targets}
    jobs = jobs_of(targets, cases)
    for name, _, _ in jobs:
        left[name] += 1
    say(line.format("target", "cases", "a second", "slowest", "what became of them"))
    with ProcessPoolExecutor(processes) if processes > 1 else nullcontext() as pool:
        for name, tally in (pool.map if pool else map)(partial(part_of, seed), jobs):
            tallies[name].add(tally)
            left[name] -= 1
            if not left[name]:
                done = tallies[name]
                became = ", ".join(f"{what} {count:,}" for what, count in done.became.most_common())
                rate = f"{done.cases / max(done.seconds, 0.001):,.0f}"
                say(line.format(name, f"{done.cases:,}", rate, f"{done.slowest * 1000:,.0f} ms", became))
                if done.finding:
                    found += 1
                    say(f"FOUND in {name}: {done.finding.what}\n  by {done.finding.value}")
                    say(f"  again: python -m tests.fuzz --only {name} --cases {cases} --seed {seed}")
                whole.add(done)
    say(f"{whole.cases:,} cases over {len(targets)} targets, {whole.seconds:,.0f} s of processor time; seed {seed}; "
        f"{f'{found} targets answered what they must not' if found else 'nothing found'}")  # fmt: skip
    return 1 if found else 0


def main() -> int:
    """What the command line asks for."""
    asked = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    asked.add_argument("--cases", type=int, default=1_000_000, help="over all targets together")
    asked.add_argument("--seed", type=int, default=1, help="another seed, other cases")
    asked.add_argument("--only", choices=[target.name for target in TARGETS], help="one target")
    asked.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    given = asked.parse_args()
    targets = [named(given.only)] if given.only else TARGETS
    return fuzz(targets, given.cases, given.seed, given.processes)


if __name__ == "__main__":
    sys.exit(main())
