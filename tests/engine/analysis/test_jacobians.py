"""Jacobians against the complex step, their products, and the path through the gates."""

from __future__ import annotations

import numpy as np
import pytest
from engine.engine_support import CELLS, SMOOTH_CELLS, Case, trained, worst

from rnn_tui.engine.analysis.direct_path import direct_path
from rnn_tui.engine.analysis.jacobians import jacobian_norms, jacobian_norms_work, step_jacobian
from rnn_tui.engine.analysis.spectra import spectral_norm, spectral_radii
from rnn_tui.engine.core.background_work import Progress
from rnn_tui.engine.network.network import Network

each_cell = pytest.mark.parametrize(("cell", "activation"), CELLS)
each_smooth = pytest.mark.parametrize(("cell", "activation"), SMOOTH_CELLS)
TINY = 1e-200


def window(cell: str, activation: str = "tanh", steps: int = 5, seed: int = 1) -> Network:
    network = Case(cell, activation, steps, 2, 2, 3, 1, seed).network()
    trained(network)
    return network


def numeric(network: Network, first: int, last: int, sample: int) -> np.ndarray:
    """∂s_last/∂s_{first−1} of one sample by the complex step, [S, S]."""
    names, tape = network.cell.states, network.tape
    steps = last - first + 1
    probe = Network(network.architecture, network.flat.astype(complex), steps, 1)
    probe.tape["x"][...] = tape["x"][first - 1 : last, sample : sample + 1]
    start = {name: tape[name][first - 1, sample : sample + 1].astype(complex) for name in names}
    columns = []
    for name in names:
        for unit in range(network.architecture.hidden):
            probe.set_state(start)
            probe.tape[name][0, 0, unit] += TINY * 1j
            probe.forward(1, steps)
            ends = [probe.tape[state][-1, 0].imag / TINY for state in names]
            columns.append(np.concatenate(ends))
    return np.array(columns).T


@each_smooth
@pytest.mark.parametrize("sample", [0, 1])
def test_a_steps_jacobian_agrees_with_the_complex_step(
    cell: str, activation: str, sample: int
) -> None:
    network = window(cell, activation)
    for t in (1, 3, 5):
        found = step_jacobian(network, t, sample)
        assert worst(found, numeric(network, t, t, sample)) < 1e-13


@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_the_simple_cells_jacobian_is_the_textbooks(activation: str) -> None:
    network = window("rnn", activation)
    for t in range(1, 6):
        h, a = network.tape["h"][t, 1], network.tape["a"][t - 1, 1]
        slope = 1 - h**2 if activation == "tanh" else (a > 0).astype(float)
        expected = np.diag(slope) @ network.parameters["W_h"].T
        assert worst(step_jacobian(network, t, 1), expected) < 1e-15


@each_smooth
def test_norms_of_steps_and_of_the_whole_way(cell: str, activation: str) -> None:
    network = window(cell, activation)
    found = jacobian_norms(network, 1)
    assert found.states == network.cell.states
    for t in range(1, 6):
        step, product = numeric(network, t, t, 1), numeric(network, t, 5, 1)
        assert found.step[t - 1] == pytest.approx(np.linalg.norm(step, 2), rel=1e-12)
        assert found.product[t - 1] == pytest.approx(np.linalg.norm(product, 2), rel=1e-12)


@each_cell
def test_the_product_is_at_most_the_product_of_norms(cell: str, activation: str) -> None:
    network = window(cell, activation)
    found = jacobian_norms(network)
    assert np.all(found.product <= np.cumprod(found.step[::-1])[::-1] * (1 + 1e-12))
    jacobians = [step_jacobian(network, t) for t in range(1, 6)]
    whole = np.linalg.multi_dot(jacobians[::-1])
    assert found.product[0] == pytest.approx(np.linalg.norm(whole, 2), rel=1e-12)
    assert list(jacobian_norms_work(network)) == [Progress(n, 5) for n in range(1, 6)]


@each_smooth
def test_the_way_back_can_begin_at_any_timestep(cell: str, activation: str) -> None:
    network = window(cell, activation)
    found, path = jacobian_norms(network, 1, end=3), direct_path(network, 1, end=3)
    whole = direct_path(network, 1)
    assert found.product.shape == found.step.shape == (3,)
    for t in range(1, 4):
        expected = np.linalg.norm(numeric(network, t, 3, 1), 2)
        assert found.product[t - 1] == pytest.approx(expected, rel=1e-12)
    if path is not None and whole is not None:
        assert worst(path.product * whole.product[3], whole.product[:4]) < 1e-14


def test_long_products_do_not_underflow_in_float32() -> None:
    network = Case("rnn", "tanh", 60, 1, 1, 3, 1, 2).network(np.float32)
    network.parameters["W_h"][...] = 0.1 * np.eye(3)
    network.parameters["W_x"][...] = 0
    network.parameters["b"][...] = 0
    network.set_state(None)
    trained(network)
    assert jacobian_norms(network).product[0] == pytest.approx(1e-60, rel=1e-5)


def test_norms_and_radii_of_what_is_not_finite() -> None:
    network = window("lstm")
    network.parameters["W_h"][0, 3] = np.inf  # i is the second block
    radii = spectral_radii(network)
    assert np.isnan(radii["W_hi"])
    assert np.isfinite(radii["W_hf"])
    assert np.isnan(spectral_norm(np.array([[np.nan]])))
    assert spectral_norm(np.zeros((2, 2))) == 0
    assert spectral_norm(np.full((2, 2), 1e300)) == pytest.approx(2e300)
    with np.errstate(all="ignore"):
        trained(network)
    assert np.isnan(jacobian_norms(network).step).any()


def test_the_direct_path_of_the_lstm_is_all_there_is_without_recurrent_weights() -> None:
    network = window("lstm")
    network.parameters["W_h"][...] = 0
    trained(network)
    found = direct_path(network, 1)
    assert found is not None
    assert (found.gate, found.state) == ("f", "c")
    assert found.product.shape == (6, 3)
    assert np.array_equal(found.product[5], np.ones(3))
    for t in range(5):
        cells = numeric(network, t + 1, 5, 1)[3:, 3:]  # ∂c_5/∂c_t
        assert worst(np.diag(found.product[t]), cells) < 1e-13
    assert worst(found.mean, found.product.mean(axis=1)) == 0
    assert worst(found.largest, found.product.max(axis=1)) == 0


def test_the_direct_path_of_the_gru_is_z_and_the_simple_cell_has_none() -> None:
    network = window("gru")
    network.parameters["W_h"][...] = 0
    trained(network)
    found = direct_path(network, 0)
    assert found is not None
    assert (found.gate, found.state) == ("z", "h")
    for t in range(5):
        assert worst(np.diag(found.product[t]), numeric(network, t + 1, 5, 0)) < 1e-13
    assert direct_path(window("rnn")) is None
