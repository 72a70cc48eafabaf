"""The network: parameters in one vector, their start, and windows side by side."""

from __future__ import annotations

import numpy as np
import pytest
from engine.engine_support import CELLS, Case, same_bits, trained

from rnn_tui.engine.core.parameters import block_views
from rnn_tui.engine.network.architecture import Architecture, views
from rnn_tui.engine.network.initialisation import initialise
from rnn_tui.engine.network.network import Network

INITS = ("uniform", "orthogonal", "identity", "small")
BLOCKS = {"rnn": 1, "lstm": 4, "gru": 3}
each_cell = pytest.mark.parametrize("cell", BLOCKS)
each_init = pytest.mark.parametrize("init", INITS)


def start(
    cell: str, init: str, hidden: int = 40, seed: int = 0, forget_bias: float = 0.0
) -> dict[str, np.ndarray]:
    """Fresh parameters by name, D = 3 and O = 2."""
    architecture = Architecture(cell, "tanh", 3, hidden, 2)
    flat = initialise(architecture, init, forget_bias, seed, np.float64)
    return dict(views(architecture.parameters(), flat))


def recurrent(parameters: dict[str, np.ndarray], cell: str) -> list[np.ndarray]:
    """W_h gate by gate."""
    return np.split(parameters["W_h"], BLOCKS[cell], axis=1)


@each_cell
@pytest.mark.parametrize(("features", "hidden", "outputs"), [(1, 1, 1), (3, 5, 2), (2, 32, 1)])
def test_the_number_of_parameters(cell: str, features: int, hidden: int, outputs: int) -> None:
    gates = BLOCKS[cell]
    expected = gates * hidden * (features + hidden + 1) + (hidden + 1) * outputs
    if cell == "gru":
        expected += hidden  # b_hn
    architecture = Architecture(cell, "tanh", features, hidden, outputs)
    assert architecture.parameter_count() == expected
    flat = initialise(architecture, "uniform", 1.0, 0, np.float32)
    assert flat.shape == (expected,)


@each_cell
@each_init
def test_weights_and_biases_follow_their_distribution(cell: str, init: str) -> None:
    parameters = start(cell, init)
    bound = 40**-0.5
    for name, array in parameters.items():
        bias = name.startswith("b")
        if bias and init != "uniform":
            assert not array.any(), name
        elif name == "W_h" and init in ("orthogonal", "identity"):
            continue
        elif init == "small":
            assert abs(array.mean()) < 5 * 0.01 / array.size**0.5
            assert 0.007 < array.std() < 0.013
            assert np.abs(array).max() > 0.015  # no bound: Gaussian
        else:
            assert np.abs(array).max() <= bound
            if array.size > 10:
                assert np.abs(array).max() > 0.8 * bound
                assert abs(array.mean()) < 5 * bound / (3 * array.size) ** 0.5


@pytest.mark.parametrize("name", ["W_h", "W_x"])
def test_uniform_fills_its_range_evenly(name: str) -> None:
    array = start("lstm", "uniform", hidden=100)[name]
    counts, _ = np.histogram(array, bins=10, range=(-0.1, 0.1))
    assert counts.sum() == array.size
    expected = array.size / 10
    assert np.abs(counts - expected).max() < 5 * expected**0.5


def test_small_is_gaussian() -> None:
    standard = start("lstm", "small", hidden=100)["W_h"] / 0.01
    assert standard.std() == pytest.approx(1, abs=0.02)
    assert np.mean(np.abs(standard) < 1) == pytest.approx(0.6827, abs=0.01)
    assert np.mean(standard**4) == pytest.approx(3, abs=0.15)


@each_cell
def test_orthogonal_gate_by_gate(cell: str) -> None:
    blocks = recurrent(start(cell, "orthogonal"), cell)
    for block in blocks:
        assert np.abs(block.T @ block - np.eye(40)).max() < 1e-14
        assert np.abs(block - np.eye(40)).max() > 0.1
    assert len({block.tobytes() for block in blocks}) == BLOCKS[cell]


def test_orthogonal_is_drawn_evenly() -> None:
    """Without the signs of R's diagonal, QR would prefer one side: Haar has mean zero."""
    corners = [start("rnn", "orthogonal", 3, seed)["W_h"][0, 0] for seed in range(400)]
    assert abs(np.mean(corners)) < 4 * 3**-0.5 / 20
    assert np.mean(np.square(corners)) == pytest.approx(1 / 3, abs=0.06)


@each_cell
def test_identity_gate_by_gate(cell: str) -> None:
    for block in recurrent(start(cell, "identity"), cell):
        assert np.array_equal(block, np.eye(40))


@each_init
def test_the_forget_bias_is_added_to_the_forget_gate_alone(init: str) -> None:
    without, raised = start("lstm", init), start("lstm", init, forget_bias=1.5)
    for name in without:
        if name != "b":
            assert same_bits(raised[name], without[name])
    difference = raised["b"] - without["b"]
    assert difference == pytest.approx(np.repeat([0.0, 0.0, 1.5, 0.0], 40), abs=1e-15)


@pytest.mark.parametrize("cell", ["rnn", "gru"])
def test_other_cells_have_no_forget_bias(cell: str) -> None:
    assert same_bits(start(cell, "uniform", forget_bias=7.0)["b"], start(cell, "uniform")["b"])


@each_cell
@each_init
def test_a_seed_gives_the_same_start_in_both_precisions(cell: str, init: str) -> None:
    architecture = Architecture(cell, "tanh", 3, 40, 2)
    narrow, wide = (
        initialise(architecture, init, 1.0, 5, dtype) for dtype in (np.float32, np.float64)
    )
    assert same_bits(narrow, wide.astype(np.float32))
    assert same_bits(wide, initialise(architecture, init, 1.0, 5, np.float64))
    assert not same_bits(wide, initialise(architecture, init, 1.0, 6, np.float64))


@pytest.mark.parametrize(("cell", "activation"), CELLS)
def test_views_share_the_vectors_memory(cell: str, activation: str) -> None:
    network = Case(cell, activation, 3, 2, 2, 4, 3, 0).network()
    for vector, named in (
        (network.flat, network.parameters),
        (network.gradient, network.gradients),
    ):
        vector[:] = np.arange(vector.size)
        joined = np.concatenate([array.ravel() for array in named.values()])
        assert np.array_equal(joined, np.arange(vector.size))
        for array in named.values():
            assert np.shares_memory(array, vector)
        for spec in network.specs:
            for block in block_views(named, spec.name, spec.blocks).values():
                assert np.shares_memory(block, vector)
    with pytest.raises(TypeError):
        network.parameters["W_x"] = np.zeros(1)  # type: ignore[index]


def test_two_networks_share_one_vector_but_not_their_windows() -> None:
    case = Case("lstm", "tanh", 5, 2, 1, 4, 1, 3)
    network = case.network()
    other = Network(case.architecture, network.flat, 3, 1)
    trained(network)
    tape = {name: array.copy() for name, array in network.tape.arrays.items()}
    other.tape["x"][...] = 1
    trained(other)
    assert all(same_bits(array, tape[name]) for name, array in network.tape.arrays.items())
    network.flat[:] = 0
    assert not other.parameters["W_h"].any()


@pytest.mark.parametrize(("cell", "activation"), CELLS)
def test_samples_of_a_batch_do_not_touch_each_other(cell: str, activation: str) -> None:
    case = Case(cell, activation, 5, 3, 2, 4, 2, 4)
    network = case.network()
    trained(network)
    numbers = case.numbers()
    for sample in range(3):
        alone = Network(case.architecture, network.flat, 5, 1)
        alone.tape["x"][...] = numbers["x"][:, sample : sample + 1]
        alone.tape["target"][...] = numbers["target"][:, sample : sample + 1]
        alone.set_state({name: numbers[name][sample : sample + 1] for name in alone.cell.states})
        trained(alone)
        for name in ("h", "y"):
            found = network.tape[name][:, sample : sample + 1]
            assert np.abs(found - alone.tape[name]).max() < 1e-14
        # The mean is over three samples here, over one there.
        assert np.abs(3 * network.tape["dh"][:, sample] - alone.tape["dh"][:, 0]).max() < 1e-13


@pytest.mark.parametrize(("cell", "activation"), CELLS)
def test_stepping_and_running_are_the_same_bits(cell: str, activation: str) -> None:
    case = Case(cell, activation, 6, 2, 2, 4, 2, 5)
    whole, stepped = case.network(), case.network()
    trained(whole)
    for t in range(1, 7):
        stepped.forward(t, t)
        stepped.readout()
    stepped.loss()
    for t in range(6, 0, -1):
        stepped.backward(t, t)
    for name, array in whole.tape.arrays.items():
        assert same_bits(stepped.tape[name], array), name
    assert same_bits(stepped.gradient, whole.gradient)


@pytest.mark.parametrize(("cell", "activation"), CELLS)
def test_the_backward_pass_overwrites_nothing_of_the_forward_pass(
    cell: str, activation: str
) -> None:
    network = Case(cell, activation, 4, 2, 2, 3, 2, 6).network()
    network.forward(1, 4)
    network.readout()
    names = {"x", "target", "h", "y", "c", "a", "ax", "ah", "gates", "tanh_c", "m"}
    before = {n: a.copy() for n, a in network.tape.arrays.items() if n in names}
    network.loss()
    network.backward(1, 4)
    assert all(same_bits(network.tape[name], array) for name, array in before.items())


@pytest.mark.parametrize(("cell", "activation"), CELLS)
def test_a_window_allocates_nothing_that_stays(cell: str, activation: str) -> None:
    network = Case(cell, activation, 4, 2, 2, 3, 2, 7).network()
    places = {name: array.ctypes.data for name, array in network.tape.arrays.items()}
    for _ in range(3):
        trained(network)
        network.carry_state()
    assert {name: array.ctypes.data for name, array in network.tape.arrays.items()} == places


def test_states_are_set_carried_and_copied() -> None:
    network = Case("lstm", "tanh", 4, 2, 1, 3, 1, 8).network()
    network.forward(1, 4)
    last = network.state(4)
    network.carry_state()
    for name in ("h", "c"):
        assert same_bits(network.tape[name][0], last[name])
        assert not np.shares_memory(last[name], network.tape[name])
    network.set_state(None)
    assert not network.tape["h"][0].any()
    assert not network.tape["c"][0].any()
    network.set_state(last)
    assert all(same_bits(network.state(0)[name], last[name]) for name in last)


def test_a_sample_window_is_a_frozen_copy() -> None:
    network = Case("gru", "tanh", 4, 3, 2, 3, 2, 9).network()
    trained(network)
    live = {t: {k: v.copy() for k, v in network.values(t).items()} for t in (1, 4)}
    window = network.sample_window(1)
    network.flat[:] = 0
    trained(network)
    for t, values in live.items():
        for name, array in window.values(t).items():
            expected = values[name]
            if expected.ndim == 2 and expected.shape[0] == 3 and name[0] != "W":
                expected = expected[1:2]
            if name != "N":
                assert np.allclose(array, expected, rtol=1e-14, atol=1e-15), name


@pytest.mark.parametrize(("first", "last"), [(4, 1), (0, 4), (1, 5)])
def test_timesteps_in_another_order_are_refused(first: int, last: int) -> None:
    # Such a range is empty or wraps around: what was computed would be zeros, silently.
    network = Case("lstm", "tanh", 4, 2, 2, 3, 2, 9).network()
    for method in (network.forward, network.backward):
        with pytest.raises(ValueError, match=rf"{method.__name__}\({first}, {last}\): timesteps"):
            method(first, last)
