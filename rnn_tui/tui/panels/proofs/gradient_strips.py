"""The strips below the gradient map: what is left of one loss's gradient, and what lets it through.

They begin at the timestep t of the loss that is looked at, like the map's row of it:

==========  ========================================================================
``‖dh‖``    ‖∂L_t/∂h_<t-k>‖/‖∂L_t/∂h_t‖, what is left of it; ``‖dc‖`` of an LSTM likewise
``f⊙…⊙f``   what the memory's gates alone pass on, the mean of the units
``≤‖J⋯J‖``  the most that any gradient at t could have become, the spectral norm of
            the product of Jacobians
==========  ========================================================================
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from rnn_tui.engine.analysis.jacobians import JacobianNorms
from rnn_tui.engine.analysis.loss_gradient import LossGradient
from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.network.layers import layer_number, name_in_layer
from rnn_tui.proofs.base import Refusal
from rnn_tui.proofs.gates import GateReport
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.tui.lines import Line, Lines, text_width
from rnn_tui.tui.number_format import number
from rnn_tui.tui.panels.proofs.gradient_shades import Lags, strip
from rnn_tui.tui.panels.proofs.status import paragraph, progress_bar
from rnn_tui.tui.scope_words import batch_words, joined, layer_words, sample_words


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns that map and strips share.

    Attributes:
        lags: the lags of each.
        cell: cells of each.
        label: cells of a row's label.
        width: cells of the panel.
        written: gives a label as it is written on the terminal: see `DrawContext.written`.
    """

    lags: list[Lags]
    cell: int
    label: int
    width: int
    written: Callable[[str], str]


def strips(snapshot: Snapshot, shown: tuple[str, int | None], columns: Columns, room: int) -> Lines:
    """Return as many lines below the map as `room` has; those that answer most are kept.

    Args:
        snapshot: what has been found.
        shown: the state that the map is of, by the cell's name, and the layer; None: all together.
        columns: the map's columns.
        room: lines; two strips are drawn in any case.
    """
    state, layer = shown
    parts: list[tuple[int, Lines]] = []  # how soon it is left out, and lines, from the top down
    if scope := _scope(snapshot, layer):
        parts.append((0, paragraph(scope, columns.width, "dim")))
    states = snapshot.window.declaration.cell.states
    one, left = snapshot.proofs.get("loss-gradient"), {}
    if isinstance(one, LossGradient):
        left = {name: known_part(snapshot, one.t, passed_on(one, name, layer)) for name in states}
    for name, through in left.items():
        line = strip(_label(f"‖d{_in_layer(name, layer)}‖", columns), through, *_of(columns))
        parts.append((5 if name == state else 0, (line,)))
    gates = snapshot.proofs.get("gates")
    if isinstance(gates, GateReport):
        parts += [(1, (line,)) for line in _direct_paths(snapshot, gates, layer, columns)]
    parts += _jacobians(snapshot, layer, columns, left)
    if isinstance(gates, GateReport):
        of_layer = {n: r for n, r in gates.radii.items() if layer in (None, layer_number(n))}
        parts.append((4, _radii(of_layer, columns.width)))
    return _fitting(parts, max(room, 2))


def passed_on(one: LossGradient, state: str, layer: int | None) -> Array:
    """Return what is left of a loss's gradient by lag, [t+1]: the first entry that is not 0 is 1.

    In a layer below the top, or for a memory, the first entries may be 0.
    """
    norms = one.of(state, layer)[::-1]
    present = np.flatnonzero(norms)
    first = norms[present[0]] if present.size else 1.0
    with np.errstate(all="ignore"):
        relative: Array = norms / first
    return relative


def known_part(snapshot: Snapshot, t: int, through: Array) -> Array:
    """Return `through` as far as the backward pass has come.

    Args:
        snapshot: the place of the backward pass.
        t: where the way back begins.
        through: numbers by lag k from 0 to t: [t+1].

    Returns:
        The same numbers, NaN where the backward pass has not been, inf where not finite.
    """
    result = np.where(np.isfinite(through), through, np.inf)
    result[np.maximum(t - np.arange(len(through)), 1) < snapshot.backward_reached] = np.nan
    return result


def _fitting(parts: Iterable[tuple[int, Lines]], room: int) -> Lines:
    """Return the lines of the parts; what is left out first has the largest number."""
    kept = list(parts)
    while sum(len(lines) for _, lines in kept) > room and any(number for number, _ in kept):
        kept.remove(max(kept, key=lambda part: part[0]))
    return tuple(line for _, lines in kept for line in lines)


def _of(columns: Columns, hue: str = "gradient") -> tuple[list[Lags], int, str]:
    """Return what a strip is drawn with after its label and its numbers."""
    return columns.lags, columns.cell, hue


def _label(text: str, columns: Columns) -> str:
    """Return the label of a strip."""
    return f" {columns.written(text):<{columns.label - 1}}"


def _in_layer(state: str, layer: int | None) -> str:
    """Return the name of a state in a layer; the cell's for all of them together."""
    return name_in_layer(state, layer or 1)


def _scope(snapshot: Snapshot, layer: int | None) -> str:
    """Return what map and strips are of, in a stack or a batch; else ""."""
    sample, states = sample_words(snapshot), snapshot.window.declaration.cell.states
    sizes = ", ".join(f"‖d{_in_layer(state, layer)}‖" for state in states)
    of_batch = (f"map, {sizes}: {batch_words(snapshot)}", f"others: {sample}") if sample else ()
    return joined(layer_words(snapshot, layer), *of_batch)


def _direct_paths(
    snapshot: Snapshot, gates: GateReport, layer: int | None, columns: Columns
) -> list[Line]:
    """Return the strips of the gates' products."""
    lines = []
    for path in gates.direct:
        if layer in (None, layer_number(path.gate)):
            through = known_part(snapshot, len(path.mean) - 1, path.mean[::-1])
            label = _label(f"{path.gate}⊙…⊙{path.gate}", columns)
            lines.append(strip(label, through, *_of(columns, "gate")))
    return lines


def _jacobians(
    snapshot: Snapshot, layer: int | None, columns: Columns, left: Mapping[str, Array]
) -> list[tuple[int, Lines]]:
    """Return the strip of ‖J⋯J‖ and what it is, or why there is none, or its progress."""
    norms = snapshot.proofs.get("jacobians")
    if isinstance(norms, JacobianNorms):
        product = norms.of_layer(layer)
        through = np.concatenate([[1.0], product[::-1]])
        through = known_part(snapshot, len(product), through)
        line = strip(_label("≤‖J⋯J‖", columns), through, *_of(columns))
        return [(2, (line,)), (3, _bound(snapshot, through, left, layer, columns.width))]
    if isinstance(norms, Refusal):
        return [(2, ((((f" ‖J⋯J‖ {norms.why}"), "dim"),),))]
    if snapshot.proving is not None and snapshot.proving[0] == "jacobians":
        return [(2, (progress_bar(snapshot, columns.width),))]
    return []


def _bound(
    snapshot: Snapshot, through: Array, left: Mapping[str, Array], layer: int | None, width: int
) -> Lines:
    """Return in words what ‖J⋯J‖ bounds, and what became of the gradient itself."""
    end = _last(through)
    if not end or not left:
        return ()
    became = ", ".join(
        f"d{_in_layer(name, layer)} ×{_last(part)}" for name, part in left.items() if _last(part)
    )
    what = f"{end}: the most that any gradient could become"
    return paragraph(f"‖J⋯J‖ {what}; L_{snapshot.loss_t}: {became}", width, "dim")


def _last(through: Array) -> str:
    """Return the last known number; "" if none is."""
    known = through[~np.isnan(through)]
    return number(float(known[-1]), 3) if known.size else ""


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
