"""Names of symbols and classes on the screen, read from the one-hot rows of the tape."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from rnn_tui.engine.core.expressions import Array
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.tasks.tokens import BLANK
from rnn_tui.tui.lines import Line, cut, cut_middle, text_width
from rnn_tui.tui.number_format import NOT_FINITE, short

NARROW, BROAD = 5, 8  # cells of a column of characters or numbers, and at most of one of words
RIGHT, WRONG = "✓", "✗"
MARK = "▲"  # stands for a number of the input that marks a timestep
LONGEST_NAME = 18  # cells of a word in a sentence
BLANKS = f"{BLANK}_"  # before a word: the blank, in Unicode and in ASCII
HELD = "held"  # stands for an input that a what-if holds at values that are no symbol


def code_of(row: Array) -> int | None:
    """Return the code of a one-hot row of the tape.

    Args:
        row: the vector that the network reads [D], or a target [O].

    Returns:
        The code; −1 if all entries are 0; None if the row is not one-hot, as of an input that a
        what-if holds.
    """
    places = np.flatnonzero(row)
    if not len(places):
        return -1
    return int(places[0]) if len(places) == 1 and row[places[0]] == 1 else None


def name_of(names: tuple[str, ...], code: int | None) -> str:
    """Return the name of a code; "" for −1, "held" for None."""
    if code is None:
        return HELD
    return visible(names[code]) if code >= 0 else ""


def visible(name: str) -> str:
    """Return a name of at least one cell: characters without width become U+…."""
    return name if text_width(name) else " ".join(f"U+{ord(each):04X}" for each in name)


def quoted(name: str) -> str:
    """Return a name as it stands in a sentence: 't', India; a long word is cut."""
    if len(name) == 1 and text_width(name):
        return f"'{name}'"
    return cut(visible(name), LONGEST_NAME)


def without_blank(name: str) -> str:
    """Return the name of a word without the sign for the blank before it."""
    return name[1:] if len(name) > 1 and name[0] in BLANKS and name[1] != "×" else name


def has_input(snapshot: Snapshot, t: int) -> bool:
    """Return True if there is an input at timestep `t`, from the task or from a what-if."""
    return snapshot.task.topology.inputs[t - 1] or bool(snapshot.window.tape["x"][t - 1].any())


def input_code(snapshot: Snapshot, t: int) -> int | None:
    """Return the code of the input at timestep `t`; see `code_of`."""
    return code_of(snapshot.window.tape["x"][t - 1, 0])


def target_code(snapshot: Snapshot, t: int) -> int:
    """Return the target class at timestep `t`, −1 where the loss does not count."""
    return int(snapshot.window.tape["classes"][t - 1, 0])


def likeliest(snapshot: Snapshot, t: int) -> int | None:
    """Return the class with the largest output at timestep `t`; None if y_t is not finite."""
    y = snapshot.window.tape["y"][t - 1, 0]
    return int(np.argmax(y)) if np.isfinite(y).all() else None


@lru_cache(16)
def column_width(names: tuple[str, ...] | None) -> int:
    """Return the cells of a column that shows three quarters of these names in full."""
    if names is None:
        return NARROW
    widths = sorted(text_width(name) for name in names)
    numbers = max((len(name) - 1 for name in names if name.startswith("U+")), default=0)
    return min(max(widths[3 * len(widths) // 4] + 2, NARROW, numbers), BROAD)


def in_column(name: str, width: int) -> str:
    """Return a name cut to a column.

    Where it would not fit, a number loses its U+ and a word the sign for the blank before it.
    """
    if text_width(name) >= width:
        name = without_blank(name)
    if text_width(name) < width or not name.startswith(("U+", "<U+")):
        return cut(name, width - 1)
    # Of several characters that ASCII has not, the last ones tell names apart, too.
    name = name.replace("<U+", "").replace(">", "") if "<U+" in name else name[2:]
    return cut_middle(name, width - 1)


def answer(snapshot: Snapshot, t: int) -> tuple[str, str, str]:
    """Return the predicted class at timestep `t`, ✓ or ✗, and the role to draw them with."""
    code = likeliest(snapshot, t)
    if code is None:
        return NOT_FINITE, "", "error"
    name = name_of(snapshot.task.labels or (), code)
    right = code == target_code(snapshot, t)
    return (name, RIGHT, "good") if right else (name, WRONG, "error")


def answer_cell(snapshot: Snapshot, t: int, width: int, widest: int) -> Line:
    """Return `answer` in a cell of `width`, or of up to `widest` if the name needs it."""
    name, sign, role = answer(snapshot, t)
    width = min(max(text_width(name) + 2, width), widest)
    name = in_column(name, width)
    after = max(width - (width - text_width(name)) // 2 - text_width(name) - 1, 0)
    before = width - text_width(name) - text_width(sign) - after
    return ((" " * before, ""), (name + sign, role), (" " * after, ""))


def vector(parts: tuple[str, ...], row: Array) -> str:
    """Return the first number of a vector, after ▲ if another part marks it: ▲.42."""
    text = short(float(row[0]))
    marked = any(part == "mark" and value for part, value in zip(parts, row, strict=True))
    return MARK + text if marked else text
