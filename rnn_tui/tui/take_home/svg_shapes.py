"""Lines, blocks and braille as paths, which look the same in any viewer and with any font."""

from __future__ import annotations

from collections.abc import Callable

# The geometry of a cell; other units give the same picture.
WIDTH, HEIGHT = 12.2, 24.4
THIN, THICK = 1.4, 3.0
# Neighbouring shapes overlap by this much; else a thin line of background shows between them.
OVERLAP = 0.15

ARMS = {
    "─": "lr", "│": "ud", "┌": "rd", "┐": "ld", "└": "ru", "┘": "lu", "├": "udr", "┤": "udl",
    "┬": "lrd", "┴": "lru", "┼": "lrud", "╴": "l", "╵": "u", "╶": "r", "╷": "d",
}  # fmt: skip
HEAVY = dict(zip("━┃┏┓┗┛┣┫┳┻╋╸╹╺╻", ARMS.values(), strict=True))
ARCS = {"╭": (1, 1), "╮": (-1, 1), "╯": (-1, -1), "╰": (1, -1)}
# Lines with gaps: the direction, the number of dashes in a cell, and whether they are heavy.
DASHED = {
    "╌": ("h", 2, False), "╍": ("h", 2, True), "┄": ("h", 3, False), "┅": ("h", 3, True),
    "┈": ("h", 4, False), "┉": ("h", 4, True), "╎": ("v", 2, False), "╏": ("v", 2, True),
    "┆": ("v", 3, False), "┇": ("v", 3, True), "┊": ("v", 4, False), "┋": ("v", 4, True),
}  # fmt: skip
DOUBLE = {"═": "h", "║": "v"}
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


def is_shape(char: str) -> bool:
    """Return whether a character is drawn as a shape instead of by a font."""
    return (
        char in ARMS or char in HEAVY or char in ARCS or char in DASHED or char in BLOCKS
        or char in DOUBLE or (len(char) == 1 and ord(char) in BRAILLE)
    )  # fmt: skip


def path_of(char: str, x: float, y: float) -> str:
    """Return the path of a shape whose cell has its upper left corner at (x, y)."""
    draw: Callable[[str, float, float], str] = _lines
    if char in BLOCKS:
        draw = _block
    elif char in DOUBLE:
        draw = _double
    elif char in DASHED:
        draw = _dashes
    elif ord(char) in BRAILLE:
        draw = _braille
    return draw(char, x, y)


def _block(char: str, x: float, y: float) -> str:
    """Return a block element."""
    w, h = WIDTH / 8, HEIGHT / 8
    return "".join(
        rectangle(x + a * w, y + b * h, x + c * w, y + d * h) for a, b, c, d in BLOCKS[char]
    )


def _braille(char: str, x: float, y: float) -> str:
    """Return a square for each dot of a braille character."""
    size = WIDTH / 4
    centres = [
        (x + WIDTH * (1 + 2 * column) / 4, y + HEIGHT * (1 + 2 * row) / 8)
        for bit, (column, row) in enumerate(DOTS)
        if (ord(char) - BRAILLE.start) >> bit & 1
    ]
    return "".join(
        rectangle(a - size / 2, b - size / 2, a + size / 2, b + size / 2) for a, b in centres
    )


def _double(char: str, x: float, y: float) -> str:
    """Return two lines through the cell."""
    paths = []
    for side in (-1, 1):
        if DOUBLE[char] == "h":
            mid = y + HEIGHT / 2 + 2 * side * THIN
            paths.append(
                rectangle(x - OVERLAP, mid - THIN / 2, x + WIDTH + OVERLAP, mid + THIN / 2)
            )
        else:
            mid = x + WIDTH / 2 + 2 * side * THIN
            stop = y + HEIGHT + OVERLAP
            paths.append(rectangle(mid - THIN / 2, y - OVERLAP, mid + THIN / 2, stop))
    return "".join(paths)


def _dashes(char: str, x: float, y: float) -> str:
    """Return dashes through the middle of the cell, half a gap from its edges."""
    direction, count, heavy = DASHED[char]
    half = (THICK if heavy else THIN) / 2
    length = (WIDTH if direction == "h" else HEIGHT) / count
    parts = []
    for n in range(count):
        start, stop = (n + 0.2) * length, (n + 0.8) * length
        if direction == "h":
            mid = y + HEIGHT / 2
            parts.append(rectangle(x + start, mid - half, x + stop, mid + half))
        else:
            mid = x + WIDTH / 2
            parts.append(rectangle(mid - half, y + start, mid + half, y + stop))
    return "".join(parts)


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
    return "".join(rectangle(*arms[arm]) for arm in (ARMS | HEAVY)[char])


def _arc(across: int, along: int, x: float, y: float) -> str:
    """Return a quarter ring to the side edge, and a stem from it to the upper or lower edge."""
    half, radius = THIN / 2, WIDTH / 2
    mid_x, mid_y = x + WIDTH / 2, y + HEIGHT / 2
    end_x, end_y = mid_x + across * radius, mid_y + along * radius
    outer, inner = short(radius + half), short(radius - half)
    sweep = int(across == along)
    ring = (
        f"M{short(mid_x - across * half)} {short(end_y)}"
        f"A{outer} {outer} 0 0 {sweep} {short(end_x)} {short(mid_y - along * half)}"
        f"V{short(mid_y + along * half)}"
        f"A{inner} {inner} 0 0 {1 - sweep} {short(mid_x + across * half)} {short(end_y)}Z"
    )
    edge = y + HEIGHT + OVERLAP if along > 0 else y - OVERLAP
    return ring + rectangle(mid_x - half, min(end_y, edge), mid_x + half, max(end_y, edge))


def rectangle(left: float, top: float, right: float, bottom: float) -> str:
    """Return the path of a rectangle."""
    return f"M{short(left)} {short(top)}H{short(right)}V{short(bottom)}H{short(left)}Z"


def short(value: float) -> str:
    """Return `value` with at most two decimals."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
