"""Answers files: what a student has answered to an exercise, as it is handed in.

They are JSON: names and texts, and nothing in them is run, opened or looked up. The checksum tells
a file that was damaged or edited from one that the program wrote; whoever wants to can compute one.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from rnn_tui.exercises.exercise_file import (
    Exercise,
    ExerciseError,
    checked_digest,
    checked_name,
    checked_seed,
    read_text,
)
from rnn_tui.settings import quote

FORMAT = "rnn-tui answers 1"
MOST_BYTES = 128 * 1024
MOST_ANSWERS = 200
LONGEST_ANSWER = 100
LONGEST_NAME = 100
_KEYS = ("format", "name", "lesson", "digest", "seed", "answers", "checksum")
_PRINTABLE = re.compile("[^\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]*")
_STEP = re.compile("[1-9][0-9]{0,2}")


@dataclass(frozen=True, slots=True)
class Answers:
    """What a student has answered.

    Attributes:
        name: the student's name.
        lesson_name: the name of the lesson.
        digest: the digest of the lesson's text.
        seed: the seed of the exercise.
        given: the answers as they were typed, by the number of the step, from 1.
    """

    name: str
    lesson_name: str
    digest: str
    seed: int
    given: Mapping[int, str] = field(default_factory=dict)

    @classmethod
    def to(cls, exercise: Exercise, name: str) -> Answers:
        """Return an empty sheet for an exercise."""
        return cls(name, exercise.lesson_name, exercise.digest, exercise.seed)

    def fits(self, exercise: Exercise) -> bool:
        """Return whether they are answers to this exercise."""
        return (self.digest, self.seed) == (exercise.digest, exercise.seed)

    def with_answer(self, step: int, text: str) -> Answers:
        """Return them with one more, which takes the place of an earlier one to that step."""
        text = " ".join(text.split())[:LONGEST_ANSWER]
        return replace(self, given={**self.given, step: text})

    def to_json(self) -> str:
        """Return the content of the file."""
        table = {
            "format": FORMAT,
            "name": self.name,
            "lesson": self.lesson_name,
            "digest": self.digest,
            "seed": self.seed,
            "answers": {str(step): self.given[step] for step in sorted(self.given)},
        }
        return (
            json.dumps(table | {"checksum": _checksum(table)}, indent=1, ensure_ascii=False) + "\n"
        )


def name_problem(name: str) -> str:
    """Return why a student cannot be called so; "" if one can."""
    if not name.strip():
        return "a name is needed, so that the answers can be told apart"
    if len(name) > LONGEST_NAME:
        return f"a name has at most {LONGEST_NAME} characters, not {len(name)}"
    if not _PRINTABLE.fullmatch(name):
        return "a name has no control characters"
    return ""


def read_answers(path: str) -> Answers:
    """Read an answers file.

    Raises:
        ExerciseError: it cannot be read, is damaged, or was edited.
    """
    text = read_text(path, MOST_BYTES)
    table = _table(path, text)
    for key in _KEYS:
        if key not in table:
            raise ExerciseError(path, f"it is damaged: {key} is missing")
    if table["format"] != FORMAT:
        raise ExerciseError(path, f"it is of another version: {quote(table['format'])}")
    if more := [key for key in table if key not in _KEYS]:
        raise ExerciseError(path, f"it was edited: there is no {quote(more[0])} in answers")
    checksum = table.pop("checksum")
    name, given = table["name"], table["answers"]
    if not isinstance(name, str) or name_problem(name):
        raise ExerciseError(path, f"it was edited: no name is {quote(name)}")
    if not isinstance(given, dict) or len(given) > MOST_ANSWERS:
        raise ExerciseError(path, "it was edited: answers must be answers by step")
    for step, answer in given.items():
        if not _STEP.fullmatch(step) or not _is_answer(answer):
            raise ExerciseError(path, f"it was edited: {quote(answer)} answers step {quote(step)}")
    answers = Answers(
        name,
        checked_name(path, table["lesson"]),
        checked_digest(path, table["digest"]),
        checked_seed(path, table["seed"]),
        {int(step): answer for step, answer in given.items()},
    )
    if checksum != _checksum(table):
        raise ExerciseError(
            path, "it was edited or damaged since it was saved: its checksum differs"
        )
    return answers


def _is_answer(value: Any) -> bool:
    return (
        isinstance(value, str)
        and len(value) <= LONGEST_ANSWER
        and _PRINTABLE.fullmatch(value) is not None
    )


def _table(path: str, text: str) -> dict[str, Any]:
    """Return the JSON of a file."""
    if not text.strip():
        raise ExerciseError(path, "it is empty")
    try:
        table = json.loads(text, object_pairs_hook=_unique, parse_constant=_refused)
    except RecursionError:
        raise ExerciseError(path, "it is no answers file: it is nested too deeply") from None
    except ValueError as error:
        raise ExerciseError(path, f"it is no answers file, or damaged: {error}") from None
    if not isinstance(table, dict):
        raise ExerciseError(path, "it is no answers file")
    return table


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object whose names differ.

    Raises:
        ValueError: two of them are the same.
    """
    table = dict(pairs)
    if len(table) != len(pairs):
        raise ValueError("a name is there twice")
    return table


def _refused(text: str) -> Any:
    raise ValueError(f"{text} is no number")


def _checksum(table: Mapping[str, Any]) -> str:
    """Return the checksum of what is in a file, but for the checksum."""
    text = json.dumps(table, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(f"{FORMAT}\n{text}".encode()).hexdigest()
