"""What the window's edge cuts, against a plain window twice as long."""

from __future__ import annotations

import numpy as np
import pytest
from engine.engine_support import CELLS, RECURRENT_CELLS, Case, same_bits, trained, worst

from rnn_tui.engine.analysis.truncation import measure_truncation, window_edge
from rnn_tui.engine.network.network import Network
from rnn_tui.engine.network.scratch_network import WindowData, copy_window

each_cell = pytest.mark.parametrize(("cell", "activation"), CELLS)


def two_windows(case: Case, first: int) -> tuple[WindowData, Network, Network]:
    """Split a window: a copy of its first part, a network on the rest, and one on the whole."""
    whole = case.network()
    start = copy_window(whole)
    previous = WindowData(start.x[:first], start.target[:first], start.states)
    whole.forward(1, case.steps)
    steps = case.steps - first
    network = Network(case.architecture, whole.flat, steps, case.batch)
    network.tape["x"][...] = start.x[first:]
    network.tape["target"][...] = start.target[first:]
    network.set_state(whole.state(first))
    trained(network)
    return previous, network, whole


def last_part_only(whole: Network, first: int) -> None:
    """Backward over all of it, of the mean loss of what comes after the `first` timesteps."""
    tape = whole.tape
    whole.loss()
    tape["dy"][:first] = 0
    tape["dy"][first:] *= tape.steps / (tape.steps - first)
    whole.backward(1, tape.steps)


@pytest.mark.parametrize(("cell", "activation"), RECURRENT_CELLS)
@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("first", [1, 5, 8])
def test_what_a_longer_window_adds(cell: str, activation: str, batch: int, first: int) -> None:
    case = Case(cell, activation, first + 5, batch, 2, 4, 2, 2)
    previous, network, whole = two_windows(case, first)
    last_part_only(whole, first)
    found = measure_truncation(network, previous)
    assert worst(found.added, whole.gradient - network.gradient) < 1e-13
    assert found.added_norm == pytest.approx(np.linalg.norm(found.added), rel=1e-12)
    assert found.truncated_norm == pytest.approx(np.linalg.norm(network.gradient), rel=1e-12)
    assert found.relative == pytest.approx(found.added_norm / found.truncated_norm)
    assert found.added_norm > 0
    assert found.drift == pytest.approx(0.0, abs=1e-14)
    through = np.concatenate([whole.tape[f"d{name}_next"][first] for name in whole.cell.states])
    assert found.norm_edge == pytest.approx(np.linalg.norm(through), rel=1e-12)


@each_cell
def test_a_state_made_by_older_parameters_is_drift_and_not_added(
    cell: str, activation: str
) -> None:
    case = Case(cell, activation, 10, 2, 2, 4, 2, 2)
    previous, network, whole = two_windows(case, 5)
    last_part_only(whole, 5)
    straight = measure_truncation(network, previous)
    network.set_state({name: 1.1 * array for name, array in network.state(0).items()})
    trained(network)
    found = measure_truncation(network, previous)
    assert found.drift == pytest.approx(0.1, rel=1e-10)
    assert same_bits(found.added, straight.added)
    assert found.truncated_norm == straight.truncated_norm
    assert found.edge != straight.edge


@each_cell
def test_the_edge(cell: str, activation: str) -> None:
    network = Case(cell, activation, 4, 3, 1, 3, 1, 3).network(np.float32)
    trained(network)
    found = window_edge(network)
    assert tuple(found.gradient) == tuple(found.carried) == network.cell.states
    for name in network.cell.states:
        gradient = network.tape[f"d{name}_next"][0].astype(float)
        assert found.gradient[name] == pytest.approx(np.linalg.norm(gradient), rel=1e-6)
        state = network.tape[name][0].astype(float)
        assert found.carried[name] == pytest.approx(np.linalg.norm(state), rel=1e-6)


@each_cell
def test_looking_touches_nothing(cell: str, activation: str) -> None:
    network = Case(cell, activation, 4, 2, 1, 3, 1, 4).network()
    trained(network)
    tape = {name: array.copy() for name, array in network.tape.arrays.items()}
    flat, gradient = network.flat.copy(), network.gradient.copy()
    measure_truncation(network, copy_window(network))
    assert same_bits(network.flat, flat)
    assert same_bits(network.gradient, gradient)
    assert all(same_bits(network.tape[name], array) for name, array in tape.items())


def test_without_recurrent_weights_a_longer_window_adds_nothing() -> None:
    network = Case("rnn", "tanh", 4, 2, 1, 3, 1, 5).network()
    network.parameters["W_h"][...] = 0
    trained(network)
    found = measure_truncation(network, copy_window(network))
    assert (found.norm_edge, found.added_norm, found.relative) == (0.0, 0.0, 0.0)


def test_where_there_is_no_gradient_there_is_no_ratio() -> None:
    network = Case("rnn", "tanh", 4, 2, 1, 3, 1, 6).network()
    for array in network.parameters.values():
        array[...] = 0
    network.tape["target"][...] = 0
    network.set_state(None)
    trained(network)
    found = measure_truncation(network, copy_window(network))
    assert found.relative is None
    assert found.drift is None
