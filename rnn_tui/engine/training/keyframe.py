"""Keyframe: a copy of a run's state, from which the run can be resumed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.network.pins import Pins
from rnn_tui.engine.training.history import HistoryPosition
from rnn_tui.settings import Settings
from rnn_tui.tasks.base import DataState

OVERHEAD = 2048  # bytes of a keyframe besides its arrays: objects, the random state; measured


class NonArrayState(NamedTuple):
    """The parts of a keyframe that change with every window and are not arrays."""

    data: DataState
    loss: float
    grad_norm: float
    history: HistoryPosition


@dataclass(frozen=True, slots=True, eq=False)
class Keyframe:
    """A copy of the state at the start of a window, and a position within that window.

    `Trainer.restore` copies the state back and does the window's schedule steps again up to the
    position.

    Attributes:
        updates: number of updates done.
        position: number of schedule steps done of this update.
        revealed: number of operations of the last schedule step that are shown.
        parameters: [P], a copy.
        memory: the optimizer's vectors [P] by name, copies.
        updates_made: number of updates that the optimizer has made.
        states: the states [B, H] carried into the window, by name, copies.
        data: the task's state.
        settings: those in force at the window's start.
        loss: of the window before; NaN before the first.
        grad_norm: the norm of that window's gradient before clipping.
        history: the history's counters.
        pins: those in force in the window.
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
        """Number of bytes that it takes in memory."""
        arrays = (self.parameters, *self.memory.values(), *self.states.values())
        return OVERHEAD + sum(array.nbytes for array in arrays)
