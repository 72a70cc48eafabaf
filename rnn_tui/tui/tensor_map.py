"""The picture of a tensor of parameters: a heat map with its gates, rows and columns named.

A tensor is drawn as it lies in memory: a row for each input, a block of columns for each gate. One
that is a single row is drawn as a row for each gate. What has more rows or columns than there is
room for is shown a page at a time, whole gates where one fits, the page of the selected entry; what
is hidden is counted at the edges. One that is narrow and high continues in further columns.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.network.layers import layer_number, name_in_layer, name_without_layer
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.tui.bars import BarGlyphs, BarScale
from rnn_tui.tui.column_names import short_names
from rnn_tui.tui.heat_map import CellSize, heat_lines, page_of, row_label
from rnn_tui.tui.lines import Line, Lines, cell_width, cut, text_width
from rnn_tui.tui.parameter_names import TensorRange
from rnn_tui.tui.symbols import visible

WIDEST, HIGHEST = 4, 3  # cells and lines of an entry at most
WIDEST_NAME = 6  # cells of a row's name
GAP = 1  # cells between gates
MARK = "▾"  # above the selected column


@dataclass(frozen=True, slots=True)
class _Layout:
    """Which part of a tensor is drawn, and how.

    Attributes:
        tensor: the tensor.
        rows: the rows on the page.
        parts: the columns on the page, a range for each gate, by its index.
        size: of an entry.
        label: cells of a row's label.
        stacks: rows that stand one above the other; the others continue at the right.
    """

    tensor: TensorRange
    rows: range
    parts: tuple[tuple[int, range], ...]
    size: CellSize
    label: int
    stacks: int


def tensor_map(
    snapshot: Snapshot,
    tensor: TensorRange,
    entries: Array,
    index: int | None,
    scale: BarScale,
    glyphs: BarGlyphs,
    width: int,
    height: int,
    *,
    large: bool = False,
    names: Callable[[int], str] | None = None,
) -> Lines:
    """Draw the page of a tensor that has the selected entry.

    Args:
        snapshot: where names are read from.
        tensor: the tensor.
        entries: a number for each of its entries: its values, its gradient, ….
        index: the selected entry, as an index into the flat vector; None: none of this tensor.
        scale: what the bars are measured by.
        glyphs: what they are drawn with.
        width: cells.
        height: lines, at least 2; where it counts hidden rows it takes 3.
        large: whether entries may take several lines.
        names: names an entry, by its index into the flat vector, where somebody points at one.
    """
    row, column = tensor.place(tensor.start if index is None else index)
    layout = _layout(snapshot, tensor, (row, column), width, height, large)
    row, column = (row, column) if index is not None else (-1, -1)
    lines = [_head(layout, column, width)]
    blocks = [layout.rows[k : k + layout.stacks] for k in range(0, len(layout.rows), layout.stacks)]
    drawn = [
        _block(snapshot, layout, entries, block, (row, column), scale, glyphs, names)
        for block in blocks
    ]
    for number in range(layout.stacks * layout.size.height):
        parts = [block[number] if number < len(block) else () for block in drawn]
        lines.append(_side_by_side(parts, [_block_width(layout)] * len(parts)))
    if hidden := _hidden_rows(layout):
        lines.append(hidden)
    return tuple(lines)


# ---------------------------------------------------------------- what is drawn where


def _layout(
    snapshot: Snapshot,
    tensor: TensorRange,
    selected: tuple[int, int],
    width: int,
    height: int,
    large: bool,
) -> _Layout:
    """Return the page with the selected entry, and the size of its entries."""
    rows, columns = tensor.picture
    row, column = selected
    names = _longest_name(snapshot, tensor)
    label = names + 3
    gates = _gates(tensor)
    across, below = width - label, max(height - 1, 1)
    all_across = columns + GAP * (gates - 1)
    if all_across > across:  # pages of columns
        label = max(label, len(f" ◂{columns} "))
        room = max(width - label, 1)
        parts = _page_of_columns(tensor, column, room)
        entries = sum(len(columns) for _, columns in parts)
        size = CellSize(min(max((room - GAP * (len(parts) - 1)) // entries, 1), WIDEST))
        rows_shown = _page_of_rows(rows, row, below)
        return _Layout(tensor, rows_shown, parts, size, label, max(len(rows_shown), 1))
    parts = tuple((k, _of_gate(tensor, k)) for k in range(gates))
    if rows > below and (groups := (width + 2) // (label + all_across + 2)) > 1:
        below = below if rows <= below * groups else max(below - 1, 1)
        shown = page_of(row, rows, below * groups)
        return _Layout(tensor, shown, parts, CellSize(), label, min(below, len(shown)))
    cell = min(max((across - GAP * (gates - 1)) // columns, 1), WIDEST)
    lines = min(max(below // rows, 1), HIGHEST, cell) if large else 1
    shown = _page_of_rows(rows, row, below)
    return _Layout(tensor, shown, parts, CellSize(cell, lines), label, max(len(shown), 1))


def _page_of_rows(rows: int, row: int, below: int) -> range:
    """Return the rows on the page of `row`; a line is kept for the count of the others."""
    return page_of(row, rows, below if rows <= below else max(below - 1, 1))


def _page_of_columns(tensor: TensorRange, column: int, room: int) -> tuple[tuple[int, range], ...]:
    """Return the columns on the page of `column`: whole gates, or a part of one."""
    gates, each = _gates(tensor), len(_of_gate(tensor, 0))
    gate, within = divmod(column, each)
    if each > room:
        page = page_of(within, each, room)
        start = gate * each
        return ((gate, range(start + page.start, start + page.stop)),)
    page = page_of(gate, gates, (room + GAP) // (each + GAP))
    return tuple((k, _of_gate(tensor, k)) for k in page)


def _gates(tensor: TensorRange) -> int:
    """Return how many gates stand side by side in the picture."""
    return 1 if tensor.row_per_gate else len(tensor.order)


def _of_gate(tensor: TensorRange, gate: int) -> range:
    """Return the columns of a gate in the picture."""
    return range(gate * tensor.units, (gate + 1) * tensor.units)


def _gate_name(tensor: TensorRange, gate: int) -> str:
    """Return the name of the gate drawn in this place; "" of a tensor that has none."""
    return tensor.spec.blocks[tensor.order[gate]]


# ---------------------------------------------------------------- names


def row_name(snapshot: Snapshot, tensor: TensorRange, row: int) -> str:
    """Return what a row of the picture belongs to: a gate, a symbol, or the number of a unit."""
    if tensor.row_per_gate:
        return _gate_name(tensor, row) or tensor.spec.name
    task = snapshot.task
    if tensor.spec.name == "W_x":
        if task.symbols is not None:
            return cut(visible(task.symbols[row]), WIDEST_NAME)
        if task.parts is not None:
            return short_names(task.parts, WIDEST_NAME)[row]
    return str(row + 1)


def from_to(tensor: TensorRange, index: int) -> tuple[str, str]:
    """Return what an entry connects: ``h_<t-1>[3]`` and ``f_t[7]``; a bias is from ""."""
    spec, (row, column) = tensor.spec, tensor.place(index)
    gate, unit = (row, column) if tensor.row_per_gate else divmod(column, tensor.units)
    layer, right = layer_number(spec.name), name_without_layer(spec.right)
    named = right.removeprefix("da_") if right.startswith("da_") else right.removeprefix("d")
    to = f"{name_in_layer(f'{_gate_name(tensor, gate) or named}_t', layer)}[{unit + 1}]"
    if spec.left is None:
        return "", to
    left, below = name_without_layer(spec.left), layer_number(spec.left)
    source = unit if spec.elementwise else 0 if tensor.row_per_gate else row
    if left == "x" and below > 1:  # the input of an upper layer
        symbol = name_in_layer("h_t", below - 1)
    else:
        before = left.endswith("_prev")
        symbol = name_in_layer(f"{left.removesuffix('_prev')}{'_<t-1>' if before else '_t'}", below)
    return f"{symbol}[{source + 1}]", to


def _longest_name(snapshot: Snapshot, tensor: TensorRange) -> int:
    """Return the cells of the rows' names."""
    rows = tensor.picture[0]
    if not tensor.row_per_gate and (tensor.spec.name != "W_x" or rows > 200):
        return len(str(rows))
    names = (row_name(snapshot, tensor, row) for row in range(rows))
    return min(max(map(text_width, names)), WIDEST_NAME)


# ---------------------------------------------------------------- lines


def _block(
    snapshot: Snapshot,
    layout: _Layout,
    entries: Array,
    rows: range,
    selected: tuple[int, int],
    scale: BarScale,
    glyphs: BarGlyphs,
    names: Callable[[int], str] | None,
) -> Lines:
    """Return the labels and entries of some rows, the gates side by side."""
    row, column = selected
    gates: list[Lines] = []
    for gate, columns in layout.parts:
        here = row in rows and column in columns
        chosen = (row - rows.start, column - columns.start) if here else None
        part = _part(layout.tensor, entries, gate, rows, columns)
        namer = None if names is None else _namer(names, layout.tensor, rows, columns)
        drawn = heat_lines(part, scale, glyphs, size=layout.size, selected=chosen, name=namer)
        gates.append(drawn)
    lines: list[Line] = []
    for place in range(len(rows) * layout.size.height):
        each, inner = divmod(place, layout.size.height)
        number, middle = rows[each], inner == layout.size.height // 2
        name = cut(row_name(snapshot, layout.tensor, number), layout.label - 3) if middle else ""
        line = row_label(name, number == row and middle, layout.label)
        for gate_lines in gates:
            gap: Line = ((" " * GAP, ""),) if gate_lines is not gates[0] else ()
            line = (*line, *gap, *gate_lines[place])
        lines.append(line)
    return tuple(lines)


def _namer(
    names: Callable[[int], str], tensor: TensorRange, rows: range, columns: range
) -> Callable[[int, int], str]:
    """Return what names an entry by its row and column of a block."""
    return lambda row, column: names(tensor.index_at(rows[row], columns[column]))


def _part(tensor: TensorRange, entries: Array, gate: int, rows: range, columns: range) -> Array:
    """Return the entries at these rows and columns of the picture, all of one gate."""
    if tensor.row_per_gate:
        gates = [tensor.gate_entries(entries, row)[0, columns.start : columns.stop] for row in rows]
        return np.stack(gates)
    first = gate * tensor.units
    part = tensor.gate_entries(entries, gate)[rows.start : rows.stop]
    return part[:, columns.start - first : columns.stop - first]


def _block_width(layout: _Layout) -> int:
    """Return the cells of the labels and the gates, and of what separates them from more rows."""
    columns = sum(len(columns) for _, columns in layout.parts) * layout.size.width
    return layout.label + columns + GAP * (len(layout.parts) - 1) + 2


def _side_by_side(parts: list[Line], widths: list[int]) -> Line:
    """Return lines one after another, each but the last in so many cells."""
    line: Line = ()
    for place, (part, width) in enumerate(zip(parts, widths, strict=True)):
        line = (*line, *part)
        if place < len(parts) - 1:
            line = (*line, (" " * (width - cell_width(part)), ""))
    return line


def _head(layout: _Layout, column: int, width: int) -> Line:
    """Return the line above the entries: gates with their units, ▾ at the selected column.

    At its ends stands how many columns are hidden there.
    """
    columns = layout.tensor.picture[1]
    before, after = layout.parts[0][1].start, columns - layout.parts[-1][1].stop
    label = f" ◂{before}" if before else ""
    gates = (_gate_head(layout, gate, shown, column) for gate, shown in layout.parts)
    text = label.ljust(layout.label) + (" " * GAP).join(gates)
    if after:
        count = f"{after} ▸"
        start = min(len(text) + 1, width - len(count))
        mark = text.find(MARK)
        if start - 1 <= mark < start + len(count):
            start = mark - 1 - len(count)
        text = text.ljust(start + len(count))
        text = f"{text[: start - 1]} {count}{text[start + len(count) :]}"
    left, mark_there, right = text.partition(MARK)
    return ((left, "dim"), (mark_there, "accent"), (right, "dim"))


def _gate_head(layout: _Layout, gate: int, shown: range, column: int) -> str:
    """Return the name of a gate and the numbers of its units, with a mark where one is selected."""
    tensor, cells = layout.tensor, len(shown) * layout.size.width
    start = _of_gate(tensor, gate).start
    name = "" if tensor.row_per_gate else _gate_name(tensor, gate)
    first, last = shown.start - start + 1, shown.stop - start
    numbers = f"{first}–{last}" if last > first else str(first)
    texts = (f"{name} {numbers}".strip(), name, "")
    if column not in shown:
        return next(each for each in texts if len(each) <= cells).ljust(cells)
    at = (column - shown.start) * layout.size.width
    for text in texts:
        if len(text) < at:
            return f"{text.ljust(at)}{MARK}".ljust(cells)
        if at + 2 + len(text) <= cells:
            break
    return f"{' ' * at}{MARK} {text}"[:cells].ljust(cells)


def _hidden_rows(layout: _Layout) -> Line:
    """Return how many rows are hidden above and below; empty if none are."""
    rows = layout.tensor.picture[0]
    above, below = layout.rows.start, rows - layout.rows.stop
    if not above and not below:
        return ()
    words = [f"▴ {above}"] * bool(above) + [f"▾ {below}"] * bool(below)
    return ((f"  {'  '.join(words)} more rows", "dim"),)
