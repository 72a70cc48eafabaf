"""Everything that is computed in a window, by name, as arrays over all timesteps.

Names are those of the screen without the time: ``f`` is the forget gate f_t of the LSTM, ``f2``
that of the second layer, ``dh`` is ∂L/∂h_t, ``h_prev`` is h_<t-1>, ``dh_next`` the part of ∂L/∂h_t
that arrives from timestep t+1.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from rnn_tui.api.blas_threads import one_thread
from rnn_tui.api.window import RunWindow
from rnn_tui.engine.core.expressions import Expression
from rnn_tui.engine.core.value_names import value_name
from rnn_tui.engine.network.declaration import NetworkDeclaration
from rnn_tui.engine.network.network import Network
from rnn_tui.engine.network.sample_window import named_values, stored_values
from rnn_tui.engine.training.schedule import Cursor, Pass
from rnn_tui.engine.training.trainer import Trainer as Engine

FloatArray = npt.NDArray[np.floating[Any]]


class WindowValues(Mapping[str, FloatArray]):
    """The values of the window that a trainer is at, by name: ``t.values["f"]``.

    Each is an array [T, B, H]; inputs ``x`` are [T, B, D], and outputs ``y``, their gradient
    ``dy``, the targets ``target`` and, with cross-entropy, the probabilities ``p`` are [T, B, O].
    Row 0 is timestep 1. They are of the whole window, also where the cursor has not come so far:
    that is computed on a copy, to the bits that the trainer will have; `reached` says how far it
    is. Before a batch is drawn the window is the next one. Arrays are copies of their own, which
    later windows do not change, and cannot be written to.

    Raises:
        KeyError: by ``[]``: there is no such value; the message lists all there are.
    """

    def __init__(self, trainer: Engine, window: RunWindow) -> None:
        self._trainer, self._window = trainer, window

    def __getitem__(self, name: str) -> FloatArray:
        result = np.array(self._read(self._symbol(name)), order="C")
        result.flags.writeable = False
        return result

    def __iter__(self) -> Iterator[str]:
        return iter(self._symbols)

    def __len__(self) -> int:
        return len(self._symbols)

    def __contains__(self, name: object) -> bool:
        return name in self._symbols

    def __repr__(self) -> str:
        return f"<values: {', '.join(self)}>"

    def reached(self, name: str) -> npt.NDArray[np.bool_]:
        """Return at which timesteps the trainer itself has computed a value, [T] bool.

        Raises:
            KeyError: there is no such value.
        """
        symbol, cursor = self._symbol(name), self._trainer.cursor
        steps = range(1, self._declaration.steps + 1)
        return np.array([self._known(symbol, t, cursor) for t in steps])

    @property
    def _declaration(self) -> NetworkDeclaration:
        return self._trainer.network.declaration

    def _symbol(self, name: str) -> str:
        """Return the symbol of the value of that name."""
        symbol = self._symbols.get(name)
        if symbol is None:
            raise KeyError(self._unknown(name))
        return symbol

    @cached_property
    def _symbols(self) -> dict[str, str]:
        """The symbols of the equations by the names that are asked for, in order of computation."""
        declaration, network = self._declaration, self._trainer.network
        forward = [operation.symbol for operation in declaration.forward_operations]
        backward = [operation.symbol for operation in declaration.backward_operations]
        stored = stored_values(declaration, network.parameters, network.tape, 1)
        others = (name for name in stored if "_t" in name or name.endswith(("_<t-1>", "_next")))
        symbols = ["x_t", *forward, "target_t", *backward, *others]  # of two the first counts
        return {_name(symbol): symbol for symbol in symbols}

    def _read(self, symbol: str) -> FloatArray:
        """Return a value at all timesteps."""
        with one_thread():
            window, declaration = self._window.complete(), self._declaration
        network, tape, parameters = window.network, window.network.tape, window.parameters
        whole = _views_over_time(network)
        operations = (*declaration.forward_operations, *declaration.backward_operations)
        expressions = {each.symbol: each.expression for each in operations}
        with np.errstate(all="ignore"):
            if network.pins or symbol not in {*whole, *expressions}:  # what is held is no result
                steps = range(1, tape.steps + 1)
                rows = (named_values(declaration, parameters, tape, t, network.pins) for t in steps)
                return np.stack([row[symbol] for row in rows])
            timed = set(self._symbols.values())
            stored = stored_values(declaration, parameters, tape, 1)
            weights = {name: array for name, array in stored.items() if name not in timed}
            return _Evaluated(weights | whole, expressions)[symbol]

    def _known(self, symbol: str, t: int, cursor: Cursor) -> bool:
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
            return self._known(f"{symbol.removesuffix('_next')}_<t-1>", t + 1, cursor)
        if symbol.startswith("d"):  # sent by a cell in which it is no operation
            return cursor.revealed_backward(t, len(backward)) == len(backward)
        if t == 1:  # a state that the window began with
            return cursor.has_batch
        return self._known(f"{symbol.removesuffix('_<t-1>')}_t", t - 1, cursor)

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

    def _unknown(self, name: object) -> str:
        """Return what there is instead of `name`."""
        text = f"there is no value {name!r}; there are {', '.join(self)}"
        if isinstance(name, str) and (name[:1] in ("W", "b") or "." in name):
            text += "; weights are in parameters()"
        return text


def _views_over_time(network: Network) -> dict[str, FloatArray]:
    """Return the values that are on the tape, by symbol: views of all timesteps, [T, B, …]."""
    tape = network.tape
    places = {
        _memory(array[k]): array[k : k + tape.steps]
        for array in tape.arrays.values()
        for k in range(min(len(array), 2))
    }
    first = stored_values(network.declaration, network.parameters, tape, 1)
    return {name: places[_memory(a)] for name, a in first.items() if _memory(a) in places}


class _Evaluated(dict[str, FloatArray]):
    """Values by symbol; what no kernel stores is evaluated when it is asked for."""

    def __init__(
        self, stored: Mapping[str, FloatArray], expressions: Mapping[str, Expression]
    ) -> None:
        super().__init__(stored)
        self._expressions = expressions

    def __missing__(self, symbol: str) -> FloatArray:
        value = self[symbol] = self._expressions[symbol].evaluate(self)
        return value


def _memory(array: FloatArray) -> tuple[object, ...]:
    """Return what tells an array's place in memory."""
    return array.ctypes.data, array.shape, array.strides


def _name(symbol: str) -> str:
    """Return the name that is asked for: ``f`` of f_t, ``h_prev`` of h_<t-1>."""
    return value_name(symbol.replace("_<t-1>", "_prev"))
