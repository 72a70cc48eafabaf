"""The footer: the count being typed, a message, or the most useful keys that do something here."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from rnn_tui.engine.training.breakpoint_conditions import Kind
from rnn_tui.engine.training.breakpoints import BreakpointHit
from rnn_tui.session.commands import LARGEST_COUNT
from rnn_tui.tui.draw_context import DrawContext, Following
from rnn_tui.tui.key_hint import SECOND, KeyHint
from rnn_tui.tui.key_hints import GO_ON, HELP, hints
from rnn_tui.tui.lines import Line, Lines, cell_width, fit, text_width
from rnn_tui.tui.panels.header import names_stop, names_what_ifs

HELP_WIDTH = text_width(f" {HELP.shown} {HELP.word} ")  # its key is always there
GO_ON_WIDTH = text_width(f" {GO_ON.shown} {GO_ON.word} ")
END = " ·"  # between why a run has stopped and the keys
FOLLOWING: dict[Following, str] = {
    "live": "following the presenter",
    "own": "your own view",
    "left": "the presenter has left: this was shown last",
}
WHAT_IF_KEYS = (("enter",), ("escape",))


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


def _why(context: DrawContext, stop: BreakpointHit, width: int) -> Line:
    """Return why a run has stopped and what that means, with room for the key that goes on.

    Where there is no room for both: what it means if the header names the breakpoint, else why.
    """
    # The header names the update, too: the last one that is done, not the one under way.
    short = re.sub(r" (at|in) update [\d,]+$", "", stop.reason)
    full = short if stop.breakpoint.kind is Kind.NAN else stop.reason
    keys = HELP_WIDTH + (0 if stop.breakpoint.kind is Kind.NAN else GO_ON_WIDTH)
    lines: list[Line] = [
        ((f" {reason}", "strong"), (f" · {stop.advice}", "dim")) for reason in (full, short)
    ]
    if names_stop(context, width):
        lines.append(((f" {stop.advice}", "strong"),))
    lines += [((f" {reason}", "strong"),) for reason in (full, short)]
    room = width - keys - len(END)
    line = next((line for line in lines if cell_width(line) <= room), lines[-1])
    return (*line, (END, "dim"))


def _tried(context: DrawContext, found: Sequence[KeyHint], width: int) -> Line:
    """Return the what-ifs and their keys, where the header has no more than their number."""
    what_if = context.snapshot.what_if
    if what_if is None or names_what_ifs(context, width):
        return ()
    keys = hint_line([hint for hint in found if hint.keys in WHAT_IF_KEYS], width)
    texts: Line = ((f" what if {what_if.text}", ""),)
    return (*texts, *keys) if cell_width((*texts, *keys)) + HELP_WIDTH <= width else ()


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
    if context.covered:  # the dialog names its own keys
        return (fit((), width),)
    found = hints(context)
    before: Line = ()
    if context.following:
        before = ((f" {FOLLOWING[context.following]} ", "accent"),)
    elif context.playing:
        before = ((f" {context.playing} ", "accent"),)
    elif context.snapshot.stop is not None:
        before = _why(context, context.snapshot.stop, width)
    elif context.snapshot.what_if is not None:
        before = _tried(context, found, width)
        found = tuple(hint for hint in found if not before or hint.keys not in WHAT_IF_KEYS)
    if context.slide:
        slide: Line = ((f" {context.slide} ", "strong"),)
        before = (*slide, *before)
        if cell_width(before) + HELP_WIDTH > width:
            before = slide
    room = width - cell_width(before)
    return (fit((*before, *hint_line(found, room)), width),)
