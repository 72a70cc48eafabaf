"""The predictor evaluates a network on test data and writes text with it, while training goes on.

All numbers of one result belong to one update, which the result names: every job copies the
parameters when it begins and uses the copy until it is done. While training runs, `BUDGET` seconds
of each snapshot are spent on this, and a job begins only when the one before is done: there is no
queue.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.predictions.evaluation_job import EvaluationJob
from rnn_tui.predictions.job import PredictionJob
from rnn_tui.predictions.results import Predictions, TestCoverage, TextRequest, TextSample

if TYPE_CHECKING:
    from rnn_tui.predictions.text_job import TextJob
    from rnn_tui.tasks.tokens import Vocabulary

BUDGET = 0.04  # seconds of work for each snapshot, exceeded by at most one part of the work
MEASURE_BUDGET = 0.004  # the same for the test loss alone, which is measured all the time
MEASURE_SHARE = 0.02  # of the time while running that goes to it at most
EVALUATE_EVERY = 0.8  # least seconds from one beginning to the next while running
TEXT_WHILE_RUNNING = 320  # most characters written after a window while the network is changing


class Predictor:
    """Evaluates a trainer's network and writes text with it.

    The trainer is only read; but its history takes the losses measured on test data.
    """

    def __init__(self, trainer: Trainer) -> None:
        """Prepare for the network of `trainer`; nothing is computed before it is requested."""
        self._task = trainer.task
        self._text = TextRequest()  # the newest request
        self._evaluation = EvaluationJob(trainer)
        self._measured = 0.0  # seconds of the newest measurement of the test loss
        self._measure_again = -math.inf  # not earlier while running, as `time.perf_counter`
        self._continuation: TextJob | None = None
        self._answer: TextJob | None = None
        if self.vocabulary is not None:
            from rnn_tui.predictions.text_job import TextJob  # networks of other tasks do not write

            self._continuation, self._answer = TextJob(trainer), TextJob(trainer)

    @property
    def predictions(self) -> Predictions | None:
        """The newest predictions for the test data."""
        return self._evaluation.predictions

    @property
    def coverage(self) -> TestCoverage | None:
        """What the test loss in the trainer's history is measured on; None before the first."""
        return self._evaluation.coverage

    @property
    def text_sample(self) -> TextSample | None:
        """The newest text that follows the present window."""
        return None if self._continuation is None else self._continuation.sample

    @property
    def answer(self) -> TextSample | None:
        """The newest text that follows the prompt; None while no prompt is open."""
        return None if self._answer is None else self._answer.sample

    @property
    def vocabulary(self) -> Vocabulary | None:
        """The tokens of a network that writes: task text; otherwise None."""
        return getattr(self._task, "vocabulary", None)

    # Requests

    def request(self, trainer: Trainer, predictions: bool, text: TextRequest, sample: int) -> None:
        """Request results for the network as it is now, while training is paused.

        Args:
            trainer: the trainer; it is only read.
            predictions: whether predictions, and the text after the window, are requested.
            text: the text to write.
            sample: the sample whose window the text follows, from 0.
        """
        self._request_answer(trainer, text)
        self._evaluation.request(trainer, predictions)
        self._request_continuation(trainer, predictions, text, sample)

    def request_while_running(
        self, trainer: Trainer, predictions: bool, text: TextRequest, sample: int
    ) -> None:
        """Request the same while training runs; only from time to time does new work begin.

        Work under way is finished first, but a new prompt is answered at once.
        """
        due = time.perf_counter() - EVALUATE_EVERY
        writing = self._continuation is not None and self._continuation.busy
        evaluating = self._evaluation.busy and not self._evaluation.measuring
        if not (writing or evaluating) and self._evaluation.evaluated <= due:
            self._evaluation.request(trainer, predictions)
            shorter = replace(text, characters=min(text.characters, TEXT_WHILE_RUNNING))
            self._request_continuation(trainer, predictions, shorter, sample)
        if self._answer is None:
            return
        if text != self._text or (not self._answer.busy and self._answer.started <= due):
            self._request_answer(trainer, text)

    def forget_looks(self) -> None:
        """Begin the history of evaluations anew."""
        self._evaluation.forget_looks()

    def evaluate(self, trainer: Trainer) -> None:
        """Begin to evaluate the network as it is now, as when its predictions are looked at."""
        self._evaluation.request(trainer, True)

    def measure_test_loss(self, trainer: Trainer, running: bool) -> None:
        """Begin to measure the test loss if it is due; the trainer's history takes the result.

        What has been requested goes first, and finds the test loss too.

        Args:
            trainer: the trainer.
            running: whether training is under way, which is not to be slowed down.
        """
        if running and time.perf_counter() < self._measure_again:
            return
        if not self.busy:
            self._measured = 0.0
            self._evaluation.measure(trainer)

    def _request_continuation(
        self, trainer: Trainer, requested: bool, text: TextRequest, sample: int
    ) -> None:
        if self._continuation is None:
            return
        if requested and text.characters:
            self._continuation.continue_window(trainer, text, sample)
        else:
            self._continuation.cancel()

    def _request_answer(self, trainer: Trainer, text: TextRequest) -> None:
        if self._answer is None:
            return
        self._text = text
        if text.prompt:
            self._answer.answer_prompt(trainer, text)
        else:
            self._answer.cancel()
            self._answer.sample = None

    # Work

    def _jobs(self) -> Iterator[PredictionJob]:
        """Yield the jobs in the order of work."""
        if self._answer is not None and self._continuation is not None:
            yield self._answer
            yield self._continuation
        yield self._evaluation

    @property
    def busy(self) -> bool:
        """True while there is work left."""
        return any(job.busy for job in self._jobs())

    def work(self, seconds: float) -> bool:
        """Work for about `seconds`, at least on one part.

        Returns:
            True if there is a new result.
        """
        now, completed = time.perf_counter(), False
        start, deadline = now, now + seconds
        for job in self._jobs():
            while job.busy:
                measuring, begun = job is self._evaluation and self._evaluation.measuring, now
                completed |= job.step()
                now = time.perf_counter()
                if measuring:
                    self._measured += now - begun
                    self._measure_again = now + self._measured / MEASURE_SHARE
                    deadline = min(deadline, start + MEASURE_BUDGET)
                if now >= deadline:
                    return completed
        return completed
