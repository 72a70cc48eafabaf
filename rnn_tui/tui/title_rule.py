"""Title lines of panels: ``── loss ⠶⠶ smoothed 0.00378 ────────── no memory 0.5 ──``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rnn_tui.tui.lines import Line, cell_width

if TYPE_CHECKING:
    from rnn_tui.tui.charts.legend import LegendEntry

GAP = 3  # cells between the legend and what is said at the right
SECOND_LINE = 5  # lines below the title from which on what it leaves out has one of its own


def title_rule(
    left: str,
    right: str,
    width: int,
    focused: bool,
    legend: Sequence[LegendEntry] = (),
    brief: str = "",
) -> Line:
    """Return the title line of a panel; see `title_and_rest`."""
    return title_and_rest(left, right, width, focused, legend, brief)[0]


def title_and_rest(
    left: str,
    right: str,
    width: int,
    focused: bool,
    legend: Sequence[LegendEntry] = (),
    brief: str = "",
    below: int = 0,
) -> tuple[Line, tuple[LegendEntry, ...]]:
    """Return the title line of a panel, and what of its legend has no room in it.

    The line is double if the panel has the focus, so that colour is not needed. Where there is too
    little room, `left` and the legend become brief, then parts of `right` (separated by " · ") are
    left out, the first ones first, then `left` is; at last entries of the legend are left out, the
    least needed ones first, and counted: ``+2``. No word is ever cut, and no value.

    Args:
        left: the name of the panel.
        right: what is said at the right.
        width: cells of the line.
        focused: whether the panel has the focus.
        legend: what stands between them.
        brief: a shorter name of the panel; "" if there is none.
        below: the lines below the title: with SECOND_LINE of them, what is left out has its own.
    """
    dash, role = ("═", "focus") if focused else ("─", "rule")
    name = "title-focus" if focused else "title"
    parts = right.split(" · ") if right else []
    more = below >= SECOND_LINE
    for title, shown, form, said in _tried(left, parts, legend, brief or left, more):
        start: Line = ((dash * 2, role), *(((" ", role), (title, name)) if title else ()))
        words = _legend(shown, form)
        line = (*start, (" ", role), *words) if words else start
        if 0 < len(shown) < len(legend) and not more:
            line = (*line, (f" +{len(legend) - len(shown)}", "dim"))
        end: Line = ((f" {' · '.join(said)} ", "dim"), (dash * 2, role)) if said else ()
        taken = cell_width((*line, *end)) + (GAP if end and shown else 0)
        if taken + (_growth(shown, form) if len(shown) < len(legend) else 0) <= width:
            break
    free = max(width - cell_width((*line, *end)), 0)
    rest = tuple(entry for entry in legend if entry not in shown)
    return (*line, (f" {dash * (free - 1)}"[:free], role), *end), rest


def _tried(
    left: str, parts: list[str], legend: Sequence[LegendEntry], brief: str, more: bool
) -> Iterator[tuple[str, list[LegendEntry], int, list[str]]]:
    """Yield name, legend, its form and what is said at the right, for less and less room.

    With `more` room, a line below the title, entries go there before names lose letters.
    """
    kept = list(legend)
    lone = len(kept) == 1 and not kept[0].has_value  # the name of the panel says as much
    for first in range(len(parts) + 1):
        if lone and first == len(parts):
            break
        for form in (0, 1):
            yield left, kept, form, parts[first:]
            yield brief, kept, form, parts[first:]
    if lone:
        yield brief, [], 0, parts[-1:]
        yield brief, [], 0, []
    while kept and not lone:
        yield brief, list(kept), 2, []
        if any(entry.has_value for entry in kept):
            yield "", list(kept), 2, []
            if not more or len(kept) == 1:
                yield "", list(kept), 3, []
        kept.remove(_least_needed(kept))
    yield left, [], 0, []
    yield brief, [], 0, []


def _least_needed(entries: Sequence[LegendEntry]) -> LegendEntry:
    """Return the entry that is left out first."""
    roles = ("raw", "level")  # the header has the one, the axis the other

    def need(entry: LegendEntry) -> tuple[bool, bool, int]:
        """Return what grows with how much an entry is needed."""
        place = roles.index(entry.role) if entry.role in roles else len(roles)
        return entry.named, entry.has_value, place

    return min(entries, key=need)


def _growth(shown: Sequence[LegendEntry], form: int) -> int:
    """Return by how many cells values may grow: a legend must not come and go with a digit."""
    from rnn_tui.tui.charts.legend import growth  # the first screen does without

    return sum(growth(entry, form) for entry in shown)


def _legend(shown: Sequence[LegendEntry], form: int) -> Line:
    """Return the legend."""
    if not shown:
        return ()
    from rnn_tui.tui.charts.legend import line_of  # the first screen does without

    return line_of(shown, form)
