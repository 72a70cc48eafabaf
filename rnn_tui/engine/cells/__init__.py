"""The recurrent cells: one file each, named in `rnn_tui.registry`."""

from __future__ import annotations

from collections.abc import Callable

from rnn_tui.engine.cells.base import Cell
from rnn_tui.registry import CELLS


def make_cell(name: str, activation: str = "tanh") -> Cell:
    """Return the cell called `name`; cells without gates are made with their `activation`.

    Raises:
        KeyError: there is no such cell.
    """
    kind: Callable[..., Cell] = CELLS.load(name)
    return kind(activation) if "activation" in CELLS[name].settings else kind()
