"""The numbers of CLIP and UPDATE, of the weights and of the carpet."""

from __future__ import annotations

import numpy as np

from rnn_tui.engine.core.norms import log_relative_change, norm
from rnn_tui.engine.training.schedule import Pass
from rnn_tui.tui.draw_context import DrawContext
from rnn_tui.tui.panel_tables.number_table import (
    Cell,
    CellColumn,
    ComputedColumn,
    NumberTable,
    Tables,
)
from rnn_tui.tui.parameter_names import entry_name, parameter_name, tensor_of, tensors


def update(context: DrawContext) -> Tables:
    """Return the norms of each tensor, and the selected parameter's way through the update."""
    snapshot = context.snapshot
    gradient, optimizer = snapshot.gradient, snapshot.optimizer
    if gradient is None:
        return ()
    ranges = tensors(snapshot)
    parts = [each.part for each in ranges]
    columns: dict[str, CellColumn] = {
        "tensor": [each.spec.name for each in ranges],
        "shape": ["×".join(map(str, each.spec.shape)) for each in ranges],
        "‖g‖ before clipping": [norm(gradient.raw[part]) for part in parts],
        "‖g‖ clipped": [norm(gradient.clipped[part]) for part in parts],
        "largest |g|": [float(np.abs(gradient.raw[part]).max()) for part in parts],
    }
    if optimizer.updates_made:
        before, delta = optimizer.parameters_before, optimizer.delta
        ratios = [log_relative_change(before[part], delta[part]) for part in parts]
        columns["‖Δ‖"] = [norm(delta[part]) for part in parts]
        columns["‖p‖ before"] = [norm(before[part]) for part in parts]
        columns["log10(‖Δ‖/‖p‖)"] = ratios
    return (NumberTable(columns), _one(context))


def _one(context: DrawContext) -> NumberTable:
    """Return what is computed for the selected parameter, in the order of the operations."""
    snapshot, index = context.snapshot, context.selection.parameter
    gradient, optimizer = snapshot.gradient, snapshot.optimizer
    assert gradient is not None
    name = parameter_name(snapshot, index)
    found: dict[str, Cell] = {
        f"d{name} before clipping": gradient.raw[index],
        f"d{name} clipped": gradient.clipped[index],
    }
    if optimizer.updates_made:
        values = optimizer.values(gradient.clipped, index)
        for operation in optimizer.operations():
            found[operation.equation()] = float(np.asarray(values[operation.symbol]).item())
    return NumberTable({"what": list(found), name: list(found.values())}, "parameter")


def weights(context: DrawContext) -> Tables:
    """Return the entries of the tensor that is shown, and how they are distributed."""
    from rnn_tui.engine.analysis.tensor_report import TensorReport
    from rnn_tui.tui.panels.weights import entries_of, shown, words_of_quantity

    snapshot, quantity = context.snapshot, shown(context)
    tensor = tensor_of(snapshot, context.selection.parameter)
    entries = entries_of(snapshot, tensor, quantity)
    if entries is None:
        return ()
    size = tensor.stop - tensor.start
    rows, columns = tensor.places()
    main = NumberTable(
        {
            "entry": ComputedColumn(size, lambda k: entry_name(tensor, k)),
            "row of the map": rows + 1,
            "column of the map": columns + 1,
            words_of_quantity(snapshot, quantity): entries,
        }
    )
    main_and_entry = (main, _entry(context))
    report = snapshot.proofs.get("weights")
    fits = isinstance(report, TensorReport) and report.tensor == tensor.spec.name
    if not fits or not isinstance(report, TensorReport) or report.quantity != quantity:
        return main_and_entry
    found = report.distribution
    if not found.finite:
        return main_and_entry
    edges = np.linspace(found.lowest, found.highest, len(found.bins) + 1)
    distribution: dict[str, CellColumn] = {
        "from": edges[:-1],
        "to": edges[1:],
        "entries": found.bins,
    }
    return (*main_and_entry, NumberTable(distribution, "distribution"))


def _entry(context: DrawContext) -> NumberTable:
    """Return what is known of the selected entry."""
    from rnn_tui.engine.analysis.ledger import Ledger

    snapshot, index = context.snapshot, context.selection.parameter
    gradient, optimizer = snapshot.gradient, snapshot.optimizer
    found: dict[str, Cell] = {"value": optimizer.parameters[index]}
    if gradient is not None:
        found["gradient before clipping"] = gradient.raw[index]
        found["gradient clipped"] = gradient.clipped[index]
    ledger = snapshot.proofs.get("ledger")
    fits = isinstance(ledger, Ledger) and snapshot.request.parameter == index
    if fits and isinstance(ledger, Ledger) and snapshot.backward_complete(snapshot.t):
        found[f"share of t={snapshot.t}"] = ledger.contribution[snapshot.t - 1]
        of_several = f"sum of t={snapshot.steps} … {snapshot.t}"
        found[of_several] = ledger.running_sum[snapshot.t - 1]
    if optimizer.updates_made and snapshot.cursor.stage is Pass.UPDATE:
        found["last change"] = optimizer.delta[index]
    name = parameter_name(snapshot, index)
    return NumberTable({"what": list(found), name: list(found.values())}, "entry")


def carpet(context: DrawContext) -> Tables:
    """Return a value of all units at all timesteps, the units in the order of the carpet."""
    from rnn_tui.engine.core.value_names import value_name
    from rnn_tui.tui.panels.carpet import carpet_shown

    shown = carpet_shown(context)
    if shown is None or not shown.known.any():
        return ()
    values = shown.found.values[shown.order]  # [H, T]
    columns: dict[str, CellColumn] = {"unit": [int(unit) + 1 for unit in shown.order]}
    for t in range(1, values.shape[1] + 1):
        there = bool(shown.known[t - 1])
        columns[value_name(f"{shown.found.name}_t", t)] = [
            value if there else None for value in values[:, t - 1]
        ]
    return (NumberTable(columns),)
