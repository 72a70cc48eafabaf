"""Losses and masks: the equations, N, what does not count, and differentiation from outside."""

from __future__ import annotations

import math

import numpy as np
import pytest
from engine.cells.test_gradients import Probe, each_gradient
from engine.engine_support import CELLS, SMOOTH_CELLS, Case, headed_cases, same_bits, trained, worst
from hypothesis import example, given

from rnn_tui.engine.core.expressions import Softmax, UnitReader, Zeros
from rnn_tui.engine.network.losses import LOSSES, Problem
from rnn_tui.engine.network.network import Network
from rnn_tui.tasks.base import Topology

LAST = (False, False, False, True)
FIRST = (True, False, False, False)
each_loss = pytest.mark.parametrize("loss", LOSSES)


def plain_loss(network: Network) -> float:
    """From y and the targets alone, number by number."""
    tape, terms = network.tape, []
    steps, batch, outputs = tape["y"].shape
    for t in range(steps):
        if not network.declaration.problem.counts(t + 1):
            continue
        for b in range(batch):
            y = [float(v) for v in tape["y"][t, b]]
            if network.declaration.problem.loss == "cross-entropy":
                total = math.fsum(math.exp(v) for v in y)
                terms.append(math.log(total) - y[network.targets[t, b]])
            else:
                terms += [(y[o] - float(network.targets[t, b, o])) ** 2 for o in range(outputs)]
    assert network.declaration.term_count == len(terms)
    return math.fsum(terms) / len(terms)


@given(headed_cases())
@example(Case("lstm", "tanh", 12, 3, 2, 5, 4, 1, "cross-entropy"))
@example(Case("gru", "tanh", 4, 3, 2, 5, 4, 1, "cross-entropy", counted=LAST))
@example(Case("rnn", "tanh", 4, 3, 2, 5, 1, 1, "cross-entropy", counted=LAST))
def test_the_loss_is_the_mean_over_what_counts(case: Case) -> None:
    network = case.network()
    assert trained(network) == pytest.approx(plain_loss(network), rel=1e-12, abs=1e-15)


@given(headed_cases(SMOOTH_CELLS))
@example(Case("rnn", "tanh", 1, 1, 1, 1, 1, 0, "cross-entropy"))
@example(Case("lstm", "tanh", 12, 3, 2, 5, 4, 1, "cross-entropy"))
@example(Case("lstm", "tanh", 4, 3, 2, 5, 4, 1, "cross-entropy", FIRST, LAST))
@example(Case("gru", "tanh", 4, 3, 2, 5, 2, 1, "mse", FIRST))
@example(Case("gru", "tanh", 4, 3, 2, 5, 2, 1, "mse", counted=LAST))
def test_gradients_agree_with_the_complex_step(case: Case) -> None:
    network = case.network()
    trained(network)
    probe = Probe(case, complex)
    expected = probe.complex_step(probe.network.flat)
    if not expected.any():
        assert not network.gradient.any()  # one class: its probability is always 1
    wrong = each_gradient(network, expected)
    assert max(wrong.values()) < 1e-12, wrong


@given(headed_cases())
def test_what_does_not_count_has_no_gradient_whatever_it_is(case: Case) -> None:
    network = case.network()
    network.forward(1, case.steps)
    expected = network.loss()
    gaps = [t for t in range(1, case.steps + 1) if not network.declaration.problem.counts(t)]
    before = network.tape["dy"].copy()
    for t in gaps:
        if case.loss == "mse":
            network.targets[t - 1] = np.nan
    assert network.loss() == expected
    assert same_bits(network.tape["dy"], before)
    for t in gaps:
        assert same_bits(network.tape["dy"][t - 1], np.zeros_like(before[t - 1]))
        assert network.declaration.backward_operations_at(t)[0].equation() == "dy_t = 0"
        assert not network.values(t)["dy_t"].any()


@given(headed_cases())
@example(Case("lstm", "tanh", 12, 3, 2, 5, 4, 1, "cross-entropy"))
def test_the_declaration_is_what_was_computed(case: Case) -> None:
    network = case.network()
    trained(network)
    for t in range(1, case.steps + 1):
        values = network.values(t)
        made = (
            network.declaration.readout_operations
            + network.declaration.backward_operations_at(t)[:2]
        )
        for operation in made:
            found = operation.expression.evaluate(values)
            assert found.shape == values[operation.symbol].shape
            wrong = np.abs(found - values[operation.symbol]).max()
            assert wrong <= 1e-14 * max(1.0, np.abs(found).max()), (operation.equation(), t)
        if case.loss == "cross-entropy":
            assert values["p_t"].sum(axis=-1) == pytest.approx(1, abs=1e-14)
            hot = values["target_t"]
            assert set(np.unique(hot)) <= {0.0, 1.0}
            assert (hot.sum(axis=-1) == network.declaration.problem.counts(t)).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_large_outputs_do_not_overflow(dtype: type) -> None:
    network = Case("rnn", "tanh", 2, 3, 1, 4, 5, 3, "cross-entropy").network(dtype)
    network.parameters["b_y"][...] = [1000, -1000, 0, 999, 5]
    with np.errstate(all="raise", under="ignore"):
        loss = trained(network)
    assert np.isfinite(loss)
    assert np.isfinite(network.gradient).all()


def test_equal_outputs_cost_log_of_the_number_of_classes() -> None:
    network = Case("lstm", "tanh", 3, 2, 1, 4, 7, 3, "cross-entropy").network()
    for name in ("W_y", "b_y"):
        network.parameters[name][...] = 0
    assert trained(network) == pytest.approx(math.log(7), rel=1e-15)


@each_loss
@pytest.mark.parametrize(("cell", "activation"), CELLS)
def test_stepping_and_running_are_the_same_bits(cell: str, activation: str, loss: str) -> None:
    case = Case(cell, activation, 4, 2, 2, 4, 3, 5, loss, counted=(False, True, False, True))
    whole, stepped = case.network(), case.network()
    trained(whole)
    for t in range(1, 5):
        stepped.forward(t, t)
        stepped.readout()
    stepped.loss()
    for t in range(4, 0, -1):
        stepped.backward(t, t)
    for name, array in whole.tape.arrays.items():
        assert same_bits(stepped.tape[name], array), name
    assert same_bits(stepped.gradient, whole.gradient)


def test_a_topology_of_another_length_is_refused() -> None:
    case = Case("rnn", "tanh", 3, 1, 1, 2, 1, 0)
    problem = Problem(topology=Topology.many_to_one(4))
    with pytest.raises(ValueError, match="4 timesteps, the window 3"):
        problem.mask(case.steps)


def test_softmax_shows_the_numbers_it_is_made_of() -> None:
    values = {"y_t": np.array([[1.0, 3.0, 2.0]])}
    node = Softmax("y_t")
    assert node.text() == "softmax(y_t)"
    assert node.symbols() == ("y_t",)
    for unit in range(3):
        start, y, minus, largest, end, total = node.tokens(UnitReader(values, 0, unit))
        assert (start, minus, end) == ("e^(", " − ", ")/")
        assert isinstance(y, float)
        assert isinstance(largest, float)
        assert isinstance(total, float)
        shown = math.exp(y - largest) / total
        assert shown == pytest.approx(node.evaluate(values)[0, unit], rel=1e-15)
    assert Zeros("y_t").tokens(UnitReader(values, 0, 0)) == ("0",)


def test_a_worst_case_of_rounding() -> None:
    """Where one class is all but certain, p − 1 is a difference of numbers near 1."""
    network = Case("rnn", "tanh", 3, 2, 1, 4, 3, 4, "cross-entropy").network()
    network.parameters["b_y"][...] = [40.0, 0.0, 0.0]
    network.targets[...] = 0
    network.encode()
    trained(network)
    probs = network.tape["p"]
    assert (
        worst(network.tape["dy"][..., 1:] * network.declaration.term_count, probs[..., 1:]) < 1e-15
    )
