"""The base of all panels: lines out of a scene, and only lines that changed are drawn again."""

from __future__ import annotations

from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widget import Widget

from rnn_tui.tui.lines import Line, Lines, cell_width, fit, merge, text_width
from rnn_tui.tui.panel_spec import Draw, Title, panel_spec
from rnn_tui.tui.themes import style_of
from rnn_tui.tui.view import Scene


class LinesWidget(Widget):
    """A widget that is nothing but lines, drawn by a pure function of scene, width and height."""

    def __init__(self, draw: Draw, name: str) -> None:
        super().__init__(id=name)
        self._draw = draw
        self._scene: Scene | None = None
        self._lines: Lines = ()
        self._room = Size()  # that the lines were drawn for
        self._strips: dict[int, Strip] = {}  # of the lines, as they were rendered
        self._styles: dict[str, Style] = {}  # of the roles met since the theme last changed
        self._ground: tuple[Style, Color] | None = None  # plain text's style, and the background

    def show(self, scene: Scene) -> None:
        """Draw `scene`; only lines that differ from what stands there are sent."""
        self._scene = scene
        if not self.display or not self.size:
            return
        lines = self._draw_all()
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
            self.refresh(*(Region(0, first, width, n) for first, n in _stretches(changed)))

    def prepare(self, scene: Scene) -> None:
        """Draw `scene` as soon as the room for it is known."""
        self._scene = scene

    def _draw_all(self) -> Lines:
        """Exactly as many lines as there is room for, each exactly as wide."""
        width, height = self.size
        if self._scene is None or not width or not height:
            return ()
        lines = self._draw(self._scene, width, height)[:height]
        blank: Lines = ((),) * (height - len(lines))
        return tuple(fit(line, width) for line in lines + blank)

    def on_resize(self) -> None:
        """The room has changed: everything is drawn anew."""
        if self._room != self.size:
            self._fill()
            self.refresh()

    def _fill(self) -> None:
        """Draw for the room there is now."""
        self._room = self.size
        self._lines = self._draw_all()
        self._strips.clear()

    def notify_style_update(self) -> None:
        """The theme has changed."""
        super().notify_style_update()
        self._styles.clear()
        self._ground = None
        self._strips.clear()
        self.refresh()

    def render_lines(self, crop: Region) -> list[Strip]:
        """As Textual's, without its way through borders and padding: there are none.

        Textual may ask before it tells of a new size: at the start the first frame is whole so.
        """
        if self._room != self.size:
            self._fill()
        for y in crop.line_range:
            if y not in self._strips:
                self._strips[y] = self.render_line(y)
        strips = [self._strips[y] for y in crop.line_range]
        if crop.column_span != (0, self.size.width):
            strips = [strip.crop(*crop.column_span) for strip in strips]
        return strips

    def render_line(self, y: int) -> Strip:
        """One line as Textual wants it, in as few pieces as it has styles."""
        if y >= len(self._lines):
            return Strip.blank(self.size.width, self._style(""))
        pieces = merge(self._lines[y])
        return Strip([Segment(text, self._style(role)) for text, role in pieces], self.size.width)

    def _style(self, role: str) -> Style:
        """A role's style on this widget's ground.

        Filters, such as that of NO_COLOR, change nothing but styles, so they are applied here.
        """
        known = self._styles.get(role)
        if known is None:
            if self._ground is None:  # Textual looks for it through all ancestors
                self._ground = self.rich_style, self.background_colors[1]
            style, background = self._ground
            segments = [Segment(" ", style + style_of(role, self.app.theme))]
            for each in self.get_line_filters():
                segments = each.apply(segments, background)
            known = self._styles[role] = segments[0].style or Style.null()
        return known


class Panel(LinesWidget):
    """A titled panel: ``── timestep 7 ─────────── unit 3 of 16 ──`` and its lines below."""

    def __init__(self, draw: Draw, title: Title, name: str) -> None:
        """`title` gives what stands left and right in the rule above the lines."""
        self._title = title
        self._content = draw
        super().__init__(self._with_title, name)

    @classmethod
    def registered(cls, name: str) -> Panel:
        """Return the widget of the registered panel `name`, importing its module if need be."""
        spec = panel_spec(name)
        return cls(spec.draw, spec.title, name)

    def _with_title(self, scene: Scene, width: int, height: int) -> Lines:
        left, right = self._title(scene)
        rule = title_rule(left, right, width, scene.view.panel == self.id)
        return (rule, *self._content(scene, width, max(height - 1, 0)))


def title_rule(left: str, right: str, width: int, focused: bool) -> Line:
    """The rule above a panel. The focused one is double, so that colour is not needed.

    Of what stands right the last parts stay where there is no room for all.
    """
    dash, role = ("═", "focus") if focused else ("─", "rule")
    start: Line = (
        (dash * 2 + " ", role),
        (left, "title-focus" if focused else "title"),
        (" ", role),
    )
    room = width - cell_width(start)
    parts = right.split(" · ") if right else []
    while parts and text_width(" · ".join(parts)) + 4 > room:
        parts = parts[1:]
    end: Line = ((f" {' · '.join(parts)} ", "dim"), (dash * 2, role)) if parts else ()
    room = max(room - cell_width(end), 0)
    return (*start, (dash * room, role), *end)


def _stretches(rows: list[int]) -> list[tuple[int, int]]:
    """Neighbouring rows together: [1, 2, 5] → [(1, 2), (5, 1)]."""
    ranges: list[tuple[int, int]] = []
    for row in rows:
        if ranges and row == sum(ranges[-1]):
            ranges[-1] = (ranges[-1][0], ranges[-1][1] + 1)
        else:
            ranges.append((row, 1))
    return ranges
