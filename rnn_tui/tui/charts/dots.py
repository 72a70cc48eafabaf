"""The dots of braille cells, and what makes lines of different weight of them.

A matrix of dots is boolean, [4 · rows, 2 · columns] of cells, its first row on top. A weight makes
the dots that are drawn of those that a thin line goes through.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Dots = NDArray[np.bool_]
Cells = NDArray[np.uint32]
Weight = Callable[[Dots], Dots]

COLUMNS, ROWS = 2, 4  # dots in one cell
BEAD_EVERY, BEAD_REACH = 6, 2  # dots from one to the next, and on each side of the line
BLANK = 0x2800  # the code point of the braille character without dots
_BITS = {(0, 0): 0, (1, 0): 1, (2, 0): 2, (0, 1): 3, (1, 1): 4, (2, 1): 5, (3, 0): 6, (3, 1): 7}


def of_cells(bits: Cells) -> Dots:
    """Return the dots of braille characters, [rows, columns] code points less BLANK."""
    rows, columns = bits.shape
    result = np.zeros((rows * ROWS, columns * COLUMNS), dtype=np.bool_)
    for (row, column), bit in _BITS.items():
        result[row::ROWS, column::COLUMNS] = bits >> bit & 1
    return result


def to_cells(dots: Dots) -> Cells:
    """Return braille characters with these dots, as code points less BLANK."""
    result = np.zeros((dots.shape[0] // ROWS, dots.shape[1] // COLUMNS), dtype=np.uint32)
    for (row, column), bit in _BITS.items():
        result |= dots[row::ROWS, column::COLUMNS].astype(np.uint32) << bit
    return result


def thin(dots: Dots) -> Dots:
    """Return the line as it is."""
    return dots


def thick(dots: Dots) -> Dots:
    """Return the line twice, one dot apart: above, and where it is steep, beside."""
    result = dots | _moved(dots, -1, 0) | _moved(_steep(dots), 0, 1)
    result[1] |= dots[0]  # there is nothing above
    return result


def dashed(dots: Dots) -> Dots:
    """Return the line without every third column of cells."""
    columns = np.arange(dots.shape[1]) // COLUMNS
    result: Dots = dots & (columns % 3 != 2)
    return result


def dotted(dots: Dots) -> Dots:
    """Return every second dot."""
    return _every(dots, 2)


def sparse(dots: Dots) -> Dots:
    """Return every fourth dot."""
    return _every(dots, 4)


def beads(dots: Dots) -> Dots:
    """Return short strokes across the line, which stick out of another curve that lies on it."""
    steep, some = _steep(dots), _every(dots, BEAD_EVERY)
    flat, upright = some & ~steep, some & steep
    result = some
    for by in (-BEAD_REACH, -1, 1, BEAD_REACH):
        result = result | _moved(flat, by, 0) | _moved(upright, 0, by)
    return result


def around(dots: Dots) -> Dots:
    """Return the dots with those above and below."""
    return dots | _moved(dots, -1, 0) | _moved(dots, 1, 0)


def _every(dots: Dots, n: int) -> Dots:
    """Return every n-th dot of a line, counted along the axis that it runs along."""
    steep = _steep(dots)
    rows, columns = np.arange(dots.shape[0])[:, None], np.arange(dots.shape[1])
    result: Dots = dots & np.where(steep, rows % n == 0, columns % n == 0)
    return result


def _steep(dots: Dots) -> Dots:
    """Return the dots that have another one above or below."""
    return dots & (_moved(dots, -1, 0) | _moved(dots, 1, 0))


def _moved(dots: Dots, down: int, right: int) -> Dots:
    """Return the dots moved; what leaves the matrix is gone."""
    result = np.zeros_like(dots)
    to_rows, rows = _shift(dots.shape[0], down)
    to_columns, columns = _shift(dots.shape[1], right)
    result[to_rows, to_columns] = dots[rows, columns]
    return result


def _shift(length: int, by: int) -> tuple[slice, slice]:
    """Return where to, and where from, the entries of an axis are moved."""
    return slice(max(by, 0), length + min(by, 0)), slice(max(-by, 0), length - max(by, 0))
