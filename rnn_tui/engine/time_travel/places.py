"""Places in a run, strides between them, and the curves of futures left behind."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from rnn_tui.engine.training.history import RunCurve


class Stride(StrEnum):
    """How far one key goes."""

    OPERATION = "operation"
    TIMESTEP = "timestep"
    PASS = "pass"
    UPDATE = "update"


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A place in a run."""

    index: int
    revealed: int


@dataclass(frozen=True, slots=True, eq=False)
class Ghost:
    """The loss of a future that was left: its curve from the fork on, and what made the fork."""

    label: str
    curve: RunCurve
