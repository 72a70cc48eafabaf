"""The widgets of the main screen: lines of text, sent again only where they have changed."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widget import Widget

from rnn_tui.registry import PANELS
from rnn_tui.tui.ascii_text import line_in_ascii
from rnn_tui.tui.draw_context import DrawContext
from rnn_tui.tui.lines import Line, Lines, fit, merge
from rnn_tui.tui.marks import ValueCell, take_cells, with_mark
from rnn_tui.tui.number_format import COVERED, count
from rnn_tui.tui.panel_spec import PANEL_COVERED, Draw, PanelSpec, panel_spec
from rnn_tui.tui.themes import style_of
from rnn_tui.tui.title_rule import SECOND_LINE, title_and_rest, title_rule

if TYPE_CHECKING:
    from rnn_tui.tui.lesson.view import Covered

TABLES = ("timestep", "network")  # drawn less often than the header while running
HEAT_MAPS = PANELS.in_group("heat")
LESSON = "lesson"
NOT_DIMMED = ("footer", "pointer-name")  # where somebody points at something else
LEFT_OUT: Line = ((" left out on this slow link: tab to it, or z", "dim"),)


BIG = "big"
"""The id of the widget that fills the screen with one thing in large."""


class LinesWidget(Widget):
    """A widget made of lines, which a pure function of context, width and height draws.

    Attributes:
        cells: where the values are that it shows; none unless somebody points at one.
    """

    def __init__(self, draw: Draw, name: str) -> None:
        """Make the widget with id `name`; `draw` returns at most `height` lines."""
        super().__init__(id=name)
        self._draw = draw
        self._draw_context: DrawContext | None = None
        self.cells: tuple[ValueCell, ...] = ()
        self._lines: Lines = ()
        self._drawn_size = Size()  # that the lines were drawn for
        self._strips: dict[int, Strip] = {}  # rendered lines, by row
        self._styles: dict[str, Style] = {}  # by role, until the theme changes
        self._base_style: tuple[Style, Color] | None = None  # style of plain text, background

    def show(self, context: DrawContext) -> None:
        """Draw `context`, if the widget is visible, and refresh the lines that have changed."""
        self._draw_context = context
        if not self.display or not self.size:
            self._drawn_size = Size()  # once it has a size, it is drawn anew
            return
        lines = self._draw_lines()
        if len(lines) != len(self._lines):
            self._lines = lines
            self._strips.clear()
            self.refresh()
            return
        changed = [y for y, line in enumerate(lines) if line != self._lines[y]]
        self._lines = lines
        for y in changed:
            self._strips.pop(y, None)
        if changed:
            width = self.size.width
            self.refresh(*(Region(0, first, width, n) for first, n in _row_ranges(changed)))

    def prepare(self, context: DrawContext) -> None:
        """Draw `context` once the size of the widget is known."""
        self._draw_context = context

    def place(self, region: Region | None) -> None:
        """Show the widget at `region` of the screen, or hide it."""
        self.display = bool(region)
        if region:
            self.styles.offset = region.offset
            self.styles.width, self.styles.height = region.size

    def _draw_lines(self) -> Lines:
        """Return exactly as many lines as the widget has, each exactly as wide."""
        width, height = self.size
        if self._draw_context is None or not width or not height:
            return ()
        lines, self.cells = self._with_cells(self._draw_context, width, height)
        return lines

    def drawn(self, context: DrawContext, width: int, height: int) -> Lines:
        """Return `height` lines, each `width` cells wide, whatever is on the screen."""
        return self._with_cells(context, width, height)[0]

    def cells_in(self, context: DrawContext, width: int, height: int) -> tuple[ValueCell, ...]:
        """Return where values would be at a size."""
        return self._with_cells(context, width, height)[1]

    @property
    def lines(self) -> Lines:
        """The lines that are shown."""
        return self._lines

    def _with_cells(
        self, context: DrawContext, width: int, height: int
    ) -> tuple[Lines, tuple[ValueCell, ...]]:
        """Return the lines with the value marked that is pointed at, and where values are."""
        try:
            lines = self._draw(context, width, height)
            if context.ascii:
                lines = tuple(line_in_ascii(line, width) for line in lines)
            lines, mark = _fill(lines, width, height), context.mark
            cells: tuple[ValueCell, ...] = ()
            if mark is not None and self.id not in NOT_DIMMED:
                lines, cells = take_cells(lines)
                lines = with_mark(lines, cells, mark)
            if context.covered_values is not None:
                lines = self._covered(lines, cells, context.covered_values)
            return lines, cells
        except Exception as error:  # no panel ends the program
            where = f"drawing {self.id}"
            text = context.errors.line(error, "this panel could not be drawn", where)
            return _fill(self._failed(context, text, width), width, height), ()

    def _covered(self, lines: Lines, cells: tuple[ValueCell, ...], covered: Covered) -> Lines:
        """Return lines with what is not to be seen yet covered."""
        if self.id == LESSON or not (covered.numbers or covered.names):
            return lines  # the lesson's texts are covered already, and the answer is not
        from rnn_tui.tui.lesson.covering import covered_lines

        return covered_lines(lines, cells, covered)

    def _failed(self, context: DrawContext, text: str, width: int) -> Lines:
        """Return the lines that are shown where drawing has failed."""
        return tuple(
            ((f" {line}", "error"),)
            for line in textwrap.wrap(text, max(width - 2, 1), break_on_hyphens=False)
        )

    def on_resize(self) -> None:
        """Draw everything again for the new size."""
        if self._drawn_size != self.size:
            self._draw_again()
            self.refresh()

    def draw_anew(self, context: DrawContext) -> None:
        """Draw `context` and refresh all lines, whatever has been drawn before."""
        self._draw_context = context
        if self.display and self.size:
            self._draw_again()
        else:
            self._drawn_size = Size()
        self.refresh()

    def _draw_again(self) -> None:
        """Draw all lines for the size there is now."""
        self._drawn_size = self.size
        self._lines = self._draw_lines()
        self._strips.clear()

    def notify_style_update(self) -> None:
        """Render all lines again in another theme's styles."""
        super().notify_style_update()
        self._styles.clear()
        self._base_style = None
        self._strips.clear()
        self.refresh()

    def render_lines(self, crop: Region) -> list[Strip]:
        """Render the rows of `crop` from the cache of strips.

        This replaces Textual's method, which also handles borders and padding; there are none here.
        Textual may call it before `on_resize`: drawing for the new size at once makes the first
        frame complete.
        """
        if self._drawn_size != self.size:
            self._draw_again()
        for y in crop.line_range:
            if y not in self._strips:
                self._strips[y] = self.render_line(y)
        strips = [self._strips[y] for y in crop.line_range]
        if crop.column_span != (0, self.size.width):
            strips = [strip.crop(*crop.column_span) for strip in strips]
        return strips

    def render_line(self, y: int) -> Strip:
        """Render one line in as few segments as it has styles."""
        if y >= len(self._lines):
            return Strip.blank(self.size.width, self._style(""))
        pieces = merge(self._lines[y])
        return Strip([Segment(text, self._style(role)) for text, role in pieces], self.size.width)

    def _style(self, role: str) -> Style:
        """Return the style of a role on this widget's background.

        Line filters, such as that of NO_COLOR, change nothing but styles, so they are applied here,
        once for each style.
        """
        known = self._styles.get(role)
        if known is None:
            if self._base_style is None:  # Textual computes it from all ancestors
                self._base_style = self.rich_style, self.background_colors[1]
            style, background = self._base_style
            segments = [Segment(" ", style + style_of(role, self.app.theme))]
            for each in self.get_line_filters():
                segments = each.apply(segments, background)
            known = self._styles[role] = segments[0].style or Style.null()
        return known


class Panel(LinesWidget):
    """A titled panel: ``── timestep 7 ─────────── unit 3 of 16 ──`` and its lines below.

    It is drawn anew where something has changed that it is drawn from: most keys change nothing of
    it until the session has done what they say.
    """

    def __init__(self, spec: PanelSpec, name: str) -> None:
        """Make the panel with id `name` that `spec` declares."""
        self._spec = spec
        self._drawn_from: tuple[DrawContext, object] | None = None  # the lines that it has
        super().__init__(self._with_title, name)

    def show(self, context: DrawContext) -> None:
        """Draw `context` unless the lines would be those that are there."""
        context = context.for_panel()
        if self._drawn_from is not None and self.display and self._drawn_size == self.size:
            before, state = self._drawn_from
            if state == context.chart_cache.state and context.looks_like(before):
                return
        super().show(context)

    def prepare(self, context: DrawContext) -> None:
        """Draw `context` once the size of the panel is known."""
        super().prepare(context.for_panel())

    def draw_anew(self, context: DrawContext) -> None:
        """Draw `context` and refresh all lines, whatever has been drawn before."""
        super().draw_anew(context.for_panel())

    def _draw_lines(self) -> Lines:
        """Return exactly as many lines as the panel has, and note what they are drawn from."""
        context = self._draw_context
        self._drawn_from = None if context is None else (context, context.chart_cache.state)
        return super()._draw_lines()

    def drawn(self, context: DrawContext, width: int, height: int) -> Lines:
        """Return the lines that a panel of this size has."""
        return super().drawn(context.for_panel(), width, height)

    @classmethod
    def registered(cls, name: str) -> Panel:
        """Return the widget of the registered panel `name`, importing its module if need be."""
        return cls(panel_spec(name), name)

    def _with_title(self, context: DrawContext, width: int, height: int) -> Lines:
        """Draw the title line and the lines below it."""
        spec = self._spec
        covered = context.covered_values
        if covered is not None and self.id in covered.panels:
            return self._covered_panel(context, width)
        left, right = spec.title(context)
        if context.snapshot.running and self.id in TABLES:
            left = f"{left} at update {count(context.snapshot.cursor.update)}"
        legend = spec.legend(context) if spec.legend is not None else ()
        focused = context.selection.panel == self.id
        below = max(height - 1, 0)
        if spec.rule is not None:
            rule = spec.rule(context, left, right, width, below, focused)
            return (rule, *self._filled(context, width, below))
        rule, rest = title_and_rest(left, right, width, focused, legend, spec.brief, below)
        if not rest or below < SECOND_LINE:
            return (rule, *self._filled(context, width, below))
        from rnn_tui.tui.charts.legend import rest_line  # the first screen does without

        return (rule, rest_line(rest, width), *self._filled(context, width, below - 1))

    def _covered_panel(self, context: DrawContext, width: int) -> Lines:
        """Return the title line, and why nothing else is shown."""
        focused = context.selection.panel == self.id
        rule = title_rule(self.id or "", "", width, focused)
        return (rule, ((f" {COVERED} ", "dim"), (PANEL_COVERED, "dim")), ((" ", "dim"),))

    def _filled(self, context: DrawContext, width: int, height: int) -> Lines:
        """Draw the lines below the title and, where they leave several, what explains them."""
        if context.slow_link and self.id in HEAT_MAPS and context.selection.panel != self.id:
            return (LEFT_OUT,)[:height]
        lines = self._spec.draw(context, width, height)
        if self.id not in TABLES:  # whose lines keep their places
            while lines and not any(text.strip() or role for text, role in lines[-1]):
                lines = lines[:-1]
        if context.slow_link or len(lines) >= height:
            return lines
        from rnn_tui.tui import panel_fill  # few of the first screens have room

        left = height - len(lines)
        return (*lines, *panel_fill.fill(self._spec, context, width, left, lines))

    def _failed(self, context: DrawContext, text: str, width: int) -> Lines:
        """Return the title line, without what may have failed, and why."""
        focused = context.selection.panel == self.id
        rule = title_rule(self.id or "", "", width, focused)
        return (rule, *super()._failed(context, text, width))


def _fill(lines: Lines, width: int, height: int) -> Lines:
    """Return `lines` as exactly `height` lines, each exactly as wide."""
    blank: Lines = ((),) * (height - len(lines))
    return tuple(fit(line, width) for line in (*lines[:height], *blank))


def _row_ranges(rows: list[int]) -> list[tuple[int, int]]:
    """Return ascending rows as (first row, number of rows): [1, 2, 5] → [(1, 2), (5, 1)]."""
    ranges: list[tuple[int, int]] = []
    for row in rows:
        if ranges and row == sum(ranges[-1]):
            ranges[-1] = (ranges[-1][0], ranges[-1][1] + 1)
        else:
            ranges.append((row, 1))
    return ranges
