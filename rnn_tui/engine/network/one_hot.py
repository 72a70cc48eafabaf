"""Symbols and classes, as codes (whole numbers from 0) and as the one-hot rows they stand for.

A one-hot row times a matrix is one of its rows, so x·W is a look-up; and the gradient xᵀ·d sums,
for each symbol, the rows of d where it stands. −1 stands for no symbol: a row of zeros.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rnn_tui.engine.core.expressions import Array

DENSE_WORK = 5_000_000
"""Multiplications up to which xᵀ·d is faster as a plain product than by sorting.

Measured with float32 on two cores: T·B = 25 … 2,000, D = 26 … 200, width 100 … 512.
"""


class OneHot:
    """Rows [T, B, W] that are 1 at their code's entry and 0 elsewhere; all 0 where the code is −1.

    Only entries that change are written, so that a window costs T·B numbers, not T·B·W.
    """

    def __init__(self, codes: Array, rows: Array) -> None:
        """Bind `rows` [T, B, W], which are all zeros, to `codes` [T, B] int64.

        Raises:
            ValueError: one of them is not contiguous.
        """
        if not (codes.flags.c_contiguous and rows.flags.c_contiguous):
            raise ValueError("codes and one-hot rows must be contiguous")
        self.codes = codes.reshape(-1)  # [T·B]
        self.entries = rows.reshape(-1)  # [T·B·W]
        self.width = rows.shape[-1]
        self.starts = np.arange(0, rows.size, self.width)  # [T·B], first entries of the rows
        self.ones = np.empty(0, np.intp)  # indices of the entries that are 1

    def update(self) -> None:
        """Write the rows that the codes stand for.

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
        self.entries[self.ones] = 0
        self.entries[ones] = 1
        self.ones = ones

    def clear(self) -> None:
        """Set all entries to 0, whatever was written to them."""
        self.entries.fill(0)
        self.ones = self.ones[:0]


def look_up(codes: Array, matrix: Array, out: Array) -> None:
    """Write x·matrix to `out` [N, W] for one-hot x: the rows of `matrix` [D, W] at `codes` [N]."""
    np.take(matrix, codes, axis=0, out=out, mode="clip")  # codes are known to be in range
    if codes.min() < 0:
        out[codes < 0] = 0


class ScatterAdd:
    """The product xᵀ·d for one-hot x [N, D]: row c sums the rows of d where the code is c."""

    def __init__(self, codes: Array, pairs: Sequence[tuple[Array, Array]]) -> None:
        """Bind to the codes and to what is summed.

        Args:
            codes: [N] int64.
            pairs: for each part of the columns d [N, W] and the sums [D, W] to be written.
        """
        self.codes, self.pairs = codes, pairs
        self.ordered = np.empty_like(pairs[0][0])  # d sorted by symbol
        self.ones = np.ones(len(codes), self.ordered.dtype)

    def __call__(self) -> None:
        """Compute the sums: sort the rows by symbol, then one product with ones for each symbol."""
        codes = self.codes + 1  # now 0 where there is none
        order = np.argsort(codes.astype(np.uint32), kind="stable")
        counts = np.bincount(codes)
        used, ends = np.flatnonzero(counts), np.cumsum(counts)
        starts = ends - counts
        # Of thousands of words a window has a few.
        places = [
            (code - 1, start, end)
            for code, start, end in zip(
                used.tolist(), starts[used].tolist(), ends[used].tolist(), strict=True
            )
            if code
        ]
        for right, out in self.pairs:
            np.take(right, order, axis=0, out=self.ordered, mode="clip")
            out.fill(0)
            for row, start, end in places:
                self.ones[start:end].dot(self.ordered[start:end], out=out[row])
