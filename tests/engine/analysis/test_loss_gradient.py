"""One loss on its way back: against the complex step, the kernel, the map, and the sum of all."""

from __future__ import annotations

import numpy as np
import pytest
from engine.engine_support import CELLS, SMOOTH_CELLS, Case, same_bits, trained, worst

from rnn_tui.engine.analysis.gradient_map import gradient_map
from rnn_tui.engine.analysis.loss_gradient import (
    decades_per_step,
    loss_gradient,
    loss_gradient_work,
)
from rnn_tui.engine.core.background_work import Progress
from rnn_tui.engine.network.network import Network
from rnn_tui.engine.network.pins import Cut, Pin

TINY = 1e-200


def loss_of(network: Network, t: int, moved: tuple[str, int, tuple[int, ...]]) -> complex:
    """L_t by the declared forward operations, with one entry of a state moved by an imaginary step.

    Args:
        network: both passes are done; parameters, inputs, targets and first states are read.
        t: the timestep of the loss.
        moved: the name of the state, its timestep from 0, and the entry (sample, unit).
    """
    name, at, place = moved
    declaration = network.declaration
    states = {each: network.tape[each][0].astype(complex) for each in network.states}
    if at == 0:
        states[name][place] += TINY * 1j
    for k in range(1, t + 1):
        parameters: dict[str, np.ndarray] = {}
        for layer in network.layers:
            parameters |= layer.parameter_blocks(network.parameters)
        values = parameters | {f"{each}_<t-1>": array for each, array in states.items()}
        values |= {"x_t": network.tape["x"][k - 1], "N": np.asarray(declaration.term_count)}
        values |= {each: network.parameters[each] for each in ("W_y", "b_y")}
        for operation in declaration.forward_operations:
            values[operation.symbol] = operation.expression.evaluate(values)
            if (operation.symbol, k) == (f"{name}_t", at):
                values[operation.symbol] = values[operation.symbol].astype(complex)
                values[operation.symbol][place] += TINY * 1j
        states = {each: values[f"{each}_t"] for each in network.states}
    y, target = values["y_t"], network.tape["target"][t - 1]
    if declaration.loss_function.classes:
        terms = np.log(np.exp(y).sum(axis=1)) - (y * target).sum(axis=1)
    else:
        terms = (y - target) ** 2
    total: complex = terms.sum() / declaration.term_count
    return total


@pytest.mark.parametrize(("cell", "activation"), SMOOTH_CELLS)
@pytest.mark.parametrize(("loss", "layers"), [("mse", 2), ("cross-entropy", 1)])
def test_it_is_the_derivative_of_one_timesteps_loss_by_the_complex_step(
    cell: str, activation: str, loss: str, layers: int
) -> None:
    """∂L_t/∂s_k of every state s in every layer, for every k."""
    counted = (True, False, True, True)
    case = Case(cell, activation, 4, 2, 2, 2, 2, 2, loss=loss, counted=counted, layers=layers)
    network = case.network()
    trained(network)
    found = loss_gradient(network, 3)
    assert found.t == 3
    assert tuple(found.norms) == network.states
    for name in network.states:
        for k in range(4):
            places = np.ndindex(2, 2)
            gradient = [loss_of(network, 3, (name, k, each)).imag / TINY for each in places]
            assert found.norms[name][k] == pytest.approx(np.linalg.norm(gradient), rel=1e-10), k


@pytest.mark.parametrize(("cell", "activation"), CELLS)
def test_where_only_one_loss_counts_it_is_the_whole_gradient(cell: str, activation: str) -> None:
    counted = (False, False, True, False)
    network = Case(cell, activation, 4, 3, 2, 4, 2, 1, counted=counted, layers=2).network()
    trained(network)
    found, tape = loss_gradient(network, 3), network.tape
    for name in network.states:
        expected = [float(np.linalg.norm(tape[f"d{name}"][k - 1])) for k in (1, 2, 3)]
        expected.insert(0, float(np.linalg.norm(tape[f"d{name}_next"][0])))
        assert worst(found.norms[name], expected) < 1e-13, name


@pytest.mark.parametrize(("cell", "activation"), CELLS)
@pytest.mark.parametrize("layers", [1, 2])
def test_it_is_a_row_of_the_map_also_with_what_ifs(cell: str, activation: str, layers: int) -> None:
    network = Case(cell, activation, 6, 2, 2, 4, 2, 1, layers=layers).network()
    network.pins = (Pin("h_t", 0.3, unit=2), Cut(2))
    trained(network)
    rows, some = gradient_map(network), gradient_map(network, most=3)
    assert rows.losses == (1, 2, 3, 4, 5, 6)
    assert some.losses == (1, 4, 6)
    for t in (1, 4, 6):
        found = loss_gradient(network, t)
        for layer in (None, *range(1, layers + 1)):
            for state in network.cell.states:
                row = rows.of(state, layer)[t - 1]
                assert worst(found.of(state, layer)[::-1], row[: t + 1]) < 1e-13
                chosen = some.of(state, layer)[some.losses.index(t)]
                assert np.array_equal(chosen, row, equal_nan=True)
        if t > 1 and network.cell.recurrent:
            assert found.of("h", None)[:2].tolist() == [0, 0]  # before the cut


@pytest.mark.parametrize(("cell", "activation"), CELLS)
def test_it_is_cancellable_and_touches_nothing(cell: str, activation: str) -> None:
    network = Case(cell, activation, 4, 2, 1, 3, 1, 4).network(np.float32)
    trained(network)
    tape = {name: array.copy() for name, array in network.tape.arrays.items()}
    assert list(loss_gradient_work(network, 3)) == [Progress(n, 3) for n in (1, 2, 3)]
    work = loss_gradient_work(network, 3)
    next(work)
    work.close()
    assert all(same_bits(network.tape[name], array) for name, array in tape.items())


def test_what_dies_in_float32_is_followed_in_float64() -> None:
    network = Case("rnn", "tanh", 60, 1, 1, 3, 1, 2).network(np.float32)
    network.parameters["W_h"][...] = 0.1 * np.eye(3)
    network.parameters["W_x"][...] = 0
    network.parameters["b"][...] = 0
    network.set_state(None)
    trained(network)
    found = loss_gradient(network, 60)
    norms = found.of("h", 1)
    assert norms[0] / norms[-1] == pytest.approx(1e-60, rel=1e-5)
    assert decades_per_step(found.of("h", 1)) == pytest.approx(-1, rel=1e-6)


def test_decades_per_step_of_what_can_be_measured() -> None:
    assert decades_per_step(np.array([1e-6, 1e-4, 1e-2])) == pytest.approx(-2)
    assert decades_per_step(np.array([0, np.nan, 100.0, 1.0])) == pytest.approx(2)
    assert decades_per_step(np.array([0.0, 1.0])) is None
