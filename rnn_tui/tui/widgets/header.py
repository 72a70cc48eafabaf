"""The header: what is trained, and the place in the run, in a form that people and tests read.

cos(x) · lstm 16 · 1,169 parameters
FORWARD t=7/20 · update 132 · loss 0.0123 · 5210/s · paused
"""

from __future__ import annotations

import math

from rnn_tui.session import Snapshot
from rnn_tui.tui.lines import Line, Lines, cell_width, fit, text_width
from rnn_tui.tui.numbers import count, number, percent
from rnn_tui.tui.view import Scene

HEIGHT = 2
_STATE_ROLE = {"paused": "accent", "running": "good", "diverged": "error", "seeking": "good"}


def draw(scene: Scene, width: int, height: int) -> Lines:
    """Two lines."""
    snapshot = scene.snapshot
    parameters = count(snapshot.optimizer.parameters.size)
    s = snapshot.settings
    subject = f" {snapshot.title} · {s.cell} {s.hidden} · {parameters} parameters"
    if (rival := snapshot.rival) is not None:
        other = rival.settings
        subject += f" vs {other.cell} {other.hidden} · {count(rival.parameters)} parameters"
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
    if snapshot.pins:
        subject += f" · {', '.join(snapshot.pins)}"
    first: Line = ((subject, "title"),)
    reach = _reach(snapshot)
    rate = f"lr {s.lr:g}"
    for words in (f"{s.optimizer} {rate} · {reach} ", f"{rate} · {reach} ", f"{reach} "):
        gap = width - cell_width(first) - text_width(words)
        if gap >= 2:
            first = (*first, (" " * gap, ""), (words, "dim"))
            break
    return (fit(first, width), fit(_place(snapshot), width))


def _versus(snapshot: Snapshot) -> str:
    """The other network's loss, and how far it is behind; nothing where there is none."""
    rival = snapshot.rival
    if rival is None:
        return ""
    loss = number(rival.loss, 3) if math.isfinite(rival.loss) else "–"
    if rival.divergence is not None:
        return f" vs diverged at {count(rival.diverged_at)}"
    return f" vs {loss}" + (f" ({count(rival.behind)} behind)" if rival.behind else "")


def _reach(snapshot: Snapshot) -> str:
    """The updates that can be gone back to, and the memory that takes."""
    timeline = snapshot.timeline
    used, budget = timeline.used / 2**20, timeline.budget / 2**20
    reach = f"{count(timeline.first)}–{count(timeline.newest)}"
    return f"timeline {reach}, {used:.1f}/{budget:.0f} MiB"


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
