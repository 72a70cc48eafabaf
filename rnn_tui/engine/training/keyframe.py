"""A copy of the state a run can be resumed from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.network.pins import Pins
from rnn_tui.engine.training.history import HistoryPosition
from rnn_tui.settings import Settings
from rnn_tui.tasks.base import DataState

HOLDING = 2048  # bytes of a keyframe that are no numbers: objects, the random state; measured


@dataclass(frozen=True, slots=True, eq=False)
class Keyframe:
    """All it takes to be at a place of a run again: the state the window began with, the place.

    Arrays are copies. At position p > 0 the window's micro-operations are replayed up to p.
    """

    updates: int
    position: int
    revealed: int
    parameters: Array  # [P]
    memory: Mapping[str, Array]  # the optimizer's, by name, each [P]
    steps_taken: int  # of the optimizer
    states: Mapping[str, Array]  # carried into the window, each [B, H]
    data: DataState
    settings: Settings
    loss: float  # of the window before, NaN before the first
    grad_norm: float
    mark: HistoryPosition  # where the history stands
    pins: Pins = ()  # in force in the window

    @property
    def size(self) -> int:
        """Bytes of its arrays, and of what holds them."""
        arrays = (self.parameters, *self.memory.values(), *self.states.values())
        return HOLDING + sum(array.nbytes for array in arrays)
