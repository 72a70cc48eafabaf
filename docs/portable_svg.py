"""Make Textual's SVG screenshots look the same everywhere.

Textual gives a run of text one position and relies on a font from the network to have the width of
a cell. Here every character has a position of its own, and lines, blocks and braille are drawn as
shapes, so that columns align in any viewer and with any monospaced font.
"""

import html
import re
from collections.abc import Callable, Iterable

from rich.cells import cell_len

# The geometry of Rich's SVG export.
WIDTH, HEIGHT = 12.2, 24.4
BASELINE = 20.0
TOP = 1.5
THIN, THICK = 1.4, 3.0
# Neighbouring shapes overlap by this much; else a thin line of background shows between them.
OVERLAP = 0.15

FONTS = '"DejaVu Sans Mono", Menlo, Consolas, "Liberation Mono", monospace'

ARMS = {
    "─": "lr", "│": "ud", "┌": "rd", "┐": "ld", "└": "ru", "┘": "lu", "├": "udr", "┤": "udl",
    "┬": "lrd", "┴": "lru", "┼": "lrud", "╴": "l", "╵": "u", "╶": "r", "╷": "d",
}  # fmt: skip
HEAVY = dict(zip("━┃┏┓┗┛┣┫┳┻╋╸╹╺╻", ARMS.values(), strict=True))
ARCS = {"╭": (1, 1), "╮": (-1, 1), "╯": (-1, -1), "╰": (1, -1)}
SHADES = {"░": 0.25, "▒": 0.5, "▓": 0.75}
# Parts of a cell as left, top, right, bottom in eighths.
BLOCKS: dict[str, list[tuple[int, int, int, int]]] = {
    "▀": [(0, 0, 8, 4)],
    "▐": [(4, 0, 8, 8)],
    "▔": [(0, 0, 8, 1)],
    "▕": [(7, 0, 8, 8)],
    **{char: [(0, 7 - n, 8, 8)] for n, char in enumerate("▁▂▃▄▅▆▇█")},
    **{char: [(0, 0, 7 - n, 8)] for n, char in enumerate("▉▊▋▌▍▎▏")},
    **{char: [(0, 0, 8, 8)] for char in SHADES},
}
QUADRANTS = [(0, 0, 4, 4), (4, 0, 8, 4), (0, 4, 4, 8), (4, 4, 8, 8)]
for _char, _parts in zip("▖▗▘▙▚▛▜▝▞▟", (4, 8, 1, 13, 9, 7, 11, 2, 6, 14), strict=True):
    BLOCKS[_char] = [part for bit, part in enumerate(QUADRANTS) if _parts >> bit & 1]
BRAILLE = range(0x2800, 0x2900)
DOTS = [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3)]

TEXT = re.compile(
    r'<text class="(?P<class>[^"]*-r\d+)" x="(?P<x>[\d.]+)" y="(?P<y>[\d.]+)"[^>]*>'
    r"(?P<text>.*?)</text>",
    re.DOTALL,
)
# The window around the terminal: colours of Rich, and those for a light screen.
DARK_FRAME = {"fill": "#292929", "ink": "#c5c8c6"}
LIGHT_FRAME = {"fill": "#d4d4d4", "ink": "#333333"}


def portable(svg: str, name: str, dark: bool = True) -> str:
    """Return the picture without remote fonts, with a fixed id and a position for every cell.

    Args:
        svg: the screenshot as Textual exports it.
        name: the id of the picture.
        dark: whether the theme is dark; the frame follows it.
    """
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r"terminal-\d+", re.sub(r"\W", "-", name), svg)
    svg = re.sub(r'<clipPath id="[^"]*-line-\d+">.*?</clipPath>\s*', "", svg, flags=re.DOTALL)
    svg = svg.replace("Fira Code, monospace", FONTS)
    svg = svg.replace("font-family: arial", "font-family: sans-serif")
    if not dark:
        svg = _lighten_frame(svg)
    return TEXT.sub(_draw_run, svg)


def _lighten_frame(svg: str) -> str:
    """Lighten the frame, which comes before the screen; the screen may use the same colours."""
    frame, mark, screen = svg.partition("clip-path=")
    for part, colour in DARK_FRAME.items():
        frame = frame.replace(f'fill="{colour}"', f'fill="{LIGHT_FRAME[part]}"')
    return frame + mark + screen


def _draw_run(run: re.Match[str]) -> str:
    """Return one run of equal style: its letters one by one, its graphics as shapes."""
    baseline = float(run["y"])
    cells = list(_cells(float(run["x"]), html.unescape(run["text"])))
    top = baseline - BASELINE + TOP
    shapes = "".join(_draw_shape(char, x, top) for x, char in cells if is_shape(char))
    letters = "".join(
        f'<tspan x="{_number(x)}">{html.escape(char)}</tspan>'
        for x, char in cells
        if not (is_shape(char) or char.isspace())
    )
    words = f'<text y="{_number(baseline)}">{letters}</text>' if letters else ""
    return f'<g class="{run["class"]}">{shapes}{words}</g>\n' if shapes or words else ""


def _cells(left: float, text: str) -> Iterable[tuple[float, str]]:
    """Yield each character, with those that combine with it, and the left edge of its cell."""
    for cluster in re.findall(r".[\u0300-\u036f\u200d\ufe0f]*", text, re.DOTALL):
        yield left, cluster
        left += WIDTH * max(1, cell_len(cluster))


def is_shape(char: str) -> bool:
    """Return whether a character is drawn as a shape instead of by a font."""
    return (
        char in ARMS or char in HEAVY or char in ARCS or char in BLOCKS
        or (len(char) == 1 and ord(char) in BRAILLE)
    )  # fmt: skip


def _draw_shape(char: str, x: float, y: float) -> str:
    """Return the path of a character whose cell has its upper left corner at (x, y)."""
    if char in BLOCKS:
        return _draw_block(char, x, y)
    draw: Callable[[str, float, float], str] = _braille if ord(char) in BRAILLE else _lines
    return f'<path d="{draw(char, x, y)}"/>'


def _draw_block(char: str, x: float, y: float) -> str:
    """Return a block element, with opacity if it is a shade."""
    w, h = WIDTH / 8, HEIGHT / 8
    path = "".join(
        _rectangle(x + a * w, y + b * h, x + c * w, y + d * h) for a, b, c, d in BLOCKS[char]
    )
    opacity = f' fill-opacity="{SHADES[char]}"' if char in SHADES else ""
    return f'<path shape-rendering="crispEdges"{opacity} d="{path}"/>'


def _braille(char: str, x: float, y: float) -> str:
    """Return a square for each dot of a braille character."""
    size = WIDTH / 4
    centres = [
        (x + WIDTH * (1 + 2 * column) / 4, y + HEIGHT * (1 + 2 * row) / 8)
        for bit, (column, row) in enumerate(DOTS)
        if (ord(char) - BRAILLE.start) >> bit & 1
    ]
    return "".join(
        _rectangle(a - size / 2, b - size / 2, a + size / 2, b + size / 2) for a, b in centres
    )


def _lines(char: str, x: float, y: float) -> str:
    """Return lines from the middle of the cell to its edges, or a round corner for an arc."""
    if char in ARCS:
        return _arc(*ARCS[char], x, y)
    half = (THICK if char in HEAVY else THIN) / 2
    mid_x, mid_y = x + WIDTH / 2, y + HEIGHT / 2
    right, bottom = x + WIDTH + OVERLAP, y + HEIGHT + OVERLAP
    arms = {
        "l": (x - OVERLAP, mid_y - half, mid_x + half, mid_y + half),
        "r": (mid_x - half, mid_y - half, right, mid_y + half),
        "u": (mid_x - half, y - OVERLAP, mid_x + half, mid_y + half),
        "d": (mid_x - half, mid_y - half, mid_x + half, bottom),
    }
    return "".join(_rectangle(*arms[arm]) for arm in (ARMS | HEAVY)[char])


def _arc(across: int, along: int, x: float, y: float) -> str:
    """Return a quarter ring to the side edge, and a stem from it to the upper or lower edge."""
    half, radius = THIN / 2, WIDTH / 2
    mid_x, mid_y = x + WIDTH / 2, y + HEIGHT / 2
    end_x, end_y = mid_x + across * radius, mid_y + along * radius
    outer, inner = _number(radius + half), _number(radius - half)
    sweep = int(across == along)
    ring = (
        f"M{_number(mid_x - across * half)} {_number(end_y)}"
        f"A{outer} {outer} 0 0 {sweep} {_number(end_x)} {_number(mid_y - along * half)}"
        f"V{_number(mid_y + along * half)}"
        f"A{inner} {inner} 0 0 {1 - sweep} {_number(mid_x + across * half)} {_number(end_y)}Z"
    )
    edge = y + HEIGHT + OVERLAP if along > 0 else y - OVERLAP
    return ring + _rectangle(mid_x - half, min(end_y, edge), mid_x + half, max(end_y, edge))


def _rectangle(left: float, top: float, right: float, bottom: float) -> str:
    """Return the path of a rectangle."""
    return f"M{_number(left)} {_number(top)}H{_number(right)}V{_number(bottom)}H{_number(left)}Z"


def _number(value: float) -> str:
    """Return `value` with at most two decimals."""
    return f"{value:.2f}".rstrip("0").rstrip(".")
