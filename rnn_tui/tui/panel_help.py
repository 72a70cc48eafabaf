"""What the signs on a panel mean: how panels say it, and what several of them share.

A panel declares its signs as `PanelSpec.help`: everything on it that is not a word of English, for
the task, the pass and the cell at hand. The help shows them when the panel has the focus.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rnn_tui.tui.ascii_text import cells_in_ascii
from rnn_tui.tui.lines import text_width

if TYPE_CHECKING:
    from rnn_tui.session.snapshot import Snapshot
    from rnn_tui.tui.draw_context import DrawContext


@dataclass(frozen=True, slots=True)
class Sign:
    """A sign on a panel and what it means.

    Attributes:
        shown: the sign as it is drawn; several that are explained together, with two blanks
            between them. A name of a value stands for it at every time, unit and layer, and a
            number for every number.
        meaning: what it means, without a full stop.
        role: what it is drawn in.
    """

    shown: str
    meaning: str
    role: str = "strong"


Signs = tuple[Sign, ...]


# ------------------------------------------------------------------------- what panels share


POWER = Sign("×10⁻²", "in a heading: times 10⁻² is what is below; +1.2×10⁻⁹ is whole", "dim")


def bars(context: DrawContext, *, signed: bool = True, gates: bool = False) -> Signs:
    """Return the signs of bars.

    Args:
        context: says what bars are drawn with.
        signed: bars of positive and negative entries are drawn.
        gates: bars of gates or probabilities are.
    """
    glyphs = context.bar_glyphs
    signs: list[Sign] = []
    if signed:
        signs += [
            Sign(glyphs.positive, "an entry above 0, orange: the height says how much", "positive"),
            Sign(glyphs.negative, "an entry below 0, blue: as high as +, dotted", "negative"),
        ]
    if gates:
        signs.append(Sign(glyphs.positive, "a gate, from 0 to 1: it has no sign", "gate"))
    return (*signs, Sign(glyphs.nothing, "less than 1/64 of a full bar", "dim"))


def values(snapshot: Snapshot) -> Signs:
    """Return the names of what a timestep's forward pass reads and computes."""
    declaration = snapshot.window.declaration
    rows = [Sign(row.symbol, row.title) for row in declaration.cell.rows]
    if parts := snapshot.task.parts:
        rows.append(Sign("  ".join(parts), "the numbers of the input"))
    outputs = [Sign("y_t", "the output")]
    if snapshot.task.labels is not None:
        outputs = [
            Sign("y_t", "the outputs, one for each class"),
            Sign("p_t", "softmax(y_t), the probability of each class"),
        ]
    return (*rows, *outputs)


def weights(snapshot: Snapshot) -> Signs:
    """Return the names of parameters."""
    known = {"W_x", "W_h", "b", "W_y", "b_y"}
    names = [spec.name for spec in snapshot.window.declaration.cell.parameters(1, 1)]
    others = "  ".join(name for name in names if name not in known)
    own = (Sign(others, "more weights of this cell"),) if others else ()
    return (
        Sign("W_x  W_h  b", "weights of the input and of h_<t-1>, and the bias"),
        *own,
        Sign("W_y  b_y", "weights and bias of the output"),
        Sign("W_h[3,1]", "row 3, column 1; W_hi: the columns of gate i; W2_h: of layer 2"),
    )


def tensor_picture(snapshot: Snapshot) -> Signs:
    """Return the signs around the picture of a tensor."""
    gates = "  ".join(gate for gate in snapshot.window.declaration.cell.gates if gate)
    named = (Sign(gates, "gates: their columns stand side by side, or each is a row", "dim"),)
    return (
        *(named if gates else ()),
        Sign("1–32", "units of the columns", "dim"),
        Sign("▸  ▾", "row and column of the selected entry", "accent"),
        Sign("◂ 32  64 ▸", "columns that are hidden at the left and at the right", "dim"),
        Sign("▴ 5  ▾ 22", "rows that are hidden above and below", "dim"),
    )


def chart(*, log: bool, x: str) -> Signs:
    """Return the signs of the axes of a chart.

    Args:
        log: the y axis is logarithmic.
        x: what the x axis counts.
    """
    y = "the y axis, in powers of 10" if log else "the y axis"
    return (
        Sign("┤ │", y, "axis"),
        Sign("└─", f"the x axis: {x}", "axis"),
        Sign("╌", "a guide at a number of the y axis", "rule"),
        Sign("┊", "the cursor: ← → move it, the title has the values there; + − zoom", "accent"),
        Sign("+2", "in the title: so many more curves, whose names have no room; z has it"),
        Sign("5–9 of 1–40", "the part of the x axis that is seen; esc shows all"),
    )


def written(signs: Iterable[Sign], *, ascii: bool) -> Signs:
    """Return signs as the terminal has them: in ASCII several may be one, which is named once."""
    if not ascii:
        return tuple(signs)
    return tuple(replace(sign, shown=_each_once(sign.shown)) for sign in signs)


def _each_once(shown: str) -> str:
    """Return those of several signs that differ in ASCII."""
    for blanks in ("  ", " "):
        parts = shown.split(blanks)
        found = {cells_in_ascii(part): part for part in reversed(parts)}
        if len(found) < len(parts) and all(text_width(part) == 1 for part in parts):
            return blanks.join(part for part in parts if found.get(cells_in_ascii(part)) == part)
    return shown


def joined(*parts: Iterable[Sign]) -> Signs:
    """Return all signs of `parts`, each once."""
    return tuple(dict.fromkeys(sign for part in parts for sign in part))
