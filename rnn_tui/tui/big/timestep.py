"""One timestep in large: a row for each value with its number and, going back, its gradient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rnn_tui.engine.core.value_names import at_time
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.tui.big.block_text import BlockSize, block_lines, sizes
from rnn_tui.tui.draw_context import DrawContext
from rnn_tui.tui.lines import Line, Lines, Run, cell_width, plain, text_width
from rnn_tui.tui.number_format import UNKNOWN

ENOUGH = 5  # rows that are seen at once at least where all have no room
BETWEEN = (5, 2)  # pixels between columns, with room for it and without
LONG_INPUT = 8  # characters of an input in words


@dataclass(frozen=True, slots=True)
class BigRow:
    """A row of the table.

    Attributes:
        marker: ▸ where the operation at the cursor is.
        name: the value's name.
        value: its number.
        gradient: that of its gradient; "" for none.
    """

    marker: Run
    name: Run
    value: Run
    gradient: Run


def rows_of(context: DrawContext, width: int) -> tuple[BigRow, ...]:
    """Return the rows of the timestep that is looked at."""
    from rnn_tui.tui.panels.current_pass.timestep_rows import brief_input, is_known
    from rnn_tui.tui.panels.current_pass.timestep_view import timestep_view

    view = timestep_view(context, width)
    here = view.selected.row if view.selected is not None else ""
    rows: list[BigRow] = []
    for row in context.snapshot.rows:
        chosen, known = row.symbol == here, is_known(row, view)
        text = view.columns.value.text(view.entry(view.values[row.symbol][0])).strip()
        if row.symbol == "x_t" and (words := plain((brief_input(view),)).strip()):
            text = words if len(words) <= LONG_INPUT else text
        gradient = next((op for op in view.backward if op.row == row.symbol), None)
        there = next(
            (op for op in view.backward if op.row == row.symbol and op.column == "gradient"), None
        )
        shown = ""
        if there is not None:
            shown = view.columns.gradient.text(view.entry(view.values[there.symbol][0])).strip()
        elif view.in_backward and gradient is None and row.symbol not in ("x_t", "p_t"):
            shown = UNKNOWN
        in_value = chosen and view.selected is not None and view.selected.column == "value"
        rows.append(
            BigRow(
                ("▸" if chosen else "", "accent"),
                (context.written(at_time(row.symbol, view.t)), "strong" if chosen else "title"),
                (
                    context.written(text) if known else UNKNOWN,
                    "dim" if not known else "strong" if in_value else "",
                ),
                (context.written(shown), "dim" if shown == UNKNOWN else "gradient"),
            )
        )
    return tuple(rows)


def exponent_words(context: DrawContext) -> str:
    """Return the power of ten of the gradients, for the title; "" where there are none."""
    from rnn_tui.tui.aligned_numbers import power_of_ten
    from rnn_tui.tui.bar_scales import magnitudes_of
    from rnn_tui.tui.panels.current_pass.row_columns import gradient_exponent

    snapshot: Snapshot = context.snapshot
    if not snapshot.cursor.has_batch or not snapshot.backward_revealed(snapshot.t):
        return ""
    exponent = gradient_exponent(magnitudes_of(snapshot), snapshot.layer, snapshot.t)
    return f"gradient {power_of_ten(exponent, ascii=context.ascii)}"


def draw(context: DrawContext, width: int, height: int) -> Lines:
    """Draw the rows, all in the largest size that fits; else those around the one at the cursor."""
    if not context.snapshot.cursor.has_batch:
        from rnn_tui.tui.big.equation import in_large

        return in_large((("n: the first window", "strong"),), context, width, height)
    rows = rows_of(context, width)
    available = sizes(context.ascii)
    for size in available:
        if size.height(len(rows)) <= height and (lines := _table(rows, width, size)):
            return (*((),) * ((height - len(lines)) // 2), *lines)
    least = available[-1]
    seen = (height + least.pitch - least.lines) // least.pitch
    if seen >= ENOUGH:
        here = next((k for k, row in enumerate(rows) if row.marker[0]), 0)
        first = min(max(here - seen // 2, 0), len(rows) - seen)
        if lines := _table(rows[first : first + seen], width, least):
            return lines
    return _plain_table(rows, width, height)


def _parts(row: BigRow) -> tuple[Run, ...]:
    """Return the cells of a row; a number is two, before the point and from it on."""
    cells = [row.marker, row.name]
    for text, role in (row.value, row.gradient):
        before, point, after = text.partition(".")
        cells += [(before, role), (f"{point}{after}", role)]
    return tuple(cells)


GRADIENT = 4  # the first of the gradient's columns
RIGHT = (2, 4)  # cells that stand at the right of their column


def _table(rows: Sequence[BigRow], width: int, size: BlockSize) -> Lines:
    """Return rows in a size; () where they are too wide."""
    cells = [_parts(row) for row in rows]
    columns = range(len(cells[0]))
    widths = [max(size.width(row[k][0]) for row in cells) for k in columns]
    for between in BETWEEN:
        gaps = [size.across * _gap(k, widths, between) for k in columns]
        if sum(widths) + sum(gaps) <= width:
            break
    else:
        return ()
    lines: list[Line] = []
    for place, row in enumerate(cells):
        drawn: list[Line] = [() for _ in range(size.lines)]
        for k in columns:
            text, role = row[k]
            blank = widths[k] - size.width(text)
            left = blank if k in RIGHT else 0
            block = block_lines((((text, role),),), size) if text else ((),) * size.lines
            for y, line in enumerate(block):
                right = widths[k] + gaps[k] - left - cell_width(line)
                drawn[y] = (*drawn[y], (" " * left, ""), *line, (" " * right, ""))
        lines += drawn
        if place < len(cells) - 1:
            lines += [()] * (size.pitch - size.lines)
    return tuple(lines)


def _gap(column: int, widths: Sequence[int], between: int) -> int:
    """Return the pixels between a column and the next."""
    if column >= GRADIENT - 1 and not any(widths[GRADIENT:]):
        return 0
    if column == 0:
        return min(between, 2)
    return between if column in (1, GRADIENT - 1) else 1


def _plain_table(rows: Sequence[BigRow], width: int, height: int) -> Lines:
    """Return rows in plain text, with a blank line between them where there is room."""
    cells = [_parts(row) for row in rows]
    columns = range(len(cells[0]))
    widths = [max(text_width(row[k][0]) for row in cells) for k in columns]
    here = next((k for k, row in enumerate(rows) if row.marker[0]), 0)
    first = min(max(here - height // 2, 0), max(len(rows) - height, 0))
    apart = 2 if height >= 2 * len(rows) - 1 else 1
    wide = " " * (3 if sum(widths) + 8 <= width else 1)
    lines: list[Line] = []
    for row in cells[first : first + height]:
        line: Line = ()
        for k in columns:
            text, role = row[k]
            blank = " " * (widths[k] - text_width(text))
            gap = wide if k in (1, 3) else " " if k == 0 else ""
            line = (*line, *((("" if k not in RIGHT else blank), ""), (text, role)))
            line = (*line, (("" if k in RIGHT else blank) + gap, ""))
        lines += [line, *((),) * (apart - 1)]
    return tuple(lines[:height])
