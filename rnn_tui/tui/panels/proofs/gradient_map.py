"""The gradient through time as a map: each timestep's loss on its way back.

A row is the loss L_t of one timestep, a column the number k of timesteps it has come back; a cell
shows ‖∂L_t/∂h_t−k‖ as a character of a logarithmic ramp. │ is the window's edge, where the way back
ends. Strips below the map, on the same columns, show how much of a gradient the product of the
Jacobians and the product of the gates let through on the way back from T.

Of several layers all are shown together, until one is chosen: then map, strips and radii are of
that one. The strips of the gates are of one layer each, and are called by the names there.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

import numpy as np

from rnn_tui.engine.analysis.gradient_flow import describe_gradient_flow
from rnn_tui.engine.analysis.gradient_map import GradientMap
from rnn_tui.engine.analysis.jacobians import JacobianNorms
from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.network.layers import layer_number, name_in_layer
from rnn_tui.proofs.base import Refusal
from rnn_tui.proofs.gates import GateReport
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.tui import panel_help
from rnn_tui.tui.draw_context import DrawContext
from rnn_tui.tui.lines import Line, Lines, Run, cell_width, fold, merge, plain, text_width
from rnn_tui.tui.number_format import NOT_FINITE, UNKNOWN, number
from rnn_tui.tui.panel_help import Sign, Signs
from rnn_tui.tui.panel_spec import Need, PanelSpec
from rnn_tui.tui.panels.proofs.status import missing, paragraph, progress_bar
from rnn_tui.tui.scope_words import (
    batch_words,
    joined,
    layer_words,
    sample_words,
    what_if_words,
)

RAMP = " .:-=+*#"
STEP = math.sqrt(10.0)  # factor between two neighbouring characters of the ramp
LABEL, WIDEST = 8, 3  # cells of a row's label, and of a column at most
STRIPS = "strips: # > 0.32"
NUMBER = 11  # cells kept at the end of a strip for its number
EDGE = "│"
UNKNOWN_IN_ASCII = "'"
NAME = "map of ‖∂L_t/∂{h}_t−k‖"
LEAST_ROWS = 3  # rows of the map that strips of single layers make room for
SCALE_IN_TITLE = 70  # cells from which the title has room for the scale
_Lags = tuple[int, int]  # the first and last lag that share a column


def title(context: DrawContext) -> tuple[str, str]:
    """Return the texts of the title line: the layer, the scale and the what-ifs in force."""
    snapshot, layer = context.snapshot, shown_layer(context.snapshot)
    name, scale = NAME.format(h=name_in_layer("h", layer or 1)), ""
    if layer is None and snapshot.settings.layers > 1:
        name += f" {layer_words(snapshot, None)}"
    result = snapshot.proofs.get("map")
    if isinstance(result, GradientMap):
        lines = _scale(_top(known_norms(snapshot, result)))
        scale = "".join(plain((line,)) for line in lines).strip()
    return name, joined(scale, what_if_words("with", snapshot.pins))


def shown_layer(snapshot: Snapshot) -> int | None:
    """Return the layer that is shown: the one chosen; None, all together, where none is."""
    chosen = snapshot.request.layer
    return None if chosen is None else min(chosen, snapshot.settings.layers)


def draw(context: DrawContext, width: int, height: int) -> Lines:
    """Draw a sentence on the last loss, the map, the strips, the spectral radii and the scale."""
    snapshot = context.snapshot
    result = snapshot.proofs.get("map")
    if not isinstance(result, GradientMap):
        return missing(context, "map", width)
    if not snapshot.backward_complete(snapshot.steps):
        return (((" filled by the backward pass, T → 1", "dim"),),)
    norms, across = known_norms(snapshot, result), width - _label_width(snapshot) - NUMBER
    lags = _columns(snapshot.steps, across)
    cell = min(max(across // len(lags), 1), WIDEST)
    top = _top(norms)
    sentence = _sentence(snapshot, norms, width)
    scale_in_title = _scale_in_title(context, width)
    scale = () if scale_in_title else _scale_below(top, width)
    room = height - len(sentence) - 1 - LEAST_ROWS - len(scale)
    below = _strips(snapshot, lags, cell, width, room)
    below = _with_explanation(below, width) if scale_in_title else (*below, *scale)
    available = max(height - len(sentence) - 1 - len(below), 1)
    rows = (_row(snapshot, norms, t, lags, cell, top) for t in _timesteps(snapshot, available))
    marks = (*rows, *below)
    if context.ascii:
        marks = tuple(map(_with_other_dots, marks))
    return (*sentence, _head(lags, cell, _label_width(snapshot)), *marks)


def _with_other_dots(line: Line) -> Line:
    """Return a line with another sign for what is not known: in ASCII the dot is of the ramp."""
    return tuple((text.replace(UNKNOWN, UNKNOWN_IN_ASCII), role) for text, role in line)


def _label_width(snapshot: Snapshot) -> int:
    """Return the cells of a row's label: in a stack, names have a digit more."""
    return LABEL + (snapshot.settings.layers > 1)


def _scale_in_title(context: DrawContext, width: int) -> bool:
    """Return whether the title has room for the scale, beside all else that it says."""
    left, right = title(context)
    return width >= SCALE_IN_TITLE and text_width(left) + text_width(right) + 8 <= width


def _with_explanation(below: Lines, width: int) -> Lines:
    """Add the explanation of the strips to the last line below the map, if it fits."""
    if not below:
        return below
    *others, last = below
    more = f"   {STRIPS}"
    if cell_width(last) + text_width(more) > width or last == ():
        return below
    return (*others, (*last, (more, "dim")))


def known_norms(snapshot: Snapshot, result: GradientMap) -> Array:
    """Return the map's norms of the layer shown, as far as the backward pass has come.

    Returns:
        norms [T, T+1] by t−1 and lag k: NaN where the backward pass has not been, inf where the
        norm is not finite, −1 where there is no such gradient (k > t).
    """
    steps = snapshot.steps
    norms = result.of_layer(shown_layer(snapshot)).copy()
    reached = [t for t in range(1, steps + 1) if snapshot.backward_complete(t)]
    lowest = 0 if 1 in reached else min(reached, default=steps + 1)  # the earliest known
    t, k = np.indices(norms.shape)
    norms[~np.isfinite(norms)] = np.inf
    norms[t + 1 - k < lowest] = np.nan
    norms[k > t + 1] = -1.0
    return norms


def _columns(steps: int, available: int) -> list[_Lags]:
    """Divide the lags 0 … T among at most `available` columns."""
    available = max(available, 1)
    per_column = -(-(steps + 2) // available)
    return [(k, min(k + per_column - 1, steps)) for k in range(0, steps + 1, per_column)]


def _timesteps(snapshot: Snapshot, rows: int) -> list[int]:
    """Return the timesteps of the rows from T down; if too many, a sample with the selected one."""
    steps = snapshot.steps
    if rows >= steps:
        return list(range(steps, 0, -1))
    chosen = np.linspace(steps, 1, rows).round().astype(int) if rows > 1 else np.array([steps])
    if snapshot.t not in chosen and rows > 2:
        chosen[1 + int(np.argmin(np.abs(chosen[1:-1] - snapshot.t)))] = snapshot.t
    return [int(t) for t in chosen]


def _sentence(snapshot: Snapshot, norms: Array, width: int) -> Lines:
    """Return what becomes of the last loss's gradient in words, always in as many lines."""
    row = norms[-1]
    known = row[~np.isnan(row)]
    scope = layer_words(snapshot, shown_layer(snapshot))
    name = f"L_{snapshot.steps}{f' in {scope}:' if scope else ''}"
    words = f"{name} {describe_gradient_flow(known, snapshot.steps)}"
    if not np.isfinite(known).all():
        words = f"{name} {NOT_FINITE} not finite on its way back"
    lines = fold(words, width - 2)[:2] if width >= 3 else []
    shown: Lines = tuple(((f" {line.strip()}", "strong"),) for line in lines)
    return shown + ((),) * (_sentence_lines(width) - len(shown))


def _sentence_lines(width: int) -> int:
    """Return the number of lines of the sentence."""
    return 1 if width >= SCALE_IN_TITLE else 2


def _head(lags: list[_Lags], cell: int, indent: int) -> Line:
    """Return the line of lags above their columns, as many as fit."""
    text = " " * (len(lags) * cell + 2)
    end = 0
    for place, (first, _last) in enumerate(lags):
        label, at = str(first), place * cell
        if at >= end and (first % 5 == 0 or len(lags) < 5) and at + len(label) <= len(text):
            text = text[:at] + label + text[at + len(label) :]
            end = at + len(label) + 1
    return ((f"{'L_t  k=':>{indent}}", "dim"), (text, "dim"))


def _row(
    snapshot: Snapshot, norms: Array, t: int, lags: Iterable[_Lags], cell: int, top: float
) -> Line:
    """Return the row of the loss at `t`.

    Args:
        snapshot: where the selected timestep is read from.
        norms: what `known_norms` returns.
        t: the timestep, from 1.
        lags: the lags of each column.
        cell: cells of a column.
        top: the largest known norm.
    """
    here = t == snapshot.t
    label: Line = (
        (" ▸ " if here else "   ", "accent"),
        (f"{t:>{_label_width(snapshot) - 4}} ", "strong" if here else "dim"),
    )
    marks: list[Run] = []
    for first, last in lags:
        if first > t:  # beyond the window's edge
            marks.append((EDGE, "axis"))
            break
        marks.append(_mark(norms[t - 1, first : min(last, t) + 1], top, cell))
    else:
        marks.append((EDGE, "axis"))
    return (*label, *merge(marks))


def _mark(sizes: Array, top: float, cell: int) -> Run:
    """Return one column of a row: the character of the largest of `sizes`."""
    if np.isnan(sizes).all():
        return UNKNOWN.ljust(cell), "dim"
    size = float(np.nanmax(sizes))
    if not math.isfinite(size):
        return NOT_FINITE * cell, "error"
    return shade(size, top) * cell, "gradient"


def shade(size: float, top: float) -> str:
    """Return a size's character: # within a factor √10 of `top`, each weaker one √10 less."""
    if size <= 0 or top <= 0:
        return RAMP[0]
    steps = math.floor(math.log(top / size) / math.log(STEP) + 1e-9)
    return RAMP[min(max(len(RAMP) - 1 - steps, 0), len(RAMP) - 1)]


def _top(norms: Array) -> float:
    """Return the largest finite norm."""
    return float(np.max(norms[np.isfinite(norms)], initial=0.0))


def _scale(top: float) -> Lines:
    """Return what the characters mean, in two lines; a wide panel has it in its title."""
    if top == 0:
        return ()
    low = number(top / STEP ** (len(RAMP) - 1), 2)
    line: Line = ((" #", "gradient"), (f" ≤ {number(top, 2)}  ", "dim"))
    line = (*line, (RAMP[-2:0:-1], "gradient"), (" each ÷√10", "dim"))
    return (line, ((f"  blank < {low}", "dim"),))


def _scale_below(top: float, width: int) -> Lines:
    """Return what the characters of map and strips mean, in one line if it fits, else in two."""
    marks, *blank = _scale(top) or ((),)
    more: Line = (*(run for line in blank for run in line), (f"  {STRIPS}", "dim"))
    if cell_width((*marks, *more)) <= width:
        return ((*marks, *more),)
    return marks, ((plain((more,)).replace("  ", " ", 1), "dim"),)


# Strips below the map


def _strips(snapshot: Snapshot, lags: list[_Lags], cell: int, width: int, room: int) -> Lines:
    """Return the strips of the Jacobians and of the gates, and the spectral radii.

    Of several layers or samples, a line before them says which these are of. In a stack, what does
    not fit into `room` lines is left out.
    """
    layer, scope = shown_layer(snapshot), _scope(snapshot)
    lines: list[Line] = [*paragraph(scope, width, "dim")] if scope else []
    norms, gates = snapshot.proofs.get("jacobians"), snapshot.proofs.get("gates")
    lines.append(_jacobians(snapshot, norms, lags, cell, width))
    if not isinstance(gates, GateReport):
        return tuple(lines)
    for path in gates.direct:
        if layer in (None, layer_number(path.gate)):
            through = _masked(snapshot, path.mean[::-1])
            label = f" {f'{path.gate}⊙…⊙{path.gate}':<{_label_width(snapshot) - 1}}"
            lines.append(_strip(label, through, lags, cell, "gate"))
    radii = {name: r for name, r in gates.radii.items() if layer in (None, layer_number(name))}
    of_weights = _radii(radii, width)
    if snapshot.settings.layers == 1 or len(lines) + len(of_weights) <= room:
        return (*lines, *of_weights)
    return tuple(lines[: max(room, 2)])


def _scope(snapshot: Snapshot) -> str:
    """Return what map and strips are of, in a stack or a batch; else ""."""
    sample = sample_words(snapshot)
    of_batch = (f"map: {batch_words(snapshot)}", f"strips: {sample}") if sample else ()
    return joined(layer_words(snapshot, shown_layer(snapshot)), *of_batch)


def _jacobians(snapshot: Snapshot, norms: object, lags: list[_Lags], cell: int, width: int) -> Line:
    """Return the strip of ‖J⋯J‖, or why there is none, or its progress."""
    if isinstance(norms, JacobianNorms):
        product = norms.of_layer(shown_layer(snapshot))
        through = _masked(snapshot, np.concatenate([[1.0], product[::-1]]))
        label = f" {'‖J⋯J‖':<{_label_width(snapshot) - 1}}"
        return _strip(label, through, lags, cell, "smooth")
    if isinstance(norms, Refusal):
        return ((f" ‖J⋯J‖ {norms.why}", "dim"),)
    if snapshot.proving is not None and snapshot.proving[0] == "jacobians":
        return progress_bar(snapshot, width)
    return ()


def _masked(snapshot: Snapshot, through: Array) -> Array:
    """Return `through` as far as the backward pass has come.

    Args:
        snapshot: the place of the backward pass.
        through: the share of a gradient at T that comes back k timesteps, [T+1] by lag k.

    Returns:
        The same numbers [T+1], NaN where the backward pass has not been, inf where not finite.
    """
    result = np.where(np.isfinite(through), through, np.inf)
    for k in range(snapshot.steps + 1):
        if not snapshot.backward_complete(max(snapshot.steps - k, 1)):
            result[k] = np.nan
    return result


def _strip(label: str, through: Array, lags: list[_Lags], cell: int, role: str) -> Line:
    """Return a labelled strip on the map's columns, relative to 1, and its last known number.

    `label` has the cells of the rows' labels.
    """
    marks = [_mark(through[first : last + 1], 1.0, cell) for first, last in lags]
    coloured = [(text, role if r == "gradient" else r) for text, r in marks]
    known = through[~np.isnan(through)]
    end = number(float(known[-1]), 3) if known.size else UNKNOWN
    start: Line = ((label, "dim"), *merge(coloured))
    return (*start, (f" {end:<{NUMBER - 1}}", "strong"))


def _radii(radii: Mapping[str, float], width: int) -> Lines:
    """Return max |λ| of each gate's block of W_h, in several lines where one is too short."""
    if not radii:  # no recurrence
        return ()
    parts = [f"{name} {number(radius, 3)}" for name, radius in radii.items()]
    line = f" max|λ| {'  '.join(parts)}"
    if text_width(line) <= width:
        return (((line, "dim"),),)
    widest = max(map(text_width, parts))
    count = -(-len(parts) // max((width - 9 + 2) // (widest + 2), 1))  # lines, at least two
    each = -(-len(parts) // max(count, 2))
    rows = [parts[k : k + each] for k in range(0, len(parts), each)]
    labels = (" max|λ|: ", *(" " * 9,) * len(rows))
    return tuple(
        ((label + "  ".join(row), "dim"),) for label, row in zip(labels, rows, strict=False)
    )


def need(snapshot: Snapshot) -> Need:
    """Return the lines that the panel needs: T rows of the map, and sentence, strips and scale."""
    return Need(10, 15, snapshot.steps + 5, snapshot.steps + 10)


def signs(context: DrawContext) -> Signs:
    """Return what the signs on the panel mean."""
    gates = context.snapshot.proofs.get("gates")
    paths = [path.gate for path in gates.direct] if isinstance(gates, GateReport) else []
    products = "  ".join(f"{gate}⊙…⊙{gate}" for gate in paths)
    return panel_help.joined(
        (
            Sign("map", "how large the gradient of each loss is on its way back"),
            Sign("L_t", "a row is the loss of timestep t alone"),
            Sign("k", "a column is a number of timesteps that its gradient has come back"),
            Sign("‖∂L_t/∂h_t−k‖", "a cell is the gradient's size there, by characters", "gradient"),
            Sign("# * + = - : .", "from large to small, each √10 smaller than the one before"),
            Sign("│", "the edge of the window, where the way back ends", "axis"),
            Sign("▸", "the timestep at the cursor, or the selected one", "accent"),
            Sign(
                "‖J⋯J‖",
                "what k steps back can let through at most: the norm of the product of "
                "the Jacobians J = ∂h_t/∂h_<t-1>. A gradient may fade all the same",
            ),
        ),
        (Sign(products, "the product of the gates on the direct way back: what they let through"),)
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
    draw, title, proofs=("map", "gates", "jacobians"), timestep_keys="←→", need=need, help=signs
)
