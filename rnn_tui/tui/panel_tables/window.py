"""The numbers of the window: of a timestep, of both passes, of the table and of the network."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnn_tui.engine.analysis.loss_per_timestep import loss_of_sample
from rnn_tui.engine.core.value_names import value_name
from rnn_tui.engine.network.layers import name_in_layer
from rnn_tui.engine.training.schedule import Pass
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.tui.draw_context import DrawContext
from rnn_tui.tui.loss_words import division
from rnn_tui.tui.panel_tables.number_table import (
    Cell,
    CellColumn,
    NumberTable,
    Tables,
    known,
    one,
    unused,
)
from rnn_tui.tui.panel_tables.update import update
from rnn_tui.tui.panels.current_pass.panel import pass_shown
from rnn_tui.tui.panels.gradient_chart import known_norms
from rnn_tui.tui.panels.network_states import is_known, states_of
from rnn_tui.tui.symbols import has_input, input_code, target_code

NAMES = {"value": "value", "gradient": "gradient", "through": "passed through"}


def timestep(context: DrawContext) -> Tables:
    """Return the numbers of the pass that is shown."""
    snapshot = context.snapshot
    if not snapshot.cursor.has_batch:
        return ()
    match pass_shown(snapshot):
        case Pass.FORWARD | Pass.BACKWARD:
            from rnn_tui.tui.panel_tables.equation import equation

            return (*_values(snapshot, snapshot.t), *equation(context))
        case Pass.BATCH:
            return (NumberTable(_batch(snapshot)),)
        case Pass.LOSS:
            table = NumberTable(_batch(snapshot) | _losses(snapshot))
            return (table, _sums(snapshot))
        case _:
            return update(context)


def _values(snapshot: Snapshot, t: int) -> Tables:
    """Return a row for each value of a timestep that is computed, a column for each unit."""
    values, layers = snapshot.window.values(t), snapshot.window.declaration.layers
    forward, backward = snapshot.forward_revealed(t), snapshot.backward_revealed(t)
    states = [(layer, s) for layer in layers for s in snapshot.window.declaration.cell.states]
    found = [("x_t", "input")]
    if forward:
        found += [(layer.name(f"{state}_<t-1>"), "value") for layer, state in states]
    found += [(each.symbol, NAMES[each.column]) for each in (*forward, *backward)]
    if backward:
        found += [(layer.name(f"d{state}_next"), "gradient from t+1") for layer, state in states]
    if snapshot.window.counted[t - 1]:
        found.append(("target_t", "target"))
    rows = [(value_name(symbol, t), what, values[symbol][0]) for symbol, what in found]
    if snapshot.what_if is not None and snapshot.what_if.before is not None:
        before = snapshot.what_if.before.values(t)
        rows += [
            (value_name(symbol, t), f"{what} without the what-if", before[symbol][0])
            for symbol, what in found
            if symbol in before
        ]
    columns: dict[str, CellColumn] = {
        "name": [name for name, _, _ in rows],
        "what": [what for _, what, _ in rows],
    }
    for k in range(max(row.size for _, _, row in rows)):
        columns[f"unit {k + 1}"] = [row[k] if k < row.size else None for _, _, row in rows]
    return (NumberTable(columns),)


def _batch(snapshot: Snapshot) -> dict[str, CellColumn]:
    """Return the timesteps, inputs and targets of the window."""
    times = range(1, snapshot.steps + 1)
    columns: dict[str, CellColumn] = {"t": list(times)}
    tape, task = snapshot.window.tape, snapshot.task
    x, target, counted = tape["x"][:, 0], tape["target"][:, 0], snapshot.window.counted
    if task.symbols is not None:
        columns["input"] = [_name(task.symbols, input_code(snapshot, t)) for t in times]
    else:
        present = [has_input(snapshot, t) for t in times]
        names = task.parts or [f"input {k + 1}" for k in range(x.shape[1])]
        for k, name in enumerate(names if x.shape[1] > 1 else ["input"]):
            columns[unused(name, columns)] = _where(present, x[:, k])
    if task.labels is not None:
        columns["target"] = [_name(task.labels, target_code(snapshot, t)) for t in times]
        return columns
    names = task.output_names or ("",)
    for k, name in enumerate(names):
        columns[unused(f"target {name}".strip(), columns)] = _where(counted, target[:, k])
    return columns


def _losses(snapshot: Snapshot) -> dict[str, CellColumn]:
    """Return outputs and the parts of the loss, where it counts."""
    window, task = snapshot.window, snapshot.task
    tape, counted, columns = window.tape, window.counted, dict[str, CellColumn]()
    per = division(window.declaration)
    if task.labels is not None:
        for k, label in enumerate(task.labels):
            columns[unused(f"p of {label}", columns)] = _where(counted, tape["p"][:, 0, k])
        columns[f"part of the loss (−log p{per})"] = _where(counted, loss_of_sample(window))
        return columns
    for k, name in enumerate(task.output_names or ("",)):
        heading = f"output {name}".strip()
        columns[unused(heading, columns)] = _where(counted, tape["y"][:, 0, k])
    columns[f"part of the loss (error²{per})"] = _where(counted, loss_of_sample(window))
    return columns


def _sums(snapshot: Snapshot) -> NumberTable:
    """Return the loss, and what of it is of the sample that is shown."""
    part = float(loss_of_sample(snapshot.window).sum())
    what: list[Cell] = ["loss of the batch", "this sample's part of it"]
    return NumberTable({"what": what, "loss": [snapshot.loss, part]}, "sum")


def _where(there: Any, values: np.ndarray[Any, Any]) -> list[Cell]:
    """Return the values where there are any."""
    return [value if each else None for each, value in zip(there, values, strict=True)]


def _name(names: tuple[str, ...], code: int | None) -> Cell:
    """Return the name of a code; None for none."""
    return names[code] if code is not None and code >= 0 else None


def network(context: DrawContext) -> Tables:
    """Return a row for each timestep: the batch, outputs, units of the layer shown, norms."""
    snapshot = context.snapshot
    if not snapshot.cursor.has_batch:
        return ()
    columns, tape = _batch(snapshot), snapshot.window.tape
    times, layer = range(1, snapshot.steps + 1), snapshot.layer
    counted = [
        is_known(snapshot, "y_t", t) and counts
        for t, counts in zip(times, snapshot.window.counted, strict=True)
    ]
    outputs = "p" if snapshot.task.labels is not None else "y"
    names = snapshot.task.labels or snapshot.task.output_names or ("",)
    for k, name in enumerate(names):
        heading = f"p of {name}" if outputs == "p" else f"output {name}".strip()
        columns[unused(heading, columns)] = _where(counted, tape[outputs][:, 0, k])
    for state in states_of(snapshot):
        named = name_in_layer(state, layer)
        there = [is_known(snapshot, name_in_layer(f"{state}_t", layer), t) for t in times]
        for unit in range(snapshot.settings.hidden):
            heading = value_name(named, None, unit + 1)
            columns[unused(heading, columns)] = _where(there, tape[named][1:, 0, unit])
    for state, norms in known_norms(snapshot).items():
        columns[unused(f"‖∂L/∂{name_in_layer(f'{state}_t', layer)}‖", columns)] = known(norms)
    return (NumberTable(columns),)


def hyperparameters(context: DrawContext) -> Tables:
    """Return the settings that matter in this run."""
    from rnn_tui.settings import DECLARATIONS

    settings = context.snapshot.settings
    used = {n: each for n, each in DECLARATIONS.items() if each.used_by(settings)}
    return one(
        {
            "setting": [name.replace("_", "-") for name in used],
            "value": [each.show(getattr(settings, name)) for name, each in used.items()],
        }
    )
