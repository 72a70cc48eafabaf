"""What the file of a case says, beside our numbers of the same: in a row, of the loss, of a sum.

Whether they agree is what the check of the file says of the same entry; until it is complete, and
while training runs, their number stands without a sign.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rnn_tui.cases.case import LOSS
from rnn_tui.engine.core.operations import Row
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.tui.lines import Line, cell_width, fit
from rnn_tui.tui.number_format import number, signed
from rnn_tui.tui.panels.current_pass.timestep_rows import row_of
from rnn_tui.tui.panels.current_pass.timestep_view import TimestepView

WORD = " theirs "
SIGNS = {False: (" ✓", "good"), True: (" ✗", "error"), None: ("  ", "")}  # by whether both differ


def row_with_theirs(row: Row, snapshot: Snapshot, view: TimestepView) -> Line:
    """Return a row; at its end theirs and whether it agrees, if there is room.

    Going forward it is their value, going back their gradient. Words give way, the target and what
    passes through only to a number that differs.
    """
    line = row_of(row, view)
    symbol = f"d{row.symbol}" if view.in_backward else row.symbol
    end = their_entry(symbol, snapshot, view)
    if not end:
        return line
    size = cell_width(end)
    shorter = row_of(row, view, size)
    room = view.width - size
    if cell_width(shorter) > room or _has_target(line) != _has_target(shorter):
        if end[-1] != SIGNS[True]:
            return line
        shorter = row_of(row, _without_through(row, view), size)
    return (*fit(shorter, room), *end)


def _without_through(row: Row, view: TimestepView) -> TimestepView:
    """Return a view in which nothing passes through a row."""
    if not view.in_backward:
        return view
    rest = tuple(op for op in view.backward if (op.row, op.column) != (row.symbol, "through"))
    return replace(view, backward=rest, old=None)


def their_entry(symbol: str, snapshot: Snapshot, view: TimestepView) -> Line:
    """Return their number of the selected unit of a value; empty where they gave none."""
    theirs = snapshot.theirs
    if theirs is None or symbol not in theirs.values or not view.is_revealed(symbol):
        return ()
    column = view.columns.gradient if view.in_backward else view.columns.value
    values, (name, layer) = theirs.values[symbol][view.t - 1], theirs.tensors[symbol]
    unit = min(view.unit, len(values) - 1)
    differs = _differs(snapshot, name, (layer, view.t - 1, theirs.sample, unit))
    return _end(column.text(float(values[unit])).strip(), differs, WORD)


def _end(text: str, differs: bool | None, word: str) -> Line:
    """Return a number of theirs after a word, and whether it differs."""
    return ((word, "dim"), (text, "error" if differs else ""), SIGNS[differs])


def _differs(snapshot: Snapshot, name: str, place: tuple[int, ...] = ()) -> bool | None:
    """Return whether the file's comparison says that an entry differs; None before it does."""
    from rnn_tui.proofs.theirs import TheirsReport  # for cases only

    report = snapshot.proofs.get("theirs")
    if not isinstance(report, TheirsReport):
        return None
    return report.comparison.differs(name, place)


def _has_target(line: Line) -> bool:
    """Return whether a row has the target."""
    return any(role == "truth" for _, role in line)


def their_loss(snapshot: Snapshot) -> Line:
    """Return their loss and whether it agrees; empty where they gave none."""
    theirs = snapshot.theirs
    if theirs is None or theirs.loss is None:
        return ()
    return _end(number(theirs.loss), _differs(snapshot, LOSS), "  theirs ")


def their_gradient(snapshot: Snapshot, parameter: int) -> Line:
    """Return their gradient of an entry of the parameters; of two, the one that differs."""
    theirs = snapshot.theirs
    if theirs is None:
        return ()
    found: Line = ()
    for name, entries in theirs.parameters.items():
        for entry in map(tuple, np.argwhere(entries == parameter).tolist()):
            differs = _differs(snapshot, name, entry)
            if differs or not found:
                found = _end(signed(float(theirs.gradients[name][entry])), differs, "  theirs ")
            if differs:
                return found
    return found
