"""One value of a layer, or its gradient, at all timesteps and units of a window.

The values have the cell's own names without the time: ``h``, ``c``, ``f``, ``dh``, ``da_f``; see
`unit_symbols`. Units are ordered by where they are most active, so that what happens one after
another is drawn one below the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rnn_tui.engine.analysis.magnitudes import largest
from rnn_tui.engine.core.background_work import Progress, Work
from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.core.operations import Operation
from rnn_tui.engine.core.value_names import value_name
from rnn_tui.engine.network.declaration import NetworkDeclaration
from rnn_tui.engine.network.sample_window import SampleWindow, stored_values


@dataclass(frozen=True, slots=True, eq=False)
class UnitValues:
    """The values of all units of a layer at all timesteps.

    Attributes:
        name: which value it is, by the cell's name.
        layer: the layer, from 1.
        values: [H, T].
        largest: their largest finite magnitude.
        order: [H], the units by the timestep at which each is most active.
    """

    name: str
    layer: int
    values: Array
    largest: float
    order: npt.NDArray[np.int64]


def unit_symbols(declaration: NetworkDeclaration) -> Mapping[str, str]:
    """Return the cell's symbols of the values of its units by their names without the time.

    States come first, then gates, then the gradients of both, then those that go through gates.
    """
    cell = declaration.cell
    states = [f"{state}_t" for state in cell.states]
    rows = [operation.symbol for operation in cell.forward_operations]
    back = [op for op in cell.backward_operations if not op.symbol.endswith("_<t-1>")]
    gradients = [op.symbol for op in back if op.column == "gradient"]
    first = [f"d{state}" for state in states]
    ordered = (
        *states,
        *(symbol for symbol in rows if symbol not in states),
        *(symbol for symbol in first if symbol in gradients),
        *(symbol for symbol in gradients if symbol not in first),
        *(op.symbol for op in back if op.column == "through"),
    )
    return {value_name(symbol): symbol for symbol in ordered}


def unit_values(window: SampleWindow, name: str, layer: int) -> Work[UnitValues]:
    """Collect the values `name` of a layer from a window whose both passes are done.

    Args:
        window: the window of one sample.
        name: one of the names of `unit_symbols`.
        layer: the layer, from 1.
    """
    declaration = window.declaration
    symbol = declaration.layers[layer - 1].name(unit_symbols(declaration)[name])
    rows = []
    for t in range(1, declaration.steps + 1):
        rows.append(value_at(window, symbol, t))
        yield Progress(t, declaration.steps + 1)
    values = np.ascontiguousarray(np.array(rows).T)
    order = activity_order(values)
    return UnitValues(name, layer, values, largest(values), order)


def value_at(window: SampleWindow, symbol: str, t: int) -> Array:
    """Return one named value of a window at timestep `t`, [units].

    Only what it depends on is evaluated, where it is not on the tape.
    """
    if window.pins:
        found = window.values(t)[symbol]
    else:
        with np.errstate(all="ignore"):
            found = _Values(window, t)[symbol]
    entries: Array = found[0]
    return entries


class _Values(dict[str, Array]):
    """The named values of a timestep; what is not on the tape is evaluated when it is read."""

    def __init__(self, window: SampleWindow, t: int) -> None:
        declaration = window.declaration
        super().__init__(stored_values(declaration, window.parameters, window.tape, t))
        self._operations: dict[str, Operation] = {
            each.symbol: each
            for each in (*declaration.forward_operations, *window.backward_operations_at(t))
        }

    def __missing__(self, symbol: str) -> Array:
        value = self[symbol] = self._operations[symbol].expression.evaluate(self)
        return value


def activity_order(values: Array) -> npt.NDArray[np.int64]:
    """Return the units by the timestep at which each is largest in magnitude.

    Of those of the same timestep the larger comes first, then the one with the smaller number.

    Args:
        values: [H, T].
    """
    sizes = np.nan_to_num(np.abs(values), nan=np.inf)
    peaks = sizes.argmax(axis=1)
    return np.lexsort((-sizes[np.arange(len(sizes)), peaks], peaks))
