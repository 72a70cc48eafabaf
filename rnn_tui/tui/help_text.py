"""The text of the help, laid out: sections of signs and what they mean, in one column or two."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from rnn_tui.tui.lines import Line, Lines, cut, fit, text_width
from rnn_tui.tui.panel_help import Sign

INDENT = 2  # cells before an entry
GAP = 2  # cells between a sign and its meaning, and twice that between two columns
WIDEST_SIGN = 10  # cells of the column of signs at most; a longer sign has a line of its own
NARROWEST = 36  # cells of one of two columns at least


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the help with a heading.

    Attributes:
        heading: what it is about.
        signs: its entries.
        note: a sentence after them.
    """

    heading: str
    signs: tuple[Sign, ...]
    note: str = ""


def lay_out(left: Sequence[Section], right: Sequence[Section], width: int, columns: int) -> Lines:
    """Return the sections as lines of at most `width` cells.

    Args:
        left: the sections of the first column.
        right: those of the second one, or after the others.
        width: cells of a line.
        columns: 1 or 2; of two, each has at least `NARROWEST` cells, or there is one.
    """
    each = (width - 2 * GAP) // 2
    if columns < 2 or each < NARROWEST:
        return tuple(line for section in (*left, *right) for line in _section(section, width))
    sides = [[line for one in side for line in _section(one, each)] for side in (left, right)]
    rows = max(map(len, sides))
    one, other = (side + [()] * (rows - len(side)) for side in sides)
    return tuple((*fit(a, each + 2 * GAP), *b) for a, b in zip(one, other, strict=True))


def _section(section: Section, width: int) -> list[Line]:
    """Return one section, with a blank line after it."""
    if not section.signs:
        return []
    widths = (text_width(sign.shown) for sign in section.signs)
    column = max((width for width in widths if width <= WIDEST_SIGN), default=WIDEST_SIGN)
    lines: list[Line] = [((cut(section.heading, width), "title-focus"),)]
    for sign in section.signs:
        lines += _entry(sign, column, width)
    note = wrapped(section.note, width - INDENT)
    lines += [((" " * INDENT, ""), (text, "dim")) for text in note]
    return [*lines, ()]


def _entry(sign: Sign, column: int, width: int) -> list[Line]:
    """Return a sign and its meaning, which hangs beside it."""
    indent = INDENT + column + GAP
    meaning = wrapped(sign.meaning, width - indent)
    first: Line = ((" " * INDENT, ""), (sign.shown, sign.role))
    room = column - text_width(sign.shown)
    if room >= 0:
        lines: list[Line] = [(*first, (" " * (room + GAP) + meaning[0], ""))]
        meaning = meaning[1:]
    else:
        shown = _in_groups(sign.shown, width - INDENT)
        lines = [((" " * INDENT, ""), (text, sign.role)) for text in shown]
    return [*lines, *(((" " * indent + text, ""),) for text in meaning)]


def _in_groups(shown: str, width: int) -> list[str]:
    """Return signs, separated by two blanks, in lines of at most `width` cells."""
    lines: list[str] = []
    for sign in shown.split("  "):
        if lines and text_width(f"{lines[-1]}  {sign}") <= width:
            lines[-1] += f"  {sign}"
        else:
            lines.append(cut(sign, width))
    return lines


def wrapped(text: str, width: int) -> list[str]:
    """Return `text` in lines of at most `width` cells; only a word that is longer is cut."""
    lines = textwrap.wrap(text, max(width, 1), break_long_words=False, break_on_hyphens=False)
    return [cut(line, width) for line in lines]
