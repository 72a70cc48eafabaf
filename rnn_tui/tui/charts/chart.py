"""A chart's content drawn as styled lines: legend, curves, axes.

Every curve is drawn on an empty canvas of its own. The dots of curves that share a cell are all
drawn there, in the colour of the upper one: no curve deletes another. The curve of truth is the
ground of its cells, if there are colours: it is seen behind a prediction that has come to lie on
it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rnn_tui.tui.charts import dots
from rnn_tui.tui.charts.axes import Axis, make_axis, range_with_levels
from rnn_tui.tui.charts.curves import LABEL_WIDTH, Chart, Level, Mark, message, one_line, pad
from rnn_tui.tui.charts.dates import date_words
from rnn_tui.tui.charts.grid import Grid
from rnn_tui.tui.charts.legend import entries, legend_line
from rnn_tui.tui.charts.points import Series, polyline
from rnn_tui.tui.charts.raster import rasterize
from rnn_tui.tui.charts.strokes import UNICODE, Stroke, StrokeSet, choose_strokes
from rnn_tui.tui.lines import Line, Lines, Run, join, merge, text_width

# Styles of a canvas by number; after these comes the role of each curve.
ROLES = ("", "accent", "level", "rule")
PLAIN_STYLE, MARK_STYLE, LEVEL_STYLE, GUIDE_STYLE, FIRST_CURVE_STYLE = range(5)


def draw(chart: Chart, width: int, height: int, stroke_set: StrokeSet = UNICODE) -> Lines:
    """Return `chart` as exactly `height` lines of exactly `width` cells each.

    Decorations go first when there is little space: y labels, then the legend, then the x axis; at
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
    has_legend = chart.legend and height >= 5
    has_x_axis = height >= 4 and width >= 12
    rows = height - has_legend - has_x_axis

    x_axis, y_axis = axes_of(chart, series)
    levels = [PlacedLevel.on(each, y_axis) for each in chart.placeable_levels]
    y_labels = _y_labels(y_axis, rows)
    widest = max((text_width(label) for label in y_labels.values()), default=0)
    has_y_axis = width >= 20 and widest <= width // 3
    label_width = max(widest, LABEL_WIDTH)
    columns = width - (label_width + 1 if has_y_axis else 0)

    marks = _mark_columns(chart.marks, x_axis, columns)
    borders = _mark_columns(chart.borders, x_axis, columns)
    canvas = Grid.blank(columns, rows)
    if has_y_axis:
        for row in y_labels:
            canvas.fill_row(row, stroke_set.guide, GUIDE_STYLE)
    level_rows = rows_of_levels(levels, rows)
    for row in level_rows:
        canvas.fill_row(row, stroke_set.level, LEVEL_STYLE)
    for column in borders:
        canvas.fill_column(column, stroke_set.mark, GUIDE_STYLE)
    for column in marks:
        canvas.fill_column(column, stroke_set.mark, MARK_STYLE)
    draw_curves(canvas, series, choose_strokes(chart.curves, stroke_set), x_axis, y_axis)
    if len(levels) > 1:
        for row, names in level_rows.items():
            fewer = (", ".join(names[:count]) + " …" for count in range(len(names) - 1, 0, -1))
            for text in (", ".join(names), *fewer):
                if canvas.write_in_line(text, row, LEVEL_STYLE, stroke_set.level):
                    break

    lines: list[Line] = []
    if has_legend:
        indent = label_width + 1 if has_y_axis else 0
        arrow = levels[0].arrow if levels else ""
        shown = entries(chart, stroke_set, arrow)
        lines.append(legend_line(chart, shown, indent, width))
    roles = [*ROLES, *(one.curve.role for one in series)]
    for row in range(rows):
        margin: Line = (_y_margin(y_labels.get(row), label_width),) if has_y_axis else ()
        lines.append(merge((*margin, *canvas.line(row, roles))))
    if has_x_axis:
        corner = " " * label_width + "└" if has_y_axis else ""
        label = chart.x_label
        if chart.dates and chart.x_range is None:
            label = f"{label} {date_words(x_axis.low, x_axis.high, _most_ticks(columns))}".strip()
        x_line = _x_axis_line(x_axis, label, columns, marks, borders, stroke_set.margin)
        lines.append(merge(((corner, "axis"), *x_line)))
    return pad(lines, width, height)


def axes_of(chart: Chart, series: list[Series]) -> tuple[Axis, Axis]:
    """Return the x axis and the y axis that hold all points."""
    drawn = [one for one in series if one.x.size]
    x = np.concatenate([one.x for one in drawn])
    y = np.concatenate([one.y for one in drawn])
    whole = bool((np.floor(x) == x).all())
    x_axis = make_axis(x, fixed=chart.x_range, whole=whole, dates=bool(chart.dates))
    y_range = chart.y_range or range_with_levels(y, chart.levels, chart.log_y)
    return x_axis, make_axis(y, log=chart.log_y, fixed=y_range)


def draw_curves(
    canvas: Grid, series: list[Series], strokes: list[Stroke], x_axis: Axis, y_axis: Axis
) -> None:
    """Draw each curve over those before it.

    Clouds, and before them a curve that is a ground, lie behind all lines: a line has its cells for
    itself there, or else it would be lost in a dense cloud of its colour.
    """
    styles = range(FIRST_CURVE_STYLE, FIRST_CURVE_STYLE + len(series))
    drawn = [each for each in zip(series, strokes, styles, strict=True) if each[0].x.size]
    drawn.sort(key=lambda each: (not each[1].ground, each[0].curve.kind != "cloud"))
    rows, columns = canvas.glyphs.shape
    behind = np.zeros((rows, columns), dtype=np.bool_)  # cells with such dots alone
    truth = behind  # cells with a character of truth
    for one, stroke, style in drawn:
        x, y = x_axis.fraction(one.x), y_axis.fraction(one.y)
        line = polyline(one, x, y, (columns, rows), stroke.cell)
        lone = one.x.size == 1 and not stroke.character
        if one.curve.kind == "cloud" and not (stroke.character or lone):
            thin = line.scattered(columns * dots.COLUMNS, rows * dots.ROWS)
            cells = dots.BLANK + dots.to_cells(thin)
        else:
            cells = canvas.cells_of(rasterize(line, stroke, columns, rows))
        if lone:
            cells = np.where(cells != ord(" "), np.uint32(ord(stroke.lone)), cells)
        if stroke.character or lone:
            inked = cells != ord(" ")
            if stroke.ground:
                canvas.lay_ground(inked)
            if one.curve.role == "truth":
                truth = inked
            elif stroke.on_truth:
                cells = np.where(inked & truth, np.uint32(ord(stroke.on_truth)), cells)
            canvas.write(cells, style)
            continue
        thin = dots.of_cells(np.where(cells == ord(" "), 0, cells - dots.BLANK))
        bits = dots.to_cells(stroke.weigh(thin))
        if stroke.ground:
            canvas.lay_ground(dots.to_cells(dots.around(thin)) != 0)
        if stroke.ground or one.curve.kind == "cloud":
            behind |= bits != 0
        else:
            canvas.erase(behind & (bits != 0))
            behind &= bits == 0
        canvas.add_dots(bits, style)


def _mark_columns(shown: tuple[Mark, ...], axis: Axis, columns: int) -> dict[int, str]:
    """Return column → label of those marks that are inside the range of the axis."""
    marks = {}
    for mark in shown:
        if math.isfinite(mark.x):
            at = float(axis.units(np.array([mark.x]))[0])
            if axis.low <= at <= axis.high:
                marks[axis.cell(at, columns)] = one_line(mark.label)
    return marks


# ------------------------------------------------------------------------------------ the levels


@dataclass(frozen=True)
class PlacedLevel:
    """A level on an axis; `fraction` of the way up, outside 0 … 1 if it is off the chart."""

    level: Level
    fraction: float

    @classmethod
    def on(cls, level: Level, axis: Axis) -> PlacedLevel:
        """Return the level on `axis`."""
        return cls(level, float(axis.fraction(np.array([level.y]))[0]))

    @property
    def arrow(self) -> str:
        """Where it is off the chart: ↑, ↓ or, if it is not, nothing."""
        return "↓" if self.fraction < 0 else "↑" if self.fraction > 1 + 1e-9 else ""

    def row(self, rows: int) -> int | None:
        """Return its row, counted from the top, or None if it is off the chart."""
        if self.arrow:
            return None
        return rows - 1 - min(int(self.fraction * rows), rows - 1)


def rows_of_levels(levels: Sequence[PlacedLevel], rows: int) -> dict[int, list[str]]:
    """Return row → brief names of the levels in it, of those that are on the chart."""
    result: dict[int, list[str]] = {}
    for each in levels:
        if (row := each.row(rows)) is not None:
            result.setdefault(row, []).append(one_line(each.level.brief))
    return result


# -------------------------------------------------------------------------------------- the axes


def _y_labels(axis: Axis, rows: int) -> dict[int, str]:
    """Return row (0 is the top) → label of the y axis."""
    most = (rows + 1) // 2 if axis.log else rows // 3
    ticks = axis.ticks(most=max(3, most), limit=max(1, rows))
    return {rows - 1 - axis.cell(tick.at, rows): tick.label for tick in reversed(ticks)}


def _y_margin(label: str | None, width: int) -> Run:
    """Return the piece of the y axis left of one row."""
    return (f"{label:>{width}}┤" if label is not None else " " * width + "│", "axis")


def _x_axis_line(
    axis: Axis,
    label: str,
    columns: int,
    marks: dict[int, str],
    borders: dict[int, str],
    margin: str,
) -> Line:
    """Return the x axis with the labels of its marks and its numbers in it, its name at the end.

    Args:
        axis: the x axis.
        label: its name, and what of it is seen.
        columns: the width of the canvas.
        marks: column → label of the marks.
        borders: column → label of the borders between parts of it.
        margin: what stands around each number.
    """
    name = _x_name(one_line(label), columns)
    room = columns - text_width(name)
    roles = ("", "accent", "axis")
    line = Grid.blank(room, 1)
    line.fill_row(0, "─", roles.index("axis"))
    for column, text in marks.items():
        line.write_between(f"{margin}{text}{margin}", column, roles.index("accent"), "─")
    for column, text in borders.items():
        line.write_between(f"{margin}{text}{margin}", column, roles.index("axis"), "─")
    for tick in axis.ticks(most=_most_ticks(columns), limit=max(2, columns // 8)):
        column = axis.cell(tick.at, columns)
        if column < room:
            line.write_between(f"{margin}{tick.label}{margin}", column, roles.index("axis"), "─")
    return (*line.line(0, roles), (name, "axis"))


def _most_ticks(columns: int) -> int:
    """Return about how many numbers an x axis of so many cells has."""
    return max(2, columns // 11)


def _x_name(label: str, columns: int) -> str:
    """Return as much of a label as has room: "update 30–50 of 1–90", "30–50 of 1–90", "30–50"."""
    _, _, seen = label.partition(" ")
    for text, share in ((label, 3), (seen, 2), (seen.partition(" of ")[0], 2)):
        if text and text_width(text) + 2 <= columns // share:
            return f"─ {text}"
    return ""


# ------------------------------------------------------------------------------- without a chart


def _newest_values(series: list[Series]) -> Line:
    """Return the newest value of each curve, where a chart does not fit."""
    parts: list[Line] = [
        ((f"{one_line(one.curve.label)} {one.y[-1]:.3g}".replace("-", "−"), one.curve.role),)
        for one in reversed(series)
        if one.x.size
    ]
    return join(parts, (" · ", "dim"))
