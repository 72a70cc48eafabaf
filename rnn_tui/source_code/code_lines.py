"""Lines of Python: indented, folded where they are too long, with comments where there is room."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

WIDTH = 100
_CALL = re.compile(r"([\w.]+)\((.*)\)")


class CodeLines:
    """Collects lines of Python.

    Attributes:
        lines: those written so far.
    """

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._indent = 0

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        """Write `head`, and indent what is written within."""
        self.put(head)
        self._indent += 4
        yield
        self._indent -= 4

    @contextmanager
    def function(self, head: str, docstring: str) -> Iterator[None]:
        """Write a function's head, two blank lines before it, and indent its body.

        A decorator is a line of its own in `head`.
        """
        *decorators, definition = head.splitlines()
        for line in ("", "", *decorators):
            self.put(line)
        with self.block(definition):
            self.put(f'"""{docstring}"""')
            yield

    def sequence(self, head: str, entries: Sequence[str], end: str) -> None:
        """Write entries between brackets: on one line, or on one for each."""
        single = len(entries) == 1 and end == ")"  # a tuple then needs a comma
        whole = f"{head}{', '.join(entries)}{',' * single}{end}"
        if self._indent + len(whole) <= WIDTH:
            self.put(whole)
            return
        with self.block(head):
            for entry in entries:
                self.put(f"{entry},")
        self.put(end)

    def paragraph(self, text: str) -> None:
        """Write text folded by words, without any sign before it."""
        for line in _folded(text, WIDTH - self._indent):
            self.put(line)

    def put(self, code: str = "", comment: str = "") -> None:
        """Write a statement, with a comment behind it, or before it where there is no room."""
        space = " " * self._indent
        if comment and len(f"{space}{code}  # {comment}") > WIDTH:
            self.lines.append(f"{space}# {comment}")
            comment = ""
        first, *rest = fold(code, WIDTH - self._indent)
        self.lines.append(f"{space}{first}  # {comment}" if comment else f"{space}{first}".rstrip())
        self.lines += [space + line for line in rest]

    def note(self, text: str) -> None:
        """Write a comment of its own, folded by words."""
        for line in _folded(text, WIDTH - self._indent - 2):
            self.lines.append(f"{' ' * self._indent}# {line}")

    def text(self) -> str:
        """Return all lines as the content of a file."""
        return "\n".join(self.lines) + "\n"


def fold(code: str, width: int) -> list[str]:
    """Return a statement in lines of at most `width` characters, as far as it can be folded.

    ``name = a + b`` is folded between terms, ``name = f(a + b)`` within the parentheses.
    """
    if len(code) <= width or " = " not in code:
        return [code]
    name, _, value = code.partition(" = ")
    opening, inner = "(", value
    if (match := _CALL.fullmatch(value)) and _balanced(match[2]):
        opening, inner = f"{match[1]}(", match[2]
    terms = _terms(inner) if 4 + len(inner) > width else [inner]
    return [f"{name} = {opening}", *(f"    {term}" for term in terms), ")"]


def _folded(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, break_on_hyphens=False, break_long_words=False)


def _balanced(text: str) -> bool:
    """Return whether no parenthesis is closed that was not opened in `text`."""
    depth = 0
    for character in text:
        depth += (character == "(") - (character == ")")
        if depth < 0:
            return False
    return True


def _terms(text: str) -> list[str]:
    """Return an expression divided before each ``+`` and ``-`` outside of parentheses."""
    terms, depth, start = [], 0, 0
    for index, character in enumerate(text):
        depth += (character in "([") - (character in ")]")
        if depth == 0 and text[index : index + 3] in (" + ", " - "):
            terms.append(text[start:index])
            start = index + 1
    return [*terms, text[start:]]
