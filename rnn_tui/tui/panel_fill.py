"""What stands in the lines that a panel leaves: what the signs on it mean, and the help.

A panel that is lower than its place would end in blank lines. It is drawn as it is anywhere else;
below it stand its signs, then the words that stand everywhere, then the keys, as in the help. A
line or two have signs whose meaning is short.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import chain, pairwise

from rnn_tui.tui.draw_context import DrawContext
from rnn_tui.tui.help_sections import everywhere, keys
from rnn_tui.tui.help_text import GAP, Section, lay_out
from rnn_tui.tui.lines import Line, Lines, cell_width, plain
from rnn_tui.tui.panel_help import written
from rnn_tui.tui.panel_spec import PanelSpec

WIDE = 56  # cells of a column of text at least, where there are several
HEADED = 5  # lines from which on there is a heading
REST = "… the rest: ?"
LEAST_MEANING = 12  # cells; what is told in less needs no line of its own
WITH_MEANING = 3  # runs of a line with indent, sign and meaning


def fill(
    spec: PanelSpec, context: DrawContext, width: int, height: int, drawn: Lines = ()
) -> Lines:
    """Return what stands in `height` lines below what a panel has `drawn`.

    It is nothing while something is under way that the panel is about to show.
    """
    if _is_awaited(spec, context):
        return ()
    sections = (
        Section("what the signs mean", written(spec.help(context), ascii=context.ascii)),
        Section("words and signs", everywhere(context)),
        *keys(context.guest, bool(context.following)),
    )
    if height >= HEADED:
        return _columns(sections, width, height)
    stepping = context.snapshot.cursor.t  # then what is drawn changes, and this should not
    return _few(sections, width, height, "" if stepping else plain(drawn))


def _is_awaited(spec: PanelSpec, context: DrawContext) -> bool:
    """Return whether a proof that the panel shows is not there yet."""
    snapshot = context.snapshot
    if snapshot.running or snapshot.proving is None:
        return False
    return any(name not in snapshot.proofs for name in spec.proofs)


def _few(sections: Sequence[Section], width: int, height: int, drawn: str) -> Lines:
    """Return signs without a heading, a line each: those first that are `drawn`."""
    own, *others = (section.signs for section in sections)
    seen = [sign for sign in own if any(part in drawn for part in sign.shown.split("  "))]
    lines: list[Line] = []
    for sign in dict.fromkeys((*seen, *chain(*others), *own)):
        line: Line = ((f"  {sign.shown}", sign.role), (f"  {sign.meaning}", "dim"))
        if len(lines) < height and cell_width(line) <= width and len(sign.meaning) >= LEAST_MEANING:
            lines.append(line)
    return tuple(lines)


@lru_cache(16)
def _columns(sections: Sequence[Section], width: int, height: int) -> Lines:
    """Return the sections in as few columns as have room for them, one after the other."""
    most = max((width + 2 * GAP) // (WIDE + 2 * GAP), 1)
    for count in range(1, most + 1):
        each = (width + 2 * GAP) // count - 2 * GAP
        lines = [line for line in lay_out(sections, (), each, 1) if line]
        if len(lines) <= count * height:
            break
    if len(lines) > count * height:
        last = count * height - 1
        if not _explains(lines[last - 1]):  # a short one takes the place of what would be cut
            lines[last - 1] = next(_short_ones(lines[last:]), ())
        lines[last:] = [((f"  {REST}", "dim"),)]
    parts = [lines[first : first + height] for first in range(0, len(lines), height)]
    return tuple(_row(parts, y, each) for y in range(len(parts[0])))


def _explains(line: Line) -> bool:
    """Return whether a line has a meaning: not signs alone, whose meaning is in the next one."""
    return len(line) != 2 or bool(line[0][0].strip())


def _short_ones(lines: Sequence[Line]) -> Iterator[Line]:
    """Yield those lines that have a sign with all of its meaning."""
    for line, following in pairwise(lines):
        ends = len(following) > 1 or not following[0][0].startswith(" ")  # with the next, a heading
        if len(line) == WITH_MEANING and ends:
            yield line


def _row(parts: Sequence[Sequence[Line]], y: int, width: int) -> Line:
    """Return a line of all columns."""
    row: Line = ()
    for place, part in enumerate(parts):
        if y < len(part):
            start = place * (width + 2 * GAP)
            row = (*row, (" " * (start - cell_width(row)), ""), *part[y])
    return row
