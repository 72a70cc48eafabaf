"""BATCH and LOSS as pictures, in the lines that their table leaves: the data, and each term."""

from __future__ import annotations

import numpy as np

from rnn_tui.engine.core.expressions import Array
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.tui import column_bars
from rnn_tui.tui.charts.curves import Chart, Curve, Mark
from rnn_tui.tui.column_names import NAME, short_names
from rnn_tui.tui.draw_context import DrawContext
from rnn_tui.tui.lines import Line, Lines, cut, fit, text_width
from rnn_tui.tui.loss_words import term_words
from rnn_tui.tui.symbols import input_code, target_code, visible

LOWEST = 4  # lines of a picture with its heading
SYMBOL = 8  # cells of the name of a symbol
MOST_INPUTS = 4  # curves of numbers that go in, so that all strokes differ
CELL = 3  # cells of a timestep at most, where symbols are rows
INPUT, TARGET = "█", "▒"  # of a symbol that goes in, of one that should come out
TALLEST = 3  # lines of a symbol


def of_batch(context: DrawContext, width: int, height: int) -> Lines:
    """Return the window's data as curves or, of symbols and classes, as rows over the timesteps."""
    snapshot = context.snapshot
    if snapshot.steps < 2 or height < LOWEST:
        return ()
    if snapshot.task.symbols is None:
        return _curves(context, width, height)
    return _symbols(snapshot, width, height)


def of_loss(snapshot: Snapshot, parts: Array, width: int, height: int) -> Lines:
    """Return a bar for each timestep's term of the loss; `parts` [T] are the terms."""
    counted = snapshot.window.counted
    if sum(counted) < 2 or height < column_bars.LOWEST:
        return ()
    term = term_words(snapshot.task, snapshot.window.declaration)
    shown = np.where(np.isnan(parts), np.inf, parts)
    values = np.where(np.array(counted), shown, np.nan)
    places = [str(t) if t == 1 or t % 5 == 0 else "" for t in range(1, len(values) + 1)]
    selected = snapshot.t - 1 if snapshot.request.t is not None else -1
    bars = column_bars.Bars(values, places, "strong", "timestep t", selected=selected)
    head: Line = ((f" {term}", "strong"), (", their sum is L", "dim"))
    if height < LOWEST:
        return column_bars.draw(bars, width, height)
    return (head, *column_bars.draw(bars, width, height - 1))


def _curves(context: DrawContext, width: int, height: int) -> Lines:
    """Return the inputs over the timesteps and, where they are numbers, the targets.

    Of many inputs the first ones are drawn, and of several targets that of the selected output.
    """
    snapshot = context.snapshot
    tape, topology = snapshot.window.tape, snapshot.task.topology
    t = np.arange(1.0, snapshot.steps + 1)
    curves, marks = [], []
    names = short_names(snapshot.task.parts or ("x_t",), NAME)
    for k, name in enumerate(names[:MOST_INPUTS]):
        values = np.asarray(tape["x"][:, 0, k], dtype=np.float64)
        if name == "mark":
            marks = [Mark(float(at), str(int(at))) for at in t[values != 0]]
            continue
        shown = np.where(np.array(topology.inputs), values, np.nan)
        curves.append(Curve(name, "", t, shown))
    if snapshot.task.labels is None:
        outputs = snapshot.task.output_names or ("",)
        k = min(context.selection.unit, len(outputs) - 1)
        target = np.asarray(tape["target"][:, 0, k], dtype=np.float64)
        shown = np.where(np.array(snapshot.window.counted), target, np.nan)
        name = f"target {short_names(outputs, NAME)[k]}" if len(outputs) > 1 else "target"
        curves.append(Curve(name, "truth", t, shown))
    x_label = "timestep t"
    if len(names) > MOST_INPUTS:
        x_label = f"{MOST_INPUTS} of {len(names)} inputs ─ timestep t"
    chart = Chart(tuple(curves), marks=tuple(marks), x_label=x_label)
    return context.chart_cache.draw(chart, width, height)


def _symbols(snapshot: Snapshot, width: int, height: int) -> Lines:
    """Return a row for each symbol of the window: where it goes in, where it should come out."""
    symbols, labels = snapshot.task.symbols or (), snapshot.task.labels
    across = width - SYMBOL - 4
    cell = min(max(across // snapshot.steps, 1), CELL)
    first = max(min(snapshot.t - 1, snapshot.steps - across // cell), 0) // cell * cell
    steps = range(first + 1, min(first + across // cell, snapshot.steps) + 1)
    inputs = {t: input_code(snapshot, t) for t in steps}
    targets = {t: target_code(snapshot, t) for t in steps} if labels is not None else {}
    wanted = {visible(labels[code]) for code in targets.values() if code >= 0} if labels else set()
    given = {visible(symbols[code]) for code in inputs.values() if code is not None and code >= 0}
    order = [visible(name) for name in (*symbols, *(labels or ()))]
    names = [name for name in dict.fromkeys(order) if name in wanted | given]
    head: Line = (
        (" symbol  ", "dim"),
        (f"{INPUT} ", ""),
        ("x_t   ", "dim"),
        (f"{TARGET} ", "truth"),
        ("target", "dim"),
    )
    lines: list[Line] = [head]
    tall = max((height - 2) // max(len(names), 1), 1)
    for name in names[: height - 2]:
        row: Line = ()
        for t in steps:
            code, target = inputs[t], targets.get(t, -1)
            goes_in = code is not None and code >= 0 and visible(symbols[code]) == name
            comes_out = labels is not None and target >= 0 and visible(labels[target]) == name
            sign = INPUT if goes_in else TARGET if comes_out else "·"
            role = "" if goes_in else "truth" if comes_out else "rule"
            both = goes_in and comes_out and cell > 1
            run = (sign * (cell - (cell > 1) - both), role)
            row = (*row, run, (TARGET * both, "truth"), (" " * (cell > 1), ""))
        label = fit(((f" {cut(name, SYMBOL - 1)}", ""),), SYMBOL + 1)
        lines += [(*label, *row), *((((" " * (SYMBOL + 1), ""), *row),) * (min(tall, TALLEST) - 1))]
    left_out = len(names) - (height - 2)
    axis = " " * (SYMBOL + 1)
    for t in steps:
        if (t == steps[0] or t % 5 == 0) and text_width(axis) <= SYMBOL + 1 + (t - steps[0]) * cell:
            axis = f"{axis:<{SYMBOL + 1 + (t - steps[0]) * cell}}{t} "
    more = f"  {left_out} more symbols" if left_out > 0 else ""
    axis = axis.rstrip()
    if text_width(axis + more) > width:  # the last numbers of timesteps give way
        axis = axis[: width - text_width(more)].rpartition(" ")[0].rstrip()
    return (*lines, ((f"{axis}{more}", "axis"),))
