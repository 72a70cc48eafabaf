"""The footer: the count being typed, a message, or the most useful keys that do something here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from rnn_tui.session.commands import LARGEST_COUNT
from rnn_tui.tui.draw_context import DrawContext
from rnn_tui.tui.key_hints import SECOND, KeyHint, hints
from rnn_tui.tui.lines import Line, Lines, fit, text_width


def hint_line(found: Sequence[KeyHint], width: int) -> Line:
    """Return as many of the keys as fit, the most useful ones; each stays where it stands."""
    kept = _fitting(found, width)
    if any(hint.rank <= SECOND for hint in found if hint not in kept):
        kept = _fitting([replace(hint, shown=hint.brief or hint.shown) for hint in found], width)
    runs = [((f" {hint.shown} ", "key"), (f"{hint.word} ", "dim")) for hint in kept]
    return tuple(run for pair in runs for run in pair)


def _fitting(found: Sequence[KeyHint], width: int) -> list[KeyHint]:
    """Return those of the keys that have room, in their order."""
    places: list[int] = []
    for place in sorted(range(len(found)), key=lambda place: found[place].rank):
        cells = text_width(found[place].shown) + text_width(found[place].word) + 3
        if cells <= width:
            places.append(place)
            width -= cells
    return [found[place] for place in sorted(places)]


def draw(context: DrawContext, width: int, height: int) -> Lines:
    """Draw the line."""
    prefix = context.selection.prefix
    if prefix:
        words = " s operations · n timesteps · f passes · u updates · esc drops it"
        if int(prefix) == LARGEST_COUNT:
            words = " is the largest count · s n f u · esc drops it"
        text: Line = ((f" {prefix}▏", "accent"), (words, "dim"))
        return (fit(text, width),)
    if context.notice:
        return (fit(((f" {context.notice}", "error" if context.error else ""),), width),)
    if context.snapshot.stop is not None:
        return (fit(((f" {context.snapshot.stop.advice}", "strong"),), width),)
    return (fit(hint_line(hints(context), width), width),)
