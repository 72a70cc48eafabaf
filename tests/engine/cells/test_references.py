"""The cells against plain loops that know nothing of tapes, and against each other."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from engine.engine_support import Case, same_bits, trained, worst

from rnn_tui.engine.analysis.direct_path import direct_path
from rnn_tui.engine.analysis.gradient_flow import describe_gradient_flow
from rnn_tui.engine.analysis.gradient_map import gradient_map
from rnn_tui.engine.analysis.jacobians import jacobian_norms
from rnn_tui.engine.analysis.spectra import spectral_radii
from rnn_tui.engine.analysis.truncation import measure_truncation
from rnn_tui.engine.network.network import Network
from rnn_tui.engine.network.scratch_network import copy_window

Sizes = tuple[int, int, int, int, int]  # T, B, D, H, O
SIZES: tuple[Sizes, ...] = ((1, 1, 1, 1, 1), (7, 3, 2, 5, 2), (12, 1, 3, 4, 1), (4, 5, 2, 3, 2))
Weights = Mapping[str, np.ndarray]


def sigmoid(a: np.ndarray) -> np.ndarray:
    return np.asarray(1 / (1 + np.exp(-a)))


def weights(network: Network) -> dict[str, np.ndarray]:
    """Return the parameters gate by gate: W_xf, W_hf, b_f and so on."""
    result = {}
    for spec in network.specs:
        parts = np.split(network.parameters[spec.name], len(spec.blocks), axis=-1)
        for block, part in zip(spec.blocks, parts, strict=True):
            result[spec.name + (block if "_" in spec.name else f"_{block}" * bool(block))] = part
    return result


def affine(w: Weights, gate: str, x: np.ndarray, h: np.ndarray) -> np.ndarray:
    return np.asarray(x @ w[f"W_x{gate}"] + h @ w[f"W_h{gate}"] + w[f"b_{gate}"])


def loss_of(network: Network, hs: list[np.ndarray]) -> float:
    y = np.array(hs) @ network.parameters["W_y"] + network.parameters["b_y"]
    return float(np.mean((y - network.tape["target"]) ** 2))


each_size = pytest.mark.parametrize("sizes", SIZES)


@each_size
def test_the_coupled_lstm_is_the_loop_of_its_equations(sizes: Sizes) -> None:
    network = Case("lstm-coupled", "tanh", *sizes, seed=3).network()
    loss = trained(network)
    w, (h, c), hs = weights(network), (network.tape["h"][0], network.tape["c"][0]), []
    for x in network.tape["x"]:
        f, o = sigmoid(affine(w, "f", x, h)), sigmoid(affine(w, "o", x, h))
        g = np.tanh(affine(w, "g", x, h))
        c = f * c + (1 - f) * g
        h = o * np.tanh(c)
        hs.append(h)
    assert worst(network.tape["h"][1:], np.array(hs)) < 1e-14
    assert loss == pytest.approx(loss_of(network, hs), rel=1e-13)


@each_size
def test_the_coupled_lstm_is_an_lstm_whose_input_gate_is_minus_its_forget_gate(
    sizes: Sizes,
) -> None:
    """1 − σ(a) = σ(−a): an LSTM with W_i = −W_f, b_i = −b_f; its W_f gradient is d/df − d/di."""
    coupled = Case("lstm-coupled", "tanh", *sizes, seed=4).network()
    plain = Case("lstm", "tanh", *sizes, seed=4).network()
    for name in ("W_x", "W_h", "b"):
        o, f, g = np.split(coupled.parameters[name], 3, axis=-1)
        plain.parameters[name][...] = np.concatenate([o, -f, f, g], axis=-1)
    for name in ("W_y", "b_y"):
        plain.parameters[name][...] = coupled.parameters[name]
    for name in ("x", "target"):
        plain.tape[name][...] = coupled.tape[name]
    plain.set_state(coupled.state(0))
    assert trained(coupled) == pytest.approx(trained(plain), rel=1e-13)
    assert worst(coupled.tape["c"], plain.tape["c"]) < 1e-14
    for name in ("W_x", "W_h", "b"):
        o, i, f, g = np.split(plain.gradients[name], 4, axis=-1)
        expected = np.concatenate([o, f - i, g], axis=-1)
        assert np.abs(coupled.gradients[name] - expected).max() < 1e-14 * (
            1 + np.abs(plain.gradient).max()
        )


@each_size
def test_the_lstm_with_peepholes_is_the_loop_of_its_equations(sizes: Sizes) -> None:
    network = Case("lstm-peephole", "tanh", *sizes, seed=9).network()
    loss = trained(network)
    w, (h, c), hs = weights(network), (network.tape["h"][0], network.tape["c"][0]), []
    for x in network.tape["x"]:
        i = sigmoid(affine(w, "i", x, h) + w["p_i"] * c)
        f = sigmoid(affine(w, "f", x, h) + w["p_f"] * c)
        c = f * c + i * np.tanh(affine(w, "g", x, h))
        h = sigmoid(affine(w, "o", x, h) + w["p_o"] * c) * np.tanh(c)
        hs.append(h)
    assert worst(network.tape["h"][1:], np.array(hs)) < 1e-14
    assert loss == pytest.approx(loss_of(network, hs), rel=1e-13)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@each_size
def test_without_peepholes_it_is_the_lstm_to_the_last_bit(sizes: Sizes, dtype: type) -> None:
    peephole = Case("lstm-peephole", "tanh", *sizes, seed=10).network(dtype)
    plain = Case("lstm", "tanh", *sizes, seed=10).network(dtype)
    for name, array in peephole.parameters.items():
        if name.startswith("p_"):
            array[...] = 0
        else:
            plain.parameters[name][...] = array
    for name in ("x", "target"):
        plain.tape[name][...] = peephole.tape[name]
    plain.set_state(peephole.state(0))
    assert trained(peephole) == trained(plain)
    for name, array in plain.gradients.items():
        assert np.array_equal(peephole.gradients[name], array), name
    for name in ("h", "c", "gates", "da", "dc", "dh", "dc_next"):
        assert np.array_equal(peephole.tape.flat(name), plain.tape.flat(name)), name


@each_size
def test_the_gru_that_resets_before_is_the_loop_of_its_equations(sizes: Sizes) -> None:
    network = Case("gru-reset-before", "tanh", *sizes, seed=5).network()
    loss = trained(network)
    w, h, hs = weights(network), network.tape["h"][0], []
    for x in network.tape["x"]:
        r, z = sigmoid(affine(w, "r", x, h)), sigmoid(affine(w, "z", x, h))
        n = np.tanh(x @ w["W_xn"] + w["b_n"] + (r * h) @ w["W_hn"])
        h = (1 - z) * n + z * h
        hs.append(h)
    assert worst(network.tape["h"][1:], np.array(hs)) < 1e-14
    assert loss == pytest.approx(loss_of(network, hs), rel=1e-13)


@each_size
def test_where_to_reset_matters_only_between_units(sizes: Sizes) -> None:
    """With W_hn diagonal and b_hn = 0, r⊙(h·W_hn) = (r⊙h)·W_hn: both GRUs are one."""
    before = Case("gru-reset-before", "tanh", *sizes, seed=6).network()
    after = Case("gru", "tanh", *sizes, seed=6).network()
    hidden = sizes[3]
    before.parameters["W_hn"][...] *= np.eye(hidden)
    after.parameters["b_hn"][...] = 0
    after.parameters["W_h"][:, : 2 * hidden] = before.parameters["W_h"]
    after.parameters["W_h"][:, 2 * hidden :] = before.parameters["W_hn"]
    for name in ("W_x", "b", "W_y", "b_y"):
        after.parameters[name][...] = before.parameters[name]
    for name in ("x", "target"):
        after.tape[name][...] = before.tape[name]
    after.set_state(before.state(0))
    assert trained(before) == pytest.approx(trained(after), rel=1e-13)
    for name in ("W_x", "b", "W_y"):
        assert worst(before.gradients[name], after.gradients[name]) < 1e-13
    assert worst(before.tape["dh_next"], after.tape["dh_next"]) < 1e-13


def neurons(activation: str, sizes: Sizes = SIZES[1]) -> tuple[Network, Network]:
    """Return a layer of neurons, and an rnn with the same weights and W_h = 0."""
    neuron = Case("neuron", activation, *sizes, seed=7).network()
    rnn = Case("rnn", activation, *sizes, seed=7).network()
    rnn.parameters["W_h"][...] = 0
    for name in ("W_x", "b", "W_y", "b_y"):
        rnn.parameters[name][...] = neuron.parameters[name]
    for name in ("x", "target"):
        rnn.tape[name][...] = neuron.tape[name]
    rnn.set_state(neuron.state(0))
    return neuron, rnn


@pytest.mark.parametrize("activation", ["tanh", "relu"])
@each_size
def test_a_neuron_is_the_simple_cell_without_recurrent_weights(
    sizes: Sizes, activation: str
) -> None:
    neuron, rnn = neurons(activation, sizes)
    assert trained(neuron) == pytest.approx(trained(rnn), rel=1e-14)
    for name in ("W_x", "b", "W_y", "b_y"):
        assert worst(neuron.gradients[name], rnn.gradients[name]) < 1e-14
    assert not neuron.tape["dh_next"].any()
    assert not rnn.tape["dh_next"].any()


@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_a_neuron_remembers_nothing_and_every_view_says_so(activation: str) -> None:
    network, _ = neurons(activation)
    trained(network)
    norms = jacobian_norms(network)
    assert not norms.step.any()
    assert not norms.product.any()
    assert spectral_radii(network) == {}
    assert direct_path(network) is None
    items = gradient_map(network).norms
    assert not items[:, 1:][np.isfinite(items[:, 1:])].any()
    assert "exactly 0 from there back" in describe_gradient_flow(items[-1], len(items))
    start = network.state(0)
    steps, gradient = network.tape["h"][1:].copy(), network.gradient.copy()
    result = measure_truncation(network, copy_window(neurons(activation)[0]))
    assert (result.norm_edge, result.added_norm, result.relative) == (0.0, 0.0, 0.0)
    network.set_state({"h": start["h"] + 1})
    trained(network)
    assert same_bits(network.tape["h"][1:], steps)
    assert same_bits(network.gradient, gradient)
