"""Contributions of single timesteps to the gradients of the parameters."""

from __future__ import annotations

import numpy as np
import pytest
from engine.engine_support import CELLS, Case, same_bits, trained, worst

from rnn_tui.engine.analysis import contributions as module
from rnn_tui.engine.analysis.contributions import tensor_contributions, timestep_contributions
from rnn_tui.engine.core.background_work import complete
from rnn_tui.engine.network.architecture import views

each_cell = pytest.mark.parametrize(("cell", "activation"), CELLS)


@each_cell
def test_contributions_add_up_to_the_gradient(cell: str, activation: str) -> None:
    network = Case(cell, activation, 6, 3, 2, 4, 3, 1).network()
    trained(network)
    running_sum = np.zeros_like(network.flat)
    for t in range(6, 0, -1):
        found = timestep_contributions(network, t)
        assert found.t == t
        running_sum += found.contribution
        assert worst(found.running_sum, running_sum) < 1e-14
    assert worst(running_sum, network.gradient) < 1e-14


@each_cell
def test_a_contribution_is_made_of_its_own_timestep(cell: str, activation: str) -> None:
    """Not only the sum: each contribution is x_tᵀ·da_t and the like, of its own timestep."""
    network = Case(cell, activation, 4, 2, 2, 3, 2, 2).network()
    trained(network)
    tape = network.tape
    for t in range(1, 5):
        contribution = views(network.specs, timestep_contributions(network, t).contribution)
        readout = sum(np.outer(tape["h"][t, b], tape["dy"][t - 1, b]) for b in range(2))
        assert worst(contribution["W_y"], readout) < 1e-14
        assert worst(contribution["b_y"], tape["dy"][t - 1].sum(axis=0)) < 1e-14
        inward = sum(np.outer(tape["x"][t - 1, b], tape.rows("da", t)[b]) for b in range(2))
        assert worst(contribution["W_x"], inward) < 1e-14


@each_cell
def test_contributions_during_the_backward_pass_are_final(cell: str, activation: str) -> None:
    case = Case(cell, activation, 5, 2, 1, 3, 1, 3)
    whole, network = case.network(), case.network()
    trained(whole)
    network.forward(1, 5)
    network.loss()
    for t in range(5, 0, -1):
        network.backward(t, t)
        for s in range(5, t - 1, -1):
            assert same_bits(
                timestep_contributions(network, s).contribution,
                timestep_contributions(whole, s).contribution,
            )
            assert same_bits(
                timestep_contributions(network, s).running_sum,
                timestep_contributions(whole, s).running_sum,
            )
    assert same_bits(network.gradient, whole.gradient)  # nothing was changed


@each_cell
def test_of_one_tensor_in_parts_they_are_the_same(
    cell: str, activation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PART", 40)
    network, t = Case(cell, activation, 6, 3, 2, 4, 3, 2).network(), 3
    trained(network)
    whole = timestep_contributions(network, t)
    for spec in network.specs:
        share, so_far = complete(tensor_contributions(network, spec.name, t))
        for found, flat in ((share, whole.contribution), (so_far, whole.running_sum)):
            expected = views(network.specs, flat)[spec.name]
            assert found.shape == expected.shape
            assert worst(found, expected) < 1e-14
