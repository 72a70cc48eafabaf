"""One chart in large: thick curves, and few numbers on its axes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from rnn_tui.registry import PANELS
from rnn_tui.tui.big.block_text import BlockSize, block_lines
from rnn_tui.tui.charts.curves import Chart
from rnn_tui.tui.draw_context import DrawContext
from rnn_tui.tui.lines import Line, Lines, cell_width, merge
from rnn_tui.tui.panel_spec import panel_spec

LARGE = (64, 17)  # cells and lines from which on the numbers of the axes are in large
LARGER = (150, 44)  # and twice as large
APART = 2  # cells between numbers of an axis at least


def panel_of(context: DrawContext) -> str:
    """Return the panel whose chart is shown: that with the focus, if it has one, or the loss."""
    charts = PANELS.in_group("chart")
    panel = context.selection.panel
    return panel if panel in charts else charts[0]


def draw(context: DrawContext, width: int, height: int) -> Lines:
    """Draw the chart of the panel with the focus."""
    panel = panel_of(context)
    spec = panel_spec(panel)
    chart = spec.chart(context)
    if chart is None:  # task text, say, whose predictions are words
        return spec.draw(context, width, height)
    chart = _thick(context.looked_at(panel, chart))
    waiting = context.chart_cache.state[0]
    size = _size(context, width, height)
    if waiting or size is None or not chart.drawable:
        shown = replace(chart, legend=height >= 5)
        return context.chart_cache.draw(shown, width, height)
    return _drawn(context, chart, width, height, size)


def _thick(chart: Chart) -> Chart:
    """Return a chart with the lines thick that have no style of their own."""
    curves = tuple(
        replace(each, style="thick")
        if each.kind == "line" and not each.style and each.role in ("gradient", "smooth")
        else each
        for each in chart.curves
    )
    return replace(chart, curves=curves)


def _size(context: DrawContext, width: int, height: int) -> BlockSize | None:
    """Return the size of the numbers of the axes; None for plain ones."""
    if width >= LARGER[0] and height >= LARGER[1]:
        return BlockSize(2, 1 if context.ascii else 2, context.ascii)
    if width >= LARGE[0] and height >= LARGE[1]:
        return BlockSize(1, 1, context.ascii)
    return None


def _drawn(context: DrawContext, chart: Chart, width: int, height: int, size: BlockSize) -> Lines:
    """Return the chart with the numbers of its axes in a size."""
    from rnn_tui.tui.charts.chart import (
        GUIDE_STYLE,
        LEVEL_STYLE,
        ROLES,
        PlacedLevel,
        axes_of,
        draw_curves,
        rows_of_levels,
    )
    from rnn_tui.tui.charts.grid import Grid
    from rnn_tui.tui.charts.legend import entries, legend_line
    from rnn_tui.tui.charts.points import Series
    from rnn_tui.tui.charts.strokes import choose_strokes

    strokes = context.chart_cache.stroke_set
    series = [Series.of(curve, chart.log_y) for curve in chart.curves]
    x_axis, y_axis = axes_of(chart, series)
    rows = height - 2 - size.lines  # without the legend and the x axis
    most = max(rows // (2 * size.pitch), 2)
    ticks = y_axis.ticks(most=min(most, 4), limit=max(rows // size.pitch, 2))
    labels = {rows - 1 - y_axis.cell(tick.at, rows): tick.label for tick in ticks}
    labels = _apart(labels, size, rows)
    margin = max((size.width(label) for label in labels.values()), default=0) + 1
    columns = width - margin - 1
    canvas = Grid.blank(columns, rows)
    for row in labels:
        canvas.fill_row(row, strokes.guide, GUIDE_STYLE)
    levels = [PlacedLevel.on(each, y_axis) for each in chart.placeable_levels]
    for row in rows_of_levels(levels, rows):
        canvas.fill_row(row, strokes.level, LEVEL_STYLE)
    draw_curves(canvas, series, choose_strokes(chart.curves, strokes), x_axis, y_axis)
    roles = [*ROLES, *(one.curve.role for one in series)]
    left = _margin(labels, size, margin, rows)
    arrow = levels[0].arrow if levels else ""
    lines: list[Line] = [legend_line(chart, entries(chart, strokes, arrow), 0, width)]
    for row in range(rows):
        lines.append(merge((*left[row], ("│", "axis"), *canvas.line(row, roles))))
    lines.append(((" " * margin + "└" + "─" * columns, "axis"),))
    places = [
        (margin + 1 + x_axis.cell(tick.at, columns), tick.label)
        for tick in x_axis.ticks(most=max(columns // 40, 2), limit=max(columns // 20, 2))
    ]
    return (*lines, *_below(places, chart.x_label, size, width))


def _apart(labels: dict[int, str], size: BlockSize, rows: int) -> dict[int, str]:
    """Return those labels of an axis that have room one below the other, by their row."""
    kept: dict[int, str] = {}
    last = -size.pitch
    for row in sorted(labels):
        top = min(max(row - size.lines // 2, 0), rows - size.lines)
        if top - last >= size.pitch:
            kept[row] = labels[row]
            last = top
    return kept


def _margin(labels: dict[int, str], size: BlockSize, margin: int, rows: int) -> Sequence[Line]:
    """Return what stands at the left of each row."""
    left: list[Line] = [((" " * margin, ""),)] * rows
    for row, label in labels.items():
        top = min(max(row - size.lines // 2, 0), rows - size.lines)
        for k, line in enumerate(block_lines((((label, "axis"),),), size)):
            blank = margin - 1 - cell_width(line)
            left[top + k] = ((" " * blank, ""), *line, (" ", ""))
    return left


def _below(places: Sequence[tuple[int, str]], name: str, size: BlockSize, width: int) -> Lines:
    """Return the numbers of the x axis, each below its place, and its name at the right."""
    said = [(column - size.width(label) // 2, label) for column, label in places]
    lines: list[Line] = [() for _ in range(size.lines)]
    taken = 0
    for start, label in said:
        wide = size.width(label)
        start = min(max(start, 0), width - wide)
        if taken and start - taken < APART:
            continue
        block = block_lines((((label, "axis"),),), size)
        for k, line in enumerate(block):
            lines[k] = (*lines[k], (" " * (start - cell_width(lines[k])), ""), *line)
        taken = start + wide
    free = width - max(map(cell_width, lines)) - APART
    if len(name) <= free:
        end = lines[-1]
        lines[-1] = (*end, (" " * (width - cell_width(end) - len(name)), ""), (name, "axis"))
    return tuple(lines)
