"""What stands for the themes' colours on a terminal that has 256 of them, 16, or none.

Everything is composed in the colours of `themes`. `TerminalColours` changes them, last of all, by
the tables below, which have every colour of the themes. For a mixture of two, the nearest colour
stands.

Of 16 colours the terminal's user chooses what they look like. So the ground is always painted, and
only those are used that can be read on it in all common choices: on white that is black, blue, red
and magenta. Where there are no colours, the terminal's own are kept; attributes and signs say all.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

from rich.color import Color, ColorSystem, ColorType
from rich.segment import Segment
from rich.style import Style
from textual.app import App
from textual.color import Color as TextualColor
from textual.filter import LineFilter, Monochrome

from rnn_tui.tui.colour_depth import Depth
from rnn_tui.tui.themes import DARK, FADED, HEAT_GROUNDS, LIGHT, UNIT_SHADES

BLACK, RED, GREEN, YELLOW, BLUE, MAGENTA, CYAN, WHITE = range(8)
BRIGHT = 8  # added to one of these


class Ground(NamedTuple):
    """What stands for a background.

    Attributes:
        indexed: one of 256.
        sixteen: one of 16.
        ink: the text on it where there are 16 colours; None: that of the table `INKS`.
        reverse: whether it is shown reversed where there are no colours.
    """

    indexed: int
    sixteen: int
    ink: int | None = None
    reverse: bool = False


GROUNDS: dict[str, Ground] = {
    "#14161f": Ground(234, BLACK),  # dark: ground, header and dialogs, fields or row just computed
    "#1b1e2b": Ground(235, BLACK),
    "#242838": Ground(236, BLACK),
    "#3b4261": Ground(238, BLUE, ink=BRIGHT + WHITE, reverse=True),  # selected unit
    "#3c4362": Ground(238, WHITE, ink=BLACK, reverse=True),  # selected line
    "#3d4463": Ground(238, BLUE, ink=BRIGHT + WHITE),  # field with the focus
    "#343b58": Ground(236, BLUE, ink=BRIGHT + WHITE),  # operand
    "#4a1f2e": Ground(52, RED, ink=BRIGHT + WHITE, reverse=True),  # first wrong value
    "#a9b1d0": Ground(146, BRIGHT + CYAN, ink=BLACK, reverse=True),  # selected in a field
    "#f2cf63": Ground(221, BRIGHT + YELLOW, ink=BLACK, reverse=True),  # cursor
    "#2f3550": Ground(237, BLACK),  # truth
    "#fbfaf7": Ground(231, BRIGHT + WHITE),  # light, in the same order
    "#f1efe9": Ground(255, BRIGHT + WHITE),
    "#e6e3da": Ground(254, BRIGHT + WHITE),
    "#c9c4b6": Ground(252, CYAN, ink=BLACK, reverse=True),
    "#c8c3b5": Ground(252, BLACK, ink=BRIGHT + WHITE, reverse=True),
    "#cac5b7": Ground(252, CYAN, ink=BLACK),
    "#d5dcf0": Ground(189, CYAN, ink=BLACK),
    "#f8d9de": Ground(224, RED, ink=BRIGHT + WHITE, reverse=True),
    "#4a4f5c": Ground(239, BLUE, ink=BRIGHT + WHITE, reverse=True),
    "#7a5c00": Ground(94, MAGENTA, ink=BRIGHT + WHITE, reverse=True),
    "#dcd8c8": Ground(253, BRIGHT + WHITE),
}
_HEAT = {  # of 256; of 16 there are none, and what is on them says all
    DARK.name: {
        "positive": (236, 52, 88, 94),
        "negative": (236, 17, 24, 25),
        "gradient": (236, 53, 54, 55),
        "gate": (235, 236, 237, 238),
    },
    LIGHT.name: {
        "positive": (255, 230, 223, 216),
        "negative": (255, 189, 153, 117),
        "gradient": (225, 219, 183, 182),
        "gate": (255, 254, 253, 252),
    },
}
GROUNDS |= {
    colour: Ground(number, BLACK if theme == DARK.name else BRIGHT + WHITE)
    for theme, hues in HEAT_GROUNDS.items()
    for hue, colours in hues.items()
    for colour, number in zip(colours, _HEAT[theme][hue], strict=True)
}
_UNITS = {  # likewise, and as ink, too
    DARK.name: (117, 74, 67, 24, 237, 94, 137, 173, 215),
    LIGHT.name: (24, 67, 110, 153, 254, 223, 180, 173, 130),
}
GROUNDS |= {  # of a pill that says something is wrong
    "#ff8a9d": Ground(204, BRIGHT + RED, ink=BLACK, reverse=True),
    "#8a0a2e": Ground(125, RED, ink=BRIGHT + WHITE, reverse=True),
}
INKS: dict[str, tuple[int, int]] = {  # of 256, of 16
    "#d5d9e6": (253, BRIGHT + WHITE),  # dark: text
    "#ffffff": (231, BRIGHT + WHITE),
    "#a9b1d0": (146, WHITE),
    "#9198b0": (247, WHITE),
    "#8a91aa": (246, WHITE),
    "#a6adc4": (249, WHITE),
    "#9299b3": (247, WHITE),
    "#666a7c": (243, BRIGHT + BLUE),
    "#737b97": (103, BRIGHT + BLUE),
    "#6c7390": (243, BRIGHT + BLUE),
    "#6d7391": (243, BRIGHT + BLUE),
    "#f2cf63": (221, BRIGHT + WHITE),
    "#ff9e64": (215, BRIGHT + YELLOW),
    "#7dcfff": (117, CYAN),
    "#bb92ff": (141, WHITE),
    "#4fd1bd": (79, BRIGHT + CYAN),
    "#9ece6a": (149, GREEN),
    "#ff8a9d": (211, BRIGHT + RED),
    "#14161f": (234, BLACK),
    "#1f2430": (235, BLACK),  # light
    "#000000": (16, BLACK),
    "#4a4f5c": (239, BLACK),
    "#5d5b52": (240, BLACK),
    "#605e55": (241, BLACK),
    "#6d7280": (242, BLACK),
    "#8c8877": (245, BRIGHT + BLACK),
    "#7b776a": (243, BRIGHT + BLACK),
    "#8a8675": (245, BRIGHT + BLACK),
    "#8b8776": (245, BRIGHT + BLACK),
    "#7a5c00": (58, BLACK),
    "#9c4100": (124, RED),
    "#085a84": (24, BLUE),
    "#6f35a3": (91, BLACK),
    "#08685c": (23, BLUE),
    "#2f6b14": (22, BLACK),
    "#8a0a2e": (89, RED),
    "#fbfaf7": (231, BRIGHT + WHITE),
}
INKS |= {
    colour: (number, WHITE if theme == DARK.name else BLACK)
    for theme, colours in UNIT_SHADES.items()
    for colour, number in zip(colours, _UNITS[theme], strict=True)
    if colour not in INKS
}
GROUNDS |= {
    colour: Ground(INKS[colour][0], BLACK if theme == DARK.name else BRIGHT + WHITE)
    for theme, colours in UNIT_SHADES.items()
    for colour in colours
}
ADAPTED = (ColorType.STANDARD, ColorType.EIGHT_BIT)  # kinds of the terminal's colours
NOT_BOLD = Style(bold=False)  # many terminals show bold text in the bright colour: black as grey
UNCOLOURED = Style(color="default", bgcolor="default")
CUBE = (0, 95, 135, 175, 215, 255)  # levels of red, green and blue in the 256 colours, from 16
GREYS = range(8, 239, 10)  # levels of the greys in them, from 232


class TerminalColours(LineFilter):
    """Changes the themes' colours to those of a terminal with fewer."""

    def __init__(self, depth: Depth) -> None:
        """Make the palette of `depth`; with truecolor there is nothing to change."""
        super().__init__(enabled=depth < Depth.TRUECOLOR)
        self.depth = depth

    def apply(self, segments: list[Segment], background: TextualColor) -> list[Segment]:
        """Return `segments` in the terminal's colours."""
        ground = background.rich_color
        return [
            Segment(text, style and styled(style, ground, self.depth), control)
            for text, style, control in segments
        ]


def set_depth(app: App[Any], depth: Depth) -> None:
    """Show `app` in so many colours from now on; it may be running."""
    # The palette leaves nothing to change for Textual, which would take the nearest colours.
    app.console._color_system = ColorSystem.TRUECOLOR
    others = [each for each in app._filters if not isinstance(each, Monochrome | TerminalColours)]
    app._filters = [*others, TerminalColours(depth)]
    app.no_color = depth is Depth.NONE
    for screen in app.screen_stack:
        for widget in screen.walk_children(with_self=True):
            widget.notify_style_update()
            widget.refresh()


def shows_grounds(app: App[Any]) -> bool:
    """Return whether `app` has so many colours that the ground of truth is seen, and ink on it."""
    depths = [each.depth for each in app._filters if isinstance(each, TerminalColours)]
    return min(depths, default=Depth.TRUECOLOR) >= Depth.INDEXED


@lru_cache(1024)
def styled(style: Style, background: Color, depth: Depth) -> Style:
    """Return `style` in the colours of `depth`.

    Args:
        style: in colours of the themes.
        background: what it is on where it has none of its own.
        depth: less than truecolor.
    """
    if any(
        colour is not None and colour.type in ADAPTED for colour in (style.color, style.bgcolor)
    ):
        return style  # what lies below a dialog comes here again
    ground, sixteen = _ground(style.bgcolor or background), depth is Depth.SIXTEEN
    if depth is Depth.NONE:
        stands_out = style.bgcolor is not None and ground.reverse
        faded = style.color is not None and style.color.name in FADED.values()
        return style + UNCOLOURED + _attributes(reverse=stands_out, dim=faded)
    foreground = behind = None
    if style.bgcolor is not None:
        behind = Color.from_ansi(ground.sixteen if sixteen else ground.indexed)
    if style.color is not None:
        indexed, number = _ink(style.color, ground)
        if not sixteen:
            number = indexed
        elif ground.ink is not None and not style.reverse:
            number = ground.ink
        foreground = Color.from_ansi(number)
        if sixteen and number < BRIGHT and ground.sixteen != BLACK:
            style += NOT_BOLD
    return style + Style.from_color(foreground, behind)


def _attributes(*, reverse: bool, dim: bool) -> Style:
    """Return the attributes that stand for colours where there are none."""
    return Style(reverse=reverse or None, dim=dim or None)


def _ground(colour: Color) -> Ground:
    """Return what stands for a background; for a mixture, the nearest, or the darker or lighter."""
    rgb = colour.get_truecolor()
    known = GROUNDS.get(rgb.hex)
    if known is not None:
        return known
    return Ground(nearest(*rgb), BLACK if sum(rgb) < 384 else BRIGHT + WHITE)


def _ink(colour: Color, ground: Ground) -> tuple[int, int]:
    """Return what stands for the colour of text, of 256 and of 16; for a mixture, some grey."""
    rgb = colour.get_truecolor(foreground=True)
    known = INKS.get(rgb.hex)
    return known or (nearest(*rgb), WHITE if ground.sixteen == BLACK else BRIGHT + BLACK)


def nearest(red: int, green: int, blue: int) -> int:
    """Return the nearest of the 256 colours, of the cube or of the greys."""
    places = [min(range(6), key=lambda k: abs(CUBE[k] - value)) for value in (red, green, blue)]
    mean = (red + green + blue) // 3
    grey = min(range(len(GREYS)), key=lambda k: abs(GREYS[k] - mean))

    def distance(levels: list[int]) -> int:
        """Return the squared distance between colours."""
        return sum((a - b) ** 2 for a, b in zip(levels, (red, green, blue), strict=True))

    if distance([GREYS[grey]] * 3) < distance([CUBE[place] for place in places]):
        return 232 + grey
    return 16 + 36 * places[0] + 6 * places[1] + places[2]
