"""A batch in two halves, each computed by a thread of its own.

Samples of a batch do not meet before the weights' gradients are summed, so two kernels, each bound
to one half of the tape, may walk through the window side by side: NumPy releases the interpreter's
lock in every operation of more than a few hundred numbers. Small batches lose more to the hand-over
than they gain; `worthwhile` knows.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from rnn_tui.engine.cells.base import Kernel

WIDE = 16_384  # numbers of an operation, B·G·H, from which on two threads are faster; measured

HEAVY = 40_000_000  # multiplications of the gradients' products, likewise


def worthwhile(batch: int, width: int) -> bool:
    """Whether a batch is computed in halves, `width` being the gates' units G·H.

    It depends on the sizes alone and not on the machine, so that the numbers do not either.
    """
    return batch > 1 and batch * width >= WIDE


def heavy(parameters: int, rows: int) -> bool:
    """Whether the products over all T·B `rows` that make the gradients pay two threads too.

    They need no halves of the batch. It depends on the sizes alone, as above.
    """
    return parameters * rows >= HEAVY


class ThreadPair:
    """Runs two functions at once: one here, one in a thread kept for it."""

    def __init__(self) -> None:
        """The thread starts with the first work; it ends when this object is gone."""
        several = (os.cpu_count() or 1) > 1
        self._pool = ThreadPoolExecutor(1, "half of a batch") if several else None

    def run(self, here: Callable[[], object], there: Callable[[], object]) -> None:
        """Return when both are done."""
        if self._pool is None:
            here()
            there()
            return
        pending = self._pool.submit(_quietly, there)
        here()
        pending.result()


def _quietly(work: Callable[[], object]) -> None:
    """NumPy's error state belongs to a thread; what is not finite is found by the trainer."""
    with np.errstate(all="ignore"):
        work()


class TwoThreadKernel(Kernel):
    """Two kernels, one for each half of the batch."""

    def __init__(self, upper: Kernel, lower: Kernel, pair: ThreadPair) -> None:
        self.upper, self.lower, self.pair = upper, lower, pair

    def begin_forward(self) -> None:
        self.pair.run(self.upper.begin_forward, self.lower.begin_forward)

    def forward(self, first: int, last: int) -> None:
        self.pair.run(
            lambda: self.upper.forward(first, last), lambda: self.lower.forward(first, last)
        )

    def begin_backward(self) -> None:
        self.pair.run(self.upper.begin_backward, self.lower.begin_backward)

    def backward(self, first: int, last: int) -> None:
        self.pair.run(
            lambda: self.upper.backward(first, last), lambda: self.lower.backward(first, last)
        )

    def finish_deltas(self) -> None:
        self.upper.finish_deltas()
        self.lower.finish_deltas()
