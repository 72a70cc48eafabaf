"""The gradient through time as a map: each timestep's loss on its way back.

A row is the loss L_t of one timestep, a column the number k of timesteps it has come back; a cell
shows ‖∂L_t/∂h_<t-k>‖ as a character of a logarithmic ramp, on a ground as strong. │ is the window's
edge, where the way back ends. The strips below are those of `gradient_strips`.

Of a cell with a memory the map is that of the memory, until ``d`` chooses h: the sentence says what
becomes of both. Of several layers all are shown together, until one is chosen.
"""

from __future__ import annotations

import numpy as np

from rnn_tui.engine.analysis.gradient_flow import describe_gradient_flow
from rnn_tui.engine.analysis.gradient_map import GradientMap
from rnn_tui.engine.analysis.loss_gradient import LossGradient
from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.network.layers import name_in_layer
from rnn_tui.proofs.gates import GateReport
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.tui import panel_help
from rnn_tui.tui.draw_context import DrawContext
from rnn_tui.tui.lines import Line, Lines, Run, cell_width, fold, merge, plain, text_width
from rnn_tui.tui.number_format import NOT_FINITE, UNKNOWN, count
from rnn_tui.tui.panel_help import Sign, Signs
from rnn_tui.tui.panel_spec import Need, PanelSpec
from rnn_tui.tui.panels.proofs.gradient_shades import (
    NUMBER,
    UNKNOWN_IN_ASCII,
    Lags,
    largest,
    mark,
    scale,
)
from rnn_tui.tui.panels.proofs.gradient_strips import Columns, known_part, strips
from rnn_tui.tui.panels.proofs.status import missing
from rnn_tui.tui.scope_words import joined, layer_words, what_if_words
from rnn_tui.tui.title_rule import title_rule

PANEL_NAME = "map"
LABEL, WIDEST = 8, 3  # cells of a row's label, and of a column at most
IN_ASCII = 3  # cells more for labels in ASCII
STRIPS = "strips: # > 0.32"
EDGE = "│"
NAME = "map of ‖∂L_t/∂{state}_<t-k>‖"
OF_ALL = " of all layers"  # in the name of a variant, where a layer is chosen
TO_GO = " to go"
SCALE_END = "blank <"
LEAST_ROWS = 3  # rows of the map that strips make room for
SCALE_IN_TITLE = 70  # cells from which the title has room for the scale


def variants(snapshot: Snapshot) -> tuple[str, ...]:
    """Return what the map can be of: each state, of the layer chosen or of all of them."""
    states = snapshot.window.declaration.cell.states
    names = (*states[1:], states[0])  # the memory first
    if snapshot.request.layer is not None and snapshot.settings.layers > 1:
        names = (*names, *(name + OF_ALL for name in names))
    return names if len(names) > 1 else ()


def shown(context: DrawContext) -> tuple[str, int | None]:
    """Return the state that the map is of, by the cell's name, and the layer; None: all."""
    snapshot, names = context.snapshot, variants(context.snapshot)
    chosen = snapshot.request.layer
    layer = None if chosen is None else min(chosen, snapshot.settings.layers)
    if not names:
        return "h", layer
    variant = context.selection.variant(PANEL_NAME, names)
    state = variant.removesuffix(OF_ALL)
    return state, None if variant != state else layer


def title(context: DrawContext) -> tuple[str, str]:
    """Return the texts of the title line: state and layer, the scale and the what-ifs in force."""
    snapshot, (state, layer) = context.snapshot, shown(context)
    name, words = NAME.format(state=name_in_layer(state, layer or 1)), ""
    if layer is None and snapshot.settings.layers > 1:
        name += f" {layer_words(snapshot, None)}"
    result, followed = snapshot.proofs.get("map"), ""
    if isinstance(result, GradientMap):
        lines = scale(largest(known_norms(context, result)))
        words = context.written("".join(plain((line,)) for line in lines).strip())
        losses = sum(snapshot.task.topology.counted)
        if len(result.losses) < losses:
            followed = f"{count(len(result.losses))} of {count(losses)} losses"
    return name, joined(followed, words, what_if_words("with", snapshot.pins))


def draw(context: DrawContext, width: int, height: int) -> Lines:
    """Draw a sentence on one loss, the map, the strips, the spectral radii and the scale."""
    snapshot = context.snapshot
    result = snapshot.proofs.get("map")
    if not isinstance(result, GradientMap):
        return missing(context, "map", width)
    if not snapshot.backward_complete(snapshot.loss_t):
        return (((" filled by the backward pass, T → 1", "dim"),),)
    columns = _columns(context, width)
    norms = known_norms(context, result)
    top = largest(norms)
    sentence = _sentence(context, width)
    scale_in_title = _scale_in_title(context, width)
    ramp = () if scale_in_title else _scale_below(top, width)
    rows_at_least = min(LEAST_ROWS, len(result.losses))
    room = height - len(sentence) - 1 - rows_at_least - len(ramp)
    below = strips(snapshot, shown(context), columns, room)
    below = _with_explanation(below, width) if scale_in_title else (*below, *ramp)
    available = max(height - len(sentence) - 1 - len(below), 1)
    chosen = _timesteps(result.losses, snapshot.t, available)
    rows = (
        _row(snapshot, t, norms[result.losses.index(t)], columns, top) for t in reversed(chosen)
    )
    marks = (*rows, *below)
    if context.ascii:
        marks = tuple(map(_with_other_dots, marks))
    return (*sentence, _head(columns, len(chosen), len(result.losses)), *marks)


def _with_other_dots(line: Line) -> Line:
    """Return a line with another sign for what is not known: in ASCII the dot is of the ramp."""
    return tuple((text.replace(UNKNOWN, UNKNOWN_IN_ASCII), role) for text, role in line)


def _columns(context: DrawContext, width: int) -> Columns:
    """Divide the lags 0 … T among the columns that there is room for."""
    snapshot = context.snapshot
    label = LABEL + (snapshot.settings.layers > 1)  # in a stack, names have a digit more
    label += IN_ASCII * context.ascii
    available, steps = max(width - label - NUMBER, 1), snapshot.steps
    each = -(-(steps + 2) // available)
    lags: list[Lags] = [(k, min(k + each - 1, steps)) for k in range(0, steps + 1, each)]
    cell = min(max(available // len(lags), 1), WIDEST)
    return Columns(lags, cell, label, width, context.written)


def _scale_in_title(context: DrawContext, width: int) -> bool:
    """Return whether the title has room for the scale, beside all else that it says."""
    if width < SCALE_IN_TITLE:
        return False
    left, right = title(context)
    shown = plain((title_rule(left, right, width, focused=False),))
    return SCALE_END in shown


def _with_explanation(below: Lines, width: int) -> Lines:
    """Add the explanation of the strips to the last line below the map, if it fits."""
    if not below:
        return below
    *others, last = below
    more = f"   {STRIPS}"
    if cell_width(last) + text_width(more) > width or last == ():
        return below
    return (*others, (*last, (more, "dim")))


def known_norms(context: DrawContext, result: GradientMap) -> Array:
    """Return the norms of the state and layer shown, as far as the backward pass has come.

    Returns:
        norms [R, T+1] by loss and lag k: NaN where the backward pass has not been, inf where the
        norm is not finite, −1 where there is no such gradient (k > t).
    """
    snapshot = context.snapshot
    steps = snapshot.steps
    norms = result.of(*shown(context)).copy()
    reached = snapshot.backward_reached
    lowest = 0 if reached == 1 else reached  # the earliest known
    t, k = np.array(result.losses)[:, np.newaxis], np.arange(steps + 1)
    norms[~np.isfinite(norms)] = np.inf
    norms[t - k < lowest] = np.nan
    norms[k > t] = -1.0
    return norms


def _timesteps(losses: tuple[int, ...], selected: int, rows: int) -> list[int]:
    """Return the timesteps of the rows; if too many, a sample of them with the selected one."""
    if rows >= len(losses):
        return list(losses)
    places = np.linspace(0, len(losses) - 1, rows).round().astype(int)
    chosen = [losses[place] for place in (places if rows > 1 else [-1])]
    if selected in losses and selected not in chosen and rows > 2:
        nearest = min(range(1, rows - 1), key=lambda place: abs(chosen[place] - selected))
        chosen[nearest] = selected
    return sorted(chosen)


def _sentence(context: DrawContext, width: int) -> Lines:
    """Return what becomes of one loss's gradient in words, always in as many lines."""
    snapshot, one = context.snapshot, context.snapshot.proofs.get("loss-gradient")
    lines = _sentence_lines(snapshot, width)
    if not isinstance(one, LossGradient) or width < 3:
        return ((),) * lines
    state, layer = shown(context)
    scope = layer_words(snapshot, layer)
    states = snapshot.window.declaration.cell.states
    name = f"L_{one.t}{f' in {scope}:' if scope else ':' if len(states) > 1 else ''}"
    found = []
    for each in (state, *(other for other in states if other != state)):
        words = _fate(snapshot, one, each, layer)
        found.append(f"{name_in_layer(each, layer or 1)} {words}" if len(states) > 1 else words)
    if found[0].endswith(TO_GO):  # what becomes of the other is not known either
        found = [found[0].removeprefix(f"{name_in_layer(state, layer or 1)} ")]
    brief = [words.partition(" (")[0] for words in found]
    texts = (f"{name} {' · '.join(parts)}" for parts in (found, [found[0], *brief[1:]], brief))
    folded = [fold(text, width - 2) for text in texts]
    best = next((each for each in folded if len(each) <= lines), folded[-1])[:lines]
    drawn: Lines = tuple(((f" {line.strip()}", "strong"),) for line in best)
    return drawn + ((),) * (lines - len(drawn))


def _fate(snapshot: Snapshot, one: LossGradient, state: str, layer: int | None) -> str:
    """Return what becomes of a loss's gradient for one state, as far as is known."""
    norms = known_part(snapshot, one.t, one.of(state, layer)[::-1])
    known = norms[~np.isnan(norms)]
    if not np.isfinite(known).all():
        return f"{NOT_FINITE} not finite on its way back"
    if len(known) < len(norms):
        left = len(norms) - len(known) - 1  # h_0 comes with the first timestep
        return f"on its way back, {left} timestep{'s' * (left > 1)}{TO_GO}"
    return describe_gradient_flow(known, one.t)


def _sentence_lines(snapshot: Snapshot, width: int) -> int:
    """Return the number of lines of the sentence."""
    one_state = len(snapshot.window.declaration.cell.states) == 1
    return 1 if width >= SCALE_IN_TITLE and one_state else 2


def _head(columns: Columns, rows: int, losses: int) -> Line:
    """Return the line of lags above their columns, as many as fit; `rows` of `losses` are drawn."""
    lags, cell = columns.lags, columns.cell
    text = " " * (len(lags) * cell + 2)
    end = 0
    for place, (first, _last) in enumerate(lags):
        label, at = str(first), place * cell
        if at >= end and (first % 5 == 0 or len(lags) < 5) and at + len(label) <= len(text):
            text = text[:at] + label + text[at + len(label) :]
            end = at + len(label) + 1
    said = f" {rows} of {losses} losses"
    free = columns.width - columns.label - len(said)
    if rows < losses and free > 0:
        text = f"{text.rstrip():<{min(len(text), free)}}"
        text = (text if len(text) <= free else text[:free].rpartition(" ")[0]) + said
    return ((f"{'L_t  k=':>{columns.label}}", "dim"), (text, "dim"))


def _row(snapshot: Snapshot, t: int, norms: Array, columns: Columns, top: float) -> Line:
    """Return the row of the loss at `t`.

    Args:
        snapshot: where the selected timestep is read from.
        t: the timestep, from 1.
        norms: of that loss by lag, as in `known_norms`: [T+1].
        columns: the map's columns.
        top: the largest known norm.
    """
    here = t == snapshot.t
    label: Line = (
        (" ▸ " if here else "   ", "accent"),
        (f"{t:>{columns.label - 4}} ", "strong" if here else "dim"),
    )
    marks: list[Run] = []
    for first, last in columns.lags:
        if first > t:  # beyond the window's edge
            marks.append((EDGE, "axis"))
            break
        marks.append(mark(norms[first : min(last, t) + 1], top, columns.cell))
    else:
        marks.append((EDGE, "axis"))
    return (*label, *merge(marks))


def _scale_below(top: float, width: int) -> Lines:
    """Return what the characters of map and strips mean, in one line if it fits, else in two."""
    marks, *blank = scale(top) or ((),)
    more: Line = (*(run for line in blank for run in line), (f"  {STRIPS}", "dim"))
    if cell_width((*marks, *more)) <= width:
        return ((*marks, *more),)
    return marks, ((plain((more,)).replace("  ", " ", 1), "dim"),)


def need(snapshot: Snapshot) -> Need:
    """Return the lines that the panel needs: a row for each loss, and sentence, strips, scale."""
    losses = sum(snapshot.task.topology.counted)
    return Need(10, 13, max(losses + 5, 13), max(losses + 12, 13))


def signs(context: DrawContext) -> Signs:
    """Return what the signs on the panel mean."""
    snapshot, (state, _) = context.snapshot, shown(context)
    gates = snapshot.proofs.get("gates")
    paths = [path.gate for path in gates.direct] if isinstance(gates, GateReport) else []
    products = "  ".join(f"{gate}⊙…⊙{gate}" for gate in paths)
    return panel_help.joined(
        (
            Sign("map", "how large the gradient of each loss is on its way back"),
            Sign("L_t", "a row is the loss of timestep t alone"),
            Sign("3 timesteps to go", "the backward pass has not come to its end yet", "dim"),
            Sign(
                f"{min(5, snapshot.steps)} of {snapshot.steps} losses",
                "so many have a row, from the first to the last",
                "dim",
            ),
            Sign("k", "a column is a number of timesteps that its gradient has come back"),
            Sign(
                f"‖∂L_t/∂{state}_<t-k>‖",
                "a cell is the gradient's size there, by characters",
                "gradient",
            ),
            Sign(
                f"L_{snapshot.loss_t}",
                "the loss that sentence and strips follow: of the timestep selected with ← → if "
                "it has one, else the last there is",
            ),
            *(
                Sign(
                    f"‖d{each}‖",
                    f"what is left for {each} of that loss's gradient, of its size at the start",
                    "gradient",
                )
                for each in snapshot.window.declaration.cell.states
            ),
            Sign("# * + = - : .", "from large to small, each √10 smaller than the one before"),
            Sign("│", "the edge of the window, where the way back ends", "axis"),
            Sign("▸", "the timestep at the cursor, or the selected one", "accent"),
            Sign(
                "≤‖J⋯J‖",
                "the most that any gradient could become k steps back: the norm of the product of "
                "the Jacobians J = ∂s_t/∂s_<t-1>, s all that is carried. This one may fade all "
                "the same: what became of it are the strips above",
            ),
            Sign("×", "times: what a gradient has become, of its first size"),
        ),
        (
            Sign(
                products,
                "the product of the gates on the direct way back: what the memory's gates alone "
                "let through, the mean of the units",
                "gate",
            ),
        )
        if products
        else (),
        (
            Sign("strips: # > 0.32", "the strips below have the same characters, # from 0.32 up"),
            Sign("max|λ|", "the largest eigenvalue of this part of W_h: above 1 may explode"),
            Sign("W_h  W_hi", "the recurrent weights; those of gate i"),
            Sign("÷√10  <  ≤", "√10 times smaller; below; at most"),
        ),
    )


PANEL = PanelSpec(
    draw,
    title,
    proofs=("loss-gradient", "map", "gates", "jacobians"),
    timestep_keys="←→",
    variants=variants,
    need=need,
    help=signs,
    table="proofs:gradient_map",
)
