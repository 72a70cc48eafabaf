"""A figure: rows of styled text, as a panel or the whole screen shows them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

from rich.segment import Segment
from rich.style import Style
from textual._compositor import LayoutUpdate
from textual.app import App
from textual.geometry import Region
from textual.strip import Strip

from rnn_tui.tui.lines import Line, Lines, cell_width, merge
from rnn_tui.tui.themes import THEMES, style_of

Piece = tuple[str, Style]


@dataclass(frozen=True, slots=True)
class Figure:
    """What is drawn, cell by cell.

    Attributes:
        title: what it shows, in a line.
        width: in cells.
        rows: from the top, each of pieces from the left; together they are `width` cells.
        ink: the colour of text that has none of its own, as "#rrggbb".
        ground: that of the ground likewise.
    """

    title: str
    width: int
    rows: tuple[tuple[Piece, ...], ...]
    ink: str
    ground: str

    @property
    def height(self) -> int:
        """The number of rows."""
        return len(self.rows)

    @property
    def text(self) -> str:
        """The rows as plain text, without blanks at their ends."""
        lines = ("".join(text for text, _ in row).rstrip() for row in self.rows)
        return "\n".join(lines).rstrip("\n") + "\n"


@dataclass(frozen=True, slots=True)
class PlacedLines:
    """Lines at a place of the screen.

    Attributes:
        region: the place.
        lines: as many as it has rows, each as wide as it is.
        surface: whether they stand on a ground of their own, as header and footer do.
    """

    region: Region
    lines: Lines
    surface: bool = False


def figure_of_lines(title: str, width: int, lines: Lines, theme: str) -> Figure:
    """Return the figure of lines that are `width` cells wide, in one of `THEMES`."""
    region = Region(0, 0, width, len(lines))
    return figure_of_parts(title, (width, len(lines)), [PlacedLines(region, lines)], theme)


def figure_of_parts(
    title: str, size: tuple[int, int], parts: Iterable[PlacedLines], theme: str
) -> Figure:
    """Return the figure of lines that stand beside and below each other.

    Args:
        title: what it shows.
        size: columns and rows.
        parts: what stands where; they do not overlap.
        theme: one of `THEMES`.
    """
    width, height = size
    colours = THEMES[theme]
    style = partial(style_of, theme=colours.name)
    rows: list[dict[int, tuple[Line, Style]]] = [{} for _ in range(height)]
    for part in parts:
        ground = Style(bgcolor=colours.surface) if part.surface else Style.null()
        for y, line in enumerate(part.lines, part.region.y):
            if y < height:
                rows[y][part.region.x] = line, ground
    drawn = tuple(tuple(_joined(row, width, style)) for row in rows)
    return Figure(title, width, drawn, str(colours.foreground), str(colours.background))


def _joined(
    row: dict[int, tuple[Line, Style]], width: int, style: partial[Style]
) -> Iterable[Piece]:
    """Yield the pieces of one row, with blanks between those that stand apart."""
    x = 0
    for place, (line, ground) in sorted(row.items()):
        if place > x:
            yield " " * (place - x), Style.null()
        for text, role in merge(line):
            yield text, ground + style(role)
        x = place + cell_width(line)
    if x < width:
        yield " " * (width - x), Style.null()


def figure_of_app(app: App[Any], title: str) -> Figure:
    """Return the figure of all that an application shows, its dialogs included."""
    compositor, below = app.screen._compositor, app._background_screens
    update = compositor.render_update(full=True, screen_stack=below, simplify=True)
    assert isinstance(update, LayoutUpdate)
    strips = [Strip.join(row) for row in update.strips]
    theme = app.current_theme
    ink, ground = str(theme.foreground), str(theme.background)
    return figure_of_strips(title, app.size.width, strips, ink, ground)


def figure_of_strips(
    title: str, width: int, strips: Iterable[Iterable[Segment]], ink: str, ground: str
) -> Figure:
    """Return the figure of what widgets have rendered, dialogs among them."""
    rows = tuple(
        tuple((each.text, each.style or Style.null()) for each in strip if each.text)
        for strip in strips
    )
    return Figure(title, width, rows, ink, ground)
