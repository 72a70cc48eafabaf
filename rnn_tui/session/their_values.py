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


@dataclass(frozen=True, slots=True)
class Agreement:
    """When a number of theirs agrees with ours: |a − b| ≤ tolerance·max(|a|, |b|, least)."""

    tolerance: float
    least: float

    def differ(self, theirs: float, ours: float) -> bool:
        """Return whether two numbers differ; two that are not finite do not if they are alike."""
        if theirs == ours or (np.isnan(theirs) and np.isnan(ours)):
            return False
        size = max(abs(theirs), abs(ours), self.least)
        return not abs(theirs - ours) <= self.tolerance * size


@dataclass(frozen=True, slots=True, eq=False)
class TheirValues:
    """Somebody's numbers for the sample shown.

    Attributes:
        values: [T, entries] by the name of the value: ``y_t``, ``h2_t``, ``dh_t``.
        agreements: when one of them agrees with ours, by the same names, and of the loss.
        loss: of the whole batch; None where they gave none.
    """

    values: Mapping[str, Array]
    agreements: Mapping[str, Agreement]
    loss: float | None


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
    from rnn_tui.checks.comparison import has_timesteps, precision_of
    from rnn_tui.checks.compute import GRADIENT
    from rnn_tui.checks.rounding import largest_magnitude

    values, agreements = {}, {}
    for name, array in case.theirs.items():
        precision = precision_of(case, name)
        agreement = Agreement(precision.tolerance, precision.floor * largest_magnitude(array))
        if name == LOSS:
            agreements[LOSS] = agreement
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
        for own, each in layers:
            values[own], agreements[own] = each[:, sample], agreement
    loss = case.theirs.get(LOSS)
    return TheirValues(values, agreements, None if loss is None else float(loss))
