"""The sheet that a student fills in: every answer is saved at once, beside the exercise."""

from __future__ import annotations

import os
import threading

from rnn_tui.exercises.answers_file import Answers, read_answers
from rnn_tui.exercises.exercise_file import Exercise, ExerciseError
from rnn_tui.files.atomic_file import write_atomically
from rnn_tui.files.ownership import InputFile, RunFiles


class AnswerSheet:
    """The answers to one exercise, and the file that they are saved to.

    A thread writes them, so that nothing waits for the disk; what is newest is written.

    Attributes:
        path: the answers file.
        answers: the answers so far.
        problem: why the newest could not be saved, in one line; "" while all is well.
    """

    def __init__(self, path: str, answers: Answers, files: RunFiles) -> None:
        """Save to `path`, as far as `files` says that one may."""
        self.path = path
        self.answers = answers
        self.problem = ""
        self._files = files
        self._changed = threading.Condition()
        self._saved: Answers | None = answers if os.path.exists(path) else None
        self._closing = False
        self._thread: threading.Thread | None = None

    def take(self, step: int, text: str) -> None:
        """Take an answer; it is saved aside.

        Args:
            step: the number of the step, from 1.
            text: the answer as it was typed.
        """
        with self._changed:
            self.answers = self.answers.with_answer(step, text)
            if self._thread is None:
                self._thread = threading.Thread(target=self._write, name="answers", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def close(self, timeout: float = 5.0) -> str:
        """Wait until all is saved, and return what has gone wrong; "" for nothing."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(timeout)
        if self._saved is not self.answers and self.answers.given and not self.problem:
            return f"{self.path}: the answers could not be saved in time"
        return self.problem

    def _write(self) -> None:
        """Write the newest answers, as often as they change."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closing or self._saved is not self.answers)
                answers = self.answers
                if self._saved is answers:
                    return
            problem = self._save(answers)
            with self._changed:
                self._saved, self.problem = answers, problem

    def _save(self, answers: Answers) -> str:
        """Write answers, and return what has gone wrong."""
        try:
            check = self._files.check(self.path)
            check.require()
            write_atomically(self.path, answers.to_json().encode(), check)
        except OSError as error:
            return f"{self.path}: the answers cannot be saved: {error.strerror or error}"
        return ""


def open_sheet(exercise: Exercise, name: str = "") -> AnswerSheet:
    """Return the sheet beside an exercise: the one that is there, or a new one.

    Args:
        exercise: the exercise.
        name: the student's name; "" for that on the sheet.

    Raises:
        ExerciseError: what is there are no answers to this exercise, or somebody else's.
        OSError: the path cannot be looked at.
    """
    path = exercise.answers_path
    files = RunFiles.of_checkpoint(path, (InputFile("the exercise", exercise.path),))
    if not _has_content(path):
        return AnswerSheet(path, Answers.to(exercise, name), files)
    try:
        answers = read_answers(path)
    except ExerciseError as error:
        raise ExerciseError(path, f"{error.reason}; move it away to begin anew") from None
    if not answers.fits(exercise):
        what = f"{answers.lesson_name!r} with seed {answers.seed}"
        raise ExerciseError(path, f"it answers another exercise, {what}: move one of them away")
    if name and name != answers.name:
        reason = f"it has the answers of {answers.name!r}: leave --name out, or move it away"
        raise ExerciseError(path, reason)
    return AnswerSheet(path, answers, files)


def _has_content(path: str) -> bool:
    """Return whether there is something at a path that is not an empty file.

    Raises:
        OSError: it cannot be looked at.
    """
    try:
        return os.stat(path).st_size > 0
    except FileNotFoundError:
        return False
