"""Styled lines of text, which all panels are drawn with.

A panel's content is a tuple of lines, a line is a tuple of runs, and a run is a piece of text
with the name of a role ("truth", "error", "axis", ...; "" is plain text). Roles say what a text
is; the theme alone decides what that looks like.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.cells import cached_cell_len, cell_len

Run = tuple[str, str]
Line = tuple[Run, ...]
Lines = tuple[Line, ...]

ELLIPSIS = "…"
SHORT = 512  # characters of a text whose width is remembered


def text_width(text: str) -> int:
    """Return the terminal cells of `text`; a wide character takes two, a combining one none."""
    if text.isascii() and text.isprintable():
        return len(text)
    return cached_cell_len(text) if len(text) < SHORT else cell_len(text)


def cell_width(line: Line) -> int:
    """Return the terminal cells of `line`."""
    return sum(text_width(text) for text, _ in line)


def merge(line: Iterable[Run]) -> Line:
    """Return the line with neighbouring runs of one role joined and empty runs dropped."""
    merged: list[Run] = []
    for text, style in line:
        if not text:
            continue
        if merged and merged[-1][1] == style:
            merged[-1] = (merged[-1][0] + text, style)
        else:
            merged.append((text, style))
    return tuple(merged)


def fit(line: Line, width: int) -> Line:
    """Return `line` in exactly `width` cells, padded with spaces or cut with an ellipsis.

    A wide character that would be cut in half becomes a space.
    """
    if width <= 0:
        return ()
    taken = cell_width(line)
    if taken <= width:
        return (*line, (" " * (width - taken), "")) if taken < width else line
    kept: list[Run] = []
    available = width - 1
    for text, style in line:
        part = _prefix(text, available)
        available -= text_width(part)
        kept.append((part, style))
        if part != text:
            break
    kept.append((ELLIPSIS + " " * available, kept[-1][1]))
    return merge(kept)


def cut(text: str, width: int) -> str:
    """Return `text` in at most `width` cells; if too long, its end becomes an ellipsis."""
    if text_width(text) <= width:
        return text
    return _prefix(text, width - 1) + ELLIPSIS if width > 0 else ""


def cut_middle(text: str, width: int) -> str:
    """Return `text` in at most `width` cells; if too long, its middle becomes an ellipsis."""
    if text_width(text) <= width:
        return text
    if width < 1:
        return ""
    available = width - 1
    end = _prefix(text[::-1], available // 2)[::-1]
    while end and not text_width(end[0]):  # a mark without its letter
        end = end[1:]
    return _prefix(text, available - text_width(end)) + ELLIPSIS + end


def centre(text: str, width: int) -> str:
    """Return `text` in the middle of `width` cells."""
    spare = max(width - text_width(text), 0)
    return " " * (spare // 2) + text + " " * (spare - spare // 2)


def join(parts: Iterable[Line], separator: Run = (" ", "")) -> Line:
    """Return one line of several, with `separator` between those that are not empty."""
    joined: list[Run] = []
    for part in parts:
        if part and joined:
            joined.append(separator)
        joined.extend(part)
    return tuple(joined)


def whole_parts(parts: Sequence[Line], width: int) -> Line:
    """Return as many parts side by side as `width` has room for, and … after them; none is cut."""
    for count in range(len(parts), 0, -1):
        more: Line = ((f" {ELLIPSIS}", "dim"),) if count < len(parts) else ()
        for gap in ("  ", " "):
            line = (*join(parts[:count], (gap, "")), *more)
            if cell_width(line) <= width:
                return line
    return ()


def fold(text: str, width: int) -> list[str]:
    """Wrap `text` into lines of at most `width` cells; only a longer word exceeds it.

    All lines but the first are indented.
    """
    first, *words = text.split(" ")
    lines, taken = [[first]], text_width(first)
    for word in words:
        cells = text_width(word)
        if taken + 1 + cells <= width:
            lines[-1].append(word)
            taken += 1 + cells
        else:
            lines.append(["", "", word])
            taken = 2 + cells
    return [" ".join(line) for line in lines]


def plain(lines: Lines) -> str:
    """Return the text of `lines` without roles, joined by line breaks."""
    return "\n".join("".join(text for text, _ in line) for line in lines)


def _prefix(text: str, available: int) -> str:
    """Return the longest beginning of `text` that takes at most `available` cells.

    Whole beginnings are measured, not single characters: what a joiner or a variation selector
    adds depends on what stands before it.
    """
    end = 0
    for stop in range(1, len(text) + 1):
        if text_width(text[:stop]) <= available:
            end = stop
        elif stop - end > 8:  # no cluster shrinks again after that many characters
            break
    return text[:end]
