"""Matrix products over all timesteps and samples of a window, by the fastest way NumPy has."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import chain

import numpy as np

from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.core.tape import Tape

MATMUL_ROWS = 256
"""Rows T·B from which on np.matmul is faster than dot, up to 20 times for one column."""

HALF_COLUMNS = 64
"""Columns that each half of a product keeps: with fewer, two halves take longer than the whole."""

Product = tuple[Array, Array, Array]
"""left [M, N], right [N, K], and the array [M, K] that left·right is written to."""


def multiply_with_dot(products: Sequence[Product]) -> None:
    """Compute each product into its array, which must be contiguous; faster for few rows."""
    for left, right, out in products:
        left.dot(right, out)


def multiply_with_matmul(products: Sequence[Product]) -> None:
    """Compute each product into its array; faster from `MATMUL_ROWS` rows on."""
    for left, right, out in products:
        np.matmul(left, right, out)


def multiplier_for(tape: Tape) -> Callable[[Sequence[Product]], None]:
    """Return the faster of both for products over a whole window on `tape`.

    Where arrays are split by gate, results are not contiguous, which only matmul allows.
    """
    many = tape.steps * tape.batch >= MATMUL_ROWS or any(map(tape.is_split, tape.names))
    return multiply_with_matmul if many else multiply_with_dot


def column_parts(tape: Tape, name: str, *matrices: Array) -> list[tuple[Array, ...]]:
    """Divide matrices by columns as an array of the tape is divided.

    Args:
        name: an array of the tape, [T·B, W]; if it is split by gate, it is W/H arrays.
        matrices: each [.., W].

    Returns:
        for each part of the array: the part [T·B, w], and these columns of each matrix [.., w].
    """
    parts: list[tuple[Array, ...]] = []
    start = 0
    for part in tape.part_names(name):
        array = tape.flat(part)
        columns = slice(start, start := start + array.shape[-1])
        parts.append((array, *(matrix[..., columns] for matrix in matrices)))
    return parts


def halve_work(products: Sequence[Product]) -> tuple[list[Product], list[Product]]:
    """Divide products into two lists of about the same work, wide ones by columns."""
    halves: tuple[list[Product], list[Product]] = ([], [])
    pieces = chain.from_iterable(map(_halve_columns, products))
    for piece in sorted(pieces, key=_multiplications, reverse=True):
        min(halves, key=lambda half: sum(map(_multiplications, half))).append(piece)
    return halves


def _halve_columns(product: Product) -> Iterator[Product]:
    """Yield a product's left and right columns, or the product if it is too narrow to divide."""
    left, right, out = product
    width = right.shape[-1]
    middle = width // 2 if width >= 2 * HALF_COLUMNS else width
    for columns in (slice(middle), slice(middle, width)):
        if right[..., columns].size:
            yield left, right[..., columns], out[..., columns]


def _multiplications(product: Product) -> int:
    """Return how many numbers a product multiplies."""
    left, right, _ = product
    return int(left.size * right.shape[-1])
