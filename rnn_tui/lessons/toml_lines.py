"""Where the values of a TOML text stand; tomllib does not say it.

The text must have been read by tomllib: this scan only finds its way through valid TOML.
"""

from __future__ import annotations

import tomllib
from bisect import bisect_right

ValuePath = tuple[str | int, ...]
"""The way to a value: the keys of tables, and the numbers of elements, from 0."""

_BLANKS = " \t"
_BETWEEN = " \t\r\n"
_BARE_END = ",]}#\r\n"


def value_lines(text: str) -> dict[ValuePath, int]:
    """Return the line, from 1, of each key, each table's heading and each array's element."""
    scan = _TomlScan(text)
    try:
        scan.document()
    except (IndexError, ValueError):  # what stands before is found all the same
        return scan.lines
    return scan.lines


def line_of(lines: dict[ValuePath, int], path: ValuePath) -> int:
    """Return the line of a value, or of the innermost table around it whose line is known."""
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 1)


class _TomlScan:
    """One scan of a text.

    Attributes:
        text: the text.
        i: the place of the scan.
        lines: what has been found.
        counts: how many tables each array of tables has.
    """

    def __init__(self, text: str) -> None:
        self.text = text + "\n"
        self.i = 0
        self.lines: dict[ValuePath, int] = {}
        self.counts: dict[ValuePath, int] = {}
        self._ends = [i for i, sign in enumerate(self.text) if sign == "\n"]

    def document(self) -> None:
        """Scan everything."""
        base: ValuePath = ()
        while self._skip():
            if self.text.startswith("[[", self.i):
                base = self._array_heading()
            elif self.text[self.i] == "[":
                base = self._heading()
            else:
                self._pair(base)

    def _array_heading(self) -> ValuePath:
        """Scan ``[[name]]`` and return the path of the new table."""
        line = self._line()
        self.i += 2
        keys = self._keys()
        self.i += 2
        array = (*self._resolved(keys[:-1]), keys[-1])
        number = self.counts.get(array, 0)
        self.counts[array] = number + 1
        self.lines.setdefault(array, line)
        self.lines[*array, number] = line
        return (*array, number)

    def _heading(self) -> ValuePath:
        """Scan ``[name]`` and return the table's path."""
        line = self._line()
        self.i += 1
        path = self._resolved(self._keys())
        self.i += 1
        self.lines.setdefault(path, line)
        return path

    def _resolved(self, keys: tuple[str, ...]) -> ValuePath:
        """Return the path that a heading means: of an array of tables, its last one."""
        path: ValuePath = ()
        for key in keys:
            path = (*path, key)
            if path in self.counts:
                path = (*path, self.counts[path] - 1)
        return path

    def _pair(self, base: ValuePath) -> None:
        """Scan ``key = value``."""
        line = self._line()
        path = (*base, *self._keys())
        for end in range(len(base) + 1, len(path) + 1):
            self.lines.setdefault(path[:end], line)
        self.i = self.text.index("=", self.i) + 1
        self._value(path)

    def _keys(self) -> tuple[str, ...]:
        """Scan a key and those that points join to it."""
        keys = [self._key()]
        while True:
            self._skip_blanks()
            if self.text[self.i] != ".":
                return tuple(keys)
            self.i += 1
            keys.append(self._key())

    def _key(self) -> str:
        self._skip_blanks()
        start = self.i
        if self.text[start] in "\"'":
            self._string()
            quoted = tomllib.loads(f"key = {self.text[start : self.i]}")["key"]
            return str(quoted)
        while self.text[self.i].isalnum() or self.text[self.i] in "_-":
            self.i += 1
        if self.i == start:
            raise ValueError("no key")
        return self.text[start : self.i]

    def _value(self, path: ValuePath) -> None:
        """Scan one value."""
        self._skip_blanks()
        sign = self.text[self.i]
        if sign in _BARE_END:
            raise ValueError("no value")
        if sign in "\"'":
            self._string()
        elif sign == "[":
            self._array(path)
        elif sign == "{":
            self._inline_table(path)
        else:
            while self.text[self.i] not in _BARE_END:
                self.i += 1

    def _array(self, path: ValuePath) -> None:
        self.i += 1
        number = 0
        while self._skip() and self.text[self.i] != "]":
            if self.text[self.i] == ",":
                self.i += 1
                continue
            self.lines[*path, number] = self._line()
            self._value((*path, number))
            number += 1
        self.i += 1

    def _inline_table(self, path: ValuePath) -> None:
        self.i += 1
        while self._skip() and self.text[self.i] != "}":
            if self.text[self.i] == ",":
                self.i += 1
                continue
            self._pair(path)
        self.i += 1

    def _string(self) -> None:
        """Scan a string of any of the four kinds."""
        quote = self.text[self.i]
        if not self.text.startswith(quote * 3, self.i):
            self.i += 1
            self._to_end(quote)
            return
        self.i += 3
        self._to_end(quote * 3)
        while self.text.startswith(quote, self.i):  # up to two may stand before the end
            self.i += 1

    def _to_end(self, end: str) -> None:
        """Go behind the end of a string."""
        while not self.text.startswith(end, self.i):
            self.i += 2 if end[0] == '"' and self.text[self.i] == "\\" else 1
            if self.i >= len(self.text):
                raise ValueError("no end")
        self.i += len(end)

    def _skip(self) -> bool:
        """Skip blanks, line ends and comments; return whether anything follows."""
        while self.i < len(self.text):
            if self.text[self.i] == "#":
                self.i = self.text.index("\n", self.i)
            elif self.text[self.i] not in _BETWEEN:
                return True
            else:
                self.i += 1
        return False

    def _skip_blanks(self) -> None:
        while self.text[self.i] in _BLANKS:
            self.i += 1

    def _line(self) -> int:
        return bisect_right(self._ends, self.i - 1) + 1
