"""Everything that recomputes a window does so with every loss, topology, and with symbols."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from engine.cells.test_gradients import Probe, each_gradient
from engine.engine_support import (
    CELLS,
    RECURRENT_CELLS,
    Case,
    headed_cases,
    same_bits,
    trained,
    worst,
)
from engine.toy import ToyTask
from hypothesis import given, settings
from shares import share

from rnn_tui.engine.analysis.bad_value_origin import find_operation, trace_inputs
from rnn_tui.engine.analysis.contributions import timestep_contributions
from rnn_tui.engine.analysis.gradient_check import gradient_check_work
from rnn_tui.engine.analysis.gradient_flow import gradient_norms
from rnn_tui.engine.analysis.gradient_map import gradient_map
from rnn_tui.engine.analysis.ledger import parameter_ledger
from rnn_tui.engine.analysis.loss_gradient import loss_gradient
from rnn_tui.engine.analysis.truncation import measure_truncation
from rnn_tui.engine.core.background_work import complete
from rnn_tui.engine.network import window_products
from rnn_tui.engine.network.edits import Edit
from rnn_tui.engine.network.network import Network
from rnn_tui.engine.network.pins import Pin
from rnn_tui.engine.network.scratch_network import (
    WindowData,
    copy_window,
    gradient_record,
    scratch_network,
)
from rnn_tui.engine.time_travel.branches import Changes
from rnn_tui.engine.time_travel.counterfactual import Counterfactual
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.settings import DECLARATIONS, Settings
from rnn_tui.tasks.base import Topology

each_cell = pytest.mark.parametrize(("cell", "activation"), CELLS)
each_loss = pytest.mark.parametrize("loss", ["mse", "cross-entropy"])
SOME = (False, True, True, False, True)


def hard(cell: str, activation: str, loss: str) -> Case:
    """Symbols, of which one is missing, and a loss that counts at some timesteps."""
    inputs = (True, True, False, True, True)
    return Case(cell, activation, 5, 3, 4, 4, 3, 21, loss, inputs, SOME, True)


@given(headed_cases())
def test_a_copy_computes_the_same_bits(case: Case) -> None:
    network = case.network()
    loss = trained(network)
    given = gradient_record(network)
    network.flat[:] = 0
    copy = scratch_network(given.architecture, given.parameters, given.window)
    assert trained(copy) == loss
    assert same_bits(copy.gradient, given.gradient)
    for name, array in network.tape.arrays.items():
        assert same_bits(copy.tape[name], array), name


@settings(max_examples=20)
@given(headed_cases())
def test_shares_and_ledgers_add_up_to_the_gradient(case: Case) -> None:
    network = case.network()
    trained(network)
    assert worst(
        sum(timestep_contributions(network, t).contribution for t in range(1, case.steps + 1)),
        network.gradient,
    ) < (1e-13)
    assert worst(timestep_contributions(network, 1).running_sum, network.gradient) < 1e-13
    scale = np.abs(network.gradient).max() or 1.0
    for index in range(0, network.flat.size, 5):
        assert abs(parameter_ledger(network, index).total - network.gradient[index]) < 1e-13 * scale


@settings(max_examples=20)
@given(headed_cases())
def test_a_timestep_that_does_not_count_sends_nothing_back(case: Case) -> None:
    network = case.network()
    trained(network)
    found = gradient_map(network)
    norms = found.norms
    counted = [t for t in range(1, case.steps + 1) if network.declaration.problem.counts(t)]
    assert found.losses == tuple(counted)
    for t in {*range(1, case.steps + 1)} - {*counted}:
        assert not any(norms.any() for norms in loss_gradient(network, t).norms.values())
    last = counted[-1]
    if last == case.steps:
        each = [gradient_norms(network, layer.number)[-1] for layer in network.layers]
        assert norms[-1, 0] == pytest.approx(np.linalg.norm(each), rel=1e-12)


@settings(max_examples=20)
@given(headed_cases())
def test_every_number_tells_what_it_was_made_of(case: Case) -> None:
    network = case.network()
    trained(network)
    for t in range(1, case.steps + 1):
        values = network.values(t)
        for backward, made in (
            (False, network.declaration.forward_operations),
            (True, network.declaration.backward_operations_at(t)),
        ):
            for operation in made:
                assert find_operation(network, operation.symbol, t, backward) is operation
                found = trace_inputs(network, operation, t, unit=0, sample=case.batch - 1)
                assert found.number == values[operation.symbol][case.batch - 1, 0]
                names = dict.fromkeys(given.name for given in found.inputs)
                assert tuple(names) == operation.expression.symbols()
                assert (found.suspect is None) == (not names)


@pytest.mark.parametrize(("cell", "activation"), RECURRENT_CELLS)
@each_loss
def test_what_a_longer_window_adds(cell: str, activation: str, loss: str) -> None:
    case = hard(cell, activation, loss)
    network = case.network()
    earlier = replace(case, seed=22)
    # One window of both, of which only the second half counts; its mean is over the same N.
    topology = Topology(earlier.inputs + case.inputs, (False,) * 5 + SOME)
    problem = replace(network.declaration.problem, topology=topology)
    whole = Network(replace(case.architecture, problem=problem), network.flat, 10, 3)
    before = copy_window(earlier.network())
    targets = np.full_like(before.target, -1 if loss == "cross-entropy" else 0)
    whole.inputs[...] = np.concatenate([before.x, network.inputs])
    whole.targets[...] = np.concatenate([targets, network.targets])
    whole.encode()
    whole.set_state(before.states)
    whole.forward(1, 5)
    network.set_state(whole.state(5))
    expected = trained(whole)
    assert trained(network) == pytest.approx(expected, rel=1e-13)
    found = measure_truncation(network, WindowData(before.x, before.target, before.states))
    assert worst(found.added, whole.gradient - network.gradient) < 1e-13
    assert found.added_norm > 0


@each_cell
@each_loss
def test_an_input_that_is_held_takes_the_symbols_place(
    cell: str, activation: str, loss: str
) -> None:
    case = hard(cell, activation, loss)
    network = case.network()
    first = trained(network)
    gradient = network.gradient.copy()
    network.pins = (Pin("x_t", 0.5, unit=2),)
    network.encode()
    pinned = trained(network)
    assert pinned != first
    assert (network.tape["x"][..., 1] == 0.5).all()
    # The same from numbers: one-hot but for the unit that is pinned.
    plain = replace(case, symbols=False, inputs=()).network(x=network.tape["x"].copy())
    plain.targets[...] = network.targets
    plain.encode()
    plain.flat[:] = network.flat
    plain.set_state(network.state(0))
    assert trained(plain) == pytest.approx(pinned, rel=1e-14)
    assert worst(network.gradient, plain.gradient) < 1e-13
    network.pins = ()
    network.encode()
    assert trained(network) == first
    assert same_bits(network.gradient, gradient)


@each_cell
@each_loss
def test_sums_by_symbol_are_the_product_they_replace(
    cell: str, activation: str, loss: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = hard(cell, activation, loss)
    product = case.network()
    monkeypatch.setattr(window_products, "DENSE_WORK", 0)
    sums = case.network()
    assert trained(sums) == trained(product)
    assert worst(sums.gradient, product.gradient) < 1e-14
    first = sums.gradient.copy()
    for each in (sums, product):  # a pinned input is no symbol: then the product is used
        each.pins = (Pin("x_t", 0.5, unit=2),)
        each.encode()
        trained(each)
    assert same_bits(sums.gradient, product.gradient)
    sums.pins = ()
    sums.encode()
    trained(sums)
    assert same_bits(sums.gradient, first)
    assert whole_agrees(sums)


def whole_agrees(network: Network) -> bool:
    """Whether every entry of the gradient is what differentiation says, as far as it can say."""
    work = gradient_check_work(gradient_record(network), range(network.flat.size))
    return complete(work).verdict == "agrees"


@pytest.mark.parametrize("pin", [Pin("h_t", 0.3, 2, 3), Pin("x_t", 0.3, None, 2)])
@pytest.mark.parametrize("cell", share(DECLARATIONS["cell"].choices, first=1))
@each_loss
def test_with_pins_gradients_agree_with_the_complex_step(cell: str, loss: str, pin: Pin) -> None:
    case = hard(cell, "tanh", loss)
    network = case.network()
    probe = Probe(case, complex)
    for each in (network, probe.network):
        each.pins = (pin,)
        each.encode()
    trained(network)
    wrong = each_gradient(network, probe.complex_step(probe.network.flat))
    assert max(wrong.values()) < 1e-12, wrong


MOVES = ("reveal", "step", "finish_pass", "finish_update")


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
@each_loss
def test_a_run_is_the_same_bits_however_it_is_walked(cell: str, layers: int, loss: str) -> None:
    settings = Settings(cell=cell, layers=layers, hidden=3, steps=4, batch=2, carry=True)

    def fresh() -> Trainer:
        return Trainer(settings, task=ToyTask(settings, loss))

    plain, stepped, back = fresh(), fresh(), fresh()
    plain.run(12)
    random = np.random.default_rng(3)
    kept = stepped.keyframe()
    while stepped.updates < 12:
        getattr(stepped, MOVES[random.integers(len(MOVES))])()
        if stepped.updates == 6:
            kept = stepped.keyframe()
    back.restore(kept)
    back.advance_to(12 * back.schedule.end)
    for other in (stepped, back):
        assert same_bits(other.parameters, plain.parameters)
        assert same_bits(other.network.gradient, plain.network.gradient)
        assert other.loss == plain.loss
        for name in plain.network.states:
            assert same_bits(other.network.tape[name], plain.network.tape[name])


@pytest.mark.parametrize("layers", [1, 2])
@each_loss
def test_the_branch_that_a_what_if_left_is_followed(layers: int, loss: str) -> None:
    settings = Settings(cell="lstm", layers=layers, hidden=3, steps=4, batch=2)
    trainer = Trainer(settings, task=ToyTask(settings, loss))
    trainer.run(3)
    shadow = Counterfactual(trainer, trainer.keyframe(), trainer.index)
    untouched = Trainer(settings, task=ToyTask(settings, loss))
    trainer.intervene(Edit("W_hf", 0.0))
    for each in (trainer, untouched):
        each.advance_to(5 * each.schedule.end + 4)
    while not shadow.follow(trainer.index, Changes(), 0.0):
        assert shadow.at(trainer.index) is None
    followed = shadow.at(trainer.index)
    assert followed is not None
    assert same_bits(followed.parameters, untouched.parameters)
    assert same_bits(followed.network.tape["h"], untouched.network.tape["h"])
    assert not same_bits(followed.parameters, trainer.parameters)
