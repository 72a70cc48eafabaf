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

In memory a timestep of a batch is B rows, and a gate a stretch of each: NumPy then goes over it row
by row, which costs more than its arithmetic. So where arrays are declared ``split`` and there are
at least `SEVERAL` samples, their parts lie apart, [T, B, H] each, and stand for them; `whole` and
`beside` show several of them as [T, n, B, H].

Of stacked layers all arrays are on one tape: those of the second are called ``x2``, ``h2``,
``dh2_next`` and so on, see `rnn_tui.engine.network.layers`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rnn_tui.engine.core.expressions import Array

Part = tuple[str, int, int]  # name, first column, width

SEVERAL = 2  # samples of a batch from which on it pays to lay gates apart; measured


@dataclass(frozen=True, slots=True)
class ArraySpec:
    """An array of the tape: [T, B, width], or [T+1, B, width] for a state.

    With `codes` it holds one whole number per timestep and sample: [T, B] int64.
    Arrays of the same `group` lie side by side, in the order they are declared in. `parts` are
    stretches of its columns by name: views of it, arrays like any other. Of a group whose members
    all are `split`, see above: they have parts of H columns each, or H columns; and parts that are
    several of these.
    """

    name: str
    width: int
    state: bool = False
    codes: bool = False
    group: str = ""
    parts: tuple[Part, ...] = ()
    split: bool = False


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
        self._parts: dict[str, tuple[str, ...]] = {}  # of arrays that are split
        # Where an array or part lies in its group, by name: the group, [T, B, …] or, split,
        # [T, n, B, H], and its first column or its number.
        self._beside: dict[str, tuple[Array, int]] = {}
        groups: dict[str, list[ArraySpec]] = {}
        for spec in arrays:
            groups.setdefault(spec.group or spec.name, []).append(spec)
        for specs in groups.values():
            if specs[0].codes:
                self.arrays[specs[0].name] = np.zeros((steps, batch), np.int64)
            elif batch >= SEVERAL and all(spec.split for spec in specs):
                self._lay_apart(specs)
            else:
                self._lay(specs)
            self.states |= {s.name: self.arrays[s.name] for s in specs if s.state}

    def _lay(self, specs: Sequence[ArraySpec]) -> None:
        """One array [T or T+1, B, Σ width] for a group, its members views of its columns."""
        steps = self.steps + any(spec.state for spec in specs)
        group = np.zeros((steps, self.batch, sum(spec.width for spec in specs)), self.dtype)
        start = 0
        for spec in specs:
            for name, first, width in ((spec.name, 0, spec.width), *spec.parts):
                columns = slice(start + first, start + first + width)
                self.arrays[name] = group[: self.steps + spec.state, :, columns]
                self._beside[name] = (group, start + first)
            start += spec.width

    def _lay_apart(self, specs: Sequence[ArraySpec]) -> None:
        """An array [n, T or T+1, B, H] for a group, its members' parts one after the other.

        A part that is several of the others stands for these.
        """
        steps = self.steps + any(spec.state for spec in specs)
        parts = {spec: spec.parts or ((spec.name, 0, spec.width),) for spec in specs}
        width = min(part[2] for each in parts.values() for part in each)  # H
        count = sum(spec.width for spec in specs) // width
        memory = np.zeros((count, steps, self.batch, width), self.dtype)
        group, number = memory.swapaxes(0, 1), 0
        for spec, each in parts.items():
            single = [name for name, _, w in each if w == width]
            for name in single:
                self.arrays[name] = memory[number, : self.steps + spec.state]
                self._beside[name] = (group, number)
                number += 1
            for name, first, w in ((spec.name, 0, spec.width), *each):
                if w > width:
                    self._parts[name] = tuple(single[first // width : (first + w) // width])

    @property
    def names(self) -> tuple[str, ...]:
        """Of all arrays, of their parts, and of those that only their parts stand for."""
        return (*self.arrays, *self._parts)

    def sample(self, index: int) -> Tape:
        """A copy of one sample of the batch, as a tape of batch 1 that nothing else writes to."""
        copy = Tape(self.steps, 1, (), self.dtype)
        copy.arrays = {name: a[:, index : index + 1].copy() for name, a in self.arrays.items()}
        copy.states = {name: copy.arrays[name] for name in self.states}
        copy._parts = self._parts
        return copy

    def part(self, samples: slice) -> Tape:
        """Some samples of the batch, as a tape that shares this one's memory.

        Its arrays are not contiguous over time: `flat` of it would copy.
        """
        names = range(*samples.indices(self.batch))
        part = Tape(self.steps, len(names), (), self.dtype)
        part.arrays = {name: array[:, samples] for name, array in self.arrays.items()}
        part.states = {name: part.arrays[name] for name in self.states}
        part._parts = self._parts
        part._beside = {
            name: (group[..., samples, :], start) for name, (group, start) in self._beside.items()
        }
        return part

    def under(self, names: Mapping[str, str]) -> Tape:
        """Some of the arrays by other names, sharing this one's memory; `names`: new to old."""
        tape = Tape(self.steps, self.batch, (), self.dtype)
        new_names = {old: new for new, old in names.items()}
        for new, old in names.items():
            if old in self._parts:
                tape._parts[new] = tuple(new_names[part] for part in self._parts[old])
                continue
            tape.arrays[new] = self.arrays[old]
            if old in self.states:
                tape.states[new] = self.states[old]
            if old in self._beside:
                tape._beside[new] = self._beside[old]
        return tape

    def __getitem__(self, name: str) -> Array:
        return self.arrays[name]

    def is_split(self, name: str) -> bool:
        """Whether the array `name` is there in parts only."""
        return name in self._parts

    def parts(self, name: str) -> tuple[str, ...]:
        """`name`, or, where that array is split, the names of its parts."""
        return self._parts.get(name, (name,))

    def whole(self, name: str) -> Array:
        """The array `name` [T, B, width], or, where it is split, all its parts [T, n, B, H]."""
        if name not in self._parts:
            return self.arrays[name]
        return self.beside(self._parts[name][0], self._parts[name][-1])

    def flat(self, name: str) -> Array:
        """The array `name` as one row per timestep and sample: [T·B, width].

        ``h_prev`` (and likewise ``c_prev``) names the states *before* each timestep. Of an array
        that is split it is a copy, else a view.
        """
        if name in self._parts:
            return np.concatenate([self.flat(part) for part in self._parts[name]], axis=1)
        if name.endswith("_prev"):
            array = self.arrays[name.removesuffix("_prev")][:-1]
        else:
            array = self.arrays[name]
            if name in self.states:
                array = array[1:]
        return array.reshape(-1, array.shape[-1])

    def beside(self, first: str, last: str) -> Array:
        """What lies from `first` to `last` in one group, arrays or parts, as one.

        Both are named as in `flat`, and both or neither of them ``…_prev``.

        Returns:
            [T, B, their widths together], or, where they are split, [T, n, B, H].
        """
        names = first.removesuffix("_prev"), last.removesuffix("_prev")
        (group, start), (_, end) = (self._beside[name] for name in names)
        after = last in self.states
        times = group[after : self.steps + after]
        if group.ndim == 4:
            return times[:, start : end + 1]
        return times[:, :, start : end + self.arrays[names[1]].shape[-1]]

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
