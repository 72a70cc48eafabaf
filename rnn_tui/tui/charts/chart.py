"""Charts as styled lines. The only file that imports plotext; it is no widget.

Who does what: this file chooses ranges and ticks, drops what cannot be drawn, thins out what the
eye cannot tell apart, and writes axes and legend. plotext turns polylines into braille and block
characters, nothing more. Every coordinate it receives is the centre of a dot on the canvas, so
always finite and small: plotext's kernel aborts the whole process on NaN.

Each curve is drawn on its own empty canvas and the canvases are laid over each other. So a cell
belongs to exactly one curve, the last one drawn there, and its role needs no guessing from
colours.
"""

from __future__ import annotations

import contextlib
import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from rnn_tui.tui.charts.axes import _Axis, _axis
from rnn_tui.tui.charts.curves import BoolArray, Chart, Curve, Level, message, one_line, pad
from rnn_tui.tui.lines import Line, Lines, Run, cell_width, join, merge, text_width

IntArray = NDArray[np.intp]


def draw(chart: Chart, width: int, height: int) -> Lines:
    """`chart` as exactly `height` lines of exactly `width` cells each.

    Decorations go first when room is short: y labels, then the x axis, then the legend; at last
    one line names the newest values.
    """
    if width <= 0 or height <= 0:
        return ((),) * max(height, 0)
    series = [_Series.of(curve, chart.log_y) for curve in chart.curves]
    if not any(one.x.size for one in series):
        return message(chart.empty, "dim", width, height)
    if width < 8 or height < 3:
        return pad([_newest(series)], width, height)
    try:
        return _compose(chart, series, width, height)
    except ImportError:
        return message("no charts here: plotext does not load", "error", width, height)


def load() -> None:
    """Import plotext; if it does not load, the first chart will say so."""
    with contextlib.suppress(ImportError):
        import plotext  # noqa: F401


def same(one: Chart, other: Chart) -> bool:
    """Whether they would be drawn alike."""
    if len(one.curves) != len(other.curves) or replace(one, curves=()) != replace(other, curves=()):
        return False
    return all(
        (a.label, a.role, a.kind) == (b.label, b.role, b.kind)
        and np.array_equal(a.x, b.x, equal_nan=True)
        and np.array_equal(a.y, b.y, equal_nan=True)
        for a, b in zip(one.curves, other.curves, strict=True)
    )


# ------------------------------------------------------------------------------------- the data


@dataclass(frozen=True)
class _Series:
    """The drawable points of a curve; neighbours of different `part` have a gap between them."""

    curve: Curve
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    part: IntArray

    @classmethod
    def of(cls, curve: Curve, log_y: bool) -> _Series:
        x, y, good = curve.points(log_y)
        return cls(curve, x[good], y[good], np.cumsum(~good, dtype=np.intp)[good])


def _thin(column: IntArray, height: NDArray[np.float64]) -> IntArray:
    """Indices of the lowest and highest point of each run of points in one column, in order.

    All that a column of characters can show of a line is how far it reaches up and down, so
    spikes survive however many points there are.
    """
    if column.size == 0:
        return np.empty(0, dtype=np.intp)
    starts = np.flatnonzero(np.r_[True, column[1:] != column[:-1]])
    if starts.size == column.size:
        return np.arange(column.size)
    run = np.repeat(np.arange(starts.size), np.diff(np.r_[starts, column.size]))
    order = np.lexsort((height, run))
    ends = np.r_[starts[1:], column.size] - 1
    return np.unique(np.r_[order[starts], order[ends]])


def _sample(column: IntArray, extremes: IntArray) -> IntArray:
    """Indices of `extremes` and of about `_CLOUD` more points in each column, evenly spaced."""
    step = max(column.size // (_CLOUD * (int(column.max()) - int(column.min()) + 1)), 1)
    return np.union1d(extremes, np.arange(0, column.size, step))


# ------------------------------------------------------------------------------------- the look


@dataclass(frozen=True)
class _Stroke:
    """What a curve is drawn with, so that curves differ without colour."""

    marker: str  # plotext's name for it, or the character itself
    sample: str  # how it looks in the legend
    across: int = 1  # dots in a cell
    up: int = 1


_CLOUD = 3  # points of a cloud in a column, beside its highest and lowest
_FINE = _Stroke("braille", "⠒⠒", 2, 4)
_BOLD = _Stroke("hd", "▀▀", 2, 2)
_LEVEL = "╌"
_LINES = (_FINE, _BOLD, _Stroke("·", "··"), _Stroke("+", "++"), _Stroke("*", "**"))
_POINTS = tuple(_Stroke(glyph, glyph) for glyph in "•×○+*")
_OWN_STROKES = {"ghost": _LINES[2], "second-network": _LINES[3]}
_BOLD_ROLES = frozenset({"smooth", "free-run", "accent"})


def _preferred(curve: Curve, usual: _Stroke) -> _Stroke:
    """The stroke for a curve if it is still free: ghosts are faint, what matters is bold."""
    if curve.kind == "points":
        return usual
    if curve.role in _OWN_STROKES:
        return _OWN_STROKES[curve.role]
    return _BOLD if curve.role in _BOLD_ROLES else usual


def _strokes(curves: Sequence[Curve]) -> list[_Stroke]:
    """A stroke for each curve, all different as long as there are enough."""
    chosen: list[_Stroke] = []
    for curve in curves:
        palette = _POINTS if curve.kind == "points" else _LINES
        wanted = _preferred(curve, palette[0])
        taken = {stroke.marker for stroke in chosen}
        free = (stroke for stroke in (wanted, *palette) if stroke.marker not in taken)
        chosen.append(next(free, palette[len(chosen) % len(palette)]))
    return chosen


@dataclass(frozen=True)
class _Grid:
    """A block of cells: a character (its code point) and the number of a style each."""

    glyphs: NDArray[np.uint32]
    styles: NDArray[np.int8]

    @classmethod
    def blank(cls, width: int, height: int) -> _Grid:
        return cls(
            np.full((height, width), ord(" "), dtype="<u4"),
            np.zeros((height, width), dtype=np.int8),
        )

    def lay(self, rows: list[str], style: int) -> None:
        """Put `rows` on top; their spaces are transparent."""
        top = np.frombuffer("".join(rows).encode("utf-32-le"), dtype="<u4")
        top = top.reshape(self.glyphs.shape)
        inked = top != ord(" ")
        self.glyphs[inked] = top[inked]
        self.styles[inked] = style

    def text(self, row: int) -> str:
        characters: bytes = self.glyphs[row].tobytes()
        return characters.decode("utf-32-le")

    def runs(self, row: int, names: Sequence[str]) -> Line:
        """One row as runs of one style each."""
        styles, text = self.styles[row], self.text(row)
        ends = [0, *(np.flatnonzero(styles[1:] != styles[:-1]) + 1).tolist(), len(text)]
        return tuple((text[a:b], names[styles[a]]) for a, b in itertools.pairwise(ends))


def _compose(chart: Chart, series: list[_Series], width: int, height: int) -> Lines:
    has_legend = height >= 4
    has_x = height >= 6 and width >= 12
    rows = height - has_legend - 2 * has_x

    drawn = [one for one in series if one.x.size]
    all_x = np.concatenate([one.x for one in drawn])
    whole = bool((np.floor(all_x) == all_x).all())
    x_axis = _axis(all_x, fixed=chart.x_range, whole=whole)
    all_y = np.concatenate([one.y for one in drawn])
    y_axis = _axis(all_y, chart.log_y, chart.y_range or _reach(all_y, chart))
    level = _Shown.of(chart.level, y_axis)

    y_ticks = _y_ticks(y_axis, rows)
    gutter = max((text_width(label) for label in y_ticks.values()), default=0)
    has_y = width >= 20 and gutter <= width // 3
    columns = width - (gutter + 1 if has_y else 0)

    marks = {}
    for mark in chart.marks:
        if math.isfinite(mark.x):
            at = float(x_axis.units(np.array([mark.x]))[0])
            if x_axis.low <= at <= x_axis.high:
                marks[x_axis.cell(at, columns)] = one_line(mark.label)

    strokes = _strokes(chart.curves)
    dashed = level.row(rows) if level is not None else None
    canvas = _canvas(series, strokes, x_axis, y_axis, columns, rows, list(marks), dashed)
    names = ["", "accent", "level", *(one.curve.role for one in series)]
    lines: list[Line] = []
    if has_legend:
        lines.append(_legend(chart, strokes, gutter + 2 if has_y else 0, level, width))
    for index in range(rows):
        margin: Line = (_y_margin(y_ticks.get(index), gutter),) if has_y else ()
        lines.append(merge((*margin, *canvas.runs(index, names))))
    if has_x:
        lines += _x_axis(x_axis, chart.x_label, columns, gutter if has_y else None, marks)
    return pad(lines, width, height)


def _canvas(
    series: list[_Series],
    strokes: list[_Stroke],
    x_axis: _Axis,
    y_axis: _Axis,
    columns: int,
    rows: int,
    marks: list[int],
    dashed: int | None,
) -> _Grid:
    """The inside of the chart: level and marks at the back, then each curve over those before."""
    grid = _Grid.blank(columns, rows)
    if dashed is not None:
        grid.glyphs[dashed] = ord(_LEVEL)
        grid.styles[dashed] = 2
    for column in marks:
        grid.glyphs[:, column] = ord("┊")
        grid.styles[:, column] = 1
    for style, (one, stroke) in enumerate(zip(series, strokes, strict=True), start=3):
        if not one.x.size:
            continue
        if one.x.size == 1:  # a lone braille dot is lost on a projector
            stroke = _POINTS[0]
        u, v = x_axis.fraction(one.x), y_axis.fraction(one.y)
        cells = _dots(u, columns)
        keep = _thin(cells, v)
        cloudy = one.curve.kind == "cloud" and 2 * keep.size < one.x.size
        if cloudy:
            keep = _sample(cells, keep)
        most = 2 * (_CLOUD + 2) * columns
        if keep.size > most:  # only an x that runs back and forth comes to this
            keep = keep[:: -(-keep.size // most)]
        across = _dots(u[keep], columns * stroke.across)
        up = _dots(v[keep], rows * stroke.up)
        linked = np.r_[False, np.diff(one.part[keep]) == 0]
        if cloudy or one.curve.kind == "points":
            linked[:] = False
        else:
            linked &= ~_touching(_dots(u[keep], columns), up)
        grid.lay(_raster(across, up, linked, stroke, columns, rows), style)
    return grid


def _touching(column: IntArray, up: IntArray) -> BoolArray:
    """Which points open a column whose reach overlaps that of the column before.

    There the line is seen to go on without being drawn across, and in noise, where this is the
    rule, the strokes would only double up (and take plotext twice as long).
    """
    opens = np.r_[True, np.diff(column) != 0]
    starts = np.flatnonzero(opens)
    low, high = np.minimum.reduceat(up, starts), np.maximum.reduceat(up, starts)
    overlap = np.minimum(high[1:], high[:-1]) - np.maximum(low[1:], low[:-1]) > 1
    result = np.zeros(up.size, dtype=np.bool_)
    result[starts[1:][overlap]] = True
    return result


def _dots(fraction: NDArray[np.float64], count: int) -> IntArray:
    """The dot, 0 to count - 1, at each fraction of the way; one dot outside for those beyond."""
    dots = np.floor(np.clip(fraction, -1.0, 2.0) * count)
    dots[(fraction >= 1.0) & (fraction <= 1.0 + 1e-9)] = count - 1
    return np.clip(dots, -1, count).astype(np.intp)


def _corners(across: IntArray, up: IntArray, linked: BoolArray) -> BoolArray:
    """Which dots a polyline needs: not repeated ones, nor those on the way to the next.

    The picture stays the same; plotext's time grows with the number of points.
    """
    dx, dy = np.diff(across), np.diff(up)
    fresh: BoolArray = np.r_[True, (dx != 0) | (dy != 0) | ~linked[1:]]
    kept = np.flatnonzero(fresh)
    dx, dy, link = np.diff(across[kept]), np.diff(up[kept]), linked[kept]
    straight = (dx[:-1] * dy[1:] == dx[1:] * dy[:-1]) & (dx[:-1] * dx[1:] + dy[:-1] * dy[1:] > 0)
    fresh[kept[1:-1][straight & link[1:-1] & link[2:]]] = False
    return fresh


def _raster(
    across: IntArray, up: IntArray, linked: BoolArray, stroke: _Stroke, columns: int, rows: int
) -> list[str]:
    """The polyline through these dots as rows of text. Here, and only here, plotext works.

    The figure is plotext's global one: it is emptied first, and never shown.
    """
    import plotext

    kept = _corners(across, up, linked)
    x = ((across[kept] + 0.5) / stroke.across).tolist()
    y = ((up[kept] + 0.5) / stroke.up).tolist()

    plotext.terminal.limit(False, False)  # else the terminal's size would cap the canvas
    figure = plotext.figure.clear()
    figure.plot_size(columns, rows).axes(False).legend(False)
    figure.ruler("x").ticks([]).lim(0, columns).alignment(lim="edge")
    figure.ruler("y").ticks([]).lim(0, rows).alignment(lim="edge")
    signal = figure.signal(x, y, marker=stroke.marker)
    for index in np.flatnonzero(linked[kept]).tolist():
        signal.line(index, True)
    # plotext compares the colours of all points, one by one, to choose the next curve's; there
    # is no next one. Without this line the picture is the same and takes a third longer.
    signal._get_unique_pixels = lambda: ()
    text: str = figure.draw(signal).build().string(colorless=True)
    return [row.ljust(columns)[:columns] for row in text.split("\n")[:rows]]


# ------------------------------------------------------------------------------ around the inside


def _y_ticks(axis: _Axis, rows: int) -> dict[int, str]:
    """Row (0 is the top) → label."""
    ticks = axis.ticks(most=max(3, rows // 3), limit=max(1, rows))
    return {rows - 1 - axis.cell(tick.at, rows): tick.label for tick in reversed(ticks)}


def _y_margin(label: str | None, gutter: int) -> Run:
    return (f"{label:>{gutter}}┤" if label is not None else " " * gutter + "│", "axis")


@dataclass(frozen=True)
class _Shown:
    """A level on an axis; `fraction` of the way up, beyond 0 … 1 where it is off the chart."""

    level: Level
    fraction: float

    @classmethod
    def of(cls, level: Level | None, axis: _Axis) -> _Shown | None:
        if level is None or not math.isfinite(level.y) or (axis.log and level.y <= 0):
            return None
        return cls(level, float(axis.fraction(np.array([level.y]))[0]))

    def row(self, rows: int) -> int | None:
        """The row it is in, from the top; None where it is off the chart."""
        if not 0 <= self.fraction <= 1 + 1e-9:
            return None
        return rows - 1 - min(int(self.fraction * rows), rows - 1)

    def legend(self, label: str) -> Line:
        off = "↑" if self.fraction > 1 + 1e-9 else "↓" if self.fraction < 0 else _LEVEL * 2
        return ((f"{off} {one_line(label)}", "level"),)


def _reach(values: NDArray[np.float64], chart: Chart) -> tuple[float, float] | None:
    """The range of `values`, made longer by at most half to hold the level; None: as it is."""
    if chart.level is None or not math.isfinite(chart.level.y) or values.size < 2:
        return None
    low, high, y = float(values.min()), float(values.max()), chart.level.y
    if chart.log_y:
        if y <= 0 or high <= low:
            return None
        room = 0.5 * max(math.log10(high / low), 0.3)
        near = low / 10**room <= y <= high * 10**room
    else:
        room = 0.5 * (high - low)
        near = low - room <= y <= high + room
    return (min(low, y), max(high, y)) if near else None


def _legend(
    chart: Chart, strokes: list[_Stroke], indent: int, level: _Shown | None, width: int
) -> Line:
    """What is drawn with what. The level comes last, where that leaves room for it."""
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


def _x_axis(
    axis: _Axis, label: str, columns: int, gutter: int | None, marks: dict[int, str]
) -> list[Line]:
    """The axis line, with the axis's name at its end, and the line of numbers under it."""
    rule, numbers = ["─"] * columns, _Grid.blank(columns, 1)
    for column, text in marks.items():
        _write(numbers, text, column, 1)
        rule[column] = "┴"
    for tick in axis.ticks(most=max(2, columns // 11), limit=max(2, columns // 8)):
        column = axis.cell(tick.at, columns)
        if _write(numbers, tick.label, column, 2):
            rule[column] = "┬"
    ruled = "".join(rule)
    name = f" {one_line(label)}" if label else ""
    if name and text_width(name) <= columns // 3:
        ruled = ruled[: columns - text_width(name)] + name
    left: tuple[str, str] = ("", "") if gutter is None else (" " * gutter + "└", " " * gutter + " ")
    return [
        ((left[0] + ruled, "axis"),),
        merge(((left[1], ""), *numbers.runs(0, ["", "accent", "axis"]))),
    ]


def _write(numbers: _Grid, text: str, middle: int, style: int) -> bool:
    """Write `text` centred on a column if it has a blank on each side; say whether it did."""
    blank = numbers.text(0)
    start = min(max(middle - len(text) // 2, 0), len(blank) - len(text))
    if start < 0 or blank[max(start - 1, 0) : start + len(text) + 1].strip():
        return False
    numbers.glyphs[0, start : start + len(text)] = [ord(character) for character in text]
    numbers.styles[0, start : start + len(text)] = style
    return True


# ------------------------------------------------------------------------------- without a chart


def _newest(series: list[_Series]) -> Line:
    parts: list[Line] = [
        ((f"{one_line(one.curve.label)} {one.y[-1]:.3g}", one.curve.role),)
        for one in reversed(series)
        if one.x.size
    ]
    return join(parts, (" · ", "dim"))
