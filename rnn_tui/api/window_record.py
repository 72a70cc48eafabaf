"""The window that a trainer is at, with its whole gradient, wherever in the update that is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rnn_tui.engine.network.scratch_network import (
    GradientRecord,
    copy_window,
    scratch_network,
)
from rnn_tui.engine.training.trainer import Trainer as Engine


@contextmanager
def window_drawn(engine: Engine) -> Iterator[None]:
    """Have a window within the block; before the first one it is drawn, and taken back."""
    if engine.position:
        yield
        return
    before = engine.keyframe()
    engine.finish_pass()
    try:
        yield
    finally:
        engine.restore(before)


def gradient_record(engine: Engine) -> GradientRecord:
    """Return the window with its gradient: the trainer's own, or one computed on a copy."""
    network = engine.network
    parameters, window = engine.copies.window_parameters(engine).copy(), copy_window(network)
    if engine.position >= engine.schedule.clip - 1:
        gradient = network.gradient.copy()
    else:
        copy = scratch_network(engine.architecture, parameters, window, pins=network.pins)
        copy.forward(1, copy.tape.steps)
        copy.loss()
        copy.backward(1, copy.tape.steps)
        gradient = copy.gradient
    return GradientRecord(engine.architecture, parameters, window, gradient, network.pins)
