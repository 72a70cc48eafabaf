"""A kernel for a window in which what-ifs hold values: what they do not touch keeps its bits."""

from __future__ import annotations

from collections.abc import Callable, Container

import numpy as np

from rnn_tui.engine.cells.base import Kernel
from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.core.tape import Tape


class HeldKernel(Kernel):
    """The fast kernel forward, with the effect of pins put in place where they hold; see `forward`.

    Backward it is the declared operations.
    """

    reads_one_hot = True

    def __init__(
        self,
        fast: Kernel,
        free: Kernel,
        held: Kernel,
        tape: Tape,
        timesteps: Container[int],
        put_constants: Callable[[int], None],
    ) -> None:
        """Combine kernels that are bound to `tape`.

        Args:
            fast: the kernel of a window without pins.
            free: the declared operations, without pins.
            held: the declared operations, with pins in force.
            timesteps: those at which a value is held.
            put_constants: writes the constants of the pins at a timestep to the tape.
        """
        self.put_constants = put_constants
        self.fast, self.free, self.held, self.timesteps = fast, free, held, timesteps
        states = {id(array) for array in tape.states.values()}
        self.rows = [(array, id(array) in states) for array in tape.arrays.values()]

    def begin_forward(self) -> None:
        self.fast.begin_forward()
        self.free.begin_forward()
        self.held.begin_forward()

    def forward(self, first: int, last: int) -> None:
        """Compute timesteps as a window without pins does, then put in what pins change.

        The declared operations round in another order than the fast kernel. So an entry is theirs
        only where they say that pins change it: where they give something else without pins. A
        timestep without pins differs by the states that it reads alone.
        """
        for t in range(first, last + 1):
            self.fast.forward(t, t)
            if t not in self.timesteps:
                continue
            rows = self._rows(t)
            without = [row.copy() for row in rows]
            self.free.forward(t, t)
            free = [row.copy() for row in rows]
            self.held.forward(t, t)
            held = [row.copy() for row in rows]
            for row, own, plain, changed in zip(rows, without, free, held, strict=True):
                np.copyto(row, np.where(changed != plain, changed, own))
            self.put_constants(t)  # also where they are what the declared operations give without

    def begin_backward(self) -> None:
        self.held.begin_backward()

    def backward(self, first: int, last: int) -> None:
        self.held.backward(first, last)

    def finish_deltas(self) -> None:
        self.held.finish_deltas()

    def _rows(self, t: int) -> list[Array]:
        """Return the rows of the tape that belong to a timestep, of a state that after it."""
        return [array[t if state else t - 1] for array, state in self.rows]
