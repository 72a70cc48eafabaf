"""Every gradient against differentiation that knows nothing of the backward pass."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from engine.engine_support import CELLS, SMOOTH_CELLS, Case, cases, trained, worst
from hypothesis import assume, example, given

from rnn_tui.engine.network.network import Network

TINY = 1e-200  # of a complex step: nothing is subtracted, so nothing is too small


class Probe:
    """The loss as a function of the parameters and start states, nothing else changing."""

    def __init__(self, case: Case, dtype: Any) -> None:
        self.network = case.network(dtype)

    def __call__(self) -> complex:
        self.network.forward(1, self.network.tape.steps)
        return self.network.loss()

    def complex_step(self, array: np.ndarray) -> np.ndarray:
        """Return ∂L/∂a = Im L(a + iε)/ε for every entry a of `array`, which the network reads."""
        gradient = np.empty(array.shape)
        for place in np.ndindex(array.shape):
            kept = array[place]
            array[place] = kept + TINY * 1j
            gradient[place] = self().imag / TINY
            array[place] = kept
        return gradient

    def central_differences(self, array: np.ndarray, step: float) -> np.ndarray:
        """Return ∂L/∂a = (L(a + ε) − L(a − ε))/2ε for every entry a of `array`."""
        gradient = np.empty(array.shape)
        for place in np.ndindex(array.shape):
            kept = array[place]
            losses = []
            for moved in (kept + step, kept - step):
                array[place] = moved
                losses.append(self())
            gradient[place] = (losses[0] - losses[1]) / ((kept + step) - (kept - step))
            array[place] = kept
        return gradient


def each_gradient(network: Network, expected: np.ndarray) -> dict[str, float]:
    """Return each tensor's largest error, relative to the largest gradient of all."""
    scale = np.abs(expected).max() or 1.0
    wrong, offset = {}, 0
    for spec in network.specs:
        gradient = network.gradients[spec.name]
        part = expected[offset : offset + gradient.size].reshape(gradient.shape)
        wrong[spec.name] = float(np.abs(gradient - part).max() / scale)
        offset += gradient.size
    return wrong


@given(cases(SMOOTH_CELLS))
@example(Case("rnn", "tanh", 1, 1, 1, 1, 1, 0))
@example(Case("lstm", "tanh", 1, 1, 1, 1, 1, 0))
@example(Case("gru", "tanh", 1, 1, 1, 1, 1, 0))
@example(Case("rnn", "tanh", 12, 3, 2, 5, 2, 1))
@example(Case("lstm", "tanh", 12, 3, 2, 5, 2, 1))
@example(Case("gru", "tanh", 12, 3, 2, 5, 2, 1))
def test_gradients_agree_with_the_complex_step(case: Case) -> None:
    check_complex_step(case)


def check_complex_step(case: Case) -> None:
    """Check the gradients of all parameters."""
    network = case.network()
    trained(network)
    probe = Probe(case, complex)
    wrong = each_gradient(network, probe.complex_step(probe.network.flat))
    assert max(wrong.values()) < 1e-12, wrong


@given(cases((("rnn", "relu"),)))
def test_relu_gradients_agree_with_central_differences(case: Case) -> None:
    network = case.network()
    trained(network)
    assume(np.abs(network.tape["a"]).min() > 1e-2)  # no kink within reach of the step
    probe = Probe(case, float)
    wrong = each_gradient(network, probe.central_differences(probe.network.flat, 1e-6))
    assert max(wrong.values()) < 1e-7, wrong


def test_at_the_kink_the_slope_of_relu_is_zero() -> None:
    case = Case("rnn", "relu", 3, 2, 1, 4, 1, 12)
    network = case.network()
    network.set_state(None)
    for name in ("W_x", "W_h", "b"):
        network.parameters[name][...] = 0  # so every pre-activation is exactly 0
    trained(network)
    assert network.tape["dh"].all()
    assert not network.tape["da"].any()
    assert not network.gradients["b"].any()


@given(cases(SMOOTH_CELLS))
def test_what_would_leave_the_window_is_the_gradient_of_its_first_state(case: Case) -> None:
    check_gradient_of_the_first_state(case)


def check_gradient_of_the_first_state(case: Case) -> None:
    """Check entry 0 of the states' gradients."""
    network = case.network()
    trained(network)
    probe = Probe(case, complex)
    for name in network.cell.states:
        expected = probe.complex_step(probe.network.tape[name][0])
        assert worst(network.tape[f"d{name}_next"][0], expected) < 1e-12


@pytest.mark.parametrize(("cell", "activation"), CELLS)
@pytest.mark.parametrize(("steps", "batch"), [(1, 1), (1, 3), (7, 1), (7, 3)])
def test_a_weight_gradient_is_the_sum_of_shares_per_timestep(
    cell: str, activation: str, steps: int, batch: int
) -> None:
    network = Case(cell, activation, steps, batch, 2, 4, 3, 5).network()
    trained(network)
    tape = network.tape
    for spec in network.specs:
        shares = []
        for t in range(1, steps + 1):
            right = tape.rows(spec.right, t)  # [B, right]
            left = np.ones((batch, 1)) if spec.left is None else tape.rows(spec.left, t)
            product = (left * right).sum(axis=0) if spec.elementwise else left.T @ right
            shares.append(product.reshape(spec.shape))
        assert worst(sum(shares), network.gradients[spec.name]) < 1e-14, spec.name
        assert any(np.any(share) for share in shares), spec.name


@pytest.mark.parametrize(("cell", "activation"), CELLS)
def test_a_share_is_known_as_soon_as_its_timestep_is_done(cell: str, activation: str) -> None:
    case = Case(cell, activation, 5, 2, 2, 4, 3, 6)
    whole = case.network()
    trained(whole)
    network = case.network()
    network.forward(1, case.steps)
    network.loss()
    for t in range(case.steps, 0, -1):
        network.backward(t, t)
        network.kernel.finish_deltas()
        for spec in network.specs:
            result = network.tape.rows(spec.right, t)
            assert np.array_equal(result, whole.tape.rows(spec.right, t)), (spec.name, t)
    assert np.array_equal(network.gradient, whole.gradient)


@pytest.mark.parametrize(("cell", "activation"), CELLS)
def test_the_gradient_of_one_error_reaches_only_back(cell: str, activation: str) -> None:
    case = Case(cell, activation, 6, 2, 1, 4, 1, 7)
    network = case.network()
    network.forward(1, case.steps)
    network.readout()
    for j in range(1, case.steps + 1):
        network.tape["target"][...] = network.tape["y"]
        network.tape["target"][j - 1] += 1.0  # the only error is at timestep j
        network.loss()
        network.backward(1, case.steps)
        reached = np.abs(network.tape["dh"]).max(axis=(1, 2)) > 0
        assert not reached[j:].any()
        assert reached[j - 1]


def test_the_loss_is_the_mean_over_all_elements() -> None:
    case = Case("rnn", "tanh", 4, 3, 2, 5, 2, 8)
    network = case.network()
    loss = trained(network)
    tape = network.tape
    squares = [
        (tape["y"][t, b, o] - tape["target"][t, b, o]) ** 2
        for t in range(4)
        for b in range(3)
        for o in range(2)
    ]
    assert loss == pytest.approx(sum(squares) / 24, rel=1e-14)
    expected = 2 * (tape["y"] - tape["target"]) / 24
    assert worst(tape["dy"], expected) < 1e-15


@pytest.mark.parametrize(("cell", "activation"), CELLS)
def test_a_second_window_accumulates_nothing(cell: str, activation: str) -> None:
    case = Case(cell, activation, 5, 2, 2, 4, 2, 9)
    network = case.network()
    trained(network)
    first = network.gradient.copy()
    trained(network)
    assert np.array_equal(network.gradient, first)


@pytest.mark.parametrize(("cell", "activation"), CELLS)
def test_float32_follows_float64(cell: str, activation: str) -> None:
    case = Case(cell, activation, 10, 3, 2, 6, 2, 10)
    narrow, wide = case.network(np.float32), case.network()
    assert trained(narrow) == pytest.approx(trained(wide), rel=1e-5)
    assert narrow.gradient.dtype == np.float32
    assert all(array.dtype == np.float32 for array in narrow.tape.arrays.values())
    assert worst(narrow.gradient, wide.gradient) < 1e-5
