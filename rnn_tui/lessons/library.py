"""The program's own lessons: one file each in `files/`, in the order of their numbers.

A file is called ``NN-name.toml``: the number says its place in the list, and the name is what is
typed. Nothing is read before a lesson is asked for.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from rnn_tui.lessons.lesson import Lesson
from rnn_tui.lessons.lesson_file import nearest
from rnn_tui.settings import quote

FOLDER = Path(__file__).parent / "files"
_NAME = re.compile(r"(\d{2})-([a-z0-9][a-z0-9-]*)\.toml", re.ASCII)


class UnknownLessonError(ValueError):
    """There is no such lesson; the message is one line."""


@dataclass(frozen=True, slots=True)
class LibraryLesson:
    """One of the program's own lessons, unread.

    Attributes:
        number: its place in the list, from 1.
        name: its short name: "one-step".
        path: its file.
    """

    number: int
    name: str
    path: Path

    def read(self) -> Lesson:
        """Read the lesson.

        Raises:
            LessonError: it is damaged.
        """
        from rnn_tui.lessons.reading import read_lesson  # not needed to list names

        return read_lesson(self.path)


@cache
def library() -> tuple[LibraryLesson, ...]:
    """Return the program's own lessons, in order."""
    found = []
    for path in sorted(FOLDER.iterdir()) if FOLDER.is_dir() else ():
        if match := _NAME.fullmatch(path.name):
            found.append(LibraryLesson(int(match[1]), match[2], path))
    return tuple(found)


def find_lesson(text: str) -> LibraryLesson | Path:
    """Return the lesson that is called so, has that number, or lies in the file of that name.

    Of a name, so much is enough as no other begins with.

    Raises:
        UnknownLessonError: there is none.
    """
    lessons = library()
    if re.fullmatch(r"\d{1,3}", text, re.ASCII):
        for lesson in lessons:
            if lesson.number == int(text):
                return lesson
        raise UnknownLessonError(f"there is no lesson {text}; they are 1 to {len(lessons)}")
    for lesson in lessons:
        if lesson.name == text:
            return lesson
    if os.sep in text or text.endswith(".toml") or os.path.exists(text):
        return Path(text)
    begun = [lesson for lesson in lessons if text and lesson.name.startswith(text)]
    if len(begun) == 1:
        return begun[0]
    if begun:
        raise UnknownLessonError(
            f"{quote(text)} begins {len(begun)} lessons: {', '.join(each.name for each in begun)}"
        )
    advice = nearest(text, [lesson.name for lesson in lessons])
    raise UnknownLessonError(f"there is no lesson {quote(text)}, and no such file; {advice}")
