"""Keyframe: a copy of the state that a run can be resumed from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.network.pins import Pins
from rnn_tui.engine.training.history import HistoryPosition
from rnn_tui.settings import Settings
from rnn_tui.tasks.base import DataState

OVERHEAD = 2048  # bytes of a keyframe besides its numbers: objects, the random state; measured


@dataclass(frozen=True, slots=True, eq=False)
class Keyframe:
    """All it takes to be at a place of a run again: the state its window began with, the position.

    To be at position p > 0, the window's schedule steps are done again up to p.

    Attributes:
        updates: number of updates done.
        position: number of schedule steps done of this update.
        revealed: number of operations of the last one that are shown.
        parameters: [P], a copy.
        memory: the optimizer's vectors [P] by name, copies.
        updates_made: number of updates that the optimizer has made.
        states: the states [B, H] carried into the window, by name, copies.
        data: the task's state.
        settings: in force at the window's start.
        loss: of the window before, NaN before the first.
        grad_norm: the norm of its gradient before clipping.
        history: the history's counters.
        pins: in force in the window.
    """

    updates: int
    position: int
    revealed: int
    parameters: Array
    memory: Mapping[str, Array]
    updates_made: int
    states: Mapping[str, Array]
    data: DataState
    settings: Settings
    loss: float
    grad_norm: float
    history: HistoryPosition
    pins: Pins = ()

    @property
    def size(self) -> int:
        """Bytes that it takes in memory."""
        arrays = (self.parameters, *self.memory.values(), *self.states.values())
        return OVERHEAD + sum(array.nbytes for array in arrays)
