"""The check on the spot: it agrees with right gradients and names wrong entries."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from engine.engine_support import CELLS, SMOOTH_CELLS, Case, cases, headed_cases, same_bits, trained
from hypothesis import assume, example, given, settings
from shares import share

from rnn_tui.engine.analysis.gradient_check import (
    GradientCheck,
    gradient_check_work,
    tensor_indices,
)
from rnn_tui.engine.core.background_work import Progress, complete
from rnn_tui.engine.network.architecture import Architecture
from rnn_tui.engine.network.pins import Cut, Pin
from rnn_tui.engine.network.scratch_network import GradientRecord, gradient_record

each_cell = pytest.mark.parametrize(("cell", "activation"), CELLS)
each_dtype = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def taken(case: Case, dtype: type = np.float64) -> GradientRecord:
    network = case.network(dtype)
    trained(network)
    return gradient_record(network)


def whole(given: GradientRecord) -> GradientCheck:
    return complete(gradient_check_work(given, range(given.parameters.size)))


def broken(given: GradientRecord, index: int, change: float) -> GradientRecord:
    gradient = given.gradient.copy()
    gradient[index] += change
    return dataclasses.replace(given, gradient=gradient)


@settings(max_examples=20)
@given(cases(SMOOTH_CELLS))
@example(Case("rnn", "tanh", 1, 1, 1, 1, 1, 0))
@example(Case("lstm", "tanh", 1, 1, 1, 1, 1, 0))
@example(Case("gru", "tanh", 1, 1, 1, 1, 1, 0))
@example(Case("lstm", "tanh", 12, 3, 2, 5, 2, 1))
@example(Case("gru", "tanh", 12, 3, 2, 5, 2, 1))
def test_every_parameter_of_every_smooth_cell_agrees(case: Case) -> None:
    found = whole(taken(case))
    assert found.verdict == "agrees"
    assert found.method.startswith("complex step")
    assert not found.kinks.any()
    # Not because the tolerance is generous: it is near float64's own precision.
    scale = np.abs(found.analytic).max()
    assert np.abs(found.analytic - found.numeric).max() < 1e-12 * scale
    assert found.tolerance.max() < 1e-10 * scale


@settings(max_examples=20)
@given(headed_cases())
@example(
    Case("lstm", "tanh", 4, 3, 2, 5, 4, 1, "cross-entropy", counted=(False, False, False, True))
)
@example(Case("rnn", "relu", 4, 3, 2, 5, 4, 1, "cross-entropy", (True, False, False, False)))
def test_it_agrees_with_any_loss_at_any_timesteps(case: Case) -> None:
    for dtype in (np.float32, np.float64):
        found = whole(taken(case, dtype))
        assert found.verdict == "agrees" or (found.worst is None and found.kinks.all())


@pytest.mark.parametrize("scale", [1.0, 30.0])
@each_dtype
def test_a_class_that_is_all_but_certain_is_no_error(dtype: type, scale: float) -> None:
    case = Case("lstm", "tanh", 5, 2, 2, 3, 4, 3, "cross-entropy")
    for wanted in range(4):
        network = case.network(dtype)
        network.parameters["b_y"][...] = scale * np.eye(4)[wanted]
        trained(network)
        found = whole(gradient_record(network))
        assert found.verdict == "agrees"
        network.targets[...] = wanted
        trained(network)
        assert whole(gradient_record(network)).verdict == "agrees"


@settings(max_examples=15)
@given(cases(SMOOTH_CELLS))
def test_a_float32_gradient_agrees_within_its_own_rounding(case: Case) -> None:
    found = whole(taken(case, np.float32))
    assert found.verdict == "agrees"
    assert found.tolerance.max() < 1e-3 * np.abs(found.analytic).max()


@settings(max_examples=15)
@given(cases((("rnn", "relu"),)))
def test_relu_is_checked_by_central_differences(case: Case) -> None:
    network = case.network()
    trained(network)
    found = whole(gradient_record(network))
    assert found.method.startswith("central differences")
    assert np.array_equal(np.isfinite(found.numeric), np.ones(found.numeric.shape, bool))
    assume(np.abs(network.tape["a"]).min() > 1e-2)  # no kink within reach of the step
    assert not found.kinks.any()
    assert found.verdict == "agrees"
    assert found.tolerance.max() < 1e-5 * max(np.abs(found.analytic).max(), 1.0)


@pytest.mark.parametrize(
    ("cell", "activation", "name"),
    share(
        (*kind, spec.name) for kind in CELLS for spec in Architecture(*kind, 2, 4, 2).parameters()
    ),
)
@each_dtype
def test_a_broken_entry_is_found_and_named(
    cell: str, activation: str, dtype: type, name: str
) -> None:
    given = taken(Case(cell, activation, 7, 3, 2, 4, 2, 11), dtype)
    indices = tensor_indices(given, name)
    fine = complete(gradient_check_work(given, indices))
    assert fine.verdict == "agrees"
    place = len(indices) // 2
    assert not fine.kinks[place]
    change = max(3 * float(fine.tolerance[place]), 1e-4 * float(np.abs(fine.analytic).max()))
    found = complete(gradient_check_work(broken(given, int(indices[place]), change), indices))
    assert found.verdict == "differs"
    assert found.worst == place
    assert found.indices[found.worst] == indices[place]
    assert found.relative[place] > fine.relative[place]


@pytest.mark.parametrize("scale", [5.0, 20.0])
@pytest.mark.parametrize(("cell", "activation"), SMOOTH_CELLS)
def test_saturated_units_are_no_errors(cell: str, activation: str, scale: float) -> None:
    """1 − h² is 0 where h rounds to 1; what the complex step finds there is not."""
    for seed in range(4):
        case = Case(cell, activation, 5, 2, 2, 3, 1, seed)
        parameters = scale * case.numbers()["parameters"]
        for dtype in (np.float32, np.float64):
            network = case.network(dtype, parameters=parameters)
            trained(network)
            assert whole(gradient_record(network)).verdict == "agrees"


def test_a_wrong_kernel_is_found_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """The measured rounding comes from the same kernel, and must not hide what is wrong in it."""
    from rnn_tui.engine.cells.rnn import RnnKernel

    right = RnnKernel._fill_slopes

    def wrong(self: RnnKernel, chunk: slice) -> None:
        right(self, chunk)
        self.da[chunk] *= 0.999

    monkeypatch.setattr(RnnKernel, "_fill_slopes", wrong)
    given = taken(Case("rnn", "tanh", 6, 2, 2, 4, 1, 3), np.float32)
    assert whole(given).verdict == "differs"


def test_an_entry_at_a_kink_is_set_aside() -> None:
    case = Case("rnn", "relu", 3, 2, 1, 4, 1, 12)
    network = case.network()
    for name in ("W_x", "W_h", "b"):
        network.parameters[name][...] = 0  # every pre-activation is exactly 0
    trained(network)
    given = gradient_record(network)
    found = complete(gradient_check_work(given, tensor_indices(given, "b")))
    assert found.kinks.all()
    assert (found.worst, found.verdict) == (None, "cannot be checked")
    readout = complete(gradient_check_work(given, tensor_indices(given, "b_y")))
    assert not readout.kinks.any()
    assert readout.verdict == "agrees"


def test_what_is_not_finite_cannot_be_checked() -> None:
    case = Case("lstm", "tanh", 3, 2, 1, 3, 1, 1)
    for spoilt in ("parameters", "gradient"):
        given = taken(case)
        array = getattr(given, spoilt).copy()
        array[0] = np.nan
        found = complete(gradient_check_work(dataclasses.replace(given, **{spoilt: array}), [0, 1]))
        assert (found.worst, found.verdict) == (None, "cannot be checked")


@each_cell
def test_it_yields_after_every_entry_and_can_be_left(cell: str, activation: str) -> None:
    given = taken(Case(cell, activation, 4, 2, 1, 3, 1, 2))
    parts = list(gradient_check_work(given, [0, 5, 7]))
    before = 4 * 4  # both passes of two networks, a timestep each
    assert parts == [Progress(0, 3)] * before + [Progress(n, 3) for n in (1, 2, 3)]
    work = gradient_check_work(given, [0, 5, 7])
    next(work)
    work.close()


@each_cell
def test_nothing_of_the_network_is_touched(cell: str, activation: str) -> None:
    network = Case(cell, activation, 4, 2, 1, 3, 1, 3).network(np.float32)
    trained(network)
    flat, gradient = network.flat.copy(), network.gradient.copy()
    tape = {name: array.copy() for name, array in network.tape.arrays.items()}
    given = gradient_record(network)
    network.flat[:] = 0  # the network trains on while the check runs
    assert whole(given).verdict == "agrees"
    network.flat[:] = flat
    assert same_bits(network.gradient, gradient)
    assert all(same_bits(network.tape[name], array) for name, array in tape.items())


def test_entries_are_independent_of_each_other() -> None:
    """A check of one after another equals a check alone: nothing is left over."""
    given = taken(Case("lstm", "tanh", 4, 2, 1, 3, 2, 5))
    count = given.parameters.size
    order = [count - 1, 0, count - 2, count // 2, 0]
    together = complete(gradient_check_work(given, order))
    alone = [complete(gradient_check_work(given, [index])).numeric[0] for index in order]
    assert together.numeric.tolist() == alone


def test_indices_of_a_tensor() -> None:
    given = taken(Case("lstm", "tanh", 2, 1, 2, 3, 2, 6))
    assert tensor_indices(given, "W_x").tolist() == list(range(24))
    assert tensor_indices(given, "W_h").tolist() == list(range(24, 60))
    few = tensor_indices(given, "W_h", most=5).tolist()
    assert (len(few), few[0], few[-1]) == (5, 24, 59)
    with pytest.raises(KeyError):
        tensor_indices(given, "W_z")


@pytest.mark.parametrize(("cell", "activation"), share(CELLS))
@pytest.mark.parametrize(("layers", "times"), [(1, (3,)), (2, (1, 2, 5))])
def test_with_paths_cut_the_states_before_them_are_held(
    cell: str, activation: str, layers: int, times: tuple[int, ...]
) -> None:
    network = Case(cell, activation, 5, 2, 2, 3, 1, 8, layers=layers).network()
    network.pins = (Pin("h_t", 0.3, unit=1, t=2), *map(Cut, times))
    trained(network)
    record = gradient_record(network)
    found = whole(record)
    assert found.verdict == "agrees"
    scale = np.abs(found.analytic).max()
    usable = ~found.kinks
    exact = 1e-12 if found.method.startswith("complex") else 1e-7
    assert np.abs(found.analytic - found.numeric)[usable].max() < exact * scale
    if network.cell.recurrent:  # and the cut does matter
        uncut = dataclasses.replace(record, pins=network.pins[:1])
        assert whole(uncut).verdict == "differs"
