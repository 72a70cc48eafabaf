"""Predictions with values held by a what-if: the same numbers as a network that is computed so."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from engine.engine_support import same_bits
from predictions.test_predictor import REQUEST, made, small, windows
from shares import share

from rnn_tui.engine.network.interventions import parse
from rnn_tui.engine.network.network import Network
from rnn_tui.engine.network.pins import Cut, Pin, Pins, pins_of_timestep
from rnn_tui.engine.network.scratch_network import copy_window
from rnn_tui.engine.time_travel.places import Stride
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.predictions.predictor import Predictor
from rnn_tui.predictions.results import SeriesPredictions, TextRequest, WindowsPredictions
from rnn_tui.second_network import Versus
from rnn_tui.session.commands import Intervene, Keep, Step, Swap, ViewRequest
from rnn_tui.session.worker import Session
from rnn_tui.tasks.base import TestSeries, TestWindows
from rnn_tui.train import TrainProgress, summarise


def held(task: str, *texts: str, **changes: Any) -> Trainer:
    """Return a trainer after two updates, with what-ifs in force."""
    trainer = Trainer(small(task, **changes))
    for _ in range(2):
        trainer.finish_update()
    for text in texts:
        change = parse(text, trainer.network.declaration)
        assert isinstance(change, Pin | Cut)
        trainer.network.pins = (*trainer.network.pins, change)
    return trainer


def plain_outputs(trainer: Trainer, x: np.ndarray, pins: Pins) -> np.ndarray:
    """Return y of inputs [T, …] of one sample, timestep by timestep with the declared operations.

    An independent way: each timestep is a window of its own, of one timestep, that begins with the
    states of the one before.
    """
    network = Network(trainer.architecture.unmasked(), trainer.parameters.copy(), 1, 1)
    outputs = []
    for t, value in enumerate(x, 1):
        network.pins = pins_of_timestep(pins, t)
        network.kernel = network.declared_kernel()
        network.inputs[0, 0] = value
        network.encode()
        network.forward(1, 1)
        network.readout()
        outputs.append(network.tape["y"][0, 0].copy())
        network.carry_state()
    return np.array(outputs)


@pytest.mark.parametrize("cell", ["lstm", "gru"])
@pytest.mark.parametrize("layers", [1, 2])
def test_a_series_is_predicted_with_the_values_held(cell: str, layers: int) -> None:
    gate = {"lstm": "o", "gru": "z"}[cell] + ("2" if layers == 2 else "")
    trainer = held("cos", f"{gate} = 0.25", cell=cell, layers=layers, num_points=60, steps=6)
    without = made(Trainer(trainer.settings)).predictions
    found = made(trainer).predictions
    assert isinstance(found, SeriesPredictions)
    assert isinstance(without, SeriesPredictions)
    assert [str(pin) for pin in found.held.used] == [f"{gate} = 0.25"]
    assert found.held.left_out == ()
    test = trainer.task.test()
    assert isinstance(test, TestSeries)
    first = found.evaluation.first
    y = plain_outputs(trainer, test.inputs[:-1], trainer.network.pins)
    assert found.evaluation.one_step == pytest.approx(y[first - 1 :], rel=1e-12)
    fed = list(test.values[:first, 0])
    for _ in range(3):
        y = plain_outputs(trainer, np.array(fed)[:, None], trainer.network.pins)[:, 0]
        fed.append(y[-1])
    assert found.evaluation.free_run[:3, 0] == pytest.approx(fed[first:], rel=1e-12)
    figures = summarise(trainer, TrainProgress(0, 0, 0.0, 0.0))
    assert figures.test_one_step_mse == found.evaluation.one_step_mse
    assert figures.with_what_ifs == (f"{gate} = 0.25",)
    assert f"what-ifs in force         {gate} = 0.25" in figures.to_text()


def test_an_input_held_is_held_in_the_series() -> None:
    trainer = held("cos", "x = 0.5", num_points=60, steps=6)
    found = made(trainer).predictions
    assert isinstance(found, SeriesPredictions)
    x = np.full((len(found.test.values) - 1, 1), 0.5)
    y = plain_outputs(trainer, x, ())
    assert found.evaluation.one_step == pytest.approx(y[found.evaluation.first - 1 :], rel=1e-12)
    assert found.evaluation.free_run[0] == pytest.approx(y[found.evaluation.first - 1], rel=1e-12)


def test_one_timestep_of_a_window_means_nothing_in_a_series() -> None:
    plain, trainer = held("cos"), held("cos", "h_7[3] = 0", "detach @5")
    found, expected = made(trainer).predictions, made(plain).predictions
    assert isinstance(found, SeriesPredictions)
    assert isinstance(expected, SeriesPredictions)
    assert same_bits(found.evaluation.one_step, expected.evaluation.one_step)
    assert (found.held.used, [str(pin) for pin in found.held.left_out]) == ((), ["h_7[3] = 0"])
    figures = summarise(trainer, TrainProgress(0, 0, 0.0, 0.0))
    assert figures.without_what_ifs == ("h_7[3] = 0",)
    assert '"without_what_ifs": ["h_7[3] = 0"]' in figures.to_json()


@pytest.mark.parametrize(
    ("task", "texts"),
    share(
        [
            ("recall", ("o = 0.3",)),
            ("recall", ("f[2] = 0", "h_4[3] = 0.7")),
            ("adding", ("x_2[1] = 0.9", "i = 0.1")),
            ("copy", ("g[1] = 1",)),
            ("oscillator", ("c_3[2] = 0.5",)),
            ("waveform", ("x = 0",)),
        ]
    ),
)
def test_test_windows_are_predicted_with_the_values_held(task: str, texts: tuple[str, ...]) -> None:
    trainer = held(task, *texts)
    found, pins = windows(made(trainer)), trainer.network.pins
    assert found.held.used == pins
    test = trainer.task.test()
    assert isinstance(test, TestWindows)
    for n in range(2):
        y = plain_outputs(trainer, test.x[:, n], pins)
        shown = found.evaluation.outputs[:, n]
        if found.labels is not None:
            e = np.exp(y - y.max(axis=1, keepdims=True))
            y = e / e.sum(axis=1, keepdims=True)
        assert shown == pytest.approx(y, rel=1e-10, abs=1e-12)
    plain = windows(made(held(task)))
    assert not np.allclose(plain.evaluation.outputs, found.evaluation.outputs, rtol=1e-6)
    if found.influence is not None:
        at = trainer.task.topology.counted.index(True)
        x = test.x[:, 0].copy()
        whole = plain_outputs(trainer, x, pins)[at]
        x[1] = -1 if trainer.task.symbols is not None else 0
        blanked = plain_outputs(trainer, x, pins)[at]
        if found.labels is None:
            assert found.influence[1] == pytest.approx(np.abs(whole - blanked).max(), abs=1e-12)
        else:
            target = int(test.target[at, 0])
            p = [np.exp(y - y.max())[target] / np.exp(y - y.max()).sum() for y in (whole, blanked)]
            assert found.influence[1] == pytest.approx(p[0] - p[1], abs=1e-10)
    figures = summarise(trainer, TrainProgress(0, 0, 0.0, 0.0))
    assert figures.test_loss == found.evaluation.loss
    if task == "recall":  # at another gap, timestep 4 is another word
        assert (len(found.gaps) > 1) == (not re.search(r"_\d", "".join(texts)))


def test_text_is_read_and_written_with_the_values_held() -> None:
    texts = ("o[1] = 0", "h_3[2] = 0.9")
    trainer = held("text", *texts)
    trainer.step()
    trainer.finish_pass()
    request = TextRequest(characters=4, prompt=(1, 2, 3, 4))
    predictor = made(trainer, request)
    sample, answer = predictor.text_sample, predictor.answer
    assert sample is not None
    assert answer is not None
    assert [str(pin) for pin in sample.held.used] == list(texts)
    assert [str(pin) for pin in answer.held.used] == ["o[1] = 0"]
    assert [str(pin) for pin in answer.held.left_out] == ["h_3[2] = 0.9"]
    # What is read of the window is what stands on the tape, the state held at t=3 included.
    probabilities = trainer.network.tape["p"][-1, 0]
    trainer.network.readout()
    assert sample.next[0].probability == pytest.approx(float(probabilities.max()), rel=1e-10)
    y = plain_outputs(trainer, np.array(answer.read), answer.held.used)[-1]
    p = np.exp(y - y.max()) / np.exp(y - y.max()).sum()
    assert answer.next[0].probability == pytest.approx(float(p.max()), rel=1e-10)


def test_an_input_that_is_no_longer_held_is_read_again() -> None:
    trainer = held("text")
    predictor = Predictor(trainer)
    request = TextRequest(characters=3, prompt=(1, 2, 3))

    def answer() -> tuple[float, ...]:
        predictor.request(trainer, True, request, 0)
        while predictor.busy:
            predictor.work(0)
        assert predictor.answer is not None
        return tuple(symbol.probability for symbol in predictor.answer.next)

    before = answer()
    pin = parse("x = 0", trainer.network.declaration)
    assert isinstance(pin, Pin)
    trainer.network.pins = (pin,)
    assert answer() != before
    trainer.network.pins = ()
    assert answer() == before


@pytest.mark.parametrize(
    "text",
    [
        "o = 0",
        "W_h = 0",
        *(pytest.param(text, marks=pytest.mark.long) for text in ("detach @3", "h_3[1] = 0.5")),
    ],
)
def test_what_is_tried_kept_and_released_is_in_the_next_predictions(text: str) -> None:
    """In a session, with a second network beside, also after both have changed places."""
    session = Session(Trainer(small("recall", gap=4)), versus=Versus("lstm"))
    change = parse(text, session.trainer.network.declaration)
    release = parse("release", session.trainer.network.declaration)
    session.perform(Step(Stride.UPDATE, 2), ViewRequest(predictions=True))
    for command, in_force in (
        (Intervene(change), isinstance(change, Pin)),
        (Keep(), isinstance(change, Pin)),
        (Step(Stride.UPDATE), isinstance(change, Pin)),
        (Swap(), False),  # nothing is held in the other network
        (Swap(), isinstance(change, Pin)),
        (Intervene(release), False),
    ):
        found = session.perform(command).predictions
        assert isinstance(found, WindowsPredictions)
        assert [str(pin) for pin in found.held.used] == [text] * in_force
        alone = windows(made(session.trainer))
        assert same_bits(found.evaluation.outputs, alone.evaluation.outputs)
        x, pins = found.test.x[:, 0], session.trainer.network.pins
        y = plain_outputs(session.trainer, x, pins)[-1]
        p = np.exp(y - y.max()) / np.exp(y - y.max()).sum()
        assert found.evaluation.outputs[-1, 0] == pytest.approx(p, rel=1e-10)


def test_only_what_changes_is_computed_again() -> None:
    trainer = held("recall")
    predictor = made(trainer)
    predictor.request(trainer, True, REQUEST, 0)
    assert not predictor.busy
    trainer.network.pins = (Cut(2),)  # changes no output
    predictor.request(trainer, True, REQUEST, 0)
    assert not predictor.busy
    window = copy_window(trainer.network)
    trainer.network.pins = (Pin("o_t", 0.0),)
    predictor.request(trainer, True, REQUEST, 0)
    assert predictor.busy
    assert same_bits(copy_window(trainer.network).x, window.x)
