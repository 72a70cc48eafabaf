"""What the parts of the predictions panel have in common: heads, tables, strips."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from rnn_tui.engine.core.expressions import Array
from rnn_tui.tui.lines import Line, Lines, Run, cell_width, fit, join, text_width
from rnn_tui.tui.number_format import BAD, LEVELS, UNKNOWN

SEPARATOR: Run = (" · ", "dim")
_SHORTEST = 6  # cells in which a history still says something
_GAP = 3  # cells between two columns of a table


def percentage(share: float) -> str:
    """A share of the whole: 62.4 %; whole numbers only where it is all or nothing."""
    if not math.isfinite(share):
        return BAD
    return f"{100 * share:.0f} %" if share in (0.0, 1.0) else f"{100 * share:.1f} %"


def chance(p: float) -> str:
    """A probability in three cells, two digits after the point: .49, 1.0 from 0.995 on."""
    if not math.isfinite(p):
        return f"  {BAD}"
    return "1.0" if p >= 0.995 else f"{p:.2f}"[1:]


def mark(right: bool) -> Run:
    """Whether an answer is right."""
    return ("✓", "good") if right else ("✗", "error")


def head(
    parts: Sequence[Run], history: Sequence[tuple[int, float]], share: bool, width: int
) -> Line:
    """As many of `parts` as have room, then a strip of how the measure went from update 0 to now.

    A share is drawn from 0 to 1, anything else from 0 to its largest.
    """
    line: Line = ((" ", ""),)
    for part in parts:
        longer = (*line, *((SEPARATOR,) if len(line) > 1 else ()), part)
        if cell_width(longer) > width:
            break
        line = longer
    label: Line = (SEPARATOR, ("so far ", "dim"))
    room = min(width - cell_width(line) - cell_width(label), 24)
    if room < _SHORTEST or len(history) < 2:
        return line
    return (*line, *label, (trend(history, share, room), "smooth"))


def trend(history: Sequence[tuple[int, float]], share: bool, room: int) -> str:
    """`room` blocks: the newest measure there was at each place between update 0 and the last."""
    updates = np.array([update for update, _ in history])
    values = np.array([value for _, value in history])
    ends = updates[-1] * np.arange(1, room + 1) / room
    places = np.searchsorted(updates, ends, side="right") - 1
    finite = values[np.isfinite(values)]
    top = 1.0 if share else float(finite.max(initial=0.0)) or 1.0
    return "".join(
        UNKNOWN if place < 0 else level(float(values[place]), 0.0, top) for place in places
    )


def level(value: float, low: float, high: float) -> str:
    """One of eight blocks for a value between `low` and `high`."""
    if not math.isfinite(value):
        return BAD
    share = (value - low) / (high - low) if high > low else 0.0
    return LEVELS[min(max(int(share * len(LEVELS)), 0), len(LEVELS) - 1)]


def blocks(values: Array, low: float, high: float) -> str:
    """A block for each value."""
    return "".join(level(float(value), low, high) for value in values)


def table(rows: Sequence[Sequence[Run]], heads: Sequence[str], width: int, height: int) -> Lines:
    """`rows` in aligned columns under their `heads`, several tables side by side if they fit.

    Rows that have no room are left out.
    """
    widths = [
        max(text_width(heads[k]), *(text_width(row[k][0]) for row in rows))
        for k in range(len(heads))
    ]

    def aligned(cells: Sequence[Run]) -> Line:
        return join(
            ((text + " " * (n - text_width(text)), role),)
            for (text, role), n in zip(cells, widths, strict=True)
        )

    across = sum(widths) + len(widths) - 1
    side = max((width - 1 + _GAP) // (across + _GAP), 1)
    side = min(side, -(-len(rows) // max(height - 1, 1)))
    down = max(height - 1, 0)
    down = min(down, -(-len(rows) // side))
    lines: list[Line] = [_beside([aligned([(word, "dim") for word in heads])] * side)]
    for k in range(down):
        lines.append(_beside([aligned(row) for row in rows[k::down][:side]]))
    return tuple(lines[:height])


def _beside(cells: Sequence[Line]) -> Line:
    return ((" ", ""), *join(cells, (" " * _GAP, "")))


def labelled(label: str, text: Run, width: int, indent: int) -> Line:
    """A row of a picture: its name, then what it shows."""
    return fit(((f" {label:<{indent}}", "dim"), text), width)
