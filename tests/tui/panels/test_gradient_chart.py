"""The gradient chart: one loss alone beside the total, h beside the memory, and what is said."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from shares import share
from tui.screen_support import KINDS, SMALL, ProofSnapshotMaker, context

from rnn_tui.engine.analysis.loss_gradient import decades_per_step, loss_gradient
from rnn_tui.engine.network.layers import name_in_layer
from rnn_tui.engine.network.network import Network
from rnn_tui.engine.training.schedule import Pass
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.session.commands import ViewRequest
from rnn_tui.settings import Settings, compose
from rnn_tui.tui.charts.curves import Curve
from rnn_tui.tui.charts.strokes import ASCII, UNICODE, WITHOUT_GROUNDS, choose_strokes
from rnn_tui.tui.draw_context import DrawContext
from rnn_tui.tui.number_format import signed_decimals
from rnn_tui.tui.panels import gradient_chart

RECALL = compose({"task": "recall", "gap": 3, "hidden": 4, "cell": "lstm"})
SHOWN = frozenset({"loss-gradient"})


def backward(settings: Settings, at: int, t: int | None = None, variant: str = "") -> DrawContext:
    """At timestep `at` of the second backward pass, with `t` selected and its proof complete."""
    trainer = Trainer(settings)
    trainer.run(1)
    maker = ProofSnapshotMaker(trainer)
    while (trainer.cursor.stage, trainer.cursor.t) != (Pass.BACKWARD, at):
        trainer.step()
    request = ViewRequest(predictions=False, proofs=SHOWN, t=t)
    shown = context(maker._session.perform(request))
    variants = (("gradients", variant),) if variant else ()
    return replace(shown, selection=replace(shown.selection, variants=variants))


def curves(shown: DrawContext) -> dict[str, Curve]:
    """Return the curves by their labels."""
    return {each.label: each for each in gradient_chart.chart(shown).curves}


@pytest.mark.parametrize("kind", share(sorted(KINDS)))
@pytest.mark.parametrize(("t", "loss"), [(None, 5), (3, 3)])
def test_beside_the_total_is_the_loss_looked_at_alone(kind: str, t: int | None, loss: int) -> None:
    settings = SMALL.with_(batch=2, layers=2, **KINDS[kind])
    shown = backward(settings, 2, t)
    found = loss_gradient(backward_network(settings), loss)
    drawn, layer = curves(shown), shown.snapshot.layer
    for state in shown.snapshot.window.declaration.cell.states:
        name = name_in_layer(f"{state}_t", layer)
        total = curves(backward(settings, 2, t, state))[f"‖∂L/∂{name}‖"]
        assert np.isfinite(total.y).tolist() == [False] + [True] * 4
        curve = drawn[f"‖∂L_{loss}/∂{name}‖"]
        expected = found.of(state, layer)
        assert curve.y[1:loss] == pytest.approx(expected[2:], rel=1e-5)
        assert np.isnan(curve.y[0])  # the backward pass has not been there
        assert np.isnan(curve.y[loss:]).all()
        change = decades_per_step(expected[2:])
        assert curve.values == (() if change is None else (signed_decimals(change, 2),))
    if shown.snapshot.window.declaration.cell.recurrent:
        title = gradient_chart.title(shown)[1]
        assert title.endswith(f"L_{loss}: decades a step back")


def backward_network(settings: Settings) -> Network:
    """Return the network of `backward`, its pass complete."""
    trainer = Trainer(settings)
    trainer.run(1)
    while (trainer.cursor.stage, trainer.cursor.t) != (Pass.BACKWARD, 1):
        trainer.step()
    return trainer.network


def test_where_one_loss_counts_the_total_is_that_one_and_is_called_so() -> None:
    shown = backward(RECALL, 1, t=2)
    last = shown.snapshot.steps
    assert list(curves(shown)) == [f"‖∂L_{last}/∂h_t‖", f"‖∂L_{last}/∂c_t‖"]
    network = backward_network(RECALL)
    for state in ("h", "c"):
        curve = curves(shown)[f"‖∂L_{last}/∂{state}_t‖"]
        assert curve.y == pytest.approx(loss_gradient(network, last).of(state, 1)[1:], rel=1e-4)
        assert curve.values
    assert gradient_chart.title(shown)[1].endswith(f"L_{last}: decades a step back")


def test_the_key_d_goes_through_the_states_of_a_cell_with_a_memory() -> None:
    lstm = SMALL.with_(cell="lstm")
    assert gradient_chart.variants(backward(lstm, 1).snapshot) == ("h and c", "h", "c")
    assert gradient_chart.variants(backward(SMALL.with_(cell="gru"), 1).snapshot) == ()
    assert all("h_t" in label for label in curves(backward(lstm, 1, variant="h")))
    assert all("c_t" in label for label in curves(backward(lstm, 1, variant="c")))
    assert list(curves(backward(lstm, 1))) == ["‖∂L/∂h_t‖", "‖∂L_5/∂h_t‖", "‖∂L_5/∂c_t‖"]


@pytest.mark.parametrize("strokes", [UNICODE, WITHOUT_GROUNDS, ASCII])
def test_no_two_curves_look_alike_without_colour(strokes: object) -> None:
    lstm = SMALL.with_(cell="lstm")
    drawn = list((curves(backward(lstm, 1)) | curves(backward(lstm, 1, variant="c"))).values())
    beside = [replace(drawn[0], role=role, style="") for role in ("ghost", "second-gradient")]
    samples = [each.sample for each in choose_strokes([*beside, *drawn], strokes)]  # type: ignore[arg-type]
    assert len(set(samples)) == 6


def test_a_loss_followed_in_long_windows_says_how_far_it_is() -> None:
    shown = backward(SMALL, 1)
    snapshot = replace(shown.snapshot, proofs={}, proving=("loss-gradient", 0.34))
    title = gradient_chart.title(replace(shown, snapshot=snapshot))[1]
    assert title == "following L_5 back 34 %"


def test_what_dies_beyond_rounding_does_not_flatten_the_rest() -> None:
    shown = backward(SMALL, 1)
    norms = np.array([1e-200, 1e-100, 1e-9, 1e-3, 1.0])
    snapshot = replace(shown.snapshot, gradient_norms=norms)
    low, high = gradient_chart.chart(replace(shown, snapshot=snapshot)).y_range or (0, 0)
    assert 1e-16 <= low <= 1e-9
    assert high == 1
