"""Pins, cuts and edits in one line: what is read, what is refused, which entries are meant."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from engine.engine_support import (
    CELLS,
    Case,
)

from rnn_tui.engine.network.edits import Edit, block_shapes, blocks_of
from rnn_tui.engine.network.interventions import (
    InterventionError,
    Release,
    check,
    hint,
    parse,
    pinnable,
)
from rnn_tui.engine.network.network import Network
from rnn_tui.engine.network.pins import Cut, Pin

each_cell = pytest.mark.parametrize(("cell", "activation"), CELLS)


def lstm() -> Network:
    return Case("lstm", "tanh", 10, 2, 2, 3, 1, 4).network(np.float32)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("f = 1", Pin("f_t", 1.0)),
        ("f[3]=1", Pin("f_t", 1.0, 3)),
        ("f_3=1", Pin("f_t", 1.0, None, 3)),
        ("f_7[3] = 0.5", Pin("f_t", 0.5, 3, 7)),
        ("h_7 [ 3 ] = 0", Pin("h_t", 0.0, 3, 7)),
        ("h_7 = 0", Pin("h_t", 0.0, None, 7)),
        ("x_10[2] = −1e-3", Pin("x_t", -0.001, 2, 10)),
        ("f[3] @7 = 0.5", Pin("f_t", 0.5, 3, 7)),
        ("f_3 @7 = 0.5", Pin("f_t", 0.5, 3, 7)),
        ("  f@ 7=.5 ", Pin("f_t", 0.5, None, 7)),
        ("x @7 = 0.2", Pin("x_t", 0.2, None, 7)),
        ("x_2 @10 = −1e-3", Pin("x_t", -0.001, 2, 10)),
        ("h_3 @7 = 0", Pin("h_t", 0.0, 3, 7)),
        ("c @7 = 1", Pin("c_t", 1.0, None, 7)),
        ("W_hf[1,2] = 0", Edit("W_hf", 0.0, (1, 2))),
        ("b_f[3] = 1", Edit("b_f", 1.0, (3,))),
        ("W_h = 0", Edit("W_h", 0.0)),
        ("W_hf = 0", Edit("W_hf", 0.0)),
        ("b = 0.25", Edit("b", 0.25)),
        ("W_y[3,1] = 2", Edit("W_y", 2.0, (3, 1))),
        ("detach @7", Cut(7)),
        ("detach t = 7", Cut(7)),
        ("release", Release()),
        ("f[1:2] = 1", Pin("f_t", 1.0, (1, 2))),
        ("f[2:] = 1", Pin("f_t", 1.0, (2, 3))),
        ("f[:2] = 1", Pin("f_t", 1.0, (1, 2))),
        ("f[:] = 1", Pin("f_t", 1.0)),
        ("h_7[ 2 : 3 ] = 0", Pin("h_t", 0.0, (2, 3), 7)),
        ("x_2[1:2] = 0.5", Pin("x_t", 0.5, (1, 2), 2)),
        ("f[1:2] @7 = 1", Pin("f_t", 1.0, (1, 2), 7)),
        ("W_hf[3,:] = 0", Edit("W_hf", 0.0, (3, None))),
        ("W_hf[:, 2] = 0", Edit("W_hf", 0.0, (None, 2))),
        ("W_h[1:2,5:12] = 0.5", Edit("W_h", 0.5, ((1, 2), (5, 12)))),
        ("b_f[1:2] = 1", Edit("b_f", 1.0, ((1, 2),))),
        ("W_h *= 2", Edit("W_h", 2.0, None, "*=")),
        ("W_h ×= 2", Edit("W_h", 2.0, None, "*=")),
        ("W_hf /= 4", Edit("W_hf", 4.0, None, "/=")),
        ("W_hf[3,1] *= 2", Edit("W_hf", 2.0, (3, 1), "*=")),
        ("b += 1e-3", Edit("b", 0.001, None, "+=")),
        ("b_f[3] −= .5", Edit("b_f", 0.5, (3,), "-=")),
        ("W_hf = 0.9·I", Edit("W_hf", 0.9, identity=True)),
        ("W_hf=0.9*I", Edit("W_hf", 0.9, identity=True)),
        ("W_hf = -2e-1 I", Edit("W_hf", -0.2, identity=True)),
        ("W_hf = I", Edit("W_hf", 1.0, identity=True)),
        ("W_hf = −I", Edit("W_hf", -1.0, identity=True)),
        ("release f[3]", Release(Pin("f_t", 0.0, 3))),
        ("release  h", Release(Pin("h_t", 0.0))),
        ("release h_7[1:2]", Release(Pin("h_t", 0.0, (1, 2), 7))),
        ("release detach @7", Release(Cut(7))),
    ],
)
def test_the_grammar(text: str, expected: object) -> None:
    network = lstm()
    found = parse(text, network.declaration)
    assert found == expected
    assert parse(str(found), network.declaration) == found
    check(found, network.declaration)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("f = 1", ""),
        ("f[3] = 1", ""),
        ("f_7[3] = 0.5", ""),
        ("W_h = 0", ""),
        ("b_3 = 0", ""),
        ("nonsense", ""),
        ("f_3 = 1", "every unit at timestep 3; one unit is written f[3]"),
        ("h_3 = 1", "every unit at timestep 3; one unit is written h_3[1]"),
        ("f_3 @7 = 0.5", "reads f_7[3] = 0.5: a subscript is a time, brackets are a unit"),
    ],
)
def test_what_could_be_meant_otherwise_is_said_while_it_is_typed(text: str, expected: str) -> None:
    assert hint(text, lstm().declaration) == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "expected NAME = X"),
        ("f", "expected NAME = X"),
        ("f = nan", "expected NAME = X"),
        ("f = 1\n; x = 2", "expected NAME = X"),
        ("q = 1", "there is no 'q'; expected one of x, i, f, g, o, c, h, W_x, W_xo"),
        ("W_hq[1,2] = 1", "there is no 'W_hq'"),
        ("y = 1", "there is no 'y'"),
        ("f = 1e39", "the value must be a finite number of float32"),
        ("W_h = 1e999", "the value must be a finite number of float32"),
        ("f[0] = 1", "units of f go from 1 to 3, not 0"),
        ("f_0 = 1", "timesteps go from 1 to 10, not 0"),
        ("f[4] = 1", "units of f go from 1 to 3, not 4"),
        ("f_11 = 1", "timesteps go from 1 to 10, not 11; a unit is written f[11]"),
        ("f_3[1] @2 = 1", "expected NAME = X"),
        ("f_3[1,2] = 1", "units of f are written f[3] or f[1:8]"),
        ("W_h_3 = 1", "W_h is the same at every timestep: leave out _3; an entry is"),
        ("x_3 @1 = 1", "units of x go from 1 to 2, not 3"),
        ("f @11 = 1", "timesteps go from 1 to 10, not 11"),
        ("detach @0", "timesteps go from 1 to 10, not 0"),
        ("detach @11", "timesteps go from 1 to 10, not 11"),
        ("h[3] = 0", "h is a state: say when, h_7 or h_7[3]"),
        ("c = 0", "c is a state: say when"),
        ("W_hf[0,1] = 0", "W_hf goes from [1,1] to [3,3]"),
        ("W_hf[4,1] = 0", "W_hf goes from [1,1] to [3,3]"),
        ("W_hf[1] = 0", "W_hf goes from [1,1] to [3,3]"),
        ("W_hf[] = 0", "expected NAME = X"),
        ("b_f[4] = 0", "b_f goes from [1] to [3]"),
        ("b_3 = 0", "the same at every timestep: leave out _3; an entry is written b[3]"),
        ("q_3 = 0", "there is no 'q_3'"),
        ("W_hf @3 = 0", "W_hf is the same at every timestep: leave out @3"),
        ("f[0:2] = 1", "units of f go from 1 to 3, not 0"),
        ("f[1:4] = 1", "units of f go from 1 to 3, not 4"),
        ("f[3:1] = 1", "a range is written first:last, 1:3, not 3:1"),
        ("f[1:2:3] = 1", "expected NAME = X"),
        ("f *= 2", "f is held at a constant: f = X; *= is for weights"),
        ("f = 0.9·I", "f is no matrix: only a square weight can be X·I"),
        ("W_hf[1:4,1] = 0", "W_hf goes from [1,1] to [3,3]"),
        ("W_hf[1:2] = 0", "W_hf goes from [1,1] to [3,3]"),
        ("W_h /= 0", "nothing is divided by 0"),
        ("W_h /= 1e-60", "nothing is divided by 0"),
        ("W_h *= 1e39", "the value must be a finite number of float32"),
        ("W_h = 0.9·I", "W_h is 3 × 12; of it W_ho, W_hi, W_hf, W_hg can"),
        ("W_x = I", "only a square matrix can be X·I, and W_x is 2 × 12"),
        ("b = I", "only a square matrix can be X·I, and b is a vector of 12"),
        ("W_hf[1,1] = 2·I", "the identity is set as a whole: W_hf = X·I"),
        ("W_hf *= 2·I", "the identity is set as a whole: W_hf = X·I"),
        ("release W_h", "W_h is not held: esc undoes an edit"),
        ("release q", "there is no 'q'"),
        ("release f[9]", "units of f go from 1 to 3, not 9"),
        ("release detach @99", "timesteps go from 1 to 10, not 99"),
        ("release f = 1", "expected release, release NAME or release detach @T"),
        ("f" * 5000 + " = 1", "there is no"),
        ("f_" + "1" * 5000 + " = 1", "there is no"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(text: str, reason: str) -> None:
    with pytest.raises(InterventionError) as caught:
        parse(text, lstm().declaration)
    message = str(caught.value)
    assert reason in message
    assert "\n" not in message
    assert message.startswith(("'", '"'))
    assert len(message) < 300


@pytest.mark.parametrize(
    ("cell", "names"),
    [
        ("rnn", "x a h"),
        ("neuron", "x a h"),
        ("lstm", "x i f g o c h"),
        ("lstm-coupled", "x f i g o c h"),
        ("lstm-peephole", "x i f g c o h"),
        ("gru", "x r z m n h"),
        ("gru-reset-before", "x r z rh n h"),
    ],
)
def test_names_are_those_of_the_cell(cell: str, names: str) -> None:
    network = Case(cell, "tanh", 5, 2, 2, 3, 1, 4).network()
    assert " ".join(pinnable(network.declaration)) == names
    for name in pinnable(network.declaration):
        assert parse(f"{name}_1 @2 = 0.5", network.declaration) == Pin(f"{name}_t", 0.5, 1, 2)


@each_cell
def test_every_parameter_has_a_name(cell: str, activation: str) -> None:
    declaration = Case(cell, activation, 5, 2, 2, 3, 2, 4).network().declaration
    named = set()
    for name, indices in blocks_of(declaration).items():
        for place, index in np.ndenumerate(indices):
            edit = Edit(name, 0.125, tuple(k + 1 for k in place))
            assert list(edit.indices(declaration)) == [index]
            assert parse(str(edit), declaration) == edit
            named.add(int(index))
    assert named == set(range(declaration.parameter_count))


@each_cell
def test_shapes_are_those_of_the_blocks(cell: str, activation: str) -> None:
    declaration = Case(cell, activation, 5, 2, 2, 3, 2, 4).network().declaration
    expected = {name: block.shape for name, block in blocks_of(declaration).items()}
    assert block_shapes(declaration) == expected


def test_an_edit_of_a_block_is_all_of_it_and_nothing_else() -> None:
    network = lstm()
    before = network.flat.copy()
    network.flat[Edit("W_hf", 7.0).indices(network.declaration)] = 7.0
    assert (network.parameters["W_h"][:, 6:9] == 7.0).all()
    assert (network.flat != before).sum() == 9


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("W_hf *= 2", lambda w: w * 2),
        ("W_hf /= 4", lambda w: w / 4),
        ("W_hf += 0.5", lambda w: w + 0.5),
        ("W_hf -= 0.5", lambda w: w - 0.5),
        ("W_hf = 0.9·I", lambda w: 0.9 * np.eye(3)),
        ("W_hf = -I", lambda w: -np.eye(3)),
        ("W_hf[2,:] = 7", lambda w: np.stack([w[0], np.full(3, 7.0), w[2]])),
        ("W_hf[1:2,3] = 7", lambda w: np.column_stack([w[:, :2], [7, 7, w[2, 2]]])),
        ("W_hf[3,1] *= 2", lambda w: np.stack([w[0], w[1], w[2] * [2, 1, 1]])),
    ],
)
def test_an_edit_changes_what_it_says(
    text: str, expected: Callable[[np.ndarray], np.ndarray]
) -> None:
    network = lstm()
    gate = Edit("W_hf", 0.0).indices(network.declaration)
    before = network.flat.copy()
    expectation = expected(before[gate].reshape(3, 3))
    edit = parse(text, network.declaration)
    assert isinstance(edit, Edit)
    edit.apply(network.declaration, network.flat)
    np.testing.assert_allclose(network.flat[gate].reshape(3, 3), expectation, rtol=1e-6)
    others = np.setdiff1d(np.arange(network.flat.size), gate)
    assert (network.flat[others] == before[others]).all()


@pytest.mark.parametrize(
    "wrong", [Pin("q_t", 1.0), Pin("f_t", float("nan")), Cut(99), Edit("W_q", 1.0)]
)
def test_what_was_not_parsed_is_checked_too(wrong: Pin | Cut | Edit) -> None:
    with pytest.raises(InterventionError):
        check(wrong, lstm().declaration)
