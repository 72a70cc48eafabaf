"""The characters that curves are drawn with, so that they differ without colour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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


@dataclass(frozen=True)
class StrokeSet:
    """The strokes that a chart chooses from.

    Attributes:
        lines, points: the strokes, those first that are taken first.
        bold: that of the curves of `BOLD_ROLES`.
        by_role: those of single roles.
    """

    lines: tuple[Stroke, ...]
    points: tuple[Stroke, ...]
    bold: Stroke
    by_role: Mapping[str, Stroke]


UNICODE = StrokeSet(LINES, POINTS, BOLD, ROLE_STROKES)


def _ascii_stroke(character: str) -> Stroke:
    """Return the stroke that draws `character` in each cell of a curve."""
    return Stroke(character, character * 2)


_FAINT = _ascii_stroke(".")
ASCII = StrokeSet(
    lines=tuple(map(_ascii_stroke, "*#:+%&")),
    points=tuple(Stroke(each, each) for each in "ox@$"),
    bold=_ascii_stroke("#"),
    by_role={
        "ghost": _ascii_stroke(":"),
        "second-network": _ascii_stroke("+"),
        "raw": _FAINT,
        "truth": _FAINT,
    },
)


def choose_strokes(curves: Sequence[Curve], stroke_set: StrokeSet = UNICODE) -> list[Stroke]:
    """Return a stroke for each curve, all different as long as there are enough of them."""
    chosen: list[Stroke] = []
    for curve in curves:
        strokes = stroke_set.points if curve.kind == "points" else stroke_set.lines
        preferred = _preferred(curve, stroke_set)
        taken = {stroke.marker for stroke in chosen}
        free = (stroke for stroke in (preferred, *strokes) if stroke.marker not in taken)
        chosen.append(next(free, strokes[len(chosen) % len(strokes)]))
    return chosen


def _preferred(curve: Curve, stroke_set: StrokeSet) -> Stroke:
    """Return the stroke for a curve if it is still free: faint for ghosts, bold for results."""
    if curve.kind == "points":
        return stroke_set.points[0]
    if curve.role in stroke_set.by_role:
        return stroke_set.by_role[curve.role]
    return stroke_set.bold if curve.role in BOLD_ROLES else stroke_set.lines[0]
