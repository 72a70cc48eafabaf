"""Checks a lesson without a screen: it is played through a session, and every claim must hold.

It is played by the same `LessonPlayer` as on the screen, so what is checked is what is played.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rnn_tui.lessons.evaluation import LessonMistake, StepEvaluation, mistakes_of_prediction
from rnn_tui.lessons.lesson import Lesson, LessonStep
from rnn_tui.lessons.lesson_file import LessonError
from rnn_tui.lessons.player import LessonPlayer
from rnn_tui.lessons.run import LessonRun, begin_run
from rnn_tui.session.commands import Command, ViewRequest
from rnn_tui.session.worker import Session
from rnn_tui.settings import Value


@dataclass(frozen=True, slots=True)
class LessonCheck:
    """What came out for one lesson and one seed.

    Attributes:
        path: the file.
        seed: the seed; None for that of the lesson or of its checkpoint.
        claims: how many claims were checked.
        predictions: how many predictions were checked.
        mistakes: what is wrong.
    """

    path: str
    seed: int | None
    claims: int
    predictions: int
    mistakes: tuple[LessonMistake, ...]

    def lines(self) -> Iterator[str]:
        """Yield what is wrong, a line each: ``FILE:LINE: seed 0: …``."""
        seed = "" if self.seed is None else f"seed {self.seed}: "
        for mistake in self.mistakes:
            yield f"{self.path}:{mistake.line}: {seed}{mistake.reason}"


class _Queue:
    """Takes the commands of a player, for who carries them out."""

    def __init__(self) -> None:
        self._commands: list[Command] = []

    def send(self, command: Command) -> None:
        """Keep a command."""
        self._commands.append(command)

    def taken(self) -> list[Command]:
        """Return the commands that were sent since."""
        commands, self._commands = self._commands, []
        return commands


def check_lesson(lesson: Lesson, seed: int | None = None) -> LessonCheck:
    """Play a lesson with one seed and check its claims and predictions.

    Args:
        lesson: the lesson.
        seed: the seed; None for that of the lesson.
    """
    mistakes: list[LessonMistake] = []
    claims = predictions = 0
    try:
        for step, evaluation in played_steps(lesson, seed):
            claims += len(step.claims)
            predictions += step.ask is not None
            mistakes += _mistakes_of(step, evaluation)
    except LessonError as error:
        mistakes.append(LessonMistake(error.line, error.reason))
    return LessonCheck(lesson.path, seed, claims, predictions, tuple(mistakes))


def played_steps(
    lesson: Lesson, seed: int | None = None, run: LessonRun | None = None
) -> Iterator[tuple[LessonStep, StepEvaluation]]:
    """Play a lesson without a screen, and yield its steps with what they evaluate to.

    Args:
        lesson: the lesson.
        seed: the seed; None for that of the lesson.
        run: what it is played on; None for the run that it says.

    Raises:
        LessonError: an action was refused.
    """
    changes: dict[str, Value] = {} if seed is None else {"seed": seed}
    session, queue = (run or begin_run(lesson, changes)).session(), _Queue()
    session.perform(ViewRequest(predictions=False))  # nobody looks at them, and they take long
    player = LessonPlayer(lesson, queue)
    for number, step in enumerate(lesson.steps):
        player.enter(number)
        _finish(player, session, queue)
        if player.error is not None:
            raise player.error
        evaluation = player.evaluated
        assert evaluation is not None
        yield step, evaluation


def _finish(player: LessonPlayer, session: Session, queue: _Queue) -> None:
    """Carry commands out until the player has entered its step."""
    while player.busy:
        commands = queue.taken()
        assert commands, "the player waits for nothing"
        player.take(session.perform(*commands))


def _mistakes_of(step: LessonStep, evaluation: StepEvaluation) -> Iterator[LessonMistake]:
    """Yield what is wrong with a step."""
    yield from evaluation.mistakes
    for checked in evaluation.claims:
        if checked.result is not None and not checked.holds:
            reason = f"does not hold: {checked.claim.text}: {checked.result.words}"
            yield LessonMistake(checked.claim.line, reason)
    yield from mistakes_of_prediction(step, evaluation)
