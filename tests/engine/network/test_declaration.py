"""A network's declaration: all that is known before there is memory."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from engine.engine_support import CELLS, Case

from rnn_tui.engine.network.architecture import Architecture
from rnn_tui.engine.network.declaration import NetworkDeclaration
from rnn_tui.engine.network.losses import Problem
from rnn_tui.tasks.base import Topology

each_cell = pytest.mark.parametrize(("cell", "activation"), CELLS)


@each_cell
@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize("symbols", [False, True])
def test_merged_weights_cover_the_flat_vector_once(
    cell: str, activation: str, layers: int, symbols: bool
) -> None:
    problem = Problem("cross-entropy" if symbols else "mse", symbols)
    architecture = Architecture(cell, activation, 3, 4, 2, problem, layers)
    declaration = NetworkDeclaration(architecture, 5, 2, np.float64)
    assert declaration.parameter_count == architecture.parameter_count()
    flat = np.zeros(declaration.parameter_count)
    for matrices in (*declaration.layer_weights, (declaration.readout_weights,)):
        for matrix in matrices:
            matrix.view(flat)[...] += 1
    assert (flat == 1).all()
    first = declaration.layer_weights[0][0]
    assert first.names[0] == "W_x"
    assert (first.names == ("W_x",)) or not symbols  # symbols are looked up, not multiplied


@each_cell
def test_a_tape_has_the_declared_precision_and_nothing_but_zeros_and_ones(
    cell: str, activation: str
) -> None:
    declaration = Case(cell, activation, 5, 3, 2, 4, 2, 0).network(np.float32).declaration
    tape = declaration.make_tape()
    assert (tape.steps, tape.batch, tape.dtype) == (5, 3, np.dtype(np.float32))
    for name, array in tape.arrays.items():
        assert (array == (name == "one")).all(), name


def test_symbols_of_a_declaration_are_its_networks() -> None:
    network = Case("lstm", "tanh", 4, 2, 1, 3, 1, 0).network()
    declaration = network.declaration
    for t in range(1, 5):
        made = declaration.forward_operations + declaration.backward_operations_at(t)
        assert {operation.symbol for operation in made} <= set(network.values(t))


def test_a_window_of_another_length_than_the_topology_is_refused() -> None:
    architecture = Architecture("rnn", "tanh", 1, 2, 1)
    problem = replace(architecture.problem, topology=Topology.many_to_one(4))
    with pytest.raises(ValueError, match="the topology has 4 timesteps, the window 5"):
        NetworkDeclaration(replace(architecture, problem=problem), 5, 1, np.float64)
