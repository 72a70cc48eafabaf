"""Memory layout of one timestep's gates, and the matrix products that depend on it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.core.tape import Tape

NEAR = 65_536  # numbers that stay in a core's cache while several operations pass over them
FEW = 4  # samples of a batch from which on a contiguous W_hᵀ saves more than making it costs


def cache_sized_chunks(tape: Tape, width: int) -> list[slice | None]:
    """The window divided for what is done for many timesteps at once, but not more than are NEAR.

    `width`: of the widest array. Of a small batch, one stretch is the whole window.

    Returns:
        for the last timestep of each stretch the stretch, in entries of the tape; else None.
    """
    size = max(1, NEAR // (tape.batch * width))
    found: list[slice | None] = [None] * tape.steps
    for end in range(tape.steps, 0, -size):
        found[end - 1] = slice(max(0, end - size), end)
    return found


Sum = tuple[Array, Array, Array]  # of two into a third


class GateLayout:
    """How several gates of one timestep lie on a tape, and are multiplied: the kernels' one place.

    They are [.., B, n·H], one row for all; or [.., n, B, H] where the tape is split: then a product
    for all gates is one for each, made by one call.
    """

    def __init__(self, tape: Tape) -> None:
        self.split = tape.is_split("gates")
        self.hidden = tape["h"].shape[-1]  # H

    def blocks(self, gates: Array) -> Array:
        """Several gates as [.., B, n, H], or as they are where they are split."""
        return gates if self.split else gates.reshape(*gates.shape[:-1], -1, self.hidden)

    def some(self, gates: Array, chosen: int | slice) -> Array:
        """One of several gates, [.., B, H], or more of them, which lie as in `blocks`."""
        blocks = self.blocks(gates)
        return blocks[..., chosen, :, :] if self.split else blocks[..., chosen, :]

    def several(self, gates: Array, first: int, stop: int) -> Array:
        """Of several gates those from `first` to before `stop`, as several gates."""
        if self.split:
            return gates[..., first:stop, :, :]
        return gates[..., first * self.hidden : stop * self.hidden]

    def weights(self, array: Array) -> Array:
        """Weights [N, G·H] as they are multiplied: [N, G·H] or [G, N, H]."""
        if not self.split:
            return array
        return array.reshape(len(array), -1, self.hidden).swapaxes(0, 1)

    def times(self, array: Array) -> Callable[[Array, Array], object]:
        """array·weights into a given place."""
        return partial(np.matmul, array) if self.split else array.dot

    def summed(self, room: Array, into: Array) -> tuple[Array, list[Sum]]:
        """Where da·W_hᵀ [B, H] goes first if it belongs `into`, and the sums over gates then left.

        `room`: like the gates, for what comes of each where they are split.
        """
        if not self.split:
            return into, []
        first, *others = room
        sums, before = [], first
        for each in others:
            sums.append((before, each, into))
            before = into
        return room, sums


class TransposedWeights:
    """Weights transposed, to be multiplied from the left by a row per sample."""

    def __init__(self, view: Array, batch: int) -> None:
        """`view`: of the weights [H, G·H], transposed; used itself where B is small."""
        self.view = view
        self.array = np.empty(view.shape, view.dtype) if batch >= FEW else view

    def refresh(self) -> None:
        """Call it once the weights have changed, and before `array` is used."""
        if self.array is not self.view:
            np.copyto(self.array, self.view)
