"""Text in large: pixels of a font as half blocks, or as # where there is ASCII alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rnn_tui.tui.big.font import HEIGHT, Pixels, glyph, width_of
from rnn_tui.tui.lines import Line, Lines, merge

_HALVES = " ▄▀█"  # by upper and lower half
_OPERATORS = ("=", "+", "−", "-", "·", "*", "⊙", "←", "→", "<-", "->")  # stand before what follows
_BLANKS = " \N{NO-BREAK SPACE}"


@dataclass(frozen=True, slots=True)
class BlockSize:
    """How large a pixel is.

    Attributes:
        across: cells.
        down: half lines; of ASCII, lines.
        ascii: drawn with # instead of half blocks.
    """

    across: int
    down: int
    ascii: bool

    @property
    def pitch(self) -> int:
        """Lines from one line of text to the next."""
        return HEIGHT * self.down + 1 if self.ascii else 3 * self.down

    @property
    def lines(self) -> int:
        """Lines of a line of text."""
        return HEIGHT * self.down if self.ascii else -(-HEIGHT * self.down // 2)

    def height(self, count: int) -> int:
        """Return the lines of so many lines of text."""
        return (count - 1) * self.pitch + self.lines if count else 0

    def width(self, text: str) -> int:
        """Return the cells of `text` in one line."""
        pixels = sum(width_of(each) + 1 for each in text) - 1
        return max(pixels, 0) * self.across


def sizes(ascii: bool) -> Sequence[BlockSize]:
    """Return the sizes there are, the largest first."""
    if ascii:
        return tuple(BlockSize(*each, True) for each in ((6, 3), (4, 2), (2, 1), (1, 1)))
    return tuple(BlockSize(each, each, False) for each in range(8, 0, -1))


def folded(line: Line, width: int, size: BlockSize) -> list[Line]:
    """Wrap a line of text into lines of at most `width` cells in this size.

    An operator stands before what follows it. A word that is too long is broken.
    """
    lines: list[Line] = []
    current: list[tuple[str, str]] = []
    blank = size.width("a a") - 2 * size.width("a")
    taken = 0
    for word in _pieces(line, width, size):
        cells = size.width("".join(text for text, _ in word))
        if current and taken + blank + cells > width:
            lines.append(merge(current))
            current, taken = [], 0
        if current:
            current.append((" ", word[0][1]))
            taken += blank
        current += word
        taken += cells
    return [*lines, merge(current)] if current else lines


def _pieces(line: Line, width: int, size: BlockSize) -> list[list[tuple[str, str]]]:
    """Return the words of a line, with their roles; each fits in a line if it can."""
    words: list[list[tuple[str, str]]] = [[]]
    for text, role in line:
        for place, part in enumerate(text.split(" ")):
            if place:
                words.append([])
            if part:
                words[-1].append((part, role))
    words = [word for word in words if word]
    joined: list[list[tuple[str, str]]] = []
    for word in words:
        before = joined[-1] if joined else None
        if before is not None and "".join(text for text, _ in before) in _OPERATORS:
            joined[-1] = [*before, (" ", word[0][1]), *word]
        else:
            joined.append(word)
    return [part for word in joined for part in _broken(word, width, size)]


def _broken(
    word: list[tuple[str, str]], width: int, size: BlockSize
) -> list[list[tuple[str, str]]]:
    """Return a word in parts that fit, broken before a factor if there is one."""
    characters = [(each, role) for text, role in word for each in text]
    parts: list[list[tuple[str, str]]] = []
    while characters:
        count = len(characters)
        while count > 1 and size.width("".join(each for each, _ in characters[:count])) > width:
            count -= 1
        if count < len(characters):
            text = "".join(each for each, _ in characters)
            count = next((k for k in range(count, 2, -1) if _can_break(text, k)), count)
        parts.append([*merge(characters[:count])])
        characters = characters[count:]
        while characters and characters[0][0] in _BLANKS:
            characters.pop(0)
    return parts


def _can_break(text: str, place: int) -> bool:
    """Return whether a word that is too long may be broken there: before a factor, say."""
    return text[place:].lstrip(_BLANKS)[:1] in ("·", "*") or text[place - 1] in ",) "


def block_lines(lines: Sequence[Line], size: BlockSize) -> Lines:
    """Return lines of text in this size, one below the other."""
    drawn: list[Line] = []
    for place, line in enumerate(lines):
        last = place == len(lines) - 1
        rows = _drawn(line, size)
        blank: Lines = ((),) * (0 if last else size.pitch - len(rows))
        drawn += [*rows, *blank]
    return tuple(drawn)


def _drawn(line: Line, size: BlockSize) -> Lines:
    """Return one line of text."""
    columns: list[Pixels] = []
    roles: list[str] = []
    for text, role in line:
        for character in text:
            pixels = glyph(character)
            columns += [pixels, np.zeros((HEIGHT, 1), dtype=np.bool_)]
            roles += [role] * (pixels.shape[1] + 1) * size.across
    if not columns:
        return ((),) * size.lines
    pixels = np.concatenate(columns[:-1], axis=1)
    pixels = pixels.repeat(size.across, axis=1).repeat(size.down, axis=0)
    if size.ascii:
        rows = [["#" if each else " " for each in row] for row in pixels.tolist()]
    else:
        if len(pixels) % 2:
            pixels = np.concatenate([pixels, np.zeros((1, pixels.shape[1]), dtype=np.bool_)])
        halves = 2 * pixels[::2].astype(int) + pixels[1::2]
        rows = [[_HALVES[each] for each in row] for row in halves.tolist()]
    return tuple(
        merge((each, role) for each, role in zip(row, roles, strict=False)) for row in rows
    )


def fitted(
    paragraphs: Sequence[Line], width: int, height: int, ascii: bool, least: int = 0
) -> tuple[BlockSize, list[Line]] | None:
    """Return paragraphs folded in the largest size in which they fit; None if they do in none.

    Args:
        paragraphs: each begins a line.
        width: cells.
        height: lines.
        ascii: whether there is ASCII alone.
        least: cells of a pixel that the size has at least.
    """
    for size in sizes(ascii):
        if size.across < least:
            return None
        lines = [line for each in paragraphs for line in folded(each, width, size)]
        if size.height(len(lines)) <= height:
            return size, lines
    return None
