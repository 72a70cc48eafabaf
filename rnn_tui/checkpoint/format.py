"""The file format: one `.safetensors` file holds a run, and nothing in it can run code.

Tensors (H hidden units, G gate blocks, D inputs, O outputs, B batch, P parameters; those of a
second layer end in ``_l1`` and have H inputs, its states are ``state.h2, state.c2``, and so on):

======================  ===========  ==========================================================
``rnn.weight_ih_l0``    (G·H, D)     of rnn, lstm and gru: PyTorch's names, layout, gate order;
``rnn.weight_hh_l0``    (G·H, H)     with ``rnn.`` stripped torch.nn.RNN, LSTM and GRU load
``rnn.bias_ih_l0``      (G·H)        them, with ``readout.`` stripped torch.nn.Linear does
``rnn.bias_hh_l0``      (G·H)        zeros, but for the GRU's n block, which is b_hn
``rnn.W_xf_l0``, …      (D, H), …    of cells that PyTorch lacks instead: our names and layout
                                     (x·W), gate by gate, as the screen has them
``readout.weight``      (O, H)
``readout.bias``        (O)
``optimizer.<name>``    (P)          its memory, flat, in our order: W_x, W_h, b, …, W_y, b_y,
                                     each row by row in our layout (x·W); LSTM gates o, i, f, g
``state.h, state.c``    (B, H)       carried into the window that is under way or comes next
``history.recent``      (N, 2)       float64: loss and gradient norm of the newest updates
``history.buckets``     (M, 6)       float64: the whole curve, decimated
======================  ===========  ==========================================================

Metadata, text by name: ``format``, ``version``, ``program``, ``cell``, and as JSON ``settings``,
``place`` (updates, position and revealed operations), ``optimizer`` (name, steps), ``data`` (the
walk and PCG64's state), ``history`` and ``vocabulary`` (the names of the symbols and of the classes
by code, null where there are none: weights mean nothing beside another vocabulary).

In memory a product is x·W and there is one bias; PyTorch has W·x and two biases that sum to it.
`_to_torch` and `_from_torch` are the only places that convert; `cell` says which cell it is.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import numpy.typing as npt

FORMAT = "rnn-tui checkpoint"
VERSION = "2"
TEXTS = (
    "format",
    "version",
    "program",
    "cell",
    "settings",
    "place",
    "optimizer",
    "data",
    "history",
    "vocabulary",
)
FLOATS = {"F16": np.float16, "F32": np.float32, "F64": np.float64}
LARGEST_COUNT = 10**15  # of updates: beyond it float64 no longer counts exactly in the history

Array = npt.NDArray[np.floating[Any]]
Shape = tuple[int, ...]


class CheckpointError(ValueError):
    """A file that cannot be read or written; the message is one line that names it."""

    def __init__(self, path: str | os.PathLike[str], reason: str) -> None:
        """Say what is wrong with the file at `path`."""
        super().__init__(f"{os.fspath(path)!r}: {' '.join(reason.split())}")


class _WrongError(Exception):
    """What is wrong with the file being read; becomes a CheckpointError that names it."""


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
