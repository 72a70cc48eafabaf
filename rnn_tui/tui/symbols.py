"""Symbols, classes and the parts of a vector on the screen: what is read off the tape, by name."""

from __future__ import annotations

import numpy as np

from rnn_tui.engine.core.expressions import Array
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.tui.lines import Line, cut, text_width
from rnn_tui.tui.number_format import NOT_FINITE, short

NARROW, BROAD = 5, 8  # cells of a column: for single characters and numbers, at most for words
RIGHT, WRONG = "✓", "✗"
MARK = "▲"
HELD = "held"


def code_of(row: Array) -> int | None:
    """The code that a row [W] of the tape stands for, −1 for none; None: it is no one-hot row.

    It is read off what the network reads, so an input held by a what-if is no symbol any more.
    """
    found = np.flatnonzero(row)
    if not len(found):
        return -1
    return int(found[0]) if len(found) == 1 and row[found[0]] == 1 else None


def name_of(names: tuple[str, ...], code: int | None) -> str:
    """The name of a code; nothing for none."""
    if code is None:
        return HELD
    return visible(names[code]) if code >= 0 else ""


def visible(name: str) -> str:
    """A name that takes at least a cell: what has no width of its own is shown by its number."""
    return name if text_width(name) else " ".join(f"U+{ord(each):04X}" for each in name)


def quoted(name: str) -> str:
    """A name within a sentence: 't', India."""
    return f"'{name}'" if len(name) == 1 and text_width(name) else visible(name)


def input_code(snapshot: Snapshot, t: int) -> int | None:
    """The code of the symbol that goes in at timestep `t`."""
    return code_of(snapshot.window.tape["x"][t - 1, 0])


def target_code(snapshot: Snapshot, t: int) -> int:
    """The class wanted at timestep `t`, −1 where the loss does not count."""
    return int(snapshot.window.tape["classes"][t - 1, 0])


def likeliest(snapshot: Snapshot, t: int) -> int | None:
    """The class that y_t is largest for; None where y_t is not finite."""
    y = snapshot.window.tape["y"][t - 1, 0]
    return int(np.argmax(y)) if np.isfinite(y).all() else None


def column_of(names: tuple[str, ...] | None) -> int:
    """Cells of a column that shows these names: broader where most of them are longer."""
    if names is None:
        return NARROW
    widths = sorted(text_width(name) for name in names)
    return min(max(widths[3 * len(widths) // 4] + 2, NARROW), BROAD)  # three of four, whole


def in_column(name: str, width: int) -> str:
    """A name in a column; a character known by its number gives up U+ where there is no room."""
    if text_width(name) > width - 1 and name.startswith("U+"):
        name = name.removeprefix("U+")
    return cut(name, width - 1)


def answer(snapshot: Snapshot, t: int) -> tuple[str, str, str]:
    """The class predicted at timestep `t`, whether it is the one wanted as a sign, and a role."""
    code = likeliest(snapshot, t)
    if code is None:
        return NOT_FINITE, "", "error"
    name = name_of(snapshot.task.labels or (), code)
    right = code == target_code(snapshot, t)
    return (name, RIGHT, "good") if right else (name, WRONG, "error")


def answer_cell(snapshot: Snapshot, t: int, width: int, widest: int) -> Line:
    """The same in a column of `width` cells; `widest` at most, where its name needs them."""
    name, sign, role = answer(snapshot, t)
    width = min(max(text_width(name) + 2, width), widest)
    name = in_column(name, width)
    after = max(width - (width - text_width(name)) // 2 - text_width(name) - 1, 0)
    before = width - text_width(name) - text_width(sign) - after
    return ((" " * before, ""), (name + sign, role), (" " * after, ""))


def vector(parts: tuple[str, ...], row: Array) -> str:
    """The first of the numbers of a vector, and a sign where a mark points at it: ▲.42."""
    text = short(float(row[0]))
    marked = any(part == "mark" and value for part, value in zip(parts, row, strict=True))
    return MARK + text if marked else text
