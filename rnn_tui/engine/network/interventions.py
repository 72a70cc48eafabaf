"""Interventions: their texts, such as ``f_3 = 1``, and what each changes in a network.

An intervention (on the screen: what-if) is a pin (a value held at a constant), a cut (of the
gradient's path), an edit (of a parameter) or a release (of pins and cuts).

    f = 1             the value f_t of every unit at every timestep is 1
    f[3] = 1          of unit 3 only; units, like rows and columns, count from 1
    f[1:8] = 1        of units 1 to 8
    f_7[3] = 0.5      at timestep 7 only
    f_7 = 0.5         every unit at timestep 7
    h_7[3] = 0        a state; without a timestep nothing would be left of it
    x_7 = 0.2         an input
    W_hf[1,2] = 0     a weight within its gate; b_f[3] = 1 a bias
    W_hf[3,:] = 0     row 3; W_hf[:,1:4] = 0 columns 1 to 4
    W_hf = 0          a gate's block; W_h = 0 the whole tensor
    W_h *= 2          likewise /=, += and -=
    W_hf = 0.9·I      0.9 times the identity; 0.9*I is the same
    detach @7         timestep 7 sends no gradient to timestep 6
    release f[3]      f[3] is no longer held, from this window on; release detach @7
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

from rnn_tui.engine.core.parameters import block_name
from rnn_tui.engine.core.value_names import value_name
from rnn_tui.engine.network.declaration import NetworkDeclaration
from rnn_tui.engine.network.edits import Edit, block_shapes
from rnn_tui.engine.network.pins import Cut, Pin, Pins
from rnn_tui.engine.network.spans import Span, parse_span
from rnn_tui.settings import quote

FORMS = (
    "NAME = X, NAME_T[UNIT] = X, WEIGHT[ROW,COLUMN] = X, WEIGHT *= X, WEIGHT = X·I, "
    "detach @T or release"
)
_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
# Compiled when one is first read, and kept by `re`.
_NAME = (
    r"(?P<name>[A-Za-z]\w*?)(?:_(?P<subscript>\d{1,9}))?(?:\s*\[(?P<place>[\d\s,:]*)\])?"
    r"\s*(?:@\s*(?P<t>\d{1,9}))?"
)
_LINE = (
    rf"{_NAME}\s*(?P<operator>[*/+-]?=)\s*"
    rf"(?:(?P<value>{_NUMBER})|(?P<factor>{_NUMBER}|[+-]?)\s*[·*]?\s*(?P<identity>I))"
)
_DETACH = r"detach\s*(?:@|\bt\s*=)\s*(\d{1,9})"  # t=7 is how breakpoints write it
_RELEASE = r"release(?:\s+(?P<what>\S.*))?"
_TYPED = str.maketrans({"−": "-", "×": "*", "÷": "/", "\u22c5": "·"})


class InterventionError(ValueError):
    """An intervention that is refused; the message is one line that begins with its text."""

    def __init__(self, text: str, reason: str) -> None:
        """Say for what `reason` the intervention `text` is refused."""
        super().__init__(f"{quote(text)}: {reason}")


@dataclass(frozen=True, slots=True)
class Release:
    """Pins and cuts are taken away, from a window on; edits stay, as they changed the parameters.

    Attributes:
        what: covers the pins and cuts that are taken away; its value is of no account. None: all.
    """

    what: Pin | Cut | None = None

    def __str__(self) -> str:
        return "release" if self.what is None else f"release {self.what.name}"

    def takes(self, pin: Pin | Cut) -> bool:
        """Return whether `pin` is taken away."""
        return self.what is None or self.what.covers(pin)


Intervention = Pin | Cut | Edit | Release


def together(pins: Pins, change: Pin | Cut | Release) -> Pins:
    """Return the pins in force after `change`: a newer pin replaces those that it covers."""
    if isinstance(change, Release):
        return tuple(pin for pin in pins if not change.takes(pin))
    return (*(pin for pin in pins if not change.covers(pin)), change)


def is_in_force(pins: Pins, change: Pin | Cut) -> bool:
    """Return whether `change` would change nothing: what it holds or cuts is held or cut so."""
    over = next((pin for pin in reversed(pins) if pin.meets(change)), None)
    if over is None or not over.covers(change):
        return False
    return not (isinstance(over, Pin) and isinstance(change, Pin)) or over.value == change.value


# ---------------------------------------------------------------- the grammar


def pinnable(declaration: NetworkDeclaration) -> dict[str, str]:
    """Return the symbol of each value that can be pinned, by how it is written: ``f`` → ``f_t``.

    Inputs come first.
    """
    computed = (operation.symbol for operation in declaration.cell_forward_operations)
    return {value_name(symbol): symbol for symbol in ("x_t", *computed)}


def units_of(declaration: NetworkDeclaration, symbol: str) -> int:
    """Return how many units the value `symbol` has."""
    architecture = declaration.architecture
    return architecture.features if symbol == "x_t" else architecture.hidden


def parse(text: str, declaration: NetworkDeclaration) -> Intervention:
    """Read an intervention; see the module for how it is written.

    Raises:
        InterventionError: `text` is none, or does not fit the network of `declaration`.
    """
    stripped = text.strip().translate(_TYPED)
    if match := re.fullmatch(_RELEASE, stripped, re.ASCII):
        intervention: Intervention = _release(text, match["what"], declaration)
    elif match := re.fullmatch(_DETACH, stripped, re.ASCII):
        intervention = Cut(int(match[1]))
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


def _release(text: str, what: str | None, declaration: NetworkDeclaration) -> Release:
    """Read what is released; `text` is what error messages quote."""
    if what is None:
        return Release()
    if match := re.fullmatch(_DETACH, what, re.ASCII):
        return Release(Cut(int(match[1])))
    match = re.fullmatch(_NAME, what, re.ASCII)
    if match is None:
        raise InterventionError(text, "expected release, release NAME or release detach @T")
    if match["name"] not in pinnable(declaration):
        if match["name"] in block_shapes(declaration):
            reason = f"{match['name']} is not held: esc undoes an edit, or del in the list"
            raise InterventionError(text, reason)
        raise _unknown(text, match["name"], declaration)
    return Release(_pin(text, match, 0.0, declaration, always=True))


def _assignment(text: str, stripped: str, declaration: NetworkDeclaration) -> Pin | Edit:
    """Read a pin or an edit, ``NAME = X``; `text` is what error messages quote."""
    match = re.fullmatch(_LINE, stripped, re.ASCII)
    if match is None:
        raise InterventionError(text, f"expected {FORMS}")
    name = match["name"]
    if name not in pinnable(declaration):
        return _edit(text, match, declaration)
    if match["identity"] is not None:
        raise InterventionError(text, f"{name} is no matrix: only a square weight can be X·I")
    if match["operator"] != "=":
        reason = f"{name} is held at a constant: {name} = X; {match['operator']} is for weights"
        raise InterventionError(text, reason)
    return _pin(text, match, float(match["value"]), declaration)


def _pin(
    text: str,
    match: re.Match[str],
    value: float,
    declaration: NetworkDeclaration,
    always: bool = False,
) -> Pin:
    """Read what is held.

    Args:
        text: what error messages quote.
        match: of the name, its time and its units.
        value: the constant.
        declaration: of the network.
        always: whether a state without a time is allowed.
    """
    name, subscript, t = match["name"], match["subscript"], match["t"]
    symbol = pinnable(declaration)[name]
    place = _place(text, match["place"], (units_of(declaration, symbol),))
    if t is None:
        t = subscript
    elif subscript is not None and place is not None:
        raise InterventionError(text, f"expected {FORMS}")
    elif subscript is not None:
        place = (int(subscript),)
    if place is not None and len(place) > 1:
        raise InterventionError(text, f"units of {name} are written {name}[3] or {name}[1:8]")
    if t is None and name in declaration.states and not always:
        raise InterventionError(text, f"{name} is a state: say when, {name}_7 or {name}_7[3]")
    unit, when = None if place is None else place[0], None if t is None else int(t)
    if unit is None and subscript is not None and int(subscript) > declaration.steps:
        reason = f"timesteps go from 1 to {declaration.steps}, not {subscript}"
        raise InterventionError(text, f"{reason}; a unit is written {name}[{subscript}]")
    return Pin(symbol, value, unit, when)


def _edit(text: str, match: re.Match[str], declaration: NetworkDeclaration) -> Edit:
    """Read an edit of a parameter, which has no time."""
    name, subscript, t = match["name"], match["subscript"], match["t"]
    blocks = block_shapes(declaration)
    when = f"@{t}" if t is not None else f"_{subscript}" if subscript is not None else ""
    if when and name in blocks:
        entry = "" if t is not None else f"; an entry is written {name}[{subscript}]"
        same = f"{name} is the same at every timestep"
        raise InterventionError(text, f"{same}: leave out {when}{entry}")
    name = name if subscript is None else f"{name}_{subscript}"
    shape = blocks.get(name, (0, 0))
    place = _place(text, match["place"], shape)
    operator = match["operator"]
    if match["identity"] is None:
        return Edit(name, float(match["value"]), place, operator)
    if operator != "=" or place is not None:
        raise InterventionError(text, f"the identity is set as a whole: {name} = X·I")
    factor = match["factor"]
    value = float(f"{factor}1") if factor in ("", "+", "-") else float(factor)
    return Edit(name, value, identity=True)


def hint(text: str, declaration: NetworkDeclaration) -> str:
    """Return how a what-if is read that could be meant otherwise; "" where there is no doubt.

    Args:
        text: what `parse` reads.
        declaration: of the network.
    """
    match = re.fullmatch(_LINE, text.strip().translate(_TYPED), re.ASCII)
    if match is None or match["subscript"] is None or match["name"] not in pinnable(declaration):
        return ""
    if match["t"] is not None:
        return f"reads {parse(text, declaration)}: a subscript is a time, brackets are a unit"
    if match["place"] is not None:
        return ""
    name, t = match["name"], int(match["subscript"])
    unit = f"{name}_{t}[1]" if name in declaration.states else f"{name}[{t}]"
    return f"every unit at timestep {t}; one unit is written {unit}"


def _place(text: str, place: str | None, shape: tuple[int, ...]) -> tuple[Span, ...] | None:
    """Read the place of entries in something of `shape`: ``1,2``, ``3,:``; None where none is."""
    if place is None:
        return None
    parts = place.split(",")
    sizes = (*shape, *(0 for _ in parts))
    try:
        spans = tuple(parse_span(part, most) for part, most in zip(parts, sizes, strict=False))
    except ValueError:
        raise InterventionError(text, f"expected {FORMS}") from None
    empty = (span for span in spans if isinstance(span, tuple) and span[0] > span[1])
    if (span := next(empty, None)) is not None:
        reason = f"a range is written first:last, {span[1]}:{span[0]}, not {span[0]}:{span[1]}"
        raise InterventionError(text, reason)
    return spans


def _check(text: str, intervention: Intervention, declaration: NetworkDeclaration) -> None:
    """Check an intervention, quoting `text` if it does not fit."""
    match intervention:
        case Pin():
            _check_pin(text, intervention, declaration)
        case Cut(t):
            _check_range(text, "timesteps", t, declaration.steps)
        case Edit():
            _check_edit(text, intervention, declaration)
        case Release(None):
            return
        case Release(Pin() | Cut() as what):
            _check(text, what, declaration)
            return
    if isinstance(intervention, Pin | Edit):
        dtype = declaration.dtype
        with np.errstate(over="ignore"):
            finite = np.isfinite(np.asarray(intervention.value).astype(dtype))
        if not finite:
            raise InterventionError(text, f"the value must be a finite number of {dtype}")


def _check_pin(text: str, pin: Pin, declaration: NetworkDeclaration) -> None:
    if pin.symbol not in pinnable(declaration).values():
        raise _unknown(text, value_name(pin.symbol), declaration)
    most = units_of(declaration, pin.symbol)
    _check_span(text, f"units of {value_name(pin.symbol)}", pin.unit, most)
    if pin.t is not None:
        _check_range(text, "timesteps", pin.t, declaration.steps)


def _check_edit(text: str, edit: Edit, declaration: NetworkDeclaration) -> None:
    blocks = block_shapes(declaration)
    if edit.name not in blocks:
        raise _unknown(text, edit.name, declaration)
    shape = blocks[edit.name]
    if edit.place is not None and not (
        len(edit.place) == len(shape)
        and all(_within(span, most) for span, most in zip(edit.place, shape, strict=True))
    ):
        first, last = ("1," * len(shape))[:-1], ",".join(map(str, shape))
        raise InterventionError(text, f"{edit.name} goes from [{first}] to [{last}]")
    if edit.operator == "/=" and not np.asarray(edit.value, declaration.dtype):
        raise InterventionError(text, "nothing is divided by 0; expected another number")
    if edit.identity and (len(shape) != 2 or shape[0] != shape[1]):
        raise InterventionError(text, _not_square(edit.name, declaration))


def _not_square(name: str, declaration: NetworkDeclaration) -> str:
    """Return why a tensor cannot be a multiple of the identity, and which parts of it can."""
    shapes = block_shapes(declaration)
    shape = shapes[name]
    spec = next((each for each in declaration.specs if each.name == name), None)
    parts_of = () if spec is None else [block_name(name, block) for block in spec.blocks]
    square = [part for part in parts_of if len(shapes[part]) == 2 and len(set(shapes[part])) == 1]
    size = " × ".join(map(str, shape)) if len(shape) > 1 else f"a vector of {shape[0]}"
    parts = f"; of it {', '.join(square)} can" if square else ""
    return f"only a square matrix can be X·I, and {name} is {size}{parts}"


def _within(span: Span, most: int) -> bool:
    """Return whether a span lies within 1 … `most`."""
    first, last = span if isinstance(span, tuple) else (span, span)
    return span is None or 1 <= (first or 0) <= (last or 0) <= most


def _check_span(text: str, what: str, span: Span, most: int) -> None:
    """Check that a span lies within 1 … `most`."""
    for number in span if isinstance(span, tuple) else (span,):
        if number is not None:
            _check_range(text, what, number, most)


def _check_range(text: str, what: str, number: int, most: int) -> None:
    """Check that `number` is from 1 to `most`."""
    if not 1 <= number <= most:
        raise InterventionError(text, f"{what} go from 1 to {most}, not {number}")


def _unknown(text: str, name: str, declaration: NetworkDeclaration) -> InterventionError:
    """Return the error for a name that does not exist, with those that do."""
    known = ", ".join((*pinnable(declaration), *block_shapes(declaration)))
    return InterventionError(text, f"there is no {quote(name)}; expected one of {known}")
