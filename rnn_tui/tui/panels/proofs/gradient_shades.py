"""The characters of the gradient map and of the strips below it: one for each factor of √10."""

from __future__ import annotations

import math

import numpy as np

from rnn_tui.engine.core.expressions import Array
from rnn_tui.tui.heat_map import heat_role
from rnn_tui.tui.lines import Line, Lines, Run, merge
from rnn_tui.tui.number_format import NOT_FINITE, UNKNOWN, number

RAMP = " .:-=+*#"
STEP = math.sqrt(10.0)  # factor between two neighbouring characters of the ramp
NUMBER = 11  # cells kept at the end of a strip for its number
UNKNOWN_IN_ASCII = "'"
Lags = tuple[int, int]  # the first and last lag that share a column


def shade(size: float, top: float) -> str:
    """Return a size's character: # within a factor √10 of `top`, each weaker one √10 less."""
    if size <= 0 or top <= 0:
        return RAMP[0]
    steps = math.floor(math.log(top / size) / math.log(STEP) + 1e-9)
    return RAMP[min(max(len(RAMP) - 1 - steps, 0), len(RAMP) - 1)]


def mark(sizes: Array, top: float, cell: int, hue: str = "gradient") -> Run:
    """Return one column of a row: the character of the largest of `sizes`, on a ground as strong.

    Args:
        sizes: of the lags that share the column; NaN where not known.
        top: the size of the strongest character.
        cell: cells of a column.
        hue: of the ground: see `heat_role`.
    """
    size = float(np.fmax.reduce(sizes))
    if math.isnan(size):  # all of them
        return UNKNOWN.ljust(cell), "dim"
    if not math.isfinite(size):
        return NOT_FINITE * cell, "error"
    character = shade(size, top)
    share = RAMP.index(character) / (len(RAMP) - 1)
    return character * cell, heat_role(hue, hue, share)


def strip(label: str, through: Array, lags: list[Lags], cell: int, hue: str) -> Line:
    """Return a labelled strip on the map's columns, relative to 1, and its last known number.

    Args:
        label: has the cells of the rows' labels.
        through: the share of a gradient that comes back k timesteps, by lag k; the way back may
            end before the last column.
        lags: the lags of each column.
        cell: cells of a column.
        hue: of its ground.
    """
    columns = [through[first : last + 1] for first, last in lags if first < len(through)]
    marks = [mark(sizes, 1.0, cell, hue) for sizes in columns]
    missing = (" " * cell * (len(lags) - len(columns)), "")
    known = through[~np.isnan(through)]
    end = number(float(known[-1]), 3) if known.size else UNKNOWN
    start: Line = ((label, "dim"), *merge((*marks, missing)))
    return (*start, (f" {end:<{NUMBER - 1}}", "strong"))


def scale(top: float) -> Lines:
    """Return what the characters mean, in two lines; a wide panel has it in its title."""
    if top == 0:
        return ()
    low = number(top / STEP ** (len(RAMP) - 1), 2)
    line: Line = ((" #", "gradient"), (f" ≤ {number(top, 2)}  ", "dim"))
    line = (*line, (RAMP[-2:0:-1], "gradient"), (" each ÷√10", "dim"))
    return (line, ((f"  blank < {low}", "dim"),))


def largest(norms: Array) -> float:
    """Return the largest finite norm."""
    return float(np.max(norms[np.isfinite(norms)], initial=0.0))
