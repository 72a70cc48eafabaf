"""Colours and attributes of text on the terminal: SGR, "select graphic rendition".

Codes of SGR (a sequence holds any number of them, separated by semicolons):

    0                              default style
    1 2 3 4 5 6 7 8 9 21 53        attributes on: see `ATTRIBUTE_OFF`
    22 23 24 25 27 28 29 55        attributes off
    30 … 37  90 … 97               foreground, one of 16 colours;  39 the default
    40 … 47  100 … 107             background, one of 16 colours;  49 the default
    38;5;n  48;5;n                 foreground, background: one of 256 colours
    38;2;r;g;b  48;2;r;g;b         foreground, background: red, green, blue
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache

RESET, DEFAULT_FOREGROUND, DEFAULT_BACKGROUND = 0, 39, 49
EXTENDED_FOREGROUND, EXTENDED_BACKGROUND, OF_256 = 38, 48, 5
BOLD, DIM, ITALIC, UNDERLINE, BLINK, FAST_BLINK, REVERSE, HIDDEN, STRUCK = range(1, 10)
DOUBLE_UNDERLINE, OVERLINE = 21, 53
ATTRIBUTE_OFF = {  # code that turns an attribute on → code that turns it off
    BOLD: 22,
    DIM: 22,
    ITALIC: 23,
    UNDERLINE: 24,
    BLINK: 25,
    FAST_BLINK: 25,
    REVERSE: 27,
    HIDDEN: 28,
    STRUCK: 29,
    DOUBLE_UNDERLINE: 24,
    OVERLINE: 55,
}
INVISIBLE_ON_BLANK = {BOLD, DIM, ITALIC, BLINK, FAST_BLINK, HIDDEN}

END_OF_STYLE = f"\x1b[{RESET}m"


def set_style(codes: Iterable[str]) -> str:
    """Return SGR, the sequence that sets colours and attributes."""
    return f"\x1b[{';'.join(codes)}m"


@dataclass(frozen=True, eq=False)
class TextStyle:
    """Colours and attributes of text, as SGR codes; "" is the default colour.

    Equal styles are one object, made by `style_with`, so that comparing them takes no time.

    Attributes:
        foreground: the code of the foreground.
        background: the code of the background.
        attributes: the codes of the attributes.
        of_blank: whether this is all that a blank shows of a style.
    """

    foreground: str
    background: str
    attributes: frozenset[int]
    of_blank: bool


@cache
def style_with(
    foreground: str, background: str, attributes: frozenset[int], of_blank: bool
) -> TextStyle:
    """Return the one object for this style."""
    return TextStyle(foreground, background, attributes, of_blank)


DEFAULT = style_with("", "", frozenset(), False)


@cache
def on_blank(style: TextStyle) -> TextStyle:
    """Return what a blank shows of a style."""
    if style.attributes <= INVISIBLE_ON_BLANK:
        return style_with("", style.background, frozenset(), True)
    return style_with(style.foreground, style.background, style.attributes, True)


@cache
def apply_codes(style: TextStyle, parameters: str) -> TextStyle:
    """Return the style after SGR with these parameters, such as ``1;38;5;17``."""
    foreground, background = style.foreground, style.background
    attributes = set(style.attributes)
    codes = iter(int(code or RESET) for code in parameters.split(";"))
    for code in codes:
        if code == RESET:
            foreground, background, attributes = "", "", set()
        elif code in (EXTENDED_FOREGROUND, EXTENDED_BACKGROUND):
            kind = next(codes)
            components = [next(codes) for _ in range(1 if kind == OF_256 else 3)]
            colour = ";".join(map(str, (code, kind, *components)))
            if code == EXTENDED_FOREGROUND:
                foreground = colour
            else:
                background = colour
        elif 30 <= code <= 39 or 90 <= code <= 97:
            foreground = "" if code == DEFAULT_FOREGROUND else str(code)
        elif 40 <= code <= 49 or 100 <= code <= 107:
            background = "" if code == DEFAULT_BACKGROUND else str(code)
        elif code in ATTRIBUTE_OFF:
            attributes.add(code)
        else:
            attributes -= {on for on, off in ATTRIBUTE_OFF.items() if off == code}
    return style_with(foreground, background, frozenset(attributes), False)


@lru_cache(4096)
def change_of_style(old: TextStyle | None, new: TextStyle) -> tuple[str, TextStyle]:
    """Return the shortest sequence from style `old` (None: unknown) to `new`, and the style then.

    A blank may be written in any style that looks the same on it.
    """
    if old is not None and new in (old, on_blank(old)):
        return "", old
    colours = [colour for colour in (new.foreground, new.background) if colour]
    sequences = [set_style([str(RESET), *map(str, sorted(new.attributes)), *colours])]
    if old is not None:
        off = {ATTRIBUTE_OFF[code] for code in old.attributes - new.attributes}
        kept = {code for code in old.attributes & new.attributes if ATTRIBUTE_OFF[code] not in off}
        changes = [str(code) for code in (*sorted(off), *sorted(new.attributes - kept))]
        if old.foreground != new.foreground:
            changes.append(new.foreground or str(DEFAULT_FOREGROUND))
        if old.background != new.background:
            changes.append(new.background or str(DEFAULT_BACKGROUND))
        sequences.append(set_style(changes))
    style = style_with(new.foreground, new.background, new.attributes, False)
    return min(sequences, key=len), style
