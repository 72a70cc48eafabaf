"""Stacked layers: their names, and that everything that holds for one cell holds for several."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from engine.cells.test_gradients import TINY, Probe, each_gradient
from engine.engine_support import (
    CELLS,
    RECURRENT_CELLS,
    SMOOTH_CELLS,
    Case,
    same_bits,
    trained,
    worst,
)

from rnn_tui.engine.analysis.direct_path import direct_path
from rnn_tui.engine.analysis.gradient_flow import gradient_norms
from rnn_tui.engine.analysis.gradient_map import gradient_map
from rnn_tui.engine.analysis.jacobians import jacobian_norms, step_jacobian
from rnn_tui.engine.analysis.spectra import spectral_radii
from rnn_tui.engine.analysis.truncation import measure_truncation
from rnn_tui.engine.core.expressions import Array, Expression, Token, UnitReader, Values, renamed
from rnn_tui.engine.core.parameters import block_name, block_views
from rnn_tui.engine.network.architecture import views
from rnn_tui.engine.network.initialisation import initialise
from rnn_tui.engine.network.interventions import InterventionError, parse
from rnn_tui.engine.network.layers import layer_number, name_in_layer, name_without_layer
from rnn_tui.engine.network.network import Network
from rnn_tui.engine.network.pins import Cut, Pin
from rnn_tui.engine.network.scratch_network import WindowData, copy_window
from rnn_tui.engine.network.two_threads import TwoThreadKernel

each_cell = pytest.mark.parametrize(("cell", "activation"), CELLS)
each_smooth_cell = pytest.mark.parametrize(("cell", "activation"), SMOOTH_CELLS)
several = pytest.mark.parametrize("layers", [2, 3])


def stack(cell: str, activation: str = "tanh", layers: int = 2, steps: int = 5) -> Case:
    return Case(cell, activation, steps, 2, 3, 4, 2, 31, layers=layers)


# Names


@pytest.mark.parametrize(
    ("name", "second"),
    [
        ("h_t", "h2_t"),
        ("h_<t-1>", "h2_<t-1>"),
        ("W_xf", "W2_xf"),
        ("b", "b2"),
        ("b_hn", "b2_hn"),
        ("da_i", "da2_i"),
        ("dh_next", "dh2_next"),
        ("tanh(c_t)", "tanh(c2_t)"),
    ],
)
def test_names_carry_the_layers_number(name: str, second: str) -> None:
    assert name_in_layer(name, 1) == name
    assert name_in_layer(name, 2) == second
    if "(" not in name:
        assert name_without_layer(second) == name
        assert (layer_number(second), layer_number(name)) == (2, 1)


def test_a_gates_block_is_called_alike_whichever_comes_first() -> None:
    for name in ("W_x", "W_h", "b"):
        for gate in ("", "f"):
            assert block_name(name_in_layer(name, 3), gate) == name_in_layer(
                block_name(name, gate), 3
            )


def test_an_unknown_kind_of_expression_is_not_renamed() -> None:
    class Other(Expression):
        def text(self) -> str:
            return ""

        def evaluate(self, values: Values) -> Array:
            return np.zeros(1)

        def tokens(self, look: UnitReader) -> tuple[Token, ...]:
            return ()

        def symbols(self) -> tuple[str, ...]:
            return ()

    with pytest.raises(TypeError, match="Other"):
        renamed(Other(), str)


@each_cell
@several
def test_symbols_rows_and_places_are_unique(cell: str, activation: str, layers: int) -> None:
    network = stack(cell, activation, layers).network()
    trained(network)
    operations = network.declaration.forward_operations + network.declaration.backward_operations
    symbols = [operation.symbol for operation in operations]
    assert len(symbols) == len(set(symbols))
    places = [(operation.row, operation.column) for operation in operations]
    assert len(places) == len(set(places))
    rows = [row.symbol for row in network.declaration.rows]
    assert len(rows) == len(set(rows))
    assert {operation.row for operation in operations} <= set(rows)
    values = network.values(2)
    assert {name for each in operations for name in each.expression.symbols()} <= set(values)
    for operation in operations:
        assert operation.note.format(value=0.5).count("{") == 0
    above = [each.symbol for each in operations if "layer above" in each.title]
    assert above == ["dh2_up", "dh_up"][3 - layers :]


def test_the_equations_of_two_layers() -> None:
    network = stack("rnn").network()
    found = [
        each.equation()
        for each in network.declaration.forward_operations + network.declaration.backward_operations
    ]
    assert found == [
        "a_t = x_t·W_x + h_<t-1>·W_h + b",
        "h_t = tanh(a_t)",
        "a2_t = h_t·W2_x + h2_<t-1>·W2_h + b2",
        "h2_t = tanh(a2_t)",
        "y_t = h2_t·W_y + b_y",
        "dy_t = 2·(y_t − target_t)/N",
        "dh_y = dy_t·W_yᵀ",
        "dh2_t = dh_y + dh2_next",
        "da2_t = dh2_t⊙(1 − h2_t²)",
        "dh2_<t-1> = da2_t·W2_hᵀ",
        "dh_up = da2_t·W2_xᵀ",
        "dh_t = dh_up + dh_next",
        "da_t = dh_t⊙(1 − h_t²)",
        "dh_<t-1> = da_t·W_hᵀ",
    ]


# Numbers


@each_cell
@several
def test_stepping_and_running_are_the_same_bits(cell: str, activation: str, layers: int) -> None:
    case = stack(cell, activation, layers)
    whole, stepped = case.network(), case.network()
    trained(whole)
    for t in range(1, 6):
        stepped.forward(t, t)
        stepped.readout()
    stepped.loss()
    for t in range(5, 0, -1):
        stepped.backward(t, t)
    for name, array in whole.tape.arrays.items():
        assert same_bits(stepped.tape[name], array), name
    assert same_bits(stepped.gradient, whole.gradient)


@each_cell
def test_each_layer_is_a_network_of_one_that_reads_the_layer_below(
    cell: str, activation: str
) -> None:
    case = stack(cell, activation, 3)
    network = case.network()
    trained(network)
    given = network.tape["x"]
    for layer in network.layers:
        alone = replace(case, layers=1, features=given.shape[2]).network(x=given)
        for name, array in layer.cell_parameters(network.parameters).items():
            alone.parameters[name][...] = array
        tape = layer.cell_tape(network.tape)
        alone.set_state({name: tape[name][0] for name in alone.states})
        trained(alone)
        assert worst(alone.tape["h"], tape["h"]) < 1e-14
        given = tape["h"][1:]


@each_smooth_cell
@several
def test_what_would_leave_the_window_is_the_gradient_of_its_first_states(
    cell: str, activation: str, layers: int
) -> None:
    case = stack(cell, activation, layers)
    network = case.network()
    trained(network)
    probe = Probe(case, complex)
    for name in network.states:
        expected = probe.complex_step(probe.network.tape[name][0])
        assert worst(network.tape[f"d{name}_next"][0], expected) < 1e-12


@each_cell
def test_large_batches_are_halved_and_alike(
    cell: str, activation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rnn_tui.engine.network.two_threads.SPLIT_BATCH_SIZE", 4096)
    case = Case(cell, activation, 3, 70, 2, 70, 1, 5, layers=2)
    network = case.network()
    assert isinstance(network.kernel, TwoThreadKernel)
    trained(network)
    few = replace(case, batch=1)
    numbers = case.numbers()
    for sample in (0, 34, 35, 69):
        alone = Network(few.architecture, network.flat, 3, 1)
        alone.inputs[...] = numbers["x"][:, sample : sample + 1]
        alone.targets[...] = numbers["target"][:, sample : sample + 1]
        alone.set_state({n: numbers[n][sample : sample + 1] for n in alone.states})
        trained(alone)
        for name in ("h2", "dh2", "dh"):
            scale = 70 if name.startswith("d") else 1
            found = scale * network.tape[name][:, sample]
            assert worst(found, alone.tape[name][:, 0]) < 1e-12


@pytest.mark.parametrize("init", ["uniform", "orthogonal", "identity", "small"])
@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_every_layer_starts_by_the_same_rule(cell: str, init: str) -> None:
    kind = replace(stack(cell, layers=2).architecture, hidden=40)
    flat = initialise(kind, init, 1.0, 0, np.float64)
    found = views(kind.parameters(), flat)
    alone = replace(kind, layers=1)
    first = views(alone.parameters(), initialise(alone, init, 1.0, 0, np.float64))
    for spec in kind.parameters():
        array = found[spec.name]
        if layer_number(spec.name) == 1 and spec.name not in ("W_y", "b_y"):
            assert same_bits(array, first[spec.name])
        elif name_without_layer(spec.name) == "W_h":
            assert not same_bits(array, first["W_h"]) or init == "identity"
            for block in block_views(found, spec.name, spec.blocks).values():
                if init in ("identity", "orthogonal"):
                    assert np.abs(block @ block.T - np.eye(40)).max() < 1e-13
    if cell == "lstm" and init != "uniform":
        assert (block_views(found, "b2", kind.make_cell().blocks)["b2_f"] == 1).all()


# What is derived


@each_smooth_cell
def test_jacobians_of_the_whole_state(cell: str, activation: str) -> None:
    case = stack(cell, activation, 2, steps=3)
    network = case.network()
    trained(network)
    size = 4 * len(network.states)
    expected = np.empty((size, size))
    probe = case.network(complex)
    probe.forward(1, 1)
    for i in range(size):
        # From the states at t=1, perturbed one by one, one timestep on.
        for name in network.states:
            probe.tape[name][1] = network.tape[name][1]
        state, unit = network.states[i // 4], i % 4
        probe.tape[state][1][:, unit] += TINY * 1j
        probe.forward(2, 2)
        expected[i] = np.concatenate([probe.tape[n][2][0].imag / TINY for n in network.states])
    # J[i, j] = ∂s_t[i]/∂s_{t−1}[j]
    assert worst(step_jacobian(network, 2), expected.T) < 1e-12
    norms = jacobian_norms(network)
    assert norms.states == network.states
    assert norms.step[1] == pytest.approx(np.linalg.norm(expected, 2), rel=1e-12)
    radii = set(spectral_radii(network))
    assert ({block_name("W2_h", g) for g in network.cell.gates} <= radii) == (cell != "neuron")


def of_all_layers(network: Network) -> np.ndarray:
    """‖∂L/∂h_t‖ over batch, units and layers, [T]."""
    each = [gradient_norms(network, layer.number) for layer in network.layers]
    return np.asarray(np.linalg.norm(each, axis=0))


@each_smooth_cell
@several
def test_jacobians_direct_paths_and_maps_of_each_layer(
    cell: str, activation: str, layers: int
) -> None:
    """Each against products of the steps' Jacobians, the gates, and a pass of one loss alone."""
    case = stack(cell, activation, layers, steps=4)
    network = case.network()
    trained(network)
    tape, own = network.tape, 4 * len(network.cell.states)
    norms = jacobian_norms(network, 1)
    steps = [step_jacobian(network, t, 1) for t in range(1, 5)]
    maps = gradient_map(network)
    assert maps.by_state["h"].shape == (layers, 4, 5)
    alone = case.network()
    for k in range(layers):
        part, number = slice(k * own, (k + 1) * own), "" if k == 0 else str(k + 1)
        for t in range(1, 5):
            within = np.eye(own)
            for step in reversed(steps[t - 1 :]):
                within = within @ step[part, part]  # never by way of another layer
            expected = np.linalg.norm(within, 2)
            assert norms.of_layer(k + 1)[t - 1] == pytest.approx(expected, rel=1e-11)
        path = direct_path(network, 1, k + 1)
        for gate, state in (("f", "c"), ("z", "h")):
            if gate in network.cell.gates:
                assert path is not None
                assert (path.gate, path.state) == (gate + number, state + number)
                assert worst(path.product[0], np.prod(tape[gate + number][:, 1], axis=0)) < 1e-14
        for t in range(1, 5):
            alone.targets[...] = tape["y"]
            alone.targets[t - 1] = tape["target"][t - 1]
            trained(alone)
            sizes = [np.linalg.norm(alone.tape[f"dh{number}"][s - 1]) for s in range(t, 0, -1)]
            sizes.append(np.linalg.norm(alone.tape[f"dh{number}_next"][0]))
            assert worst(maps.of("h", k + 1)[t - 1, : t + 1], np.array(sizes)) < 1e-12
            assert np.isnan(maps.of("h", k + 1)[t - 1, t + 1 :]).all()


@each_cell
def test_the_gradient_map_covers_all_layers(cell: str, activation: str) -> None:
    case = stack(cell, activation, 3)
    network = case.network()
    trained(network)
    norms = gradient_map(network).norms
    tape = network.tape
    assert norms[-1, 0] == pytest.approx(of_all_layers(network)[-1], rel=1e-12)
    network.targets[...] = tape["y"]
    network.targets[-1] += 0.3  # the only error is at the last timestep
    trained(network)
    only = gradient_map(network).norms[-1]
    expected = of_all_layers(network)[::-1]
    assert worst(only[:-1], expected) < 1e-12
    start = [np.linalg.norm(tape[f"d{layer.name('h')}_next"][0]) for layer in network.layers]
    assert only[-1] == pytest.approx(np.linalg.norm(start), rel=1e-12)


@pytest.mark.parametrize(("cell", "activation"), RECURRENT_CELLS)
@pytest.mark.parametrize("first", [1, 4])
def test_what_a_longer_window_adds(cell: str, activation: str, first: int) -> None:
    case = stack(cell, activation, 2, steps=first + 3)
    whole = case.network()
    start = copy_window(whole)
    previous = WindowData(start.x[:first], start.target[:first], start.states)
    whole.forward(1, case.steps)
    network = Network(case.architecture, whole.flat, 3, case.batch)
    network.inputs[...], network.targets[...] = start.x[first:], start.target[first:]
    network.set_state(whole.state(first))
    trained(network)
    whole.loss()
    whole.tape["dy"][:first] = 0
    whole.tape["dy"][first:] *= case.steps / 3
    whole.backward(1, case.steps)
    found = measure_truncation(network, previous)
    assert worst(found.added, whole.gradient - network.gradient) < 1e-13
    assert tuple(found.edge.gradient) == network.states
    assert found.drift == pytest.approx(0.0, abs=1e-14)


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
@pytest.mark.parametrize("text", ["h_3[2] = 0.4", "h2_2[1] = 0.4", "x_2 = 0.5", "detach @3"])
def test_what_is_held_or_cut_in_a_layer(cell: str, text: str) -> None:
    case = stack(cell)
    network = case.network()
    change = parse(text, network.declaration)
    assert isinstance(change, Pin | Cut)
    free = case.network()
    trained(free)
    network.pins = (change,)
    network.encode()
    trained(network)
    if isinstance(change, Cut):
        for name in network.states:
            assert not network.tape[f"d{name}_next"][2].any()
        assert (
            same_bits(network.tape["h2"], free.tape["h2"])
            or worst(network.tape["h2"], free.tape["h2"]) < 1e-14
        )
        return
    probe = Probe(case, complex)
    probe.network.pins = (change,)
    probe.network.encode()
    wrong = each_gradient(network, probe.complex_step(probe.network.flat))
    assert max(wrong.values()) < 1e-12, wrong


def test_names_of_layers_can_be_written() -> None:
    network = stack("lstm").network()
    for text in ("f2 = 1", "f2[3] = 1", "c2_2[1] = 0", "W2_xf[1,2] = 0", "b2_f[3] = 1", "W2_h = 0"):
        assert str(parse(text, network.declaration)) == text
    with pytest.raises(InterventionError, match="f3"):
        parse("f3 = 1", network.declaration)
    with pytest.raises(InterventionError, match="state: say when"):
        parse("c2 = 1", network.declaration)
