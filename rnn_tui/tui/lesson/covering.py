"""Covers what a lesson asks for until the answer is in, in every panel.

Panels are drawn from a snapshot in which a hidden number is a special NaN (`COVERING`), wherever it
stands: so bars, shades, curves, sums and all that is computed from it are covered, too. What is
still written as a number that reads as the hidden one, up to its sign and a power of ten, is
covered in the finished lines. What stands by a hidden name is covered there.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np

from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.core.tape import Tape
from rnn_tui.engine.core.value_names import value_name
from rnn_tui.engine.network.sample_window import SampleWindow
from rnn_tui.engine.training.optimizers.base import Optimizer
from rnn_tui.lessons.hidden_numbers import is_round, places_of_hidden, without_hidden
from rnn_tui.number_text import COVERED, COVERING, NOT_FINITE
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.tui.lesson.view import Covered
from rnn_tui.tui.lines import Line, Lines, merge
from rnn_tui.tui.marks import MARKED, ValueCell

NEAR = 2e-6  # relative; a number of 32 bits is nearer to what it was computed from
FEW = 8  # hidden numbers up to which each is looked for by itself
SCALES = "magnitudes"  # the proof that bars are measured by: a scale has to be a number
POINTED = "▸"  # before a covered cell that is pointed at: without colours nothing else tells it
GLYPH = "?"  # covers a single cell: a bar, a shade
_FIELDS = (
    "loss", "smoothed", "grad_norm", "gradient_norms", "memory_norms", "gradient", "optimizer",
    "contributions", "curve", "recent", "test_losses", "predictions", "baselines", "what_if",
    "proofs", "second_network", "theirs", "window",
)  # fmt: skip


# ---------------------------------------------------------------- snapshots


def covered_snapshot(snapshot: Snapshot, covered: Covered) -> Snapshot:
    """Return a snapshot in which what is covered is not a number."""
    numbers = tuple(abs(each) for each in covered.numbers if not is_round(each))
    if not numbers and not covered.names:
        return snapshot
    mask = _Mask(numbers, frozenset(covered.names))
    changed = {name: mask.of(getattr(snapshot, name)) for name in _FIELDS}
    if SCALES in snapshot.proofs:
        rough = _Mask(numbers, frozenset(), rough=True).of(snapshot.proofs[SCALES])
        changed["proofs"] = MappingProxyType({**changed["proofs"], SCALES: rough})
    changed |= {
        name: COVERING for name in ("loss", "smoothed", "grad_norm") if name in covered.names
    }
    second = changed["second_network"]
    if second is not None and "versus.loss" in covered.names:
        changed["second_network"] = replace(second, loss=COVERING)
    return replace(snapshot, **changed)


class CoveredWindow(SampleWindow):
    """A window some of whose values are covered, those that are evaluated when drawn, too."""

    mask: _Mask

    def values(self, t: int) -> dict[str, Array]:
        """Return every named value at timestep `t`."""
        found = super().values(t)
        return {name: self.mask.named(name, t, value) for name, value in found.items()}


class _Mask:
    """Covers numbers by value and by name."""

    def __init__(
        self, numbers: Sequence[float], names: frozenset[str], *, rough: bool = False
    ) -> None:
        """Cover by values and names; `rough`: with the next number of one digit instead."""
        self._rough = rough
        self._numbers = numbers
        self._sorted = np.sort(np.array(numbers, np.float64))
        self._names = names
        self._done: dict[int, tuple[object, object]] = {}  # what was covered, as several share it

    def of(self, value: Any) -> Any:
        """Return anything of a snapshot with what is hidden covered; itself if nothing is."""
        if isinstance(value, float):
            return self._cover(value) if self._hides(abs(value)) else value
        if value is None or isinstance(value, str | int | bytes):
            return value
        known = self._done.get(id(value))
        if known is None:
            known = self._done[id(value)] = value, self._made(value)
        return known[1]

    def _cover(self, value: float) -> float:
        """Return what stands in place of a hidden number."""
        if not self._rough:
            return COVERING
        power = 10.0 ** math.floor(math.log10(abs(value)))
        return math.copysign(math.ceil(abs(value) / power) * power, value)

    def _hides(self, size: float) -> bool:
        return bool(self._numbers) and bool(self._hidden_in(np.array(size)))

    def _made(self, value: Any) -> Any:
        if isinstance(value, np.ndarray):
            return self._array(value)
        if isinstance(value, SampleWindow):
            return self._window(value)
        if isinstance(value, Optimizer):
            return self._optimizer(value)
        if isinstance(value, Mapping):
            found = {key: self.of(each) for key, each in value.items()}
            same = all(found[key] is each for key, each in value.items())
            return value if same else MappingProxyType(found)
        if type(value) in (tuple, list):
            items = [self.of(each) for each in value]
            same = all(a is b for a, b in zip(items, value, strict=True))
            return value if same else type(value)(items)
        if is_dataclass(value) and not isinstance(value, type):
            return self._dataclass(value)
        return value

    def _array(self, array: Array) -> Array:
        if array.dtype.kind != "f" or not array.size or not self._numbers:
            return array
        found = self._hidden_in(np.abs(array))
        if not found.any():
            return array
        if self._rough:
            copy = array.copy()
            copy[found] = [self._cover(float(each)) for each in array[found]]
            return copy
        return _with_covers(array, found)

    def _hidden_in(self, sizes: Array) -> Array:
        """Return which of these magnitudes are hidden."""
        found = np.zeros(sizes.shape, bool)
        if len(self._numbers) <= FEW:
            for each in self._numbers:
                found |= np.abs(sizes - each) <= NEAR * each
            return found
        places = np.searchsorted(self._sorted, sizes)
        for beside in (places - 1, places):
            nearest = self._sorted[np.clip(beside, 0, self._sorted.size - 1)]
            found |= np.abs(sizes - nearest) <= NEAR * nearest
        return found

    def _dataclass(self, value: Any) -> Any:
        names = [field.name for field in fields(value)]
        made = {name: self.of(getattr(value, name)) for name in names}
        if all(made[name] is getattr(value, name) for name in names):
            return value
        copy = object.__new__(type(value))  # without what was worked out from the old numbers
        for name, each in made.items():
            object.__setattr__(copy, name, each)
        return copy

    def _optimizer(self, optimizer: Optimizer) -> Optimizer:
        copy = optimizer.copy()
        for name in ("parameters", "parameters_before", "delta"):
            setattr(copy, name, self.of(getattr(optimizer, name)))
        copy.memory = {name: self.of(each) for name, each in optimizer.memory.items()}
        before = optimizer.memory_before
        copy.memory_before = {name: self.of(each) for name, each in before.items()}
        return copy

    def _window(self, window: SampleWindow) -> CoveredWindow:
        tape = window.tape.sample(0)
        for name, array in tape.arrays.items():
            if name != "one":
                tape.arrays[name] = self._by_name(tape, name, self._array(array))
        tape.states = {name: tape.arrays[name] for name in tape.states}
        parameters = {name: self.of(each) for name, each in window.parameters.items()}
        copy = CoveredWindow(window.declaration, parameters, tape, window.pins, window.sample)
        object.__setattr__(copy, "mask", self)
        return copy

    def _by_name(self, tape: Tape, name: str, array: Array) -> Array:
        """Return an array of the tape with the entries covered whose names are."""
        if array.dtype.kind != "f" or not any(each.startswith(name) for each in self._names):
            return array
        first = 0 if name in tape.states else 1  # the timestep of its first entry
        parts = [self.named(f"{name}_t", k + first, array[k]) for k in range(array.shape[0])]
        if all(np.shares_memory(a, array[k]) for k, a in enumerate(parts)):
            return array
        return np.stack(parts)

    def named(self, symbol: str, t: int, value: Array) -> Array:
        """Return a value of a timestep, [1, …], covered by its entries and by its name."""
        value = self._array(value)
        if not self._names or value.dtype.kind != "f" or not value.size:
            return value
        name = value_name(symbol, t)
        if name in self._names or value_name(symbol) in self._names:
            return _with_covers(value, np.ones(value.shape, bool))
        units = [int(each) for each in _entries(self._names, name)]
        if not units:
            return value
        found = np.zeros(value.shape, bool)
        found[..., [unit - 1 for unit in units if unit <= value.shape[-1]]] = True
        return _with_covers(value, found)


def _entries(names: Iterable[str], name: str) -> Iterable[str]:
    """Return the units of `name` that are among `names`: "3" for ``dh_7[3]``."""
    start = f"{name}["
    inside = (each[len(start) : -1] for each in names if each.startswith(start))
    return (each for each in inside if each.isdigit())


def _with_covers(array: Array, found: Array) -> Array:
    """Return a copy of an array with these entries covered."""
    copy = array.copy()
    copy[found] = COVERING
    return copy


# ---------------------------------------------------------------- lines


def covered_text(text: str, covered: Covered) -> str:
    """Return a text with the numbers covered that read as a hidden one."""
    return without_hidden(text, covered.numbers)


def covered_lines(lines: Lines, cells: Sequence[ValueCell], covered: Covered) -> Lines:
    """Return finished lines with what is left of hidden numbers covered, cell for cell."""
    hidden = covered.numbers
    named: dict[int, list[ValueCell]] = {}
    for cell in cells:
        if any(cell.shows(name) for name in covered.names):
            named.setdefault(cell.y, []).append(cell)
    return tuple(_covered_line(line, named.get(y, ()), hidden) for y, line in enumerate(lines))


def _covered_line(line: Line, cells: Sequence[ValueCell], hidden: Sequence[float]) -> Line:
    """Return one line, as wide as before."""
    text = "".join(part for part, _ in line)
    places = places_of_hidden(text, hidden)
    if len(text) == sum(len(part) for part, _ in line):
        places += [(cell.x, cell.x + cell.width) for cell in cells if cell.width > 1]
    bad = [cell.x for cell in cells if cell.width == 1]
    bad += [k for k, character in enumerate(text) if character == NOT_FINITE]
    if not places and not bad:
        return line
    covers = {k: COVERED[0] for start, end in places for k in range(start, end)}
    covers = {k: each if text[k] != " " else " " for k, each in covers.items()}
    covers |= {k: GLYPH for k in bad if covers.get(k) is None}
    runs: list[tuple[str, str]] = []
    k, marked = 0, False
    for part, role in line:
        for character in part:
            shown = covers.get(k, character)
            if shown == COVERED[0] and role == MARKED:  # on its ground it would be all ground
                if not marked and runs and runs[-1][0] == " ":
                    runs[-1] = (POINTED, "accent")
                elif not marked:
                    shown = POINTED
                runs.append((shown, "accent"))
                marked = True
                k += 1
                continue
            marked = False
            if k in covers and role.endswith("error"):
                runs.append((shown, f"{role.removesuffix('error')}dim"))
            else:
                runs.append((shown, role))
            k += 1
    return merge(runs)
