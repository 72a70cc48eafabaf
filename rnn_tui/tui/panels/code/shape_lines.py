"""The shapes of what a line of code computes and reads, in letters and in numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from rnn_tui.engine.network.declaration import NetworkDeclaration
from rnn_tui.source_code.listing.lines import ListedLine
from rnn_tui.source_code.listing.shapes import Shape, sizes
from rnn_tui.source_code.listing.update import ListedUpdate, listed_lines
from rnn_tui.tui.lines import ELLIPSIS, Line, Lines, cell_width
from rnn_tui.tui.panels.code.rows import GUTTER

FROM = "from "
KEPT: Line = ((" ", "dim"),)  # a line that nothing else is to fill
LETTERS = {
    "T": "timestep",
    "B": "sample",
    "D": "input",
    "H": "unit",
    "O": "output",
    "P": "parameter",
}


def shape_lines(
    line: ListedLine | None, declaration: NetworkDeclaration, width: int, height: int
) -> Lines:
    """Return `height` lines with the shapes that belong to a line of code.

    Of a line that has none, or of no line, it is what the letters stand for.
    """
    lines = _all_lines(line, declaration, width)
    if len(lines) > height > 0:
        lines = [*lines[: height - 1], (*lines[height - 1], (f" {ELLIPSIS}", "dim"))]
    return (*lines, *[KEPT] * (height - len(lines)))[:height]


@lru_cache(8)
def most_lines(update: ListedUpdate, dialect: str, width: int) -> int:
    """Return how many lines the shapes of a line of the code take at most."""
    lines = (None, *(line for line in listed_lines(update, dialect) if line.values))
    return max(len(_all_lines(line, update.declaration, width)) for line in lines)


def _all_lines(line: ListedLine | None, declaration: NetworkDeclaration, width: int) -> list[Line]:
    """Return the lines with all shapes, as many as it takes."""
    known = sizes(declaration)
    if line is None or not line.values:
        words = [
            (f"{letter} = {known[letter]:,} {name}{'s' * (known[letter] != 1)}", "dim")
            for letter, name in LETTERS.items()
        ]
        return _packed([(each,) for each in words], width)
    result, *operands = line.values
    by_shape: dict[Shape, list[str]] = {}
    for name, shape in dict.fromkeys(operands):
        by_shape.setdefault(shape, []).append(name)
    room = width - GUTTER - len(FROM) - len(ELLIPSIS) - 1
    parts = [_shape([result[0]], result[1], known, "strong")]
    for shape, names in by_shape.items():
        for group in _groups(names, room - cell_width(_shape([], shape, known, ""))):
            part = _shape(group, shape, known, "")
            parts.append(part if len(parts) > 1 else ((FROM, "dim"), *part))
    return _packed(parts, width)


def _groups(names: Sequence[str], width: int) -> Iterator[list[str]]:
    """Yield the names in groups that have room in so many cells."""
    group: list[str] = []
    for name in names:
        if group and len(", ".join((*group, name))) > width:
            yield group
            group = []
        group.append(name)
    yield group


def _shape(names: Sequence[str], shape: Shape, known: Mapping[str, int], role: str) -> Line:
    """Return names and the shape that they have."""
    named = (", ".join(names), role)
    if not shape:
        return (named, (" scalar", "dim"))
    numbers = ",".join(str(known[letter]) for letter in shape)
    return (named, (f" [{','.join(shape)}]=[{numbers}]", "dim"))


def _packed(parts: Sequence[Line], width: int) -> list[Line]:
    """Return parts in as few lines as have room for them; none is broken."""
    indent: Line = ((" " * GUTTER, ""),)
    lines: list[Line] = []
    for part in parts:
        longer: Line = (*lines[-1], ("  ", ""), *part) if lines else ()
        if lines and cell_width(longer) <= width - 2:  # the sign that there is more has room
            lines[-1] = longer
        else:
            lines.append((*indent, *part))
    return lines
