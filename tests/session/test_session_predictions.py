"""Predictions of a session: made when asked for, throttled, of the update shown."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from session.session_support import Condition, Driver

from rnn_tui.engine.analysis.series_evaluation import SeriesEvaluator
from rnn_tui.engine.time_travel.places import Stride
from rnn_tui.predictions.predictor import EVALUATE_EVERY
from rnn_tui.predictions.results import TextRequest
from rnn_tui.predictions.text_job import CONTINUATION
from rnn_tui.session.commands import (
    Continue,
    Step,
    ViewRequest,
)
from rnn_tui.settings import compose

# ---------------------------------------------------------------- predictions


@pytest.fixture
def evaluations(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Record the times at which the network is evaluated."""
    times: list[float] = []
    evaluate = SeriesEvaluator.evaluation_work

    def counted(self: SeriesEvaluator) -> Any:
        times.append(time.perf_counter())
        return evaluate(self)

    monkeypatch.setattr(SeriesEvaluator, "evaluation_work", counted)
    return times


def test_predictions_are_made_only_when_asked_for(
    make: Callable[..., Driver], evaluations: list[float]
) -> None:
    driver = make()
    driver.send(ViewRequest(predictions=False))
    driver.until(lambda s: not s.request.predictions)
    evaluations.clear()
    driver.send(Step(Stride.UPDATE, 3))
    assert driver.until(lambda s: s.cursor.update == 3).predictions is None
    assert not evaluations
    driver.send(ViewRequest(predictions=True))
    predictions = driver.until(lambda s: s.request.predictions).predictions
    assert predictions is not None
    assert predictions.update == 3


def paused_at(update: int) -> Condition:
    return lambda snapshot: snapshot.cursor.update == update and not snapshot.running


def test_paused_predictions_are_those_of_this_update(make: Callable[..., Driver]) -> None:
    driver = make()
    for update in (1, 2, 3):
        driver.send(Step(Stride.UPDATE))
        snapshot = driver.until(paused_at(update))
        assert snapshot.predictions is not None
        assert snapshot.predictions.update == update


def test_predictions_are_throttled_while_running(
    make: Callable[..., Driver], evaluations: list[float]
) -> None:
    driver = make()
    driver.send(Continue())
    start = driver.until(lambda s: s.running).number
    driver.until(lambda s: s.number > start + 100 and len(evaluations) > 2)
    driver.session.stop()
    gaps = np.diff(evaluations[1:])
    assert gaps.min() >= EVALUATE_EVERY - 0.01


def test_predictions_of_a_paused_network_are_not_made_twice(
    make: Callable[..., Driver], evaluations: list[float]
) -> None:
    driver = make()
    driver.send(Step(Stride.UPDATE))
    driver.until(lambda s: s.cursor.update == 1)
    evaluations.clear()
    driver.send(Step(Stride.TIMESTEP, 3), ViewRequest(t=1), ViewRequest(t=2))
    driver.until(lambda s: s.request.t == 2 and not s.running)
    assert not evaluations


def answering(prompt: tuple[int, ...]) -> Condition:
    return lambda snapshot: snapshot.answer is not None and snapshot.answer.read == prompt


def test_a_prompt_is_answered_paused_and_running_and_forgotten(make: Callable[..., Driver]) -> None:
    driver = make(compose({"task": "text", "hidden": 8}))
    assert driver.latest.vocabulary is not None
    assert driver.latest.answer is None
    for command in (ViewRequest(), Continue()):
        driver.send(command)
        for prompt in ((5, 6), (5, 6, 7)):
            driver.send(ViewRequest(text=TextRequest(prompt=prompt)))
            snapshot = driver.until(answering(prompt))
            assert snapshot.answer is not None
            assert snapshot.answer.next
            assert len(snapshot.answer.text) == CONTINUATION
    driver.send(ViewRequest())
    driver.until(lambda s: s.answer is None)


def test_a_paused_session_rests_when_all_is_made(make: Callable[..., Driver]) -> None:
    driver = make(compose({"task": "text", "hidden": 8}))
    driver.send(Step(Stride.UPDATE, 2), ViewRequest(text=TextRequest(characters=300)))
    driver.until(lambda s: s.text_sample is not None and s.text_sample.update == 2)
    driver.until(lambda s: s.predictions is not None and s.predictions.update == 2)
    time.sleep(0.1)
    number = driver.latest.number
    time.sleep(0.3)
    assert driver.latest.number == number


@pytest.mark.parametrize("task", ["text", "recall", "oscillator"])
def test_what_is_shown_changes_no_bit_of_a_run(make: Callable[..., Driver], task: str) -> None:
    settings = compose({"task": task, "hidden": 8, "batch": 2})
    requests = (
        ViewRequest(predictions=False),
        ViewRequest(text=TextRequest(characters=400, prompt=(1, 2), temperature=0.5)),
    )
    parameters = []
    for request in requests:
        driver = make(settings)
        driver.send(request)
        for _ in range(4):
            driver.send(Step(Stride.UPDATE, 10), Step(Stride.TIMESTEP, 7))
        driver.until(lambda s: s.cursor.update == 40 and not s.running and s.cursor.t == 6)
        driver.session.stop()
        parameters.append(driver.session.trainer.parameters.copy())
    one, other = parameters
    assert np.array_equal(one, other)
