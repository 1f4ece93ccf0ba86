"""`make bench`: speed and cost. Figures only; nothing here passes or fails.

What runs on a server is measured next to the bare floor of `bare.py`, on the same server in the same run.
"""

import asyncio
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from tests.bench import caseload, core, directory
from tests.bench.beside import COMMIT, beside
from tests.bench.cost import Cost, cost_of_golden_journey
from tests.bench.round_trip import RoundTrip, round_trip
from tests.servers import clinic_of, dev_server, mailbox_of, time_skipping_server
from worker.settings import Settings
from worker.simulation.processes import all_cores


@contextmanager
def clinic() -> Iterator[Settings]:
    """A clinic with its mailbox, for as long as it is measured."""
    with tempfile.TemporaryDirectory() as folder:
        settings = clinic_of(Path(folder))
        with mailbox_of(settings, Path(folder)):
            yield settings


async def on_servers() -> tuple[RoundTrip, Cost]:
    """What needs Temporal: the round trip on the real server, the journey on the time-skipping one."""
    with clinic() as settings:
        async with dev_server(settings) as server:
            trip = await round_trip(server, settings)
    with clinic() as settings:  # another one: a clinic knows its server
        async with time_skipping_server(settings) as server:
            cost = await cost_of_golden_journey(server, settings)
    return trip, cost


def main() -> None:
    """Print the table of the README."""
    core.journey()  # warm
    rate = median(core.entries_per_second() for _ in range(3))
    journeys = [core.journey() for _ in range(5)]
    older = beside()
    simulated = caseload.patients_per_second(1), caseload.patients_per_second()
    match = directory.measure()
    trip, cost = asyncio.run(on_servers())
    rows = [
        ("core: entries per second on a 200-entry record, one core", f"{rate:,.0f}", "3,000"),
        (
            f"core: 90-day journey, {journeys[0][1]} entries and the deadlines between",
            f"{median(ms for ms, _ in journeys):.0f} ms",
            "60 ms",
        ),
        (
            f"core beside commit {COMMIT} in one run: entries per second · journey · simulated patients a core",
            f"{older.entries:.2f} · {older.journey:.2f} · {older.patients:.2f} ×"
            if older
            else "it is not at hand",
            "3 · 0.4 · 1.25 ×",
        ),
        (
            f"simulated patients per second: one process · one on each of {all_cores()} cores",
            f"{simulated[0]:.1f} · {simulated[1]:.1f}",
            "2.5 × commit c3f7564",
        ),
        (
            "plain scan of 100,000 listings for the nearest meetings of a day",
            f"{match.floor:.0f} ms",
            "the floor",
        ),
        (
            "match over 100,000 listings: a usual one · a therapist · one that nothing narrows",
            f"{match.usual:.0f} · {match.therapist:.0f} · {match.hardest:.0f} ms "
            f"({match.usual / match.floor:.2f} · {match.therapist / match.floor:.2f} · "
            f"{match.hardest / match.floor:.2f} × the floor)",
            "100 ms",
        ),
        ("update of a hand-written bare workflow, median", f"{trip.bare_ms:.1f} ms", "the floor"),
        (
            "update of an episode, median",
            f"{trip.carepath_ms:.1f} ms ({trip.carepath_ms / trip.bare_ms:.2f} × the floor)",
            "1.5 × the floor",
        ),
        (
            "update of an episode that takes only what is signed, median, the journal included",
            f"{trip.signed_ms:.1f} ms ({trip.signed_ms / trip.bare_ms:.2f} × the floor)",
            "1.6 × the floor",
        ),
        (
            f"golden journey: Temporal actions for {cost.entries} entries, {cost.notices} notices and "
            f"{cost.deadlines} fired deadlines, the journal included",
            f"{cost.actions.total()} ({cost.ratio:.2f} each)",
            "1.6 each",
        ),
        ("golden journey: longest history of a run", f"{cost.largest_events:,} events", "2,500"),
        ("golden journey: largest history of a run", f"{cost.largest_bytes / 1000:,.0f} kB", "1,000 kB"),
    ]
    print("| what | measured | goal |\n|---|---|---|")
    for row in rows:
        print(f"| {' | '.join(row)} |")
    print(
        f"\nActions of the golden journey: {', '.join(f'{n} {name}' for name, n in cost.actions.most_common())}."
    )


if __name__ == "__main__":
    main()
