"""Case: somebody's own batch, and the weights that their network has, trained on over and over."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np

from rnn_tui.cases.case import Case
from rnn_tui.files.data_file import shown_name
from rnn_tui.settings import DECLARATIONS, SettingError, Settings, Value, compose
from rnn_tui.tasks.base import (
    BoolArray,
    DataState,
    FloatArray,
    Task,
    TestWindows,
    Topology,
    WindowArray,
    data_generator,
)
from rnn_tui.tasks.source import DataSource

_OF_BATCH = ("steps", "batch")
_OF_NETWORK = ("cell", "activation", "hidden", "layers", "dtype")
_TENSORS = {"steps": "timesteps", "batch": "samples", "hidden": "hidden units", "layers": "layers"}


class CaseTask(Task):
    """Every window is the one batch of a case, and begins with the states that the case has.

    There are no test data: whatever is measured is measured on the batch that is trained on.

    Attributes:
        case: the case; None of its arrays is ever changed.
    """

    name = "case"
    tested = False
    defaults: ClassVar[Mapping[str, Value]] = MappingProxyType({"carry": False, "clip_by": "none"})

    def __init__(self, settings: Settings, kept: Case | DataSource | None = None) -> None:
        """Take the batch of a case.

        Args:
            settings: the settings of the run.
            kept: the case.

        Raises:
            SettingError: there is none, or the settings are of another window than it has.
        """
        if not isinstance(kept, Case):
            message = "--task case is learned from a case file: rnn-tui FILE.safetensors opens it"
            raise SettingError("task", "case", "another task", message=message)
        self.case = case = kept
        for name in _OF_BATCH:
            _check_same(name, getattr(settings, name), getattr(case, name))
        self.title = shown_name(case.name) if case.name else "case"
        self.features, self.outputs, self.loss = case.features, case.outputs, case.loss
        self.reduction = "sum" if case.reduction == "sum" else "mean"
        counted: BoolArray = np.any(case.mask, axis=1)
        self.topology = Topology((True,) * case.steps, tuple(map(bool, counted)))
        if (case.mask != counted[:, None]).any():
            self.mask = case.mask
        self.start_states = start_states(case) or None
        if case.symbols:
            self.symbols = _codes(case.features)
        elif case.features > 1:
            self.parts = tuple(f"x[{k}]" for k in range(1, case.features + 1))
        if case.loss == "cross-entropy":
            self.labels = _codes(case.outputs)
        elif case.outputs > 1:
            self.output_names = tuple(f"y[{k}]" for k in range(1, case.outputs + 1))
        target = case.target if self.labels else np.where(case.mask[..., None], case.target, 0)
        self._target: WindowArray = target
        self._position = 0
        self._random = data_generator(settings.seed).bit_generator.state

    def __deepcopy__(self, memo: object) -> CaseTask:
        """Return a task with a place of its own; the arrays are shared, as none ever changes."""
        return copy(self)

    @classmethod
    def of(cls, case: Case, settings: Settings | None = None) -> CaseTask:
        """Return the task of a case, for a run with these settings, or those of the case."""
        return cls(case_settings(case) if settings is None else settings, case)

    @classmethod
    def check_settings(cls, settings: Settings) -> None:
        """Refuse to carry states from window to window: each begins with those of the case."""
        if settings.carry:
            message = "--carry cannot be with --task case: each window begins as its case says"
            raise SettingError("carry", True, "off with --task case", message=message)

    def next_window(self, x: WindowArray, target: WindowArray) -> bool:
        """Fill in the batch; see `Task.next_window`."""
        np.copyto(x, self.case.x, casting="same_kind")
        np.copyto(target, self._target, casting="same_kind")
        self._position += 1
        return True

    def state(self) -> DataState:
        """Return how many windows there were; nothing is drawn at random."""
        return DataState(self._position, self._random)

    def restore(self, state: DataState) -> None:
        """Go back to `state`; see `Task.restore`."""
        self._position, self._random = state.position, state.random

    def test(self) -> TestWindows:
        """Return no windows."""
        case = self.case
        shape = (case.steps, 0)
        x = np.empty(shape, np.int64) if case.symbols else np.empty((*shape, case.features))
        classes = case.loss == "cross-entropy"
        target = np.empty(shape, np.int64) if classes else np.empty((*shape, case.outputs))
        return TestWindows(x, target, np.empty(shape, np.bool_))

    def brings_weights(self, settings: Settings) -> bool:
        """Return whether the weights of the case are those of this network."""
        case = self.case
        same = all(getattr(settings, n) == getattr(case, n) for n in ("cell", "hidden", "layers"))
        return bool(case.weights) and same

    def kept(self) -> Case:
        """Return the case; see `Task.kept`."""
        return self.case


def case_settings(case: Case, chosen: Mapping[str, Value] = MappingProxyType({})) -> Settings:
    """Return the settings of a run on a case, with the network that the case has.

    Args:
        case: the case.
        chosen: values of other settings, or the same of these.

    Raises:
        SettingError: the case is larger than a run can be, or a value is not allowed.
    """
    return compose({**chosen, **settings_of_case(case)})


def settings_of_case(case: Case) -> dict[str, Value]:
    """Return the settings that a case determines.

    Raises:
        SettingError: it is larger than a run can be.
    """
    values: dict[str, Value] = {name: getattr(case, name) for name in (*_OF_BATCH, *_OF_NETWORK)}
    values["dtype"] = case.dtype.name
    for name, what in _TENSORS.items():
        most = DECLARATIONS[name].high
        size = values[name]
        if most is not None and isinstance(size, int) and size > most:
            message = f"{case.name or 'the case'!r} has {size:,} {what}; a run has at most {most:,}"
            raise SettingError(name, size, f"at most {most}", message=message)
    if case.cell not in _with_activation():
        del values["activation"]
    return {"task": CaseTask.name, "carry": False, **values}


def start_states(case: Case) -> dict[str, FloatArray]:
    """Return the states [B, H] that the window begins with, by their names in the network."""
    return {
        f"{state}{layer + 1 if layer else ''}": array[layer]
        for state, array in case.start.items()
        for layer in range(case.layers)
    }


def _with_activation() -> tuple[str, ...]:
    """Return the cells that have an activation to choose."""
    return DECLARATIONS["activation"].only_with[1:]


def _codes(count: int) -> tuple[str, ...]:
    """Return the names of symbols or classes: their codes."""
    return tuple(map(str, range(count)))


def _check_same(name: str, chosen: Any, size: int) -> None:
    """Refuse another size of the window than the case has."""
    if chosen != size:
        option = DECLARATIONS[name].option
        message = f"{option} must be {size} with --task case, as its batch is, not {chosen}"
        raise SettingError(name, chosen, str(size), message=message)
