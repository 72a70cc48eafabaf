"""How far the user has come in the program's own lessons: a small file each in the state folder.

Several programs may write at once: a file is replaced as a whole, and what is farther stays.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from rnn_tui.files.atomic_file import write_atomically
from rnn_tui.files.regular_file import read_regular
from rnn_tui.files.state_folder import state_folder, state_path

FOLDER = "lessons"
MOST_BYTES = 64 * 1024
MOST_STEPS = 1000


@dataclass(frozen=True, slots=True)
class GivenAnswer:
    """What was answered in one step.

    Attributes:
        step: the step, from 0.
        given: the answers as they were typed, one a try.
        grades: their grades.
    """

    step: int
    given: tuple[str, ...]
    grades: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LessonProgress:
    """How far somebody has come in one lesson.

    Attributes:
        at: the step that was entered last, from 0; the number of steps at the end.
        reached: the farthest step so far, likewise.
        steps: how many steps the lesson had then.
        answers: what was answered.
    """

    at: int = 0
    reached: int = 0
    steps: int = 0
    answers: tuple[GivenAnswer, ...] = ()

    @property
    def done(self) -> bool:
        """Whether the end has been reached."""
        return 0 < self.steps <= self.reached

    def farther(self, other: LessonProgress) -> LessonProgress:
        """Return this, with the farthest step of both."""
        if other.steps != self.steps:
            return self
        return replace(self, reached=max(self.reached, other.reached))


def read_progress(name: str) -> LessonProgress:
    """Return how far a lesson has come; nothing where there is no file, or a damaged one."""
    try:
        content = read_regular(_path(name), MOST_BYTES)
        return _of_json(json.loads(content))
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return LessonProgress()


def write_progress(name: str, progress: LessonProgress) -> None:
    """Keep how far a lesson has come; where nothing can be kept, nothing happens."""
    with contextlib.suppress(OSError):
        progress = progress.farther(read_progress(name))
        content = json.dumps(asdict(progress), ensure_ascii=False).encode()
        write_atomically(state_folder(FOLDER) / _file(name), content)


def _path(name: str) -> Path:
    return state_path() / FOLDER / _file(name)


def _file(name: str) -> str:
    return f"{name}.json"


def _of_json(values: Mapping[str, Any]) -> LessonProgress:
    """Return what a file says.

    Raises:
        ValueError, TypeError, KeyError: it is damaged.
    """
    numbers = [values[name] for name in ("at", "reached", "steps")]
    if not all(type(each) is int and 0 <= each <= MOST_STEPS for each in numbers):
        raise ValueError("no numbers of steps")
    answers = tuple(
        GivenAnswer(int(each["step"]), _texts(each["given"]), _texts(each["grades"]))
        for each in values["answers"]
    )
    at, reached, steps = numbers
    return LessonProgress(at, reached, steps, answers)


def _texts(values: object) -> tuple[str, ...]:
    if not isinstance(values, list) or not all(isinstance(each, str) for each in values):
        raise ValueError("no texts")
    return tuple(values)
