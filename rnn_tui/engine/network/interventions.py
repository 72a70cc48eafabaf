"""Interventions: their texts, such as ``f_3 = 1``, and what each changes in a network.

An intervention (on the screen: what-if) is a pin (a value held at a constant), a cut (of the
gradient's path) or an edit (of a parameter). `Release` takes all pins and cuts back.

    f = 1             the value f_t of every unit at every timestep is 1
    f[3] = 1          of unit 3 only; units, like rows and columns, count from 1
    f_7[3] = 0.5      at timestep 7 only
    f_7 = 0.5         every unit at timestep 7
    h_7[3] = 0        a state; without a timestep nothing would be left of it
    x_7 = 0.2         an input
    W_hf[1,2] = 0     a weight within its gate; b_f[3] = 1 a bias
    W_hf = 0          a gate's block; W_h = 0 the whole tensor
    detach @7         timestep 7 sends no gradient to timestep 6
    release           nothing is held or cut any more

A subscript is a time and brackets are a unit (`engine/core/value_names.py`). Where a time is named
by @, as it was before, a subscript is a unit: ``f_3 @7 = 0.5`` is ``f_7[3] = 0.5``.

A pinned value is a constant: v_t = k in the forward pass, and no gradient flows through it to
what it would be computed from. Its own gradient ∂L/∂v_t is still computed and shown. Names are
those of the cell's declaration, so this works for every cell.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.core.parameters import block_views
from rnn_tui.engine.core.value_names import value_name
from rnn_tui.engine.network.declaration import NetworkDeclaration
from rnn_tui.engine.network.pins import Cut, Pin, Pins, short_number
from rnn_tui.settings import quote

FORMS = "NAME = X, NAME_T[UNIT] = X, WEIGHT[ROW,COLUMN] = X, detach @T or release"
_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
# Compiled when one is first read, and kept by `re`.
_LINE = (
    r"(?P<name>[A-Za-z]\w*?)(?:_(?P<subscript>\d{1,9}))?(?:\s*\[(?P<place>[\d\s,]*)\])?"
    rf"\s*(?:@\s*(?P<t>\d{{1,9}}))?\s*=\s*(?P<value>{_NUMBER})"
)
_DETACH = r"detach\s*(?:@|\bt\s*=)\s*(\d{1,9})"  # t=7 is how breakpoints write it


class InterventionError(ValueError):
    """An intervention that is refused; the message is one line that begins with its text."""

    def __init__(self, text: str, reason: str) -> None:
        """Say for what `reason` the intervention `text` is refused."""
        super().__init__(f"{quote(text)}: {reason}")


@dataclass(frozen=True, slots=True)
class Edit:
    """A parameter, a gate's block of it, or one entry is set to `value`.

    Attributes:
        name: of the parameter or block, such as ``W_hf``.
        value: what it is set to.
        place: the entry within it, such as (1, 2), from 1; None: all of them.
    """

    name: str
    value: float
    place: tuple[int, ...] | None = None

    def __str__(self) -> str:
        return f"{value_name(self.name, None, *(self.place or ()))} = {short_number(self.value)}"

    def indices(self, declaration: NetworkDeclaration) -> Array:
        """Return the indices of the entries in the flat vector."""
        indices = _blocks(declaration)[self.name]
        if self.place is None:
            return indices.reshape(-1)
        return indices[tuple(slice(k - 1, k) for k in self.place)].reshape(-1)


@dataclass(frozen=True, slots=True)
class Release:
    """Every pin and cut is taken away; edits stay, as they have changed the parameters."""

    def __str__(self) -> str:
        return "release"


Intervention = Pin | Cut | Edit | Release


def together(pins: Pins, change: Pin | Cut | Release) -> Pins:
    """Return the pins in force after `change`: a newer pin replaces those that it covers."""
    if isinstance(change, Release):
        return ()
    return (*(pin for pin in pins if not change.covers(pin)), change)


def edit_of(declaration: NetworkDeclaration, index: int, value: float) -> Edit:
    """Return the edit that sets entry `index` of the flat vector, named within its gate.

    Raises:
        IndexError: there is no such parameter.
    """
    blocks = {name: each for name, each in _blocks(declaration).items() if index in each}
    if not blocks:
        raise IndexError(f"parameter {index} of {declaration.parameter_count}")
    name = min(blocks, key=lambda each: blocks[each].size)
    place = np.argwhere(blocks[name] == index)[0] + 1
    return Edit(name, value, tuple(int(k) for k in place))


def _blocks(declaration: NetworkDeclaration) -> dict[str, Array]:
    """Return for each parameter and each gate's block the indices of its entries, in its shape."""
    blocks: dict[str, Array] = {}
    offset = 0
    for spec in declaration.specs:
        size = int(np.prod(spec.shape))
        whole = np.arange(offset, offset + size).reshape(spec.shape)
        blocks[spec.name] = whole
        blocks |= block_views({spec.name: whole}, spec.name, spec.blocks)
        offset += size
    return blocks


# ---------------------------------------------------------------- the grammar


def pinnable(declaration: NetworkDeclaration) -> dict[str, str]:
    """Return the symbol of each value that can be pinned, by how it is written: ``f`` → ``f_t``.

    Inputs come first.
    """
    computed = (operation.symbol for operation in declaration.cell_forward_operations)
    return {value_name(symbol): symbol for symbol in ("x_t", *computed)}


def parse(text: str, declaration: NetworkDeclaration) -> Intervention:
    """Read an intervention; see the module for how it is written.

    Raises:
        InterventionError: `text` is none, or does not fit the network of `declaration`.
    """
    stripped = text.strip().replace("−", "-")
    if stripped == "release":
        return Release()
    if match := re.fullmatch(_DETACH, stripped, re.ASCII):
        intervention: Intervention = Cut(int(match[1]))
    else:
        intervention = _assignment(text, stripped, declaration)
    _check(text, intervention, declaration)
    return intervention


def check(intervention: Intervention, declaration: NetworkDeclaration) -> None:
    """Check that an intervention fits the network of `declaration`.

    Raises:
        InterventionError: it does not.
    """
    _check(str(intervention), intervention, declaration)


def _assignment(text: str, stripped: str, declaration: NetworkDeclaration) -> Pin | Edit:
    """Read a pin or an edit, ``NAME = X``; `text` is what error messages quote."""
    match = re.fullmatch(_LINE, stripped, re.ASCII)
    if match is None:
        raise InterventionError(text, f"expected {FORMS}")
    name, subscript, t = match["name"], match["subscript"], match["t"]
    place = None if match["place"] is None else _place(text, match["place"])
    value = float(match["value"])
    if name not in pinnable(declaration):
        return _edit(text, match, place, value, declaration)
    if t is None:
        t = subscript
    elif subscript is not None and place is not None:
        raise InterventionError(text, f"expected {FORMS}")
    elif subscript is not None:
        place = (int(subscript),)
    if place is not None and len(place) > 1:
        raise InterventionError(text, f"one unit of {name} is written {name}[3]")
    if t is None and name in declaration.states:
        raise InterventionError(text, f"{name} is a state: say when, {name}_7 or {name}_7[3]")
    unit, when = None if place is None else place[0], None if t is None else int(t)
    if unit is None and subscript is not None and int(subscript) > declaration.steps:
        reason = f"timesteps go from 1 to {declaration.steps}, not {subscript}"
        raise InterventionError(text, f"{reason}; a unit is written {name}[{subscript}]")
    return Pin(pinnable(declaration)[name], value, unit, when)


def _edit(
    text: str,
    match: re.Match[str],
    place: tuple[int, ...] | None,
    value: float,
    declaration: NetworkDeclaration,
) -> Edit:
    """Read an edit of a parameter, which has no time."""
    name, subscript, t = match["name"], match["subscript"], match["t"]
    when = f"@{t}" if t is not None else f"_{subscript}" if subscript is not None else ""
    if when and name in _blocks(declaration):
        entry = "" if t is not None else f"; an entry is written {name}[{subscript}]"
        same = f"{name} is the same at every timestep"
        raise InterventionError(text, f"{same}: leave out {when}{entry}")
    return Edit(name if subscript is None else f"{name}_{subscript}", value, place)


def hint(text: str, declaration: NetworkDeclaration) -> str:
    """Return how a what-if is read that could be meant otherwise; "" where there is no doubt.

    Args:
        text: what `parse` reads.
        declaration: of the network.
    """
    match = re.fullmatch(_LINE, text.strip().replace("−", "-"), re.ASCII)
    if match is None or match["subscript"] is None or match["name"] not in pinnable(declaration):
        return ""
    if match["t"] is not None:
        return f"reads {parse(text, declaration)}: a subscript is a time, brackets are a unit"
    if match["place"] is not None:
        return ""
    name, t = match["name"], int(match["subscript"])
    unit = f"{name}_{t}[1]" if name in declaration.states else f"{name}[{t}]"
    return f"every unit at timestep {t}; one unit is written {unit}"


def _place(text: str, place: str) -> tuple[int, ...]:
    """Read an entry's place, ``1,2``."""
    try:
        return tuple(int(number) for number in place.split(","))
    except ValueError:
        raise InterventionError(text, f"expected {FORMS}") from None


def _check(text: str, intervention: Intervention, declaration: NetworkDeclaration) -> None:
    """Check an intervention, quoting `text` if it does not fit."""
    match intervention:
        case Pin():
            _check_pin(text, intervention, declaration)
        case Cut(t):
            _check_range(text, "timesteps", t, declaration.steps)
        case Edit():
            _check_edit(text, intervention, declaration)
        case Release():
            return
    if not isinstance(intervention, Cut):
        dtype = declaration.dtype
        with np.errstate(over="ignore"):
            finite = np.isfinite(np.asarray(intervention.value).astype(dtype))
        if not finite:
            raise InterventionError(text, f"the value must be a finite number of {dtype}")


def _check_pin(text: str, pin: Pin, declaration: NetworkDeclaration) -> None:
    if pin.symbol not in pinnable(declaration).values():
        raise _unknown(text, value_name(pin.symbol), declaration)
    if pin.unit is not None:
        architecture = declaration.architecture
        most = architecture.features if pin.symbol == "x_t" else architecture.hidden
        _check_range(text, f"units of {value_name(pin.symbol)}", pin.unit, most)
    if pin.t is not None:
        _check_range(text, "timesteps", pin.t, declaration.steps)


def _check_edit(text: str, edit: Edit, declaration: NetworkDeclaration) -> None:
    blocks = _blocks(declaration)
    if edit.name not in blocks:
        raise _unknown(text, edit.name, declaration)
    shape = blocks[edit.name].shape
    if edit.place is not None and not (
        len(edit.place) == len(shape)
        and all(1 <= k <= most for k, most in zip(edit.place, shape, strict=True))
    ):
        first, last = ("1," * len(shape))[:-1], ",".join(map(str, shape))
        raise InterventionError(text, f"{edit.name} goes from [{first}] to [{last}]")


def _check_range(text: str, what: str, number: int, most: int) -> None:
    """Check that `number` is from 1 to `most`."""
    if not 1 <= number <= most:
        raise InterventionError(text, f"{what} go from 1 to {most}, not {number}")


def _unknown(text: str, name: str, declaration: NetworkDeclaration) -> InterventionError:
    """Return the error for a name that does not exist, with those that do."""
    known = ", ".join((*pinnable(declaration), *_blocks(declaration)))
    return InterventionError(text, f"there is no {quote(name)}; expected one of {known}")
