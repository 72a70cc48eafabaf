"""The file of a lesson as TOML, with the lines of its values."""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from rnn_tui.files.regular_file import read_regular
from rnn_tui.lessons.toml_lines import ValuePath, line_of, value_lines
from rnn_tui.settings import quote

MOST_BYTES = 256 * 1024
"""The largest file of a lesson."""
MOST_CHARACTERS = 4000
"""The longest text in one."""

_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


class LessonError(ValueError):
    """A lesson cannot be read, or does not do what it says; one line, ``FILE:LINE: …``.

    Attributes:
        path: the file.
        line: the line, from 1.
        reason: the rest.
    """

    def __init__(self, path: str, line: int, reason: str) -> None:
        """Put `reason` on one line, after the place."""
        self.path, self.line = path, line
        self.reason = " ".join(reason.split())
        super().__init__(f"{path}:{line}: {self.reason}")


@dataclass(frozen=True, slots=True, eq=False)
class LessonFile:
    """What is in a file.

    Attributes:
        path: the file, as errors name it.
        table: all of it.
        lines: where its values stand.
    """

    path: str
    table: Mapping[str, Any]
    lines: dict[ValuePath, int]

    def error(self, path: ValuePath, reason: str) -> LessonError:
        """Return an error about the value at `path`."""
        return LessonError(self.path, line_of(self.lines, path), reason)

    def line(self, path: ValuePath) -> int:
        """Return the line of a value."""
        return line_of(self.lines, path)

    def check_keys(self, table: Mapping[str, Any], path: ValuePath, allowed: Iterable[str]) -> None:
        """Refuse keys that are not known; the message names the nearest one."""
        for key in table:
            if key not in allowed:
                where = f" in [{_shown(path)}]" if path else ""
                reason = f"there is no key {quote(key)}{where}"
                raise self.error((*path, key), f"{reason}; {nearest(key, allowed)}")

    def text(
        self, table: Mapping[str, Any], path: ValuePath, key: str, default: str | None = ""
    ) -> str:
        """Return a text; without a default there must be one.

        Raises:
            LessonError: it is missing, no text, too long, or has control characters.
        """
        if key not in table:
            if default is None:
                raise self.error(path, f"{_of(path)} needs {key} = {_EXAMPLES.get(key, 'TEXT')}")
            return default
        text = self.checked_text(table[key], (*path, key))
        if default is None and not text.strip():
            raise self.error((*path, key), f"{key} must be a text, not {quote(text)}")
        return text

    def checked_text(self, value: object, path: ValuePath) -> str:
        """Return `value` if it is a text that can be shown."""
        if not isinstance(value, str):
            raise self.error(path, f"{_name(path)} must be a text in quotes, not {quote(value)}")
        if len(value) > MOST_CHARACTERS:
            reason = f"must have at most {MOST_CHARACTERS} characters, not {len(value)}"
            raise self.error(path, f"{_name(path)} {reason}")
        value = value.replace("\r\n", "\n")
        if match := _CONTROL.search(value):
            reason = f"must not have the control character {match.group()!r}"
            raise self.error(path, f"{_name(path)} {reason}")
        return value

    def texts(self, table: Mapping[str, Any], path: ValuePath, key: str, most: int) -> list[str]:
        """Return a list of texts; one text is a list of its own."""
        value = table.get(key, [])
        if isinstance(value, str):
            return [self.checked_text(value, (*path, key))]
        if not isinstance(value, list):
            raise self.error((*path, key), f"{key} must be a list of texts, not {quote(value)}")
        if len(value) > most:
            raise self.error((*path, key), f"{key} has {len(value)} texts; at most {most}")
        return [self.checked_text(each, (*path, key, n)) for n, each in enumerate(value)]

    def line_of_text(self, path: ValuePath, key: str, number: int) -> ValuePath:
        """Return the path of the text with this number of a list, as `texts` counts them."""
        full = (*path, key, number)
        return full if full in self.lines else (*path, key)

    def bool(self, table: Mapping[str, Any], path: ValuePath, key: str) -> bool:
        """Return true or false; false if it is left out."""
        value = table.get(key, False)
        if not isinstance(value, bool):
            raise self.error((*path, key), f"{key} must be true or false, not {quote(value)}")
        return value

    def subtable(self, table: Mapping[str, Any], path: ValuePath, key: str) -> Mapping[str, Any]:
        """Return a table; an empty one if it is left out."""
        value = table.get(key, {})
        if not isinstance(value, dict):
            reason = f"{key} must be a table, as {_EXAMPLES.get(key, f'[{key}]')}"
            raise self.error((*path, key), f"{reason}, not {quote(value)}")
        return value


_EXAMPLES = {
    "title": '"One step by hand"',
    "question": '"What is da_2[1]?"',
    "text": '"it shrinks"',
    "when": '"norm(dh_1) < norm(dh_20)"',
    "run": "[run]",
    "ask": "[step.ask]",
    "show": '{ panel = "timestep" }',
    "remember": '{ before = "loss" }',
}


def read_file(path: str | os.PathLike[str]) -> LessonFile:
    """Read the TOML of a file.

    Raises:
        LessonError: it cannot be read, or is no TOML.
    """
    shown = os.fspath(path)
    try:
        content = read_regular(path, MOST_BYTES)
    except OSError as error:
        raise LessonError(shown, 1, f"cannot be read: {_reason(error)}") from None
    return parse_bytes(content, shown)


def parse_bytes(content: bytes, path: str) -> LessonFile:
    """Read the TOML of a file's content; see `read_file`."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        reason = f"a lesson must be UTF-8, and the byte 0x{content[error.start]:02x} is none of it"
        raise LessonError(path, line, reason) from None
    return parse_text(text, path)


def parse_text(text: str, path: str) -> LessonFile:
    """Read the TOML of a text; see `read_file`."""
    text = text.replace("\r\n", "\n")
    try:
        return LessonFile(path, tomllib.loads(text), value_lines(text))
    except RecursionError:
        raise LessonError(path, 1, "it is nested too deeply for a lesson") from None
    except ValueError as error:
        raise _not_toml(text, path, error) from None


def _not_toml(text: str, path: str, error: ValueError) -> LessonError:
    """Return what is wrong with a text that is no TOML."""
    message = str(error)
    match = _PLACE.search(message)
    if match is None:  # a number with too many digits
        return LessonError(path, _longest_number(text), "a number has too many digits")
    rest = _PLACE.sub("", message).replace("Cannot overwrite a value", "it is there already")
    if match[1] is None:
        return LessonError(path, text.count("\n") + 1, f"this is no TOML: {rest}, at its end")
    line = int(match[1])
    there = quote(text.split("\n")[line - 1].strip())
    return LessonError(path, line, f"this is no TOML: {rest}, in {there}")


def _longest_number(text: str) -> int:
    """Return the line with the most digits in a row."""
    rows = [(len(match.group()), match.start()) for match in re.finditer(r"[\d_]+", text)]
    return text.count("\n", 0, max(rows, default=(0, 0))[1]) + 1


def nearest(word: str, allowed: Iterable[str]) -> str:
    """Return what to say of a word that is not known: the nearest one, or all."""
    known = list(allowed)
    near = difflib.get_close_matches(word, known, 1, 0.6)
    return f"did you mean {near[0]}?" if near else f"allowed: {', '.join(known)}"


def _reason(error: OSError) -> str:
    return error.strerror or "it is no usable path"


def _name(path: ValuePath) -> str:
    """Return the key of a value, as an error names it."""
    return next((str(each) for each in reversed(path) if isinstance(each, str)), "it")


def _shown(path: ValuePath) -> str:
    """Return the heading of a table: "step.ask"."""
    return ".".join(each for each in path if isinstance(each, str))


def _of(path: ValuePath) -> str:
    """Return what a table is called: "step 3", "the lesson"."""
    if not path:
        return "a lesson"
    if path[0] == "step" and len(path) == 2 and isinstance(path[1], int):
        return f"step {path[1] + 1}"
    return f"[{_shown(path)}]"
