"""The edges of several windows: each as one is measured, and what is made of all of them."""

from __future__ import annotations

import numpy as np
import pytest
from engine.engine_support import RECURRENT_CELLS, Case, trained

from rnn_tui.engine.analysis.truncation import measure_truncation, window_edge
from rnn_tui.engine.analysis.window_edges import WindowEdges, window_edges
from rnn_tui.engine.network.network import Network
from rnn_tui.engine.network.scratch_network import NextWindow, copy_window


@pytest.mark.parametrize(("cell", "activation"), RECURRENT_CELLS)
@pytest.mark.parametrize("layers", [1, 2])
def test_each_window_is_measured_as_one_is(cell: str, activation: str, layers: int) -> None:
    case = Case(cell, activation, 15, 2, 2, 3, 1, 3, layers=layers)
    whole = case.network()
    data = copy_window(whole)
    parts = [slice(k, k + 5) for k in (0, 5, 10)]
    windows = [NextWindow(data.x[part], data.target[part], True) for part in parts]
    found = window_edges(case.architecture, whole.flat, windows, data.states)
    assert found.count == 3
    states = data.states
    previous = None
    for number, part in enumerate(parts):
        network = Network(case.architecture, whole.flat, 5, 2)
        network.inputs[...], network.targets[...] = data.x[part], data.target[part]
        network.set_state(states)
        trained(network)
        for name, size in window_edge(network).gradient.items():
            assert found.cut[name][number] == pytest.approx(size, rel=1e-12)
        sent = sum(np.linalg.norm(network.tape["dh_y"][k]) for k in range(5))
        assert found.sent[number] == pytest.approx(sent, rel=1e-12)
        if previous is not None:
            one = measure_truncation(network, previous)
            assert found.added[number - 1] == pytest.approx(one.added_norm, rel=1e-9)
            assert found.gradient[number - 1] == pytest.approx(one.truncated_norm, rel=1e-9)
        previous, states = copy_window(network), network.state(5)


def test_a_window_that_begins_anew_adds_nothing_and_starts_from_zeros() -> None:
    case = Case("lstm", "tanh", 6, 1, 1, 3, 1, 3)
    data = copy_window(case.network())
    windows = [NextWindow(data.x[k : k + 3], data.target[k : k + 3], False) for k in (0, 3)]
    found = window_edges(case.architecture, case.network().flat, windows, data.states)
    assert found.count == 2
    assert found.added_share is None
    zeros = Network(case.architecture, case.network().flat, 3, 1)
    zeros.inputs[...], zeros.targets[...] = windows[1].x, windows[1].target
    trained(zeros)
    assert found.cut["c"][1] == pytest.approx(window_edge(zeros).gradient["c"], rel=1e-12)


def test_shares_are_those_of_root_mean_squares_and_one_odd_window_does_not_matter() -> None:
    added, gradient = np.array([0.1, 0.1, 0.1, 0.1]), np.array([1.0, 1.0, 1.0, 1e-6])
    found = WindowEdges({"h": np.array([3.0, 4.0])}, np.array([5.0, 0.0]), gradient, added)
    assert found.left("h") == pytest.approx(1.0)
    assert found.added_share == pytest.approx(0.1 / np.sqrt(0.75))
    assert found.added_range[0] == pytest.approx(0.1)
