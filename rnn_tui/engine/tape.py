"""The tape: what one window's program leaves behind, in both passes.

Arrays are ``[T, B, …]``, states ``[T+1, B, H]`` (entry 0 is the state the window began with), all
allocated once. Nothing of the forward pass is overwritten by the backward pass, so both can be
looked at, and gone back to, at any time.

Common arrays (T window, B batch, D inputs, H hidden units, O outputs):

=============  ===========  ==========================================================
``x``          [T, B, D]    inputs
``target``     [T, B, O]    what the outputs should be
``h``          [T+1, B, H]  hidden states; further states (``c``) as the cell declares
``one``        [T+1, B, 1]  1, what biases are multiplied by
``y``          [T, B, O]    outputs
``dy``         [T, B, O]    ∂L/∂y_t
``dh_y``       [T, B, H]    part of ∂L/∂h_t that comes from y_t
``dh_next``    [T+1, B, H]  entry t: part of ∂L/∂h_t that arrives from timestep t+1; entry 0 is
                            what would leave the window (the gradient is cut there)
``dh``         [T, B, H]    ∂L/∂h_t, the sum of both
``codes``      [T, B]       with symbols: the inputs as codes, −1 where there is none; ``x`` is
                            one-hot then
``classes``    [T, B]       with cross-entropy: the targets as codes, −1 where there is none;
                            ``target`` is one-hot then. And ``p`` [T, B, O], softmax(y_t)
=============  ===========  ==========================================================

Arrays of one group lie side by side in one array, so that they can be one factor of a product: x,
h and one are the rows ``[x_t | h_<t-1> | 1]``, and ``[h_t | 1]``. Symbols are looked up, not
multiplied: then x lies apart, and ``ax`` [T, B, G·H] is x_t·W_x + b.

Of stacked layers all arrays are on one tape: those of the second are called ``x2``, ``h2``,
``dh2_next`` and so on, see `rnn_tui.engine.layers`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rnn_tui.engine.expressions import Array

Part = tuple[str, int, int]  # name, first column, width


@dataclass(frozen=True, slots=True)
class ArraySpec:
    """An array of the tape: [T, B, width], or [T+1, B, width] for a state.

    With `codes` it holds one whole number per timestep and sample: [T, B] int64.
    Arrays of the same `group` lie side by side, in the order they are declared in. `parts` are
    stretches of its columns by name: views of it, arrays like any other.
    """

    name: str
    width: int
    state: bool = False
    codes: bool = False
    group: str = ""
    parts: tuple[Part, ...] = ()


def blocks(prefix: str, names: Iterable[str], width: int) -> tuple[Part, ...]:
    """Parts of the same width that follow each other, named `prefix` and name."""
    return tuple((f"{prefix}{name}", k * width, width) for k, name in enumerate(names))


class Tape:
    """The arrays of one window, by name."""

    def __init__(
        self, steps: int, batch: int, arrays: Iterable[ArraySpec], dtype: npt.DTypeLike
    ) -> None:
        self.steps = steps
        self.batch = batch
        self.dtype = np.dtype(dtype)
        self.states: dict[str, Array] = {}
        self.arrays: dict[str, Array] = {}
        self._beside: dict[str, tuple[Array, int]] = {}  # group and first column, by name
        specs = tuple(arrays)
        for spec in specs:
            if not spec.group:
                shape = (steps + spec.state, batch, spec.width)
                array = np.zeros(shape[:2], np.int64) if spec.codes else np.zeros(shape, dtype)
                self.arrays[spec.name] = array
        for group in dict.fromkeys(spec.group for spec in specs if spec.group):
            self._lay(tuple(spec for spec in specs if spec.group == group))
        for spec in specs:
            for name, start, width in spec.parts:
                self.arrays[name] = self.arrays[spec.name][:, :, start : start + width]
        self.states = {spec.name: self.arrays[spec.name] for spec in specs if spec.state}

    def _lay(self, specs: tuple[ArraySpec, ...]) -> None:
        """One array [T+1, B, Σ width] for a group, its members views of its columns."""
        shape = (self.steps + 1, self.batch, sum(spec.width for spec in specs))
        group, start = np.zeros(shape, self.dtype), 0
        for spec in specs:
            columns = group[: self.steps + spec.state, :, start : start + spec.width]
            self.arrays[spec.name] = columns
            self._beside[spec.name] = (group, start)
            start += spec.width

    def sample(self, index: int) -> Tape:
        """A copy of one sample of the batch, as a tape of batch 1 that nothing else writes to."""
        copy = Tape(self.steps, 1, (), self.dtype)
        copy.arrays = {name: a[:, index : index + 1].copy() for name, a in self.arrays.items()}
        copy.states = {name: copy.arrays[name] for name in self.states}
        return copy

    def part(self, samples: slice) -> Tape:
        """Some samples of the batch, as a tape that shares this one's memory.

        Its arrays are not contiguous over time: `flat` of it would copy.
        """
        names = range(*samples.indices(self.batch))
        part = Tape(self.steps, len(names), (), self.dtype)
        part.arrays = {name: array[:, samples] for name, array in self.arrays.items()}
        part.states = {name: part.arrays[name] for name in self.states}
        part._beside = {
            name: (group[:, samples], start) for name, (group, start) in self._beside.items()
        }
        return part

    def under(self, names: Mapping[str, str]) -> Tape:
        """Some of the arrays by other names, sharing this one's memory; `names`: new to old."""
        tape = Tape(self.steps, self.batch, (), self.dtype)
        tape.arrays = {new: self.arrays[old] for new, old in names.items()}
        tape.states = {new: self.states[old] for new, old in names.items() if old in self.states}
        tape._beside = {new: self._beside[old] for new, old in names.items() if old in self._beside}
        return tape

    def __getitem__(self, name: str) -> Array:
        return self.arrays[name]

    def flat(self, name: str) -> Array:
        """The array `name` as one row per timestep and sample: [T·B, width].

        ``h_prev`` (and likewise ``c_prev``) names the states *before* each timestep.
        """
        if name.endswith("_prev"):
            array = self.arrays[name.removesuffix("_prev")][:-1]
        else:
            array = self.arrays[name]
            if name in self.states:
                array = array[1:]
        return array.reshape(-1, array.shape[-1])

    def beside(self, first: str, last: str) -> Array:
        """The arrays from `first` to `last` of one group as one: [T, B, their widths together].

        Both are named as in `flat`, and both or neither of them ``…_prev``.
        """
        names = first.removesuffix("_prev"), last.removesuffix("_prev")
        (group, start), (_, end) = (self._beside[name] for name in names)
        after = last in self.states
        return group[after : self.steps + after, :, start : end + self.arrays[names[1]].shape[-1]]

    def rows(self, name: str, t: int) -> Array:
        """The rows of `flat(name)` that belong to timestep `t` (from 1): [B, width]."""
        return self.flat(name)[(t - 1) * self.batch : t * self.batch]


def readout_arrays(outputs: int) -> tuple[ArraySpec, ...]:
    """The arrays of the readout."""
    return tuple(ArraySpec(name, outputs) for name in ("target", "y", "dy"))


def common_arrays(features: int, hidden: int, *, apart: bool = False) -> tuple[ArraySpec, ...]:
    """The arrays every cell has; with `apart`, x does not lie beside h."""
    return (
        ArraySpec("x", features, group="" if apart else "inputs"),
        ArraySpec("h", hidden, state=True, group="inputs"),
        ArraySpec("one", 1, state=True, group="inputs"),
        ArraySpec("dh_y", hidden),
        ArraySpec("dh_next", hidden, state=True),
        ArraySpec("dh", hidden),
    )
