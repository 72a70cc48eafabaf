"""Legends: which stroke is which curve, with its newest value; as long as there is room for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rnn_tui.tui.charts.curves import Chart, Level, one_line
from rnn_tui.tui.charts.strokes import StrokeSet, choose_strokes
from rnn_tui.tui.lines import Line, Run, cell_width, join, text_width
from rnn_tui.tui.number_format import UNKNOWN

LONG_VALUE = 5  # cells: 0.123
FORMS = range(4)  # 0 is the full one, the last one the shortest
_SPACES: tuple[Run, ...] = (("  ", ""), *[(" ", "")] * 3)  # between two entries, by form


@dataclass(frozen=True, slots=True)
class LegendEntry:
    """One curve, or level, in a legend.

    Attributes:
        sample: the look of its line, by form.
        role: of the sample; the words are in those of text.
        labels: its name, by form; the last one stands for those that are missing.
        values: what stands after the name, in the same way.
        named: it is left out last.
    """

    sample: tuple[str, ...]
    role: str
    labels: tuple[str, ...]
    values: tuple[str, ...] = ()
    named: bool = False

    @property
    def has_value(self) -> bool:
        """Whether it names a value in every form."""
        return bool(_by_form(self.values, FORMS[-1]))

    def line(self, form: int) -> Line:
        """Return the entry in one of the FORMS."""
        name, value = (
            f" {text}" if text else ""
            for text in (_by_form(self.labels, form), _by_form(self.values, form))
        )
        if value == f" {UNKNOWN}" and self.sample[form].isascii():  # else it reads as a separator
            value = " ."
        return ((self.sample[form], self.role), (name, "dim"), (value, "title"))


def _by_room(full: str, brief: str) -> tuple[str, ...]:
    """Return a sample by form."""
    return full, full, brief, brief


def _by_form(texts: tuple[str, ...], form: int) -> str:
    """Return the text of a form; "" if there is none at all."""
    return texts[min(form, len(texts) - 1)] if texts else ""


def entries(chart: Chart, stroke_set: StrokeSet, arrow: str = "") -> tuple[LegendEntry, ...]:
    """Return the legend of `chart`.

    Args:
        chart: its curves, and its first level.
        stroke_set: what they are drawn with.
        arrow: where that level is off the chart, an arrow there.
    """
    strokes = choose_strokes(chart.curves, stroke_set)
    result = [
        LegendEntry(
            _by_room(stroke.sample, stroke.brief),
            on_ground(curve.role) if stroke.ground else curve.role,
            tuple(map(one_line, (curve.label, *curve.briefs))),
            curve.values,
            curve.named,
        )
        for curve, stroke in zip(chart.curves, strokes, strict=True)
    ]
    for level in chart.placeable_levels[:1]:
        result.append(_level_entry(level, stroke_set.level, arrow))
    return tuple(result)


def _level_entry(level: Level, glyph: str, arrow: str) -> LegendEntry:
    """Return the entry of a level."""
    names = (f"{level.label}:", f"{level.brief}:", level.brief)
    labels = tuple(f"{arrow} {each}".strip() for each in names)
    # In the shortest form a curve's value goes before that of a level, which the axis tells.
    values = (*[level.value] * FORMS[-1], "")
    return LegendEntry(_by_room(glyph * 2, glyph), "level", labels, values)


def on_ground(role: str) -> str:
    """Return the role of what is drawn on the ground of a curve."""
    return f"grounded-{role}"


def line_of(shown: Sequence[LegendEntry], form: int) -> Line:
    """Return the entries side by side, in one of the FORMS."""
    return join([entry.line(form) for entry in shown], _SPACES[form])


def growth(entry: LegendEntry, form: int) -> int:
    """Return how many cells the entry's value lacks to the longest of its usual forms."""
    value = _by_form(entry.values, form)
    return max(LONG_VALUE - text_width(value), 0) if value else 0


def legend_line(chart: Chart, shown: Sequence[LegendEntry], indent: int, width: int) -> Line:
    """Return the legend as a line of its own: in full, in brief, or what of it has room."""
    name: Line = ((f"{one_line(chart.y_label)}  ", "axis"),) if chart.y_label else ()
    for before, form in ((indent, 0), *((0, form) for form in FORMS)):
        line = ((" " * before, ""), *name, *line_of(shown, form))
        if cell_width(line) <= width:
            return line
    kept = list(shown)
    while len(kept) > 1 and cell_width(line_of(kept, FORMS[-1])) > width:
        kept.remove(next((each for each in kept if not each.has_value), kept[0]))
    return line_of(kept, FORMS[-1])


def rest_line(shown: Sequence[LegendEntry], width: int) -> Line:
    """Return what a title leaves out as a line of its own, the most needed of it if need be."""
    kept = list(shown)
    while True:
        for form in FORMS:
            line: Line = ((" ", ""), *line_of(kept, form))
            if cell_width(line) <= width or (len(kept) == 1 and form == FORMS[-1]):
                return line
        kept.remove(next((each for each in kept if not each.has_value), kept[0]))
