"""Names of a table's columns in little room: those of one table stay different where they can."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from rnn_tui.tui.lines import ELLIPSIS, cut, cut_middle, text_width

NAME = 12  # cells of the name of a column beside its number


@lru_cache(64)
def short_names(names: tuple[str, ...], width: int) -> tuple[str, ...]:
    """Return `names` in at most `width` cells each.

    Where names that are cut at their end would be alike, their middle is left out, then their
    beginning; at last they are numbered.
    """
    different = len(set(names))
    for shortened in (cut, cut_middle, _end):
        found = tuple(shortened(name, width) for name in names)
        if len(set(found)) == different:
            return found
    return tuple(cut(f"{number} {name}", width) for number, name in enumerate(names, 1))


def _end(text: str, width: int) -> str:
    """Return the end of `text` in at most `width` cells, after an ellipsis if that is not all."""
    if text_width(text) <= width:
        return text
    end = ""
    for character in reversed(text):
        if text_width(character + end) > width - 1:
            break
        end = character + end
    while end and not text_width(end[0]):  # a mark without its letter
        end = end[1:]
    return ELLIPSIS + end


def page_of(widths: Sequence[int], room: int, chosen: int) -> tuple[int, int]:
    """Return the first part of a page, and the first behind it, where parts fill pages in turn.

    Args:
        widths: the cells of each part.
        room: the cells of a page, which has one part at least.
        chosen: a part that is on the page.
    """
    first = 0
    while True:
        last, used = first, 0
        while last < len(widths) and (last == first or used + widths[last] <= room):
            used += widths[last]
            last += 1
        if chosen < last or last == len(widths):
            return first, last
        first = last
