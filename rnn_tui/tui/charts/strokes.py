"""How curves are drawn so that they differ without colour: by weight, dashes and dots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from rnn_tui.tui.charts import dots
from rnn_tui.tui.charts.curves import Curve


@dataclass(frozen=True)
class Stroke:
    """How one curve is drawn.

    Attributes:
        sample: its look in the legend.
        brief: the same in one cell.
        weigh: makes the dots that are drawn of those of the curve; see `dots`.
        character: what is drawn in each cell of the curve in place of dots; "" for dots.
        on_truth: the same where truth is in the cell, too.
        ground: whether the cells around the curve have a ground of their own.
    """

    sample: str
    brief: str
    weigh: dots.Weight = dots.thin
    character: str = ""
    on_truth: str = ""
    ground: bool = False

    @property
    def lone(self) -> str:
        """What a curve of a single point is drawn with: its sample, as one dot is hardly seen."""
        return self.brief[0]

    @property
    def marker(self) -> str:
        """Plotext's name of what the curve is drawn with."""
        return self.character or "braille"

    @property
    def cell(self) -> tuple[int, int]:
        """Columns and rows of dots in one cell."""
        return (1, 1) if self.character else (dots.COLUMNS, dots.ROWS)


THIN = Stroke("⠒⠒", "⠒")
THICK = Stroke("⠶⠶", "⠶", dots.thick)
DASHED = Stroke("⠒ ⠒", "⠆⠒", dots.dashed)
DOTTED = Stroke("⠂⠂", "⠂", dots.dotted)
SPARSE = Stroke("⠂ ⠂", "⠐", dots.sparse)
CLOUD = Stroke("⠌⠡", "⠌")
BEADS = Stroke("⡇⠤", "⡇⠤", dots.beads)  # across the line, be it flat or steep
GROUND = Stroke("⠿⠿", "⠿", dots.around, ground=True)
SECOND = ("second-network", "second-gradient")  # the second network's curves
THICK_ROLES = ("smooth", "free-run", "accent")


@dataclass(frozen=True)
class StrokeSet:
    """The strokes that a chart chooses from.

    Attributes:
        others: those for curves whose own is taken, the first ones first.
        by_role: those of single roles; all others have `others[0]`.
        by_style: those of `Curve.style`.
        guide, level, mark: what lines of the axes are drawn with, behind the curves.
        margin: what stands around the numbers of the x axis, lest its line is taken for a minus.
    """

    others: tuple[Stroke, ...]
    by_role: Mapping[str, Stroke]
    by_style: Mapping[str, Stroke]
    guide: str = "╌"
    level: str = "╍"
    mark: str = "┊"
    margin: str = ""


_BY_ROLE = {
    **dict.fromkeys(THICK_ROLES, THICK),
    "raw": CLOUD,
    "ghost": DOTTED,
    **dict.fromkeys(SECOND, DASHED),
    "truth": GROUND,
}
_BY_STYLE = {"thin": THIN, "thick": THICK, "sparse": SPARSE, "beads": BEADS, "dashed": DASHED}
UNICODE = StrokeSet((THIN, THICK, DASHED, DOTTED, SPARSE, BEADS), _BY_ROLE, _BY_STYLE)
"""For terminals with so many colours that a ground behind a curve is seen, and the curve on it."""
WITHOUT_GROUNDS = StrokeSet(UNICODE.others, {**_BY_ROLE, "truth": BEADS}, _BY_STYLE)


def _ascii_stroke(character: str, on_truth: str = "") -> Stroke:
    """Return the stroke that draws `character` in each cell of a curve."""
    return Stroke(character * 2, character, character=character, on_truth=on_truth or character)


_FAINT = _ascii_stroke(".")
ASCII = StrokeSet(
    others=tuple(map(_ascii_stroke, "*#:+&x$@")),
    by_role={
        **dict.fromkeys(THICK_ROLES, _ascii_stroke("#", "%")),
        "ghost": _ascii_stroke(":"),
        **dict.fromkeys(SECOND, _ascii_stroke("+")),
        "raw": _FAINT,
        "truth": _FAINT,
        "one-step": _ascii_stroke("o", "O"),
    },
    by_style={
        style: _ascii_stroke(character) for style, character in zip(_BY_STYLE, "*#x&+", strict=True)
    },
    guide="-",
    level="=",
    mark="|",
    margin=" ",
)
ASCII_ON_GROUNDS = replace(ASCII, by_role={**ASCII.by_role, "truth": replace(_FAINT, ground=True)})


def choose_strokes(curves: Sequence[Curve], stroke_set: StrokeSet = UNICODE) -> list[Stroke]:
    """Return a stroke for each curve, all different as long as there are enough of them.

    Of several curves with the same stroke the last one has it: it lies on top. Curves of one label
    are one thing, and have one stroke.
    """
    own = [
        stroke_set.by_style.get(curve.style)
        or stroke_set.by_role.get(curve.role, stroke_set.others[0])
        for curve in curves
    ]
    free = (stroke for stroke in stroke_set.others if stroke not in own)
    return [
        next(free, stroke)
        if any(
            stroke == later and curves[k].label != each.label
            for later, each in zip(own[k + 1 :], curves[k + 1 :], strict=True)
        )
        else stroke
        for k, stroke in enumerate(own)
    ]
