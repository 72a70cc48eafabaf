"""The window's edge: the gradient that is cut there, and what a longer window would add.

It is judged by all of the windows that come next, not by one of them: see `WindowEdges`.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from rnn_tui.engine.analysis.truncation import Truncation
from rnn_tui.engine.analysis.window_edges import WindowEdges
from rnn_tui.proofs.window_edge import EdgeReport
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.tui.aligned_numbers import HeadedColumn, column_of
from rnn_tui.tui.draw_context import DrawContext
from rnn_tui.tui.lines import Line, Lines, text_width
from rnn_tui.tui.number_format import number
from rnn_tui.tui.panel_help import POWER, Sign, Signs
from rnn_tui.tui.panel_spec import Need, PanelSpec
from rnn_tui.tui.panels.proofs.status import missing, paragraph, progress_bar
from rnn_tui.tui.scope_words import batch_words, joined, what_if_words

NAMES = (("‖carried in‖", "‖gradient cut‖", 15), ("‖carried‖", "‖cut‖", 9))  # and cells at least
WIDE = 60  # cells from which there is room for the third


def title(context: DrawContext) -> tuple[str, str]:
    """Return the texts of the title line."""
    snapshot = context.snapshot
    size = f"T = {snapshot.steps}"
    held = what_if_words("with", snapshot.pins)
    return "edge of the window", joined(batch_words(snapshot), size, held)


def draw(context: DrawContext, width: int, height: int) -> Lines:
    """Draw the norms at the window's edge, and what they mean for all windows that come next."""
    snapshot = context.snapshot
    report, edges = snapshot.proofs.get("edge"), snapshot.proofs.get("edges")
    if not isinstance(report, EdgeReport):
        return missing(context, "edge", width)
    several = edges if isinstance(edges, WindowEdges) else None
    parts = [(3, _diagram(snapshot, width)), (0, _table(context, report, several, width))]
    if not snapshot.backward_complete(1):
        words = "The backward pass has not come to the edge yet."
        parts.append((0, paragraph(words, width, "dim")))
    else:
        parts += _meaning(snapshot, report, several, width)
    return _fitting(parts, height)


def _fitting(parts: list[tuple[int, Lines]], height: int) -> Lines:
    """Return the lines of the parts; those with the largest numbers are left out first."""
    kept = [part for part in parts if part[1]]
    while sum(len(lines) for _, lines in kept) > height and len(kept) > 1:
        kept.remove(max(kept, key=lambda part: part[0]))
    drawn = [line for _, lines in kept for line in lines]
    if len(drawn) > height:  # a row for each state of many layers
        drawn[max(height - 1, 0) :] = [((f" … {len(drawn) - height + 1} more lines", "dim"),)]
    return tuple(drawn)


def _diagram(snapshot: Snapshot, width: int) -> Lines:
    """Return a sketch of the edge: the state crosses it, the gradient is cut."""
    steps = snapshot.steps
    across: Line = ((" … ── state ─→ ", "dim"), ("│", "axis"), (f" t=1 … {steps}", ""))
    cut: Line = (("      cut ╳ ←── ", "dim"), ("│", "axis"), (" gradient", "gradient"))
    if width < 60:
        return (across, cut)
    return ((*across, ("      ", ""), *cut),)


def _table(
    context: DrawContext, report: EdgeReport, edges: WindowEdges | None, width: int
) -> Lines:
    """Return a row for each state: the norm carried in, and of the gradient that is cut."""
    known, edge = context.snapshot.backward_complete(1), report.edge
    cut = edge.gradient.values() if known else ()
    for carried_name, cut_name, least in NAMES:
        carried_column = _column(carried_name, edge.carried.values(), least, context)
        cut_column = _column(cut_name, cut, least, context)
        head = f"      {carried_column.heading} {cut_column.heading}"
        if text_width(head) <= width:
            break
    all_cut = np.concatenate([edges.cut[name] for name in edge.carried]) if edges else ()
    of_windows = f"next {edges.count} windows" if edges is not None else ""
    mean_column = _column(of_windows, all_cut, 0, context)
    taken = text_width(head) + mean_column.width + mean_column.numbers.width + 6
    spread = edges is not None and known and max(taken, WIDE) <= width
    if spread:
        head += f"   {mean_column.heading}"
    lines: list[Line] = [((head, "dim"),)]
    for name in edge.carried:
        shown = cut_column.text(edge.gradient[name]) if known else cut_column.unknown
        row: Line = (
            (f" {f'{name}_0':<5}", "strong"),
            (carried_column.text(edge.carried[name]), ""),
            (f" {shown}", "gradient" if known else "dim"),
        )
        if spread and edges is not None:
            of_state = edges.cut[name]
            mean, deviation = float(of_state.mean()), float(of_state.std())
            text = f"{mean_column.text(mean)} ± {mean_column.numbers.text(deviation).strip()}"
            row = (*row, (f"   {text}", "gradient"))
        lines.append(row)
    return tuple(lines)


def _column(name: str, values: Iterable[float], least: int, context: DrawContext) -> HeadedColumn:
    """Return a column of norms."""
    return HeadedColumn(name, column_of(values, signed=False), least, context.ascii)


def _meaning(
    snapshot: Snapshot, report: EdgeReport, edges: WindowEdges | None, width: int
) -> list[tuple[int, Lines]]:
    """Return what is cut, judged by all windows, and what a longer one would add."""
    parts: list[tuple[int, Lines]] = []
    one = report.truncation
    if edges is not None:
        parts.append((0, paragraph(_verdict(snapshot, edges), width, "strong")))
    elif snapshot.proving is not None and snapshot.proving[0] == "edges":
        parts.append((0, (progress_bar(snapshot, width),)))
    if edges is not None and edges.added_share is not None:
        parts.append((1, paragraph(_longer(snapshot, edges, one), width)))
    if one is None:
        parts.append((2, paragraph(report.why, width, "dim")))
    elif one.drift is not None:
        moved = f"{number(100 * one.drift, 2)} %"
        words = f"The weights have moved on: they would now carry in a state {moved} off."
        parts.append((4, paragraph(words, width, "dim")))
    return parts


def _verdict(snapshot: Snapshot, edges: WindowEdges) -> str:
    """Return a sentence on how much gradient is left at the edge, for the state that has most."""
    left = {name: share for name in edges.cut if (share := edges.left(name)) is not None}
    if not left:
        return "There is no gradient to compare with."
    name, share = max(left.items(), key=lambda each: each[1])
    words = f"{number(100 * share, 3)} % of what the losses send back"
    over = f"({edges.count} windows)"
    if not snapshot.settings.carry:
        return f"At its beginning ‖d{name}_0‖ is {words} {over}."
    much = "Hardly anything" if share < 0.01 else "A part" if share < 0.3 else "Much"
    return f"{much} is cut: ‖d{name}_0‖ is {words} {over}."


def _longer(snapshot: Snapshot, edges: WindowEdges, one: Truncation | None) -> str:
    """Return what longer windows would add, on average, with the spread, and in this one."""
    steps = snapshot.steps
    share = f"{number(100 * (edges.added_share or 0.0), 3)} %"
    low, high = (number(100 * each, 3) for each in edges.added_range)
    words = f"{2 * steps} timesteps for {steps} would add {share} to ‖∇L‖"
    words += f", in half of the windows {low} to {high} %"
    if one is None or one.relative is None:
        return f"{words}."
    return f"{words}; {number(100 * one.relative, 3)} % in this one."


def need(snapshot: Snapshot) -> Need:
    """Return the lines that the panel needs: a row for each state, and what they mean."""
    states = len(snapshot.window.declaration.states)
    return Need(6, states + 8, states + 10, states + 14)


def signs(context: DrawContext) -> Signs:
    """Return what the signs on the panel mean."""
    return (
        Sign("│", "the window's edge, before t=1", "axis"),
        Sign("── state ─→", "the state crosses it: it is carried in from the window before", "dim"),
        Sign("╳ ←──", "the gradient does not: it is cut there", "dim"),
        Sign("h_0  c_0", "the states that the window begins with"),
        Sign("‖carried in‖  ‖carried‖", "the size of that state"),
        Sign(
            "‖gradient cut‖  ‖cut‖",
            "the size of the gradient that arrives at it and goes no further",
        ),
        POWER,
        Sign("T", "the timesteps of a window"),
        Sign("next 16 windows", "the same of windows to come, with these weights: mean ± spread"),
        Sign("± ", "standard deviation over the windows"),
        Sign(
            "what the losses send back",
            "the sum over the timesteps of ‖dy_t·W_yᵀ‖, which each loss adds to the gradient",
        ),
        Sign("‖∇L‖", "the size of the gradient of all parameters"),
        Sign("%", "of that size"),
    )


PANEL = PanelSpec(
    draw,
    title,
    proofs=("edge", "edges"),
    need=need,
    help=signs,
    table="proofs:edge",
)
