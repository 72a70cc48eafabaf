"""Where the cursor is in the code of an update."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rnn_tui.engine.core.operations import Operation
from rnn_tui.engine.training.schedule import Pass
from rnn_tui.source_code.listing.lines import ListedLine
from rnn_tui.tui.draw_context import DrawContext
from rnn_tui.tui.panels.current_pass.timestep_view import selected_operation

_OVER_TIME = (Pass.FORWARD, Pass.BACKWARD)


@dataclass(frozen=True, slots=True)
class CodePlace:
    """Where the cursor is in the code.

    Attributes:
        stage: the pass of the line that is marked; None where none is.
        operation: the operation of that line; None where it is none.
        reached: the pass that is reached, and how many operations of it are done at the timestep.
        t: the timestep of the loop that the line is in; 0 outside.
    """

    stage: Pass | None
    operation: Operation | None
    reached: tuple[Pass, int]
    t: int = 0

    def is_done(self, line: ListedLine) -> bool:
        """Return whether a line has been executed; where no line is marked, none is to come."""
        return self.stage is None or line.is_done(*self.reached)


NOWHERE = CodePlace(None, None, (Pass.BATCH, 0))
"""Before the first line, and while training."""


def place_of(context: DrawContext) -> CodePlace:
    """Return where the cursor is, or the operation that is selected at the timestep shown."""
    snapshot = context.snapshot
    cursor, t = snapshot.cursor, snapshot.t
    if not cursor.has_batch or snapshot.training:
        return NOWHERE
    if snapshot.request.t is None and not cursor.t:
        return CodePlace(cursor.stage, None, (cursor.stage, cursor.operation))
    backward, forward = snapshot.backward_revealed(t), snapshot.forward_revealed(t)
    revealed = backward if cursor.stage is Pass.BACKWARD else forward
    reached = (cursor.stage, len(revealed) if cursor.stage in _OVER_TIME else 1)
    if backward or forward:
        stage = Pass.BACKWARD if backward else Pass.FORWARD
        return CodePlace(stage, selected_operation(context), reached, t)
    return CodePlace(Pass.FORWARD, None, reached, t)


def marked(lines: Sequence[ListedLine], place: CodePlace) -> int | None:
    """Return the number of the line that the cursor is at; None if it is at none.

    Where the loss counts for some samples, one line of the batch stands for those of all samples.
    """
    own = [(number, line) for number, line in enumerate(lines) if line.stage is place.stage]
    if place.operation is None:
        found = (n for n, line in own if (line.loops if place.t else line.here))
        return next(found, None)
    operation = place.operation
    computed = [(n, line.operation) for n, line in own if line.operation is not None]
    exact = (n for n, each in computed if each == operation)
    alike = (n for n, each in computed if each.symbol == operation.symbol)
    return next(exact, None) or next(alike, None)
