"""A chart's content drawn as styled lines: legend, curves, axes.

Every curve is drawn on an empty canvas of its own, and the canvases are laid over each other. So a
cell belongs to exactly one curve, the last one drawn there, and its colour is that curve's role.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from rnn_tui.tui.charts.axes import Axis, make_axis, range_with_level
from rnn_tui.tui.charts.curves import Chart, Level, message, one_line, pad
from rnn_tui.tui.charts.grid import Grid
from rnn_tui.tui.charts.points import Series, polyline
from rnn_tui.tui.charts.raster import rasterize
from rnn_tui.tui.charts.strokes import UNICODE, Stroke, StrokeSet, choose_strokes
from rnn_tui.tui.lines import Line, Lines, Run, cell_width, join, merge, text_width

LEVEL_GLYPH, MARK_GLYPH = "╌", "┊"
# Styles of a canvas by number; after these comes the role of each curve.
ROLES = ("", "accent", "level")
PLAIN_STYLE, MARK_STYLE, LEVEL_STYLE, FIRST_CURVE_STYLE = range(4)


def draw(chart: Chart, width: int, height: int, stroke_set: StrokeSet = UNICODE) -> Lines:
    """Return `chart` as exactly `height` lines of exactly `width` cells each.

    Decorations go first when there is little space: y labels, then the x axis, then the legend; at
    last one line names the newest values.
    """
    if width <= 0 or height <= 0:
        return ((),) * max(height, 0)
    series = [Series.of(curve, chart.log_y) for curve in chart.curves]
    if not any(one.x.size for one in series):
        return message(chart.empty, "dim", width, height)
    if width < 8 or height < 3:
        return pad([_newest_values(series)], width, height)
    try:
        return _draw_all(chart, series, width, height, stroke_set)
    except ImportError:
        return message("no charts here: plotext does not load", "error", width, height)


def _draw_all(
    chart: Chart, series: list[Series], width: int, height: int, stroke_set: StrokeSet
) -> Lines:
    """Draw legend, canvas and axes, as far as there is space for them."""
    has_legend = height >= 4
    has_x_axis = height >= 6 and width >= 12
    rows = height - has_legend - 2 * has_x_axis

    x_axis, y_axis = _axes(chart, series)
    level = PlacedLevel.on(chart.level, y_axis)
    y_labels = _y_labels(y_axis, rows)
    label_width = max((text_width(label) for label in y_labels.values()), default=0)
    has_y_axis = width >= 20 and label_width <= width // 3
    columns = width - (label_width + 1 if has_y_axis else 0)

    marks = _mark_columns(chart, x_axis, columns)
    strokes = choose_strokes(chart.curves, stroke_set)
    canvas = Grid.blank(columns, rows)
    if level is not None and (row := level.row(rows)) is not None:
        canvas.fill_row(row, LEVEL_GLYPH, LEVEL_STYLE)
    for column in marks:
        canvas.fill_column(column, MARK_GLYPH, MARK_STYLE)
    _draw_curves(canvas, series, strokes, stroke_set.points[0], x_axis, y_axis)

    lines: list[Line] = []
    if has_legend:
        indent = label_width + 2 if has_y_axis else 0
        lines.append(_legend(chart, strokes, indent, level, width))
    roles = [*ROLES, *(one.curve.role for one in series)]
    for row in range(rows):
        margin: Line = (_y_margin(y_labels.get(row), label_width),) if has_y_axis else ()
        lines.append(merge((*margin, *canvas.line(row, roles))))
    if has_x_axis:
        margin_width = label_width if has_y_axis else None
        lines += _x_axis_lines(x_axis, chart.x_label, columns, margin_width, marks)
    return pad(lines, width, height)


def _axes(chart: Chart, series: list[Series]) -> tuple[Axis, Axis]:
    """Return the x axis and the y axis that hold all points."""
    drawn = [one for one in series if one.x.size]
    x = np.concatenate([one.x for one in drawn])
    y = np.concatenate([one.y for one in drawn])
    x_axis = make_axis(x, fixed=chart.x_range, whole=bool((np.floor(x) == x).all()))
    y_range = chart.y_range or range_with_level(y, chart.level, chart.log_y)
    return x_axis, make_axis(y, log=chart.log_y, fixed=y_range)


def _draw_curves(
    canvas: Grid,
    series: list[Series],
    strokes: list[Stroke],
    lone: Stroke,
    x_axis: Axis,
    y_axis: Axis,
) -> None:
    """Draw each curve over those before it; one of a single point with the stroke `lone`."""
    rows, columns = canvas.glyphs.shape
    for style, (one, stroke) in enumerate(zip(series, strokes, strict=True), FIRST_CURVE_STYLE):
        if not one.x.size:
            continue
        if one.x.size == 1:  # a lone braille dot is lost on a projector
            stroke = lone
        x, y = x_axis.fraction(one.x), y_axis.fraction(one.y)
        line = polyline(one, x, y, (columns, rows), (stroke.columns, stroke.rows))
        canvas.overlay(rasterize(line, stroke, columns, rows), style)


def _mark_columns(chart: Chart, axis: Axis, columns: int) -> dict[int, str]:
    """Return column → label of the marks inside the range of the axis."""
    marks = {}
    for mark in chart.marks:
        if math.isfinite(mark.x):
            at = float(axis.units(np.array([mark.x]))[0])
            if axis.low <= at <= axis.high:
                marks[axis.cell(at, columns)] = one_line(mark.label)
    return marks


# ------------------------------------------------------------------------------------- the level


@dataclass(frozen=True)
class PlacedLevel:
    """A level on an axis; `fraction` of the way up, outside 0 … 1 if it is off the chart."""

    level: Level
    fraction: float

    @classmethod
    def on(cls, level: Level | None, axis: Axis) -> PlacedLevel | None:
        """Return the level on `axis`, or None if it cannot be placed there."""
        if level is None or not math.isfinite(level.y) or (axis.log and level.y <= 0):
            return None
        return cls(level, float(axis.fraction(np.array([level.y]))[0]))

    def row(self, rows: int) -> int | None:
        """Return its row, counted from the top, or None if it is off the chart."""
        if not 0 <= self.fraction <= 1 + 1e-9:
            return None
        return rows - 1 - min(int(self.fraction * rows), rows - 1)

    def legend(self, label: str) -> Line:
        """Return its entry in the legend, with an arrow if it is off the chart."""
        sample = LEVEL_GLYPH * 2
        if self.fraction > 1 + 1e-9:
            sample = "↑"
        elif self.fraction < 0:
            sample = "↓"
        return ((f"{sample} {one_line(label)}", "level"),)


# ---------------------------------------------------------------------------- around the canvas


def _legend(
    chart: Chart, strokes: list[Stroke], indent: int, level: PlacedLevel | None, width: int
) -> Line:
    """Return the line that says which stroke is which curve.

    The level comes last: with its label, with less space around it, or with its brief name,
    whichever fits first.
    """
    parts: list[Line] = [((one_line(chart.y_label), "axis"),)] if chart.y_label else []
    parts += [
        ((f"{stroke.sample} {one_line(curve.label)}", curve.role),)
        for curve, stroke in zip(chart.curves, strokes, strict=True)
    ]
    if level is None:
        return ((" " * indent, ""), *join(parts, ("   ", "")))
    for label, before, space in (
        (level.level.label, indent, "   "),
        (level.level.label, 0, "  "),
        (level.level.brief, 0, "  "),
    ):
        line = ((" " * before, ""), *join([*parts, level.legend(label)], (space, "")))
        if cell_width(line) <= width:
            break
    return line


def _y_labels(axis: Axis, rows: int) -> dict[int, str]:
    """Return row (0 is the top) → label of the y axis."""
    ticks = axis.ticks(most=max(3, rows // 3), limit=max(1, rows))
    return {rows - 1 - axis.cell(tick.at, rows): tick.label for tick in reversed(ticks)}


def _y_margin(label: str | None, width: int) -> Run:
    """Return the piece of the y axis left of one row."""
    return (f"{label:>{width}}┤" if label is not None else " " * width + "│", "axis")


def _x_axis_lines(
    axis: Axis, label: str, columns: int, margin: int | None, marks: dict[int, str]
) -> list[Line]:
    """Return the x axis, with its name at the end, and the line of numbers under it.

    Args:
        axis: the x axis.
        label: its name.
        columns: the width of the canvas.
        margin: the width of the y labels; None without a y axis.
        marks: column → label of the marks.
    """
    rule, numbers = ["─"] * columns, Grid.blank(columns, 1)
    roles = ("", "accent", "axis")
    for column, text in marks.items():
        numbers.write_centred(text, column, roles.index("accent"))
        rule[column] = "┴"
    for tick in axis.ticks(most=max(2, columns // 11), limit=max(2, columns // 8)):
        column = axis.cell(tick.at, columns)
        if numbers.write_centred(tick.label, column, roles.index("axis")):
            rule[column] = "┬"
    ruled = "".join(rule)
    name = f" {one_line(label)}" if label else ""
    if name and text_width(name) <= columns // 3:
        ruled = ruled[: columns - text_width(name)] + name
    corner, indent = ("", "") if margin is None else (" " * margin + "└", " " * margin + " ")
    return [
        ((corner + ruled, "axis"),),
        merge(((indent, ""), *numbers.line(0, roles))),
    ]


# ------------------------------------------------------------------------------- without a chart


def _newest_values(series: list[Series]) -> Line:
    """Return the newest value of each curve, where a chart does not fit."""
    parts: list[Line] = [
        ((f"{one_line(one.curve.label)} {one.y[-1]:.3g}", one.curve.role),)
        for one in reversed(series)
        if one.x.size
    ]
    return join(parts, (" · ", "dim"))
