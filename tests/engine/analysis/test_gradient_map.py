"""The gradient map adds up, and agrees with differentiation."""

from __future__ import annotations

import numpy as np
import pytest
from engine.engine_support import CELLS, SMOOTH_CELLS, Case, same_bits, trained, worst

from rnn_tui.engine.analysis.backward_step import backward_step
from rnn_tui.engine.analysis.gradient_map import gradient_map, gradient_map_work
from rnn_tui.engine.core.background_work import Progress
from rnn_tui.engine.network.network import Network

each_cell = pytest.mark.parametrize(("cell", "activation"), CELLS)
TINY = 1e-200


def alone(case: Case, t: int) -> Network:
    """Run both passes of the kernel on a window whose loss is that of timestep t only."""
    network = case.network()
    network.forward(1, case.steps)
    network.readout()
    target = network.tape["target"][t - 1].copy()
    network.tape["target"][...] = network.tape["y"]
    network.tape["target"][t - 1] = target
    network.loss()
    network.backward(1, case.steps)
    return network


@each_cell
@pytest.mark.parametrize("batch", [1, 3])
def test_each_row_is_the_kernels_gradient_of_one_timesteps_loss(
    cell: str, activation: str, batch: int
) -> None:
    case = Case(cell, activation, 6, batch, 2, 4, 2, 1)
    network = case.network()
    trained(network)
    norms = gradient_map(network).norms
    assert norms.shape == (6, 7)
    for t in range(1, 7):
        tape = alone(case, t).tape
        expected = [float(np.linalg.norm(tape["dh"][s - 1])) for s in range(t, 0, -1)]
        expected.append(float(np.linalg.norm(tape["dh_next"][0])))
        assert worst(norms[t - 1, : t + 1], expected) < 1e-13
        assert np.isnan(norms[t - 1, t + 1 :]).all()


@pytest.mark.parametrize(("cell", "activation"), SMOOTH_CELLS)
def test_the_way_to_the_first_state_agrees_with_the_complex_step(
    cell: str, activation: str
) -> None:
    """∂L_t/∂h_0 of every t, from losses alone: L_t = Σ (y_t − target_t)²/N."""
    case = Case(cell, activation, 5, 2, 1, 3, 2, 2)
    network = case.network()
    trained(network)
    probe = case.network(complex)
    gradient = np.empty((5, 2, 3))  # [T, B, H]
    for place in np.ndindex(2, 3):
        probe.set_state({name: case.numbers()[name] for name in probe.cell.states})
        probe.tape["h"][0][place] += TINY * 1j
        probe.forward(1, 5)
        probe.readout()
        errors = (probe.tape["y"] - probe.tape["target"]) ** 2
        gradient[(slice(None), *place)] = (
            errors.sum(axis=(1, 2)).imag / TINY / network.declaration.term_count
        )
    found = np.array([gradient_map(network).norms[t - 1, t] for t in range(1, 6)])
    assert worst(found, np.sqrt((gradient**2).sum(axis=(1, 2)))) < 1e-13


@each_cell
def test_the_items_of_all_timesteps_add_up_to_dh(cell: str, activation: str) -> None:
    """Vectors, not norms: sent back through `backward_step` one by one."""
    network = Case(cell, activation, 6, 2, 2, 4, 2, 3).network()
    trained(network)
    tape = network.tape
    total = np.zeros_like(tape["dh"])
    norms = gradient_map(network).norms
    for source in range(1, 7):
        arriving = {name: np.zeros((1, 2, 4)) for name in network.cell.states}
        for s in range(source, 0, -1):
            entering = tape["dh_y"][s - 1] * (s == source)
            done = backward_step(
                network.declaration.cell_backward_operations, network.values(s), entering, arriving
            )
            assert np.linalg.norm(done["dh_t"]) == pytest.approx(
                norms[source - 1, source - s], rel=1e-12
            )
            total[s - 1] += done["dh_t"][0]
            arriving = {name: done[f"d{name}_<t-1>"] for name in network.cell.states}
    assert worst(total, tape["dh"]) < 1e-13


@each_cell
def test_it_is_cancellable_and_touches_nothing(cell: str, activation: str) -> None:
    network = Case(cell, activation, 4, 2, 1, 3, 1, 4).network(np.float32)
    trained(network)
    tape = {name: array.copy() for name, array in network.tape.arrays.items()}
    assert list(gradient_map_work(network)) == [Progress(n, 4) for n in (1, 2, 3, 4)]
    work = gradient_map_work(network)
    next(work)
    work.close()
    assert all(same_bits(network.tape[name], array) for name, array in tape.items())


def test_in_float32_norms_are_taken_in_float64() -> None:
    network = Case("rnn", "tanh", 3, 1, 1, 2, 1, 5).network(np.float32)
    trained(network)
    network.tape["dh_y"][...] = 1e-30  # its square is no float32
    assert gradient_map(network).norms[2, 0] == pytest.approx(2**0.5 * 1e-30, rel=1e-6)
