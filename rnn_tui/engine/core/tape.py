"""The tape: every number that the computation of one window leaves behind, in both passes.

Arrays are ``[T, B, …]``, states ``[T+1, B, H]`` (entry 0 is the state the window began with), all
allocated once. The backward pass overwrites nothing of the forward pass, so the numbers of both can
be read, and gone back to, at any time.

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

Groups. Arrays of one group are adjacent columns of one larger array, so that several of them can be
one factor of a product: x, h and one are the rows ``[x_t | h_<t-1> | 1]``, and ``[h_t | 1]``.
Symbols are looked up, not multiplied: then x is an array of its own, and ``ax`` [T, B, G·H] is
x_t·W_x + b.

Split arrays. With the gates joined, [T, B, G·H], one gate of a batch is B separate pieces of memory
per timestep, and NumPy's loop over these costs more than the arithmetic. So where arrays are
declared ``split`` and the batch has at least `MIN_BATCH_TO_SPLIT` samples, each of their parts is
contiguous, [T, B, H], and the joined array does not exist; `all_parts` and `adjacent` give a
view of several parts as [T, n, B, H].

Stacked layers share one tape: the arrays of the second are called ``x2``, ``h2``, ``dh2_next`` and
so on, see `rnn_tui.engine.network.layers`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rnn_tui.engine.core.expressions import Array

Part = tuple[str, int, int]  # name, first column, width

MIN_BATCH_TO_SPLIT = 2  # samples from which on split gates are faster; measured


@dataclass(frozen=True, slots=True)
class ArraySpec:
    """The declaration of one array of the tape.

    Attributes:
        name: what it is called.
        width: its columns: [T, B, width].
        state: True for T+1 entries, the first for the time before the window: a state, or what is
            aligned with one, such as ``dh_next``.
        codes: True for whole numbers, one per timestep and sample: [T, B] int64.
        group: arrays of one group are adjacent in memory, in the order they are declared in.
        parts: names of ranges of its columns; they are arrays like any other, and views of it.
        split: True if its parts may be kept apart, see the module. Every member of the group must
            be split then, and each part be H columns wide, or consist of several such parts.
    """

    name: str
    width: int
    state: bool = False
    codes: bool = False
    group: str = ""
    parts: tuple[Part, ...] = ()
    split: bool = False


def gate_parts(prefix: str, gates: Iterable[str], hidden: int) -> tuple[Part, ...]:
    """Return the parts ``{prefix}{gate}`` of an array [.., G·H], H = `hidden` columns each."""
    return tuple((f"{prefix}{gate}", k * hidden, hidden) for k, gate in enumerate(gates))


class Tape:
    """The arrays of one window, by name.

    Attributes:
        steps: timesteps of the window, T.
        batch: samples, B.
        dtype: of all arrays but codes.
        arrays: all arrays and parts that exist in memory, by name.
        states: those of them with T+1 entries, one for the time before the window: the states,
            and what is aligned with them, such as ``one`` and ``dh_next``.
    """

    def __init__(
        self, steps: int, batch: int, arrays: Iterable[ArraySpec], dtype: npt.DTypeLike
    ) -> None:
        """Allocate `arrays`, filled with zeros.

        Raises:
            ValueError: two arrays or parts have the same name.
        """
        self.steps = steps
        self.batch = batch
        self.dtype = np.dtype(dtype)
        self.states: dict[str, Array] = {}
        self.arrays: dict[str, Array] = {}
        self._parts: dict[str, tuple[str, ...]] = {}  # names of the parts of split arrays
        # For each array or part: the memory of its group, [T, B, …] or, split, [T, n, B, H], and
        # its first column there or, split, its index.
        self._positions: dict[str, tuple[Array, int]] = {}
        groups: dict[str, list[ArraySpec]] = {}
        for spec in arrays:
            groups.setdefault(spec.group or spec.name, []).append(spec)
        for specs in groups.values():
            if specs[0].codes:
                self._add(specs[0].name, np.zeros((steps, batch), np.int64))
            elif batch >= MIN_BATCH_TO_SPLIT and all(spec.split for spec in specs):
                self._allocate_split(specs)
            else:
                self._allocate_joined(specs)
            self.states |= {s.name: self.arrays[s.name] for s in specs if s.state}

    def _add(self, name: str, array: Array) -> None:
        if name in self.arrays:
            raise ValueError(f"two arrays of the tape are called {name!r}")
        self.arrays[name] = array

    def _allocate_joined(self, specs: Sequence[ArraySpec]) -> None:
        """Allocate one array [T or T+1, B, Σ width] for a group; its members are columns of it."""
        steps = self.steps + any(spec.state for spec in specs)
        group = np.zeros((steps, self.batch, sum(spec.width for spec in specs)), self.dtype)
        start = 0
        for spec in specs:
            for name, first, width in ((spec.name, 0, spec.width), *spec.parts):
                columns = slice(start + first, start + first + width)
                self._add(name, group[: self.steps + spec.state, :, columns])
                self._positions[name] = (group, start + first)
            start += spec.width

    def _allocate_split(self, specs: Sequence[ArraySpec]) -> None:
        """Allocate one array [n, T or T+1, B, H] for a group, an index for each part of H columns.

        A part that consists of several others exists by their names only.
        """
        steps = self.steps + any(spec.state for spec in specs)
        parts = {spec: spec.parts or ((spec.name, 0, spec.width),) for spec in specs}
        hidden = min(part[2] for each in parts.values() for part in each)  # H
        count = sum(spec.width for spec in specs) // hidden
        memory = np.zeros((count, steps, self.batch, hidden), self.dtype)
        group, index = memory.swapaxes(0, 1), 0
        for spec, each in parts.items():
            single = [name for name, _, width in each if width == hidden]
            for name in single:
                self._add(name, memory[index, : self.steps + spec.state])
                self._positions[name] = (group, index)
                index += 1
            for name, first, width in ((spec.name, 0, spec.width), *each):
                if width > hidden:
                    self._parts[name] = tuple(single[first // hidden : (first + width) // hidden])

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all arrays and parts, those that exist as several parts only included."""
        return (*self.arrays, *self._parts)

    def sample(self, index: int) -> Tape:
        """Return a copy of one sample of the batch as a tape with B = 1."""
        copy = Tape(self.steps, 1, (), self.dtype)
        copy.arrays = {name: a[:, index : index + 1].copy() for name, a in self.arrays.items()}
        copy.states = {name: copy.arrays[name] for name in self.states}
        copy._parts = self._parts
        return copy

    def batch_slice(self, samples: slice) -> Tape:
        """Return a tape of some samples of the batch that shares this one's memory.

        Its arrays are not contiguous over time: `flat` of it would copy.
        """
        indices = range(*samples.indices(self.batch))
        tape = Tape(self.steps, len(indices), (), self.dtype)
        tape.arrays = {name: array[:, samples] for name, array in self.arrays.items()}
        tape.states = {name: tape.arrays[name] for name in self.states}
        tape._parts = self._parts
        tape._positions = {
            name: (group[..., samples, :], start)
            for name, (group, start) in self._positions.items()
        }
        return tape

    def with_names(self, names: Mapping[str, str]) -> Tape:
        """Return a tape of some of the arrays by other names that shares this one's memory.

        Args:
            names: the new name of each, and the old one.
        """
        tape = Tape(self.steps, self.batch, (), self.dtype)
        new_names = {old: new for new, old in names.items()}
        for new, old in names.items():
            if old in self._parts:
                tape._parts[new] = tuple(new_names[part] for part in self._parts[old])
                continue
            tape.arrays[new] = self.arrays[old]
            if old in self.states:
                tape.states[new] = self.states[old]
            if old in self._positions:
                tape._positions[new] = self._positions[old]
        return tape

    def __getitem__(self, name: str) -> Array:
        return self.arrays[name]

    def is_split(self, name: str) -> bool:
        """Return True if the array `name` exists as several parts only."""
        return name in self._parts

    def part_names(self, name: str) -> tuple[str, ...]:
        """Return the names of the parts of a split array; of any other its own name."""
        return self._parts.get(name, (name,))

    def all_parts(self, name: str) -> Array:
        """Return the array `name` [T, B, width], or, if it is split, its parts as [T, n, B, H]."""
        if name not in self._parts:
            return self.arrays[name]
        return self.adjacent(self._parts[name][0], self._parts[name][-1])

    def flat(self, name: str) -> Array:
        """Return the array `name` as one row per timestep and sample: [T·B, width].

        ``h_prev`` (and likewise ``c_prev``) names the states *before* each timestep. The result is
        a view, or, for a split array, a copy.
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

    def adjacent(self, first: str, last: str) -> Array:
        """Return a view of the adjacent arrays or parts `first` … `last` of one group.

        Both are named as in `flat`, and both or neither of them ``…_prev``.

        Returns:
            [T, B, sum of their widths], or, if they are split, [T, n, B, H].
        """
        names = first.removesuffix("_prev"), last.removesuffix("_prev")
        (group, start), (_, end) = (self._positions[name] for name in names)
        offset = last in self.states  # the state after timestep t is entry t, all else entry t−1
        entries = group[offset : self.steps + offset]
        if group.ndim == 4:
            return entries[:, start : end + 1]
        return entries[:, :, start : end + self.arrays[names[1]].shape[-1]]

    def rows(self, name: str, t: int) -> Array:
        """Return the rows of `flat(name)` that belong to timestep `t` (from 1): [B, width]."""
        return self.flat(name)[(t - 1) * self.batch : t * self.batch]


def readout_arrays(outputs: int) -> tuple[ArraySpec, ...]:
    """Return the arrays of the readout with O = `outputs`."""
    return tuple(ArraySpec(name, outputs) for name in ("target", "y", "dy"))


def common_arrays(
    features: int, hidden: int, *, separate_inputs: bool = False
) -> tuple[ArraySpec, ...]:
    """Return the arrays every cell has, for D = `features` and H = `hidden`.

    With `separate_inputs`, x is an array of its own and not adjacent to h.
    """
    return (
        ArraySpec("x", features, group="" if separate_inputs else "inputs"),
        ArraySpec("h", hidden, state=True, group="inputs"),
        ArraySpec("one", 1, state=True, group="inputs"),
        ArraySpec("dh_y", hidden),
        ArraySpec("dh_next", hidden, state=True),
        ArraySpec("dh", hidden),
    )
