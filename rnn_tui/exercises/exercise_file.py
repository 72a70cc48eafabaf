"""Exercise files: a lesson and a seed, for one student or for several.

The file has the lesson's whole text, so that it can be played where that lesson is not; it has no
right answer in numbers. Of questions of the drill it has what they are drawn from.
docs/exercises.md describes it.
"""

from __future__ import annotations

import hashlib
import os
import re
import tomllib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from rnn_tui.exercises.drill_sheet import NoSheetError, drill_sheet, is_drill
from rnn_tui.files.regular_file import read_regular
from rnn_tui.lessons.lesson import Lesson
from rnn_tui.lessons.lesson_file import MOST_BYTES as MOST_LESSON_BYTES
from rnn_tui.settings import DECLARATIONS, SettingError, quote

if TYPE_CHECKING:
    from rnn_tui.exercises.drill import Round

FORMAT = 1
MOST_BYTES = 2 * MOST_LESSON_BYTES + 4096
ENDING = ".toml"
ANSWERS_ENDING = ".answers"
_KEYS = ("exercise", "lesson", "seed", "digest", "text")
_DIGEST = re.compile("[0-9a-f]{64}")
_NAME = re.compile(r"[^\x00-\x1f\x7f-\x9f]{1,200}")


class ExerciseError(ValueError):
    """A file of an exercise, or of answers to one, is not usable; one line that names it."""

    def __init__(self, path: str, reason: str) -> None:
        """Set the message to the path and the reason."""
        self.reason = " ".join(reason.split())
        super().__init__(f"{path}: {self.reason}")


@dataclass(frozen=True, slots=True)
class Exercise:
    """A lesson to be played with a seed of its own.

    Attributes:
        path: the file; "" for none yet.
        lesson_name: the lesson's name.
        seed: the seed of the run.
        text: the text of the lesson's file, or that of a `DrillSheet`.
    """

    path: str
    lesson_name: str
    seed: int
    text: str

    @property
    def digest(self) -> str:
        """What tells this lesson from every other, as it is now."""
        return digest_of(self.text)

    @property
    def answers_path(self) -> str:
        """The file beside it that takes the answers."""
        return self.path.removesuffix(ENDING) + ANSWERS_ENDING

    def drill_round(self) -> Round | None:
        """Return the questions of the drill that it asks; None if it is a lesson.

        Raises:
            ExerciseError: they cannot be drawn here.
        """
        if not is_drill(self.text):
            return None
        sheet = drill_sheet(self.lesson_name)
        if sheet is None or digest_of(sheet.text) != self.digest:
            raise ExerciseError(self.path, f"no drill of this version is {self.lesson_name!r}")
        try:
            return sheet.round(self.seed)
        except NoSheetError as error:
            raise ExerciseError(self.path, str(error)) from None

    def lesson(self) -> Lesson:
        """Return the lesson, with the seed.

        Raises:
            LessonError: the lesson is not usable.
        """
        return lesson_with_seed(
            self.text, self.path or self.lesson_name, self.lesson_name, self.seed
        )

    def to_toml(self) -> str:
        """Return the content of the file."""
        return (
            f"# An exercise for rnn-tui; docs/exercises.md says more.\n"
            f"# To solve it:  rnn-tui exercise FILE{ENDING}\n"
            f"# To hand in:   FILE{ANSWERS_ENDING}, which is written beside it.\n\n"
            f"exercise = {FORMAT}\n"
            f"lesson = {_basic(self.lesson_name)}\n"
            f"seed = {self.seed}\n"
            f'digest = "{self.digest}"\n\n'
            f"# The lesson, as it was handed out.\n"
            f"text = {_multi_line(self.text)}\n"
        )


def digest_of(text: str) -> str:
    """Return the digest of a lesson's text; line ends and a byte order mark do not count."""
    return hashlib.sha256(normal(text).encode("utf-8", "surrogatepass")).hexdigest()


def normal(text: str) -> str:
    """Return a lesson's text with line ends of one kind."""
    return text.replace("\r\n", "\n").removeprefix("\ufeff").strip("\n") + "\n"


def lesson_with_seed(text: str, path: str, name: str, seed: int) -> Lesson:
    """Return the lesson in a text, to be played with this seed.

    Raises:
        LessonError: it is not usable.
    """
    from rnn_tui.lessons.reading import lesson_of

    lesson = lesson_of(normal(text), path)
    return replace(lesson, name=name, settings={**lesson.settings, "seed": seed})


def is_exercise(path: str) -> bool:
    """Return whether a file is one of an exercise; one that cannot be read is none."""
    try:
        return "exercise" in _table(path)
    except ExerciseError:
        return False


def read_exercise(path: str) -> Exercise:
    """Read the file of an exercise.

    Raises:
        ExerciseError: it cannot be read, is damaged, or was changed.
    """
    table = _table(path)
    if "exercise" not in table:
        raise ExerciseError(path, "it is no exercise: exercise = 1 is missing")
    if table["exercise"] != FORMAT or isinstance(table["exercise"], bool):
        reason = f"it is of another version, exercise = {quote(table['exercise'])}; known is 1"
        raise ExerciseError(path, reason)
    for key in table:
        if key not in _KEYS:
            raise ExerciseError(path, f"there is no key {quote(key)} in an exercise")
    for key in _KEYS:
        if key not in table:
            raise ExerciseError(path, f"{key} is missing")
    name, text = checked_name(path, table["lesson"]), table["text"]
    seed = checked_seed(path, table["seed"])
    digest = checked_digest(path, table["digest"])
    if not isinstance(text, str):
        raise ExerciseError(path, f"text must be a lesson, not {quote(text)}")
    if digest_of(text) != digest:
        raise ExerciseError(path, "its lesson was changed since it was handed out, or is damaged")
    return Exercise(path, name, seed, normal(text))


def checked_name(path: str, value: Any) -> str:
    """Return the name of a lesson."""
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise ExerciseError(path, f"lesson must be a name, not {quote(value)}")
    return value


def checked_seed(path: str, value: Any) -> int:
    """Return a seed."""
    try:
        if isinstance(value, bool) or not isinstance(value, int):
            raise ExerciseError(path, f"seed must be a whole number, not {quote(value)}")
        DECLARATIONS["seed"].check(value)
    except SettingError as error:
        raise ExerciseError(path, str(error)) from None
    return value


def checked_digest(path: str, value: Any) -> str:
    """Return a digest."""
    if not isinstance(value, str) or not _DIGEST.fullmatch(value):
        raise ExerciseError(path, f"digest must be 64 digits from 0 to f, not {quote(value)}")
    return value


def read_text(path: str, limit: int) -> str:
    """Return the text of a file.

    Raises:
        ExerciseError: it cannot be read, is too long, or is not UTF-8.
    """
    try:
        content = read_regular(os.path.expanduser(path), limit)
    except OSError as error:
        raise ExerciseError(path, f"cannot be read: {error.strerror or 'no usable path'}") from None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        byte = content[error.start]
        raise ExerciseError(path, f"it is no UTF-8: byte 0x{byte:02x} at {error.start}") from None


def _table(path: str) -> dict[str, Any]:
    """Return the TOML of a file."""
    text = read_text(path, MOST_BYTES)
    try:
        return tomllib.loads(text.replace("\r\n", "\n"))
    except RecursionError:
        raise ExerciseError(path, "it is nested too deeply for an exercise") from None
    except ValueError as error:
        raise ExerciseError(path, f"it is no TOML: {error}") from None


def _basic(text: str) -> str:
    """Return a text as a basic string of TOML."""
    return f'"{_escaped(text)}"'


def _multi_line(text: str) -> str:
    """Return a text as a string of several lines; as it is where it can be."""
    if "'''" not in text and not text.endswith("'") and not _odd(text):
        return f"'''\n{text}'''"
    lines = text.split("\n")
    return '"""\n' + "\n".join(map(_escaped, lines)) + '"""'


def _odd(text: str) -> bool:
    """Return whether a text has characters that TOML wants escaped."""
    return any((ord(each) < 32 and each not in "\n\t") or ord(each) == 127 for each in text)


def _escaped(text: str) -> str:
    """Return a text with everything escaped that a basic string of TOML wants so."""
    return "".join(
        f"\\{each}"
        if each in '"\\'
        else f"\\u{ord(each):04x}"
        if ord(each) < 32 or ord(each) == 127
        else each
        for each in text
    )
