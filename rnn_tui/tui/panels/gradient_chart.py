"""The gradient chart: how large the gradient is at each timestep of the window.

Thin is ‖∂L/∂h_t‖, of all losses together; with a loss at every timestep it follows the errors.
Thick is the gradient of one timestep's loss alone, which shows whether it grows, holds or dies on
its way back, on every task. A cell with a memory has both for that, too.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from rnn_tui.engine.analysis.loss_gradient import LossGradient, decades_per_step
from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.network.layers import name_in_layer
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.tui import panel_help
from rnn_tui.tui.charts.chart_view import looked_at
from rnn_tui.tui.charts.curves import Chart, Curve, Mark, Style
from rnn_tui.tui.draw_context import DrawContext
from rnn_tui.tui.lines import Lines
from rnn_tui.tui.number_format import percent, signed_decimals
from rnn_tui.tui.panel_help import Sign, Signs
from rnn_tui.tui.panel_spec import PanelSpec
from rnn_tui.tui.scope_words import batch_words, joined, layer_words, second_network_words

if TYPE_CHECKING:
    from rnn_tui.tui.charts.legend import LegendEntry

NAME = "gradients"  # of the panel
PROOF = "loss-gradient"
TOGETHER = " and "  # between the names of states in the name of a variant
DEEPEST = 1e-16  # of the largest gradient: what is smaller does not widen the chart
_TOTAL_STYLES: tuple[Style, ...] = ("thin", "sparse")  # of h, and of the other states
_ALONE_STYLES: tuple[Style, ...] = ("thick", "beads")


@dataclass(frozen=True, slots=True)
class _Path:
    """The size of a gradient over the timesteps.

    Attributes:
        symbol: what it is the gradient of, by its name in the layer: ``c2_t``.
        norms: [T], NaN where the backward pass has not been.
        alone: whether it is that of one timestep's loss.
        style: how it is drawn.
    """

    symbol: str
    norms: Array
    alone: bool
    style: Style


def variants(snapshot: Snapshot) -> tuple[str, ...]:
    """Return what can be shown: all states of a cell together, or each of them."""
    states = snapshot.window.declaration.cell.states
    return (TOGETHER.join(states), *states) if len(states) > 1 else ()


def title(context: DrawContext) -> tuple[str, str]:
    """Return the texts of the title line: whose gradient it is, and in which unit it changes."""
    snapshot = context.snapshot
    changes = [change for path in _paths(context) if (change := _change(path)) is not None]
    loss = f"L_{snapshot.loss_t}: decades a step back" if changes else _progress(snapshot)
    if changes and _reading(context):  # the legend has the values at the timestep selected
        loss = f"{', '.join(signed_decimals(each, 2) for each in changes)} decades a step"
    of_what = layer_words(snapshot, snapshot.layer)
    return "gradient through time", joined(batch_words(snapshot), of_what, loss)


def _progress(snapshot: Snapshot) -> str:
    """Return how far the gradient of the loss looked at has been followed, if it is at work."""
    if snapshot.proving is None or snapshot.proving[0] != PROOF:
        return ""
    return f"following L_{snapshot.loss_t} back {percent(snapshot.proving[1])}"


def draw(context: DrawContext, width: int, height: int) -> Lines:
    """Draw the gradients of the layer shown over t, as far back as the backward pass has come."""
    return context.chart_cache.draw_or_say(_seen(context), width, height)


def legend(context: DrawContext) -> tuple[LegendEntry, ...]:
    """Return the legend."""
    return context.chart_cache.legend(_seen(context))


def _reading(context: DrawContext) -> bool:
    """Return whether the values at the timestep selected stand in the legend.

    Without a selection, what stands there is how the gradient changes.
    """
    return context.selection.panel == NAME and context.snapshot.request.t is not None


def _seen(context: DrawContext) -> Chart:
    """Return the chart as it is looked at; its cursor is the timestep, while it has the focus."""
    whole, view = chart(context), context.selection.chart_view(NAME)
    if _reading(context):
        whole = replace(whole, marks=())
        view = replace(view, cursor=float(context.snapshot.t))
    return looked_at(whole, view, _reading(context))


def chart(context: DrawContext) -> Chart:
    """Return the chart; its range is that of the run so far, in decades, at least three."""
    from rnn_tui.tui.charts.axes import steady_log_range  # the first screen does without

    snapshot = context.snapshot
    t = np.arange(1.0, snapshot.steps + 1)
    curves = (*_beside(context, t), *(_curve(snapshot, path, t) for path in _paths(context)))
    values = np.concatenate([np.asarray(each.y, dtype=np.float64) for each in curves])
    largest = np.max(values[np.isfinite(values)], initial=0.0)
    return Chart(
        curves,
        log_y=True,
        x_label="timestep t",
        marks=(Mark(float(snapshot.t), f"t={snapshot.t}"),) if snapshot.cursor.t else (),
        x_range=(1.0, max(float(snapshot.steps), 2.0)),
        empty="comes with the backward pass",
        y_range=context.chart_cache.ranges.hold(
            NAME,
            snapshot.settings,
            snapshot.timeline.newest,
            steady_log_range(values[values >= largest * DEEPEST], parts=1, least=3.0),
            keep=snapshot.divergence is None,
        ),
        legend=False,
    )


def _curve(snapshot: Snapshot, path: _Path, t: Array) -> Curve:
    """Return the curve of a gradient, with how fast that of one loss changes."""
    stem, change = path.symbol.removesuffix("_t"), _change(path)
    loss = f"L_{snapshot.loss_t}" if path.alone else "L"
    names = [f"‖d{stem}‖", f"d{stem}"]
    if path.alone:
        first = stem == name_in_layer("h", snapshot.layer)  # those of the memory stand after it
        names = [f"‖d{stem}‖ of {loss}", f"{loss} d{stem}" if first else f"d{stem}"]
    return Curve(
        f"‖∂{loss}/∂{path.symbol}‖",
        "gradient",
        t,
        path.norms,
        values=() if change is None else (signed_decimals(change, 2),),
        briefs=tuple(names),
        style=path.style,
    )


def _change(path: _Path) -> float | None:
    """Return by how many decades the gradient of one loss changes in a step back, if known."""
    return decades_per_step(path.norms) if path.alone else None


def _paths(context: DrawContext) -> tuple[_Path, ...]:
    """Return the gradients to draw, from back to front.

    Where only one loss counts, the total is that one alone. Of several states together the total of
    h stands for the others', where the gradient of one loss is known: three curves can be read.
    """
    snapshot = context.snapshot
    states, layer = snapshot.window.declaration.cell.states, snapshot.layer
    shown = _shown_states(context)
    lone = sum(snapshot.task.topology.counted) == 1
    norms = _norms(snapshot)
    found = snapshot.proofs.get(PROOF)
    paths: list[_Path] = []
    followed = isinstance(found, LossGradient) and found.t == snapshot.loss_t and not lone
    for alone in (False, True):
        styles = _ALONE_STYLES if alone or lone else _TOTAL_STYLES
        for state in shown[:1] if followed and not alone else shown:
            symbol = name_in_layer(f"{state}_t", layer)
            style = styles[state != states[0]]
            if not alone:
                known = _known(snapshot, symbol, norms[state])
                paths.append(_Path(symbol, known, lone, style))
            elif followed and isinstance(found, LossGradient):
                of_one = np.full(snapshot.steps, np.nan)
                of_one[: found.t] = found.of(state, layer)[1:]
                paths.append(_Path(symbol, _known(snapshot, symbol, of_one), True, style))
    return tuple(paths)


def _norms(snapshot: Snapshot) -> dict[str, Array]:
    """Return the sizes of the gradients of the states of the layer shown, by the cell's names."""
    states = snapshot.window.declaration.cell.states
    norms = {states[0]: snapshot.gradient_norms}
    return norms | dict(zip(states[1:], snapshot.memory_norms.values(), strict=True))


def known_norms(snapshot: Snapshot) -> dict[str, Array]:
    """Return the same, NaN where the backward pass has not been."""
    return {
        state: _known(snapshot, name_in_layer(f"{state}_t", snapshot.layer), norms)
        for state, norms in _norms(snapshot).items()
    }


def _shown_states(context: DrawContext) -> tuple[str, ...]:
    """Return the cell's names of the states that are shown."""
    names = variants(context.snapshot)
    if not names:
        return context.snapshot.window.declaration.cell.states[:1]
    return tuple(context.selection.variant(NAME, names).split(TOGETHER))


def _beside(context: DrawContext, t: Array) -> tuple[Curve, ...]:
    """Return what ‖∂L/∂h_t‖ was before a what-if, and the second network's, behind all others."""
    snapshot = context.snapshot
    if "h" not in _shown_states(context):
        return ()
    known = _known(snapshot, name_in_layer("h_t", snapshot.layer), snapshot.gradient_norms)
    before = snapshot.what_if.norms_before if snapshot.what_if else None
    ghost = () if before is None else (Curve("before", "ghost", t, _masked(before, known)),)
    second = snapshot.second_network
    if second is None or second.behind or second.divergence is not None:
        return ghost
    label = second_network_words(snapshot, second)
    norms, briefs = _masked(second.gradient_norms, known), (label, second.settings.cell)
    return (*ghost, Curve(label, "second-gradient", t, norms, briefs=briefs))


def _masked(norms: Array, known: Array) -> Array:
    """Return `norms` [T], NaN where `known` [T] is NaN."""
    return np.where(np.isnan(known), np.nan, norms)


def _known(snapshot: Snapshot, symbol: str, norms: Array) -> Array:
    """Return `norms` [T], NaN where the gradient of `symbol` has not been computed yet."""
    known, times = norms.copy(), np.arange(1, snapshot.steps + 1)
    # What is revealed is the same at all timesteps on one side of the cursor, but for the loss.
    kinds = 2 * np.sign(times - snapshot.cursor.t) + np.asarray(snapshot.window.counted)
    for kind in set(kinds.tolist()):
        alike = kinds == kind
        revealed = snapshot.backward_revealed(int(times[alike.argmax()]))
        if not any(operation.symbol == f"d{symbol}" for operation in revealed):
            known[alike] = np.nan
    return known


def signs(context: DrawContext) -> Signs:
    """Return what the signs on the panel mean."""
    states, last = context.snapshot.window.declaration.cell.states, context.snapshot.loss_t
    memory = tuple(
        Sign(f"‖d{state}‖  {state}", f"the same for {state}, which has a way back of its own")
        for state in states[1:]
    )
    return panel_help.joined(
        (
            Sign(
                "‖dh‖  ‖∂L/∂h_t‖",
                "the size of the gradient of all losses for h at t; thin",
                "gradient",
            ),
            Sign(
                f"‖dh‖ of L_{last}",
                f"of the loss at timestep {last} alone, thick: whether it grows, holds or dies",
                "gradient",
            ),
            *memory,
            Sign("decades", "powers of 10: −0.3 a step back halves it at every timestep"),
            Sign("before", "the same without the what-if", "ghost"),
            Sign("gru beside", "the second network's, dashed", "second-gradient"),
            Sign(f"┊ t={context.snapshot.t}", "the timestep at the cursor", "accent"),
        ),
        panel_help.chart(log=True, x="timesteps"),
    )


PANEL = PanelSpec(
    draw,
    title,
    legend,
    "gradient",
    proofs=(PROOF,),
    timestep_keys="←→",
    variants=variants,
    chart=chart,
    help=signs,
    table="charts:gradients",
)
