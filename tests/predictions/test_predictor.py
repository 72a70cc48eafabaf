"""Predictions for test data: right, bounded in time, and without a trace in training."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from itertools import islice
from typing import Any

import numpy as np
import pytest
from tasks.task_support import WINDOW_TASKS

from rnn_tui.engine.analysis.influence import influence_work
from rnn_tui.engine.analysis.sampling import SymbolSampler, most_probable, probabilities
from rnn_tui.engine.analysis.windows_evaluation import WindowsEvaluator
from rnn_tui.engine.core.background_work import complete
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.predictions.evaluation_job import GAP_WINDOWS, EvaluationJob
from rnn_tui.predictions.predictor import Predictor
from rnn_tui.predictions.results import TextRequest, TextSample, WindowsPredictions
from rnn_tui.predictions.text_job import CANDIDATES, CONTINUATION, random_generator
from rnn_tui.settings import Settings, compose
from rnn_tui.tasks import make_task
from rnn_tui.tasks.base import TestWindows

REQUEST = TextRequest(characters=50)


def small(task: str, **changes: Any) -> Settings:
    return compose({"task": task, "hidden": 6, "batch": 2, "dtype": "float64", **changes})


def trained(task: str, updates: int = 2, **changes: Any) -> Trainer:
    trainer = Trainer(small(task, **changes))
    for _ in range(updates):
        trainer.finish_update()
    return trainer


def made(trainer: Trainer, request: TextRequest = REQUEST) -> Predictor:
    """Return a predictor with all results for this trainer."""
    predictor = Predictor(trainer)
    predictor.request(trainer, True, request, 0)
    while predictor.busy:
        predictor.work(0)
    return predictor


def windows(predictor: Predictor) -> WindowsPredictions:
    assert isinstance(predictor.predictions, WindowsPredictions)
    return predictor.predictions


# ---------------------------------------------------------------- no trace


@pytest.mark.parametrize("task", WINDOW_TASKS)
def test_predicting_changes_no_bit_of_training(task: str) -> None:
    alone, shown = Trainer(small(task)), Trainer(small(task))
    predictor = Predictor(shown)
    for k in range(5):
        for trainer in (alone, shown):
            trainer.finish_update()
        request = replace(REQUEST, draw=k, prompt=(0, 1) if task == "text" else None)
        (predictor.request if k % 2 else predictor.request_while_running)(shown, True, request, 1)
        predictor.work(0.001 * k)
        assert np.array_equal(alone.parameters, shown.parameters)
        assert alone.task.state() == shown.task.state()
        for name, array in alone.network.tape.arrays.items():
            assert np.array_equal(array, shown.network.tape[name]), name


# ---------------------------------------------------------------- windows


@pytest.mark.parametrize("task", WINDOW_TASKS)
def test_windows_are_those_of_the_task_and_of_this_update(task: str) -> None:
    trainer = trained(task)
    result = windows(made(trainer))
    test = trainer.task.test()
    assert isinstance(test, TestWindows)
    direct = WindowsEvaluator(trainer.architecture, trainer.parameters.copy(), test).evaluate()
    assert result.update == 2
    assert (result.evaluation.loss, result.evaluation.accuracy) == (direct.loss, direct.accuracy)
    assert np.array_equal(result.evaluation.outputs, direct.outputs)
    assert (result.symbols, result.labels) == (trainer.task.symbols, trainer.task.labels)


def test_all_numbers_are_of_the_update_that_is_named_while_training_goes_on() -> None:
    trainer, twin = trained("recall"), trained("recall")
    predictor = Predictor(trainer)
    predictor.request_while_running(trainer, True, REQUEST, 0)
    while predictor.predictions is None:
        predictor.work(0)
        trainer.finish_update()
        if predictor.busy:
            predictor.request_while_running(trainer, True, REQUEST, 0)  # skipped: one at a time
    assert trainer.updates > 10
    expected, result = windows(made(twin)), windows(predictor)
    assert result.update == 2
    assert result.evaluation.loss == expected.evaluation.loss
    assert result.gaps == expected.gaps
    assert result.influence is not None
    assert expected.influence is not None
    assert np.array_equal(result.influence, expected.influence)


@pytest.mark.parametrize("gap", [0, 3, 8])
def test_other_gaps_are_measured_on_windows_with_that_gap(gap: int) -> None:
    trainer = trained("recall", gap=gap, steps=gap + 12)
    result = windows(made(trainer))
    assert [each for each, _ in result.gaps] == sorted(
        {0, gap // 4, gap // 2, gap, 2 * gap, 4 * gap}
    )
    for other, accuracy in result.gaps:
        if other == gap:
            assert accuracy == result.evaluation.accuracy
            continue
        task = make_task(trainer.settings.with_(gap=other, steps=other + 12))
        test = task.test()
        assert isinstance(test, TestWindows)
        x, target = test.x[:, :GAP_WINDOWS], test.target[:, :GAP_WINDOWS]
        assert x.shape == (other + 12, GAP_WINDOWS)
        kind = trainer.architecture.unmasked()
        part = TestWindows(x, np.where(target < 0, 0, target), test.judged[:, :GAP_WINDOWS])
        direct = WindowsEvaluator(kind, trainer.parameters.copy(), part).evaluate()
        assert accuracy == pytest.approx(direct.accuracy, abs=1e-12)


def test_gaps_whose_windows_would_be_long_are_left_out() -> None:
    result = windows(made(trained("recall", updates=0, gap=150)))
    assert [each for each, _ in result.gaps] == [0, 37, 75, 150]


@pytest.mark.parametrize("task", WINDOW_TASKS)
def test_influence_is_of_the_first_window_where_there_is_one_answer(task: str) -> None:
    trainer = trained(task)
    result = windows(made(trainer))
    if sum(trainer.task.topology.counted) > 1 or task == "neuron":
        assert result.influence is None
        return
    x, target = result.test.x[:, :1], result.test.target[:, :1]
    expected = complete(influence_work(trainer.architecture, trainer.parameters.copy(), x, target))
    assert result.influence is not None
    assert np.array_equal(result.influence, expected)


def test_history_follows_the_way_here() -> None:
    trainer = trained("parity", updates=0)
    predictor = Predictor(trainer)
    start = trainer.keyframe()

    def evaluate() -> list[int]:
        predictor.request(trainer, True, REQUEST, 0)
        while predictor.busy:
            predictor.work(1)
        history = windows(predictor).history
        assert history[-1] == (trainer.updates, windows(predictor).evaluation.accuracy)
        return [update for update, _ in history]

    assert evaluate() == [0]
    for _ in range(3):
        trainer.finish_update()
        last = evaluate()
    assert last == [0, 1, 2, 3]
    assert evaluate() == [0, 1, 2, 3]
    trainer.restore(start)
    trainer.finish_update()
    assert evaluate() == [0, 1]


# ---------------------------------------------------------------- when it is made


def test_parameters_that_change_within_an_update_are_noticed() -> None:
    trainer = trained("parity")
    predictor = made(trainer)
    before = windows(predictor).evaluation.loss
    trainer.parameters[:] *= 0.5
    trainer.optimizer.note_changed()
    predictor.request(trainer, True, REQUEST, 0)
    assert predictor.busy
    while predictor.busy:
        predictor.work(1)
    assert windows(predictor).evaluation.loss != before


def test_nothing_is_made_that_is_not_asked_for() -> None:
    trainer = trained("text")
    predictor = Predictor(trainer)
    for ask in (predictor.request, predictor.request_while_running):
        ask(trainer, False, REQUEST, 0)
        assert not predictor.busy
    predictor.request(trainer, True, REQUEST, 0)
    assert predictor.busy
    predictor.request(trainer, False, REQUEST, 0)
    assert not predictor.busy


def test_what_fails_is_not_begun_again_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    trainer = trained("parity")
    predictor = Predictor(trainer)

    def broken(self: WindowsEvaluator) -> Any:
        raise RuntimeError("no test today")
        yield

    monkeypatch.setattr(WindowsEvaluator, "evaluation_work", broken)
    predictor.request(trainer, True, REQUEST, 0)
    with pytest.raises(RuntimeError):
        predictor.work(1)
    predictor.request(trainer, True, REQUEST, 0)
    assert not predictor.busy
    monkeypatch.undo()
    trainer.finish_update()
    predictor.request(trainer, True, REQUEST, 0)
    while predictor.busy:
        predictor.work(1)
    assert windows(predictor).update == 3


def test_a_slice_ends_soon_after_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading the clock takes a tenth of a second, so there is time for a single step."""
    clock = iter(np.arange(0, 10**6, 0.1))
    monkeypatch.setattr(time, "perf_counter", lambda: float(next(clock)))
    trainer = trained("copy")
    predictor = Predictor(trainer)
    predictor.request(trainer, True, REQUEST, 0)
    slices = 0
    while predictor.busy:
        predictor.work(0.04)
        slices += 1
    assert slices >= 8  # 500 windows, 64 at a time


# ---------------------------------------------------------------- the loss along the run


@pytest.mark.parametrize("task", ["cos", "text", "recall", "oscillator", "neuron"])
def test_the_test_loss_is_that_of_an_evaluation(task: str) -> None:
    """Measured alone or with the predictions, on the first test data: the same number."""
    alone, beside = trained(task), trained(task)
    before = alone.parameters.copy()
    for trainer, predictions in ((alone, False), (beside, True)):
        predictor = Predictor(trainer)
        predictor.request(trainer, predictions, REQUEST, 0)
        predictor.measure_test_loss(trainer, running=False)
        while predictor.busy:
            predictor.work(1)
    assert alone.parameters.tobytes() == before.tobytes()
    ((update, loss),) = alone.history.tested.rows
    assert update == alone.updates
    assert beside.history.tested.rows.tolist() == [[update, loss]]
    coverage = predictor.coverage
    assert coverage is not None
    found = predictor.predictions
    if coverage.first == coverage.all and isinstance(found, WindowsPredictions):
        assert loss == pytest.approx(found.evaluation.loss, rel=1e-12)


def test_measuring_changes_no_bit_of_training() -> None:
    watched, alone = trained("parity"), trained("parity")
    predictor = Predictor(watched)
    for _ in range(6):
        watched.finish_update()
        alone.finish_update()
        predictor.measure_test_loss(watched, running=True)
        while predictor.busy:
            predictor.work(0.001)
    assert len(watched.history.tested.rows) >= 1
    assert watched.parameters.tobytes() == alone.parameters.tobytes()
    assert watched.task.state() == alone.task.state()


def test_a_measurement_of_a_branch_that_was_left_is_dropped() -> None:
    trainer = trained("parity")
    predictor, position = Predictor(trainer), trainer.keyframe()
    trainer.run(3)
    predictor.measure_test_loss(trainer, running=False)
    assert predictor.busy
    trainer.restore(position)
    trainer.history.forget_after()
    while predictor.busy:
        predictor.work(1)
    assert not len(trainer.history.tested.rows)


def test_while_running_a_fiftieth_of_the_time_goes_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr(time, "perf_counter", lambda: clock[0])
    trainer = trained("parity")
    predictor, spent = Predictor(trainer), 0.0
    step = EvaluationJob.step

    def slow(self: EvaluationJob) -> bool:
        clock[0] += 0.003
        return step(self)

    monkeypatch.setattr(EvaluationJob, "step", slow)
    for _ in range(300):
        clock[0] += 0.2
        trainer.finish_update()
        predictor.measure_test_loss(trainer, running=True)
        before = clock[0]
        predictor.work(0.04)
        spent += clock[0] - before
        assert clock[0] - before < 0.008
    assert 0 < spent < 0.03 * clock[0]


def test_a_task_without_test_data_has_no_test_loss() -> None:
    trainer = trained("parity")
    test = trainer.task.test()
    assert isinstance(test, TestWindows)
    none = TestWindows(test.x[:, :0], test.target[:, :0], test.judged[:, :0])
    trainer.task.test = lambda: none  # type: ignore[method-assign]  # as a task of the user's may be
    predictor = Predictor(trainer)
    predictor.request(trainer, True, REQUEST, 0)
    predictor.measure_test_loss(trainer, running=False)
    assert not predictor.busy
    assert predictor.predictions is None
    assert predictor.coverage is None


# ---------------------------------------------------------------- text


def written(predictor: Predictor) -> TextSample:
    assert predictor.text_sample is not None
    return predictor.text_sample


def on_from(
    trainer: Trainer, codes: list[int], request: TextRequest, states: Any = None
) -> list[int]:
    """Return what a sampler continues the text with, started here without the predictor."""
    sampler = SymbolSampler(trainer.architecture, trainer.parameters.copy())
    sampler.begin(states)
    sampler.read(codes)
    random = random_generator(trainer.settings.seed, request.draw)
    return [
        each.code
        for each in islice(sampler.sample(request.temperature, random), request.characters)
    ]


def advance(trainer: Trainer, steps: int) -> None:
    for _ in range(steps):
        trainer.step()


@pytest.mark.parametrize("temperature", [0.0, 0.7])
@pytest.mark.parametrize("steps", [0, 1, 2, 9, 40])
def test_text_follows_the_window_as_far_as_it_was_read(steps: int, temperature: float) -> None:
    trainer = trained("text", updates=3)
    advance(trainer, 1 + steps)  # BATCH, FORWARD t=1 …
    request = replace(REQUEST, temperature=temperature)
    result = written(made(trainer, request))
    read = min(steps, trainer.settings.steps)
    if read:
        codes = trainer.network.inputs[:read, 0].tolist()
        states = {name: a[:1] for name, a in trainer.network.state(0).items()}
        assert any(a.any() for a in states.values())
    else:
        test = trainer.task.test()
        assert isinstance(test, TestWindows)
        codes, states = test.x[:, 0].tolist(), None
    assert result.of_window == bool(read)
    assert list(result.read) == codes
    assert [each.code for each in result.text] == on_from(trainer, codes, request, states)


@pytest.mark.parametrize("temperature", [0.0, 0.5, 1.0, 2.0])
def test_the_likeliest_have_the_probabilities_of_the_temperature(temperature: float) -> None:
    trainer = trained("text", updates=3)
    sampler = SymbolSampler(trainer.architecture, trainer.parameters.copy())
    result = written(made(trainer, replace(REQUEST, temperature=temperature)))
    sampler.begin(None)
    sampler.read(result.read)
    p = probabilities(sampler.outputs(), temperature)
    assert len(result.next) == CANDIDATES
    assert result.next[0].code == p.argmax()
    if not result.of_window:
        assert [each.probability for each in result.next] == [p[e.code] for e in result.next]


def test_another_draw_is_another_text_and_the_same_is_the_same() -> None:
    trainer = trained("text")
    texts = [written(made(trainer, replace(REQUEST, draw=draw))).text for draw in (0, 0, 1)]
    assert texts[0] == texts[1] != texts[2]


@pytest.mark.parametrize("running", [False, True])
def test_a_prompt_is_read_from_zeros_and_written_on(running: bool) -> None:
    trainer = trained("text")
    predictor = Predictor(trainer)
    ask: Callable[..., None] = predictor.request_while_running if running else predictor.request
    for prompt in ((3, 4), (3, 4, 5)):
        request = TextRequest(prompt=prompt, temperature=0.5)
        ask(trainer, False, request, 0)
        while predictor.busy:
            predictor.work(1)
        answer = predictor.answer
        assert answer is not None
        assert answer.read == prompt
        longer = replace(request, characters=CONTINUATION)
        assert [each.code for each in answer.text] == on_from(trainer, list(prompt), longer)
        sampler = SymbolSampler(trainer.architecture, trainer.parameters.copy())
        sampler.read(prompt)
        assert answer.next == most_probable(probabilities(sampler.outputs(), 0.5), CANDIDATES)
    ask(trainer, False, TextRequest(), 0)
    assert predictor.answer is None


def test_a_prompt_typed_while_running_is_answered_though_training_goes_on() -> None:
    trainer = trained("text")
    predictor = Predictor(trainer)
    request = TextRequest(prompt=(3, 4))
    for _ in range(200):
        predictor.request_while_running(trainer, True, request, 0)
        predictor.work(0)
        trainer.finish_update()
        if predictor.answer is not None:
            return
    raise AssertionError("never answered")


def test_text_ends_where_outputs_are_not_finite() -> None:
    trainer = trained("text")
    trainer.parameters[-1] = np.nan
    result = written(made(trainer))
    assert result.next == result.text == ()
