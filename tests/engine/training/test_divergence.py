"""Numbers that are not finite: found at the first tensor and timestep, and nothing is spoilt."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from engine.engine_support import CELLS, RECURRENT_CELLS, same_bits

from rnn_tui.engine.network.architecture import Architecture
from rnn_tui.engine.training.divergence import (
    Divergence,
    find_nonfinite_in_backward_pass,
    find_nonfinite_in_forward_pass,
    find_nonfinite_in_parameters,
    find_nonfinite_in_update,
)
from rnn_tui.engine.training.schedule import Pass
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.settings import Settings

# Warnings are errors here (pyproject.toml), so every one of these tests also says: none leak.

RELU = Settings(
    activation="relu",
    init="identity",
    hidden=8,
    optimizer="sgd",
    lr=100.0,
    clip_by="none",
    steps=12,
    num_points=100,
)
EXPLODING = {
    "relu float32": RELU,
    "relu float64": RELU.with_(dtype="float64"),
    "relu, batch 3": RELU.with_(batch=3, lr=10.0),
    "relu, momentum": RELU.with_(momentum=0.9, lr=1.0),
    "relu, one step": RELU.with_(steps=1),
    "relu, adagrad": RELU.with_(optimizer="adagrad"),
    "relu, rmsprop": RELU.with_(optimizer="rmsprop"),
    "relu, adam": RELU.with_(optimizer="adam"),
    "relu, clipped by norm": RELU.with_(clip_by="norm", clip=1e9),
    "relu, clipped by value": RELU.with_(clip_by="value", clip=1e9),
}
Move = Callable[[Trainer], Any]
MOVES: dict[str, Move] = {
    "run": lambda trainer: trainer.run(50),
    "reveal": lambda trainer: trainer.reveal(),
    "step": lambda trainer: trainer.step(),
    "finish_pass": lambda trainer: trainer.finish_pass(),
    "finish_update": lambda trainer: trainer.finish_update(),
}


def until_divergence(trainer: Trainer, move: Move, most: int = 40_000) -> Trainer:
    for _ in range(most):
        move(trainer)
        if trainer.divergence is not None:
            return trainer
    raise AssertionError("did not diverge")


def finite_state(trainer: Trainer) -> dict[str, bytes]:
    """Return all that a keyframe saves, as bytes; assert that every number is finite."""
    keyframe = trainer.keyframe()
    arrays = {
        "parameters": keyframe.parameters,
        "live parameters": trainer.parameters,
        **{f"memory {name}": array for name, array in keyframe.memory.items()},
        **{f"live memory {name}": array for name, array in trainer.optimizer.memory.items()},
        **{f"state {name}": array for name, array in keyframe.states.items()},
    }
    for name, array in arrays.items():
        assert np.isfinite(array).all(), name
    assert np.isfinite(trainer.history.recent(trainer.history.count)).all()
    place = (keyframe.updates, keyframe.position, keyframe.updates_made, keyframe.data.to_json())
    numbers = {name: array.tobytes() for name, array in arrays.items()}
    return numbers | {"place": repr(place).encode()}


@pytest.mark.parametrize("settings", EXPLODING.values(), ids=EXPLODING)
def test_a_blow_up_is_found_at_the_same_place_however_it_is_reached(settings: Settings) -> None:
    found, states = {}, {}
    for name, move in MOVES.items():
        trainer = until_divergence(Trainer(settings), move)
        assert trainer.history.count == trainer.updates
        found[name] = (trainer.divergence, trainer.cursor, trainer.position)
        states[name] = finite_state(trainer)
    for name in MOVES:
        assert str(found[name]) == str(found["run"]), name  # as text: NaN is NaN
        assert states[name] == states["run"], name


@pytest.mark.parametrize("settings", EXPLODING.values(), ids=EXPLODING)
def test_the_first_bad_tensor_is_named(settings: Settings) -> None:
    trainer = until_divergence(Trainer(settings), MOVES["run"])
    divergence, network = trainer.divergence, trainer.network
    assert divergence is not None
    assert not np.isfinite(divergence.value)
    if divergence.stage in (Pass.FORWARD, Pass.BACKWARD):
        assert (trainer.cursor.stage, trainer.cursor.t) == (divergence.stage, divergence.t)
        forward = divergence.stage is Pass.FORWARD
        operations = (
            network.declaration.forward_operations
            if forward
            else network.declaration.backward_operations
        )
        symbols = [operation.symbol for operation in operations]
        newest = symbols[trainer.cursor.operation - 1]  # nothing after it is revealed
        assert newest == divergence.tensor
        values = network.values(divergence.t)
        bad = [name for name in symbols if not np.isfinite(values[name]).all()]
        assert bad[0] == divergence.tensor
        earlier = range(1, divergence.t) if forward else range(divergence.t + 1, settings.steps + 1)
        for t in earlier:
            values = network.values(t)
            assert all(np.isfinite(values[name]).all() for name in symbols)


@pytest.mark.parametrize("name", MOVES)
def test_after_a_divergence_nothing_moves(name: str) -> None:
    trainer = until_divergence(Trainer(RELU), MOVES["run"])
    before = (trainer.divergence, trainer.cursor, finite_state(trainer))
    for move in MOVES.values():
        MOVES[name](trainer)
        move(trainer)
        assert (trainer.divergence, trainer.cursor, finite_state(trainer)) == before
    assert trainer.run(10) == 0


@pytest.mark.parametrize("name", MOVES)
def test_nothing_after_the_bad_operation_is_revealed(name: str) -> None:
    trainer = until_divergence(Trainer(RELU), MOVES[name])
    assert trainer.divergence is not None
    newest = trainer.operations[trainer.cursor.operation - 1]
    assert newest.symbol == trainer.divergence.tensor
    there = trainer.cursor
    for move in MOVES.values():
        move(trainer)
    assert trainer.cursor == there


def test_from_the_keyframe_of_a_divergence_it_diverges_again() -> None:
    trainer = until_divergence(Trainer(RELU), MOVES["run"])
    again = Trainer(RELU)
    again.restore(trainer.keyframe())
    assert again.divergence is None
    assert again.position == 0
    until_divergence(again, MOVES["step"])
    assert str(again.divergence) == str(trainer.divergence)
    assert again.updates == trainer.updates
    assert finite_state(again) == finite_state(trainer)


def test_from_the_keyframe_of_a_divergence_gentler_settings_go_on() -> None:
    trainer = until_divergence(Trainer(RELU.with_(lr=10.0)), MOVES["run"])
    gentle = Trainer(RELU.with_(lr=1e-9, clip_by="value", clip=1e-9), trainer.parameters)
    keyframe = trainer.keyframe()
    assert np.isfinite(keyframe.parameters).all()
    assert gentle.divergence is None


# Planted numbers

PLAIN = Settings(hidden=4, num_points=60, steps=5, batch=2)


def planted(settings: Settings, plant: Callable[[Trainer], None], move: Move) -> Trainer:
    trainer = Trainer(settings)
    trainer.run(2)
    plant(trainer)
    return until_divergence(trainer, move, 1000)


@pytest.mark.parametrize("move", MOVES.values(), ids=MOVES)
@pytest.mark.parametrize("kind", CELLS)
def test_a_weight_that_is_not_finite_is_named_before_it_is_used(
    kind: tuple[str, str], move: Move
) -> None:
    for spec in Architecture(*kind, 1, 2, 1).parameters():
        for value in (np.inf, -np.inf, np.nan):

            def plant(trainer: Trainer, name: str = spec.name, value: float = value) -> None:
                trainer.network.parameters[name].flat[-1] = value

            trainer = planted(PLAIN.with_(cell=kind[0], activation=kind[1]), plant, move)
            assert str(trainer.divergence) == f"{spec.name} is {value} in BATCH"
            assert trainer.cursor.stage is Pass.BATCH
            assert trainer.updates == 2
            left = trainer.network.parameters[spec.name].flat[-1]
            assert left == value or np.isnan(value)


@pytest.mark.parametrize("move", MOVES.values(), ids=MOVES)
@pytest.mark.parametrize("optimizer", ["sgd", "adagrad", "rmsprop", "adam"])
def test_a_memory_that_is_not_finite_stops_the_update(optimizer: str, move: Move) -> None:
    def plant(trainer: Trainer) -> None:
        for array in trainer.optimizer.memory.values():
            array[-1] = np.inf

    trainer = planted(PLAIN.with_(optimizer=optimizer, momentum=0.5), plant, move)
    divergence = trainer.divergence
    assert divergence is not None
    assert divergence.stage is Pass.UPDATE
    assert "b_y" in divergence.tensor
    assert trainer.cursor.stage is Pass.CLIP  # the update was taken back
    assert np.isfinite(trainer.parameters).all()


@pytest.mark.parametrize("move", MOVES.values(), ids=MOVES)
@pytest.mark.parametrize("kind", RECURRENT_CELLS, ids="-".join)
def test_a_nan_in_the_carried_state_is_found_at_the_first_timestep(
    kind: tuple[str, str], move: Move
) -> None:
    def plant(trainer: Trainer) -> None:
        trainer.network.tape["h"][-1, 1, 2] = np.nan

    trainer = planted(PLAIN.with_(cell=kind[0], activation=kind[1]), plant, move)
    divergence = trainer.divergence
    assert divergence is not None
    assert (divergence.stage, divergence.t) == (Pass.FORWARD, 1)
    assert divergence.tensor == trainer.network.declaration.forward_operations[0].symbol
    assert np.isfinite(trainer.parameters).all()


@pytest.mark.parametrize("move", MOVES.values(), ids=MOVES)
def test_an_overflow_that_tanh_hides_is_found_all_the_same(move: Move) -> None:
    """a_t is infinite, but h_t = ±1, and neither loss nor gradient shows a trace of it."""

    def plant(trainer: Trainer) -> None:
        trainer.network.parameters["W_h"][...] = 0
        trainer.network.parameters["W_x"][...] = 3e38
        trainer.network.parameters["b"][...] = 3e38

    settings = PLAIN.with_(noise=0.0, x_min=-0.1, x_max=0.1)  # x near 1 throughout
    trainer = planted(settings, plant, move)
    assert str(trainer.divergence) == "a_1 is inf in FORWARD at t=1"


@pytest.mark.parametrize("move", MOVES.values(), ids=MOVES)
def test_an_update_that_overflows_is_taken_back(move: Move) -> None:
    trainer = Trainer(PLAIN.with_(optimizer="sgd", lr=100.0, clip_by="none"))
    trainer.run(1)
    while trainer.cursor.stage is not Pass.CLIP:
        trainer.step()
    trainer.clipped[:] = 1e37
    before = trainer.parameters.copy()
    move(trainer)
    assert trainer.divergence == Divergence(Pass.UPDATE, 0, "W_x", -np.inf)
    assert same_bits(trainer.parameters, before)
    assert trainer.updates == 1
    finite_state(trainer)


@pytest.mark.parametrize("move", MOVES.values(), ids=MOVES)
def test_a_gradient_that_explodes_on_its_way_back_is_found_where_it_does(move: Move) -> None:
    """Forward, a tiny input grows 10⁵-fold a timestep to 10¹⁸; backward, 10¹⁷ grows as fast."""
    settings = Settings(
        activation="relu", hidden=1, steps=12, num_points=60, noise=0.0, x_min=-0.1, x_max=0.1
    )
    trainer = Trainer(settings)
    for name, value in {"W_x": 1e-37, "W_h": 1e5, "b": 0.0, "W_y": 1.0, "b_y": 0.0}.items():
        trainer.network.parameters[name][...] = value
    until_divergence(trainer, move)
    network, divergence = trainer.network, trainer.divergence
    assert divergence is not None
    assert (divergence.stage, divergence.tensor) == (Pass.BACKWARD, "dh_<t-1>")
    assert 6 < divergence.t < 10
    assert (trainer.cursor.stage, trainer.cursor.t) == (Pass.BACKWARD, divergence.t)
    assert np.isfinite(network.tape["dh"][divergence.t - 1 :]).all()
    assert np.isfinite(trainer.loss)
    finite_state(trainer)


def test_an_infinite_gradient_of_finite_deltas_is_found_at_the_clip() -> None:
    trainer = Trainer(PLAIN)
    while trainer.position < trainer.schedule.backward(1):
        trainer.step()
    trainer.network.gradient[0] = np.inf
    trainer.step()
    divergence = trainer.divergence
    assert divergence is not None
    assert divergence.stage is Pass.CLIP
    assert trainer.cursor.stage is Pass.CLIP


def test_huge_but_finite_gradients_are_clipped_and_train_on() -> None:
    settings = PLAIN.with_(activation="relu", init="identity", clip_by="norm", clip=1.0)
    trainer = Trainer(settings)
    trainer.network.parameters["W_y"][...] = 1e15  # squares overflow float32 in the norm
    trainer.run(1)
    assert trainer.divergence is None
    assert trainer.grad_norm > 1e15
    assert np.linalg.norm(trainer.clipped.astype(float)) == pytest.approx(1.0, rel=1e-5)


def test_the_search_says_nothing_of_a_window_that_is_finite() -> None:
    trainer = Trainer(RELU)
    trainer.run(1)
    network = trainer.network
    assert find_nonfinite_in_forward_pass(network) is None
    assert find_nonfinite_in_backward_pass(network) is None
    assert (
        find_nonfinite_in_update(network.specs, trainer.parameters, trainer.optimizer.memory)
        is None
    )


def test_the_search_keeps_to_its_timesteps_and_names_the_first() -> None:
    trainer = Trainer(RELU)
    trainer.finish_pass()
    trainer.finish_pass()
    network = trainer.network
    network.tape["h"][5, 0, 3] = np.nan
    assert find_nonfinite_in_forward_pass(network, last=4) is None
    found = find_nonfinite_in_forward_pass(network)
    assert (found.stage, found.t, found.tensor) == (Pass.FORWARD, 5, "h_t") if found else False
    flat = np.zeros_like(trainer.parameters)
    flat[-1] = np.inf
    assert find_nonfinite_in_parameters(network.specs, flat) == ("b_y", np.inf)
    memory = find_nonfinite_in_update(network.specs, trainer.parameters, {"s": flat})
    assert str(memory) == "optimizer memory s of b_y is inf in UPDATE"
