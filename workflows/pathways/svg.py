"""A pathway's chart as a picture that needs no drawing program: nested boxes, arrows beside them.

States that follow each other stand one below the other; regions that run at once stand side by side behind a
dashed line. An arrow that skips levels is drawn between the boxes that hold its ends.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape
from typing import Any

from workflows.pathways.drawing import Drawn, Transition, transitions

GAP, HEADING, ROW, LETTER, LANE = 14.0, 26.0, 34.0, 6.6, 12.0
"""Lengths in user units of the SVG; a letter is as wide as an average one of 12 units' sans-serif."""

STYLE = (
    "text{font:12px sans-serif;fill:#1f2933}.name{font-weight:600}.when{font-size:11px;fill:#52606d}"
    ".box{fill:#f5f7fa;stroke:#9aa5b1}.leaf{fill:#fff;stroke:#3e4c59}.arrow{fill:none;stroke:#52606d}"
    ".split{stroke:#9aa5b1;stroke-dasharray:5 4}"
)


@dataclass
class Box:
    """One state with what stands inside it; `x` and `y` are its corner inside the whole picture."""

    state: Any
    inside: list["Box"] = field(default_factory=list)
    arrows: list[Transition] = field(default_factory=list)
    x: float = 0
    y: float = 0
    width: float = 0
    height: float = 0

    @property
    def ids(self) -> set[str]:
        """The ids of this state, of all inside it, and of its history."""
        own = {self.state.id, *(history.id for history in self.state.history)}
        return own.union(*(box.ids for box in self.inside))


def svg(pathway: Drawn) -> str:
    """The whole chart as one SVG document."""
    arrows = transitions(pathway)
    boxes = [_measured(state, arrows) for state in pathway.chart.states]
    for box in boxes:
        _place(box, GAP, GAP)
    width, height = (max(getattr(b, side) for b in boxes) + 2 * GAP for side in ("width", "height"))
    drawn = "".join(part for box in boxes for part in _drawn(box))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" '
        f'height="{height:.0f}" role="img" aria-label="{escape(pathway.title)}"><style>{STYLE}</style><defs>'
        '<marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        f'<path d="M0 0L8 4L0 8z" fill="#52606d"/></marker></defs>{drawn}</svg>'
    )


def _measured(state: Any, arrows: list[Transition]) -> Box:
    box = Box(state, [_measured(inner, arrows) for inner in state.states])
    title = len(state.name) * LETTER + 2 * GAP
    if not box.inside:
        box.width, box.height = title, ROW
        return box
    box.arrows = [arrow for arrow in arrows if _ends(box, arrow)]
    if state.parallel:
        inner_width = sum(one.width for one in box.inside) + GAP * (len(box.inside) - 1)
        inner_height = max(one.height for one in box.inside)
    else:
        inner_width = max(one.width for one in box.inside) + _beside(box)
        inner_height = sum(one.height for one in box.inside) + GAP * (len(box.inside) - 1)
    box.width, box.height = max(inner_width + 2 * GAP, title), HEADING + inner_height + GAP
    return box


def _beside(box: Box) -> float:
    """The room that arrows and their words need to the right of the states."""
    words = max((len(arrow.when) for arrow in box.arrows), default=0)
    return GAP + LANE * len(box.arrows) + words * LETTER if box.arrows else 0


def _ends(box: Box, arrow: Transition) -> tuple[int, int] | None:
    """Between which of a box's states an arrow goes, if it goes between two of them."""
    found = [
        next((n for n, one in enumerate(box.inside) if end in one.ids), None)
        for end in (arrow.source, arrow.target)
    ]
    first, last = found
    return (first, last) if first is not None and last is not None and first != last else None


def _place(box: Box, x: float, y: float) -> None:
    box.x, box.y = x, y
    across, down = x + GAP, y + HEADING
    for inner in box.inside:
        _place(inner, across, down)
        if box.state.parallel:
            across += inner.width + GAP
        else:
            down += inner.height + GAP


def _drawn(box: Box) -> Iterator[str]:
    leaf = not box.inside
    round_by, weight = (10, "") if leaf else (4, ' class="name"')
    yield (
        f'<rect class="{"leaf" if leaf else "box"}" x="{box.x:.0f}" y="{box.y:.0f}" width="{box.width:.0f}" '
        f'height="{box.height:.0f}" rx="{round_by}"/>'
        f'<text{weight} x="{box.x + GAP:.0f}" y="{box.y + (21 if leaf else 17):.0f}">'
        f"{'● ' if box.state.initial and box.state.parent is not None and leaf else ''}"
        f"{escape(box.state.name)}</text>"
    )
    for number, inner in enumerate(box.inside):
        yield from _drawn(inner)
        if box.state.parallel and number:
            x = inner.x - GAP / 2
            yield (
                f'<line class="split" x1="{x:.0f}" y1="{box.y + HEADING:.0f}" x2="{x:.0f}" '
                f'y2="{box.y + box.height - GAP:.0f}"/>'
            )
    if not box.state.parallel:
        yield from _arrows(box)


def _arrows(box: Box) -> Iterator[str]:
    """Each arrow in a lane of its own, its words at its turning point, none on top of another."""
    edge = max((one.x + one.width for one in box.inside), default=0)
    words_at = edge + GAP + LANE * len(box.arrows)
    taken: list[float] = []
    leaving = dict.fromkeys(range(len(box.inside)), 0)
    spans = [(arrow, ends) for arrow in box.arrows if (ends := _ends(box, arrow))]
    for lane, (arrow, (first, last)) in enumerate(sorted(spans, key=lambda one: abs(one[1][0] - one[1][1]))):
        x = edge + GAP + LANE * lane
        source, target = box.inside[first], box.inside[last]
        leaving[first] += 1
        leaving[last] += 1
        start = source.y + min(source.height - 5, 9 + 7 * leaving[first])
        end = target.y + min(target.height - 5, 9 + 7 * leaving[last])
        words = (start + end) / 2
        while any(abs(words - other) < 13 for other in taken):
            words += 13
        taken.append(words)
        yield (
            f'<path class="arrow" marker-end="url(#tip)" d="M{source.x + source.width:.0f} {start:.0f}H{x:.0f}'
            f'V{end:.0f}H{target.x + target.width:.0f}"/>'
            f'<path class="arrow" stroke-dasharray="1 3" d="M{x:.0f} {words:.0f}H{words_at:.0f}"/>'
            f'<text class="when" x="{words_at + 4:.0f}" y="{words + 4:.0f}">{escape(arrow.when)}</text>'
        )
