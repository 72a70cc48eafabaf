"""The ledger: one parameter's gradient as a sum over timesteps, in the order of the backward pass.

A row a timestep from T down to 1: its share, the sum so far, and a bar: to the left of the line
negative, to the right positive.
"""

from __future__ import annotations

import math

import numpy as np

from rnn_tui.engine.analysis.contributions import Ledger
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.tui.draw_context import DrawContext
from rnn_tui.tui.lines import Line, Lines
from rnn_tui.tui.number_format import NOT_FINITE, UNKNOWN, role_of, signed
from rnn_tui.tui.panel_spec import PanelSpec
from rnn_tui.tui.panels.proofs.verification import waiting
from rnn_tui.tui.parameter_names import parameter_name

TIME, NUMBER = 8, 12  # cells
OTHERS = 2  # lines beside the rows: what the columns are, and the total
BLOCK, RIGHT_HALF, LEFT_HALF = "█", "▐", "▌"


def title(context: DrawContext) -> tuple[str, str]:
    """What stands in the rule above."""
    return f"ledger of d{_name(context.snapshot)}", ", . choose"


def draw(context: DrawContext, width: int, height: int) -> Lines:
    """As many rows as there is room for, around the timestep looked at; the total below."""
    snapshot = context.snapshot
    ledger = snapshot.proofs.get("ledger")
    if not isinstance(ledger, Ledger):
        return waiting(context, "ledger", width)
    shown = _timesteps(snapshot, max(height - OTHERS, 1))
    known = [t for t in range(1, snapshot.steps + 1) if snapshot.backward_complete(t)]
    scale = _scale(ledger, known)
    head: Line = ((f" {'t':>{TIME - 3}}  {'share':>{NUMBER}}{'sum T…t':>{NUMBER}}", "dim"),)
    rows = tuple(_row(snapshot, ledger, t, scale, width) for t in shown)
    return (head, *rows, _total(snapshot, ledger, known, width))


def _timesteps(snapshot: Snapshot, room: int) -> list[int]:
    """From late to early, the one looked at near the middle."""
    steps = snapshot.steps
    last = min(max(snapshot.t + room // 2, room), steps)
    return list(range(last, max(last - room, 0), -1))


def _scale(ledger: Ledger, known: list[int]) -> float:
    """The largest share that is known and finite."""
    shares = np.abs(ledger.share[[t - 1 for t in known]]) if known else np.zeros(0)
    return float(np.max(shares[np.isfinite(shares)], initial=0.0))


def _row(snapshot: Snapshot, ledger: Ledger, t: int, scale: float, width: int) -> Line:
    here = t == snapshot.t
    label: Line = (
        (" ▸ " if here else "   ", "accent"),
        (f"{t:>{TIME - 5}}  ", "strong" if here else "dim"),
    )
    if not snapshot.backward_complete(t):
        return (*label, (f"{UNKNOWN:>{NUMBER}}{UNKNOWN:>{NUMBER}}", "dim"))
    share, running = float(ledger.share[t - 1]), float(ledger.running[t - 1])
    numbers: Line = (
        (f"{signed(share):>{NUMBER}}", role_of(share) if math.isfinite(share) else "error"),
        (f"{signed(running):>{NUMBER}}", "strong" if here else ""),
        ("  ", ""),
    )
    side = max((width - TIME - 2 * NUMBER - 4) // 2, 0)
    return (*label, *numbers, *bar(share, scale, side))


def bar(share: float, scale: float, side: int) -> Line:
    """`side` cells to the left of a line for a negative share, to the right for a positive one."""
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
    """The parameter whose ledger this is: the one the session knows to be selected."""
    last = snapshot.optimizer.parameters.size - 1
    return parameter_name(snapshot, min(snapshot.request.parameter, last))


def _total(snapshot: Snapshot, ledger: Ledger, known: list[int], width: int) -> Line:
    """The sum of what is known; once that is all, it is the gradient's entry."""
    name = f"d{_name(snapshot)}"
    if not known:
        return ((" filled by the backward pass, T → 1", "dim"),)
    if len(known) < snapshot.steps:
        so_far = signed(float(ledger.running[known[0] - 1]))
        return ((f" {name} so far ", "dim"), (so_far, "strong"), (" …", "dim"))
    line: Line = ((f" {name} = Σ = ", "accent"), (signed(ledger.total), "strong"))
    return (*line, (", before clipping" if width >= 60 else "", "dim"))


PANEL = PanelSpec(draw, title, proofs=("ledger",), timestep_keys="←→↑↓")
