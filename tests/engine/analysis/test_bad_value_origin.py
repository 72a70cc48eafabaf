"""The inputs that made a number, and which of them to look at."""

from __future__ import annotations

import numpy as np
import pytest
from engine.engine_support import CELLS, Case, trained

from rnn_tui.engine.analysis.bad_value_origin import find_operation, trace_inputs, worst_entry
from rnn_tui.engine.network.network import Network
from rnn_tui.engine.training.schedule import Pass
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.settings import Settings

each_cell = pytest.mark.parametrize(("cell", "activation"), CELLS)


def window(cell: str, activation: str = "tanh") -> Network:
    network = Case(cell, activation, 4, 2, 2, 3, 2, 1).network()
    trained(network)
    return network


@each_cell
def test_every_operation_tells_all_it_reads(cell: str, activation: str) -> None:
    network = window(cell, activation)
    values = network.values(2)
    for backward, made in (
        (False, network.declaration.forward_operations),
        (True, network.declaration.backward_operations),
    ):
        for operation in made:
            assert find_operation(network, operation.symbol, 2, backward) is operation
            found = trace_inputs(network, operation, 2, unit=1, sample=1)
            assert found.number == values[operation.symbol][1, 1]
            names = [given.name for given in found.inputs]
            assert tuple(dict.fromkeys(names)) == operation.expression.symbols()
            for given in found.inputs:
                assert given.number == given.numbers[given.place]
                assert given.nonfinite == 0
            if not names:  # declared 0
                assert found.suspect is None
                continue
            assert found.suspect is not None
            largest = max(abs(given.number) for given in found.inputs)
            assert abs(found.inputs[found.suspect].number) == largest


def test_the_factors_of_a_product_are_those_that_make_it() -> None:
    network = window("lstm")
    tape, hidden = network.tape, 3
    operation = find_operation(network, "f_t", 1, backward=False)
    assert operation is not None
    found = {given.name: given for given in trace_inputs(network, operation, 3, 2, 1).inputs}
    assert np.array_equal(found["h_<t-1>"].numbers, tape["h"][2, 1])
    place = 2 * hidden + 2  # of f's third unit among the gates o, i, f, g
    column = network.parameters["W_h"][:, place]
    assert np.array_equal(found["W_hf"].numbers, column)
    assert found["b_f"].numbers == [network.parameters["b"][place]]
    largest = int(np.argmax(np.abs(tape["h"][2, 1] * column)))
    assert found["W_hf"].place == found["h_<t-1>"].place == largest
    backward = find_operation(network, "dh_<t-1>", 1, backward=True)
    assert backward is not None
    sent = {given.name: given for given in trace_inputs(network, backward, 3, 2, 1).inputs}
    row = network.parameters["W_h"][2, 2 * hidden : 3 * hidden]
    assert np.array_equal(sent["W_hf"].numbers, row)  # of the transposed, a column is a row


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_bad_input_is_the_suspect_wherever_it_stands(bad: float) -> None:
    network = window("gru")
    network.parameters["W_h"][2, 1] = bad  # block r, unit 1
    with np.errstate(all="ignore"):
        network.forward(1, 4)
    operation = find_operation(network, "r_t", 1, backward=False)
    assert operation is not None
    first = trace_inputs(network, operation, 1, unit=1)
    assert first.suspect is not None
    suspect = first.inputs[first.suspect]
    assert (suspect.name, suspect.place, suspect.nonfinite) == ("W_hr", 2, 1)
    partner = next(given for given in first.inputs if given.name == "h_<t-1>")
    assert partner.place == 2  # the factor it meets
    if np.isnan(bad):  # one timestep on, h_<t-1> is spoilt already: it comes before the weight
        assert trace_inputs(network, operation, 1).unit == 1
        later = trace_inputs(network, operation, 2)
        assert later.suspect is not None
        assert later.inputs[later.suspect].name == "h_<t-1>"


def test_the_worst_place() -> None:
    assert worst_entry(np.array([[1.0, -3.0], [2.0, 0.0]])) == (0, 1)
    assert worst_entry(np.array([[1.0, -3.0], [2.0, np.inf]])) == (1, 1)


def test_what_is_given_has_no_operation() -> None:
    network = window("rnn")
    assert find_operation(network, "x_t", 1, backward=False) is None
    assert find_operation(network, "h_t", 1, backward=True) is None


@pytest.mark.parametrize("way", ["run", "step"])
def test_the_cause_of_a_divergence_is_found(way: str) -> None:
    trainer = Trainer(
        Settings(
            hidden=8,
            num_points=100,
            steps=12,
            activation="relu",
            init="identity",
            optimizer="sgd",
            lr=100.0,
            clip_by="none",
        )
    )
    while trainer.divergence is None:
        trainer.run(50) if way == "run" else trainer.step()
    divergence = trainer.divergence
    assert divergence.stage in (Pass.FORWARD, Pass.BACKWARD)
    backward = divergence.stage is Pass.BACKWARD
    operation = find_operation(trainer.network, divergence.tensor, divergence.t, backward)
    assert operation is not None
    found = trace_inputs(trainer.network, operation, divergence.t)
    assert not np.isfinite(found.number)
    assert all(
        given.nonfinite == 0 for given in found.inputs
    )  # it is the first: made of finite ones
    assert found.suspect is not None
    assert abs(found.inputs[found.suspect].number) > 1e10
