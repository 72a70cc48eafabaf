"""The table of a timestep's rows; those without a place are folded into one line at its top."""

from __future__ import annotations

from rnn_tui.session.snapshot import Snapshot
from rnn_tui.tui.lines import Line, Lines, cell_width, fit, merge, text_width, whole_parts
from rnn_tui.tui.panels.current_pass.row_places import ARRIVING, Places, row_symbols
from rnn_tui.tui.panels.current_pass.their_numbers import row_with_theirs
from rnn_tui.tui.panels.current_pass.timestep_rows import (
    arriving,
    bad_row,
    brief_input,
    needed_rows,
    number_of,
    on_ground,
    places_of_symbols,
    row_of,
    with_range,
)
from rnn_tui.tui.panels.current_pass.timestep_view import TimestepView


def rows(snapshot: Snapshot, view: TimestepView, places: Places, *, zoomed: bool) -> Lines:
    """Return the lines of the rows; of those that are folded one, at the top.

    Args:
        snapshot: the snapshot.
        view: the timestep.
        places: which rows have a place.
        zoomed: the panel has the whole screen.
    """
    shown = {row.symbol: row for row in snapshot.rows}
    bad = bad_row(snapshot, view)
    drawn: list[Line] = [_folded(snapshot, view, places, zoomed)] if places.folded else []
    for symbol in row_symbols(snapshot):
        if symbol not in places.folded:
            if symbol == ARRIVING:
                line = arriving(snapshot, view)
            else:
                line = row_with_theirs(shown[symbol], snapshot, view)
            if symbol == "x_t":
                line = with_range(line, view)
            drawn.append(on_ground(symbol, line, view, wrong=symbol == bad))
    return tuple(drawn)


# Rows that are folded


def _folded(snapshot: Snapshot, view: TimestepView, places: Places, zoomed: bool) -> Line:
    """Return the line that stands for the rows without a place.

    It counts them, and shows those of them that the operation at the cursor computes and reads.
    """
    needed = [symbol for symbol in needed_rows(snapshot, view) if symbol in places.folded]
    shown = {row.symbol: row for row in snapshot.rows}
    if len(needed) == 1:
        symbol = needed[0]
        line = arriving(snapshot, view) if symbol == ARRIVING else row_of(shown[symbol], view)
        counted = _with_count(line, len(places.folded) - 1, view)
        return on_ground(symbol, counted, view, wrong=symbol == bad_row(snapshot, view))
    if needed:
        others = [
            symbol
            for symbol in row_symbols(snapshot)
            if symbol in places.folded and symbol not in needed
        ]
        return _numbers_of_rows(needed, others, view)
    count = len(places.folded)
    names = " ".join(
        "arrives" if symbol == ARRIVING else symbol
        for symbol in row_symbols(snapshot)
        if symbol in places.folded
    )
    shows = "a higher terminal shows them" if zoomed else "z on this panel shows them"
    full = f"   {count} rows folded, {shows}: {names}"
    words = full if text_width(full) <= view.width else f"   {count} rows folded: {names}"
    return ((words, "dim"),)


def _with_count(line: Line, count: int, view: TimestepView) -> Line:
    """Return a row that stands for folded ones, with their number in place of words or bars."""
    words = f"+{count} row{'s' * (count != 1)} folded"
    strips = view.columns.strips[0], view.columns.strips[0] + 1
    if view.in_backward and view.width - cell_width(line) < text_width(words) + 2:
        # The bars give way: numbers are what the equation reads.
        start = view.columns.symbol
        words = next(
            (each for each in (words, f"+{count} rows") if text_width(each) < strips[1]), ""
        )
        return _put(line, start, words, strips[1]) if words else line
    free = max(view.width - text_width(words) - 1, 0)
    return (*fit(line, free), (f" {words}", "dim"))


def _put(line: Line, start: int, words: str, width: int) -> Line:
    """Return `line` with `words` in place of `width` cells of one cell each, from `start` on."""
    cells = [(character, role) for text, role in line for character in text]
    return merge((*cells[:start], (f"{words:<{width}}", "dim"), *cells[start + width :]))


def _numbers_of_rows(needed: list[str], others: list[str], view: TimestepView) -> Line:
    """Return the numbers of those folded rows that an operation needs, with names.

    Args:
        needed: the rows that it needs, by symbol.
        others: the other folded rows, which are counted and, with room, named.
        view: the timestep.
    """
    operation = view.selected
    assert operation is not None
    symbols = [operation.symbol] if operation.row in needed else []
    at = places_of_symbols(view)
    symbols += [each for each in view.reads if each in at and at[each][0] in needed]
    start: Line = ((" ▸ " if operation.row in needed else "   ", "accent"),)
    parts: list[Line] = []
    for symbol in symbols:
        column = view.columns.value if at[symbol][1] == "value" else view.columns.gradient
        role = "strong" if symbol == operation.symbol else ""
        shown = brief_input(view) if symbol == "x_t" else ()
        shown = shown or _trimmed(number_of(symbol, view, column, True))
        parts.append(((f"{symbol} ", role), *shown))
    counted = _count_of(others)
    room = view.width - cell_width(start) - 1
    named = f"{counted}: {' '.join(others)}" if others else ""
    taken = sum(map(cell_width, parts)) + 2 * len(parts)
    said = named if taken + text_width(named) <= room else counted
    kept = whole_parts(parts, room - text_width(said))
    gap = room + 1 - text_width(said) - cell_width(kept)
    whole = (*start, *kept, (" " * gap, ""), (said, "dim"))
    shown_row = operation.row if operation.row in needed else ""
    return on_ground(shown_row, whole, view, wrong=False)


def _count_of(others: list[str]) -> str:
    """Return how many rows are folded beside those that are shown; nothing of none."""
    return f"+{len(others)} row{'s' * (len(others) != 1)} folded" if others else ""


def _trimmed(line: Line) -> Line:
    return tuple(run for run in line if run[0].strip())
