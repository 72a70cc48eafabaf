"""Proofs on the spot: asked for, worked out in slices, stopped, dropped, and equal to the engine's.

What the engine finds is tested with the engine; here it is what the session makes of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from shares import share

from rnn_tui import registry
from rnn_tui.engine.analysis.direct_path import direct_path
from rnn_tui.engine.analysis.gradient_check import gradient_check_work
from rnn_tui.engine.analysis.gradient_map import GradientMap, gradient_map
from rnn_tui.engine.analysis.jacobians import jacobian_norms
from rnn_tui.engine.analysis.ledger import Ledger, parameter_ledger
from rnn_tui.engine.analysis.loss_gradient import LossGradient
from rnn_tui.engine.analysis.spectra import spectral_radii
from rnn_tui.engine.analysis.truncation import measure_truncation, window_edge
from rnn_tui.engine.core.background_work import Progress, Work, complete
from rnn_tui.engine.network.network import Network
from rnn_tui.engine.network.scratch_network import copy_window, gradient_record
from rnn_tui.engine.time_travel.places import Stride
from rnn_tui.engine.training.schedule import Pass
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.proofs.bad_value_origin import bad_value_origin
from rnn_tui.proofs.base import Proof, Refusal, Selected, WindowUnderTest
from rnn_tui.proofs.gates import GateReport
from rnn_tui.proofs.gradient_check import GradientCheckReport
from rnn_tui.proofs.gradient_map import MOST_LOSSES
from rnn_tui.proofs.prover import Prover
from rnn_tui.proofs.window_edge import EdgeReport
from rnn_tui.registry import PROOFS, Entry
from rnn_tui.session.commands import (
    Step,
    ViewRequest,
)
from rnn_tui.session.worker import Session
from rnn_tui.settings import Settings, compose

SMALL = Settings(hidden=4, steps=5, num_points=100, noise=0.0)
CELLS = {
    "rnn-tanh": SMALL,
    "rnn-relu": SMALL.with_(activation="relu"),
    **{
        name: SMALL.with_(cell=name, batch=2 if name.startswith("gru") else 1)
        for name in registry.CELLS.names
        if name != "rnn"
    },
}
MAP = ("map", "gates", "jacobians")  # what the panel of the map shows
SHOWN = ("ledger", "edge", *MAP)
each_cell = pytest.mark.parametrize("settings", CELLS.values(), ids=list(CELLS))


def prove(
    trainer: Trainer, parameter: int = 3, sample: int = 0, prover: Prover | None = None
) -> Mapping[str, object]:
    """All there is, where the trainer stands."""
    one = prover or Prover()
    loss = trainer.task.topology.loss_at(None)
    one.request(trainer, SHOWN, Selected(parameter, sample, loss))
    while one.busy:
        one.work(0.01)
    return one.results


def at_backward(settings: Settings, t: int) -> Trainer:
    """Return a trainer at timestep `t` of the backward pass of its third window."""
    trainer = Trainer(settings)
    trainer.run(2)
    while (trainer.cursor.stage, trainer.cursor.t) != (Pass.BACKWARD, t):
        trainer.step()
    return trainer


def is_same(one: object, other: object) -> bool:
    """Whether two results hold the same bits."""
    if isinstance(one, np.ndarray):
        return np.array_equal(one, np.asarray(other), equal_nan=True)
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(is_same(one[name], other[name]) for name in one)
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(map(is_same, one, other))
    if hasattr(one, "__slots__"):
        names = one.__slots__
        return all(is_same(getattr(one, name), getattr(other, name)) for name in names)
    return bool(one == other)


# ---------------------------------------------------------------- the engine's own results


@each_cell
def test_the_results_are_the_engines(settings: Settings) -> None:
    trainer = at_backward(settings, 1)
    network, sample = trainer.network, settings.batch - 1
    results = prove(trainer, 7, sample)
    expected = {
        "ledger": parameter_ledger(network, 7),
        "map": gradient_map(network),
        "jacobians": jacobian_norms(network, sample),
    }
    for name, result in expected.items():
        assert is_same(results[name], result), name
    gates = results["gates"]
    assert isinstance(gates, GateReport)
    assert dict(gates.radii) == spectral_radii(network)
    paths = [direct_path(network, sample, layer.number) for layer in network.layers]
    assert len(gates.direct) == sum(path is not None for path in paths)
    assert all(map(is_same, gates.direct, paths))
    report = results["edge"]
    assert isinstance(report, EdgeReport)
    assert is_same(report.edge, window_edge(network))


@each_cell
@pytest.mark.parametrize("position", share([1, 4, 7, 9, 12, 13, 14]))
def test_they_are_the_same_wherever_in_the_window_one_asks(
    settings: Settings, position: int
) -> None:
    """Also after the update, when the parameters are others."""
    trainer, whole = Trainer(settings), at_backward(settings, 1)
    trainer.run(2)
    for _ in range(position):
        trainer.step()
    assert trainer.position == position
    expected = prove(whole)
    for name, result in prove(trainer).items():
        assert is_same(result, expected[name]), name


@each_cell
def test_the_ledgers_total_is_the_gradients_entry(settings: Settings) -> None:
    trainer = at_backward(settings, 1)
    for parameter in range(trainer.parameters.size):
        result = prove(trainer, parameter)["ledger"]
        assert isinstance(result, Ledger)
        gradient = float(trainer.network.gradient[parameter])
        assert result.total == pytest.approx(gradient, rel=1e-4, abs=1e-7)


@each_cell
def test_the_trainer_is_left_as_it_was(settings: Settings) -> None:
    """Training goes on with the same bits, whatever was proved on the way."""
    plain, proved = Trainer(settings), Trainer(settings)
    prover = Prover()
    for _ in range(40):
        proved.step()
        prover.request_check(proved, 2)
        prove(proved, prover=prover)
        plain.step()
    assert np.array_equal(plain.parameters, proved.parameters)
    for name, array in plain.network.tape.arrays.items():
        assert np.array_equal(array, proved.network.tape.arrays[name]), name


@each_cell
def test_a_check_is_the_engines(settings: Settings) -> None:
    trainer = at_backward(settings, 1)
    prover = Prover()
    prover.request_check(trainer, 5)
    result = prove(trainer, prover=prover)["proof"]
    assert isinstance(result, GradientCheckReport)
    assert result.check.verdict == "agrees"
    assert not result.on_copy
    assert is_same(
        result.check, complete(gradient_check_work(gradient_record(trainer.network), [5]))
    )


def test_a_check_in_the_middle_of_the_pass_is_of_the_whole_windows_gradient() -> None:
    trainer = at_backward(SMALL, 4)
    prover = Prover()
    prover.request_check(trainer, 5)
    result = prove(trainer, prover=prover)["proof"]
    assert isinstance(result, GradientCheckReport)
    assert result.on_copy
    trainer.finish_pass()
    assert result.check.analytic[0] == trainer.network.gradient[5]


def test_a_wrong_gradient_of_the_trainer_is_found() -> None:
    trainer = at_backward(CELLS["lstm"], 1)
    trainer.network.gradient[5] += 0.1
    prover = Prover()
    prover.request_check(trainer, 5)
    result = prove(trainer, prover=prover)["proof"]
    assert isinstance(result, GradientCheckReport)
    assert result.check.verdict == "differs"


# ---------------------------------------------------------------- the window before


@pytest.mark.parametrize("cell", ["rnn-tanh", "lstm", "gru"])  # relu carries zeros here
def test_a_window_that_was_stepped_through_is_the_one_before(cell: str) -> None:
    trainer, prover = Trainer(CELLS[cell]), Prover()
    trainer.run(2)
    previous = copy_window(trainer.network)
    prover.keep_window(trainer)
    trainer.finish_update()
    parameters = trainer.optimizer.parameters_before.copy()
    report = prove(trainer, prover=prover)["edge"]
    assert isinstance(report, EdgeReport)
    network: Network = trainer.network
    network.flat[...] = parameters
    assert is_same(report.truncation, measure_truncation(network, previous))


def test_another_window_is_not_taken_for_the_one_before() -> None:
    trainer, prover = Trainer(SMALL), Prover()
    trainer.run(2)
    prover.keep_window(trainer)
    trainer.run(2)
    report = prove(trainer, prover=prover)["edge"]
    assert isinstance(report, EdgeReport)
    assert report.truncation is None
    assert "was not kept" in report.why


# ---------------------------------------------------------------- refusals


def test_without_a_window_there_is_nothing_to_prove() -> None:
    prover = Prover()
    trainer = Trainer(SMALL)
    prover.request_check(trainer, 0)
    results = prove(trainer, prover=prover)
    assert results
    assert all(isinstance(result, Refusal) for result in results.values())


def test_what_would_take_too_much_is_refused() -> None:
    trainer = Trainer(Settings(steps=1, cell="lstm", hidden=257, num_points=100))
    trainer.finish_update()
    results = prove(trainer)
    assert isinstance(results["jacobians"], Refusal)
    assert isinstance(results["map"], GradientMap)


def test_of_a_long_window_some_losses_are_followed_and_the_one_looked_at_exactly() -> None:
    trainer = Trainer(Settings(steps=MOST_LOSSES + 9, hidden=2, num_points=2000))
    trainer.finish_update()
    prover = Prover()
    prover.request(trainer, ("map", "loss-gradient"), Selected(0, loss=MOST_LOSSES + 9))
    while prover.busy:
        prover.work(0.01)
    found, one = prover.results["map"], prover.results["loss-gradient"]
    assert isinstance(found, GradientMap)
    assert isinstance(one, LossGradient)
    assert len(found.losses) == MOST_LOSSES
    assert found.losses[-1] == one.t == MOST_LOSSES + 9
    assert found.of("h", 1)[-1] == pytest.approx(one.of("h", 1)[::-1], rel=1e-3, abs=1e-30)


def test_after_a_divergence_its_origin_is_known_and_proofs_do_no_harm() -> None:
    chosen = Settings(activation="relu", optimizer="sgd", lr=100.0, clip_by="none")
    trainer = Trainer(chosen)
    assert bad_value_origin(trainer) is None
    trainer.run(100)
    divergence = trainer.divergence
    assert divergence is not None
    assert divergence.t
    origin = bad_value_origin(trainer)
    assert origin is not None
    assert (origin.symbol, origin.t) == (divergence.tensor, divergence.t)
    assert not np.isfinite(origin.number)
    prove(trainer)


# ---------------------------------------------------------------- a proof of one's own


@dataclass(frozen=True, slots=True)
class LargestWeight(Proof):
    """The largest weight of the window's parameters: a proof as someone might add it."""

    words: ClassVar[str] = "looking for the largest weight"

    @classmethod
    def at(cls, selected: Selected) -> LargestWeight:
        return cls()

    def work(self, window: WindowUnderTest) -> Work[float]:
        largest = 0.0
        for done, weight in enumerate(window.parameters.tolist(), 1):
            largest = max(largest, abs(weight))
            yield Progress(done, window.parameters.size)
        return largest


def test_a_proof_is_one_class_and_one_line_of_the_registry() -> None:
    session = Session(Trainer(SMALL))
    with PROOFS.registered(Entry("largest", LargestWeight)):
        snapshot = session.perform(
            Step(Stride.TIMESTEP, 3), ViewRequest(proofs=frozenset({"largest", "ledger"}))
        )
    largest = float(np.abs(snapshot.optimizer.parameters).max())
    assert snapshot.proofs["largest"] == pytest.approx(largest)
    assert isinstance(snapshot.proofs["ledger"], Ledger)


def test_a_proof_that_fails_is_refused_and_logged_and_not_begun_again() -> None:
    begun = []

    @dataclass(frozen=True, slots=True)
    class Failing(LargestWeight):
        def work(self, window: WindowUnderTest) -> Work[float]:
            begun.append(self)
            yield Progress(0, 1)
            raise ArithmeticError("no such luck")

    session = Session(Trainer(SMALL))
    with PROOFS.registered(Entry("failing", Failing)):
        request = ViewRequest(proofs=frozenset({"failing"}))
        snapshot = session.perform(Step(Stride.TIMESTEP, 3), request)
        session.perform(request)
    refusal = snapshot.proofs["failing"]
    assert isinstance(refusal, Refusal)
    assert refusal.why.startswith("not computed: an unexpected error; details in ")
    assert "no such luck" in Path(refusal.why.rpartition(" ")[2]).read_text()
    assert len(begun) == 1


def test_a_proof_of_a_window_that_is_not_finite_is_not_begun_again() -> None:
    session = Session(Trainer(SMALL))
    session.trainer.parameters[3] = np.nan
    request = ViewRequest(proofs=frozenset({"magnitudes"}))
    with np.errstate(all="ignore"):
        first = session.perform(Step(Stride.PASS, 2), request)
        second = session.perform(request)
    assert first.divergence is not None
    assert second.proofs["magnitudes"] is first.proofs["magnitudes"]


TASKS_WITHOUT_FILES = sorted(set(registry.TASKS.names) - {"series", "case"})


@pytest.mark.parametrize("task", TASKS_WITHOUT_FILES)
def test_windows_that_are_measured_ahead_change_nothing_of_the_run(task: str) -> None:
    settings = compose({"task": task, "hidden": 1 if task == "neuron" else 3, "batch": 2})
    watched, alone = Trainer(settings), Trainer(settings)
    for trainer in (watched, alone):
        trainer.run(2)
    window = WindowUnderTest(watched)
    ahead = window.next_windows(3)
    for next_window in ahead:
        for trainer in (watched, alone):
            trainer.run(1)
            assert np.array_equal(trainer.network.inputs, next_window.x)
            assert np.array_equal(trainer.network.targets, next_window.target)
    assert np.array_equal(watched.parameters, alone.parameters)
