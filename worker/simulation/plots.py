"""Pictures of a simulation, each as PNG and SVG. Matplotlib is imported only when pictures are made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from worker.simulation.counting import Histogram
from worker.simulation.parameters import REASONS
from worker.simulation.report import words
from worker.simulation.run import Simulated
from worker.simulation.tally import Tally

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FIRST, SECOND, KNOWN = "#1f6f8b", "#e08e45", "#9aa5ab"
FORMATS = ("png", "svg")


def draw(found: Simulated, folder: Path) -> list[Path]:
    """Draw everything into a folder; the files. The same simulation gives the same files."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    settings: dict[Any, Any] = {
        "svg.hashsalt": "carepath",
        "axes.spines.top": False,
        "axes.spines.right": False,
        "font.size": 9.0,
    }
    files = []
    with matplotlib.rc_context(settings):
        for name, (title, paint) in PICTURES.items():
            if name == "work" and found.against is None:
                continue
            figure, axes = pyplot.subplots(figsize=(8, 4.5), layout="constrained")
            axes.set_title(title, loc="left", fontweight="bold")
            paint(axes, found)
            figure.draw_without_rendering()
            figure.set_layout_engine("none")  # laid out once; each file would do it twice anew
            for format in FORMATS:
                file = folder / f"{name}.{format}"
                figure.savefig(
                    file, dpi=130, metadata={"Date": None} if format == "svg" else {"Software": None}
                )
                files.append(file)
            pyplot.close(figure)
    return files


def _tallies(found: Simulated) -> list[tuple[str, str, Tally]]:
    named = [("policy" if found.against is None else "first policy", FIRST, found.tally)]
    return named + ([("second policy", SECOND, found.against)] if found.against else [])


def _ends(axes: Axes, found: Simulated) -> None:
    published = found.parameters.published
    bars = [
        (name, color, [tally.share(reason) or 0 for reason in REASONS])
        for name, color, tally in _tallies(found)
    ]
    _beside(
        axes, [*bars, ("published", KNOWN, [published.reasons.get(reason, 0) for reason in REASONS])], REASONS
    )
    axes.set_ylabel("share of those who left")
    axes.yaxis.set_major_formatter(lambda share, _: f"{share:.0%}")


def _medians(axes: Axes, found: Simulated) -> None:
    published = found.parameters.published
    names = (*REASONS, "all")
    bars = []
    for name, color, tally in _tallies(found):
        stays = [*(tally.stays[reason] for reason in REASONS), tally.stay]
        bars.append((name, color, [float(stay.median or 0) for stay in stays]))
    known = [published.median_stay_days.get(reason, 0.0) for reason in REASONS]
    _beside(axes, [*bars, ("published", KNOWN, [*known, published.median_stay_overall_days])], names)
    axes.set_ylabel("median stay, days to the last contact")


def _stays(axes: Axes, found: Simulated) -> None:
    for name, color, tally in _tallies(found):
        days = range(181)
        axes.step(
            days, [_still_there(tally.stay, day) for day in days], color=color, label=name, where="post"
        )
    axes.set_xlabel("days since admission")
    axes.set_ylabel("share still in the program")
    axes.yaxis.set_major_formatter(lambda share, _: f"{share:.0%}")
    axes.set_ylim(0, 1.02)
    axes.legend(frameon=False)


def _tasks(axes: Axes, found: Simulated) -> None:
    tally = found.tally
    for role in tally.roles:
        weeks = tally.tasks_by_day[role].weekly()
        axes.plot(range(len(weeks)), weeks, label=words(role), linewidth=1.2)
    axes.set_xlabel(f"weeks since {tally.caseload.begins_on}")
    axes.set_ylabel("tasks opened in the week")
    axes.legend(frameon=False)


def _seats(axes: Axes, found: Simulated) -> None:
    for name, color, tally in _tallies(found):
        for what, days, style in (("program", tally.seats, "-"), ("aftercare", tally.following, ":")):
            running = days.running()
            weeks = [day / 7 for day in range(len(running))]
            axes.plot(weeks, running, style, color=color, label=f"{what}, {name}")
    axes.set_xlabel(f"weeks since {found.tally.caseload.begins_on}")
    axes.set_ylabel("patients on the day")
    axes.legend(frameon=False)


def _gate(axes: Axes, found: Simulated) -> None:
    bars = []
    numbers = sorted({number for _, _, tally in _tallies(found) for number in tally.extensions if number})
    for name, color, tally in _tallies(found):
        bars.append((name, color, [float(tally.extensions[number]) for number in numbers]))
    _beside(axes, bars, [f"{number} extension{'s' * (number > 1)}" for number in numbers])
    axes.set_ylabel("patients")


def _work(axes: Axes, found: Simulated) -> None:
    assert found.against is not None
    first, second = found.tally.of_role(), found.against.of_role()
    roles = sorted(first | second, key=lambda role: first[role])
    more = [100 * (second[role] - first[role]) / found.patients for role in roles]
    drawn = axes.barh([words(role) for role in roles], more, 0.6, color=SECOND)
    shares = [f" {(second[role] - first[role]) / first[role]:+.1%} " if first[role] else "" for role in roles]
    axes.bar_label(drawn, shares)
    axes.axvline(0, color=KNOWN, linewidth=0.8)
    axes.margins(x=0.15)
    axes.set_xlabel("more tasks per 100 patients under the second policy")


def _still_there(stay: Histogram, day: int) -> float:
    return 1 - sum(stay.counts[: day + 1]) / stay.total if stay.total else 0


def _beside(axes: Axes, bars: Sequence[tuple[str, str, Sequence[float]]], names: Sequence[str]) -> None:
    width = 0.8 / len(bars)
    for number, (label, color, heights) in enumerate(bars):
        at = [place + (number - (len(bars) - 1) / 2) * width for place in range(len(names))]
        axes.bar(at, heights, width * 0.95, color=color, label=label)
    axes.set_xticks(range(len(names)), [words(name) for name in names])
    axes.legend(frameon=False)


PICTURES: dict[str, tuple[str, Callable[[Axes, Simulated], None]]] = {
    "ends": ("How the program ended", _ends),
    "medians": ("How long it lasted", _medians),
    "stays": ("Who is still there", _stays),
    "tasks": ("Tasks by role", _tasks),
    "seats": ("Seats in use", _seats),
    "extensions": ("Extensions of the program", _gate),
    "work": ("How much more work, and for whom", _work),
}
