"""What a simulation found, as tables for people: the one place where counts become words."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from worker.simulation.agreement import Agreement
from worker.simulation.compare import DIFFERENCES, Comparison
from worker.simulation.counting import Histogram
from worker.simulation.parameters import REASONS, Published
from worker.simulation.run import Simulated
from worker.simulation.tally import Tally
from workflows.core.engine.calendar import WEEKDAYS


@dataclass(frozen=True)
class Table:
    """A title, a head and rows; cells are text or numbers."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]

    def markdown(self) -> str:
        """The table as Markdown."""
        lines = [f"## {self.title}", "", f"| {' | '.join(self.columns)} |", "|---" * len(self.columns) + "|"]
        lines += [f"| {' | '.join('' if cell is None else str(cell) for cell in row)} |" for row in self.rows]
        return "\n".join(lines) + "\n"


def tables(found: Simulated) -> list[Table]:
    """Everything that is shown, first what is held against the literature."""
    shown = [ends(found.tally, found.parameters.published), *_course(found.tally), *_work(found.tally)]
    if found.against and found.comparison:
        shown += compared(found.tally, found.against, found.comparison)
    return [table for table in shown if table.rows]


def ends(tally: Tally, published: Published) -> Table:
    """How the program ended and how long it lasted, beside what has been published."""
    rows: list[Sequence[Any]] = []
    for reason in REASONS:
        told, stay = published.reasons.get(reason), tally.stays[reason]
        row = (tally.reasons[reason], percent(tally.share(reason)), percent(told))
        rows.append((words(reason), *row, stay.median, published.median_stay_days.get(reason), *_range(stay)))
    ended = sum(tally.reasons[reason] for reason in REASONS)
    overall = (tally.stay.median, published.median_stay_overall_days, *_range(tally.stay))
    rows.append(("all who left", ended, "", "", *overall))
    if tally.reasons["in_program"]:
        rows.append(("still in the program", tally.reasons["in_program"], "", "", "", "", "", ""))
    columns = (
        "end of the program",
        "patients",
        "share",
        "published",
        "median stay, days",
        "published median",
        "p25",
        "p75",
    )
    return Table(f"Ends and stays, against {published.source}", columns, rows)


def _course(tally: Tally) -> list[Table]:
    admitted, completed = tally.admitted, tally.completed
    course = [
        ("patients referred", tally.patients, ""),
        ("admitted", admitted, percent(_part(admitted, tally.patients))),
        ("with a known use in the program", tally.with_slip, percent(_part(tally.with_slip, admitted))),
        ("slips in the program and after it", tally.slips + tally.slips_after, ""),
        ("slips followed by 30 days in care without another", tally.recoveries,
         percent(_part(tally.recoveries, tally.slips + tally.slips_after))),
        ("stepped down to aftercare", completed, percent(_part(completed, admitted))),
        ("with a known use in aftercare", tally.used_again, percent(_part(tally.used_again, completed))),
        ("returns from aftercare to the program", tally.returned, ""),
        ("sessions missed without notice, per admitted", _round(_part(tally.misses, admitted)), ""),
        ("neutral messages to patients", tally.messages, ""),
        ("entries recorded", tally.entries, ""),
    ]  # fmt: skip
    gate: list[Sequence[Any]] = [
        ("days from the program's length to the step-down", *_figures(tally.gate_waits)),
        ("hours from a ready gate to the signature", *_figures(tally.signatures)),
    ]
    extended: list[Sequence[Any]] = [
        (number, count, percent(_part(count, admitted))) for number, count in sorted(tally.extensions.items())
    ]
    unmet = [(words(name), count) for name, count in tally.unmet.most_common()]
    after = [
        (words(end), count, percent(_part(count, completed)))
        for end, count in tally.aftercare_ends.most_common()
    ]
    referring = tally.caseload.referred_over_days
    seats, following = tally.seats.running(), tally.following.running()
    used = [
        (name, max(days), tally.date_of(days.index(max(days))), _round(sum(days[:referring]) / referring))
        for name, days in (("in the program", seats), ("in aftercare", following))
        if any(days)
    ]
    engine: list[Sequence[Any]] = [
        (f"open episodes without deadline or task at some time (E9), in {stage}", count)
        for stage, count in tally.waits_for_nothing.items()
    ]
    engine += [
        (f"answers refused by the engine: {words(kind)}", count) for kind, count in tally.refused.items()
    ]
    engine += [(f"tasks open at the end: {words(kind)}", count) for kind, count in tally.unanswered.items()]
    return [
        Table("Course", ("", "count", "share"), course),
        Table("Gate waits of those who stepped down", ("", "patients", "median", "mean", "p75", "p95"), gate),
        Table("Extensions", ("blocks", "patients", "share"), extended),
        Table("What the gate still needed at the program's length", ("condition", "patients"), unmet),
        Table("After the step-down", ("end of the episode", "patients", "share"), after),
        Table("Seats in use", ("", "most", "on", "average while referrals come"), used),
        Table("What the engine was left with", ("", "count"), engine),
    ]


def _work(tally: Tally) -> list[Table]:
    per_hundred = 100 / tally.patients if tally.patients else 0
    of_role, roles, referring = tally.of_role(), tally.roles, tally.caseload.referred_over_days
    by_role = []
    for role in roles:
        days = tally.tasks_by_day[role].counts
        escalated = tally.escalated(role)
        row = (
            of_role[role],
            _round(of_role[role] * per_hundred),
            _round(sum(days[:referring]) * 7 / referring),
            max(days),
        )
        by_role.append(
            (words(role), *row, escalated, percent(_part(escalated, of_role[role])), tally.notices[role])
        )
    by_weekday = [
        (words(role), *(_round(tally.tasks_on[role, day] * per_hundred) for day in WEEKDAYS))
        for role in roles
    ]
    by_kind = [
        (words(kind), words(role), count, _round(count * per_hundred))
        for (role, kind), count in tally.tasks.most_common()
    ]
    columns = (
        "role",
        "tasks",
        "per 100 patients",
        "a week while referrals come",
        "busiest day",
        "escalated",
        "share",
        "notices",
    )
    return [
        Table("Tasks by role", columns, by_role),
        Table("Tasks opened by day of the week, per 100 patients", ("role", *WEEKDAYS), by_weekday),
        Table("Tasks by kind", ("kind", "role", "tasks", "per 100 patients"), by_kind),
    ]


def compared(first: Tally, second: Tally, comparison: Comparison) -> list[Table]:
    """What another policy would have meant for the same patients."""
    of = comparison.patients
    treated: list[Sequence[Any]] = [
        ("treated differently in any way", comparison.different, percent(_part(comparison.different, of)))
    ]
    treated += [
        (name, comparison.how[name], percent(_part(comparison.how[name], of)))
        for name in DIFFERENCES
        if comparison.how[name]
    ]
    who = [
        (group, words(name), different, count, percent(_part(different, count)))
        for (group, name), (different, count) in sorted(comparison.groups.items())
    ]
    moved = [
        (words(before), words(after), count)
        for (before, after), count in comparison.ends.most_common()
        if before != after
    ]
    return [
        Table("Against the second policy: patients", ("", "patients", "share"), treated),
        Table("Who would have been treated differently", ("by", "group", "different", "of", "share"), who),
        Table("Other ends of the program", ("first policy", "second policy", "patients"), moved),
        _more_work(first, second, comparison),
        _more_of_each(first, second),
    ]


def agreed(agreement: Agreement) -> Table:
    """What came of running some of the patients through the workflows."""
    rows: list[Sequence[Any]] = [
        ("patients run through the workflows", agreement.patients),
        ("entries compared", agreement.entries),
        ("answers to tasks compared", agreement.answers),
        ("differences", len(agreement.differences)),
    ]
    return Table("Shell and core", ("", "count"), [*rows, *((one, "") for one in agreement.differences)])


def _more_work(first: Tally, second: Tally, comparison: Comparison) -> Table:
    of = comparison.patients
    before, after = first.of_role(), second.of_role()
    rows = [_change(f"tasks: {words(role)}", before[role], after[role], of) for role in before | after]
    rows += [
        _change(f"escalated tasks: {words(role)}", first.escalated(role), second.escalated(role), of)
        for role in before | after
        if first.escalated(role) or second.escalated(role)
    ]
    rows.append(_change("messages to patients", first.messages, second.messages, of))
    rows.append(_change("days in the program", comparison.seat_days[0], comparison.seat_days[1], of))
    columns = ("per 100 patients", "first policy", "second policy", "more", "change")
    return Table("How much more work, and for whom", columns, rows)


def _more_of_each(first: Tally, second: Tally) -> Table:
    before, after = first.of_kind(), second.of_kind()
    rows = [
        _change(words(kind), before[kind], after[kind], first.patients)
        for kind in before | after
        if before[kind] != after[kind]
    ]
    columns = ("kind of task, per 100 patients", "first policy", "second policy", "more", "change")
    return Table("Which work", columns, sorted(rows, key=lambda row: -abs(row[3])))


def _change(name: str, before: int, after: int, of: int) -> tuple[str, float, float, float, str]:
    per_hundred = 100 / of if of else 0
    change = f"{(after - before) / before:+.1%}" if before else ""
    shown = (
        round(before * per_hundred, 1),
        round(after * per_hundred, 1),
        round((after - before) * per_hundred, 1),
    )
    return (name, *shown, change)


# -- small things ------------------------------------------------------------------------------------------


def words(code: str) -> str:
    """A code as people say it."""
    return code.replace("_", " ")


def percent(share: float | None) -> str:
    """A share in percent; empty where there is none."""
    return "" if share is None else f"{share:.1%}"


def _part(count: int, of: int) -> float | None:
    return count / of if of else None


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def _range(stay: Histogram) -> tuple[int | None, int | None]:
    return stay.quantile(0.25), stay.quantile(0.75)


def _figures(values: Histogram) -> tuple[float | int | None, ...]:
    shown = values.spread()
    return tuple(shown[name] for name in ("count", "median", "mean", "p75", "p95"))
