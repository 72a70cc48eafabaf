"""The sentences shown when a breakpoint stops a run: the reason, and what the numbers suggest.

Advice has 63 characters at most with common numbers, so that the footer has keys beside it.
"""

from __future__ import annotations

import math

import numpy as np

from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.core.norms import norm
from rnn_tui.engine.core.value_names import value_name
from rnn_tui.engine.training.breakpoint_conditions import (
    COMPARISONS,
    SATURATION_MARGIN,
    Breakpoint,
    Kind,
    plain_number,
    saturation_bounds,
)
from rnn_tui.engine.training.breakpoint_values import gate_values
from rnn_tui.engine.training.schedule import Pass
from rnn_tui.engine.training.trainer import Trainer

EARLY = 100  # updates; before them the smoothed loss means little


def reason(breakpoint: Breakpoint, value: float, trainer: Trainer) -> str:
    """Return why the run stopped, such as "loss 0.00987 < 0.01 at update 812".

    Args:
        breakpoint: the condition that became true.
        value: the number that it compares.
        trainer: the trainer, at the place where the run stopped.
    """
    update = f"update {trainer.updates:,}"
    match breakpoint.kind:
        case Kind.UPDATE:
            return f"{update} is done"
        case Kind.PASS:
            cursor = trainer.cursor
            place = f" t={cursor.t}" if cursor.t else ""
            return f"{cursor.stage}{place} at {update}"  # the number that the header has, too
        case Kind.CLIPPED:
            total = trainer.parameters.size
            return f"clipping changed {value:,} of {total:,} entries at {update}"
        case _:
            gate = f" {breakpoint.gate}" if breakpoint.gate else ""
            limit = plain_number(breakpoint.limit)
            comparison = f"{_true_figure(breakpoint, value)} {breakpoint.comparison} {limit}"
            if breakpoint.kind is Kind.TEST and (
                measured := trainer.history.tested.measured(trainer.updates)
            ):  # aside, while training went on
                update = f"update {measured[0]:,}"
            return f"{breakpoint.kind}{gate} {comparison} at {update}"


def _true_figure(breakpoint: Breakpoint, value: float) -> str:
    """Return `value` in the fewest digits, at least three, that keep the comparison true."""
    holds = COMPARISONS[breakpoint.comparison]
    texts = (f"{value:.{digits}g}" for digits in range(3, 18))
    return next((text for text in texts if holds(float(text), breakpoint.limit)), repr(value))


def advice(breakpoint: Breakpoint, value: float, trainer: Trainer) -> str:
    """Return one sentence for a student: the meaning of the numbers, and what to look at next.

    Args:
        breakpoint: the condition that became true.
        value: the number that it compares.
        trainer: the trainer, at the place where the run stopped.
    """
    below = breakpoint.comparison.startswith("<")
    match breakpoint.kind:
        case Kind.LOSS | Kind.SMOOTHED if trainer.updates < EARLY and not below:
            return f"A high loss is normal this early: {EARLY} updates tell more."
        case Kind.LOSS:
            return _on_loss(breakpoint, value, trainer)
        case Kind.SMOOTHED if below:
            windows = min(trainer.updates, EARLY)
            return f"It averages the last {windows:,} windows or so: see the test error."
        case Kind.SMOOTHED:
            rate = f"lr {trainer.settings.lr:g}"
            return f"The last {EARLY} windows are this bad: if it rises, lower {rate}."
        case Kind.TEST if below:
            return f"Smoothed loss {trainer.history.smoothed:.3g}: compare it with the baselines."
        case Kind.TEST:
            return "If it rises while the loss falls, the network overfits."
        case Kind.GRAD:
            return _on_small_gradient(trainer) if below else _on_large_gradient(value, trainer)
        case Kind.CLIPPED:
            return _on_clipping(trainer)
        case Kind.SATURATED:
            return _on_saturation(breakpoint, value, trainer)
        case Kind.UPDATE:
            smoothed, grad = trainer.history.smoothed, trainer.grad_norm
            return f"The loss is {trainer.loss:.3g}, smoothed {smoothed:.3g}, ‖g‖ {grad:.3g}."
        case _:
            return _on_pass(trainer)


def divergence_advice(trainer: Trainer) -> str:
    """Return one sentence for a student whose run diverged (met a non-finite number)."""
    clip = " or clip by norm" if trainer.clipping.by == "none" else ""
    return (
        f"The weights are those of update {trainer.updates:,}: "
        f"lower lr ({trainer.settings.lr:g}){clip}."
    )


def _on_loss(breakpoint: Breakpoint, value: float, trainer: Trainer) -> str:
    smoothed = trainer.history.smoothed
    if COMPARISONS[breakpoint.comparison](smoothed, breakpoint.limit):
        if breakpoint.comparison.startswith("<"):
            return f"The smoothed loss, {smoothed:.3g}, agrees: see the test error."
        return f"So is the smoothed loss, {smoothed:.3g}: this is no spike; lower lr."
    if breakpoint.comparison.startswith("<"):
        condition = f"smoothed{breakpoint.comparison}{breakpoint.limit:.4g}"
        return f"One window only; smoothed it is {smoothed:.3g}: see {condition}."
    times = value / smoothed if smoothed else math.inf
    return f"A spike, {times:.3g} times the smoothed loss: step back through it."


def _on_large_gradient(grad_norm: float, trainer: Trainer) -> str:
    clipping = trainer.clipping
    if clipping.by == "none":
        return f"Nothing clips it: clip by norm, or lower lr {trainer.settings.lr:g}."
    if clipping.by == "norm":
        factor = clipping.factor(grad_norm)
        return f"Clipping to a norm of {clipping.limit:g} lets {factor:.3g} of it through."
    changed = int(np.count_nonzero(trainer.network.gradient != trainer.clipped))
    if not changed:
        return f"Clipping by value lets it pass: no single entry exceeds ±{clipping.limit:g}."
    entries = f"{changed:,} of {trainer.parameters.size:,} entries"
    return f"Clipping by value changed {entries}, to ±{clipping.limit:g}."


def _on_small_gradient(trainer: Trainer) -> str:
    if trainer.schedule.steps > 1:
        return f"Little moves: {_state_gradient(trainer, 1)}."
    return f"At loss {trainer.loss:.3g} little moves."


def _state_gradient(trainer: Trainer, t: int) -> str:
    """Return the norms of the two parts of ∂L/∂h_t of the top layer, in words, for t < T."""
    tape, top = trainer.network.tape, trainer.network.layers[-1]
    later, own = _norm(tape[top.name("dh_next")][t]), _norm(tape[top.name("dh_y")][t - 1])
    h, y = value_name(top.name("h"), t), value_name("y_t", t)
    return f"‖d{h}‖ is {later:.3g} from later t, {own:.3g} from {y}"


def _norm(array: Array) -> float:
    """Return the norm of an array of any shape, computed in float64."""
    return norm(array.astype(np.float64).ravel())


def _on_clipping(trainer: Trainer) -> str:
    clipping, length = trainer.clipping, trainer.grad_norm
    lower = f"if always, lower lr {trainer.settings.lr:g}"
    if clipping.by == "norm":
        factor = clipping.factor(length)
        return f"Norm {length:.3g}, scaled by {factor:.3g}; {lower}."
    largest = float(np.max(np.abs(trainer.network.gradient)))
    return f"Entries up to {largest:.3g} cut to {clipping.limit:g}; {lower}."


def _on_saturation(breakpoint: Breakpoint, share: float, trainer: Trainer) -> str:
    gate, margin = breakpoint.gate, SATURATION_MARGIN
    low, high = saturation_bounds(trainer.network.layers)[gate]
    # The function, its slope at the margin, and its greatest slope
    function, slope, steepest = (
        ("σ", (1 - margin) * margin, 0.25) if low == 0 else ("tanh", 1 - (1 - margin) ** 2, 1.0)
    )
    if breakpoint.comparison.startswith("<"):
        return f"{1 - share:.0%} of {gate} is where {function}′ passes gradient on."
    upper = np.mean(gate_values(trainer.network, gate) >= high - margin)
    sides = f"{upper:.0%} near {high:g}, {max(share - upper, 0.0):.0%} near {low:g}"
    return f"Of {gate}, {sides}: there {function}′ ≤ {slope:.3g}, not {steepest:g}."


def _on_pass(trainer: Trainer) -> str:
    cursor, network = trainer.cursor, trainer.network
    top = network.layers[-1]
    h = top.name("h")  # the state that y_t is made from
    batch = ", whole batch" if trainer.settings.batch > 1 else ""  # norms are over all samples
    match cursor.stage:
        case Pass.FORWARD:
            before, here = (_norm(network.tape[h][t]) for t in (cursor.t - 1, cursor.t))
            state = value_name(h, cursor.t)
            return f"‖{state}‖ is {here:.3g}, after {before:.3g} before it{batch}."
        case Pass.BACKWARD if cursor.t < trainer.schedule.steps:
            way = "Whole batch: " if batch else ""
            return f"{way}{_state_gradient(trainer, cursor.t)}."
        case Pass.BACKWARD:
            here = _norm(network.tape[top.name("dh")][cursor.t - 1])
            state = value_name(h, cursor.t)
            y = value_name("y_t", cursor.t)
            return f"‖d{state}‖ is {here:.3g}, all of it from {y}{batch}."
        case Pass.LOSS:
            return f"This window's loss is {trainer.loss:.3g}; next it goes back through time."
        case Pass.CLIP:
            changed = int(np.count_nonzero(network.gradient != trainer.clipped))
            return f"‖g‖ was {trainer.grad_norm:.3g}; clipping changed {changed:,} entries."
        case Pass.BATCH:
            carried = any(state.any() for state in network.state(0).values())
            start = "the state carried over" if carried else "zeros"
            if trainer.start_states is not None and not trainer.settings.carry:
                start = "the states that the task gives"
            return f"A new window is drawn; it begins with {start}."
        case _:
            return f"The weights took this step; the window's loss was {trainer.loss:.3g}."
