"""Lines that all kinds of predictions are shown with: a summary, tables, labelled strips."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rnn_tui.tui.lines import Line, Lines, Run, cell_width, fit, join, text_width
from rnn_tui.tui.number_format import UNKNOWN, block

SEPARATOR: Run = (" · ", "dim")
_SHORTEST = 6  # cells of a history strip at least
_GAP = 3  # cells between two columns of a table


def correctness_mark(correct: bool) -> Run:
    """Return ✓ for a correct answer, ✗ for a wrong one."""
    return ("✓", "good") if correct else ("✗", "error")


def summary_line(
    parts: Sequence[Run], history: Sequence[tuple[int, float]], share: bool, width: int
) -> Line:
    """Return as many of `parts` as fit into `width`, then a strip of the metric's history.

    Args:
        parts: texts, the most important one first.
        history: (update, value) of the metric, oldest first.
        share: the metric is a share, drawn from 0 to 1; anything else from 0 to its largest value.
        width: cells of the line.
    """
    line: Line = ((" ", ""),)
    for part in parts:
        longer = (*line, *((SEPARATOR,) if len(line) > 1 else ()), part)
        if cell_width(longer) > width:
            line = line if len(line) > 1 else fit(longer, width)  # its number stands first
            break
        line = longer
    label: Line = (SEPARATOR, ("so far ", "dim"))
    available = min(width - cell_width(line) - cell_width(label), 24)
    if available < _SHORTEST or len(history) < 2:
        return line
    return (*line, *label, (history_strip(history, share, available), "smooth"))


def history_strip(history: Sequence[tuple[int, float]], share: bool, width: int) -> str:
    """Return `width` blocks from update 0 to the last: the newest value known at each place."""
    updates = np.array([update for update, _ in history])
    values = np.array([value for _, value in history])
    ends = updates[-1] * np.arange(1, width + 1) / width
    places = np.searchsorted(updates, ends, side="right") - 1
    finite = values[np.isfinite(values)]
    top = 1.0 if share else float(finite.max(initial=0.0)) or 1.0
    return "".join(
        UNKNOWN if place < 0 else block(float(values[place]), 0.0, top) for place in places
    )


def table(rows: Sequence[Sequence[Run]], heads: Sequence[str], width: int, height: int) -> Lines:
    """Return `rows` in aligned columns under their `heads`.

    Rows continue in another table to the right where there is room; rows that do not fit are left
    out, and the last columns where the panel is too narrow.
    """
    widths = [
        max(text_width(heads[k]), *(text_width(row[k][0]) for row in rows))
        for k in range(len(heads))
    ]
    while sum(widths) + len(widths) > width and len(widths) > 1:
        widths.pop()

    def aligned(cells: Sequence[Run]) -> Line:
        """Return the cells of one row, each padded to its column's width."""
        return join(
            ((text + " " * (n - text_width(text)), role),)
            for (text, role), n in zip(cells, widths, strict=False)
        )

    across = sum(widths) + len(widths) - 1
    side = max((width - 1 + _GAP) // (across + _GAP), 1)
    side = min(side, -(-len(rows) // max(height - 1, 1)))
    down = max(height - 1, 0)
    down = min(down, -(-len(rows) // side))
    lines: list[Line] = [_side_by_side([aligned([(word, "dim") for word in heads])] * side)]
    for k in range(down):
        lines.append(_side_by_side([aligned(row) for row in rows[k::down][:side]]))
    return tuple(lines[:height])


def _side_by_side(cells: Sequence[Line]) -> Line:
    """Return the rows of several tables as one line."""
    return ((" ", ""), *join(cells, (" " * _GAP, "")))


def labelled_line(label: str, text: Run, width: int, indent: int) -> Line:
    """Return `label` in `indent` cells, then `text`, cut to `width` cells."""
    return fit(((f" {label:<{indent}}", "dim"), text), width)
