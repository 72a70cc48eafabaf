"""CLIP and UPDATE as pictures, in the lines that their tables leave.

CLIP has a histogram of the gradient's entries with the threshold in it, UPDATE each tensor's change
as a heat map.
"""

from __future__ import annotations

import numpy as np

from rnn_tui.engine.core.expressions import Array
from rnn_tui.session.snapshot import Gradient
from rnn_tui.tui import column_bars
from rnn_tui.tui.bars import BarScale
from rnn_tui.tui.draw_context import DrawContext
from rnn_tui.tui.heat_map import heat_lines, page_of
from rnn_tui.tui.lines import Line, Lines, cell_width, whole_parts
from rnn_tui.tui.number_format import blocks, count, number
from rnn_tui.tui.parameter_names import TensorRange, tensor_of, tensors
from rnn_tui.tui.tensor_map import tensor_map

LOOKED_AT = 100_000  # entries at most that a histogram is made of: every k-th of more
MOST_DECADES = 12  # of a histogram, below the largest entry
TAIL = 0.005  # share of the entries that are too small for the histogram, at most


def of_clip(gradient: Gradient, width: int, height: int) -> Lines:
    """Return how many entries of the gradient have which magnitude, and where clipping begins.

    The scale is logarithmic. With little room it is one line.
    """
    every = -(-gradient.raw.size // LOOKED_AT)
    with np.errstate(divide="ignore", invalid="ignore"):
        exponents = np.log10(np.abs(gradient.raw[::every].astype(np.float64)))
    exponents = exponents[np.isfinite(exponents)]
    if height < 1 or not exponents.size:
        return ()
    limit = gradient.clipping.limit if gradient.clipping.by == "value" else None
    top = float(exponents.max()) if limit is None else max(exponents.max(), np.log10(limit))
    last = int(np.ceil(top + 1e-9))
    first = int(max(np.floor(np.quantile(exponents, TAIL)), last - MOST_DECADES))
    if height < column_bars.LOWEST + 1:
        return (_one_line(exponents, (first, last), limit, width),)
    room = (width - column_bars.GUTTER - 1) // (last - first)
    each = max(min(room, 12), 1)  # bins of a decade
    numbers, _ = np.histogram(exponents, (last - first) * each, (first, last))
    values = np.where(numbers > 0, numbers, np.nan) * float(every)
    places = [_power(first + k // each) if k % each == 0 else "" for k in range(len(values))]
    mark = None
    if limit is not None:
        at = min(int((np.log10(limit) - first) * each), len(values) - 1)
        mark = (at, f"±{limit:g}")
    bars = column_bars.Bars(values, places, "gradient", "|g|", whole=True, mark=mark)
    sampled = f"{count(len(gradient.raw[::every]))} looked at" if every > 1 else ""
    below = int((np.abs(gradient.raw[::every]) < 10.0**first).sum()) * every
    none = f"{count(below)} below {_power(first)}" if below else ""
    name: Line = ((" entries by |g|  ", "strong"),)
    words = (f"{each} bar{'s' * (each > 1)} a decade", sampled, none)
    parts: list[Line] = [((said, "dim"),) for said in words if said]
    head = (*name, *whole_parts(parts, width - cell_width(name)))
    return (head, *column_bars.draw(bars, width, height - 1))


def _one_line(exponents: Array, ends: tuple[int, int], limit: float | None, width: int) -> Line:
    """Return the histogram in one line, in quarters of decades."""
    first, last = ends
    numbers, _ = np.histogram(exponents, (last - first) * 4, ends)
    shown = np.log1p(numbers.astype(np.float64))
    bars = "".join(
        "·" if not n else blocks([share], 0.0, float(shown.max()))
        for n, share in zip(numbers, shown, strict=True)
    )
    threshold = f"┊±{limit:g}" if limit is not None else ""
    line: Line = (
        (" |g| ", "dim"),
        (f"{_power(first)} ", "axis"),
        (bars, "gradient"),
        (f" {_power(last)}", "axis"),
        (f"  {threshold}", "strong"),
    )
    return line if cell_width(line) <= width else ()


def _power(exponent: int) -> str:
    """Return a power of ten."""
    return f"1e{exponent}".replace("-", "−")


# ---------------------------------------------------------------- UPDATE


def of_update(context: DrawContext, width: int, height: int) -> Lines:
    """Return the last change of the selected tensor, and of others as far as there is room."""
    snapshot = context.snapshot
    chosen = tensor_of(snapshot, context.selection.parameter)
    if context.slow_link:
        return _row_of_changes(context, chosen, width, height)
    others = [tensor for tensor in tensors(snapshot) if tensor != chosen]
    lines: list[Line] = []
    for tensor in (chosen, *others):
        drawn = _changes(context, tensor, width, height - len(lines))
        if len(lines) + len(drawn) > height:
            break
        lines += drawn
    return tuple(lines) or _row_of_changes(context, chosen, width, height)


def _row_of_changes(context: DrawContext, tensor: TensorRange, width: int, height: int) -> Lines:
    """Return the last change of the selected parameter's row alone, as far as it fits."""
    if height < 2:
        return ()
    columns = tensor.spec.shape[-1]
    delta = context.snapshot.optimizer.delta[tensor.part].reshape(-1, columns)
    row, column = divmod(context.selection.parameter - tensor.start, columns)
    page = page_of(column, columns, width - 2)
    largest = float(np.abs(delta).max(initial=0.0))
    cells = heat_lines(
        delta[row : row + 1, page.start : page.stop],
        BarScale(largest),
        context.bar_glyphs,
        selected=(0, column - page.start),
    )
    of = f", columns {page.start + 1}–{page.stop} of {columns}" if len(page) < columns else ""
    head: Line = (
        (f" Δ of {tensor.spec.name}", "strong"),
        (f"  row {row + 1}{of}, full bar {number(largest, 3)}", "dim"),
    )
    return (head, ((" ", ""), *cells[0]))


def _changes(context: DrawContext, tensor: TensorRange, width: int, height: int) -> Lines:
    """Return a tensor's last change as a heat map below a heading."""
    snapshot, index = context.snapshot, context.selection.parameter
    delta = snapshot.optimizer.delta[tensor.part]
    largest = float(np.abs(delta).max(initial=0.0))
    for large in (True, False):
        drawn = tensor_map(
            snapshot,
            tensor,
            delta,
            index if tensor.start <= index < tensor.stop else None,
            BarScale(largest),
            context.bar_glyphs,
            width,
            height - 1,
            large=large,
        )
        if not any(_is_blank(line) for line in drawn):  # as above the entries of a row of zeros
            break
    head: Line = (
        (f" Δ of {tensor.spec.name}", "strong"),
        (f"  full bar {number(largest, 3)}", "dim"),
    )
    return (head, *drawn)


def _is_blank(line: Line) -> bool:
    """Return whether nothing is drawn in a line, and no ground."""
    return all(not text.strip() and not role.startswith("heat-") for text, role in line)
