"""The weights: one tensor of parameters as a heat map, its selected entry and its distribution.

The map shows the values, the gradient, the selected timestep's share of it, or the change by the
last update; the key ``d`` chooses. Units of the layer are columns, gate by gate; inputs are rows:
`W` is the matrix of x·W. PyTorch keeps its transpose.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rnn_tui.engine.analysis.tensor_report import (
    CHANGE,
    GRADIENT,
    NO_CHANGE,
    NO_GRADIENT,
    QUANTITIES,
    SHARE,
    VALUE,
    TensorReport,
)
from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.training.schedule import Pass
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.tui.bars import BarScale
from rnn_tui.tui.draw_context import DrawContext
from rnn_tui.tui.heat_map import cut_lines
from rnn_tui.tui.lines import Line, Lines, Run, cell_width
from rnn_tui.tui.number_format import LEVELS, NOT_FINITE, UNKNOWN, count, number, role_of, signed
from rnn_tui.tui.panel_help import Sign, Signs, bars, tensor_picture, values, weights
from rnn_tui.tui.panel_help import joined as joined_signs
from rnn_tui.tui.panel_spec import Need, PanelSpec
from rnn_tui.tui.parameter_names import (
    TensorRange,
    parameter_name,
    symbol_of_parameter,
    tensor_of,
    tensors,
)
from rnn_tui.tui.scope_words import joined
from rnn_tui.tui.tensor_map import from_to, tensor_map

BELOW = 2  # lines of the selected entry and of the distribution, at least
ROOMY = 12  # lines of the panel from which on the entry may have two
FEWEST, MOST = 8, 64  # bars of the distribution
if TYPE_CHECKING:
    from rnn_tui.engine.analysis.distribution import Distribution
    from rnn_tui.engine.analysis.ledger import Ledger

PROOF, SHARES = "weights", "ledger"  # what the panel requests


AROUND_ROWS = 4  # lines: title, names of columns, the entry, the distribution
LOWEST = 5  # lines of the panel


def need(snapshot: Snapshot) -> Need:
    """Return the lines of the panel: with all rows of its highest tensor it has no more to show."""
    most = max(each.picture[0] for each in tensors(snapshot)) + AROUND_ROWS
    most = max(most, LOWEST)
    return Need(min(8, most), min(10, most), min(12, most), most)


def variants(snapshot: Snapshot) -> tuple[str, ...]:
    """Return what the map can show."""
    return QUANTITIES


def shown(context: DrawContext) -> str:
    """Return what the map shows, one of QUANTITIES."""
    return context.selection.variant("weights", QUANTITIES)


def title(context: DrawContext) -> tuple[str, str]:
    """Return the texts of the title line: tensor and quantity; the way through the entry."""
    snapshot, index = context.snapshot, context.selection.parameter
    tensor = tensor_of(snapshot, index)
    shape = "×".join(map(str, tensor.spec.shape))
    source, to = from_to(tensor, index)
    way = f"{source} → {to}" if source else f"→ {to}"
    way += symbol_of_parameter(snapshot, index)
    transposed = "x·W, in PyTorch Wᵀ" if len(tensor.spec.shape) > 1 else ""
    return f"{tensor.spec.name} {shape}: {words_of_quantity(snapshot, shown(context))}", joined(
        transposed, way
    )


def words_of_quantity(snapshot: Snapshot, quantity: str) -> str:
    """Return what the map shows in words."""
    if quantity == SHARE:
        return f"share of t={snapshot.t} in the gradient"
    if quantity == GRADIENT and snapshot.gradient is None:
        if not snapshot.backward_complete(snapshot.t):
            return f"gradient, t={snapshot.t} not done yet"
        return f"gradient so far, t={snapshot.t} … {snapshot.steps}"
    if quantity == CHANGE and snapshot.cursor.stage is Pass.UPDATE:
        return "change by this update"
    return quantity


def draw(context: DrawContext, width: int, height: int) -> Lines:
    """Draw the map, the selected entry and the distribution."""
    return cut_lines(_lines(context, width, height)[:height], width)


def _lines(context: DrawContext, width: int, height: int) -> Lines:
    """Return the lines of the panel; of a very narrow one they may be too long."""
    snapshot, index = context.snapshot, context.selection.parameter
    tensor, quantity = tensor_of(snapshot, index), shown(context)
    entries = entries_of(snapshot, tensor, quantity)
    below: list[Line] = [*_entry(context, width, 2 if height >= ROOMY else 1)]
    if height >= BELOW + 2:
        below.append(() if entries is None else _distribution(context, tensor, width))
    if entries is None:
        return (*_why_not(context, quantity, width), (), *below)
    room = height - len(below)
    if room < 2:
        return tuple(below[:height])
    scale = BarScale(_largest(entries))
    drawn = tensor_map(
        snapshot,
        tensor,
        entries,
        index,
        scale,
        context.bar_glyphs,
        width,
        room,
        large=context.zoomed,
        names=_names(context, quantity) if context.mark is not None else None,
    )
    return (*drawn, *below)


_PREFIXES = {VALUE: "", GRADIENT: "d", SHARE: "share d", CHANGE: "Δ"}


def _names(context: DrawContext, quantity: str) -> Callable[[int], str]:
    """Return what names an entry as it is shown: ``W_h[3,1]``, its gradient ``dW_h[3,1]``."""
    prefix = _PREFIXES[quantity]
    return lambda index: f"{prefix}{parameter_name(context.snapshot, index)}"


# ---------------------------------------------------------------- what is shown


def has_changed(snapshot: Snapshot) -> bool:
    """Return whether the last change of the weights is known: of the update that is at hand.

    Of the one before it is known only where the run came from there, not where it went back.
    """
    return snapshot.cursor.stage is Pass.UPDATE and snapshot.optimizer.updates_made > 0


def entries_of(snapshot: Snapshot, tensor: TensorRange, quantity: str) -> Array | None:
    """Return a number for each entry of the tensor, in order of storage; None if not known.

    Args:
        snapshot: the state of the training.
        tensor: the tensor.
        quantity: one of QUANTITIES.
    """
    optimizer = snapshot.optimizer
    if quantity == VALUE:
        return optimizer.parameters[tensor.part]
    if quantity == CHANGE:
        return optimizer.delta[tensor.part] if has_changed(snapshot) else None
    if quantity == GRADIENT and snapshot.gradient is not None:
        return snapshot.gradient.raw[tensor.part]
    report = _report(snapshot, tensor, quantity)
    if report is None or not snapshot.backward_complete(snapshot.t):
        return None
    return report.entries.reshape(-1)


def _report(snapshot: Snapshot, tensor: TensorRange, quantity: str) -> TensorReport | None:
    """Return the report on what is shown of the tensor, once there is one."""
    report = snapshot.proofs.get(PROOF)
    if not isinstance(report, TensorReport) or report.quantity != quantity:
        return None
    fits = report.tensor == tensor.spec.name and report.t in (0, snapshot.t)
    return report if fits else None


def _largest(entries: Array) -> float:
    """Return the largest finite magnitude; two passes over all entries without a copy."""
    if not entries.size:
        return 0.0
    size = max(float(entries.max()), -float(entries.min()))
    if np.isfinite(size):
        return size
    return float(np.max(np.abs(entries[np.isfinite(entries)]), initial=0.0))


def _why_not(context: DrawContext, quantity: str, width: int) -> Lines:
    """Return why the map is not there."""
    from rnn_tui.proofs.base import Refusal  # not for the first screen
    from rnn_tui.tui.panels.proofs.status import missing, paragraph

    snapshot = context.snapshot
    if isinstance(snapshot.proofs.get(PROOF), Refusal) or snapshot.running:
        return missing(context, PROOF, width)
    return paragraph(NO_CHANGE if quantity == CHANGE else NO_GRADIENT, width, "dim")


# ---------------------------------------------------------------- lines below the map


@dataclass(frozen=True, slots=True)
class _Number:
    """One number of the selected entry, with a name before it.

    Attributes:
        name: the name.
        brief: a shorter one, where there is little room.
        value: the number; None while it is not known.
        more: what is said behind it.
    """

    name: str
    brief: str
    value: float | None
    more: str = ""

    def line(self, *, brief: bool = False) -> Line:
        """Return name and number, the number in the hue of its sign."""
        before: Run = (f"  {self.brief if brief else self.name} ", "dim")
        if self.value is None:
            return before, (UNKNOWN, "dim")
        number_of_it: Run = (signed(self.value), role_of(self.value))
        return (before, number_of_it, (self.more, "dim")) if self.more else (before, number_of_it)


def _entry(context: DrawContext, width: int, most: int) -> Lines:
    """Return the selected entry: its value, gradient, share and last change.

    Args:
        context: the snapshot and the selection.
        width: cells.
        most: lines at most; where one is too few even for short names, numbers are left out, that
            which the map shows at last.
    """
    snapshot, index = context.snapshot, context.selection.parameter
    head: Line = ((f" {parameter_name(snapshot, index)}", "strong"),)
    change = has_changed(snapshot)
    numbers = {
        VALUE: _Number("=", "=", float(snapshot.optimizer.parameters[index])),
        GRADIENT: _gradient(snapshot, index),
        SHARE: _share(snapshot, index),
        CHANGE: _Number("last Δ", "Δ", float(snapshot.optimizer.delta[index]) if change else None),
    }
    for brief in (False, True):
        parts = {name: each.line(brief=brief) for name, each in numbers.items()}
        parts[VALUE] = tuple((text.removeprefix(" "), role) for text, role in parts[VALUE])
        if cell_width(head) + sum(map(cell_width, parts.values())) <= width:
            break
    kept = [*QUANTITIES]
    lines = _folded((head, *parts.values()), width)
    for name in (SHARE, CHANGE, GRADIENT, VALUE):
        if len(lines) > most and name != shown(context):
            kept.remove(name)
            lines = _folded((head, *(parts[each] for each in kept)), width)
    return lines[:most]


def _folded(parts: Iterable[Line], width: int) -> Lines:
    """Return parts one after another, in as few lines as it takes."""
    lines: list[Line] = [()]
    for part in parts:
        if lines[-1] and cell_width(lines[-1]) + cell_width(part) > width:
            lines.append(())
        lines[-1] = (*lines[-1], *part)
    return tuple(lines)


def _gradient(snapshot: Snapshot, index: int) -> _Number:
    """Return the entry of the gradient, and what clipping has made of it."""
    gradient = snapshot.gradient
    if gradient is not None:
        raw, clipped = float(gradient.raw[index]), float(gradient.clipped[index])
        more = f" clipped {signed(clipped)}" if clipped != raw else ""
        return _Number("gradient", "g", raw, more)
    ledger = _ledger(snapshot, index)
    if ledger is None or not snapshot.backward_complete(snapshot.t):
        return _Number("gradient", "g", None)
    return _Number("gradient so far", "g so far", float(ledger.running_sum[snapshot.t - 1]))


def _share(snapshot: Snapshot, index: int) -> _Number:
    """Return the share of the selected timestep in the gradient."""
    ledger, value = _ledger(snapshot, index), None
    if ledger is not None and snapshot.backward_complete(snapshot.t):
        value = float(ledger.contribution[snapshot.t - 1])
    return _Number(f"share of t={snapshot.t}", "share", value)


def _ledger(snapshot: Snapshot, index: int) -> Ledger | None:
    """Return the ledger of the entry, once it is there."""
    from rnn_tui.engine.analysis.ledger import Ledger  # not for the first screen

    ledger = snapshot.proofs.get(SHARES)
    if not isinstance(ledger, Ledger) or snapshot.request.parameter != index:
        return None
    return ledger


def _distribution(context: DrawContext, tensor: TensorRange, width: int) -> Line:
    """Return the distribution of what is shown, with its limits, mean and deviation."""
    report = _report(context.snapshot, tensor, shown(context))
    if report is None:
        return ()
    found = report.distribution
    if not found.finite:
        return ((f" {NOT_FINITE} all {count(found.count)} entries are not finite", "error"),)
    tail: Line = ((f"  {count(found.count)} entries", "dim"),)
    if found.finite < found.count:
        tail = ((f"  {NOT_FINITE} {count(found.count - found.finite)} not finite", "error"),)
    left: Line = ((f" {signed(found.lowest, 3)} ", "dim"),)
    right: Line = ((f" {signed(found.highest, 3)} ", "dim"),)
    more: tuple[Line, ...] = (
        (("  mean ", "dim"), (signed(found.mean, 3), "")),
        (("  std ", "dim"), (number(found.deviation, 3), "")),
        tail,
    )
    room = width - cell_width(left) - cell_width(right)
    for part in more:
        if room - cell_width(part) >= FEWEST:
            right, room = (*right, *part), room - cell_width(part)
    return (*left, (histogram(found, max(room, FEWEST)), "gate"), *right)


def histogram(found: Distribution, room: int) -> str:
    """Return a bar for each of equal ranges; a range with any entry has at least the lowest bar."""
    cells = MOST
    while cells > room and cells > FEWEST:
        cells //= 2
    bins = found.bins.reshape(cells, -1).sum(axis=1)
    most = int(bins.max())
    heights = [-(-int(each) * len(LEVELS) // most) if most else 0 for each in bins]
    return "".join(LEVELS[height - 1] if height else UNKNOWN for height in heights)


def signs(context: DrawContext) -> Signs:
    """Return what the signs on the panel mean."""
    return joined_signs(
        bars(context),
        tensor_picture(context.snapshot),
        (
            Sign("W_x 1×32  32×128", "a tensor, its rows times its columns"),
            Sign("x·W", "a row is multiplied by an input; PyTorch's files have the transpose, Wᵀ"),
            Sign("h_<t-1>[6] → i_t[9]", "what the entry is multiplied by, and what that goes into"),
            Sign("share of t", "what timestep t alone contributes to the gradient"),
            Sign("g  g so far", "the gradient; its sum over the timesteps done so far"),
            Sign("Δ", "the change that the last update made"),
            Sign(LEVELS, "how many entries there are, from the lowest to the highest", "gate"),
            Sign(UNKNOWN, "not known yet; between these bars, no entry", "dim"),
            Sign(NOT_FINITE, "an entry that is not finite", "error"),
        ),
        (
            Sign("d", "before a name: its gradient"),
            Sign("std", "the standard deviation: how far entries spread around their mean"),
            Sign("a_t  a_i", "what goes into tanh or σ (of gate i), before it"),
        ),
        values(context.snapshot),
        weights(context.snapshot),
    )


PANEL = PanelSpec(
    draw,
    title,
    help=signs,
    proofs=(PROOF, SHARES),
    selects_entries=True,
    variants=variants,
    need=need,
    table="update:weights",
)
