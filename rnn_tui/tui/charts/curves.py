"""What a chart is to show, and what stands there without one; `chart` draws it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from rnn_tui.tui.lines import Line, Lines, fit, merge, text_width

FloatArray = NDArray[np.floating[Any]]
Values = NDArray[np.float64]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Curve:
    """A series to draw: `y` over an ascending `x`. NaN in either leaves a gap in the line.

    A ``cloud`` is a line until several points share a column of characters; then it is the points
    themselves, the highest and lowest of each column always among them.
    """

    label: str
    role: str
    x: FloatArray
    y: FloatArray
    kind: Literal["line", "points", "cloud"] = "line"

    def points(self, log_y: bool) -> tuple[Values, Values, BoolArray]:
        """x, y, and which of them can be drawn."""
        size = min(self.x.size, self.y.size)
        x = np.asarray(self.x, dtype=np.float64).ravel()[:size]
        y = np.asarray(self.y, dtype=np.float64).ravel()[:size]
        good = np.isfinite(x) & np.isfinite(y)
        return x, y, good & (y > 0) if log_y else good


@dataclass(frozen=True)
class Mark:
    """A vertical line at `x` behind the curves, with a label under the axis: a cursor, say."""

    x: float
    label: str


@dataclass(frozen=True)
class Level:
    """A horizontal line at `y` behind the curves, named in the legend: something to compare with.

    The y axis is made longer for it by at most half; if it is further off, only the legend tells
    of it, with an arrow that says where it would be.
    """

    y: float
    label: str
    brief: str  # said instead where there is no room for the label


@dataclass(frozen=True)
class Chart:
    """What to draw. Later curves lie on top of earlier ones; `empty` is said when none has data.

    Without `y_range` the y axis holds all data, and likewise for x. A curve that leaves a given
    range is cut off at the edge, not bent along it.
    """

    curves: tuple[Curve, ...]
    log_y: bool = False
    x_label: str = ""
    y_label: str = ""
    marks: tuple[Mark, ...] = ()
    level: Level | None = None
    empty: str = "nothing yet"
    y_range: tuple[float, float] | None = None
    x_range: tuple[float, float] | None = None

    @property
    def drawable(self) -> bool:
        """Whether there is any point to draw."""
        return any(curve.points(self.log_y)[2].any() for curve in self.curves)


def message(text: str, style: str, width: int, height: int) -> Lines:
    """`text` in the middle of the room for a chart."""
    text = one_line(text)
    indent = " " * max(0, (width - text_width(text)) // 2)
    return pad([()] * ((height - 1) // 2) + [((indent, ""), (text, style))], width, height)


def pad(lines: list[Line], width: int, height: int) -> Lines:
    """Exactly `height` lines of exactly `width` cells."""
    lines = lines[:height] + [()] * (height - len(lines))
    return tuple(merge(fit(line, width)) for line in lines)


def one_line(text: str) -> str:
    """`text` without what a terminal would obey."""
    return "".join(character if character.isprintable() else " " for character in text)
