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
from rnn_tui.engine.training.trainer import Trainer as Engine
from rnn_tui.engine.training.window_values import ValuesOverTime

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
        steps = range(1, self._trainer.network.tape.steps + 1)
        return np.array([self._values.known(symbol, t, cursor) for t in steps])

    def _symbol(self, name: str) -> str:
        """Return the symbol of the value of that name."""
        symbol = self._symbols.get(name)
        if symbol is None:
            raise KeyError(self._unknown(name))
        return symbol

    @cached_property
    def _values(self) -> ValuesOverTime:
        """What reads them."""
        return ValuesOverTime(self._trainer.network)

    @property
    def _symbols(self) -> dict[str, str]:
        """The symbols of the equations by the names that are asked for, in order of computation."""
        return self._values.symbols

    def _read(self, symbol: str) -> FloatArray:
        """Return a value at all timesteps."""
        with one_thread():
            window = self._window.complete()
        return self._values.read(window.network, window.parameters, symbol)

    def _unknown(self, name: object) -> str:
        """Return what there is instead of `name`."""
        text = f"there is no value {name!r}; there are {', '.join(self)}"
        if isinstance(name, str) and (name[:1] in ("W", "b") or "." in name):
            text += "; weights are in parameters()"
        return text
