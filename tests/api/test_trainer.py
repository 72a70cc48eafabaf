"""`rnn_tui.Trainer`: moving, reading, errors; the engine under it is tested elsewhere."""

from __future__ import annotations

import math
import signal
from typing import Any

import numpy as np
import pytest

import rnn_tui as rt
from rnn_tui.engine.network.sample_window import named_values
from rnn_tui.engine.training.trainer import Trainer as Engine
from rnn_tui.registry import CELLS
from rnn_tui.settings import compose

TWO: dict[str, Any] = {"layers": 2, "hidden": 3, "copy_length": 1, "blanks": 1, "batch": 2}
SMALL: dict[str, Any] = {"hidden": 3, "steps": 4, "batch": 2, "dtype": "float64"}


def test_it_runs_what_the_program_runs() -> None:
    trainer = rt.Trainer("adding", cell="gru", **SMALL, seed=3)
    losses = trainer.run(5)
    engine = Engine(compose({"task": "adding", "cell": "gru", **SMALL, "seed": 3}))
    assert [engine.run(1) and engine.loss for _ in range(5)] == losses.tolist()
    assert trainer.updates == 5
    assert trainer.loss == losses[-1]
    assert trainer.gradient_norm == engine.grad_norm
    assert trainer.settings["cell"] == "gru"


def test_steps_and_their_way_back() -> None:
    trainer = rt.Trainer(cell="lstm", **SMALL)
    assert str(trainer.cursor) == "update 0, BATCH"
    assert math.isnan(trainer.loss)
    trainer.step()
    trainer.step("operation", 2)
    assert trainer.cursor == rt.TrainerCursor(0, "FORWARD", 1, 2, 7, "f")
    trainer.step()
    trainer.step("pass")
    assert (trainer.cursor.stage, trainer.cursor.t) == ("FORWARD", 4)
    trainer.step("update")
    assert (trainer.updates, trainer.cursor.stage) == (1, "UPDATE")
    here = trainer.parameters()
    trainer.run(3)
    trainer.back("update", 3)
    assert all(np.array_equal(a, here[name]) for name, a in trainer.parameters().items())
    trainer.go_to(4)
    trainer.back("timestep")
    assert trainer.cursor.stage == "CLIP"
    trainer.go_to(0)
    assert trainer.updates == 0


def known(trainer: rt.Trainer) -> dict[str, int]:
    """Return at how many timesteps the trainer has come to each value."""
    return {name: int(trainer.values.reached(name).sum()) for name in trainer.values}


def test_the_values_of_a_window_are_the_same_wherever_one_is_in_it() -> None:
    for trainer in (rt.Trainer("copy", cell="gru", **TWO), rt.Trainer(cell="lstm", **SMALL)):
        trainer.run(2)
        trainer.step("update")
        values, names = dict(trainer.values), ("x", "h", "y", "target", "dh", "dh_next", "h_prev")
        while trainer.cursor.stage != "BATCH":
            trainer.back("timestep")
            assert all(np.array_equal(trainer.values[name], values[name]) for name in names)
        trainer.step("update")
        assert trainer.updates == 3
        assert all(np.array_equal(a, values[name]) for name, a in trainer.values.items())


def test_before_the_first_batch_the_window_is_the_first_one() -> None:
    trainer, other = rt.Trainer("copy", cell="gru", **TWO), rt.Trainer("copy", cell="gru", **TWO)
    other.step("update")
    assert all(np.array_equal(a, other.values[name]) for name, a in trainer.values.items())
    assert str(trainer.cursor) == "update 0, BATCH"
    assert trainer.run(3).tolist()[1:] == other.run(2).tolist()


def test_how_far_the_trainer_has_come() -> None:
    trainer = rt.Trainer("copy", cell="gru", **TWO)
    steps = int(str(trainer.settings["steps"]))
    before = known(trainer)
    assert set(before.values()) == {0}
    for _ in range(2 * steps + 4):
        trainer.step()
        counts = known(trainer)
        assert all(counts[name] >= number for name, number in before.items()), "what is known stays"
        if trainer.cursor.stage == "FORWARD":
            assert counts["h2"] == counts["y"] == trainer.cursor.t
            assert counts["dh"] == counts["dh_next"] == 0
        if trainer.cursor.stage == "BACKWARD":
            assert counts["dh"] == steps - trainer.cursor.t + 1
        before = counts
    assert set(before.values()) == {steps}


@pytest.mark.parametrize("cell", CELLS.names)
def test_values_are_those_of_the_equations(cell: str) -> None:
    trainer = rt.Trainer("copy", cell=cell, layers=2, hidden=3, copy_length=1, blanks=1, batch=2)
    trainer.step("update")
    engine, steps = trainer._engine, trainer._engine.settings.steps
    before = engine.network.sample_window(0, engine.copies.window_parameters(engine)).parameters
    network, values = engine.network, trainer.values
    for t in (1, steps):
        rows = named_values(network.declaration, before, network.tape, t)
        for name in values:
            spelled = (name, f"{name}_t", name.replace("_prev", "_<t-1>"), f"{name[:-1]}_t)")
            symbol = next(each for each in spelled if each in rows)
            assert np.array_equal(values[name][t - 1], rows[symbol]), name
    assert np.array_equal(values["h"][:-1], values["h_prev"][1:])


def test_values_in_the_middle_of_a_timestep() -> None:
    trainer = rt.Trainer(cell="lstm", **SMALL)
    trainer.step()
    trainer.step("operation", 2)
    values = trainer.values
    assert values.reached("f").tolist() == [True, False, False, False]
    assert not values.reached("g").any()
    assert not values.reached("tanh(c)").any()
    trainer.step()
    assert values.reached("tanh(c)")[0]
    assert values["h"].shape == (4, 2, 3)
    assert "f" in values
    assert len(values) == len(list(values))


def test_arrays_are_copies_that_cannot_be_written_to() -> None:
    trainer = rt.Trainer(cell="rnn", **SMALL)
    trainer.run(1)
    h, weights = trainer.values["h"], trainer.parameters()["rnn.weight_hh_l0"]
    copy = h.copy()
    for array in (h, weights, trainer.gradients()["readout.bias"]):
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0
    trainer.run(1)
    assert np.array_equal(h, copy)


def test_gradients_are_those_of_the_window_wherever_the_trainer_is() -> None:
    trainer, ahead = rt.Trainer(cell="gru", **SMALL), rt.Trainer(cell="gru", **SMALL)
    ahead.step("pass", 4)
    expected = ahead.gradients()  # by the trainer's own backward pass
    shapes = {name: a.shape for name, a in trainer.parameters().items()}
    assert {name: a.shape for name, a in expected.items()} == shapes
    assert expected["rnn.bias_hh_l0"][:6].tolist() == expected["rnn.bias_ih_l0"][:6].tolist()
    for _ in range(2 * trainer.values["h"].shape[0] + 4):
        before = str(trainer.cursor)
        found = trainer.gradients()
        assert str(trainer.cursor) == before
        for name, gradient in found.items():
            np.testing.assert_allclose(gradient, expected[name], rtol=1e-12, atol=1e-15)
        trainer.step()
    assert trainer.updates == 1


@pytest.mark.usefixtures("elsewhere")  # with Ctrl-C as in a terminal
def test_ctrl_c_ends_a_run_between_two_updates(monkeypatch: pytest.MonkeyPatch) -> None:
    trainer, other = rt.Trainer(cell="lstm", **SMALL), rt.Trainer(cell="lstm", **SMALL)
    draw, draws = trainer._engine.task.next_window, iter(range(100))

    def pressed(x: Any, target: Any) -> bool:
        if next(draws) in (3, 6):
            signal.raise_signal(signal.SIGINT)
        return draw(x, target)

    monkeypatch.setattr(trainer._engine.task, "next_window", pressed)
    with pytest.raises(KeyboardInterrupt):
        trainer.run(50)
    assert str(trainer.cursor) == "update 4, UPDATE"
    with pytest.raises(KeyboardInterrupt):
        trainer.step("update", 50)
    assert trainer.updates == 7
    other.run(7)
    assert trainer.run(2).tolist() == other.run(2).tolist()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_settings_change_on_the_way() -> None:
    trainer = rt.Trainer(cell="rnn", **SMALL)
    trainer.configure(lr=0.5, optimizer="sgd")
    assert trainer.settings["lr"] == 0.5
    with pytest.raises(ValueError, match="hidden cannot change in a run"):
        trainer.configure(hidden=5)


def test_what_is_not_finite_is_said_and_can_be_looked_at() -> None:
    trainer = rt.Trainer(cell="rnn", activation="relu", optimizer="sgd", lr=100.0, clip_by="none")
    with pytest.raises(FloatingPointError, match=r"is (nan|-?inf) in .* of update \d+$"):
        trainer.run(1000)
    assert trainer.not_finite
    with pytest.raises(FloatingPointError):
        trainer.step()
    assert trainer.values["h"].shape == (20, 1, 32)
    trainer.back("update")
    assert not trainer.not_finite


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (
            lambda t, rt: rt.Trainer(hiden=3),
            TypeError,
            "there is no setting 'hiden'; there are ",
        ),
        (
            lambda t, rt: rt.Trainer("cosine"),
            ValueError,
            "task must be one of .*, not 'cosine'",
        ),
        (
            lambda t, rt: rt.Trainer(eps_place="in"),
            ValueError,
            "eps_place must be one of outside",
        ),
        (lambda t, rt: rt.Trainer("series", data="no.csv"), ValueError, "data 'no.csv': "),
        (
            lambda t, rt: t.step("minute"),
            ValueError,
            "by must be one of .*, not 'minute'",
        ),
        (lambda t, rt: t.step(3), ValueError, "by must be one of .*, not 3"),
        (lambda t, rt: t.step("pass", 0), ValueError, "count must be at least 1, not 0"),
        (lambda t, rt: t.run(1.5), TypeError, "updates must be a whole number, not 1.5"),
        (lambda t, rt: t.run(-1), ValueError, "updates must be at least 0, not -1"),
        (
            lambda t, rt: t.values["q"],
            KeyError,
            "there is no value 'q'; there are x, i, f",
        ),
        (lambda t, rt: t.values["W_xf"], KeyError, r"weights are in parameters\(\)"),
        (lambda t, rt: rt.verify(3), TypeError, "verify takes a rnn_tui.Trainer, not int"),
        (
            lambda t, rt: rt.verify(t, 0),
            ValueError,
            "most must be at least 1, or None",
        ),
        (lambda t, rt: rt.save("run.safetensors", t), TypeError, "the trainer is a str"),
        (lambda t, rt: rt.save(t, 3), TypeError, "a path is text, not a int"),
        (lambda t, rt: rt.load(t), TypeError, "a path is text, not a Trainer"),
        (lambda t, rt: rt.open("x"), TypeError, "open takes a rnn_tui.Trainer, not str"),
        (
            lambda t, rt: rt.open(t),
            RuntimeError,
            "open needs a terminal, and there is none",
        ),
        (lambda t, rt: rt.nothing, AttributeError, "module 'rnn_tui' has no attribute 'nothing'"),
    ],
)
def test_errors_are_one_line_that_names_the_value(
    call: Any, kind: type[Exception], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", None)
    with pytest.raises(kind, match=message) as raised:
        call(rt.Trainer(cell="lstm", **SMALL), rt)
    assert "\n" not in str(raised.value)
