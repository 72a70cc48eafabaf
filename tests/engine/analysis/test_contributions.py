"""What is derived from a tape on demand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from engine.engine_support import CELLS, Case, same_bits, trained, worst
from engine.toy import ToyTask

from rnn_tui.engine.analysis.contributions import timestep_contributions
from rnn_tui.engine.analysis.gradient_flow import gradient_norms
from rnn_tui.engine.analysis.ledger import locate_parameter, parameter_ledger
from rnn_tui.engine.analysis.loss_per_timestep import loss_per_timestep
from rnn_tui.engine.core.norms import log_relative_change
from rnn_tui.engine.network.architecture import views
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.settings import Settings
from rnn_tui.tasks.base import Topology

each_cell = pytest.mark.parametrize(("cell", "activation"), CELLS)


@each_cell
def test_shares_add_up_to_the_gradient(cell: str, activation: str) -> None:
    network = Case(cell, activation, 6, 3, 2, 4, 3, 1).network()
    trained(network)
    running = np.zeros_like(network.flat)
    for t in range(6, 0, -1):
        found = timestep_contributions(network, t)
        assert found.t == t
        running += found.contribution
        assert worst(found.running_sum, running) < 1e-14
    assert worst(running, network.gradient) < 1e-14


@each_cell
def test_a_share_is_the_gradient_with_every_other_timestep_held(cell: str, activation: str) -> None:
    """Not only the sum: each share is x_tᵀ·da_t and the like, of its own timestep."""
    network = Case(cell, activation, 4, 2, 2, 3, 2, 2).network()
    trained(network)
    tape = network.tape
    for t in range(1, 5):
        share = views(network.specs, timestep_contributions(network, t).contribution)
        readout = sum(np.outer(tape["h"][t, b], tape["dy"][t - 1, b]) for b in range(2))
        assert worst(share["W_y"], readout) < 1e-14
        assert worst(share["b_y"], tape["dy"][t - 1].sum(axis=0)) < 1e-14
        inward = sum(np.outer(tape["x"][t - 1, b], tape.rows("da", t)[b]) for b in range(2))
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
            assert same_bits(
                timestep_contributions(network, s).contribution,
                timestep_contributions(whole, s).contribution,
            )
            assert same_bits(
                timestep_contributions(network, s).running_sum,
                timestep_contributions(whole, s).running_sum,
            )
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
def test_relative_change_at_any_scale(dtype: type[np.floating[Any]], scale: float) -> None:
    scale = min(scale, float(np.finfo(dtype).max) / 10)
    before = np.full(10, scale, dtype)
    found = log_relative_change(before, before * dtype(1e-3))
    assert found == pytest.approx(-3, abs=1e-6)


def test_no_change_has_no_size() -> None:
    assert log_relative_change(np.ones(3), np.zeros(3)) is None
    assert log_relative_change(np.zeros(3), np.ones(3)) is None
    assert log_relative_change(np.array([3.0, 4.0]), np.array([0.0, 0.5])) == pytest.approx(-1)


# The ledger


@each_cell
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_ledger_adds_up_to_its_entry_of_the_gradient(
    cell: str, activation: str, dtype: type
) -> None:
    case = Case(cell, activation, 6, 3, 2, 4, 3, 5)
    network = case.network(dtype)
    trained(network)
    single = [timestep_contributions(network, t).contribution for t in range(1, 7)]
    for index in range(network.flat.size):
        found = parameter_ledger(network, index)
        terms = np.abs(found.contribution).sum()
        rounding = 6 * 3 * np.finfo(dtype).eps * max(terms, np.abs(network.gradient).max())
        assert abs(found.total - network.gradient[index]) <= rounding
        assert (
            worst(found.contribution, [each[index] for each in single]) < 40 * np.finfo(dtype).eps
        )
        assert found.running_sum[5] == found.contribution[5]  # the backward pass begins at T
        assert found.running_sum[0] == found.total
        assert np.array_equal(
            found.running_sum[:-1], found.running_sum[1:] + found.contribution[:-1]
        )
        assert found.t.tolist() == [1, 2, 3, 4, 5, 6]
        assert network.gradients[found.name][found.place] == network.gradient[index]


@each_cell
def test_a_ledger_during_the_backward_pass(cell: str, activation: str) -> None:
    case = Case(cell, activation, 4, 2, 1, 3, 1, 6)
    whole, network = case.network(), case.network()
    trained(whole)
    network.forward(1, 4)
    network.loss()
    network.backward(4, 4)
    network.backward(3, 3)
    for index in (0, network.flat.size // 2, network.flat.size - 1):
        found, expected = parameter_ledger(network, index), parameter_ledger(whole, index)
        assert same_bits(found.contribution[2:], expected.contribution[2:])
        assert same_bits(found.running_sum[2:], expected.running_sum[2:])


def test_where_a_parameter_is() -> None:
    network = Case("gru", "tanh", 1, 1, 2, 3, 1, 7).network()
    assert locate_parameter(network, 0) == ("W_x", (0, 0))
    assert locate_parameter(network, 18 + 10) == ("W_h", (1, 1))
    assert locate_parameter(network, network.flat.size - 1) == ("b_y", (0,))
    for index in (-1, network.flat.size):
        with pytest.raises(IndexError):
            parameter_ledger(network, index)


# ---------------------------------------------------------------- the loss, timestep by timestep


@pytest.mark.parametrize("loss", ["mse", "cross-entropy"])
@pytest.mark.parametrize("topology", ["many_to_many", "many_to_one", "one_to_many"])
def test_the_parts_of_a_loss_add_up_to_it_and_only_what_counts_has_one(
    loss: str, topology: str
) -> None:
    settings = Settings(hidden=3, steps=5, batch=4, dtype="float64", cell="lstm")
    masks: Topology = getattr(Topology, topology)(5)
    trainer = Trainer(settings, task=ToyTask(settings, loss, masks))
    trainer.run(3)
    network, tape = trainer.network, trainer.network.tape
    parts = loss_per_timestep(network.declaration, tape)
    assert parts.shape == (5, 4)
    assert parts.sum() == pytest.approx(trainer.loss, rel=1e-13)
    for t in range(5):
        for b in range(4):
            if not masks.counted[t]:
                assert parts[t, b] == 0
                continue
            y = tape["y"][t, b]
            if loss == "mse":
                own = sum((y - tape["target"][t, b]) ** 2)
            else:
                own = -np.log(np.exp(y) / np.exp(y).sum())[tape["classes"][t, b]]
            assert parts[t, b] * network.declaration.term_count == pytest.approx(own, rel=1e-12)
            alone = loss_per_timestep(network.declaration, tape.sample(b))
            assert alone[t, 0] == parts[t, b]


def test_a_part_stays_finite_where_the_probability_is_0() -> None:
    settings = Settings(hidden=3, steps=2, batch=1)
    trainer = Trainer(settings, task=ToyTask(settings))
    trainer.run(1)
    tape = trainer.network.tape
    tape["y"][-1, 0] = 0
    tape["y"][-1, 0, (tape["classes"][-1, 0] + 1) % 4] = 2000
    trainer.network.loss_kernel.prepare_outputs()
    assert tape["p"][-1, 0, tape["classes"][-1, 0]] == 0
    assert loss_per_timestep(trainer.network.declaration, tape)[-1, 0] == pytest.approx(2000)
