"""The header: what is trained, and the place in the run, in a form that people and tests read.

cos(x) · many→many · lstm 16 · 1,169 parameters
FORWARD t=7/20 · update 132 · loss 0.0123 · 5210/s · paused
"""

from __future__ import annotations

import math

from rnn_tui.session.snapshot import Snapshot
from rnn_tui.settings import Settings
from rnn_tui.tui.draw_context import DrawContext
from rnn_tui.tui.lines import Line, Lines, cell_width, cut_middle, fit, text_width
from rnn_tui.tui.number_format import count, number, percent

HEIGHT = 2
SHORTEST = 12  # cells that a task's title has at least
_STATE_ROLE = {"paused": "accent", "running": "good", "diverged": "error", "seeking": "good"}


def draw(context: DrawContext, width: int, height: int) -> Lines:
    """Two lines."""
    snapshot = context.snapshot
    if snapshot.stop is not None:
        stopped: Line = ((" ■ ", "error"), (snapshot.stop.reason, "strong"))
        return (fit(stopped, width), fit(_place(snapshot), width))
    if snapshot.what_if is not None:
        question: Line = (
            (" what if ", "accent"),
            (snapshot.what_if.text, "strong"),
            ("  enter keeps it, esc discards it", "dim"),
        )
        return (fit(question, width), fit(_place(snapshot), width))
    first: Line = ((_subject(snapshot, width), "title"),)
    for words in _asides(snapshot):
        gap = width - cell_width(first) - text_width(words)
        if gap >= 2:
            first = (*first, (" " * gap, ""), (words, "dim"))
            break
    return (fit(first, width), fit(_place(snapshot), width))


def _versus(snapshot: Snapshot) -> str:
    """The other network's loss, and how far it is behind; nothing where there is none."""
    rival = snapshot.second_network
    if rival is None:
        return ""
    loss = number(rival.loss, 3) if math.isfinite(rival.loss) else "–"
    if rival.divergence is not None:
        return f" vs diverged at {count(rival.diverged_at)}"
    return f" vs {loss}" + (f" ({count(rival.behind)} behind)" if rival.behind else "")


def _subject(snapshot: Snapshot, width: int) -> str:
    """The task, its topology and the network; what is too long is cut in the task's name."""
    networks = _network(snapshot.settings, snapshot.optimizer.parameters.size)
    if (rival := snapshot.second_network) is not None:
        networks += f" vs {_network(rival.settings, rival.parameters)}"
    title, topology = snapshot.task.title, f"{snapshot.task.topology.name} · "
    if rival is not None and text_width(f" {title} · {topology}{networks}") > width:
        topology = ""
    rest = f" · {topology}{networks}"
    title = cut_middle(title, max(width - text_width(rest) - 1, SHORTEST))
    pins = f" · {', '.join(snapshot.pins)}" if snapshot.pins else ""
    return f" {title}{rest}{pins}"


def _network(settings: Settings, parameters: int) -> str:
    size = f"{settings.layers}×{settings.hidden}" if settings.layers > 1 else str(settings.hidden)
    return f"{settings.cell} {size} · {count(parameters)} parameters"


def _asides(snapshot: Snapshot) -> tuple[str, ...]:
    """The optimizer, the updates in reach and the memory that takes; then ever less of it."""
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
    cursor = snapshot.cursor
    place = f"{cursor.stage} t={cursor.t}/{snapshot.steps}" if cursor.t else str(cursor.stage)
    loss = number(snapshot.loss, 3) if math.isfinite(snapshot.loss) else "–"
    rest = f" · update {cursor.update} · loss {loss}{_versus(snapshot)} · {snapshot.speed:.0f}/s · "
    role = _STATE_ROLE[snapshot.state]
    line: Line = ((" ", ""), (place, "strong"), (rest, ""), (snapshot.state, role))
    if snapshot.seeking is not None:
        line = (*line, (f" {percent(snapshot.seeking)}", role))
    elif snapshot.timeline.in_past:
        line = (*line, (f" · past of {count(snapshot.timeline.newest)}", "accent"))
    if snapshot.timeline.ghosts:
        line = (*line, (f" · fork {len(snapshot.timeline.ghosts)}", "accent"))
    if snapshot.divergence is not None:
        bad = snapshot.divergence
        return (*line, (f" · {bad.tensor} is {bad.value}", "error"))
    return line
