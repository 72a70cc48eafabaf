"""A case: a network, one batch with its targets, and what somebody else computed for them.

Names are those of a case file, see `rnn_tui.cases.reading`. Time comes first in every array here,
whatever the file's order is: T timesteps, B samples, D inputs, H hidden units, O outputs, L layers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from rnn_tui.tensor_files.content import Array

FORMAT = "rnn-tui case 1"
"""What the metadata of a case file say under "format"."""

BatchArray = npt.NDArray[Any]
"""Inputs or targets: floats [T, B, D] or [T, B, O], or codes int64 [T, B]."""

LOSS, OUTPUT = "loss", "output"
"""Names of the loss [] and of the outputs y [T, B, O] among the numbers of a case."""


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """A network, one batch, and the numbers that somebody computed for them.

    Attributes:
        cell: the name of the cell in the registry.
        activation: of the simple cell, "tanh" or "relu".
        loss: "mse" or "cross-entropy".
        reduction: "mean" over what counts, or "sum".
        layers: L.
        hidden: H.
        dtype: float32 or float64, of the weights in the file.
        weights: the tensors of `rnn_tui.layouts.torch_layout.network_names`, complete: a bias that
            the file lacks is zeros. Empty if there are none: then they are drawn at random.
        given_weights: names of the weights that the file itself has.
        x: inputs [T, B, D], or codes int64 [T, B].
        target: what the outputs should be, [T, B, O], or classes int64 [T, B].
        mask: [T, B] true where the output counts in the loss.
        start: the states that the window begins with, by name ("h", "c"): [L, B, H] each; zeros
            where a state is missing.
        features: D, or how many symbols there are.
        outputs: O, or how many classes there are.
        theirs: what they computed, by name: "loss" [], "output" [T, B, O], "h" and "c"
            [L, T, B, H] or, of the top layer alone, [T, B, H], "grad.output", "grad.h", "grad.c"
            in the same shapes, and "grad." before the name of a weight.
        spelling: how their file spells a tensor's name where it is not that here, by the name
            here; see `names` of the file.
        batch_first: whether the arrays of the file have the batch before time: [B, T, …], and
            [L, B, T, H] where all layers are there.
        narrow: names of those of `theirs` that the file has as bfloat16; they are float32 here.
        single: names of those weights, inputs, targets ("x", "target") and first states ("h0",
            "c0") that the file has in float32 or less, whatever `dtype` is.
        name: what the file is called, without its folder; "" where there is none.
        assumed: which names were taken for which, in words; "" where the file says it.
    """

    cell: str
    activation: str
    loss: str
    reduction: str
    layers: int
    hidden: int
    dtype: np.dtype[Any]
    weights: Mapping[str, Array]
    given_weights: tuple[str, ...]
    x: BatchArray
    target: BatchArray
    mask: npt.NDArray[np.bool_]
    features: int
    outputs: int
    start: Mapping[str, Array] = field(default_factory=dict)
    theirs: Mapping[str, Array] = field(default_factory=dict)
    spelling: Mapping[str, str] = field(default_factory=dict)
    batch_first: bool = False
    narrow: frozenset[str] = frozenset()
    single: frozenset[str] = frozenset()
    name: str = ""
    assumed: str = ""

    @property
    def steps(self) -> int:
        """T, the timesteps of the window."""
        return int(self.x.shape[0])

    @property
    def batch(self) -> int:
        """B, the samples of the batch."""
        return int(self.x.shape[1])

    @property
    def symbols(self) -> bool:
        """Whether the inputs are codes."""
        return self.x.ndim == 2

    @property
    def term_count(self) -> int:
        """How many numbers the loss is the mean of: N of `rnn_tui.engine.network.losses`."""
        counted = int(self.mask.sum())
        return counted * (self.outputs if self.loss == "mse" else 1)
