"""The ledger: one entry of the gradient as a sum over timesteps."""

from __future__ import annotations

import numpy as np
import pytest
from engine.engine_support import CELLS, Case, same_bits, trained, worst

from rnn_tui.engine.analysis.contributions import timestep_contributions
from rnn_tui.engine.analysis.ledger import locate_parameter, parameter_ledger

each_cell = pytest.mark.parametrize(("cell", "activation"), CELLS)


@each_cell
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_ledger_adds_up_to_its_entry_of_the_gradient(
    cell: str, activation: str, dtype: type
) -> None:
    case = Case(cell, activation, 6, 3, 2, 4, 3, 5)
    network = case.network(dtype)
    trained(network)
    single = [timestep_contributions(network, t).contribution for t in range(1, 7)]
    for index in range(network.flat.size):
        found = parameter_ledger(network, index)
        terms = np.abs(found.contribution).sum()
        rounding = 6 * 3 * np.finfo(dtype).eps * max(terms, np.abs(network.gradient).max())
        assert abs(found.total - network.gradient[index]) <= rounding
        assert (
            worst(found.contribution, [each[index] for each in single]) < 40 * np.finfo(dtype).eps
        )
        assert found.running_sum[5] == found.contribution[5]  # the backward pass begins at T
        assert found.running_sum[0] == found.total
        assert np.array_equal(
            found.running_sum[:-1], found.running_sum[1:] + found.contribution[:-1]
        )
        assert found.t.tolist() == [1, 2, 3, 4, 5, 6]
        assert network.gradients[found.name][found.place] == network.gradient[index]


@each_cell
def test_a_ledger_during_the_backward_pass(cell: str, activation: str) -> None:
    case = Case(cell, activation, 4, 2, 1, 3, 1, 6)
    whole, network = case.network(), case.network()
    trained(whole)
    network.forward(1, 4)
    network.loss()
    network.backward(4, 4)
    network.backward(3, 3)
    for index in (0, network.flat.size // 2, network.flat.size - 1):
        found, expected = parameter_ledger(network, index), parameter_ledger(whole, index)
        assert same_bits(found.contribution[2:], expected.contribution[2:])
        assert same_bits(found.running_sum[2:], expected.running_sum[2:])


def test_where_a_parameter_is() -> None:
    network = Case("gru", "tanh", 1, 1, 2, 3, 1, 7).network()
    assert locate_parameter(network, 0) == ("W_x", (0, 0))
    assert locate_parameter(network, 18 + 10) == ("W_h", (1, 1))
    assert locate_parameter(network, network.flat.size - 1) == ("b_y", (0,))
    for index in (-1, network.flat.size):
        with pytest.raises(IndexError):
            parameter_ledger(network, index)
