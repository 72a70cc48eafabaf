"""What the GRU variants share: the update gate h_t = (1−z)⊙n + z⊙h_<t-1>, its arrays and slopes.

Backward, their loops begin alike. With `reset` standing for what r is multiplied by (m_t or
h_<t-1>),

    dh_t = dh_y + dh_next
    da_z = dh_t⊙(z⊙(1−z)⊙(h_<t-1> − n))
    da_n = dh_t⊙((1−z)⊙(1−n²))
    da_r = d…⊙(r⊙(1−r)⊙reset)

All that is in parentheses does not depend on dh. So it is computed for a whole chunk of timesteps
at once, into the arrays where da will be; the loops multiply these in place.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from rnn_tui.engine.cells.base import Kernel
from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.core.gate_layout import GateLayout, TransposedWeights, cache_sized_chunks
from rnn_tui.engine.core.parameters import Views
from rnn_tui.engine.core.tape import ArraySpec, Tape, gate_parts

GATES = ("r", "z", "n")


def gate_arrays(hidden: int) -> tuple[ArraySpec, ...]:
    """Return the arrays of the gates r, z, n: x_t·W_x + b, values, and gradients da."""
    width = 3 * hidden
    deltas = (*gate_parts("da_", GATES, hidden), ("da_rz", 0, 2 * hidden))
    return (
        ArraySpec("ax", width, parts=gate_parts("ax_", GATES, hidden), split=True),
        ArraySpec("gates", width, parts=gate_parts("", GATES, hidden), split=True),
        ArraySpec("da", width, parts=deltas, split=True),
    )


class UpdateGateSlopes(NamedTuple):
    """Views of a chunk of n timesteps for the slopes.

    Of single gates [n, B, H]; of m gates [n, B, m·H], or [n, m, B, H] where they are split.
    """

    gates: Array  # r, z, n
    squares: Array  # of all gates
    rz: Array
    rz_squares: Array
    rz_slopes: Array  # which become da_r and da_z
    r_slope: Array
    z_slope: Array
    n_slope: Array  # which becomes da_n
    reset: Array  # what r is multiplied by
    h_prev: Array
    z: Array
    n: Array
    n_square: Array
    scratch: Array  # in the place of r's square


class UpdateGateKernel(Kernel):
    """Set-up and slopes of the GRU variants' kernels.

    Several gates are [B, n·H] or, split, [n, B, H], see `GateLayout`; the loops are the same for
    both.
    """

    def __init__(self, parameters: Views, tape: Tape, reset: Array, da_rz: str) -> None:
        """Bind the kernel to `parameters` and `tape`.

        Args:
            reset: what r is multiplied by, [T, B, H].
            da_rz: the name of the array that holds da_r and da_z in the backward loop.
        """
        self.tape, self.layout, self.reset = tape, GateLayout(tape), reset
        self.da_rz = tape.all_parts(da_rz)  # [T, B, 2·H] or [T, 2, B, H]
        self.W_h = self.layout.split_weights(parameters["W_h"])
        self.W_hT = TransposedWeights(self.W_h.swapaxes(-1, -2), tape.batch)
        self.half = np.full_like(self.da_rz[0], 0.5)
        self.one = np.ones((), tape.dtype)
        self.scratch = np.empty_like(tape["dh"][0])  # [B, H]
        chunks = cache_sized_chunks(tape, 3 * self.layout.hidden)
        longest = max(chunk.stop - chunk.start for chunk in chunks if chunk)
        self.squares = np.empty_like(tape.all_parts("gates")[:longest])
        self.slopes = [chunk and self._slopes(chunk) for chunk in chunks]

    def begin_backward(self) -> None:
        self.tape["dh_next"][-1].fill(0)
        self.W_hT.refresh()

    def _slopes(self, chunk: slice) -> UpdateGateSlopes:
        """Return the views of the timesteps of `chunk`."""
        tape, layout = self.tape, self.layout
        gates, squares = tape.all_parts("gates")[chunk], self.squares[: chunk.stop - chunk.start]
        rz_slopes = self.da_rz[chunk]
        return UpdateGateSlopes(
            gates=gates,
            squares=squares,
            rz=layout.slice_gates(gates, 0, 2),
            rz_squares=layout.slice_gates(squares, 0, 2),
            rz_slopes=rz_slopes,
            r_slope=layout.select(rz_slopes, 0),
            z_slope=layout.select(rz_slopes, 1),
            n_slope=tape["da_n"][chunk],
            reset=self.reset[chunk],
            h_prev=tape["h"][chunk],
            z=tape["z"][chunk],
            n=tape["n"][chunk],
            n_square=layout.select(squares, 2),
            scratch=layout.select(squares, 0),
        )

    def _fill_slopes(self, s: UpdateGateSlopes) -> None:
        """Write to da, for a chunk of timesteps, what dh and the gradient of r will multiply."""
        np.multiply(s.gates, s.gates, s.squares)  # r², z², n²
        np.subtract(s.rz, s.rz_squares, s.rz_slopes)  # r(1−r), z(1−z)
        np.multiply(s.r_slope, s.reset, s.r_slope)  # r(1−r)⊙reset
        np.subtract(s.h_prev, s.n, s.n_slope)  # h_<t-1> − n
        np.multiply(s.z_slope, s.n_slope, s.z_slope)  # z(1−z)⊙(h_<t-1> − n)
        np.subtract(self.one, s.n_square, s.n_slope)  # 1 − n²
        np.subtract(self.one, s.z, s.scratch)  # 1 − z
        np.multiply(s.n_slope, s.scratch, s.n_slope)  # (1−z)⊙(1−n²)
