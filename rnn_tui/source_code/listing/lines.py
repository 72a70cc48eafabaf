"""Lines of a program, each with the operation that it is, and when it has been executed."""

from __future__ import annotations

import itertools
import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from rnn_tui.engine.core.operations import Operation
from rnn_tui.engine.training.schedule import Pass
from rnn_tui.source_code.listing.shapes import Shape

INDENT = 4  # blanks of a level
PASSES = tuple(Pass)
_BRACKETS = {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}
_ASSIGNMENT = re.compile(r"(.*?) ([-+*/]?=) (.*)")
_CONDITION = re.compile(r"if [^:]*: ")
_BREAKS = (
    re.compile(r" (?=[-+] )|(?<=,) "),  # before the sign of a sum, after a comma
    re.compile(r" (?=(?:[-+*/@]|for) )|(?<=,) "),  # before any sign
    re.compile(r"(?<=[(\[])(?=\S)"),  # after a bracket
)


@dataclass(frozen=True, slots=True)
class ListedLine:
    """One line of the code of an update.

    Attributes:
        text: the code, without what it is indented by.
        stage: the pass that it belongs to.
        level: how deep it is indented.
        operation: what it computes; None where it is no operation of a cell, a loss or an
            optimizer.
        done_with: it has been executed once so many operations of its pass, or of a timestep of
            it, are done.
        here: the cursor stands at it where its pass is done, although it is no operation.
        loops: it is the head of a loop over the timesteps.
        values: the names in code and the shapes of what it computes and reads, the result first.
        comment: it is not executed: it says what another line does.
    """

    text: str
    stage: Pass
    level: int = 0
    operation: Operation | None = None
    done_with: int = 1
    here: bool = False
    loops: bool = False
    values: tuple[tuple[str, Shape], ...] = ()
    comment: bool = False

    @property
    def in_loop(self) -> bool:
        """Whether it is a part of a loop over the timesteps."""
        return self.loops or bool(self.level and self.stage in (Pass.FORWARD, Pass.BACKWARD))

    @property
    def code(self) -> str:
        """The line as it stands in a program."""
        indented = " " * INDENT * self.level + self.text
        return f"# {indented}" if self.comment else indented

    def is_done(self, stage: Pass, operations: int) -> bool:
        """Return whether it has been executed once so many operations of a pass are done."""
        own, reached = PASSES.index(self.stage), PASSES.index(stage)
        return own < reached or (own == reached and self.done_with <= operations)


def folded(line: ListedLine, width: int) -> list[str]:
    """Return a line of code as rows of `width` cells, broken as a programmer would.

    It stays the same statement: where there are no brackets around a break, there are afterwards.
    Only what cannot be broken is longer.
    """
    code = line.code
    if len(code) <= width:
        return [code]
    body, _, note = code.partition("  # ")
    start = code[: len(code) - len(line.text)]
    notes = textwrap.wrap(note, max(width - len(start) - 2, 1), break_on_hyphens=False)
    return [*_statement(start, body, width), *(f"{start}# {part}" for part in notes)]


def _statement(start: str, code: str, width: int) -> list[str]:
    """Return a statement in rows; `start` is what stands before it in its line."""
    if len(code) <= width:
        return [code]
    text = code[len(start) :]
    rows = _broken(start, text, width)
    condition = _CONDITION.match(text)
    first = condition[0] if condition else ""
    if assignment := _ASSIGNMENT.match(text[len(first) :]):
        name, equals, value = assignment.groups()
        enclosed = [(name, f"({value})")]
        if equals == "=":  # there are several names only here
            enclosed += [(f"({name})", value), (f"({name})", f"({value})")]
        for left, right in enclosed:
            if _stays_whole(rows):
                break
            rows = _broken(start, f"{first}{left} {equals} {right}", width)
    return rows


def _broken(start: str, text: str, width: int) -> list[str]:
    """Return rows, each broken at the last place that fits, in as few brackets as possible."""
    sign = "# " if start.startswith("#") else ""
    hanging = sign + " " * (len(start) - len(sign) + INDENT)
    rows, row, least = [], start + text, len(start) + 1
    while len(row) > width:
        found = [
            (_depth(row[: place.start()]), weight, -place.start(), place)
            for weight, each in enumerate(_BREAKS)
            for place in each.finditer(row, least, width + 1)
        ]
        if not found:
            break
        outside = min(found, key=lambda place: place[:3])[3]
        rows.append(row[: outside.start()])
        row, least = hanging + row[outside.end() :], len(hanging) + 1
    return [*rows, row]


def _stays_whole(rows: Sequence[str]) -> bool:
    """Return whether a statement in rows is one: whether a bracket is open where each ends."""
    return all(depth > 0 for depth in itertools.accumulate(map(_depth, rows[:-1])))


def _depth(text: str) -> int:
    """Return how many brackets are open at the end of a text."""
    return sum(_BRACKETS.get(each, 0) for each in text)
