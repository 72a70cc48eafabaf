"""The window that a run is at, with both passes done, wherever the cursor is in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.network.architecture import views
from rnn_tui.engine.network.network import Network
from rnn_tui.engine.network.pins import Pins
from rnn_tui.engine.network.scratch_network import copy_window, scratch_network
from rnn_tui.engine.training.trainer import Trainer as Engine


@dataclass(frozen=True, slots=True, eq=False)
class CompleteWindow:
    """A window with both passes done.

    Attributes:
        network: the trainer's own, or a copy; only to be read.
        flat: the parameters [P] that the window is computed with.
    """

    network: Network
    flat: Array

    @property
    def parameters(self) -> Mapping[str, Array]:
        """The parameters by name."""
        return views(self.network.specs, self.flat)


class RunWindow:
    """Completes the window that a run is at, on a copy where the run has not come so far.

    The copy has the bits that the run will have: stepping and running are the same code. It is kept
    for as long as the run is at that window.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._copy: CompleteWindow | None = None
        self._copy_of: tuple[int, bool, Array, Pins] | None = None

    def is_of(self, engine: Engine) -> bool:
        """Return whether this is the window of that run."""
        return self._engine is engine

    def complete(self) -> CompleteWindow:
        """Return the window; before a batch is drawn the one that comes next."""
        engine = self._engine
        if engine.divergence is None and engine.position >= engine.schedule.clip - 1:
            return CompleteWindow(engine.network, engine.copies.window_parameters(engine))
        if self._copy is None or not self._is_here():
            with np.errstate(all="ignore"), _window_drawn(engine):
                self._copy = _completed(engine)
            self._copy_of = self._here()
        return self._copy

    def _here(self) -> tuple[int, bool, Array, Pins]:
        """Return what tells this window from all others."""
        engine = self._engine
        parameters = engine.copies.window_parameters(engine)
        return engine.windows, engine.position == 0, parameters, engine.network.pins

    def _is_here(self) -> bool:
        """Return whether the copy is of this window."""
        here, there = self._here(), self._copy_of
        return there is not None and all(
            one is other or (not isinstance(one, np.ndarray) and one == other)
            for one, other in zip(here, there, strict=True)
        )


def _completed(engine: Engine) -> CompleteWindow:
    """Return a copy of the window with both passes done."""
    network = engine.network
    flat = engine.copies.window_parameters(engine)
    copy = scratch_network(engine.architecture, flat, copy_window(network), pins=network.pins)
    copy.forward(1, copy.tape.steps)
    copy.loss()
    copy.backward(1, copy.tape.steps)
    return CompleteWindow(copy, flat)


@contextmanager
def _window_drawn(engine: Engine) -> Iterator[None]:
    """Have a window within the block; where none is drawn yet it is, and taken back afterwards."""
    if engine.position:
        yield
        return
    before = engine.keyframe()
    engine.finish_pass()
    try:
        yield
    finally:
        engine.restore(before)
