"""The footer: the count being typed, a message, or the most useful keys."""

from __future__ import annotations

from rnn_tui.session.commands import LARGEST_COUNT
from rnn_tui.tui.draw_context import DrawContext
from rnn_tui.tui.lines import Line, Lines, cell_width, fit

_HINTS = (
    ("s", "op"),
    ("n", "timestep"),
    ("f", "pass"),
    ("u", "update"),
    ("space", "run"),
    ("?", "help"),
    ("tab", "panel"),
    ("z", "zoom"),
    ("q", "quit"),
)


def hints(running: bool) -> Line:
    """Return the most useful keys; `space` pauses during a run."""
    line: Line = ()
    for key, word in _HINTS:
        shown = "pause" if running and key == "space" else word
        line += ((f" {key} ", "key"), (f"{shown} ", "dim"))
    return line


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
    line = hints(context.snapshot.running)
    while cell_width(line) > width and len(line) > 2:
        line = (*line[:-4], *line[-2:]) if len(line) > 4 else line[:-2]
    return (fit(line, width),)
