"""What is derived from a tape on demand."""

from __future__ import annotations

import numpy as np
import pytest
from engine.support import CELLS, Case, same_bits, trained, worst

from rnn_tui.engine.network import views
from rnn_tui.engine.probes import gradient_norms, relative_change, shares

each_cell = pytest.mark.parametrize(("cell", "activation"), CELLS)


@each_cell
def test_shares_add_up_to_the_gradient(cell: str, activation: str) -> None:
    network = Case(cell, activation, 6, 3, 2, 4, 3, 1).network()
    trained(network)
    running = np.zeros_like(network.flat)
    for t in range(6, 0, -1):
        found = shares(network, t)
        assert found.t == t
        running += found.share
        assert worst(found.so_far, running) < 1e-14
    assert worst(running, network.gradient) < 1e-14


@each_cell
def test_a_share_is_the_gradient_with_every_other_timestep_held(cell: str, activation: str) -> None:
    """Not only the sum: each share is x_tᵀ·da_t and the like, of its own timestep."""
    network = Case(cell, activation, 4, 2, 2, 3, 2, 2).network()
    trained(network)
    tape = network.tape
    for t in range(1, 5):
        share = views(network.specs, shares(network, t).share)
        readout = sum(np.outer(tape["h"][t, b], tape["dy"][t - 1, b]) for b in range(2))
        assert worst(share["W_y"], readout) < 1e-14
        assert worst(share["b_y"], tape["dy"][t - 1].sum(axis=0)) < 1e-14
        inward = sum(np.outer(tape["x"][t - 1, b], tape["da"][t - 1, b]) for b in range(2))
        assert worst(share["W_x"], inward) < 1e-14


@each_cell
def test_shares_during_the_backward_pass_are_those_of_the_end(cell: str, activation: str) -> None:
    case = Case(cell, activation, 5, 2, 1, 3, 1, 3)
    whole, network = case.network(), case.network()
    trained(whole)
    network.forward(1, 5)
    network.loss()
    for t in range(5, 0, -1):
        network.backward(t, t)
        for s in range(5, t - 1, -1):
            assert same_bits(shares(network, s).share, shares(whole, s).share)
            assert same_bits(shares(network, s).so_far, shares(whole, s).so_far)
    assert same_bits(network.gradient, whole.gradient)  # looking changes nothing


def test_gradient_norms_over_batch_and_units() -> None:
    network = Case("lstm", "tanh", 5, 3, 1, 4, 1, 4).network(np.float32)
    trained(network)
    found = gradient_norms(network)
    assert found.dtype == np.float64
    expected = [np.linalg.norm(network.tape["dh"][k].astype(float)) for k in range(5)]
    assert worst(found, expected) < 1e-14


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("scale", [1e-30, 1.0, 1e30, 1e200])
def test_relative_change_at_any_scale(dtype: type, scale: float) -> None:
    scale = min(scale, float(np.finfo(dtype).max) / 10)
    before = np.full(10, scale, dtype)
    found = relative_change(before, before * dtype(1e-3))
    assert found == pytest.approx(-3, abs=1e-6)


def test_no_change_has_no_size() -> None:
    assert relative_change(np.ones(3), np.zeros(3)) is None
    assert relative_change(np.zeros(3), np.ones(3)) is None
    assert relative_change(np.array([3.0, 4.0]), np.array([0.0, 0.5])) == pytest.approx(-1)
