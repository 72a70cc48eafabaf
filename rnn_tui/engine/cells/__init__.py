"""The recurrent cells: one file each."""

from __future__ import annotations

from rnn_tui.engine.cells.base import Cell
from rnn_tui.engine.cells.gru import GruCell
from rnn_tui.engine.cells.gru_reset_before import GruResetBeforeCell
from rnn_tui.engine.cells.lstm import LstmCell
from rnn_tui.engine.cells.lstm_coupled import LstmCoupledCell
from rnn_tui.engine.cells.lstm_peephole import LstmPeepholeCell
from rnn_tui.engine.cells.neuron import NeuronCell
from rnn_tui.engine.cells.rnn import RnnCell


def make_cell(name: str, activation: str = "tanh") -> Cell:
    """The cell called `name`; `activation` is that of the cells without gates.

    Raises:
        KeyError: there is no such cell.
    """
    plain = {cell.name: cell for cell in (NeuronCell, RnnCell)}
    if name in plain:
        return plain[name](activation)
    gated = (LstmCell, LstmCoupledCell, LstmPeepholeCell, GruCell, GruResetBeforeCell)
    return {cell.name: cell for cell in gated}[name]()
