"""Products over a whole window: which parameters are one matrix, and how their gradients are made.

The gradient of a matrix is ``leftᵀ·right``, one product over all T·B rows; see `ParameterSpec`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.core.parameters import ParameterSpec
from rnn_tui.engine.core.tape import Tape

WORTH = 64  # columns from which on a product is not much slower for being divided
MANY = 256  # rows T·B from which on np.matmul is faster than dot, up to 20 times for one column
Product = tuple[Array, Array, Array]  # left, right, and where left·right belongs


@dataclass(frozen=True, slots=True)
class MergedWeights:
    """Parameters that follow each other in the flat vector and are one matrix; see ParameterSpec.

    Its gradient is ``leftᵀ·right``, one product over all T·B rows.
    """

    names: tuple[str, ...]
    lefts: tuple[str | None, ...]
    right: str
    start: int  # in the flat vector
    shape: tuple[int, ...]

    @property
    def elementwise(self) -> bool:
        """Whether it is a vector that is multiplied entry by entry; see ParameterSpec."""
        return self.lefts[0] is not None and len(self.shape) == 1

    def of(self, flat: Array) -> Array:
        """Its view of a flat vector."""
        return flat[self.start : self.start + math.prod(self.shape)].reshape(self.shape)

    def left(self, tape: Tape) -> Array:
        """What it is multiplied by: [T·B, rows]; of a mere bias ones, [T·B]."""
        first, last = self.lefts[0], self.lefts[-1]
        if first is None:
            return np.ones(tape.steps * tape.batch, tape.dtype)
        if first == last:
            return tape.flat(first)
        rows = tape.joined(first, last or ("one" if first == "h" else "one_prev"))
        return rows.reshape(-1, rows.shape[-1])


def merged(
    specs: tuple[ParameterSpec, ...], start: int = 0, apart: bool = False
) -> tuple[MergedWeights, ...]:
    """Parameters stored from `start` on, merged where they can be; W_x not if x lies `apart`."""
    beside = {("h_prev", None), ("h", None)} | (set() if apart else {("x", "h_prev")})
    found: list[MergedWeights] = []
    for spec in specs:
        rows, width = math.prod(spec.shape[:-1]), spec.shape[-1]
        last = found[-1] if found else None
        if last and last.right == spec.right and (last.lefts[-1], spec.left) in beside:
            shape = (last.shape[0] + rows, width)
            names, lefts = (*last.names, spec.name), (*last.lefts, spec.left)
            found[-1] = MergedWeights(names, lefts, spec.right, last.start, shape)
        else:
            found.append(MergedWeights((spec.name,), (spec.left,), spec.right, start, spec.shape))
        start += rows * width
    return tuple(found)


def columns(tape: Tape, name: str, *matrices: Array) -> list[tuple[Array, ...]]:
    """The array `name` [T·B, W] and `matrices` [.., W]; where it is split, part by part."""
    found: list[tuple[Array, ...]] = []
    start = 0
    for part in tape.part_names(name):
        array = tape.flat(part)
        these = slice(start, start := start + array.shape[-1])
        found.append((array, *(matrix[..., these] for matrix in matrices)))
    return found


def multiply_with_dot(products: Sequence[Product]) -> None:
    """left·right of each into its place, which must be contiguous; faster below MANY rows."""
    for left, right, into in products:
        left.dot(right, into)


def multiply_with_matmul(products: Sequence[Product]) -> None:
    """left·right of each into its place; faster from MANY rows on."""
    for left, right, into in products:
        np.matmul(left, right, into)


def split_work(products: Sequence[Product]) -> tuple[list[Product], list[Product]]:
    """The same products in two parts of about the same work; a large one by columns."""
    parts: tuple[list[Product], list[Product]] = ([], [])
    pieces = list(chain.from_iterable(map(_columnwise, products)))
    for piece in sorted(pieces, key=_work, reverse=True):
        min(parts, key=lambda part: sum(map(_work, part))).append(piece)
    return parts


def _columnwise(product: Product) -> Iterator[Product]:
    """A product as two, by columns of the result, where that leaves both at least WORTH columns."""
    left, right, into = product
    width = right.shape[-1]
    middle = width // 2 if width >= 2 * WORTH else width
    for cut in (slice(middle), slice(middle, width)):
        if right[..., cut].size:
            yield left, right[..., cut], into[..., cut]


def _work(product: Product) -> int:
    """Multiplications of a product."""
    left, right, _ = product
    return int(left.size * right.shape[-1])
