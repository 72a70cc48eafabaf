"""Everything that is computed in a window, by name, as arrays over all timesteps.

Names are those of the screen without the time: ``f`` is the forget gate f_t of the LSTM, ``f2``
that of the second layer, ``dh`` is ∂L/∂h_t, ``h_prev`` is h_<t-1>, ``dh_next`` the part of ∂L/∂h_t
that arrives from timestep t+1.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

import numpy as np

from rnn_tui.engine.core.expressions import Array, Expression
from rnn_tui.engine.core.value_names import value_name
from rnn_tui.engine.network.declaration import NetworkDeclaration
from rnn_tui.engine.network.network import Network
from rnn_tui.engine.network.sample_window import named_values, stored_values
from rnn_tui.engine.training.schedule import Cursor, Pass


class ValuesOverTime:
    """Reads values of a network's window; says which of them the cursor has reached."""

    def __init__(self, network: Network) -> None:
        """Prepare for networks with the declaration of `network`."""
        self._declaration: NetworkDeclaration = network.declaration
        self._stored = tuple(
            stored_values(network.declaration, network.parameters, network.tape, 1)
        )

    @cached_property
    def symbols(self) -> dict[str, str]:
        """The symbols of the equations by the names that are asked for, in order of computation."""
        declaration = self._declaration
        forward = [operation.symbol for operation in declaration.forward_operations]
        backward = [operation.symbol for operation in declaration.backward_operations]
        others = (
            name for name in self._stored if "_t" in name or name.endswith(("_<t-1>", "_next"))
        )
        symbols = ["x_t", *forward, "target_t", *backward, *others]  # of two the first counts
        return {_name(symbol): symbol for symbol in symbols}

    def read(self, network: Network, parameters: Mapping[str, Array], symbol: str) -> Array:
        """Return a value at all timesteps, [T, B, …]; it may be a view of the tape.

        Args:
            network: whose passes have come as far as the value is read.
            parameters: those that the window is computed with, by name.
            symbol: of `symbols`.
        """
        return self.of_window(network, parameters)[symbol]

    def of_window(self, network: Network, parameters: Mapping[str, Array]) -> WindowArrays:
        """Return what reads several values of one window, which must not change meanwhile."""
        return WindowArrays(network, parameters, frozenset(self.symbols.values()))

    def known(self, symbol: str, t: int, cursor: Cursor) -> bool:
        """Return whether a value at timestep `t` is computed, and shown, at the cursor."""
        if symbol in ("x_t", "target_t"):
            return cursor.has_batch
        symbol = symbol.partition("(")[2].rstrip(")") or symbol  # with c_t tanh(c_t) is known
        forward = self._forward
        if symbol in forward:
            return cursor.revealed_forward(t, len(forward)) > forward[symbol]
        backward = self._backward
        if symbol in backward:
            return cursor.revealed_backward(t, len(backward)) > backward[symbol]
        if symbol.endswith("_next"):  # what timestep t + 1 sends
            if t == self._declaration.steps:
                return cursor.stage in (Pass.BACKWARD, Pass.CLIP, Pass.UPDATE)
            return self.known(f"{symbol.removesuffix('_next')}_<t-1>", t + 1, cursor)
        if symbol.startswith("d"):  # sent by a cell in which it is no operation
            return cursor.revealed_backward(t, len(backward)) == len(backward)
        if t == 1:  # a state that the window began with
            return cursor.has_batch
        return self.known(f"{symbol.removesuffix('_<t-1>')}_t", t - 1, cursor)

    @cached_property
    def _forward(self) -> dict[str, int]:
        """The place of each forward operation among those of its timestep."""
        operations = self._declaration.forward_operations
        return {operation.symbol: place for place, operation in enumerate(operations)}

    @cached_property
    def _backward(self) -> dict[str, int]:
        """The place of each backward operation among those of its timestep."""
        operations = self._declaration.backward_operations
        return {operation.symbol: place for place, operation in enumerate(operations)}


class WindowArrays:
    """The values of one window by symbol, each at all timesteps: [T, B, …]."""

    def __init__(
        self, network: Network, parameters: Mapping[str, Array], timed: frozenset[str]
    ) -> None:
        """Read the window of `network`.

        Args:
            network: see `ValuesOverTime.read`.
            parameters: likewise.
            timed: the symbols of what is no parameter.
        """
        declaration = network.declaration
        self._network, self._parameters = network, parameters
        self._rows: list[dict[str, Array]] | None = None
        whole = _views_over_time(network)
        operations = (*declaration.forward_operations, *declaration.backward_operations)
        expressions = {each.symbol: each.expression for each in operations}
        self._at_once = frozenset() if network.pins else frozenset({*whole, *expressions})
        stored = stored_values(declaration, parameters, network.tape, 1)
        weights = {name: array for name, array in stored.items() if name not in timed}
        self._evaluated = _Evaluated(weights | whole, expressions)

    def __getitem__(self, symbol: str) -> Array:
        """Return a value; it may be a view of the tape."""
        with np.errstate(all="ignore"):
            if symbol in self._at_once:
                return self._evaluated[symbol]
            if self._rows is None:  # what is held is no result of its operation
                declaration, tape, pins = (
                    self._network.declaration,
                    self._network.tape,
                    self._network.pins,
                )
                steps = range(1, tape.steps + 1)
                self._rows = [
                    named_values(declaration, self._parameters, tape, t, pins) for t in steps
                ]
            return np.stack([row[symbol] for row in self._rows])


def _views_over_time(network: Network) -> dict[str, Array]:
    """Return the values that are on the tape, by symbol: views of all timesteps, [T, B, …]."""
    tape = network.tape
    places = {
        _memory(array[k]): array[k : k + tape.steps]
        for array in tape.arrays.values()
        for k in range(min(len(array), 2))
    }
    first = stored_values(network.declaration, network.parameters, tape, 1)
    return {name: places[_memory(a)] for name, a in first.items() if _memory(a) in places}


class _Evaluated(dict[str, Array]):
    """Values by symbol; what no kernel stores is evaluated when it is asked for."""

    def __init__(self, stored: Mapping[str, Array], expressions: Mapping[str, Expression]) -> None:
        super().__init__(stored)
        self._expressions = expressions

    def __missing__(self, symbol: str) -> Array:
        value = self[symbol] = self._expressions[symbol].evaluate(self)
        return value


def _memory(array: Array) -> tuple[object, ...]:
    """Return what tells an array's place in memory."""
    return array.ctypes.data, array.shape, array.strides


def _name(symbol: str) -> str:
    """Return the name that is asked for: ``f`` of f_t, ``h_prev`` of h_<t-1>."""
    return value_name(symbol.replace("_<t-1>", "_prev"))
