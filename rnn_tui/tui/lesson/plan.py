"""What the app is told of a lesson that it plays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rnn_tui.lessons.lesson import Lesson
    from rnn_tui.lessons.player import LessonPlayer


@dataclass(frozen=True, slots=True)
class StepResult:
    """How the prediction of one step went.

    Attributes:
        step: the step, from 0.
        given: the answers as they were typed, one a try.
        grades: their grades: "exact", "approximate" or "off".
    """

    step: int
    given: tuple[str, ...]
    grades: tuple[str, ...]

    @property
    def right_at_first(self) -> bool:
        """Whether the first try was exact or approximate."""
        return self.grades[0] != "off"

    @property
    def right(self) -> bool:
        """Whether one of the tries was."""
        return self.grades[-1] != "off"


def _nothing_done(step: int, results: Sequence[StepResult]) -> None:
    """Keep no progress."""


def _nothing_more(results: Sequence[StepResult]) -> Sequence[str]:
    """Say no more at the end."""
    return ()


MakeGuide = Callable[["LessonPlan", "LessonPlayer", Any], Any]
"""Makes a `LessonGuide` on a `LessonScreen`; both are in `guide`, which is about plans."""


@dataclass(frozen=True, slots=True)
class LessonPlan:
    """A lesson, and how it is played: the argument ``lesson`` of the app.

    Attributes:
        lesson: the lesson.
        name: what the title of its panel calls it: "lesson 3", "exercise", "drill".
        begin: the step that it begins with, from 0.
        results: how predictions went that were made before, if it is gone on with.
        progress: called when a step is entered or its prediction is in, with the step, from 0 (the
            number of steps: the end has been reached), and the results so far.
        sum_up: gives more lines for the end, each a paragraph, from the results.
        make_guide: makes what guides through it; None for `LessonGuide`. A presentation has its
            own, a subclass.
    """

    lesson: Lesson
    name: str = "lesson"
    begin: int = 0
    results: tuple[StepResult, ...] = ()
    progress: Callable[[int, Sequence[StepResult]], None] = _nothing_done
    sum_up: Callable[[Sequence[StepResult]], Sequence[str]] = _nothing_more
    make_guide: MakeGuide | None = None
