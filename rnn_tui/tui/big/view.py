"""What fills the screen in large: its title line, and below it an equation, a timestep, a curve."""

from __future__ import annotations

from rnn_tui.engine.training.schedule import Pass
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.tui.big import curve, equation, timestep
from rnn_tui.tui.draw_context import DrawContext
from rnn_tui.tui.lines import Line, Lines, cell_width, fit, merge
from rnn_tui.tui.number_format import COVERED, count
from rnn_tui.tui.panel_spec import PANEL_COVERED, panel_spec

MARGIN = 60  # cells from which on there is a margin of one


def draw(context: DrawContext, width: int, height: int) -> Lines:
    """Draw the title line and what is chosen."""
    if height < 2 or width < 1:
        return (_title(context, width),)[:height]
    margin = 1 if width >= MARGIN else 0
    across = width - 2 * margin
    if _covers_all(context):
        drawn: Lines = (((f"{COVERED} ", "dim"), (PANEL_COVERED, "dim")),)
    else:
        drawn = _MODULES[context.selection.big or "equation"](context, across, height - 1)
    lines = tuple((((" " * margin, ""), *line) if line else line) for line in drawn)
    return (_title(context, width), *lines)


_MODULES = {"equation": equation.draw, "timestep": timestep.draw, "curve": curve.draw}


def _covers_all(context: DrawContext) -> bool:
    """Return whether the panel that this is of is covered as a whole."""
    curve_shown = context.selection.big == "curve"
    panel = curve.panel_of(context) if curve_shown else "timestep"
    covered = context.covered_values
    return covered is not None and panel in covered.panels


def _title(context: DrawContext, width: int) -> Line:
    """Return the place at the left, and what is shown at the right, as far as there is room."""
    snapshot = context.snapshot
    left: Line = ((f" {_place(snapshot)}", "strong"),)
    update: Line = ((f" · update {count(snapshot.cursor.update)}", "title"),)
    state: Line = ((f" · {snapshot.state}", "accent"),) if snapshot.running else ()
    parts = _at_right(context)
    for words, middle in (
        (parts, (*update, *state)),
        (parts[-1:], (*update, *state)),
        (parts[-1:], state or update),
        (parts[-1:], ()),
        ((), ()),
    ):
        right: Line = ((" · ".join(words) + " ", "title"),) if words else ()
        line = (*left, *middle)
        free = width - cell_width(line) - cell_width(right)
        if free >= 1:
            break
    return fit(merge((*line, (" " * max(free, 0), ""), *right)), width)


def _place(snapshot: Snapshot) -> str:
    """Return the pass and, in one over time, the timestep."""
    cursor = snapshot.cursor
    if snapshot.request.t is not None:
        return f"t={snapshot.t}/{snapshot.steps}"
    if cursor.stage in (Pass.FORWARD, Pass.BACKWARD) and cursor.t:
        return f"{cursor.stage} t={cursor.t}/{snapshot.steps}"
    return str(cursor.stage) if cursor.has_batch else "before the first window"


def _at_right(context: DrawContext) -> tuple[str, ...]:
    """Return what is shown, the most needed words last."""
    snapshot, selection = context.snapshot, context.selection
    if selection.big == "curve":
        return (panel_spec(curve.panel_of(context)).title(context)[0],)
    if not snapshot.cursor.has_batch:
        return ()
    stage = snapshot.cursor.stage
    at_update = stage in (Pass.LOSS, Pass.CLIP, Pass.UPDATE) and snapshot.request.t is None
    if at_update and selection.big == "equation" and not snapshot.running:
        return ()
    hidden = snapshot.window.declaration.architecture.hidden
    unit = f"unit {min(selection.unit + 1, hidden)} of {hidden}"
    words = timestep.exponent_words(context) if selection.big == "timestep" else ""
    return (unit, words) if words else (unit,)
