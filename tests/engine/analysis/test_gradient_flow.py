"""Gradient norms by timestep, and their description in words."""

from __future__ import annotations

import numpy as np
import pytest
from engine.engine_support import CELLS, Case, trained, worst

from rnn_tui.engine.analysis.gradient_flow import (
    describe_gradient_flow,
    gradient_norms,
    memory_gradient_norms,
)
from rnn_tui.engine.analysis.gradient_map import gradient_map


def test_gradient_norms_over_batch_and_units() -> None:
    network = Case("lstm", "tanh", 5, 3, 1, 4, 1, 4).network(np.float32)
    trained(network)
    found = gradient_norms(network)
    assert found.dtype == np.float64
    expected = [np.linalg.norm(network.tape["dh"][k].astype(float)) for k in range(5)]
    assert worst(found, expected) < 1e-14


@pytest.mark.parametrize(("cell", "activation"), CELLS)
def test_norms_of_every_state_besides_h_are_those_of_its_declared_gradient(
    cell: str, activation: str
) -> None:
    network = Case(cell, activation, 4, 2, 1, 3, 1, 6, layers=2).network()
    trained(network)
    for layer in network.layers:
        found = memory_gradient_norms(network, layer.number)
        assert tuple(found) == layer.states[1:]
        for name, norms in found.items():
            symbol = layer.name(f"d{network.cell.states[1]}_t")
            expected = [np.linalg.norm(network.values(t)[symbol]) for t in range(1, 5)]
            assert worst(norms, expected) < 1e-14, name


@pytest.mark.parametrize(
    ("sizes", "last", "expected"),
    [
        ([1, 0.5, 0.02, 0.009, 0.001], 20, "vanishes by t−3 (below 1 % of its size at t=20)"),
        ([2, 0.0001, 1, 0.001], 9, "vanishes by t−3 (below 1 % of its size at t=9)"),
        ([1, 0.5, 0, 0], 4, "ends at t−2: exactly 0 from there back"),
        ([0, 0, 2, 2], 8, "holds (between 1 and 1 times its size at t=6)"),
        ([1, 5, 43], 20, "explodes: ×43 over 2 steps"),
        ([1e-3, 1.5], 20, "explodes: ×1.5e+03 over 1 step"),
        ([1, 0.3, 3, 1], 20, "holds (between 0.3 and 3 times its size at t=20)"),
        ([1, 0.5, 0.08], 20, "fades to 8 % over 2 steps"),
        ([1, 2, 5], 20, "grows: ×5 over 2 steps"),
        ([1, 10], 20, "grows: ×10 over 1 step"),
        ([1, 0.01], 20, "fades to 1 % over 1 step"),
        ([1, 50, 2], 20, "swings between 1 and 50 times its size at t=20"),
        ([0, 0], 20, "no gradient: its size is 0 throughout"),
        ([], 20, "no gradient: its size is 0 throughout"),
        ([3], 20, "one timestep: no way to go back"),
        ([1, 2, np.nan, 1], 20, "not finite from t=18 back (nan)"),
        ([np.inf, 1], 20, "not finite from t=20 back (inf)"),
        ([5e-324, 1e300], 20, "explodes: ×inf over 1 step"),
    ],
)
def test_descriptions(sizes: list[float], last: int, expected: str) -> None:
    assert describe_gradient_flow(np.array(sizes), last) == expected
    assert len(expected) <= 76


def test_descriptions_of_networks_whose_gradient_flow_is_known() -> None:
    case = Case("rnn", "relu", 12, 1, 1, 4, 1, 1)
    for weight, words in (
        (0.5, "vanishes by t−7 ("),
        (1.0, "holds ("),
        (2.0, "explodes: ×2.05e+03"),
    ):
        network = case.network()
        for name, array in network.parameters.items():
            array[...] = weight * np.eye(4) if name == "W_h" else 1.0
        network.set_state({"h": np.ones((1, 4))})
        network.tape["x"][...] = 1.0
        trained(network)
        row = gradient_map(network).norms[-1, :12]
        assert describe_gradient_flow(row, 12).startswith(words)
