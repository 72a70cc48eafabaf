"""The recurrent cells: one file each."""

from __future__ import annotations

from rnn_tui.engine.cells.base import Cell
from rnn_tui.engine.cells.gru import GruCell
from rnn_tui.engine.cells.lstm import LstmCell
from rnn_tui.engine.cells.rnn import RnnCell


def make_cell(name: str, activation: str = "tanh") -> Cell:
    """The cell called `name`; `activation` is that of the simple cell.

    Raises:
        KeyError: there is no such cell.
    """
    return {"rnn": lambda: RnnCell(activation), "lstm": LstmCell, "gru": GruCell}[name]()
