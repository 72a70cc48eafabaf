"""The numbers of the ledger, the gradient map, the window's edge, the checks and theirs."""

from __future__ import annotations

import numpy as np

from rnn_tui.engine.analysis.gradient_map import GradientMap
from rnn_tui.engine.analysis.jacobians import JacobianNorms
from rnn_tui.engine.analysis.ledger import Ledger
from rnn_tui.engine.analysis.loss_gradient import LossGradient
from rnn_tui.engine.analysis.window_edges import WindowEdges
from rnn_tui.engine.network.layers import name_in_layer
from rnn_tui.proofs.gates import GateReport
from rnn_tui.proofs.gradient_check import GradientCheckReport
from rnn_tui.proofs.theirs import TheirsReport
from rnn_tui.proofs.window_edge import EdgeReport
from rnn_tui.tui.draw_context import DrawContext
from rnn_tui.tui.panel_tables.number_table import (
    Cell,
    CellColumn,
    NumberTable,
    Tables,
    joined_at,
    known,
    one,
)
from rnn_tui.tui.parameter_names import parameter_name


def ledger(context: DrawContext) -> Tables:
    """Return each timestep's share of a gradient and the sums, from T down, as far as known."""
    snapshot = context.snapshot
    found = snapshot.proofs.get("ledger")
    if not isinstance(found, Ledger):
        return ()
    index = min(snapshot.request.parameter, int(snapshot.optimizer.parameters.size) - 1)
    name = f"d{parameter_name(snapshot, index)}"
    times = list(range(snapshot.steps, snapshot.backward_reached - 1, -1))
    places = [t - 1 for t in times]
    return one(
        {
            "t": times,
            f"share of {name}": found.contribution[places],
            f"sum of t = T … t, of {name}": found.running_sum[places],
        }
    )


def gradient_map(context: DrawContext) -> Tables:
    """Return the map, a row for each loss, then its strips by lag, and the spectral radii."""
    from rnn_tui.tui.panels.proofs.gradient_map import known_norms, shown

    snapshot, found = context.snapshot, context.snapshot.proofs.get("map")
    if not isinstance(found, GradientMap) or not snapshot.backward_complete(snapshot.loss_t):
        return ()
    norms, exact = known_norms(context, found), found.of(*shown(context))
    columns: dict[str, CellColumn] = {"t of the loss L_t": list(found.losses)}
    state, layer = shown(context)
    name = name_in_layer(state, layer or 1)
    for k in range(norms.shape[1]):
        there = ~np.isnan(norms[:, k]) & (norms[:, k] != -1.0)
        values = [value if known else None for value, known in zip(exact[:, k], there, strict=True)]
        columns[f"‖∂L_t/∂{name}_<t-{k}>‖"] = values
    return (NumberTable(columns), *_strips(context), *_radii(context))


def _strips(context: DrawContext) -> Tables:
    """Return what is left of one loss's gradient by lag, and what lets it through."""
    from rnn_tui.tui.panels.proofs.gradient_map import shown
    from rnn_tui.tui.panels.proofs.gradient_strips import known_part, passed_on

    snapshot, (_, layer) = context.snapshot, shown(context)
    parts: list[tuple[str, CellColumn, CellColumn]] = []
    one_loss = snapshot.proofs.get("loss-gradient")
    if isinstance(one_loss, LossGradient):
        for state in snapshot.window.declaration.cell.states:
            left = known_part(snapshot, one_loss.t, passed_on(one_loss, state, layer))
            heading = f"‖d{name_in_layer(state, layer or 1)}‖ of L_{one_loss.t}, of its first size"
            parts.append((heading, np.arange(len(left)), known(left)))
    gates = snapshot.proofs.get("gates")
    for path in gates.direct if isinstance(gates, GateReport) else ():
        through = known_part(snapshot, len(path.mean) - 1, path.mean[::-1])
        heading = f"{path.gate}⊙…⊙{path.gate}, mean of the units"
        parts.append((heading, np.arange(len(through)), known(through)))
    norms = snapshot.proofs.get("jacobians")
    if isinstance(norms, JacobianNorms):
        product = norms.of_layer(layer)
        through = np.concatenate([[1.0], product[::-1]])
        through = known_part(snapshot, len(product), through)
        parts.append(("‖J⋯J‖", np.arange(len(through)), known(through)))
    if not parts:
        return ()
    return (NumberTable(joined_at("k (timesteps back)", parts).columns, "strips"),)


def _radii(context: DrawContext) -> Tables:
    """Return the largest eigenvalue of each gate's block of W_h."""
    gates = context.snapshot.proofs.get("gates")
    radii = gates.radii if isinstance(gates, GateReport) else {}
    return one({"block of W_h": list(radii), "max|λ|": list(radii.values())}, "radii")


def edge(context: DrawContext) -> Tables:
    """Return the norms at the window's edge, and those of the windows that come next."""
    snapshot = context.snapshot
    report, edges = snapshot.proofs.get("edge"), snapshot.proofs.get("edges")
    if not isinstance(report, EdgeReport):
        return ()
    names, reached = list(report.edge.carried), snapshot.backward_complete(1)
    cut: list[Cell] = [report.edge.gradient[name] if reached else None for name in names]
    main = NumberTable(
        {
            "state": [f"{name}_0" for name in names],
            "‖carried in‖": [report.edge.carried[name] for name in names],
            "‖gradient cut‖": cut,
        }
    )
    tables = [main]
    if isinstance(edges, WindowEdges) and reached:
        columns: dict[str, CellColumn] = {"window that comes next": list(range(1, edges.count + 1))}
        columns |= {f"‖gradient cut‖ of {name}_0": norms for name, norms in edges.cut.items()}
        columns["‖sent back by all losses‖"] = edges.sent
        tables.append(NumberTable(columns, "windows"))
        longer: dict[str, CellColumn] = {
            "‖∇L‖ of a window that continues another": edges.gradient,
            "‖what the window before would add‖": edges.added,
        }
        tables += one(longer, "longer")
    if report.truncation is not None and reached:
        found = report.truncation
        sums: dict[str, Cell] = {
            "‖∇L‖ over the last T timesteps": found.truncated_norm,
            "‖what a window of 2T would add‖": found.added_norm,
            "their ratio": found.relative,
            "‖s_0 − s′_0‖/‖s′_0‖": found.drift,
        }
        tables += one({"what": list(sums), "number": list(sums.values())}, "truncation")
    return tuple(tables)


def gradient_check(context: DrawContext) -> Tables:
    """Return both gradients of each entry that was checked."""
    result = context.snapshot.proofs.get("proof")
    if not isinstance(result, GradientCheckReport):
        return ()
    check, snapshot = result.check, context.snapshot
    columns: dict[str, CellColumn] = {
        "entry": [f"d{parameter_name(snapshot, int(index))}" for index in check.indices],
        "backpropagation": check.analytic,
        f"numeric ({check.method})": check.numeric,
        "difference": np.abs(check.analytic - check.numeric),
        "relative error": check.relative,
        "tolerance of the difference": check.tolerance,
        "at a kink": check.kinks,
    }
    if result.without_cuts is not None:
        columns["without what cuts the gradient's path"] = result.without_cuts
    return one(columns)


def theirs(context: DrawContext) -> Tables:
    """Return how far each tensor of a case file is from ours, and the first number that differs."""
    report = context.snapshot.proofs.get("theirs")
    if not isinstance(report, TheirsReport):
        return ()
    compared, first = report.comparison.tensors, report.comparison.first
    main = one(
        {
            "tensor": [report.names[each.name] for each in compared],
            "largest relative error": [each.max_relative_error for each in compared],
            "entry": [",".join(map(str, each.entry)) for each in compared],
            "agrees": [each.agrees for each in compared],
            "tolerance": [each.tolerance for each in compared],
        }
    )
    if first is None:
        return main
    entry = ",".join(map(str, first.entry))
    columns: dict[str, CellColumn] = {
        "first that differs": [f"{report.names[first.name]}[{entry}]"],
        "theirs": [first.theirs],
        "ours": [first.ours],
    }
    return (*main, *one(columns, "first"))
