"""Why a run stopped, and what follows from the numbers, in a sentence."""

from __future__ import annotations

import math

import numpy as np

from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.core.norms import norm
from rnn_tui.engine.training.breakpoint_conditions import (
    COMPARISONS,
    NEAR,
    Breakpoint,
    Kind,
    _plain,
    saturable,
)
from rnn_tui.engine.training.breakpoint_gauges import _gate
from rnn_tui.engine.training.schedule import Pass
from rnn_tui.engine.training.trainer import Trainer

YOUNG = 100  # updates before which the smoothed loss says little


# What is said


def _reason(what: Breakpoint, value: float, trainer: Trainer) -> str:
    update = f"update {trainer.updates:,}"
    match what.kind:
        case Kind.UPDATE:
            return f"{update} is done"
        case Kind.PLACE:
            cursor = trainer.cursor
            place = f" t={cursor.t}" if cursor.t else ""
            done = cursor.stage is Pass.UPDATE
            return f"{cursor.stage}{place} of update {cursor.update + (not done):,}"
        case Kind.CLIPPED:
            total = trainer.parameters.size
            return f"clipping changed {value:,} of {total:,} entries at {update}"
        case _:
            gate = f" {what.gate}" if what.gate else ""
            told = f"{_true_figure(what, value)} {what.comparison} {_plain(what.limit)}"
            return f"{what.kind}{gate} {told} at {update}"


def _true_figure(what: Breakpoint, value: float) -> str:
    """`value` in as few digits, from three, as still make the comparison true."""
    holds = COMPARISONS[what.comparison]
    texts = (f"{value:.{digits}g}" for digits in range(3, 18))
    return next((text for text in texts if holds(float(text), what.limit)), repr(value))


def _advice(what: Breakpoint, value: float, trainer: Trainer) -> str:
    """One sentence for a student."""
    below = what.comparison.startswith("<")
    match what.kind:
        case Kind.LOSS | Kind.SMOOTHED if trainer.updates < YOUNG and not below:
            return f"A high loss is normal this early: {YOUNG} updates tell more."
        case Kind.LOSS:
            return _advice_loss(what, value, trainer)
        case Kind.SMOOTHED if below:
            windows = min(trainer.updates, YOUNG)
            return f"It averages the last {windows:,} windows or so: the test error is next to see."
        case Kind.SMOOTHED:
            rate = f"lr {trainer.settings.lr:g}"
            return f"The last {YOUNG} windows are this bad: if it rises, lower {rate}."
        case Kind.GRAD:
            return _advice_small(trainer) if below else _advice_large(value, trainer)
        case Kind.CLIPPED:
            return _advice_clipped(trainer)
        case Kind.SATURATED:
            return _advice_saturated(what, value, trainer)
        case Kind.UPDATE:
            smoothed, grad = trainer.history.smoothed, trainer.grad_norm
            return f"The loss is {trainer.loss:.3g}, smoothed {smoothed:.3g}, ‖g‖ {grad:.3g}."
        case _:
            return _advice_place(trainer)


def _advice_loss(what: Breakpoint, value: float, trainer: Trainer) -> str:
    smoothed = trainer.history.smoothed
    if COMPARISONS[what.comparison](smoothed, what.limit):
        agrees = f"The smoothed loss, {smoothed:.3g}, agrees"
        if what.comparison.startswith("<"):
            return f"{agrees}: the test error is next to see."
        return f"{agrees}: this is no spike; lr may be too high."
    if what.comparison.startswith("<"):
        wait = f"smoothed{what.comparison}{what.limit:.4g}"
        return f"One window only; the smoothed loss is {smoothed:.3g}: see {wait}."
    times = value / smoothed if smoothed else math.inf
    return f"A spike, {times:.3g} times the smoothed loss: step back through this window."


def _advice_large(value: float, trainer: Trainer) -> str:
    clipping = trainer.clipping
    if clipping.by == "none":
        return f"Nothing clips it: clip by norm, or lower {_rate(trainer)}."
    if clipping.by == "norm":
        factor = clipping.factor(value)
        return f"Clipping to a norm of {clipping.limit:g} lets {factor:.3g} of it through."
    changed = int(np.count_nonzero(trainer.network.gradient != trainer.clipped))
    if not changed:
        return f"Clipping by value lets it pass: no single entry exceeds ±{clipping.limit:g}."
    entries = f"{changed:,} of {trainer.parameters.size:,} entries"
    return f"Clipping by value changed {entries}, to ±{clipping.limit:g}."


def _advice_small(trainer: Trainer) -> str:
    loss = f"At loss {trainer.loss:.3g} little moves"
    return f"{loss}; {_arrivals(trainer, 1)}." if trainer.schedule.steps > 1 else f"{loss}."


def _arrivals(trainer: Trainer, t: int) -> str:
    """What makes up ∂L/∂h_t, t before the last."""
    tape = trainer.network.tape
    later, own = _norm(tape["dh_next"][t]), _norm(tape["dh_y"][t - 1])
    return f"h_{t} gets {later:.3g} from later steps, {own:.3g} from y_{t}"


def _norm(array: Array) -> float:
    return norm(array.astype(np.float64).ravel())


def _rate(trainer: Trainer) -> str:
    return f"the learning rate ({trainer.settings.lr:g})"


def _advice_clipped(trainer: Trainer) -> str:
    clipping, length = trainer.clipping, trainer.grad_norm
    lower = f"if at every update, lower lr {trainer.settings.lr:g}"
    if clipping.by == "norm":
        factor = clipping.factor(length)
        return f"Norm {length:.3g}, scaled by {factor:.3g}; {lower}."
    largest = float(np.max(np.abs(trainer.network.gradient)))
    return f"The largest entry, {largest:.3g}, cut to {clipping.limit:g}; {lower}."


def _advice_saturated(what: Breakpoint, value: float, trainer: Trainer) -> str:
    low, high = saturable(trainer.network.cell)[what.gate]
    curve, slope, best = (
        ("σ", (1 - NEAR) * NEAR, 0.25) if low == 0 else ("tanh", 1 - (1 - NEAR) ** 2, 1.0)
    )
    gate = what.gate
    if what.comparison.startswith("<"):
        return f"{1 - value:.0%} of {gate} is where {curve}′ passes gradient on."
    upper = np.mean(_gate(trainer.network, gate) >= high - NEAR)
    sides = f"{upper:.0%} near {high:g}, {max(value - upper, 0.0):.0%} near {low:g}"
    return f"Of {gate}, {sides}: there {curve}′ is at most {slope:.3g} instead of {best:g}."


def _advice_place(trainer: Trainer) -> str:
    cursor, network = trainer.cursor, trainer.network
    match cursor.stage:
        case Pass.FORWARD:
            before, here = (_norm(network.tape["h"][t]) for t in (cursor.t - 1, cursor.t))
            return f"‖h_{cursor.t}‖ is {here:.3g}, after {before:.3g} before it."
        case Pass.BACKWARD if cursor.t < trainer.schedule.steps:
            return f"On the way back, {_arrivals(trainer, cursor.t)}."
        case Pass.BACKWARD:
            here = _norm(network.tape["dh"][cursor.t - 1])
            return f"‖∂L/∂h_{cursor.t}‖ is {here:.3g}, all of it from this timestep's own output."
        case Pass.LOSS:
            return f"The loss of this window is {trainer.loss:.3g}; next it goes back through time."
        case Pass.CLIP:
            changed = int(np.count_nonzero(network.gradient != trainer.clipped))
            return f"‖g‖ was {trainer.grad_norm:.3g}; clipping changed {changed:,} entries."
        case Pass.BATCH:
            start = (
                "zeros"
                if not any(s.any() for s in network.state(0).values())
                else "the state carried over"
            )
            return f"A new window is drawn; it begins with {start}."
        case _:
            return f"The weights took this step; the window's loss was {trainer.loss:.3g}."


def _advice_nan(trainer: Trainer) -> str:
    clip = " or clip by norm" if trainer.clipping.by == "none" else ""
    return (
        f"The weights are still those of update {trainer.updates:,}: lower {_rate(trainer)}{clip}."
    )
