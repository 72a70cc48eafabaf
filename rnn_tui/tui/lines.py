"""Styled lines of text, the common currency of all panels.

A panel's content is a tuple of lines, a line is a tuple of runs, and a run is a piece of text
with the name of a role ("truth", "error", "axis", ...; "" is plain text). Roles say what a text
is; the theme alone decides what that looks like.
"""

from __future__ import annotations

from collections.abc import Iterable

from rich.cells import cell_len

Run = tuple[str, str]
Line = tuple[Run, ...]
Lines = tuple[Line, ...]

ELLIPSIS = "…"


def text_width(text: str) -> int:
    """Terminal cells that `text` takes; a wide character takes two, a combining one none."""
    if text.isascii() and text.isprintable():
        return len(text)
    return cell_len(text)


def cell_width(line: Line) -> int:
    """Terminal cells that `line` takes."""
    return sum(text_width(text) for text, _ in line)


def merge(line: Iterable[Run]) -> Line:
    """The same line with neighbours of one style joined and empty runs dropped."""
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
    """`line` in exactly `width` cells: padded with spaces, or cropped with an ellipsis.

    A wide character that would straddle the edge gives way to a space.
    """
    if width <= 0:
        return ()
    taken = cell_width(line)
    if taken <= width:
        return (*line, (" " * (width - taken), "")) if taken < width else line
    kept: list[Run] = []
    room = width - 1
    for text, style in line:
        part = _prefix(text, room)
        room -= text_width(part)
        kept.append((part, style))
        if part != text:
            break
    kept.append((ELLIPSIS + " " * room, kept[-1][1]))
    return merge(kept)


def cut(text: str, width: int) -> str:
    """`text` in at most `width` cells, its end given up for an ellipsis where it must be."""
    if text_width(text) <= width:
        return text
    return _prefix(text, width - 1) + ELLIPSIS if width > 0 else ""


def cut_middle(text: str, width: int) -> str:
    """The same with its middle given up: of a file's name both ends say what it is."""
    if text_width(text) <= width:
        return text
    if width < 1:
        return ""
    room = width - 1
    end = _prefix(text[::-1], room // 2)[::-1]
    return _prefix(text, room - text_width(end)) + ELLIPSIS + end


def centre(text: str, width: int) -> str:
    """`text`, at most `width` cells wide, in the middle of `width` cells."""
    spare = max(width - text_width(text), 0)
    return " " * (spare // 2) + text + " " * (spare - spare // 2)


def join(parts: Iterable[Line], separator: Run = (" ", "")) -> Line:
    """One line out of several, with `separator` between those that are not empty."""
    joined: list[Run] = []
    for part in parts:
        if part and joined:
            joined.append(separator)
        joined.extend(part)
    return tuple(joined)


def fold(text: str, width: int) -> list[str]:
    """`text` in lines of at most `width` where its words allow, the later ones set in."""
    words = text.split(" ")
    lines = [words[0]]
    for word in words[1:]:
        if text_width(lines[-1]) + 1 + text_width(word) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(f"  {word}")
    return lines


def plain(lines: Lines) -> str:
    """The text of `lines` without styles, one line of it a line."""
    return "\n".join("".join(text for text, _ in line) for line in lines)


def _prefix(text: str, room: int) -> str:
    """The longest beginning of `text` that takes at most `room` cells.

    Whole beginnings are measured, not single characters: what a joiner or a variation selector
    adds depends on what stands before it.
    """
    end = 0
    for stop in range(1, len(text) + 1):
        if text_width(text[:stop]) <= room:
            end = stop
        elif stop - end > 8:  # no cluster shrinks again after that many characters
            break
    return text[:end]
