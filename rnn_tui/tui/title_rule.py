"""Title lines of panels: ``── loss ⠶⠶ smoothed 0.00378 ────────── no memory 0.5 ──``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from rnn_tui.tui.lines import Line, cell_width

if TYPE_CHECKING:
    from rnn_tui.tui.charts.legend import LegendEntry

NO_LIMIT = 1_000  # letters; more than any name has
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
    parts of `right` (separated by " · ") are left out, the first ones first; then names in the
    legend lose letters, entries without a value are left out, and `left` loses letters. A value
    that is there is never cut, and none is left out while letters of names are there.

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
            continue
        others = [each for each in entries if not each.has_value]
        line = None if lone else _squeezed(brief or left, entries, free, middle, bool(others))
        if line is not None:
            break
        entries.remove(next(iter(others), entries[0]))
    line = line or middle(left, (), 0)
    free = max(width - cell_width((*line, *closing)), 0)
    return (*line, (f" {dash * (free - 1)}"[:free], role), *closing)


def _squeezed(
    name: str,
    entries: Sequence[LegendEntry],
    width: int,
    middle: Callable[[str, Sequence[LegendEntry], int], Line],
    readable: bool,
) -> Line | None:
    """Return the line with names that have lost letters; None where that is not enough.

    Args:
        name: the panel's.
        entries: the legend's.
        width: cells at most.
        middle: makes the line of a name and a legend.
        readable: whether names are to be known by what is left of them.
    """
    from rnn_tui.tui.charts.legend import FEW, squeezed_line  # the first screen does without

    lengths = ((NO_LIMIT, FEW), (NO_LIMIT, 1), (4, 1), (4, 0), (1, 0), (4, -1), (1, -1))
    for letters, least in lengths[:1] if readable else lengths:
        before = middle(name[:letters], (), 0)
        free = width - cell_width(before) - 1
        legend = squeezed_line(entries, free, max(least, 0), all_names=least < 0)
        if legend is not None:
            return (*before, (" ", before[0][1]), *legend)
    return None


def _legend(shown: Sequence[LegendEntry], form: int) -> Line:
    """Return the legend."""
    if not shown:
        return ()
    from rnn_tui.tui.charts.legend import line_of  # the first screen does without

    return line_of(shown, form)
