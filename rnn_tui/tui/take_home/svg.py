"""Figures as SVG that looks the same everywhere: on the screen, in print, in any viewer.

Every character has a position of its own, and lines, blocks and braille are drawn as shapes, so
that columns align with any monospaced font. Nothing is read from a network, and colours stand at
the elements themselves, as some viewers know no style sheets.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from html import escape
from itertools import groupby

from rich.color import Color, blend_rgb
from rich.color_triplet import ColorTriplet
from rich.style import Style
from rich.terminal_theme import TerminalTheme

from rnn_tui.tui.lines import text_width
from rnn_tui.tui.take_home.figure import Figure, Piece
from rnn_tui.tui.take_home.svg_shapes import (
    BLOCKS,
    HEIGHT,
    OVERLAP,
    SHADES,
    THIN,
    WIDTH,
    is_shape,
    path_of,
    rectangle,
    short,
)

SIZE = 20.0  # of the font
BASELINE = 18.5  # from the top of a cell
MARGIN_X, MARGIN_Y = WIDTH, HEIGHT / 2
FONTS = "'DejaVu Sans Mono', Menlo, Consolas, 'Liberation Mono', monospace"
FAINT = 0.5  # of the ink is left in text that a style calls dim
CLUSTER = re.compile(r".[\u0300-\u036f\u200d\ufe0f]*", re.DOTALL)


def svg_text(figure: Figure, ansi: TerminalTheme | None = None, *, caption: bool = False) -> str:
    """Return a figure as SVG.

    Args:
        figure: the figure.
        ansi: what the 16 colours look like, where the figure has any of them.
        caption: whether its title stands above it.
    """
    top = MARGIN_Y + HEIGHT * caption
    width = figure.width * WIDTH + 2 * MARGIN_X
    height = figure.height * HEIGHT + top + MARGIN_Y
    title = _attribute(figure.title)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {short(width)} {short(height)}" '
        f'width="{short(width)}" height="{short(height)}" role="img" aria-label="{title}">\n'
        f"<title>{title}</title>\n"
        f'<path fill="{figure.ground}" d="{rectangle(0, 0, width, height)}"/>\n'
        f'<g font-family="{FONTS}" font-size="{short(SIZE)}" xml:space="preserve">\n'
    )
    rows = [
        _row(_painted(row, figure, ansi), top + y * HEIGHT) for y, row in enumerate(figure.rows)
    ]
    if caption:
        plain = (figure.ink, "", False, False, False, False)
        rows.insert(0, _piece(figure.title, plain, MARGIN_X, MARGIN_Y / 2))
    return f"{head}{''.join(rows)}</g>\n</svg>\n"


_Look = tuple[str, str, bool, bool, bool, bool]  # ink, ground or "", bold, italic, under, through


def _painted(
    row: Iterable[Piece], figure: Figure, ansi: TerminalTheme | None
) -> Iterator[tuple[str, _Look]]:
    """Yield the pieces of a row with what they look like; neighbours that look alike are one."""
    pieces = [(text, _look(style, figure, ansi)) for text, style in row]
    for look, alike in groupby(pieces, key=lambda piece: piece[1]):
        yield "".join(text for text, _ in alike), look


def _look(style: Style, figure: Figure, ansi: TerminalTheme | None) -> _Look:
    """Return what a style looks like on the figure's ground."""
    ink = _colour(style.color, figure.ink, ansi)
    ground = _colour(style.bgcolor, figure.ground, ansi)
    if style.reverse:
        ink, ground = ground, ink
    if style.dim:
        mixed = blend_rgb(_triplet(ground), _triplet(ink), FAINT)
        ink = mixed.hex
    shown = ground if ground.lower() != figure.ground.lower() else ""
    flags = (style.bold, style.italic, style.underline, style.strike)
    return (ink, shown, *map(bool, flags))  # type: ignore[return-value]  # four of them


def _colour(colour: Color | None, default: str, ansi: TerminalTheme | None) -> str:
    """Return a colour as "#rrggbb"."""
    if colour is None or colour.is_default:
        return default
    return colour.get_truecolor(ansi).hex


def _triplet(colour: str) -> ColorTriplet:
    """Return the parts of a colour that is written "#rrggbb"."""
    return ColorTriplet(int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16))


def _row(pieces: Iterable[tuple[str, _Look]], top: float) -> str:
    """Return one row: the grounds first, so that nothing covers what stands beside it."""
    grounds, marks = [], []
    x = MARGIN_X
    for text, look in pieces:
        right = x + WIDTH * text_width(text)
        if look[1]:
            box = rectangle(x, top, right, top + HEIGHT + OVERLAP)
            crisp = 'shape-rendering="crispEdges"'
            grounds.append(f'<path {crisp} fill="{look[1]}" d="{box}"/>\n')
        marks.append(_piece(text, look, x, top))
        x = right
    return "".join((*grounds, *marks))


def _piece(text: str, look: _Look, left: float, top: float) -> str:
    """Return one piece: its letters one by one, its graphics as shapes."""
    ink, _, bold, italic, under, through = look
    paths: dict[str, list[str]] = {}
    letters: list[str] = []
    x = left
    for char in CLUSTER.findall(text):
        if is_shape(char):
            paths.setdefault(_rendering(char), []).append(path_of(char, x, top))
        elif not char.isspace():
            letters.append(f'<tspan x="{short(x)}">{_attribute(char)}</tspan>')
        x += WIDTH * max(text_width(char), 0)
    rules = [offset for offset, there in ((BASELINE + 2.5, under), (HEIGHT / 2, through)) if there]
    for offset in rules:
        line = rectangle(left, top + offset, x, top + offset + THIN)
        paths.setdefault("", []).append(line)
    parts = [f'<path{how} d="{"".join(found)}"/>' for how, found in paths.items()]
    if letters:
        weight = ' font-weight="bold"' * bold + ' font-style="italic"' * italic
        parts.append(f'<text y="{short(top + BASELINE)}"{weight}>{"".join(letters)}</text>')
    return f'<g fill="{ink}">{"".join(parts)}</g>\n' if parts else ""


def _rendering(char: str) -> str:
    """Return the attributes of a shape: blocks have sharp edges, shades let the ground through."""
    if char not in BLOCKS:
        return ""
    share = f' fill-opacity="{SHADES[char]:g}"' if char in SHADES else ""
    return f' shape-rendering="crispEdges"{share}'


def _attribute(text: str) -> str:
    """Return text as XML, in which control characters have no place."""
    return escape("".join(char if char.isprintable() else " " for char in text))
