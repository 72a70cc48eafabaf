"""The ledger: one parameter's gradient as a sum over timesteps, in the order of the backward pass.

There is a row for each timestep from T down to 1: its share of the gradient, the sum so far, and a
bar that grows to the left for a negative share and to the right for a positive one.
"""

from __future__ import annotations

import math

import numpy as np

from rnn_tui.engine.analysis.ledger import Ledger
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.tui import panel_help
from rnn_tui.tui.aligned_numbers import HeadedColumn, column_of
from rnn_tui.tui.draw_context import DrawContext
from rnn_tui.tui.lines import Line, Lines, cell_width
from rnn_tui.tui.number_format import NOT_FINITE, role_of, signed
from rnn_tui.tui.panel_help import Sign, Signs
from rnn_tui.tui.panel_spec import Need, PanelSpec
from rnn_tui.tui.panels.current_pass.their_numbers import their_gradient
from rnn_tui.tui.panels.proofs.status import missing
from rnn_tui.tui.parameter_names import parameter_name
from rnn_tui.tui.scope_words import batch_words, joined, what_if_words

TIME, NUMBER = 8, 11  # cells of a timestep, and of a number at least
OTHERS = 2  # lines that are no rows: the heading and the total
BLOCK, RIGHT_HALF, LEFT_HALF = "█", "▐", "▌"


def title(context: DrawContext) -> tuple[str, str]:
    """Return the texts of the title line."""
    snapshot = context.snapshot
    held = what_if_words("with", snapshot.pins)
    return f"ledger of d{_name(snapshot)}", joined(", . choose", batch_words(snapshot), held)


def draw(context: DrawContext, width: int, height: int) -> Lines:
    """Draw as many rows as fit, around the selected timestep, and the total below."""
    snapshot = context.snapshot
    ledger = snapshot.proofs.get("ledger")
    if not isinstance(ledger, Ledger):
        return missing(context, "ledger", width)
    shown = _timesteps(snapshot, max(height - OTHERS, 1))
    known = list(range(snapshot.backward_reached, snapshot.steps + 1))
    scale, columns = _scale(ledger, known), _columns(context, ledger, known)
    heads = "".join(f" {column.heading}" for column in columns)
    head: Line = ((f" {'t':>{TIME - 3}} {heads}", "dim"),)
    rows = tuple(_row(snapshot, ledger, t, scale, columns, width) for t in shown)
    total = _total(snapshot, ledger, known, width)
    return (head, *rows, _with_hidden(total, snapshot.steps - len(shown), width))


def _timesteps(snapshot: Snapshot, rows: int) -> list[int]:
    """Return `rows` timesteps from late to early, the selected one near the middle."""
    steps = snapshot.steps
    last = min(max(snapshot.t + rows // 2, rows), steps)
    return list(range(last, max(last - rows, 0), -1))


def _scale(ledger: Ledger, known: list[int]) -> float:
    """Return the largest magnitude of the known, finite shares."""
    shares = np.abs(ledger.contribution[[t - 1 for t in known]]) if known else np.zeros(0)
    return float(np.max(shares[np.isfinite(shares)], initial=0.0))


def _columns(
    context: DrawContext, ledger: Ledger, known: list[int]
) -> tuple[HeadedColumn, HeadedColumn]:
    """Return how the known shares and their sums are written: at one power of ten."""
    places = [t - 1 for t in known]
    share, running = ledger.contribution[places], ledger.running_sum[places]
    numbers = column_of(np.concatenate([share, running]))
    return (
        HeadedColumn("share", numbers, NUMBER, context.ascii),
        HeadedColumn("sum T…t", numbers, NUMBER, context.ascii),
    )


def _row(
    snapshot: Snapshot,
    ledger: Ledger,
    t: int,
    scale: float,
    columns: tuple[HeadedColumn, HeadedColumn],
    width: int,
) -> Line:
    """Return the row of timestep `t`; dots where the backward pass has not been."""
    here = t == snapshot.t
    label: Line = (
        (" ▸ " if here else "   ", "accent"),
        (f"{t:>{TIME - 5}}  ", "strong" if here else "dim"),
    )
    if not snapshot.backward_complete(t):
        return (*label, ("".join(f" {column.unknown}" for column in columns), "dim"))
    share, running = float(ledger.contribution[t - 1]), float(ledger.running_sum[t - 1])
    numbers: Line = (
        (f" {columns[0].text(share)}", role_of(share) if math.isfinite(share) else "error"),
        (f" {columns[1].text(running)}", "strong" if here else ""),
        ("  ", ""),
    )
    side = max((width - TIME - sum(column.width + 1 for column in columns) - 4) // 2, 0)
    return (*label, *numbers, *bar(share, scale, side))


def bar(share: float, scale: float, side: int) -> Line:
    """Return a bar of up to `side` cells, left of a line if `share` is negative, else right."""
    if side < 1:
        return ()
    if not math.isfinite(share):
        return ((" " * side, ""), ("│", "axis"), (NOT_FINITE, "error"))
    halves = round(2 * side * abs(share) / scale) if scale else 0
    whole, half = divmod(halves, 2)
    if share < 0:
        drawn = RIGHT_HALF * half + BLOCK * whole
        return ((drawn.rjust(side), "negative"), ("│", "axis"))
    return ((" " * side, ""), ("│", "axis"), (BLOCK * whole + LEFT_HALF * half, "positive"))


def _name(snapshot: Snapshot) -> str:
    """Return the name of the parameter whose ledger the session has computed."""
    return parameter_name(snapshot, min(snapshot.request.parameter, _last(snapshot)))


def _last(snapshot: Snapshot) -> int:
    """Return the last of the parameters."""
    return int(snapshot.optimizer.parameters.size) - 1


def _total(snapshot: Snapshot, ledger: Ledger, known: list[int], width: int) -> Line:
    """Return the line of the sum so far; over all timesteps it is the gradient's entry."""
    name = f"d{_name(snapshot)}"
    if not known:
        return ((" filled by the backward pass, T → 1", "dim"),)
    if len(known) < snapshot.steps:
        so_far = signed(float(ledger.running_sum[known[0] - 1]))
        return ((f" {name} so far ", "dim"), (so_far, "strong"), (" …", "dim"))
    line: Line = ((f" {name} = Σ = ", "title"), (signed(ledger.total), "strong"))
    if theirs := their_gradient(snapshot, min(snapshot.request.parameter, _last(snapshot))):
        return (*line, *theirs)
    return (*line, (", before clipping" if width >= 60 else "", "dim"))


def _with_hidden(line: Line, hidden: int, width: int) -> Line:
    """Return the line below the rows; at its end, how many timesteps have no row."""
    if not hidden:
        return line
    free = width - cell_width(line) - 1
    texts = (f"  {hidden} more timesteps", f"  {hidden} more t", f" +{hidden} t")
    text = next((text for text in texts if len(text) <= free), "")
    if not text:  # what else is said gives way
        return _with_hidden(line[:-1], hidden, width) if len(line) > 2 else line
    return (*line, (f"{text:>{free}}", "dim"))


def need(snapshot: Snapshot) -> Need:
    """Return the lines that the panel needs: T rows and the sum."""
    rows = max(snapshot.steps + OTHERS + 1, 5)  # with the title
    return Need(min(10, rows), min(15, rows), rows, rows)


def signs(context: DrawContext) -> Signs:
    """Return what the signs on the panel mean."""
    return panel_help.joined(
        (
            Sign("ledger", "how a gradient adds up over the timesteps"),
            Sign("t  share", "a timestep, and what it adds to the gradient of the parameter"),
            Sign("sum T…t", "the shares of timesteps T to t together, as the way back goes"),
            panel_help.POWER,
            Sign("█ ▌ ▐", "right of the line: the share is above 0", "positive"),
            Sign("█ ▐", "left of it: below 0", "negative"),
            Sign("│", "0", "axis"),
            Sign("▸", "the timestep at the cursor, or the selected one", "accent"),
            Sign("dW_h[3,1] = Σ", "all shares together are the gradient, before clipping"),
            Sign("90 more t", "so many timesteps have no row; ←→ bring them", "dim"),
        ),
        panel_help.weights(context.snapshot),
    )


PANEL = PanelSpec(
    draw,
    title,
    proofs=("ledger",),
    timestep_keys="←→↑↓",
    need=need,
    help=signs,
    table="proofs:ledger",
)
