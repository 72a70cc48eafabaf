"""The run that a lesson begins with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.lessons.lesson import Lesson
from rnn_tui.lessons.lesson_file import LessonError
from rnn_tui.second_network import Versus
from rnn_tui.session.worker import Session
from rnn_tui.settings import Settings, Value, compose

if TYPE_CHECKING:
    from rnn_tui.checkpoint.run_view import RunView


@dataclass(frozen=True, slots=True, eq=False)
class LessonRun:
    """The run of a lesson before its first step.

    Attributes:
        trainer: the network.
        versus: the second network; None for none.
        view: how the checkpoint was looked at; None for a new run.
    """

    trainer: Trainer
    versus: Versus | None = None
    view: RunView | None = None

    def session(self) -> Session:
        """Return a session for it, whose thread does not run yet."""
        return Session(self.trainer, versus=self.versus, view=self.view)


def lesson_settings(lesson: Lesson, changes: Mapping[str, Value] | None = None) -> Settings:
    """Return the settings of a lesson that begins with a new run.

    Raises:
        SettingError: they do not go together.
    """
    return compose({**lesson.settings, **(changes or {})}, lesson.preset)


def begin_run(lesson: Lesson, changes: Mapping[str, Value] | None = None) -> LessonRun:
    """Return the run that a lesson begins with.

    Args:
        lesson: the lesson.
        changes: settings that are others than the lesson says, such as the seed.

    Raises:
        LessonError: the run cannot begin.
    """
    versus = Versus(lesson.versus, lesson.match) if lesson.versus else None
    try:
        if not lesson.checkpoint:
            return LessonRun(Trainer(lesson_settings(lesson, changes)), versus)
        from rnn_tui.checkpoint.loading import load_run

        chosen = {**lesson.settings, **(changes or {})}
        data = chosen.pop("data", None)
        saved = load_run(lesson.checkpoint, data=None if data is None else str(data))
        if chosen:
            saved.trainer.configure(saved.trainer.settings.with_(**chosen))
        return LessonRun(saved.trainer, versus, saved.view)
    except (ValueError, OSError) as error:
        raise LessonError(lesson.path, lesson.run_line, str(error)) from None
