"""Text in ASCII alone, for terminals and files that have no other characters.

Every character of the screen has one of as many cells: − becomes -, ─ becomes -, ▇ becomes *. Some
have a longer text that is easier to read, such as sqrt for √; it is written where there is room for
it: what it takes is left out of the blanks, or of the rule, that follow in the same line. What the
user's own data has, and ASCII has not, is written as its number: <U+00E9>.

The dot · has three meanings, which its neighbours tell apart: a product has no blanks around it
(``a·b``; times a matrix it is @, as in Python) or stands between two factors of a sum or a table; a
separator has one blank on each side, anything else is a value that is not known yet.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Sequence
from functools import cache, lru_cache
from itertools import groupby
from typing import TypeVar

from rnn_tui.tui.lines import Line, text_width

Style = TypeVar("Style")
REMEMBERED = 256  # lines, a screen or two of them

# One cell each. Eight heights of a bar; the lowest is no blank, and none is the dot.
_LEVELS = dict(zip("▁▂▃▄▅▆▇█", "_,:-=+*#", strict=True))
_CELLS = {
    **dict(zip("⇐⇒⇑⇓⟶⟵", "<>^v><", strict=True)),
    **_LEVELS,
    **dict(zip("−–—‐‑‒", "------", strict=True)),
    **dict(zip("…⋯‹›⟨⟩←→↑↓↔", "~~<><><>^v=", strict=True)),
    **dict(zip("‘’‚“”„′″`", "'','''''`", strict=True)),
    **dict(zip("‖×÷⊙∂Δ√σΣΠᵀⁿ", "|x/*dDVsSPTn", strict=True)),
    **dict(zip("▲▴▸▾▼◂■□●○◌•↻✓✗⇧⏎␣↵⇥", "^^>vv<#o*ooo@+x^$_$>", strict=True)),
    **dict(zip("▌▐▀▎▍▏▊▋▉▕▔░▒▓", '=="|||||||-:+#', strict=True)),
    **dict(zip("▖▗▘▝▙▛▜▟▚▞", "..''####\\/", strict=True)),
    **dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-", strict=True)),
    **dict(zip("₀₁₂₃₄₅₆₇₈₉", "0123456789", strict=True)),
    "\N{NO-BREAK SPACE}": " ",
    "\N{LEFT-POINTING MAGNIFYING GLASS}": "> ",
    "\N{RIGHT-POINTING MAGNIFYING GLASS}": "> ",
}
# What is written where there is room.
_LONGER = {
    "√": "sqrt", "σ": "sigma", "Σ": "sum", "∇": "grad ", "Δ": "D", "∂": "d",
    "α": "alpha", "β": "beta", "γ": "gamma", "ε": "eps", "λ": "lambda", "μ": "mu", "µ": "mu",
    "θ": "theta", "π": "pi", "φ": "phi", "²": "^2", "³": "^3", "ᵀ": "^T", "ⁿ": "^n", "½": "1/2",
    "≤": "<=", "≥": ">=", "≠": "!=", "≈": "~=", "±": "+-", "∞": "inf", "⇧": "shift+",
    "⇐": "left", "⇒": "right", "⇑": "up", "⇓": "down", "⋯": "..", "⟶": "->", "⟵": "<-",
}  # fmt: skip
_BOX_DRAWING, _BRAILLE = range(0x2500, 0x2580), range(0x2800, 0x2900)
_FILLERS = " ─═-="  # what gives way to a longer text
_NOT_ASCII = re.compile(r"[^\x00-\x7f]+")
# Not what is not known yet: after =, or before a rule or the sample of the next curve.
_SEPARATOR = re.compile(r"(?<=[^\s·=] )·(?= [^\s·═─\u2800-\u28ff])")
_TIMES_MATRIX = re.compile(r"(?<=[^\s·])·(?=W)")
# Arrows that are keys, and what is written for each; they are one sign here until they are written.
_KEY = re.compile(r"←(?= (?:→|h\b))|(?<=← )→|→(?= l\b)|↑(?= (?:↓|k\b))|(?<=↑ )↓|↓(?= j\b)")
_KEYS = str.maketrans("←→↑↓", "⇐⇒⇑⇓")
_ARROWS = frozenset("←→↑↓")
_LONG_ARROW = re.compile(r"(?<= )[←→](?= )|(?<=[a-z])→(?=[a-z])")
_SPACED_FACTOR = r"[(]?[+−-]?[\d.]+(?:e[−-]?\d+)?[)]? +[=+−-] |[+−×x]\d"
_TIMES = re.compile(
    r"(?<= )·(?= (?:Σ|min\(|\d+ (?:samples|outputs)))"
    rf"|(?<=[\d)] )·(?= (?:{_SPACED_FACTOR}))"
)
_RANGE = re.compile(r"(?<=[\w=])…(?=\w)|(?<=[⊙*])…(?=[⊙*])|(?<= )…(?= |$)")
_POWER_OF_TEN = re.compile(r"×10([⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+)")
_LOWERED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_UNDECODED = re.compile("[\udc80-\udcff]+")
_PRODUCT = re.compile(r"(?<=[^\s·])·(?=[^\s·])")


def in_ascii(text: str) -> str:
    """Return `text` in ASCII, written out in full: it may take more cells."""
    if text.isascii():
        return text
    return part_in_ascii(text, 0, len(text))


def part_in_ascii(text: str, start: int, end: int) -> str:
    """Return a part of `text` in ASCII, written out in full."""
    part = _with_meanings(text)[start:end].replace("…", "...")
    # Of a name that Python could not decode: in a locale without UTF-8, that is UTF-8 mostly.
    part = _UNDECODED.sub(_decoded, part)
    return "".join(map(_written_out, part))


def _decoded(undecoded: re.Match[str]) -> str:
    """Return bytes that Python has kept as surrogates, decoded as UTF-8 where they are that."""
    return os.fsencode(undecoded[0]).decode("utf-8", "surrogateescape")


def cells_in_ascii(text: str) -> str:
    """Return `text`, which may hold escape sequences, in ASCII and in exactly as many cells."""
    if text.isascii():
        return text
    text = _with_meanings(text).translate(_one_for_one())
    return _NOT_ASCII.sub(lambda match: _same_cells(match[0]), text)


@lru_cache(REMEMBERED)
def line_in_ascii(line: Line, width: int) -> Line:
    """Return a line of a panel in ASCII; see `pieces_in_ascii`."""
    return tuple(pieces_in_ascii(line, width))


def pieces_in_ascii(pieces: Sequence[tuple[str, Style]], width: int) -> list[tuple[str, Style]]:
    """Return the pieces of a line, each with its style, in ASCII.

    What longer texts take is left out of the blanks and rules behind them, of which two cells stay.
    Where the line would be longer than `width` after all, it is left out of others as well, and at
    last what is longer is written short.
    """
    text = "".join(piece for piece, _ in pieces)
    if text.isascii():
        return [*pieces]
    text = _with_meanings(text)
    quickly = text.translate(_one_for_one())  # which is enough for most lines
    written = quickly if quickly.isascii() else _with_longer_texts(text, width)
    result, start = [], 0
    for piece, style in pieces:
        result.append(("".join(written[start : start + len(piece)]), style))
        start += len(piece)
    return result


def _with_longer_texts(text: str, width: int) -> list[str]:
    """Return what is written for each character of a line, of any length; see above."""
    written: list[str] = []
    fillers: list[tuple[int, int]] = []  # their lengths, and where they end
    owed = 0  # cells that longer texts have taken
    for character, group in groupby(text):
        count = len([*group])
        shown = _written_out(character)
        if character in _FILLERS:
            left_out = max(min(owed, count - 2), 0)
            owed -= left_out
            written += [""] * left_out
            count -= left_out
            fillers.append((count, len(written) + count))
        else:
            owed += count * (len(shown) - text_width(character))
        written += [shown] * count
    over = sum(map(len, written)) - width
    if over > 0:
        _leave_out(over, written, fillers, text)
    return written


def _leave_out(over: int, written: list[str], fillers: list[tuple[int, int]], text: str) -> None:
    """Make a line shorter by `over` cells, or by as much as can be.

    Args:
        over: the cells.
        written: what is written for each character of the line; it is changed.
        fillers: lengths of its blanks and rules, and where they end.
        text: the characters.
    """
    for stays in (2, 1):
        for count, end in sorted(fillers, reverse=True):
            for place in range(end - count, end - stays):
                if over > 0 and written[place]:
                    written[place] = ""
                    over -= 1
    for place in reversed(range(len(written))):
        short = _cell(text[place])
        if over > 0 and short and len(short) < len(written[place]):
            over -= len(written[place]) - len(short)
            written[place] = short


def number_of(character: str) -> str:
    """Return the number of a character: U+00E9."""
    return f"U+{ord(character):04X}"


def numbers_for_characters(text: str) -> str:
    """Return `text` with the number of every character that ASCII has not: ``<U+00E9>t``."""
    return "".join(each if each.isascii() else f"<{number_of(each)}>" for each in text)


def _with_meanings(text: str) -> str:
    """Return `text` with those characters replaced whose neighbours tell what they mean.

    That is every ·; arrows, which are long between words and short beside a strip; and …, which
    stands for a range, or for what is cut off.
    """
    if "…" in text:
        text = _RANGE.sub("⋯", text)
    if _ARROWS & set(text):
        text = _KEY.sub(lambda key: key[0].translate(_KEYS), text)
        text = _LONG_ARROW.sub(lambda arrow: "⟶" if arrow[0] == "→" else "⟵", text)
    if "×10" in text:
        text = _POWER_OF_TEN.sub(lambda power: "x1e" + power[1].translate(_LOWERED), text)
    if "·" not in text:
        return text
    text = _SEPARATOR.sub("|", _TIMES.sub("*", text))
    return _PRODUCT.sub("*", _TIMES_MATRIX.sub("@", text)).replace("·", ".")


@cache
def _one_for_one() -> dict[int, str]:
    """Return the table of the characters that have no longer text, for `str.translate`."""
    signs = [*_CELLS, *map(chr, _BOX_DRAWING), *map(chr, _BRAILLE)]
    return {
        ord(each): _cell(each) for each in signs if each not in _LONGER and len(_cell(each)) == 1
    }


@cache
def _written_out(character: str) -> str:
    """Return the ASCII for one character, of any length."""
    if character.isascii():
        return character
    return _LONGER.get(character) or _cell(character) or f"<{number_of(character)}>"


@cache
def _same_cells(text: str) -> str:
    """Return ASCII for `text` in as many cells; é becomes e."""
    width = text_width(text)
    shown = "".join(
        _cell(each) or _LONGER.get(each, "")[:1] or _base_letters(each) for each in text
    )
    return shown[:width].ljust(width)


def _base_letters(character: str) -> str:
    """Return the ASCII letters that a character is made of, or ~, in as many cells."""
    plain = unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode()
    width = text_width(character)
    return (plain[:width] or "~").ljust(width)[:width]


@cache
def _cell(character: str) -> str:
    """Return the ASCII for a character of the screen; "" if it is none of them."""
    if (known := _CELLS.get(character)) is not None:
        return known
    if ord(character) in _BOX_DRAWING:
        return _box_drawing(unicodedata.name(character))
    if ord(character) in _BRAILLE:
        dots = (ord(character) - _BRAILLE.start).bit_count()
        return " .:*#"[(dots + 1) // 2]
    return ""


def _box_drawing(name: str) -> str:
    """Return the ASCII for a character of a frame, by its name in Unicode."""
    if "DIAGONAL" in name:
        return "X" if "CROSS" in name else "/" if "RIGHT TO LOWER LEFT" in name else "\\"
    words = set(name.removeprefix("BOX DRAWINGS ").split())
    across = bool(words & {"HORIZONTAL", "LEFT", "RIGHT"})
    upright = bool(words & {"VERTICAL", "UP", "DOWN"})
    if across and upright:
        return "+"
    return "|" if upright else "=" if "DOUBLE" in words else "-"
