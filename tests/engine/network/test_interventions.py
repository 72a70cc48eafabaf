"""Pins, cuts and edits: exact in both passes, for every cell."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from engine.engine_support import (
    CELLS,
    RECURRENT_CELLS,
    SMOOTH_CELLS,
    Case,
    cases,
    same_bits,
    trained,
    worst,
)
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from shares import share

from rnn_tui.engine.analysis.contributions import timestep_contributions
from rnn_tui.engine.analysis.direct_path import direct_path
from rnn_tui.engine.analysis.gradient_check import gradient_check_work
from rnn_tui.engine.analysis.gradient_map import gradient_map
from rnn_tui.engine.analysis.jacobians import jacobian_norms, step_jacobian
from rnn_tui.engine.analysis.ledger import parameter_ledger
from rnn_tui.engine.analysis.truncation import measure_truncation
from rnn_tui.engine.cells import make_cell
from rnn_tui.engine.core.background_work import complete
from rnn_tui.engine.network.interventions import (
    Release,
    parse,
    pinnable,
    together,
)
from rnn_tui.engine.network.network import Network
from rnn_tui.engine.network.pins import Cut, Pin, Pins
from rnn_tui.engine.network.scratch_network import (
    WindowData,
    copy_window,
    gradient_record,
    scratch_network,
)

TINY = 1e-200
each_cell = pytest.mark.parametrize(("cell", "activation"), CELLS)
each_recurrent = pytest.mark.parametrize(("cell", "activation"), RECURRENT_CELLS)


def pinned_network(case: Case, pins: Pins, dtype: type = float) -> Network:
    network = case.network(dtype)
    network.pins = pins
    network.encode()
    return network


def loss(network: Network) -> complex:
    network.forward(1, network.tape.steps)
    return network.loss()


def complex_step(network: Network, array: np.ndarray) -> np.ndarray:
    gradient = np.empty(array.shape)
    for place in np.ndindex(array.shape):
        kept = array[place]
        array[place] = kept + TINY * 1j
        gradient[place] = loss(network).imag / TINY
        array[place] = kept
    return gradient


@st.composite
def pinned(draw: st.DrawFn, kinds: tuple[tuple[str, str], ...]) -> tuple[Case, Pins]:
    """Draw a case and one to three pins of any symbol, of one unit or timestep or of all."""
    case = draw(cases(kinds))
    pins: Pins = ()
    symbols = [
        symbol for symbol in pinnable(case.network().declaration).values() if symbol != "x_t"
    ]
    units = st.integers(1, case.hidden)
    for _ in range(draw(st.integers(1, 3))):
        first, last = sorted((draw(units), draw(units)))
        unit = draw(st.sampled_from([None, first, (first, last)]))
        t = draw(st.none() | st.integers(1, case.steps))
        value = draw(st.sampled_from([0.0, 1.0, -0.4, 0.7]))
        pins = together(pins, Pin(draw(st.sampled_from(symbols)), value, unit, t))
    return case, pins


@settings(max_examples=25)
@given(pinned(SMOOTH_CELLS))
def test_gradients_with_pins_agree_with_the_complex_step(given: tuple[Case, Pins]) -> None:
    case, pins = given
    network, probe = pinned_network(case, pins), pinned_network(case, pins, complex)
    trained(network)
    expected = complex_step(probe, probe.flat)
    assert worst(network.gradient, expected) < 1e-12
    for state in network.cell.states:
        first = complex_step(probe, probe.tape[state][0])
        found = network.tape[f"d{state}_next"][0]
        assert np.abs(found - first).max() < 1e-12 * max(1.0, np.abs(expected).max())


@pytest.mark.parametrize(("cell", "activation"), share(SMOOTH_CELLS, first=1))
@pytest.mark.parametrize(
    ("unit", "t"),
    [
        (None, None),
        (2, 3),
        *(
            pytest.param(unit, t, marks=pytest.mark.long)
            for unit, t in ((2, None), (None, 3), (None, 1), (2, 1), (None, 5), (2, 5))
        ),
    ],
)
def test_every_symbol_of_every_smooth_cell(
    cell: str, activation: str, unit: int | None, t: int | None
) -> None:
    case = Case(cell, activation, 5, 2, 2, 3, 1, 4)
    for symbol in pinnable(case.network().declaration).values():
        pin = Pin(symbol, 0.3, unit, t)
        network, probe = pinned_network(case, (pin,)), pinned_network(case, (pin,), complex)
        trained(network)
        assert worst(network.gradient, complex_step(probe, probe.flat)) < 1e-12, symbol
        for each in range(1, 6) if t is None else (t,):
            values = network.values(each)[symbol]
            assert (values[:, pin.units] == 0.3).all()


@settings(max_examples=20)
@given(pinned((("rnn", "relu"),)))
def test_relu_gradients_with_pins_agree_with_central_differences(given: tuple[Case, Pins]) -> None:
    case, pins = given
    network, probe = pinned_network(case, pins), pinned_network(case, pins)
    trained(network)
    computed = np.concatenate([np.abs(network.tape["a"]).ravel(), np.ones(1)])
    assume(computed[computed > 0].min() > 1e-2)
    numeric = np.empty_like(network.gradient)
    for k, kept in enumerate(probe.flat.copy()):
        sides = []
        for moved in (kept + 1e-6, kept - 1e-6):
            probe.flat[k] = moved
            sides.append(loss(probe))
        probe.flat[k] = kept
        numeric[k] = (sides[0] - sides[1]).real / 2e-6
    assert np.abs(network.gradient - numeric).max() < 1e-7 * max(1.0, np.abs(numeric).max())


@pytest.mark.parametrize(("cell", "activation"), SMOOTH_CELLS)
def test_the_gradient_of_what_is_held_is_still_shown(cell: str, activation: str) -> None:
    """∂L/∂k of the constant itself, by a complex step of the constant."""
    case = Case(cell, activation, 5, 2, 2, 3, 1, 4)
    for symbol in pinnable(case.network().declaration).values():
        if symbol == "x_t":
            continue
        pin = Pin(symbol, 0.3, 2, 3)
        network = pinned_network(case, (pin,))
        trained(network)
        gradient = f"d{symbol}"
        moved = replace(pin, value=0.3 + TINY * 1j)  # type: ignore[arg-type]  # complex step
        probe = pinned_network(case, (moved,), complex)
        expected = loss(probe).imag / TINY
        samples = sum(network.sample_window(b).values(3)[gradient][0, 1] for b in range(2))
        for found in (network.values(3)[gradient][:, 1].sum(), samples):
            assert found == pytest.approx(expected, rel=1e-12), symbol
        assert expected != 0
        if f"d{symbol}" in ("dh_t", "dc_t"):
            on_tape = network.tape[f"d{symbol[0]}"][2]
            assert on_tape[:, 1].sum() == pytest.approx(expected, rel=1e-12)


@each_cell
@pytest.mark.parametrize("t", [1, 2, 4, 6])
def test_a_cut_is_a_state_that_is_a_constant(cell: str, activation: str, t: int) -> None:
    """Two windows: the second begins with the first one's end, which it sends nothing to."""
    case = Case(cell, activation, 6, 2, 2, 3, 2, 3)
    network = pinned_network(case, (Cut(t),))
    trained(network)
    whole, expected = case.network(), np.zeros_like(network.gradient)
    whole.forward(1, 6)
    for first, last in ((1, t - 1), (t, 6)):
        if last < first:
            continue
        part = Network(case.architecture, whole.flat, last - first + 1, 2)
        for name in ("x", "target"):
            part.tape[name][...] = whole.tape[name][first - 1 : last]
        part.set_state(whole.state(first - 1))
        trained(part)
        expected += part.gradient * (part.tape.steps / 6)
    assert worst(network.gradient, expected) < 1e-13
    for state in network.cell.states:
        assert not network.tape[f"d{state}_next"][t - 1].any()
    assert worst(network.tape["h"], whole.tape["h"]) < 1e-13


@given(cases())
def test_without_pins_the_declared_kernel_is_the_fused_one(case: Case) -> None:
    fused, declared = case.network(), case.network()
    declared.kernel = declared.declared_kernel()
    for name, array in declared.tape.arrays.items():
        if name not in ("x", "one", "target", *declared.cell.states):
            array[...] = np.nan
    for state in declared.cell.states:
        declared.tape[state][1:] = np.nan
    assert trained(declared) == pytest.approx(trained(fused), rel=1e-12)
    assert worst(declared.gradient, fused.gradient) < 1e-12
    for t in range(1, case.steps + 1):
        expected = fused.values(t)
        for name, array in declared.values(t).items():
            assert np.abs(array - expected[name]).max() < 1e-12, name


@each_cell
def test_stepping_and_running_with_pins_are_the_same_bits(cell: str, activation: str) -> None:
    case = Case(cell, activation, 5, 2, 2, 3, 1, 4)
    pins: Pins = (Pin("h_t", 0.2, 1, 3), Cut(4))
    run, stepped = pinned_network(case, pins), pinned_network(case, pins)
    trained(run)
    for t in range(1, 6):
        stepped.forward(t, t)
    stepped.loss()
    for t in range(5, 0, -1):
        stepped.backward(t, t)
    assert same_bits(run.gradient, stepped.gradient)
    assert same_bits(run.tape["dh"], stepped.tape["dh"])


@each_cell
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_without_pins_the_fused_kernel_runs_the_same_bits(
    cell: str, activation: str, dtype: type
) -> None:
    case = Case(cell, activation, 5, 2, 2, 3, 1, 4)
    plain, network = case.network(dtype), case.network(dtype)
    fused = network.kernel
    network.pins = (Pin("h_t", 0.2, 1, 3),)
    assert network.kernel is not fused
    trained(network)
    assert not same_bits(plain.gradient, network.gradient)
    network.pins = ()
    assert network.kernel is fused
    trained(plain)
    trained(network)
    for name, array in plain.tape.arrays.items():
        assert same_bits(network.tape[name], array), name
    assert same_bits(network.gradient, plain.gradient)


@each_cell
def test_what_is_held_has_its_value_where_rounding_alone_would_give_another(
    cell: str, activation: str
) -> None:
    """The constant is what the declared operations give, and the fast kernel does not."""
    case = Case(cell, activation, 2, 1, 40, 40, 1, 4)
    fused, declared = case.network(np.float32), case.network(np.float32)
    declared.kernel = declared.declared_kernel()
    for network in (fused, declared):
        trained(network)
    row, other = declared.tape["h"][1, 0], fused.tape["h"][1, 0]
    for unit in np.flatnonzero(row != other)[:3]:
        network = case.network(np.float32)
        network.pins = (Pin("h_t", float(row[unit]), int(unit) + 1, 1),)
        trained(network)
        assert network.tape["h"][1, 0, unit] == row[unit]


@each_cell
def test_pins_of_inputs_leave_the_fused_kernel(cell: str, activation: str) -> None:
    case = Case(cell, activation, 5, 2, 2, 3, 1, 4)
    network, other = case.network(), case.network()
    network.pins = (Pin("x_t", 0.2, 2, 3), Pin("x_t", 9.0, None, 99))
    network.encode()
    other.tape["x"][2, :, 1] = 0.2
    assert same_bits(network.tape["x"], other.tape["x"])
    assert type(network.kernel) is type(other.kernel)


def test_what_was_never_stored_is_shown_as_it_is() -> None:
    case = Case("lstm", "tanh", 4, 2, 1, 3, 1, 4)
    network = pinned_network(case, (Pin("f_t", 1.0, 2),))
    trained(network)
    values = network.values(3)
    assert values["df_t"].all()
    assert not values["da_f"][:, 1].any()
    assert values["da_f"][:, 0].all()
    assert not network.gradients["b"][6 + 1].any()
    network = pinned_network(case, (Pin("c_t", 0.2, 2, 3),))
    trained(network)
    values = network.values(3)
    assert values["dc_t"].all()
    for name in ("df_t", "di_t", "dg_t"):
        assert not values[name][:, 1].any()
        assert values[name][:, 0].all()


@each_cell
def test_shares_and_ledgers_add_up_with_pins(cell: str, activation: str) -> None:
    case = Case(cell, activation, 5, 2, 2, 3, 1, 4)
    for symbol in pinnable(case.network().declaration).values():
        network = pinned_network(case, (Pin(symbol, 0.2, 1), Cut(3)))
        trained(network)
        assert worst(timestep_contributions(network, 1).running_sum, network.gradient) < 1e-13
        for index in range(0, network.flat.size, 5):
            found = parameter_ledger(network, index).total
            assert found == pytest.approx(network.gradient[index], rel=1e-9, abs=1e-14)


def test_a_sample_window_keeps_its_pins() -> None:
    network = pinned_network(Case("lstm", "tanh", 4, 2, 1, 3, 1, 4), (Pin("f_t", 0.5),))
    trained(network)
    window = network.sample_window(1)
    network.pins = ()
    assert not window.values(2)["da_f"].any()


# The test of the idea: the gradient lives as the product of gates says


def only_the_last_error(network: Network) -> None:
    network.forward(1, network.tape.steps)
    network.readout()
    network.tape["target"][...] = network.tape["y"]
    network.tape["target"][-1] += 1.0
    trained(network)


def test_the_cell_path_is_the_product_of_forget_gates() -> None:
    case = Case("lstm", "tanh", 20, 1, 1, 4, 1, 5)
    network = case.network()
    network.parameters["W_h"][...] = 0  # the cell is the only way back
    only_the_last_error(network)
    product = direct_path(network)
    assert product is not None
    shares_of_last = network.tape["dc"][:, 0] / network.tape["dc"][-1, 0]
    assert worst(shares_of_last, product.product[1:]) < 1e-13
    assert np.abs(shares_of_last[0]).max() < 1e-2  # it dies
    for forget in (1.0, 0.9, 0.5):
        pin = parse(f"f = {forget}", network.declaration)
        assert isinstance(pin, Pin)
        network.pins = (pin,)
        only_the_last_error(network)
        dc = network.tape["dc"][:, 0]
        ratio = np.linalg.norm(dc[0]) / np.linalg.norm(dc[-1])
        assert ratio == pytest.approx(forget**19, rel=1e-12)


def test_the_gradient_of_h_1_follows_the_forget_gate_through_recurrent_weights() -> None:
    """h_1 acts on c_2 through W_h; from there to c_20 lie 18 forget gates."""
    case, ratios = Case("lstm", "tanh", 20, 2, 1, 4, 1, 5), {}
    for forget in (1.0, 0.8):
        network = case.network()
        network.set_state(None)
        later = [Pin(f"{gate}_t", 0.5, None, t) for gate in "igo" for t in range(3, 21)]
        network.pins = (Pin("f_t", forget), *later)
        only_the_last_error(network)
        dh, dc = network.tape["dh"], network.tape["dc"]
        # Per unit of ∂L/∂c_20, so that the readout's and tanh's slopes there do not matter.
        network.tape["dh_y"][...] = 0
        network.tape["dc_next"][-1] = 1.0
        network.kernel.backward(1, 20)
        ratios[forget] = np.linalg.norm(dh[0]) / np.linalg.norm(dc[-1])
    assert ratios[0.8] / ratios[1.0] == pytest.approx(0.8**18, rel=1e-12)


def test_an_update_gate_held_at_z_carries_the_gradient_of_h_by_powers_of_z() -> None:
    network = Case("gru", "tanh", 20, 2, 1, 4, 1, 5).network()
    network.parameters["W_h"][...] = 0
    for z in (1.0, 0.9, 0.3):
        network.pins = (Pin("z_t", z),)
        only_the_last_error(network)
        dh = network.tape["dh"]
        assert np.linalg.norm(dh[0]) / np.linalg.norm(dh[-1]) == pytest.approx(z**19, rel=1e-12)


# The analyses of a window take its pins into account


def three_pins(cell: str) -> Pins:
    """Return pins of a cell's first operation, of the last but one, and of h."""
    symbols = [operation.symbol for operation in make_cell(cell).forward_operations]
    return (Pin(symbols[0], 0.9, 2), Pin(symbols[-2], 0.1, 1, 3), Pin("h_t", 0.3, 3, 4))


PINS: dict[str, Pins] = {cell: three_pins(cell) for cell, _ in CELLS} | {
    "rnn": (Pin("a_t", 0.3, 2, 3), Pin("h_t", 0.1, 1, 2), Pin("x_t", 0.4, 1, 2)),
    "neuron": (Pin("a_t", 0.3, 2, 3), Pin("h_t", 0.1, 1, 2), Pin("x_t", 0.4, 1, 2)),
    "gru": (Pin("z_t", 0.9, 2), Pin("m_t", 0.1, 1, 3), Pin("h_t", 0.3, 3, 4)),
    "gru-reset-before": (Pin("z_t", 0.9, 2), Pin("rh_t", 0.1, 1, 3), Pin("h_t", 0.3, 3, 4)),
}


@pytest.mark.parametrize(("cell", "activation"), SMOOTH_CELLS)
def test_the_numeric_check_agrees_with_pins(cell: str, activation: str) -> None:
    network = pinned_network(Case(cell, activation, 5, 2, 2, 3, 1, 4), PINS[cell])
    trained(network)
    taken = gradient_record(network)
    assert taken.pins == network.pins
    assert complete(gradient_check_work(taken, range(network.flat.size))).verdict == "agrees"
    without = complete(gradient_check_work(replace(taken, pins=()), range(network.flat.size)))
    assert without.verdict == "differs"


def test_the_numeric_check_of_a_kink_agrees_with_pins() -> None:
    network = pinned_network(Case("rnn", "relu", 5, 2, 2, 3, 1, 4), PINS["rnn"])
    trained(network)
    found = complete(gradient_check_work(gradient_record(network), range(network.flat.size)))
    assert found.verdict == "agrees"


@each_cell
def test_the_items_of_the_gradient_add_up_with_pins_and_cuts(cell: str, activation: str) -> None:
    """One source at T: its items are the gradient that the kernel sends back."""
    network = pinned_network(Case(cell, activation, 6, 2, 2, 3, 1, 4), (*PINS[cell], Cut(2)))
    only_the_last_error(network)
    norms = gradient_map(network).norms[-1, :6]
    found = np.linalg.norm(network.tape["dh"].reshape(6, -1), axis=1)
    assert worst(norms, found[::-1]) < 1e-13
    assert norms[5] == 0
    assert (norms[4] > 0) == (cell != "neuron")


@pytest.mark.parametrize(("cell", "activation"), SMOOTH_CELLS)
@pytest.mark.parametrize("t", [2, 3, 4])
def test_a_jacobian_with_pins_is_that_of_the_pinned_step(
    cell: str, activation: str, t: int
) -> None:
    """∂s_t/∂s_{t−1} by complex steps of the state before."""
    case = Case(cell, activation, 5, 1, 2, 3, 1, 4)
    network, probe = pinned_network(case, PINS[cell]), pinned_network(case, PINS[cell], complex)
    trained(network)
    states, columns = network.cell.states, []
    for state in states:
        for unit in range(3):
            loss(probe)
            probe.tape[state][t - 1, 0, unit] += TINY * 1j
            probe.forward(t, t)
            columns.append(np.concatenate([probe.tape[s][t, 0].imag for s in states]) / TINY)
    assert worst(step_jacobian(network, t), np.array(columns).T) < 1e-13


@each_recurrent
def test_a_cut_lets_no_jacobian_through(cell: str, activation: str) -> None:
    network = pinned_network(Case(cell, activation, 5, 2, 2, 3, 1, 4), (Cut(3),))
    trained(network)
    found = jacobian_norms(network)
    assert found.step[2] == 0
    assert found.step[3] > 0
    assert (found.product > 0).tolist() == [False, False, False, True, True]


def test_a_copy_holds_inputs_of_a_window_that_was_drawn_before() -> None:
    network = Case("rnn", "tanh", 5, 2, 2, 3, 1, 4).network()
    copy = scratch_network(
        network.architecture, network.flat, copy_window(network), pins=(Pin("x_t", 0.4, 1, 2),)
    )
    assert (copy.tape["x"][1, :, 0] == 0.4).all()


@each_recurrent
def test_what_a_longer_window_adds_with_pins(cell: str, activation: str) -> None:
    """Against one window twice as long, in which the pins are in both halves."""
    case = Case(cell, activation, 10, 2, 2, 3, 1, 4)
    pins = PINS[cell]
    later = tuple(replace(p, t=p.t + 5) for p in pins if isinstance(p, Pin) and p.t is not None)
    whole = pinned_network(case, (*pins, *later))
    whole.forward(1, 10)
    network = Network(case.architecture, whole.flat, 5, 2)
    for name in ("x", "target"):
        network.tape[name][...] = whole.tape[name][5:]
    network.set_state(whole.state(5))
    network.pins = pins
    network.encode()
    trained(network)
    whole.loss()
    whole.tape["dy"][:5] = 0
    whole.tape["dy"][5:] *= 2
    whole.backward(1, 10)
    first = copy_window(whole)
    found = measure_truncation(network, WindowData(first.x[:5], first.target[:5], first.states))
    assert worst(found.added, whole.gradient - network.gradient) < 1e-13
    assert found.drift == pytest.approx(0.0, abs=1e-14)
    network.pins = (*pins, Cut(1))
    trained(network)
    assert (
        measure_truncation(
            network, WindowData(first.x[:5], first.target[:5], first.states)
        ).added_norm
        == 0
    )


def test_a_newer_pin_goes_over_older_ones() -> None:
    one, all_units, later = Pin("f_t", 0.5, 3), Pin("f_t", 1.0), Pin("f_t", 0.2, 3, 7)
    assert together((one, Cut(2)), all_units) == (Cut(2), all_units)
    assert together((all_units,), one) == (all_units, one)
    assert together((one,), later) == (one, later)
    assert together((Cut(2),), Cut(2)) == (Cut(2),)
    assert together((one, Cut(2)), Release()) == ()
    network = pinned_network(Case("lstm", "tanh", 8, 2, 1, 3, 1, 4), (all_units, one, later))
    loss(network)
    assert network.values(7)["f_t"][0].tolist() == [1.0, 1.0, 0.2]
    assert network.values(6)["f_t"][1].tolist() == [1.0, 1.0, 0.5]


@each_recurrent
@pytest.mark.parametrize("layers", [1, 2])
def test_what_a_pin_does_not_touch_keeps_its_bits(cell: str, activation: str, layers: int) -> None:
    """Nothing before it differs, nor the layer below, nor another unit of the same operation."""
    case = Case(cell, activation, 6, 2, 2, 4, 1, 4, layers=layers)
    symbol = "h_t" if layers == 1 else "h2_t"
    pins = (Pin(symbol, 0.5, 3, 4),)
    free, held = case.network(np.float32), pinned_network(case, pins, np.float32)
    for network in (free, held):
        network.encode()
        loss(network)
    for t in range(1, 7):
        expected, found = free.values(t), held.values(t)
        forward = [each.symbol for each in free.declaration.forward_operations]
        for name in forward:
            changed = expected[name] != found[name]
            below = layers == 2 and "2" not in name and name not in ("y_t", "p_t")
            if t < 4 or below or (t == 4 and name not in (symbol, "y_t", "p_t")):
                assert not changed.any(), (t, name)
            if t == 4 and name == symbol:
                assert changed[..., 2].all()
                assert not np.delete(changed, 2, axis=-1).any()
