"""A place of a run and what is looked at there, as one line of text."""

from __future__ import annotations

from dataclasses import dataclass, field

from rnn_tui.engine.training.schedule import Pass


@dataclass(frozen=True, slots=True)
class PlaceLine:
    """A place that can be named, sent and opened: ``update 40 BACKWARD t=7 op 3 unit 2``.

    Attributes:
        update: the number of updates completed before; with `stage` UPDATE, of those completed.
        stage: the pass.
        t: the timestep, from 1; 0 outside the two passes over time.
        operation: how many operations of the timestep are revealed; None for all.
        looking: what is selected and shown there, by name, where that is not as at the start:
            ``unit`` 2, ``layer`` 2, ``panel`` carpet. Values are as they are written.
    """

    update: int
    stage: Pass
    t: int = 0
    operation: int | None = None
    looking: tuple[tuple[str, str], ...] = field(default=())
