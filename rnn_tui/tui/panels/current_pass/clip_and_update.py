"""CLIP and UPDATE: what clipping did to the gradient, and what the optimizer did with it."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rnn_tui.engine.core.expressions import UnitReader
from rnn_tui.engine.core.norms import log_relative_change, norm
from rnn_tui.engine.core.operations import Operation
from rnn_tui.engine.training.optimizers.base import Optimizer
from rnn_tui.engine.training.schedule import Pass
from rnn_tui.session.snapshot import Gradient, Snapshot
from rnn_tui.tui.aligned_numbers import HeadedColumn, column_of
from rnn_tui.tui.draw_context import DrawContext
from rnn_tui.tui.equation_text import spell
from rnn_tui.tui.lines import Line, Lines, Run, cell_width, fold
from rnn_tui.tui.number_format import MINUS, count, number, signed
from rnn_tui.tui.panels.current_pass import parameter_pictures
from rnn_tui.tui.parameter_names import (
    TensorRange,
    parameter_name,
    symbol_of_parameter,
    tensor_of,
    tensors,
)

LABEL = 18  # cells of a tensor's marker, name and shape
NUMBER = 9  # cells of a column at least


def title(context: DrawContext) -> tuple[str, str]:
    """Return the texts of the title line."""
    snapshot = context.snapshot
    name = parameter_name(snapshot, context.selection.parameter)
    name += symbol_of_parameter(snapshot, context.selection.parameter)
    if snapshot.cursor.stage is Pass.CLIP:
        return f"clip by {snapshot.settings.clip_by}", name
    return f"update with {snapshot.settings.optimizer}", name


def draw(context: DrawContext, width: int, height: int) -> Lines:
    """Draw the norms of all tensors, and one parameter with its equations."""
    snapshot = context.snapshot
    gradient = snapshot.gradient
    if gradient is None:
        return (((" no gradient: the run stopped before it was finite", "dim"),),)
    if snapshot.cursor.stage is Pass.CLIP:
        summary, table = _clip(context, gradient), _clip_tensors(context, gradient)
        if height >= len(summary) + len(table):
            spare = height - len(summary) - len(table)
            return (*summary, *table, *parameter_pictures.of_clip(gradient, width, spare))
        return (*summary, *_part_of_table(context, table, height - len(summary)))
    return _update(context, gradient, width, height)


def _clip(context: DrawContext, gradient: Gradient) -> Lines:
    """Return the gradient's norms, what clipping did, and one parameter before and after."""
    index, limit = context.selection.parameter, gradient.clipping.limit
    name = parameter_name(context.snapshot, index)
    total = gradient.raw.size
    what: Line
    match gradient.clipping.by:
        case "value":
            what = ((f" every entry into ±{limit:g}: ", "dim"), _changed(gradient.changed, total))
        case "norm":
            factor = gradient.clipping.factor(gradient.norm_before)
            what = (
                (f" every entry · min(1, {limit:g}/(‖g‖ + 1e−6)); the factor is ", "dim"),
                (number(factor), "strong"),
                (": not needed" if factor == 1 else "", "dim"),
            )
        case _:
            what = ((" left as it is", "dim"),)
    raw, clipped = float(gradient.raw[index]), float(gradient.clipped[index])
    norms: Line = (
        (" ‖g‖ before ", "dim"),
        (number(gradient.norm_before), "strong"),
        ("   after ", "dim"),
        (number(gradient.norm_after), "strong"),
    )
    one: Line = (
        (f" d{name} ", "strong"),
        (signed(raw), ""),
        (" → ", "dim"),
        (signed(clipped), "strong"),
    )
    return (norms, what, one)


def _changed(changed: int, total: int) -> Run:
    """Return how many entries clipping changed, with their share."""
    share = f" ({100 * changed / total:.1f} %)" if changed else ""
    return f"{count(changed)} of {count(total)} changed{share}", "strong" if changed else ""


def _clip_tensors(context: DrawContext, gradient: Gradient) -> Lines:
    """Return a table of the tensors' gradients, before and after clipping."""
    parts = [tensor.part for tensor in tensors(context.snapshot)]
    raw = [norm(gradient.raw[part]) for part in parts]
    clipped = [norm(gradient.clipped[part]) for part in parts]
    largest = [float(abs(gradient.raw[part]).max()) for part in parts]
    both = column_of([*raw, *clipped], signed=False)
    columns = [
        (HeadedColumn("‖g‖", both, NUMBER, context.ascii), raw),
        (HeadedColumn("clipped", both, NUMBER, context.ascii), clipped),
        (_column("largest |g|", largest, context), largest),
    ]
    return _tensor_table(context, columns)


def _column(name: str, values: list[float], context: DrawContext) -> HeadedColumn:
    """Return a column of norms."""
    return HeadedColumn(name, column_of(values, signed=False), NUMBER, context.ascii)


def _tensor_table(
    context: DrawContext,
    columns: Sequence[tuple[HeadedColumn, list[float]]],
    last: tuple[str, list[str]] = ("", []),
) -> Lines:
    """Return a table with a row for each tensor.

    Args:
        context: the tensors and the selected one are read from it.
        columns: the columns of numbers, and the number of each tensor.
        last: the heading of a column of texts behind them, and the text of each tensor.
    """
    selected = tensor_of(context.snapshot, context.selection.parameter)
    heads = "".join(f"  {column.heading}" for column, _ in columns)
    lines: list[Line] = [((f"{'shape':>{LABEL}}{heads}{last[0]}".rstrip(), "dim"),)]
    for index, tensor in enumerate(tensors(context.snapshot)):
        numbers = "".join(f"  {column.text(values[index])}" for column, values in columns)
        numbers += "".join(last[1][index : index + 1])
        lines.append((*_tensor_label(tensor, selected), (numbers.rstrip(), "")))
    return tuple(lines)


def _tensor_label(tensor: TensorRange, selected: TensorRange) -> Line:
    """Return a tensor's marker, name and shape."""
    shape = "×".join(str(n) for n in tensor.spec.shape)
    chosen = tensor == selected
    return (
        (" ▸ " if chosen else "   ", "accent"),
        (f"{tensor.spec.name:6}", "strong" if chosen else ""),
        (f"{shape:>{LABEL - 9}}", "dim"),
    )


def _update(context: DrawContext, gradient: Gradient, width: int, height: int) -> Lines:
    """Draw the size of the step, the table of tensors and one parameter.

    A low panel has only those rows of the table that are around the selected tensor.
    """
    optimizer = context.snapshot.optimizer
    if not optimizer.updates_made:
        return (((f" {optimizer.name} has taken no step yet", "dim"),),)
    ratio = log_relative_change(optimizer.parameters_before, optimizer.delta)
    shown = f"{ratio:.2f}".replace("-", "−") if ratio is not None else "–"
    summary: Line = (
        (" log10(‖Δp‖/‖p‖) ", "dim"),
        (shown, "strong"),
        (f"  {_rating(ratio)}", "dim"),
        (f"   step {count(optimizer.updates_made)}", "dim"),
    )
    table, one = _update_tensors(context, gradient), _one_parameter(context, gradient, width)
    available = height - 1 - len(one)
    if available >= len(table):
        changes = parameter_pictures.of_update(context, width, available - len(table))
        return (summary, *table, *one, *changes)
    return (summary, *_part_of_table(context, table, max(available, 0)), *one)


def _part_of_table(context: DrawContext, table: Lines, available: int) -> Lines:
    """Return the heading and the tensors around the selected one, in `available` lines.

    The heading says which of all tensors they are; in a single line there is the selected one.
    """
    all_tensors = tensors(context.snapshot)
    selected = all_tensors.index(tensor_of(context.snapshot, context.selection.parameter))
    if available < 2:
        return table[1 + selected : 1 + selected + available]
    rows, count_ = available - 1, len(all_tensors)
    first = min(max(selected - rows // 2, 0), max(count_ - rows, 0))
    shown = f"{first + 1}–{first + rows}" if rows > 1 else str(first + 1)
    words = f" {shown} of {count_}"
    (heading, role), *rest = table[0]
    shown = f"{words}{heading[len(words) :]}"
    return (((shown, role), *rest), *table[1 + first : 1 + first + rows])


def _rating(ratio: float | None) -> str:
    """Return a rating of log10(‖Δp‖/‖p‖) by a rule of thumb: about −3 is good."""
    if ratio is None:
        return "nothing moves"
    if ratio > -1.5:
        return "large: a rule of thumb is −3"
    return "small: a rule of thumb is −3" if ratio < -5 else "(good near −3)"


def _update_tensors(context: DrawContext, gradient: Gradient) -> Lines:
    """Return a table of the tensors: norms of gradient, step and parameters."""
    optimizer = context.snapshot.optimizer
    parts = [tensor.part for tensor in tensors(context.snapshot)]
    columns, ratios = [], []
    for name, vector in (
        ("‖g‖", gradient.clipped),
        ("‖Δ‖", optimizer.delta),
        ("‖p‖", optimizer.parameters_before),
    ):
        norms = [norm(vector[part]) for part in parts]
        columns.append((_column(name, norms, context), norms))
    for part in parts:
        ratio = log_relative_change(optimizer.parameters_before[part], optimizer.delta[part])
        text = "–" if ratio is None or not math.isfinite(ratio) else f"{ratio:.2f}"
        ratios.append(f"  {text.replace('-', MINUS):>14}")
    return _tensor_table(context, columns, ("  log10(‖Δ‖/‖p‖)", ratios))


def _one_parameter(context: DrawContext, gradient: Gradient, width: int) -> Lines:
    """Return the optimizer's operations with the numbers of the selected parameter."""
    snapshot: Snapshot = context.snapshot
    index, optimizer = context.selection.parameter, snapshot.optimizer
    values = optimizer.values(gradient.clipped, index)
    reader = UnitReader(values, 0, 0)
    name = parameter_name(snapshot, index)
    lines: list[Line] = [
        ((f" p = {name}", "strong"), ("   g ", "dim"), (signed(float(values["g"])), "strong"))
    ]
    for operation in optimizer.operations():
        symbols = context.written(in_symbols(operation, optimizer))
        numbers = context.written(spell(operation.expression.tokens(reader)))
        result = context.written(number(reader.number(operation.symbol)))
        middle = f" = {numbers}" if numbers != result else ""
        line: Line = ((f" {symbols}", ""), (middle, "dim"), (f" = {result}", "strong"))
        if cell_width(line) <= width:
            lines.append(line)
            continue
        whole = f"{symbols}{middle} = {result}"
        lines.extend(((" ", ""), (part, "")) for part in fold(whole, width - 2))
    return tuple(lines)


def in_symbols(operation: Operation, optimizer: Optimizer) -> str:
    """Return an operation of the optimizer in symbols, for one parameter."""
    kept = operation.symbol in optimizer.memory or operation.symbol == "p_new"
    sign = "←" if kept else "="  # ← takes the place of the value before
    return f"{_plain(operation.symbol)} {sign} {_plain(operation.expression.text())}"


def _plain(text: str) -> str:
    """Return an equation of vectors as one of numbers: · for ⊙, no suffixes for old and new."""
    return text.replace("⊙", "·").replace("_new", "").replace("_old", "")
