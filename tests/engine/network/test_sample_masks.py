"""Losses that count sample by sample, as a mean or a sum: equations, N, differentiation."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from engine.cells.test_gradients import Probe, each_gradient
from engine.engine_support import SMOOTH_CELLS, Case, masked_cases, same_bits, trained, worst
from hypothesis import example, given

from rnn_tui.engine.analysis.loss_per_timestep import loss_of_sample, loss_per_timestep
from rnn_tui.engine.network.losses import Problem
from rnn_tui.engine.network.network import Network
from rnn_tui.engine.network.pins import Pin

MIXED = ((True, False), (False, False), (True, True), (False, True))
LSTM = Case("lstm", "tanh", 4, 2, 2, 3, 3, 1, samples=MIXED)
GRU = Case("gru", "tanh", 4, 2, 2, 3, 3, 1, "cross-entropy", (), (), True, 2, MIXED, "sum")


def terms(network: Network) -> dict[tuple[int, int], float]:
    """Return the terms of the loss by timestep and sample, from 0, number by number."""
    found = {}
    for (t, b), counts in np.ndenumerate(network.declaration.counted):
        if not counts:
            continue
        y = [float(v) for v in network.tape["y"][t, b]]
        if network.declaration.problem.loss == "cross-entropy":
            total = math.fsum(math.exp(v) for v in y)
            found[t, b] = math.log(total) - y[network.targets[t, b]]
        else:
            errors = (v - float(network.targets[t, b, o]) for o, v in enumerate(y))
            found[t, b] = math.fsum(error * error for error in errors)
    return found


@given(masked_cases())
@example(LSTM)
@example(GRU)
def test_the_loss_is_that_of_the_samples_that_count(case: Case) -> None:
    network = case.network()
    loss, each = trained(network), terms(network)
    numbers = len(each) * (case.outputs if case.loss == "mse" else 1)
    count = numbers if case.reduction == "mean" else 1
    assert network.declaration.term_count == count
    assert loss == pytest.approx(math.fsum(each.values()) / count, rel=1e-12, abs=1e-15)
    parts = loss_per_timestep(network.declaration, network.tape)
    for (t, b), part in np.ndenumerate(parts):
        assert part == pytest.approx(each.get((t, b), 0.0) / count, rel=1e-12, abs=1e-15)
    for b in range(case.batch):
        assert same_bits(loss_of_sample(network.sample_window(b)), parts[:, b].copy())


@given(masked_cases(SMOOTH_CELLS))
@example(LSTM)
@example(GRU)
def test_gradients_agree_with_the_complex_step(case: Case) -> None:
    network = case.network()
    trained(network)
    probe = Probe(case, complex)
    expected = probe.complex_step(probe.network.flat)
    if not expected.any():
        assert not network.gradient.any()  # one class: its probability is always 1
    wrong = each_gradient(network, expected)
    assert max(wrong.values()) < 1e-12, wrong
    for name in network.states:
        expected = probe.complex_step(probe.network.tape.states[name][0])
        assert worst(network.tape[f"d{name}_next"][0], expected) < 1e-12


@given(masked_cases())
@example(LSTM)
@example(GRU)
@example(replace(LSTM, reduction="sum"))
def test_the_equation_shown_is_what_was_computed(case: Case) -> None:
    network = case.network()
    trained(network)
    declaration = network.declaration
    for t in range(1, case.steps + 1):
        check(network.values(t), declaration.backward_operations_at(t)[:2])
        for b in range(case.batch):
            window = network.sample_window(b)
            operations, values = window.backward_operations_at(t), window.values(t)
            check(values, operations[:2])
            assert operations[0].title == (
                "gradient of the loss" if window.counted[t - 1] else "the loss does not count here"
            )
            if window.counted[t - 1]:
                assert ("/N" in operations[0].equation()) == (case.reduction == "mean")
                assert "mask" not in operations[0].equation()
            else:
                assert operations[0].equation() == "dy_t = 0"
                assert same_bits(values["dy_t"], np.zeros_like(values["dy_t"]))


def check(values: dict[str, np.ndarray], operations: tuple) -> None:  # type: ignore[type-arg]
    """Check that operations give the values of the tape."""
    for operation in operations:
        found = operation.expression.evaluate(values)
        assert found.shape == values[operation.symbol].shape
        wrong = np.abs(found - values[operation.symbol]).max()
        assert wrong <= 1e-14 * max(1.0, np.abs(found).max()), operation.equation()


@pytest.mark.parametrize("case", [LSTM, GRU])
def test_a_what_if_computes_with_the_mask(case: Case) -> None:
    """With a value held the declared operations compute the gradients: of the same loss."""
    network = case.network()
    network.pins = (Pin("h_t", 0.5, (2, 2), 2),)
    trained(network)
    probe = Probe(case, complex)
    probe.network.pins = network.pins
    wrong = each_gradient(network, probe.complex_step(probe.network.flat))
    assert max(wrong.values()) < 1e-12, wrong


@pytest.mark.parametrize("loss", ["mse", "cross-entropy"])
def test_a_mask_that_all_samples_share_has_the_bits_of_a_topology(loss: str) -> None:
    counted = (False, True, False, True)
    plain = Case("lstm", "tanh", 4, 3, 2, 4, 3, 5, loss, counted=counted)
    masked = replace(plain, counted=(), samples=tuple((each,) * 3 for each in counted))
    one, other = plain.network(), masked.network()
    assert trained(one) == trained(other)
    assert same_bits(one.gradient, other.gradient)


def test_a_mask_of_another_batch_is_refused() -> None:
    problem = Problem(samples=MIXED)
    with pytest.raises(ValueError, match="the mask is"):
        problem.sample_mask(4, 3)
    assert problem.for_any_batch().sample_mask(4, 3).all()
