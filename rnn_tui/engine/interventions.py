"""What if: values held at a constant, paths of the gradient cut, parameters set.

    f = 1             the value f_t of every unit at every timestep is 1
    f_3 = 1           of unit 3 only; units, like rows and columns, count from 1
    f_3 @7 = 0.5      at timestep 7 only
    h_3 @7 = 0        a state; without a timestep nothing would be left of it
    x @7 = 0.2        an input
    W_hf[1,2] = 0     a weight within its gate; b_f[3] = 1 a bias
    W_hf = 0          a gate's block; W_h = 0 the whole tensor
    detach @7         timestep 7 sends no gradient to timestep 6
    release           nothing is held or cut any more

A value that is held is a constant: v_t = k in the forward pass, and nothing flows back through it,
∂v_t/∂(all it was made of) = 0. Its own gradient ∂L/∂v_t is still there to be seen. Names are those
of the cell's declaration, and so is the computation: no cell is known here by name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from rnn_tui.engine.cells.base import Cell, Kernel, Operation, block_views
from rnn_tui.engine.expressions import Array, Binary, Expression, Function, Negative, Square
from rnn_tui.engine.tape import Tape
from rnn_tui.settings import quote

if TYPE_CHECKING:
    from rnn_tui.engine.network import Network

FORMS = "NAME = X, NAME_UNIT @T = X, WEIGHT[ROW,COLUMN] = X, detach @T or release"
_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
# Compiled when one is first read, and kept by `re`.
_LINE = (
    r"(?P<name>[A-Za-z]\w*?)(?:_(?P<unit>\d{1,9}))?(?:\s*\[(?P<place>[\d\s,]*)\])?"
    rf"\s*(?:@\s*(?P<t>\d{{1,9}}))?\s*=\s*(?P<value>{_NUMBER})"
)
_DETACH = r"detach\s*@\s*(\d{1,9})"


class InterventionError(ValueError):
    """An intervention that cannot be; the message is one line that begins with its text."""

    def __init__(self, text: str, reason: str) -> None:
        """Say why `text` cannot be."""
        super().__init__(f"{quote(text)}: {reason}")


@dataclass(frozen=True, slots=True)
class Pin:
    """The value `symbol` (``f_t``, ``h_t``, ``x_t``) is held at `value`, for every sample.

    `unit` and `t` count from 1; None: every one.
    """

    symbol: str
    value: float
    unit: int | None = None
    t: int | None = None

    def __str__(self) -> str:
        unit = "" if self.unit is None else f"_{self.unit}"
        at = "" if self.t is None else f" @{self.t}"
        return f"{_short(self.symbol)}{unit}{at} = {_number(self.value)}"

    @property
    def part(self) -> slice:
        """Its units, of the last axis."""
        return slice(None) if self.unit is None else slice(self.unit - 1, self.unit)

    def covers(self, other: Pin | Cut) -> bool:
        """Whether nothing of `other` is left once this one is put on top of it."""
        return (
            isinstance(other, Pin)
            and self.symbol == other.symbol
            and self.unit in (None, other.unit)
            and self.t in (None, other.t)
        )


@dataclass(frozen=True, slots=True)
class Cut:
    """Timestep `t` sends no gradient to timestep t−1 (the state before t is detached)."""

    t: int

    def __str__(self) -> str:
        return f"detach @{self.t}"

    def covers(self, other: Pin | Cut) -> bool:
        """Whether it is the same."""
        return self == other


@dataclass(frozen=True, slots=True)
class Edit:
    """A parameter, a gate's block of it, or with a `place` one entry is set to `value`.

    `place` counts from 1 within what `name` names: ``W_hf``, (1, 2).
    """

    name: str
    value: float
    place: tuple[int, ...] | None = None

    def __str__(self) -> str:
        inside = "" if self.place is None else f"[{','.join(map(str, self.place))}]"
        return f"{self.name}{inside} = {_number(self.value)}"

    def indices(self, network: Network) -> Array:
        """Where that is in the flat vector."""
        indices = _blocks(network)[self.name]
        if self.place is None:
            return indices.reshape(-1)
        return indices[tuple(slice(k - 1, k) for k in self.place)].reshape(-1)


@dataclass(frozen=True, slots=True)
class Release:
    """Every pin and cut is taken away; edits stay, they are parameters now."""

    def __str__(self) -> str:
        return "release"


Pins = tuple[Pin | Cut, ...]
Intervention = Pin | Cut | Edit | Release


def together(pins: Pins, change: Pin | Cut | Release) -> Pins:
    """What is in force after `change`: a newer pin goes over older ones."""
    if isinstance(change, Release):
        return ()
    return (*(pin for pin in pins if not change.covers(pin)), change)


def edit_of(network: Network, index: int, value: float) -> Edit:
    """The edit of the parameter at `index` of the flat vector, named within its gate.

    Raises:
        IndexError: there is no such parameter.
    """
    narrow = {name: found for name, found in _blocks(network).items() if index in found}
    if not narrow:
        raise IndexError(f"parameter {index} of {network.flat.size}")
    name = min(narrow, key=lambda each: narrow[each].size)
    place = np.argwhere(narrow[name] == index)[0] + 1
    return Edit(name, value, tuple(int(k) for k in place))


def _short(symbol: str) -> str:
    return symbol.removesuffix("_t")


def _number(value: float) -> str:
    return repr(float(value)).removesuffix(".0")


def _blocks(network: Network) -> dict[str, Array]:
    """For each parameter and each gate's block: its entries' indices in the flat vector."""
    found: dict[str, Array] = {}
    offset = 0
    for spec in network.specs:
        size = int(np.prod(spec.shape))
        whole = np.arange(offset, offset + size).reshape(spec.shape)
        found[spec.name] = whole
        found |= block_views({spec.name: whole}, spec.name, spec.blocks)
        offset += size
    return found


# ---------------------------------------------------------------- the grammar


def pinnable(network: Network) -> dict[str, str]:
    """What can be held, as it is written: ``f`` → ``f_t``; inputs first."""
    made = (operation.symbol for operation in network.state_forward)
    return {_short(symbol): symbol for symbol in ("x_t", *made)}


def parse(text: str, network: Network) -> Intervention:
    """The intervention that `text` writes; see the module.

    Raises:
        InterventionError: it is none, or does not fit `network`.
    """
    plain = text.strip().replace("−", "-")
    if plain == "release":
        return Release()
    if found := re.fullmatch(_DETACH, plain, re.ASCII):
        intervention: Intervention = Cut(int(found[1]))
    else:
        intervention = _assignment(text, plain, network)
    _check(text, intervention, network)
    return intervention


def check(intervention: Intervention, network: Network) -> None:
    """Whether it fits `network`.

    Raises:
        InterventionError: it does not.
    """
    _check(str(intervention), intervention, network)


def _assignment(text: str, plain: str, network: Network) -> Pin | Edit:
    found = re.fullmatch(_LINE, plain, re.ASCII)
    if found is None:
        raise InterventionError(text, f"expected {FORMS}")
    name, unit, place, t = (found[part] for part in ("name", "unit", "place", "t"))
    value = float(found["value"])
    if name not in pinnable(network):
        if unit is not None:
            name = f"{name}_{unit}"  # not written like a parameter's entry
        if t is not None and name in _blocks(network):
            raise InterventionError(text, f"{name} is the same at every timestep: leave out @{t}")
        return Edit(name, value, None if place is None else _place(text, place))
    if place is not None:
        raise InterventionError(text, f"one unit of {name} is written {name}_3")
    where = (None if number is None else int(number) for number in (unit, t))
    pin = Pin(pinnable(network)[name], value, *where)
    if t is None and name in network.states:
        raise InterventionError(text, f"{name} is a state: say when, {name} @7 or {name}_3 @7")
    return pin


def _place(text: str, place: str) -> tuple[int, ...]:
    try:
        return tuple(int(number) for number in place.split(","))
    except ValueError:
        raise InterventionError(text, f"expected {FORMS}") from None


def _check(text: str, intervention: Intervention, network: Network) -> None:
    match intervention:
        case Pin():
            _check_pin(text, intervention, network)
        case Cut(t):
            _check_range(text, "timesteps", t, network.tape.steps)
        case Edit():
            _check_edit(text, intervention, network)
        case Release():
            return
    if not isinstance(intervention, Cut):
        dtype = network.flat.dtype
        with np.errstate(over="ignore"):
            finite = np.isfinite(np.asarray(intervention.value).astype(dtype))
        if not finite:
            raise InterventionError(text, f"the value must be a finite number of {dtype}")


def _check_pin(text: str, pin: Pin, network: Network) -> None:
    if pin.symbol not in pinnable(network).values():
        raise _unknown(text, _short(pin.symbol), network)
    if pin.unit is not None:
        architecture = network.architecture
        most = architecture.features if pin.symbol == "x_t" else architecture.hidden
        _check_range(text, f"units of {_short(pin.symbol)}", pin.unit, most)
    if pin.t is not None:
        _check_range(text, "timesteps", pin.t, network.tape.steps)


def _check_edit(text: str, edit: Edit, network: Network) -> None:
    blocks = _blocks(network)
    if edit.name not in blocks:
        raise _unknown(text, edit.name, network)
    shape = blocks[edit.name].shape
    if edit.place is not None and not (
        len(edit.place) == len(shape)
        and all(1 <= k <= most for k, most in zip(edit.place, shape, strict=True))
    ):
        first, last = ("1," * len(shape))[:-1], ",".join(map(str, shape))
        raise InterventionError(text, f"{edit.name} goes from [{first}] to [{last}]")


def _check_range(text: str, what: str, number: int, most: int) -> None:
    if not 1 <= number <= most:
        raise InterventionError(text, f"{what} go from 1 to {most}, not {number}")


def _unknown(text: str, name: str, network: Network) -> InterventionError:
    known = ", ".join((*pinnable(network), *_blocks(network)))
    return InterventionError(text, f"there is no {quote(name)}; expected one of {known}")


# ---------------------------------------------------------------- the computation


@dataclass(frozen=True, slots=True)
class Grip:
    """What pins and cuts do at one timestep.

    `held`: units and constant by symbol; `stopped`: units by the symbol of the gradient that does
    not flow through them; `cut`: nothing is sent to timestep t−1.
    """

    held: Mapping[str, tuple[tuple[slice, float], ...]] = field(default_factory=dict)
    stopped: Mapping[str, tuple[slice, ...]] = field(default_factory=dict)
    cut: bool = False

    def hold(self, symbol: str, array: Array) -> Array:
        """`array` [.., H], the value of `symbol`, with what is held put in place."""
        for part, value in self.held.get(symbol, ()):
            array[..., part] = value
        return array

    def through(self, symbol: str, gradient: Array) -> Array:
        """What later operations read of `gradient` [.., H]: zeros where a constant is behind it."""
        if symbol not in self.stopped:
            return gradient
        passed = gradient.copy()
        for part in self.stopped[symbol]:
            passed[..., part] = 0
        return passed

    def send(self, operations: Sequence[Operation], known: dict[str, Array]) -> dict[str, Array]:
        """Evaluate backward `operations` in order; `known` is given their results.

        Returns:
            The same as later operations read them; see `through`.
        """
        read = dict(known)
        for operation in operations:
            symbol = operation.symbol
            gradient = operation.expression.evaluate(read)
            if self.cut and sent_on(operation):
                gradient = np.zeros_like(gradient)
            known[symbol], read[symbol] = gradient, self.through(symbol, gradient)
        return read


FREE = Grip()


def sent_on(operation: Operation) -> bool:
    """Whether it makes a gradient that timestep t sends to timestep t−1."""
    return operation.symbol.endswith("_<t-1>")


def grip(pins: Pins, backward: Sequence[Operation], t: int) -> Grip:
    """What `pins` do at timestep `t`, of whose backward pass `backward` are the operations.

    A later one goes over an earlier one.
    """
    if not pins:
        return FREE
    gradients = {
        operation.row: operation.symbol for operation in backward if operation.column == "gradient"
    }
    held: dict[str, tuple[tuple[slice, float], ...]] = {}
    stopped: dict[str, tuple[slice, ...]] = {}
    for pin in pins:
        if isinstance(pin, Pin) and pin.t in (None, t):
            held[pin.symbol] = (*held.get(pin.symbol, ()), (pin.part, pin.value))
            if gradient := gradients.get(pin.symbol):
                stopped[gradient] = (*stopped.get(gradient, ()), pin.part)
    return Grip(held, stopped, Cut(t) in pins)


class DeclaredKernel(Kernel):
    """The cell's declared operations one by one, with pins and cuts; slow, and of any cell.

    Forward, after each operation what is held takes the place of what was computed. Backward, the
    operations that read the gradient ∂L/∂v of a held v find 0 there; the tape keeps the gradient
    itself, but for those that are a factor of the weights' gradients (`ParameterSpec.right`): of
    them it has what flows on.
    """

    def __init__(
        self,
        cell: Cell,
        fused: Kernel,
        tape: Tape,
        stored: Sequence[Mapping[str, Array]],
        factors: Sequence[str],
        pins: Pins,
    ) -> None:
        """`stored`: by timestep, parameters and views of the tape by name; `factors`: the arrays
        that the weights' gradients are products of; `fused` gathers them."""
        self.cell, self.fused, self.tape, self.stored = cell, fused, tape, stored
        backward = cell.backward_operations
        self.grips = [grip(pins, backward, t) for t in range(1, tape.steps + 1)]
        self.asides = [_asides(operation, stored[0]) for operation in cell.forward_operations]
        arrays = [tape[part] for name in factors for part in tape.parts(name)]
        self.factors = {
            operation.symbol
            for operation in cell.backward_operations
            if (view := stored[0].get(operation.symbol)) is not None
            and any(np.shares_memory(view, array) for array in arrays)
        }

    def begin_forward(self) -> None:
        """Nothing: every timestep computes its own input products."""

    def forward(self, first: int, last: int) -> None:
        for stored, held in zip(
            self.stored[first - 1 : last], self.grips[first - 1 : last], strict=True
        ):
            known = dict(stored)
            for operation, asides in zip(self.cell.forward_operations, self.asides, strict=True):
                for name, expression in asides:
                    _write(known, name, expression.evaluate(known))
                _write(known, operation.symbol, operation.expression.evaluate(known))
                held.hold(operation.symbol, known[operation.symbol])

    def begin_backward(self) -> None:
        """No gradient comes from beyond the window."""
        for state in self.cell.states:
            self.tape[f"d{state}_next"][-1] = 0

    def backward(self, first: int, last: int) -> None:
        for t in range(last, first - 1, -1):
            stored = self.stored[t - 1]
            known = dict(stored)
            read = self.grips[t - 1].send(self.cell.backward_operations, known)
            for operation in self.cell.backward_operations:
                symbol = operation.symbol
                if symbol in stored:
                    np.copyto(stored[symbol], (read if symbol in self.factors else known)[symbol])

    def gather(self) -> None:
        self.fused.gather()


def _write(known: dict[str, Array], name: str, value: Array) -> None:
    """Where the tape has a place for it, there."""
    if name in known:
        np.copyto(known[name], value)
    else:
        known[name] = value.copy()


def _asides(
    operation: Operation, stored: Mapping[str, Array]
) -> tuple[tuple[str, Expression], ...]:
    """Parts of an operation that the tape keeps under their own text, such as ``tanh(c_t)``."""
    return tuple(
        (node.text(), node) for node in _parts(operation.expression) if node.text() in stored
    )


def _parts(node: Expression) -> Iterator[Expression]:
    """All that `node` is made of that is computed, itself included, the innermost first."""
    match node:
        case Binary(_, left, right):
            yield from _parts(left)
            yield from _parts(right)
        case Function(_, argument) | Negative(argument) | Square(argument):
            yield from _parts(argument)
        case _:
            return
    yield node
