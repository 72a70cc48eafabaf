"""The three charts: loss over updates, predictions against truth, gradient norm over timesteps."""

from __future__ import annotations

import numpy as np

from rnn_tui.engine.expressions import Array
from rnn_tui.engine.layers import numbered
from rnn_tui.session import Snapshot
from rnn_tui.tui.chart import Chart, Curve, Mark
from rnn_tui.tui.chart import draw as draw_chart
from rnn_tui.tui.lines import Lines
from rnn_tui.tui.numbers import number
from rnn_tui.tui.view import Scene

GHOSTS = 2  # futures left behind that are drawn, the newest ones


def loss_title(scene: Scene) -> tuple[str, str]:
    """What stands in the rule above the loss chart."""
    snapshot = scene.snapshot
    smoothed = f"smoothed {number(snapshot.smoothed, 3)}" if snapshot.cursor.update else ""
    return "loss", smoothed


def draw_loss(scene: Scene, width: int, height: int) -> Lines:
    """Raw and smoothed loss against updates, the whole run, log y."""
    curve, timeline = scene.snapshot.curve, scene.snapshot.timeline
    ghosts = (
        Curve(ghost.label, "ghost", ghost.curve.update, ghost.curve.smoothed)
        for ghost in timeline.ghosts[-GHOSTS:]
    )
    here = scene.snapshot.cursor.update
    chart = Chart(
        (
            *ghosts,
            Curve("raw", "raw", curve.update, curve.loss, "cloud"),
            *_rival_loss(scene.snapshot),
            Curve("smoothed", "smooth", curve.update, curve.smoothed),
        ),
        log_y=True,
        marks=(Mark(float(here), str(here)),) if timeline.in_past else (),
        x_label="update",
        empty="the loss of every update appears here",
    )
    return draw_chart(chart, width, height)


def _rival_loss(snapshot: Snapshot) -> tuple[Curve, ...]:
    """The other network's smoothed loss."""
    rival = snapshot.rival
    if rival is None:
        return ()
    return (
        Curve(f"{rival.settings.cell} beside", "rival", rival.curve.update, rival.curve.smoothed),
    )


def predictions_title(scene: Scene) -> tuple[str, str]:
    """What stands in the rule above the predictions: the errors."""
    predictions = scene.snapshot.predictions
    if predictions is None:
        return "predictions", ""
    evaluation = predictions.evaluation
    errors = f"one-step {number(evaluation.one_step_mse, 3)}"
    if evaluation.free_run_mse and evaluation.free_run_mse[0] is not None:
        errors += f" · free-run {number(evaluation.free_run_mse[0], 3)}"
    return "predictions", f"MSE {errors}"


def draw_predictions(scene: Scene, width: int, height: int) -> Lines:
    """Truth, one-step and free-running predictions of the test series."""
    predictions = scene.snapshot.predictions
    if predictions is None:
        return (((" not computed yet", "dim"),),)
    test, evaluation = predictions.test, predictions.evaluation
    first, run = evaluation.first, len(evaluation.free_run)
    last = first + max(run, min(len(evaluation.one_step), 4 * width))

    def shown(values: Array) -> Array:
        result: Array = values * test.scale + test.offset
        return result

    truth = shown(test.values[first:last])
    x = test.x[first:last]
    margin = 0.25 * float(np.ptp(truth)) or 1.0
    chart = Chart(
        (
            Curve("truth", "truth", x, truth),
            Curve("free-run", "free-run", x[:run], shown(evaluation.free_run)),
            Curve("one-step", "one-step", x, shown(evaluation.one_step[: len(x)]), "points"),
        ),
        x_label=_x_label(scene.snapshot),
        y_range=(float(truth.min()) - margin, float(truth.max()) + margin),
    )
    return draw_chart(chart, width, height)


def _x_label(snapshot: Snapshot) -> str:
    return "x" if snapshot.settings.task == "cos" else "row"


def gradients_title(scene: Scene) -> tuple[str, str]:
    """What stands in the rule above the gradient chart: how it dies or grows through time."""
    known = _known_norms(scene.snapshot)
    finite = known[np.isfinite(known) & (known > 0)]
    if len(finite) < 2:
        return "gradient through time", ""
    ratio = float(finite[0] / finite[-1])
    return "gradient through time", f"first over last {number(ratio, 3)}"


def draw_gradients(scene: Scene, width: int, height: int) -> Lines:
    """‖∂L/∂h_t‖ over t, as far back as the backward pass has come."""
    snapshot = scene.snapshot
    t = np.arange(1.0, snapshot.steps + 1)
    before = snapshot.what_if.norms_before if snapshot.what_if else None
    known = _known_norms(snapshot)
    left = () if before is None else (Curve("before", "ghost", t, _where(before, known)),)
    chart = Chart(
        (*left, *_rival_norms(snapshot, t, known), Curve("‖∂L/∂h_t‖", "gradient", t, known)),
        log_y=True,
        x_label="timestep t",
        marks=(Mark(float(snapshot.t), f"t={snapshot.t}"),) if snapshot.cursor.t else (),
        x_range=(1.0, max(float(snapshot.steps), 2.0)),
        empty="comes with the backward pass",
    )
    return draw_chart(chart, width, height)


def _rival_norms(snapshot: Snapshot, t: Array, known: Array) -> tuple[Curve, ...]:
    """The other network's norms, where it stands at the same place."""
    rival = snapshot.rival
    if rival is None or rival.behind or rival.divergence is not None:
        return ()
    label = f"{rival.settings.cell} beside"
    return (Curve(label, "rival", t, _where(rival.gradient_norms, known)),)


def _where(norms: Array, known: Array) -> Array:
    """The same timesteps as are `known`."""
    return np.where(np.isnan(known), np.nan, norms)


def _known_norms(snapshot: Snapshot) -> Array:
    """[T], NaN where the backward pass has not been."""
    norms, symbol = snapshot.gradient_norms.copy(), numbered("dh_t", snapshot.layer)
    for t in range(1, snapshot.steps + 1):
        if not any(op.symbol == symbol for op in snapshot.backward_revealed(t)):
            norms[t - 1] = np.nan
    return norms
