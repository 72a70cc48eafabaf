"""What the signs on the panel of the current pass mean, in each pass."""

from __future__ import annotations

from rnn_tui.engine.training.schedule import Pass
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.tui.draw_context import DrawContext
from rnn_tui.tui.loss_words import division, term_words
from rnn_tui.tui.panel_help import (
    POWER,
    Sign,
    Signs,
    bars,
    chart,
    joined,
    tensor_picture,
    values,
    weights,
)


def signs_of(context: DrawContext, stage: Pass) -> Signs:
    """Return the signs on the panel where it shows `stage`."""
    snapshot = context.snapshot
    if not snapshot.cursor.has_batch:
        equations = (
            values(snapshot),
            _gradients(snapshot),
            weights(snapshot),
            _equation(snapshot),
            (
                Sign("p  Δ", "a parameter, and what is added to it"),
                Sign("←", "takes the place of the value before"),
            ),
            _step(snapshot),
        )
        place = (
            Sign("_<t-1>", "of the timestep before"),
            Sign("′", "the derivative of an activation"),
            Sign("target", "what the output should be", "truth"),
        )
        return joined(_loss(snapshot), place, *equations)
    match stage:
        case Pass.FORWARD | Pass.BACKWARD:
            return _timestep(context)
        case Pass.BATCH:
            return joined(_window(snapshot), _data(snapshot))
        case Pass.LOSS:
            return joined(
                _loss(snapshot),
                _theirs(snapshot),
                _window(snapshot),
                _columns("a timestep's term of L"),
            )
        case Pass.CLIP:
            columns = _columns("how many entries have this magnitude")
            return joined(_clip(), columns, weights(snapshot))
        case _:
            return joined(_update(snapshot), bars(context), weights(snapshot))


# ------------------------------------------------------------------------- FORWARD and BACKWARD


def _timestep(context: DrawContext) -> Signs:
    """Return the signs of a timestep, its gradients and its equation."""
    snapshot = context.snapshot
    place = (
        Sign(
            "▸", "the operation at the cursor; the number beside is the selected unit's", "accent"
        ),
        Sign("_<t-1>", "of the timestep before: h_<t-1> is the h that arrives"),
    )
    return joined(
        _picture(context.ascii) if context.zoomed else (),
        place,
        _theirs(snapshot),
        _term(snapshot),
        _arriving(snapshot) if snapshot.backward_revealed(snapshot.t) else (),
        bars(context, gates=True),
        (
            Sign("full bar", "what a bar is measured by, where it is not 1"),
            Sign("bars: log", "gradients on a logarithmic scale, over so many powers of 10"),
            Sign("…", "more units than there is room for: ↑↓ go there, z has room for more"),
            Sign("·", "not computed yet; before dim numbers: they are of the timestep before"),
            Sign("×10⁻⁴", "times 10⁻⁴ is each gradient below, but +1.2×10⁻⁹ is already whole"),
            Sign("×10⁻² · ×1 = ×10⁻²", "of a table of terms: powers of ten of its columns", "dim"),
        ),
        _class_signs(snapshot),
        values(snapshot),
        _gradients(snapshot),
        weights(snapshot),
        _equation(snapshot),
        _what_if(snapshot),
        (Sign("W_h 32×128", "a tensor, its rows times its columns"),),
        _picture(context.ascii),
    )


def _theirs(snapshot: Snapshot) -> Signs:
    """Return the signs of what the file of a case says."""
    if snapshot.theirs is None:
        return ()
    return (
        Sign("theirs", "what the case file says that somebody computed"),
        Sign("✓", "it agrees with ours", "good"),
        Sign("✗", "it differs by more than rounding does", "error"),
    )


def _term(snapshot: Snapshot) -> Signs:
    """Return the signs of what a timestep adds to the loss."""
    term = term_words(snapshot.task, snapshot.window.declaration)
    return (Sign("L", "the loss: what training makes small"), Sign(term, "a timestep's part of it"))


def _picture(ascii: bool) -> Signs:
    """Return the signs in the picture of the cell, which the whole screen shows."""
    thin, thick, along = "─  ┌  ┐  └  ┘  ├  ┤  ┬  ┴  ┼", "━  ┃  ┏  ┓  ┗  ┛  ┣  ┫  ┳  ┻  ╋", "│"
    if ascii:
        thin, thick, along = "-  .  '  :", "#", "|"
    return (
        Sign(thin, "a value on its way to what is made from it; where it turns and forks"),
        Sign(thick, "several values on one line, to signs that are made from all of them"),
        Sign(along, "between two ─: a line that passes, without meeting them"),
        Sign("σ  tanh  W", "made from all units of what leads there, times weights"),
        Sign("⊙  +  1−", "made from the same unit of what leads there"),
        Sign("▸", "at the right end: on to the next timestep", "dim"),
        Sign("◂", "the gradient of the value above, on its way back", "gradient"),
        Sign("◂a", "the same before σ or tanh: da", "gradient"),
        Sign("c_6  c_7", "a line lit: the operation at the cursor computes along it", "accent"),
    )


def _arriving(snapshot: Snapshot) -> Signs:
    """Return the signs beside the gradients."""
    layers, states = snapshot.settings.layers, snapshot.window.declaration.cell.states
    signs = [Sign("arrives from t=9", "dh_next: the gradient that timestep 9 has sent back")]
    if len(states) > 1:
        signs.append(Sign("c", "at its end: the same for the memory, dc_next", "gradient"))
    signs.append(Sign("→h", "dh_y: the part of dh_t that comes from y_t", "gradient"))
    if layers > 1:
        signs.append(Sign("dh_up", "the part of dh_t that comes from the layer above", "gradient"))
    return tuple(signs)


def _gradients(snapshot: Snapshot) -> Signs:
    """Return the names of gradients, as far as they are more than d before a value."""
    signs = [
        Sign("dh_t", "d before a name: the gradient of the loss for it, ∂L/∂h_t"),
        Sign("dh_y", "the part of dh_t that comes from y_t"),
        Sign("dh_next", "the part of dh_t that arrives from the timestep after"),
    ]
    if snapshot.settings.layers > 1:
        signs.append(Sign("dh_up", "the part of dh_t that comes from the layer above"))
    for state in snapshot.window.declaration.cell.states[1:]:
        signs.append(Sign(f"d{state}_next", f"the same for {state}_t"))
    return (
        *signs,
        Sign("a_t  a_i", "what goes into tanh or σ (of gate i), before it"),
        Sign("‖share‖  ‖Σ so far‖", "the norm of what this timestep adds to each gradient; of all"),
        Sign("Σ t=9…6", "the sum of the shares of timesteps 9 to 6"),
    )


def _equation(snapshot: Snapshot) -> Signs:
    """Return the signs in equations."""
    signs = [
        Sign("σ  tanh", "the logistic function, from 0 to 1; tanh, from −1 to 1"),
        Sign("⊙  ·  ᵀ", "product by entries; product; the matrix is transposed"),
        Sign("3 rows folded  +1 row", "so many rows have no room here; z shows them", "dim"),
        Sign("bars: linear to 3.7", "in the title: a full bar of a gradient, in its unit", "dim"),
        Sign("log, 6 decades", "such bars: none is 10⁶ times less than a full one", "dim"),
        Sign("(27 more: 0.1)", "terms of the products before that have no room; their sum"),
        Sign("all terms: z", "z has a table of all terms: k, both factors, their product", "dim"),
        *_count(snapshot),
        Sign("²  √  |  |", "square, root, magnitude"),
    ]
    if snapshot.task.labels is not None:
        signs.append(Sign("e^(…)  softmax", "exp; exp of each, divided by their sum"))
    return tuple(signs)


def _class_signs(snapshot: Snapshot) -> Signs:
    """Return the signs of inputs and outputs that are symbols and classes."""
    signs: list[Sign] = []
    if snapshot.task.symbols is not None:
        signs.append(Sign("'a'", "the input's symbol; its number among all"))
    if snapshot.task.labels is not None:
        signs.append(Sign("a .41  b .12", "the likeliest classes with their probabilities"))
        signs.append(Sign("p  −log p", "of the target: its probability, and its part of the loss"))
    signs.append(Sign("target", "what the output should be", "truth"))
    return tuple(signs)


def _what_if(snapshot: Snapshot) -> Signs:
    """Return the signs beside values that a what-if has changed."""
    if snapshot.what_if is None and not snapshot.pins:
        return ()
    return (
        Sign("was", "the value without any what-if", "dim"),
        Sign("Δ", "how far the what-ifs have moved it"),
    )


# ------------------------------------------------------------------------- BATCH and LOSS


def _window(snapshot: Snapshot) -> Signs:
    """Return the signs of the table of a window."""
    signs = [
        Sign("t", "a timestep of the window has a row"),
        Sign("x_t", "the input"),
        Sign("target", "what the output should be", "truth"),
    ]
    signs.append(POWER)
    if "mark" in (snapshot.task.parts or ()):
        signs.append(Sign("▲", "the input that marks this timestep"))
    if parts := snapshot.task.parts:
        signs.append(Sign("  ".join(parts), "the numbers of the input"))
    return tuple(signs)


def _data(snapshot: Snapshot) -> Signs:
    """Return the signs of the picture of a window."""
    if snapshot.task.symbols is not None:
        return (
            Sign("█", "the symbol that goes in at a timestep"),
            Sign("▒", "the one that should come out", "truth"),
            Sign("·", "neither", "rule"),
        )
    marked = (Sign("┊", "a timestep that is marked", "accent"),)
    return (*chart(log=False, x="timesteps"), *marked, Sign("⠒", "the values as curves"))


def _columns(what: str) -> Signs:
    """Return the signs of bars that stand side by side, each of them `what`."""
    return (
        Sign("▁▂▃▄▅▆▇█", f"{what}; the number at the left is that of the highest bar"),
        Sign("┤ │", "the axis of the bars", "axis"),
        Sign("└─", "what the bars stand for", "axis"),
    )


def _count(snapshot: Snapshot) -> Signs:
    """Return the sign N, where the loss is a mean."""
    if not division(snapshot.window.declaration):
        return ()
    return (Sign("N", "the number of terms that the loss is the mean of"),)


def _loss(snapshot: Snapshot) -> Signs:
    """Return the signs of the loss."""
    signs = [
        Sign("L", "the loss: what training makes small"),
        Sign("²", "square"),
        Sign("Σ", "the sum over all timesteps that count"),
    ]
    signs += _count(snapshot)
    per = division(snapshot.window.declaration)
    if snapshot.task.labels is None:
        return (
            *signs,
            Sign("y_t", "the output", "one-step"),
            Sign(
                f"error²{per}  ²",
                f"(y_t − target)²{per}, a square: what this timestep adds to the loss",
            ),
        )
    return (
        *signs,
        Sign("p_t", "the probabilities of the classes, softmax(y_t): they are the output"),
        Sign("argmax", "the likeliest class"),
        Sign("✓  ✗", "it is the target; it is not", "good"),
        Sign("p", "the probability of the target"),
        Sign(f"−log p{per}", "what this timestep adds to the loss: 0 where p is 1"),
        Sign("█", "the probability of a class", "gate"),
        Sign("←", "the class that is the target", "truth"),
    )


# ------------------------------------------------------------------------- CLIP and UPDATE


def _clip() -> Signs:
    """Return the signs of clipping."""
    return (
        Sign("‖g‖", "the norm of a gradient, over all entries", "gradient"),
        Sign("|g|", "the magnitude of one entry"),
        Sign("clipped", "the norm after clipping"),
        POWER,
        Sign("dW_h[2,2] →", "the gradient of the selected parameter, before and after"),
        Sign("min(1, …)", "the factor that makes the norm as small as the limit, at most 1"),
        Sign("±5", "every entry beyond is set to it"),
        Sign("┊", "where clipping begins"),
        Sign("32×128", "rows and columns of the tensor"),
        Sign("▸", "the tensor of the selected parameter", "accent"),
    )


_OPTIMIZER_SIGNS = {
    "momentum": Sign("μ", "momentum: how much of the step before is kept"),
    "eps": Sign("eps", "a small number that keeps from dividing by 0"),
    "alpha": Sign("α", "how much of the squares before is kept"),
    "beta1": Sign("β₁  β₁ⁿ", "how much of the mean gradient is kept; after n updates"),
    "beta2": Sign("β₂  β₂ⁿ", "how much of the mean square is kept; after n updates"),
}
"""What settings of optimizers are called in equations, by setting."""


def _update(snapshot: Snapshot) -> Signs:
    """Return the signs of the update."""
    return (
        Sign("p", "the selected parameter, or all of a tensor's", "strong"),
        Sign("Δ  Δp", "the step: what is added to the parameters; below, a bar for each entry"),
        Sign("full bar", "the largest magnitude of the tensor's step"),
        Sign("log10(‖Δ‖/‖p‖)", "the step against the parameters: −3 is a thousandth"),
        Sign("good near −3", "a rule of thumb: far above, training is rough, far below, slow"),
        Sign("←", "takes the place of the value before"),
        *_step(snapshot),
        Sign("‖p‖", "the norm of the parameters, before the step"),
        POWER,
        Sign(snapshot.settings.optimizer, "the optimizer"),
        Sign("32×128", "rows and columns of the tensor"),
        Sign("▸", "the tensor of the selected parameter", "accent"),
        *tensor_picture(snapshot),
    )


def _step(snapshot: Snapshot) -> Signs:
    """Return the signs of the optimizer's operations."""
    from rnn_tui.registry import OPTIMIZERS

    used = OPTIMIZERS[snapshot.settings.optimizer].settings
    return (
        Sign("g", "the gradient after clipping"),
        Sign("lr  rate", "the learning rate; what the optimizer makes of it"),
        Sign("m  v  s  u  buf", "the optimizer's memory, one number for each parameter"),
        *(_OPTIMIZER_SIGNS[name] for name in used if name in _OPTIMIZER_SIGNS),
        Sign("²  √", "square, root"),
    )
