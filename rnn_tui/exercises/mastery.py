"""What somebody has mastered of the drill, as it is kept between rounds in the state folder."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rnn_tui.exercises.questions import LEVELS, DrillQuestion
from rnn_tui.files.atomic_file import write_atomically
from rnn_tui.files.regular_file import read_regular
from rnn_tui.files.state_folder import state_folder

FILE = "drill.json"
IN_A_ROW = 3
"""So many right answers at the first try, one after the other: a level is mastered."""
_MOST = 1_000_000  # bytes of the file
_KEPT = 20  # answers that are remembered of a cell and a level


@dataclass(frozen=True, slots=True)
class Answered:
    """A question of a round that has been answered.

    Attributes:
        question: the question.
        right: whether the first answer was right, exactly or approximately.
    """

    question: DrillQuestion
    right: bool


@dataclass(frozen=True, slots=True)
class Mastery:
    """What has been answered so far.

    Attributes:
        answers: by cell and level, ``lstm 3``: a character for each answer, the newest last, "1"
            for one that was right at the first try and "0" for one that was not.
        due: skills that come again, as their last answer was wrong: ``lstm da_f``.
    """

    answers: Mapping[str, str] = field(default_factory=dict)
    due: tuple[str, ...] = ()

    def after(self, cell: str, answered: Iterable[Answered]) -> Mastery:
        """Return what it is after more answers on a cell."""
        answers, due = dict(self.answers), dict.fromkeys(self.due)
        for each in answered:
            key = f"{cell} {each.question.level}"
            answers[key] = (answers.get(key, "") + "01"[each.right])[-_KEPT:]
            if each.right:
                due.pop(each.question.skill, None)
            else:
                due[each.question.skill] = None
        return Mastery(answers, tuple(due))

    def mastered(self, cell: str, level: int) -> bool:
        """Return whether the newest answers of a level were right at the first try."""
        return self.answers.get(f"{cell} {level}", "").endswith("1" * IN_A_ROW)

    def next_level(self, cell: str, levels: Iterable[int]) -> int:
        """Return the first of these levels that is not mastered; after all of them the whole."""
        return next((each for each in levels if not self.mastered(cell, each)), max(LEVELS))

    def lines(self, cell: str, levels: Iterable[int]) -> list[str]:
        """Return a line for each level of a cell: what is mastered, and what comes again."""
        lines = []
        for level in levels:
            answers = self.answers.get(f"{cell} {level}", "")
            right = f"{answers.count('1')} of {len(answers)} right" if answers else "not tried"
            mastered = "mastered" if self.mastered(cell, level) else ""
            lines.append(f"  {level}  {LEVELS[level]:<40} {right:<16} {mastered}".rstrip())
        if again := [skill for skill in self.due if skill.split()[0] == cell]:
            names = ", ".join(skill.partition(" ")[2] for skill in again)
            lines.append(f"  comes again: {names}")
        return lines


def read_mastery() -> tuple[Mastery, str]:
    """Return what is kept, and what is wrong with the file: "" for nothing.

    A file that says something else than the program writes is moved aside, not replaced.
    """
    try:
        path = state_folder() / FILE
        content = read_regular(path, _MOST)
    except FileNotFoundError:
        return Mastery(), ""
    except OSError as error:
        return Mastery(), f"what was mastered cannot be read: {error.strerror or error}"
    try:
        return _mastery_of(json.loads(content)), ""
    except (ValueError, RecursionError):
        aside = path.with_suffix(".damaged.json")
        with contextlib.suppress(OSError):
            os.replace(path, aside)
        return Mastery(), f"{FILE} was damaged; it is {aside.name} now, and the drill begins anew"


def _mastery_of(content: object) -> Mastery:
    """Return what the file says.

    Raises:
        ValueError: it is not what the program writes.
    """
    if not isinstance(content, dict):
        raise ValueError
    answers, due = content.get("answers"), content.get("due")
    if not isinstance(answers, dict) or not isinstance(due, list):
        raise ValueError
    for key, text in answers.items():
        if not isinstance(text, str) or len(text) > _KEPT or set(text) - {"0", "1"}:
            raise ValueError(key)
    if not all(isinstance(each, str) and len(each) < 100 and each.split() for each in due):
        raise ValueError
    return Mastery(answers, tuple(due))


def write_mastery(mastery: Mastery) -> None:
    """Keep it.

    Raises:
        OSError: it cannot be written.
    """
    content = {"answers": dict(mastery.answers), "due": list(mastery.due)}
    path: Path = state_folder() / FILE
    write_atomically(path, (json.dumps(content, indent=1) + "\n").encode())
