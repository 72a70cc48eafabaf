"""Symbols and classes: as codes, whole numbers from 0, and as the one-hot rows they stand for."""

from __future__ import annotations

import numpy as np

from rnn_tui.engine.expressions import Array


class OneHot:
    """Rows [T·B, W] that are 1 at their code's entry and 0 elsewhere; all 0 where the code is −1.

    Only entries that change are written, so that a window costs T·B numbers, not T·B·W.
    """

    def __init__(self, codes: Array, rows: Array) -> None:
        """`codes` [T, B] int64 and `rows` [T·B, W], which are all zeros."""
        self.codes = codes.reshape(-1)  # [T·B]
        self.line = rows.reshape(-1)  # [T·B·W]
        self.width = rows.shape[1]
        self.starts = np.arange(0, rows.size, self.width)  # [T·B], of the rows
        self.ones = np.empty(0, np.intp)  # the entries that are 1

    def update(self) -> None:
        """Make the rows those of the codes.

        Raises:
            ValueError: a code is none of −1 … W−1.
        """
        lowest, highest = self.codes.min(), self.codes.max()
        if lowest < -1 or highest >= self.width:
            wrong = highest if highest >= self.width else lowest
            raise ValueError(f"codes go from 0 to {self.width - 1}, −1 for none; there is {wrong}")
        ones = self.starts + self.codes
        if lowest < 0:
            ones = ones[self.codes >= 0]
        self.line[self.ones] = 0
        self.line[ones] = 1
        self.ones = ones

    def clear(self) -> None:
        """All zeros, whatever else was written there."""
        self.line.fill(0)
        self.ones = self.ones[:0]
