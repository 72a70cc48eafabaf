"""Two threads for one window: each computes half of a batch, or half of the matrix products.

Samples of a batch do not meet before the gradients of the weights are summed. So two kernels, each
bound to one half of the tape, can go through the window at the same time: NumPy releases the
interpreter's lock in every operation of more than a few hundred numbers. Small networks lose more
by handing over the work than they gain, so sizes decide. The machine does not: numbers are the same
on one processor.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from rnn_tui.engine.cells.base import Kernel

SPLIT_BATCH_SIZE = 16_384
"""Numbers B·G·H of one operation from which on half a batch per thread is faster; measured."""

SPLIT_PRODUCTS_SIZE = 40_000_000
"""Multiplications T·B·P of the gradients' products from which on two threads are; measured."""


def splits_batch(batch: int, gate_units: int) -> bool:
    """Return True if each thread computes half of the batch, for gates of G·H units together."""
    return batch > 1 and batch * gate_units >= SPLIT_BATCH_SIZE


def splits_products(parameters: int, rows: int) -> bool:
    """Return True if the products of P parameters over T·B rows are worth two threads.

    That is so for long windows of small batches, too.
    """
    return parameters * rows >= SPLIT_PRODUCTS_SIZE


class ThreadPair:
    """Runs two functions at once: one in the calling thread, one in a thread kept for it."""

    def __init__(self) -> None:
        """Start no thread yet: it starts with the first work, and ends with this object."""
        processors = os.cpu_count() or 1
        self._pool = ThreadPoolExecutor(1, "half of a batch") if processors > 1 else None

    def run(self, here: Callable[[], object], there: Callable[[], object]) -> None:
        """Run `here` in the calling thread and `there` in the other; return when both are done."""
        if self._pool is None:
            here()
            there()
            return
        pending = self._pool.submit(_without_warnings, there)
        here()
        pending.result()


def _without_warnings(work: Callable[[], object]) -> None:
    """Call `work`; NumPy's error state belongs to a thread, and the trainer checks the results."""
    with np.errstate(all="ignore"):
        work()


class TwoThreadKernel(Kernel):
    """Two kernels, one for each half of the batch."""

    def __init__(self, upper: Kernel, lower: Kernel, threads: ThreadPair) -> None:
        self.upper, self.lower, self.threads = upper, lower, threads
        self.reads_one_hot = upper.reads_one_hot

    def begin_forward(self) -> None:
        self.threads.run(self.upper.begin_forward, self.lower.begin_forward)

    def forward(self, first: int, last: int) -> None:
        self.threads.run(
            lambda: self.upper.forward(first, last), lambda: self.lower.forward(first, last)
        )

    def begin_backward(self) -> None:
        self.threads.run(self.upper.begin_backward, self.lower.begin_backward)

    def backward(self, first: int, last: int) -> None:
        self.threads.run(
            lambda: self.upper.backward(first, last), lambda: self.lower.backward(first, last)
        )

    def finish_deltas(self) -> None:
        self.upper.finish_deltas()
        self.lower.finish_deltas()
