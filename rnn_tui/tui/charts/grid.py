"""A block of character cells, each with a style."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rnn_tui.tui.lines import Line


@dataclass(frozen=True)
class Grid:
    """A block of [rows, columns] cells: a character (its code point) and a style number each."""

    glyphs: NDArray[np.uint32]
    styles: NDArray[np.int8]

    @classmethod
    def blank(cls, columns: int, rows: int) -> Grid:
        """Return a grid of spaces in style 0."""
        return cls(
            np.full((rows, columns), ord(" "), dtype="<u4"),
            np.zeros((rows, columns), dtype=np.int8),
        )

    def overlay(self, rows: list[str], style: int) -> None:
        """Write `rows` of text over the whole grid; their spaces are transparent."""
        top = np.frombuffer("".join(rows).encode("utf-32-le"), "<u4").reshape(self.glyphs.shape)
        inked = top != ord(" ")
        self.glyphs[inked] = top[inked]
        self.styles[inked] = style

    def fill_row(self, row: int, glyph: str, style: int) -> None:
        """Fill one row with a character."""
        self.glyphs[row] = ord(glyph)
        self.styles[row] = style

    def fill_column(self, column: int, glyph: str, style: int) -> None:
        """Fill one column with a character."""
        self.glyphs[:, column] = ord(glyph)
        self.styles[:, column] = style

    def write_centred(self, text: str, middle: int, style: int, row: int = 0) -> bool:
        """Write `text` centred on a column, if it leaves a blank on each side.

        Returns:
            Whether there was space for it.
        """
        before = self.text(row)
        start = min(max(middle - len(text) // 2, 0), len(before) - len(text))
        if start < 0 or before[max(start - 1, 0) : start + len(text) + 1].strip():
            return False
        self.glyphs[row, start : start + len(text)] = [ord(character) for character in text]
        self.styles[row, start : start + len(text)] = style
        return True

    def text(self, row: int) -> str:
        """Return the characters of one row."""
        characters: bytes = self.glyphs[row].tobytes()
        return characters.decode("utf-32-le")

    def line(self, row: int, roles: Sequence[str]) -> Line:
        """Return one row as runs of one style each; `roles` names the styles by number."""
        styles, text = self.styles[row], self.text(row)
        ends = [0, *(np.flatnonzero(styles[1:] != styles[:-1]) + 1).tolist(), len(text)]
        return tuple((text[a:b], roles[styles[a]]) for a, b in itertools.pairwise(ends))
