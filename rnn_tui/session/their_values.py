"""What the file of a case says of the window shown, where that is computed with its weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from rnn_tui.cases.case import LOSS, OUTPUT, Case
from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.network.layers import name_in_layer
from rnn_tui.engine.network.pins import Pins
from rnn_tui.engine.training.trainer import Trainer


@dataclass(frozen=True, slots=True, eq=False)
class TheirValues:
    """Somebody's numbers for the sample shown.

    Whether they agree with ours is what the comparison of the file says of just these entries.

    Attributes:
        sample: which, from 0.
        values: [T, entries] by the name of the value: ``y_t``, ``h2_t``, ``dh_t``.
        tensors: the tensor in the case that each of these is of, and its layer there, from 0.
        loss: of the whole batch; None where they gave none.
        gradients: of the parameters, by name in the case.
        parameters: which entries of our parameter vector these are about, in the same shapes.
    """

    sample: int
    values: Mapping[str, Array]
    tensors: Mapping[str, tuple[str, int]]
    loss: float | None
    gradients: Mapping[str, Array]
    parameters: Mapping[str, Array]


class TheirWindow:
    """What the file of a case says, for the snapshots of one run."""

    def __init__(self) -> None:
        self._trainer: Trainer | None = None  # whose run the rest is about
        self._theirs: Array | None = None  # the weights of its case [P]; None if it has others
        self._place: tuple[Array, int, Pins] | None = None  # the window that was looked at last
        self._same = False  # it is computed with their weights
        self._sample = -1
        self._values: TheirValues | None = None

    def values(self, trainer: Trainer, sample: int) -> TheirValues | None:
        """Return what the file says of a sample of the window that `trainer` is at.

        None where it says nothing, where something is held or cut, and where the window is not
        computed with the file's weights.
        """
        case = trainer.task.kept()
        if not isinstance(case, Case) or not case.theirs or not trainer.position:
            return None
        if trainer is not self._trainer:
            from rnn_tui.layouts.new_trainer import case_parameters  # for cases only

            self._trainer, self._place, self._sample = trainer, None, -1
            self._theirs = case_parameters(trainer.settings, trainer.task)
        parameters = trainer.copies.window_parameters(trainer)
        place = parameters, trainer.windows, trainer.network.pins
        known = self._place
        if known is None or known[0] is not parameters or known[1:] != place[1:]:
            theirs, self._place = self._theirs, place
            held = bool(trainer.network.pins)
            self._same = not held and theirs is not None and np.array_equal(theirs, parameters)
        if not self._same:
            return None
        if sample != self._sample:
            self._sample, self._values = sample, _values(case, sample)
        return self._values


def _values(case: Case, sample: int) -> TheirValues:
    """Return what the file says of one sample."""
    from rnn_tui.checks.comparison import has_timesteps
    from rnn_tui.checks.compute import GRADIENT, architecture_of_case
    from rnn_tui.layouts.torch_layout import gradients_of

    values: dict[str, Array] = {}
    tensors: dict[str, tuple[str, int]] = {}
    for name, array in case.theirs.items():
        if not has_timesteps(name):
            continue
        symbol = name.removeprefix(GRADIENT)
        mark = "d" if symbol != name else ""
        layers = [(f"{mark}y_t", array)]
        if symbol != OUTPUT:
            several = array if array.ndim == 4 else array[np.newaxis]
            first = case.layers - len(several) + 1
            layers = [
                (name_in_layer(f"{mark}{symbol}_t", first + k), each)
                for k, each in enumerate(several)
            ]
        for k, (own, each) in enumerate(layers):
            values[own], tensors[own] = each[:, sample], (name, k)
    loss = case.theirs.get(LOSS)
    gradients = {
        name: array
        for name, array in case.theirs.items()
        if name.startswith(GRADIENT) and not has_timesteps(name)
    }
    parameters: dict[str, Array] = {}
    if gradients:
        architecture = architecture_of_case(case)
        numbers = np.arange(architecture.parameter_count(), dtype=np.float64)
        entries = gradients_of(architecture, numbers)
        parameters = {
            name: entries[weight]
            for name in gradients
            if (weight := name.removeprefix(GRADIENT)) in entries
        }
    return TheirValues(
        sample, values, tensors, None if loss is None else float(loss), gradients, parameters
    )
