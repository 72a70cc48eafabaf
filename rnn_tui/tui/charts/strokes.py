"""The characters that curves are drawn with, so that they differ without colour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rnn_tui.tui.charts.curves import Curve


@dataclass(frozen=True)
class Stroke:
    """The characters that one curve is drawn with."""

    marker: str  # plotext's name for it, or the character itself
    sample: str  # its look in the legend
    columns: int = 1  # dots in a cell, side by side
    rows: int = 1  # dots in a cell, one above the other


FINE = Stroke("braille", "⠒⠒", 2, 4)
BOLD = Stroke("hd", "▀▀", 2, 2)
DOTTED = Stroke("·", "··")
PLUSES = Stroke("+", "++")
LINES = (FINE, BOLD, DOTTED, PLUSES, Stroke("*", "**"))
POINTS = tuple(Stroke(glyph, glyph) for glyph in "•×○+*")
ROLE_STROKES = {"ghost": DOTTED, "second-network": PLUSES}
BOLD_ROLES = frozenset({"smooth", "free-run", "accent"})


def choose_strokes(curves: Sequence[Curve]) -> list[Stroke]:
    """Return a stroke for each curve, all different as long as there are enough of them."""
    chosen: list[Stroke] = []
    for curve in curves:
        palette = POINTS if curve.kind == "points" else LINES
        preferred = _preferred(curve, palette[0])
        taken = {stroke.marker for stroke in chosen}
        free = (stroke for stroke in (preferred, *palette) if stroke.marker not in taken)
        chosen.append(next(free, palette[len(chosen) % len(palette)]))
    return chosen


def _preferred(curve: Curve, default: Stroke) -> Stroke:
    """Return the stroke for a curve if it is still free: faint for ghosts, bold for results."""
    if curve.kind == "points":
        return default
    if curve.role in ROLE_STROKES:
        return ROLE_STROKES[curve.role]
    return BOLD if curve.role in BOLD_ROLES else default
