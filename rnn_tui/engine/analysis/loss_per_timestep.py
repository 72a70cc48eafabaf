"""What each timestep adds to the loss."""

from __future__ import annotations

import numpy as np

from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.core.tape import Tape
from rnn_tui.engine.network.declaration import NetworkDeclaration
from rnn_tui.engine.network.sample_window import SampleWindow


def loss_of_sample(window: SampleWindow) -> Array:
    """Return what each timestep of a sample adds to the loss, [T]; see `loss_per_timestep`."""
    result: Array = loss_per_timestep(window.declaration, window.tape, window.sample)[:, 0]
    return result


def loss_per_timestep(
    declaration: NetworkDeclaration, tape: Tape, sample: int | None = None
) -> Array:
    """Return what each timestep of each sample on `tape` adds to the loss, [T, B] float64.

    ``mse``: Σ_o (y − target)²/N; ``cross-entropy``: −log p[class]/N, as log Σ e^(y − max) + max − y
    of the class, which stays finite where p becomes 0. Where the loss does not count it is 0.

    Args:
        declaration: of the network; N is that of the whole batch.
        tape: of the whole batch, or of one of its samples.
        sample: which one, from 0; None: all.
    """
    chosen = slice(None) if sample is None else slice(sample, sample + 1)
    y = tape["y"].astype(np.float64)  # [T, B, O]
    with np.errstate(all="ignore"):  # after a divergence; the caller checks
        if declaration.loss_function.classes:
            largest = y.max(axis=-1, keepdims=True)  # [T, B, 1]
            classes = np.maximum(tape["classes"], 0)[..., None]
            y_of_class = np.take_along_axis(y, classes, axis=-1)
            terms = np.log(np.exp(y - largest).sum(axis=-1)) + (largest - y_of_class)[..., 0]
        else:
            error = y - tape["target"]
            terms = (error * error).sum(axis=-1)
    terms[~declaration.counted[:, chosen]] = 0
    result: Array = terms / declaration.term_count
    return result
