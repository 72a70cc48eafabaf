"""The recurrent cells: one file each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module

from rnn_tui.engine.cells.base import Cell

# Module and class: only what is wanted is imported. The plain ones are told their activation.
_PLAIN: Mapping[str, tuple[str, str]] = {
    "neuron": ("neuron", "NeuronCell"),
    "rnn": ("rnn", "RnnCell"),
}
_GATED: Mapping[str, tuple[str, str]] = {
    "lstm": ("lstm", "LstmCell"),
    "lstm-coupled": ("lstm_coupled", "LstmCoupledCell"),
    "lstm-peephole": ("lstm_peephole", "LstmPeepholeCell"),
    "gru": ("gru", "GruCell"),
    "gru-reset-before": ("gru_reset_before", "GruResetBeforeCell"),
}


def make_cell(name: str, activation: str = "tanh") -> Cell:
    """The cell called `name`; `activation` is that of the cells without gates.

    Raises:
        KeyError: there is no such cell.
    """
    if name in _PLAIN:
        return _kind(*_PLAIN[name])(activation)
    return _kind(*_GATED[name])()


def _kind(module: str, name: str) -> Callable[..., Cell]:
    kind: Callable[..., Cell] = getattr(import_module(f".{module}", __name__), name)
    return kind
