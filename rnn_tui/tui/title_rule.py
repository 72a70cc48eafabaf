"""Title lines of panels: ``── loss ⠶⠶ smoothed 0.00378 ────────── no memory 0.5 ──``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rnn_tui.tui.lines import Line, cell_width

if TYPE_CHECKING:
    from rnn_tui.tui.charts.legend import LegendEntry

GAP = 3  # cells between the legend and what is said at the right


def title_rule(
    left: str,
    right: str,
    width: int,
    focused: bool,
    legend: Sequence[LegendEntry] = (),
    brief: str = "",
) -> Line:
    """Return the title line of a panel: double if it has the focus, so that colour is not needed.

    Where there is too little room, the names in the legend become brief, then `left` does, then
    parts of `right` (separated by " · ") are left out, the first ones first; at last entries of the
    legend, those without a value before others. No word is ever cut.

    Args:
        left: the name of the panel.
        right: what is said at the right.
        width: cells of the line.
        focused: whether the panel has the focus.
        legend: what stands between them.
        brief: a shorter name of the panel; "" if there is none.
    """
    dash, role = ("═", "focus") if focused else ("─", "rule")
    name = "title-focus" if focused else "title"
    parts = right.split(" · ") if right else []

    def middle(title: str, shown: Sequence[LegendEntry], form: int) -> Line:
        """Return the line up to where the rule goes on."""
        start: Line = ((dash * 2 + " ", role), (title, name))
        words = _legend(shown, form)
        return (*start, (" ", role), *words) if words else start

    def end() -> Line:
        """Return what is left of `right`."""
        return ((f" {' · '.join(parts)} ", "dim"), (dash * 2, role)) if parts else ()

    forms = ((left, 0), (left, 1), (brief or left, 1), (brief or left, 2))
    entries = list(legend)
    while True:
        lines = (middle(title, entries, form) for title, form in forms)
        closing = end()
        free = width - cell_width(closing) - (GAP if closing and entries else 0)
        line = next((each for each in lines if cell_width(each) <= free), None)
        if line is not None or not (parts or entries):
            break
        lone = len(entries) == 1 and not entries[0].has_value  # the name of the panel says as much
        if parts and not (lone and len(parts) == 1):
            parts = parts[1:]
        else:
            entries.remove(next((each for each in entries if not each.has_value), entries[0]))
    line = line or middle(left, (), 0)
    free = max(width - cell_width((*line, *closing)), 0)
    return (*line, (f" {dash * (free - 1)}"[:free], role), *closing)


def _legend(shown: Sequence[LegendEntry], form: int) -> Line:
    """Return the legend."""
    if not shown:
        return ()
    from rnn_tui.tui.charts.legend import line_of  # the first screen does without

    return line_of(shown, form)
