"""The header: what is trained and the place in the run, in a form that people and tests read.

cos(x) · many→many · lstm 16 · 1,169 parameters
FORWARD t=7/20 · update 132 · loss 0.0123 · 5210/s · paused
"""

from __future__ import annotations

import math

from rnn_tui.engine.training.schedule import Pass
from rnn_tui.session.snapshot import Snapshot, WhatIf
from rnn_tui.settings import Settings
from rnn_tui.tui.draw_context import DrawContext
from rnn_tui.tui.lines import Line, Lines, cell_width, cut_middle, fit, text_width
from rnn_tui.tui.number_format import count, number, percent

HEIGHT = 2
SHORTEST = 12  # cells of a task's title at least
_STATE_ROLE = {"paused": "accent", "running": "accent", "diverged": "error", "seeking": "accent"}


def draw(context: DrawContext, width: int, height: int) -> Lines:
    """Draw the two lines.

    The first tells of a breakpoint that was hit or a what-if, instead of what is trained.
    """
    snapshot = context.snapshot
    place = _place(snapshot)
    if snapshot.stop is not None:
        stopped: Line = ((" ■ ", "error"), (snapshot.stop.reason, "strong"))
        return (fit(stopped, width), fit(place, width))
    if snapshot.what_if is not None:
        question = _question(snapshot, snapshot.what_if, width)
        return (fit(question, width), fit(place, width))
    first: Line = ((context.written(_trained(snapshot, width)), "title"),)
    details = _details(snapshot)
    if context.link:
        # In the first line, where it does not move with the numbers of the second.
        link, details = ((f"{context.link} ", "strong"),), ()
        uncounted: Line = (
            (_trained(snapshot, width - 2 - cell_width(link), counted=False), "title"),
        )
        with_link = _at_the_end(first, link, width) or _at_the_end(uncounted, link, width)
        if with_link is not None:
            first = with_link
        else:
            place = _at_the_end(place, link, width) or place
    for words in details:
        if (detailed := _at_the_end(first, ((words, "dim"),), width)) is not None:
            first = detailed
            break
    return (fit(first, width), fit(place, width))


def _question(snapshot: Snapshot, what_if: WhatIf, width: int) -> Line:
    """Return the what-ifs, or the newest where there is no room for all, and their keys.

    Where there is room, the loss without them stands between, once this window's is known.
    """
    many, texts = len(what_if.texts), what_if.text
    keys = "  enter keeps it, esc discards it"
    if many > 1:
        keys = f"  enter keeps all {many}, esc undoes the newest"
        if text_width(f" what if {texts}{keys}") > width:
            texts = f"{what_if.texts[-1]}, the newest of {many}"
    line: Line = ((" what if ", "title"), (texts, "strong"), (keys, "dim"))
    if snapshot.cursor.stage in (Pass.LOSS, Pass.BACKWARD, Pass.CLIP, Pass.UPDATE):
        before = what_if.loss_before
        loss = f"  loss was {number(before, 3)}" if math.isfinite(before) else ""
        if cell_width(line) + text_width(loss) <= width:
            line = (*line[:2], (loss, "dim"), line[2])
    return line


def _at_the_end(line: Line, words: Line, width: int) -> Line | None:
    """Return `line` with `words` at its right end; None if there is no room for them."""
    gap = width - cell_width(line) - cell_width(words)
    return (*line, (" " * gap, ""), *words) if gap >= 2 else None


def _versus(snapshot: Snapshot) -> str:
    """Return the second network's loss and how far it is behind; "" if there is none."""
    second = snapshot.second_network
    if second is None:
        return ""
    loss = number(second.loss, 3) if math.isfinite(second.loss) else "–"
    if second.divergence is not None:
        return f" vs diverged at {count(second.diverged_at)}"
    return f" vs {loss}" + (f" ({count(second.behind)} behind)" if second.behind else "")


def _trained(snapshot: Snapshot, width: int, *, counted: bool = True) -> str:
    """Return the task, its topology and the networks; the task's title is cut if need be.

    Args:
        snapshot: what is trained.
        width: cells.
        counted: with the number of parameters.
    """
    networks = _network(snapshot.settings, snapshot.optimizer.parameters.size if counted else None)
    if (second := snapshot.second_network) is not None:
        networks += f" vs {_network(second.settings, second.parameters if counted else None)}"
    title, topology = snapshot.task.title, f"{snapshot.task.topology.name} · "
    if second is not None and text_width(f" {title} · {topology}{networks}") > width:
        topology = ""
    rest = f" · {topology}{networks}"
    title = cut_middle(title, max(width - text_width(rest) - 1, SHORTEST))
    pins = f" · {', '.join(snapshot.pins)}" if snapshot.pins else ""
    return f" {title}{rest}{pins}"


def _network(settings: Settings, parameters: int | None) -> str:
    """Return the cell, its size and the number of parameters, unless that is None."""
    size = f"{settings.layers}×{settings.hidden}" if settings.layers > 1 else str(settings.hidden)
    counted = "" if parameters is None else f" · {count(parameters)} parameters"
    return f"{settings.cell} {size}{counted}"


def _details(snapshot: Snapshot) -> tuple[str, ...]:
    """Return optimizer, learning rate, updates in reach and their memory; then shorter forms."""
    s, timeline = snapshot.settings, snapshot.timeline
    used, budget = timeline.used / 2**20, timeline.budget / 2**20
    rate = f"lr {s.lr:g}"
    short = f"timeline {count(timeline.first)}–{count(timeline.newest)}"
    reach = f"{short}, {used:.1f}/{budget:.0f} MiB"
    return (
        f"{s.optimizer} {rate} · {reach} ",
        f"{rate} · {reach} ",
        f"{rate} · {short} ",
        f"{short} ",
    )


def _place(snapshot: Snapshot) -> Line:
    """Return the place in the run, the loss, the speed and the state."""
    cursor = snapshot.cursor
    place = f"{cursor.stage} t={cursor.t}/{snapshot.steps}" if cursor.t else str(cursor.stage)
    loss = number(snapshot.loss, 3) if math.isfinite(snapshot.loss) else "–"
    rest = f" · update {cursor.update} · loss {loss}{_versus(snapshot)} · {snapshot.speed:.0f}/s · "
    role = _STATE_ROLE[snapshot.state]
    line: Line = ((" ", ""), (place, "strong"), (rest, ""), (snapshot.state, role))
    if snapshot.seeking is not None:
        line = (*line, (f" {percent(snapshot.seeking)}", role))
    elif snapshot.timeline.in_past:
        line = (*line, (f" · past of {count(snapshot.timeline.newest)}", "strong"))
    if snapshot.timeline.forks:
        line = (*line, (f" · fork {snapshot.timeline.forks}", "strong"))
    if snapshot.divergence is not None:
        divergence = snapshot.divergence
        return (*line, (f" · {divergence.name} is {divergence.value}", "error"))
    return line
