"""Evaluates a network and writes with it, in slices while training goes on.

All numbers of one result belong to one update, which the result names, however far training has
moved on: every piece of work starts with a copy of the parameters and keeps to it until it is done.
While training runs, `BUDGET` seconds of each snapshot go into this, and new work begins only when
the work before is done: nothing is queued.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.predictions.evaluation_job import EvaluationJob
from rnn_tui.predictions.job import PredictionJob
from rnn_tui.predictions.results import Predictions, TextRequest, TextSample

if TYPE_CHECKING:
    from rnn_tui.predictions.text_job import TextJob

BUDGET = 0.04  # seconds of a snapshot that go into this, about: until the next part is done
EVALUATE_EVERY = 0.8  # seconds from one beginning to the next while running, at least
TEXT_WHILE_RUNNING = 320  # characters written after a window while the network is changing, at most


class Predictor:
    """Evaluates a trainer's network and writes with it. Only reads the trainer."""

    def __init__(self, trainer: Trainer) -> None:
        """Prepare for the network of `trainer`; nothing is computed before it is asked for."""
        self._task = trainer.task
        self._text = TextRequest()  # that was asked for last
        self._evaluation = EvaluationJob(trainer)
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
    def text_sample(self) -> TextSample | None:
        """The newest text that follows the window at hand."""
        return None if self._continuation is None else self._continuation.sample

    @property
    def answer(self) -> TextSample | None:
        """The newest text that follows the prompt; None while no prompt is open."""
        return None if self._answer is None else self._answer.sample

    @property
    def vocabulary(self) -> tuple[str, ...] | None:
        """The names of the symbols of a network that writes: task text; otherwise None."""
        return self._task.symbols if self._task.name == "text" else None

    # What is wanted

    def ask(self, trainer: Trainer, predictions: bool, text: TextRequest, sample: int) -> None:
        """Want results for the network as it is now: for use while training is paused.

        Args:
            trainer: the trainer; it is only read.
            predictions: whether predictions, and the text after the window, are wanted.
            text: the text wanted.
            sample: the sample whose window the text follows, from 0.
        """
        self._ask_answer(trainer, text)
        self._evaluation.ask(trainer, predictions)
        self._ask_continuation(trainer, predictions, text, sample)

    def ask_while_running(
        self, trainer: Trainer, predictions: bool, text: TextRequest, sample: int
    ) -> None:
        """Want the same while training runs: begun anew only from time to time.

        Work under way is finished first. Only another prompt is answered at once.
        """
        due = time.perf_counter() - EVALUATE_EVERY
        writing = self._continuation is not None and self._continuation.busy
        if not (writing or self._evaluation.busy) and self._evaluation.started <= due:
            self._evaluation.ask(trainer, predictions)
            shorter = replace(text, characters=min(text.characters, TEXT_WHILE_RUNNING))
            self._ask_continuation(trainer, predictions, shorter, sample)
        if self._answer is None:
            return
        if text != self._text or (not self._answer.busy and self._answer.started <= due):
            self._ask_answer(trainer, text)

    def _ask_continuation(
        self, trainer: Trainer, wanted: bool, text: TextRequest, sample: int
    ) -> None:
        if self._continuation is None:
            return
        if wanted and text.characters:
            self._continuation.continue_window(trainer, text, sample)
        else:
            self._continuation.cancel()

    def _ask_answer(self, trainer: Trainer, text: TextRequest) -> None:
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
        """Work for about so many seconds, at least for one part.

        Returns:
            True if there is a new result.
        """
        deadline, news = time.perf_counter() + seconds, False
        for job in self._jobs():
            while job.busy:
                news |= job.step()
                if time.perf_counter() >= deadline:
                    return news
        return news
