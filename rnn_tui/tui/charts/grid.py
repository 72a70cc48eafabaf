"""A block of character cells, each with a style, a ground and the dots of the curves in it."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rnn_tui.tui.charts import dots
from rnn_tui.tui.charts.legend import on_ground
from rnn_tui.tui.lines import Line

Cells = NDArray[np.uint32]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Grid:
    """A block of [rows, columns] cells.

    Attributes:
        glyphs: the character of each cell, as its code point.
        styles: a style number each.
        grounds: whether the cell has the ground of a curve.
    """

    glyphs: Cells
    styles: NDArray[np.int8]
    grounds: Flags

    @classmethod
    def blank(cls, columns: int, rows: int) -> Grid:
        """Return a grid of spaces in style 0."""
        return cls(
            np.full((rows, columns), ord(" "), dtype="<u4"),
            np.zeros((rows, columns), dtype=np.int8),
            np.zeros((rows, columns), dtype=np.bool_),
        )

    def cells_of(self, rows: Sequence[str]) -> Cells:
        """Return `rows` of text as code points."""
        text = "".join(rows).encode("utf-32-le")
        return np.frombuffer(text, "<u4").reshape(self.glyphs.shape)

    def write(self, cells: Cells, style: int) -> None:
        """Write characters over the whole grid; their spaces are transparent."""
        inked = cells != ord(" ")
        self.glyphs[inked] = cells[inked]
        self.styles[inked] = style

    def add_dots(self, bits: Cells, style: int) -> None:
        """Add dots to those in each cell; where there are new ones, all are in the new style.

        Args:
            bits: braille characters, as code points less that of the blank one.
            style: their style number.
        """
        inked = bits != 0
        known = np.where(self.glyphs >= dots.BLANK, self.glyphs - dots.BLANK, 0)
        known[known > 0xFF] = 0
        self.glyphs[inked] = dots.BLANK + (known | bits)[inked]
        self.styles[inked] = style

    def erase(self, where: Flags) -> None:
        """Leave cells without a character."""
        self.glyphs[where] = ord(" ")

    def lay_ground(self, where: Flags) -> None:
        """Give cells the ground, and nothing on it."""
        self.grounds[where] = True
        self.glyphs[where] = ord(" ")
        self.styles[where] = 0

    def fill_row(self, row: int, glyph: str, style: int) -> None:
        """Fill one row with a character."""
        self.glyphs[row] = ord(glyph)
        self.styles[row] = style

    def fill_column(self, column: int, glyph: str, style: int) -> None:
        """Fill one column with a character."""
        self.glyphs[:, column] = ord(glyph)
        self.styles[:, column] = style

    def write_between(self, text: str, middle: int, style: int, filler: str) -> bool:
        """Write `text` centred on a column of the first row, in a line of `filler`.

        Returns:
            Whether there was room for it, with a cell of the line on each side but at its ends.
        """
        before = self.text(0)
        start = min(max(middle - len(text) // 2, 0), len(before) - len(text))
        around = before[max(start - 1, 0) : start + len(text) + 1]
        if start < 0 or set(around) - {filler}:
            return False
        self.glyphs[0, start : start + len(text)] = [ord(character) for character in text]
        self.styles[0, start : start + len(text)] = style
        return True

    def write_in_line(self, text: str, row: int, style: int, filler: str) -> bool:
        """Write `text` in a row where it has nothing but `filler`, as far right as there is room.

        A blank is on each side of it.

        Returns:
            Whether there was room for it.
        """
        words = f" {text} "
        start = self.text(row).rfind(filler * (len(words) + 1))
        if start < 0:
            return False
        self.glyphs[row, start : start + len(words)] = [ord(each) for each in words]
        self.styles[row, start : start + len(words)] = style
        return True

    def text(self, row: int) -> str:
        """Return the characters of one row."""
        characters: bytes = self.glyphs[row].tobytes()
        return characters.decode("utf-32-le")

    def line(self, row: int, roles: Sequence[str]) -> Line:
        """Return one row as runs of one style each; `roles` names the styles by number."""
        styles, text = self.styles[row] * 2 + self.grounds[row], self.text(row)
        ends = [0, *(np.flatnonzero(styles[1:] != styles[:-1]) + 1).tolist(), len(text)]
        named = [name for role in roles for name in (role, on_ground(role))]
        return tuple((text[a:b], named[styles[a]]) for a, b in itertools.pairwise(ends))
