"""Memory layout of one timestep's gates, and the matrix products that depend on it.

A tape keeps the n gates of one timestep either *joined*, ``[B, n·H]``, or *split*, ``[n, B, H]``;
see `rnn_tui.engine.core.tape`. `GateLayout` gives the kernels the same operations for both, so
their loops need not know which one it is.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.core.tape import Tape

# Measured on the processors the program is developed on.
NUMBERS_IN_CACHE = 65_536  # that stay in a core's cache while several operations pass over them
MIN_BATCH_TO_COPY = 4  # samples from which on a contiguous W_hᵀ saves more than copying it costs

BoundProduct = Callable[[Array, Array], object]  # f(W, out) writes array·W to out
Addition = tuple[Array, Array, Array]  # left, right, out: out = left + right


def cache_sized_chunks(tape: Tape, width: int) -> list[slice | None]:
    """Divide the window into chunks of timesteps that fit into a core's cache.

    What does not depend on the recurrence is computed for a whole chunk at once, while the chunk is
    in the cache. For a small batch one chunk is the whole window.

    Args:
        width: columns of the widest array that is used.

    Returns:
        One entry per timestep: at the last timestep of a chunk the slice of the chunk's entries on
        the tape, at all others None.
    """
    size = max(1, NUMBERS_IN_CACHE // (tape.batch * width))
    chunks: list[slice | None] = [None] * tape.steps
    for end in range(tape.steps, 0, -size):
        chunks[end - 1] = slice(max(0, end - size), end)
    return chunks


class GateLayout:
    """Views and products of gates that are joined, [.., B, n·H], or split, [.., n, B, H].

    The layout is that of the tape's array ``gates``. Where it is split, the product for all gates
    is n products [B, ..]·[.., H], made by one call.

    Attributes:
        split: True for [.., n, B, H].
        hidden: the number of units H, which is the width of one gate.
    """

    def __init__(self, tape: Tape) -> None:
        self.split = tape.is_split("gates")
        self.hidden = tape["h"].shape[-1]

    def by_gate(self, gates: Array) -> Array:
        """Return a view of `gates` with an axis of their own: [.., B, n, H], or [.., n, B, H]."""
        return gates if self.split else gates.reshape(*gates.shape[:-1], -1, self.hidden)

    def select(self, gates: Array, chosen: int | slice) -> Array:
        """Return a view of one gate, [.., B, H], or of those in a slice, shaped as in `by_gate`."""
        view = self.by_gate(gates)
        return view[..., chosen, :, :] if self.split else view[..., chosen, :]

    def slice_gates(self, gates: Array, first: int, stop: int) -> Array:
        """Return a view of gates first … stop−1, in the same layout as `gates`."""
        if self.split:
            return gates[..., first:stop, :, :]
        return gates[..., first * self.hidden : stop * self.hidden]

    def split_weights(self, weights: Array) -> Array:
        """Return a view of `weights` [N, n·H] in the shape products need: that, or [n, N, H]."""
        if not self.split:
            return weights
        return weights.reshape(len(weights), -1, self.hidden).swapaxes(0, 1)

    def product(self, array: Array) -> BoundProduct:
        """Return the function f(weights, out) that writes array·weights to `out`.

        `weights` and `out` must be in this layout. For a single array `dot` is faster than
        `matmul`, which alone can multiply a stack of them.
        """
        return partial(np.matmul, array) if self.split else array.dot

    def sum_over_gates(self, scratch: Array, out: Array) -> tuple[Array, list[Addition]]:
        """Plan the sum Σ_gates da_gate·W_h_gateᵀ [B, H], which is to end in `out`.

        Joined, the one product da·W_hᵀ is that sum. Split, there is one product for each gate, and
        they must be added.

        Args:
            scratch: an array of the gates' shape, for the products of the single gates.

        Returns:
            The array that the product must be written to, and the additions to make then, in order.
        """
        if not self.split:
            return out, []
        first, *others = scratch
        additions, total = [], first
        for product in others:
            additions.append((total, product, out))
            total = out
        return scratch, additions


class TransposedWeights:
    """W_hᵀ, kept as a contiguous copy where the batch is large enough for that to be faster.

    Attributes:
        array: W_hᵀ; right after `refresh` only, where it is a copy.
    """

    def __init__(self, view: Array, batch: int) -> None:
        """Take a transposed view of the weights, [n·H, H] or [n, H, H]."""
        self.view = view
        self.array = np.empty(view.shape, view.dtype) if batch >= MIN_BATCH_TO_COPY else view

    def refresh(self) -> None:
        """Copy the weights again; needed after each change of them and before `array` is used."""
        if self.array is not self.view:
            np.copyto(self.array, self.view)
