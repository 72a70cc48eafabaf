"""Bars side by side over a horizontal axis: a magnitude for each timestep, or a histogram."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rnn_tui.engine.core.expressions import Array
from rnn_tui.tui.lines import Line, Lines
from rnn_tui.tui.number_format import LEVELS, NOT_FINITE, number

GUTTER = 9  # cells before the bars: those of a number, and of the axis
WIDEST = 5  # cells of a bar at most, with the blank after it
MARK = "┊"
LOWEST = 3  # lines from which on there is room for bars and axis


@dataclass(frozen=True, slots=True)
class Bars:
    """Bars of one scale, from 0 to the largest.

    Attributes:
        values: the magnitudes [N]; NaN for a place without a bar.
        places: the label of each place; "" for none.
        role: what the bars are drawn in.
        axis: what the axis is called, at its right end.
        whole: the values are counts, the scale is labelled with a whole number.
        selected: the place whose bar is marked; −1 for none.
        mark: a place with a vertical line, and its label; None for none.
    """

    values: Array
    places: Sequence[str]
    role: str
    axis: str
    whole: bool = False
    selected: int = -1
    mark: tuple[int, str] | None = None


def draw(bars: Bars, width: int, height: int) -> Lines:
    """Return the bars in exactly `height` lines, at least LOWEST.

    Where there are more places than cells, a cell is the largest of several.
    """
    room, rows = width - GUTTER - 1, height - 1
    each = max(-(-len(bars.values) // room), 1)  # places to a cell
    starts = np.arange(0, len(bars.values), each)
    values = np.asarray(bars.values, dtype=np.float64)
    with np.errstate(invalid="ignore"):
        shown = np.fmax.reduceat(values, starts)
        bad = np.add.reduceat(np.isinf(values), starts) > 0
    cell = min(max(room // len(shown), 1), WIDEST)
    top = float(np.nanmax(np.where(np.isfinite(shown), shown, 0.0), initial=0.0))
    heights = np.zeros(len(shown), dtype=np.int64)
    if top > 0:
        share = np.nan_to_num(np.where(bad, 0.0, shown), nan=0.0) / top
        heights = np.where(share > 0, np.maximum(np.rint(share * rows * len(LEVELS)), 1), 0).astype(
            np.int64
        )
    label = f"{top:,.0f}" if bars.whole else number(top, 3)
    selected = bars.selected // each if bars.selected >= 0 else -1
    lines: list[Line] = []
    for row in reversed(range(rows)):
        margin = f"{label:>{GUTTER - 1}}┤" if row == rows - 1 else " " * (GUTTER - 1) + "│"
        line: Line = ((margin, "axis"),)
        for place, full in enumerate(heights.tolist()):
            part = min(max(full - row * len(LEVELS), 0), len(LEVELS))
            glyph = LEVELS[part - 1] if part else " "
            glyph, role = (NOT_FINITE, "error") if bad[place] and not row else (glyph, bars.role)
            role = f"selected-{role}" if place == selected and part else role
            if bars.mark is not None and place == bars.mark[0] // each and not part:
                glyph, role = MARK, "strong"
            line = (*line, (glyph * max(cell - 1, 1), role), (" " * (cell > 1), ""))
        lines.append(line)
    places = [(k * cell, bars.places[start]) for k, start in enumerate(starts.tolist())]
    if bars.mark is not None:
        places.insert(0, (bars.mark[0] // each * cell, bars.mark[1]))
    return (*lines, _axis(places, len(starts) * cell, room, bars.axis))


def _axis(places: Sequence[tuple[int, str]], length: int, room: int, name: str) -> Line:
    """Return the axis: its labels from the first on, each where there is room, and its name."""
    line = ["─"] * length
    for at, label in places:
        around = line[max(at - 1, 0) : at + len(label) + 1]
        if label and at + len(label) <= length and set(around) == {"─"}:
            line[at : at + len(label)] = label
    end = f"─ {name}" if len(line) + len(name) + 2 <= room else ""
    return ((" " * (GUTTER - 1) + "└" + "".join(line) + end, "axis"),)
