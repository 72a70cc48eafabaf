"""What the file of a case says, beside our numbers of the same: in a row, and of the loss."""

from __future__ import annotations

from rnn_tui.cases.case import LOSS
from rnn_tui.engine.core.operations import Row
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.tui.lines import Line, cell_width, fit
from rnn_tui.tui.number_format import number
from rnn_tui.tui.panels.current_pass.timestep_rows import row_of
from rnn_tui.tui.panels.current_pass.timestep_view import TimestepView

WORD = " theirs "
SIGNS = {False: (" ✓", "good"), True: (" ✗", "error")}  # by whether both differ


def row_with_theirs(row: Row, snapshot: Snapshot, view: TimestepView) -> Line:
    """Return a row; at its end theirs and whether it agrees, if there is room.

    Going forward it is their value, going back their gradient. Words give way, the target does not.
    """
    line, theirs = row_of(row, view), snapshot.theirs
    symbol = f"d{row.symbol}" if view.in_backward else row.symbol
    if theirs is None or symbol not in theirs.values or not view.is_revealed(symbol):
        return line
    column = view.columns.gradient if view.in_backward else view.columns.value
    value = view.entry(theirs.values[symbol][view.t - 1])
    differs = theirs.agreements[symbol].differ(value, view.entry(view.values[symbol][0]))
    text = column.text(value).strip()
    end: Line = ((WORD, "dim"), (text, "error" if differs else ""), SIGNS[differs])
    size = cell_width(end)
    shorter = row_of(row, view, size)
    room = view.width - size
    if cell_width(shorter) > room or _has_target(line) != _has_target(shorter):
        return line
    return (*fit(shorter, room), *end)


def _has_target(line: Line) -> bool:
    """Return whether a row has the target."""
    return any(role == "truth" for _, role in line)


def their_loss(snapshot: Snapshot) -> Line:
    """Return their loss and whether it agrees; empty where they gave none."""
    theirs = snapshot.theirs
    if theirs is None or theirs.loss is None:
        return ()
    differs = theirs.agreements[LOSS].differ(theirs.loss, snapshot.loss)
    return (("  theirs ", "dim"), (number(theirs.loss), "error" if differs else ""), SIGNS[differs])
