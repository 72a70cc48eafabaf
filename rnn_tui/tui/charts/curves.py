"""The content of a chart: curves, marks and levels. `chart.draw` turns it into lines."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from rnn_tui.tui.charts.dates import Resolution
from rnn_tui.tui.lines import Line, Lines, fit, merge, text_width

FloatArray = NDArray[np.floating[Any]]
Values = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

Style = Literal["", "thin", "thick", "sparse", "beads", "dashed"]
"""How a line is drawn where its role does not say it: see `strokes`."""

LABEL_WIDTH = 5  # cells of the y labels at least, so that charts share one left edge


@dataclass(frozen=True, eq=False)
class Curve:
    """A series to draw: `y` over an ascending `x`, both [N].

    NaN in either leaves a gap in the line. A ``cloud`` is the points themselves; where there are
    many, some of each column of characters, the highest and lowest always among them.

    Attributes:
        label: its name in the legend.
        role: what it is drawn as.
        values: what the legend gives after the name, its newest value, say; after the first one
            the same for less and less room.
        briefs: shorter names, for less and less room.
        style: how it is drawn where several curves of one role differ by that; "": as the role
            says.
        named: it is the last one that the legend leaves out.
    """

    label: str
    role: str
    x: FloatArray
    y: FloatArray
    kind: Literal["line", "cloud"] = "line"
    values: tuple[str, ...] = ()
    briefs: tuple[str, ...] = ()
    style: Style = ""
    named: bool = False

    def points(self, log_y: bool) -> tuple[Values, Values, BoolArray]:
        """Return x, y and which points can be drawn, all [N]."""
        size = min(self.x.size, self.y.size)
        x = np.asarray(self.x, dtype=np.float64).ravel()[:size]
        y = np.asarray(self.y, dtype=np.float64).ravel()[:size]
        drawable = np.isfinite(x) & np.isfinite(y)
        return x, y, drawable & (y > 0) if log_y else drawable


@dataclass(frozen=True)
class Mark:
    """A vertical line at `x` behind the curves, with a label under the axis: a cursor, say."""

    x: float
    label: str


@dataclass(frozen=True)
class Level:
    """A horizontal line at `y` behind the curves: something to compare with.

    The y axis is extended by at most half to include it, see `axes.range_with_levels`. The legend
    names the first one of a chart, with an arrow up or down where it is further away. Of several,
    each has its brief name on it where no curve is; those in one line of the chart have one.

    Attributes:
        y: its height.
        label: its name in the legend.
        brief: the name where there is little room.
        value: the height as text, which the legend gives after the name.
    """

    y: float
    label: str
    brief: str
    value: str


@dataclass(frozen=True)
class Chart:
    """The content of one chart. Later curves lie on top of earlier ones.

    Attributes:
        curves: the series, from back to front.
        log_y: whether the y axis is logarithmic.
        x_label, y_label: names of the axes.
        marks: vertical lines.
        borders: vertical lines between parts of the x axis, whose names stand on both sides.
        levels: horizontal lines, the most important one first.
        empty: text shown when no curve has a point to draw.
        y_range, x_range: fixed ends of an axis; None makes it hold all data. A curve that leaves a
            fixed range is cut off at the edge, not bent along it.
        legend: whether the first line is the legend; else it stands in the title of the panel.
        dates: the finest part of the dates on the x axis; "" if it has numbers.
    """

    curves: tuple[Curve, ...]
    log_y: bool = False
    x_label: str = ""
    y_label: str = ""
    marks: tuple[Mark, ...] = ()
    borders: tuple[Mark, ...] = ()
    levels: tuple[Level, ...] = ()
    empty: str = "nothing yet"
    y_range: tuple[float, float] | None = None
    x_range: tuple[float, float] | None = None
    legend: bool = True
    dates: Resolution = ""

    @property
    def drawable(self) -> bool:
        """True if any curve has a point to draw."""
        return any(curve.points(self.log_y)[2].any() for curve in self.curves)

    @property
    def placeable_levels(self) -> tuple[Level, ...]:
        """The levels that the y axis has a place for, on the chart or beyond."""
        return tuple(
            each
            for each in self.levels
            if math.isfinite(each.y) and not (self.log_y and each.y <= 0)
        )

    def looks_like(self, other: Chart) -> bool:
        """Return whether `other` would be drawn as exactly the same lines."""
        if len(self.curves) != len(other.curves):
            return False
        if replace(self, curves=()) != replace(other, curves=()):
            return False
        return all(
            (a.label, a.role, a.kind, a.values, a.briefs, a.style)
            == (b.label, b.role, b.kind, b.values, b.briefs, b.style)
            and np.array_equal(a.x, b.x, equal_nan=True)
            and np.array_equal(a.y, b.y, equal_nan=True)
            for a, b in zip(self.curves, other.curves, strict=True)
        )


def message(text: str, role: str, width: int, height: int) -> Lines:
    """Return `text` centred in `height` lines of `width` cells, in place of a chart."""
    text = one_line(text)
    indent = " " * max(0, (width - text_width(text)) // 2)
    return pad([()] * ((height - 1) // 2) + [((indent, ""), (text, role))], width, height)


def pad(lines: list[Line], width: int, height: int) -> Lines:
    """Return exactly `height` lines of exactly `width` cells, cropped or padded with blanks."""
    lines = lines[:height] + [()] * (height - len(lines))
    return tuple(merge(fit(line, width)) for line in lines)


def one_line(text: str) -> str:
    """Return `text` with a blank for every line break and control character."""
    return "".join(character if character.isprintable() else " " for character in text)
