"""The regions of the panels, for a terminal of any size.

Panels stand in one column, in two from 110 columns of the terminal, in three from 170. Lines are
dealt out by need: what a panel needs in a run it declares itself (`PanelSpec.need`). One line or
column more takes no panel away, and no line of the timestep or of a chart that is still to grow.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from textual.geometry import Region

from rnn_tui.registry import PANELS
from rnn_tui.tui.panel_spec import Needs

if TYPE_CHECKING:
    from rnn_tui.tui.lesson.room import LessonRoom

# Columns and lines that the program needs: 80×24 without the status line of a multiplexer.
LEAST = (80, 23)
TWO_COLUMNS, THREE_COLUMNS = 110, 170  # columns of the terminal
TALL = 30  # lines of the body from which on there are three columns
HEADER, FOOTER = 2, 1  # lines
TIMESTEP_LEAST = 11  # lines that the timestep keeps below a panel that is looked at
LOOKED_AT = 10  # lines of such a panel in one column without room for more
CHART_LEAST, CHART_GOOD, CHART_TALL = 5, 10, 20  # lines of a chart
HEAT_LEAST, SECOND_HEAT = 8, 6  # lines of a heat map, and of one below another
SIDE_BY_SIDE = 100  # columns from which on two charts stand side by side in one column
BESIDE = 40, 10  # columns and lines at the right of the network that are a place for a chart
TIMESTEP_WIDTH = 72, 92, 110  # columns: at least, at most, and at most of very wide terminals
VERY_WIDE = 200
PREDICTIONS = "predictions"
LESSON = "lesson"
LEAST_LESSON = 6  # lines of a lesson at least
BESIDE_LESSON = 20  # lines below a lesson from which on they are dealt out as without one
Stage = tuple[int, int]  # a panel, by its place among others, and the lines that it is raised to
THIRD_CHART = 27  # lines of a column from which on three charts stand in it


@dataclass(frozen=True, slots=True)
class Focus:
    """What the user looks at.

    Attributes:
        panel: the panel with the focus.
        other: the panel that was looked at before the timestep had the focus; one column shows it.
        zoomed: the panel with the focus has the whole screen.
        proofs: of three columns, the middle one shows proofs of the backward pass.
        untrained: there is no loss yet: one column shows predictions where that would be.
        lesson: says how many lines the lesson needs; None where there is none.
    """

    panel: str = "timestep"
    other: str = "network"
    zoomed: bool = False
    proofs: bool = False
    untrained: bool = False
    lesson: LessonRoom | None = None


def arrange(width: int, height: int, focus: Focus, needs: Needs) -> Mapping[str, Region]:
    """Return the region of each visible panel; header and footer have the first and last lines.

    Args:
        width: columns of the terminal.
        height: lines of the terminal.
        focus: what the user looks at.
        needs: gives the need of a panel.

    Returns:
        Regions by name of the panel; empty if the terminal is smaller than LEAST.
    """
    if width < LEAST[0] or height < LEAST[1]:
        return {}
    body = Region(0, HEADER, width, height - HEADER - FOOTER)
    if focus.lesson is not None:
        return _with_lesson(body, focus, focus.lesson, needs)
    if focus.zoomed:
        return {focus.panel: body}
    if width < TWO_COLUMNS:
        return _one_column(body, focus, needs)
    return _columns(body, focus, needs)


# ---------------------------------------------------------------- with a lesson


def _with_lesson(
    body: Region, focus: Focus, room: LessonRoom, needs: Needs
) -> Mapping[str, Region]:
    """Return the regions where a lesson is played: its own, and what is looked at with it."""
    shown = focus.other if focus.panel == LESSON else focus.panel
    shown = "timestep" if shown == LESSON else shown
    focus = replace(focus, panel=shown, lesson=None)
    if body.width >= TWO_COLUMNS and not focus.zoomed:
        regions = _columns(body, focus, needs, room)
        if LESSON in regions:
            return regions
    least, most = room.lines(body.width)
    need = needs("timestep")  # whatever is looked at: so the lesson stays where it is
    wanted = body.height - max(need.good, BESIDE_LESSON if body.height >= TALL else 0)
    lines = min(most, max(min(least, body.height - TIMESTEP_LEAST), wanted))
    above, rest = body.split_horizontal(max(lines, LEAST_LESSON))
    return {LESSON: above, **_below_lesson(rest, focus, needs)}


def _below_lesson(rest: Region, focus: Focus, needs: Needs) -> Mapping[str, Region]:
    """Return the regions below a lesson: all that has room, or what is looked at alone."""
    shown, timestep = focus.panel, needs("timestep")
    if focus.zoomed:
        return {shown: rest}
    if rest.width >= TWO_COLUMNS:
        left, right = rest.split_vertical(_timestep_width(rest.width))
        beside = shown if shown != "timestep" else PANELS.in_group("chart")[0]
        return {"timestep": left, beside: _without_gap(right)}
    if rest.height >= BESIDE_LESSON:
        return _one_column(rest, focus, needs)
    first = "network" if shown == "timestep" else shown
    lines = needs(first).least
    if rest.height < lines + max(timestep.enough, TIMESTEP_LEAST):
        return {shown: rest}
    shares = _above(rest.height, needs(first).good, max(timestep.enough, TIMESTEP_LEAST))
    return _stacked(rest, zip(((first,), ("timestep",)), shares, strict=True))


# ---------------------------------------------------------------- one column


def _one_column(body: Region, focus: Focus, needs: Needs) -> Mapping[str, Region]:
    """Return the regions of one column: network, timestep and, where there is room, charts."""
    looked_at = focus.other if focus.panel == "timestep" else focus.panel
    for first in ("network", looked_at):
        rows = _rows_below(body.width, first, untrained=focus.untrained)
        lines = _lines_of_one_column(body.height, rows, needs)
        names = (("network",), ("timestep",), *rows)[: len(lines)]
        if any(looked_at in row for row in names):
            return _stacked(body, zip(names, lines, strict=True))
    if len(lines) == 2 or body.height < needs("network").least + LOOKED_AT + TIMESTEP_LEAST:
        lines = _above(body.height, LOOKED_AT + max(body.height - 21, 0) // 2, TIMESTEP_LEAST)
        return _stacked(body, zip(((looked_at,), ("timestep",)), lines, strict=True))
    return _stacked(body, _with_looked_at(body.height, looked_at, rows, needs))


def _rows_below(width: int, looked_at: str, *, untrained: bool) -> list[tuple[str, ...]]:
    """Return the panels below the timestep, row by row; a chart `looked_at` is in the first row."""
    charts = list(PANELS.in_group("chart"))
    if untrained and looked_at == "network":
        looked_at = PREDICTIONS
    across = 2 if width >= SIDE_BY_SIDE else 1
    if looked_at in charts[across:]:
        charts.remove(looked_at)
        charts.insert(across - 1, looked_at)
    rows = [tuple(charts[k : k + across]) for k in range(0, len(charts), across)]
    heat = [(name,) for name in PANELS.in_group("heat")]
    if across > 1:
        return [*rows[:1], *heat[:1], *rows[1:], *heat[1:]]
    return [*rows[:2], *heat[:1], *rows[2:], *heat[1:]]


def _lines_of_one_column(height: int, rows: Sequence[tuple[str, ...]], needs: Needs) -> list[int]:
    """Return the lines of network, timestep and as many rows of other panels as have room.

    The lines of a row that has no room yet are the network's, which can do without them again.
    Where an update needs more lines than a timestep, these would be filled while the network has
    rows folded: so it has all of them before a chart comes.
    """
    network, timestep = needs("network"), needs("timestep")
    heat = PANELS.in_group("heat")
    network_first = timestep.enough > timestep.least

    def stages() -> Iterator[Stage]:
        """Yield the stages; the module of a panel is imported only if that may have a place."""
        yield 0, network.enough if network_first else network.least
        yield from ((1, timestep.enough), (2, CHART_LEAST), (0, network.enough))
        yield from ((2, 8), (1, timestep.good), (2, CHART_GOOD), (0, network.good))
        for index, row in enumerate(rows[1:], 3):
            need = needs(row[0])
            if row[0] in heat:
                yield index, min(HEAT_LEAST, need.most)
                yield index, min(CHART_GOOD, need.most)
            else:
                yield from ((index, CHART_LEAST), (index, CHART_GOOD))
            if index == 3:
                yield 1, timestep.most
        for index, row in enumerate(rows, 2):
            yield index, needs(row[0]).most if row[0] in heat else CHART_TALL

    lines = [network.least, min(timestep.least, height - network.least)]
    rest = [(0, network.most), *((k, CHART_TALL) for k in (2, 3)), (1, timestep.most)]
    return _dealt(height, lines, stages(), rest, last=1)


def _with_looked_at(
    height: int, looked_at: str, rows: Sequence[tuple[str, ...]], needs: Needs
) -> list[tuple[tuple[str, ...], int]]:
    """Return the rows of one column, with their lines, with a panel that has no place otherwise.

    It stands in place of the first chart, which comes below it where there is room. It has as many
    lines as without the network if the timestep can do with less.
    """
    network, timestep, need = needs("network"), needs("timestep"), needs(looked_at)
    spare = height - network.least
    least = max(spare - timestep.enough, min(need.good, LOOKED_AT, spare - TIMESTEP_LEAST))
    stages = [
        (2, min(need.good, least)),
        (0, network.enough),
        (1, timestep.good),
        (2, need.most),
        (0, network.good),
        *((index, CHART_GOOD) for index in (3, 4)),
        (1, timestep.most),
    ]
    lines = [network.least, min(timestep.enough, spare - least), min(CHART_LEAST, least)]
    charts = [row for row in rows if row[0] in PANELS.in_group("chart")]
    rest = [(0, network.most), (1, timestep.most)]
    lines = _dealt(height, lines, stages[: 5 + len(charts)] + stages[-1:], rest, last=1)
    return list(zip((("network",), ("timestep",), (looked_at,), *charts), lines, strict=False))


def _dealt(
    height: int,
    lines: list[int],
    stages: Iterable[Stage],
    rest: Iterable[Stage] = (),
    last: int = 0,
) -> list[int]:
    """Raise `lines` stage by stage to those of each stage, until `height` is dealt out.

    A panel that is not there yet comes with all lines of its stage or, as everything after it, not
    at all: what is left then is dealt out by the stages of `rest`, and at last to one panel.

    Args:
        height: lines to deal out.
        lines: what each panel has to begin with.
        stages: a panel and the lines that it is raised to.
        rest: the same, of panels that are there.
        last: the panel that has what is left.
    """
    spare = height - sum(lines)
    for index, upto in stages:
        if not spare:
            break
        new = index >= len(lines)
        if new and spare < upto:
            break
        if new:
            lines.append(0)
        more = min(max(upto - lines[index], 0), spare)
        lines[index] += more
        spare -= more
    for index, upto in rest:
        if index < len(lines):
            more = min(max(upto - lines[index], 0), spare)
            lines[index] += more
            spare -= more
    lines[last] += spare
    return lines


# ---------------------------------------------------------------- two and three columns


def _columns(
    body: Region, focus: Focus, needs: Needs, lesson: LessonRoom | None = None
) -> Mapping[str, Region]:
    """Return the regions of two or three columns below the network.

    Timestep at the left, charts at the right, in the middle what is many numbers in one picture. A
    panel that has no place takes the middle, or that of all charts but the first. A lesson stands
    above the charts where it has room there.
    """
    network, charts = needs("network"), PANELS.in_group("chart")
    lines = 6 + max(body.height - 24, 0) // 5
    unfolded = min(network.enough, body.height - needs("timestep").least)
    above, rest = body.split_horizontal(min(max(lines, network.least, unfolded), network.most))
    fixed: dict[str, Region] = {"network": above}
    if above.height >= BESIDE[1] and body.width - network.width > BESIDE[0]:
        fixed["network"], beside = above.split_vertical(network.width)
        fixed[charts[0]] = _without_gap(beside)
    left, right = rest.split_vertical(_timestep_width(body.width))
    right = _without_gap(right)
    three = body.width >= THREE_COLUMNS and body.height >= TALL
    in_middle = three and not focus.proofs  # the second one
    fixed |= _left(left, PANELS.in_group("heat")[: 2 - in_middle], needs)
    middle: Mapping[str, Region] = {}
    if three:
        centre, right = right.split_vertical((right.width - 1) // 2)
        right = _without_gap(right)
        middle = _middle(centre, focus, needs)
        if focus.panel not in {*fixed, *middle, *charts}:
            middle = {focus.panel: centre}
    if lesson is not None:
        lines = min(lesson.lines(right.width)[1], right.height - CHART_GOOD)
        if lines < lesson.lines(right.width)[0]:
            return {}
        fixed[LESSON], right = right.split_horizontal(lines)
        if focus.panel not in {*fixed, *middle, *charts} or right.height < 2 * CHART_GOOD:
            chart = next(name for name in charts if name not in fixed)
            last = chart if focus.panel in {*fixed, *middle} else focus.panel
            return {**fixed, **middle, last: right}
    others = [name for name in charts if name not in fixed]
    at_right = _charts(right, others[: 2 if right.height < THIRD_CHART else 3])
    regions = {**fixed, **middle, **at_right}
    if focus.panel in regions:
        return regions
    if charts[0] in fixed:
        return {**fixed, **middle, focus.panel: right}
    first, below = right.split_horizontal(at_right[charts[0]].height)
    return {**fixed, **middle, charts[0]: first, focus.panel: below}


def _timestep_width(width: int) -> int:
    """Return the columns of the timestep beside other panels."""
    least, good, most = TIMESTEP_WIDTH
    return min(min(max(-(-width * 4 // 7), least), good) + max(width - VERY_WIDE, 0) // 6, most)


def _left(region: Region, below: Sequence[str], needs: Needs) -> Mapping[str, Region]:
    """Return the regions of the timestep and, where it leaves room, of panels below it."""
    return _stacked(region, _with_below(region.height, ("timestep", *below), needs))


def _with_below(
    height: int, names: Sequence[str], needs: Needs
) -> list[tuple[tuple[str, ...], int]]:
    """Return panels one above the other with their lines, as many as there is room for.

    What is left when all of them have their most is the first one's.
    """
    need = needs(names[0])

    def stages() -> Iterator[Stage]:
        """Yield the stages; the module of a panel is imported only if that has a place."""
        yield 0, need.good
        for index, name in enumerate(names[1:], 1):
            other = needs(name)
            yield index, min(SECOND_HEAT if index > 1 else HEAT_LEAST, other.good)
            yield from ((index, other.good), (0, need.most), (index, other.most))

    lines = _dealt(height, [min(need.enough, height)], stages())
    return [((name,), upto) for name, upto in zip(names, lines, strict=False)]


def _middle(region: Region, focus: Focus, needs: Needs) -> Mapping[str, Region]:
    """Return the regions of the middle column: of proofs, or of one heat map."""
    names = PANELS.in_group("heat")[1:2]
    if focus.proofs or not names:
        names = tuple(name for name in ("map", "ledger", "edge") if name in PANELS)
    return _stacked(region, _with_below(region.height, names, needs))


def _charts(region: Region, names: Sequence[str]) -> Mapping[str, Region]:
    """Return the regions of charts one above the other.

    They are of about the same height; a third one comes as soon as the others are good.
    """
    if len(names) == 3 and region.height < 3 * CHART_GOOD:
        lines = [CHART_GOOD, CHART_GOOD, region.height - 2 * CHART_GOOD]
    else:
        each, over = divmod(region.height, len(names))
        lines = [each + (k >= len(names) - over) for k in range(len(names))]
    return _stacked(region, zip(((name,) for name in names), lines, strict=True))


# ---------------------------------------------------------------- regions


def _above(height: int, lines: int, below: int) -> list[int]:
    """Return `lines`, or what leaves `below`, and what is left of `height`."""
    above = min(lines, height - below)
    return [above, height - above]


def _stacked(region: Region, rows: Iterable[tuple[tuple[str, ...], int]]) -> Mapping[str, Region]:
    """Return the regions of rows of panels, one row above the other.

    Args:
        region: what is divided.
        rows: the panels of a row, side by side, and its lines.
    """
    regions: dict[str, Region] = {}
    for names, lines in rows:
        row, region = region.split_horizontal(lines)
        for k, name in enumerate(names):
            left = len(names) - k
            at, row = row.split_vertical(row.width // left)
            regions[name] = _without_gap(at) if k else at
    return regions


def _without_gap(region: Region) -> Region:
    """Return a region without its first column, which parts it from what stands at its left."""
    return Region(region.x + 1, region.y, region.width - 1, region.height)
