"""What a timestep adds to the loss and to gradients: the lines below its operations."""

from __future__ import annotations

import numpy as np

from rnn_tui.engine.analysis.loss_per_timestep import loss_of_sample
from rnn_tui.engine.core.norms import norm
from rnn_tui.engine.core.value_names import at_time, value_name
from rnn_tui.engine.network.layers import layer_number, name_in_layer, name_without_layer
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.tui.aligned_numbers import HeadedColumn, column_of
from rnn_tui.tui.draw_context import DrawContext
from rnn_tui.tui.equation_text import spell
from rnn_tui.tui.lines import Line, Lines, cell_width, text_width, whole_parts
from rnn_tui.tui.loss_words import term_words
from rnn_tui.tui.number_format import UNKNOWN, number, signed
from rnn_tui.tui.panels.current_pass.timestep_view import TimestepView
from rnn_tui.tui.parameter_names import TensorRange, parameter_name, tensor_of, tensors
from rnn_tui.tui.scope_words import batch_words

NORM = 10  # cells of a norm at least
MOST = 2**20  # gradients of a window, of which one is looked up


def contribution_line(context: DrawContext, view: TimestepView, width: int) -> Lines:
    """Return what this timestep adds to the selected parameter's gradient, and the sum so far.

    Both are over all samples of the batch; of a single one both factors are shown, with room.
    """
    snapshot = context.snapshot
    contributions = snapshot.contributions
    if contributions is None or not snapshot.backward_complete(contributions.t):
        return ()
    index, t, steps = context.selection.parameter, contributions.t, snapshot.steps
    batch, added = batch_words(snapshot), float(contributions.contribution[index])
    start: Line = (
        (f" d{parameter_name(snapshot, index)}", "strong"),
        (f"  {f'{batch}, ' if batch else ''}this timestep ", "dim"),
    )
    end: Line = (
        (signed(added), "gradient"),
        (f"   Σ t={steps}…{t} " if t < steps else f"   Σ t={t} ", "dim"),
        (signed(float(contributions.running_sum[index])), "strong"),
    )
    room = width - cell_width(start) - cell_width(end)
    for factors in _factors(view, snapshot, index, added):
        if text_width(context.written(factors)) <= room:
            return ((*start, (context.written(factors), ""), *end),)
    return ((*start, *end),)


def _factors(view: TimestepView, snapshot: Snapshot, index: int, product: float) -> tuple[str, ...]:
    """Return the factors of a contribution, the longest form first: ``h_6[3]·da_7[1] = 0.5·2 = ``.

    None where there is a batch, or where the gradient of a bias is no product.
    """
    from rnn_tui.tui.tensor_map import from_to  # not for the first screen

    tensor, t = tensor_of(snapshot, index), view.t
    spec, tape = tensor.spec, snapshot.window.tape
    row, column = divmod(index - tensor.start, spec.shape[-1])
    if snapshot.settings.batch > 1 or spec.left is None or tape.steps * spec.shape[-1] > MOST:
        return ()
    left = float(tape.flat(spec.left)[t - 1, column if spec.elementwise else row])
    right = float(tape.flat(spec.right)[t - 1, column])
    if not np.isclose(left * right, product, rtol=1e-3, atol=1e-30):
        return ()
    numbers = spell((left, "·", right))
    symbol, unit = _multiplied(tensor, column)
    known = view.values.get(symbol)
    if known is None or float(known[0, unit]) != right:
        return (f"{numbers} = ",)
    names = f"{at_time(from_to(tensor, index)[0], t)}·{value_name(symbol, t, unit + 1)}"
    return (f"{names} = {numbers} = ", f"{numbers} = ")


def _multiplied(tensor: TensorRange, column: int) -> tuple[str, int]:
    """Return symbol and entry of the gradient that makes a column of a tensor's gradient."""
    spec = tensor.spec
    block, unit = divmod(column, tensor.units)
    name, gate = name_without_layer(spec.right), spec.blocks[block]
    if gate:  # of the gru's candidate, W_h has another one than W_x
        name = "dm" if (name, gate) == ("dah", "n") else f"da_{gate}"
    symbol = name if "_" in name else f"{name}_t"
    return name_in_layer(symbol, layer_number(spec.right)), unit


def term_of_the_loss(view: TimestepView) -> Lines:
    """Return what this timestep adds to the loss, once its output is computed."""
    if not view.counts:
        sample = view.window.declaration.problem.differs(view.t)
        words = " of this sample" if sample else ""
        return (((f" L: y_{view.t}{words} does not count", "dim"),),)
    declaration = view.window.declaration
    term = term_words(view.task, view.window.declaration)
    value = UNKNOWN
    if all(view.is_revealed(each.symbol) for each in declaration.forward_operations[-1:]):
        value = number(float(loss_of_sample(view.window)[view.t - 1]))
    role = "dim" if value == UNKNOWN else "strong"
    return (((" L: this timestep adds ", "dim"), (f"{term} = ", ""), (value, role)),)


def weights_line(snapshot: Snapshot, width: int) -> Lines:
    """Return the tensors that the operations read, with their shapes, as many as fit."""
    shapes: list[Line] = [
        ((f"{each.spec.name} {'×'.join(map(str, each.spec.shape))}", "dim"),)
        for each in tensors(snapshot)
    ]
    start: Line = ((" weights: ", "dim"),)
    return ((*start, *whole_parts(shapes, width - cell_width(start))),)


def tensor_contributions(context: DrawContext, height: int) -> Lines:
    """Return a table of the tensors: norms of this timestep's contribution and the sum so far.

    Both are over all samples of the batch; they come with the end of the timestep. In fewer lines
    it has those from the selected one on.
    """
    snapshot, every = context.snapshot, tensors(context.snapshot)
    if height < 2:
        return ()
    selected = every.index(tensor_of(snapshot, context.selection.parameter))
    first = max(min(selected, len(every) - height + 1), 0)
    shown = every[first : first + height - 1]
    contributions = snapshot.contributions
    known = contributions is not None and snapshot.backward_complete(contributions.t)
    shares = sums = [0.0] * len(shown)
    if contributions is not None and known:
        shares = [norm(contributions.contribution[tensor.part]) for tensor in shown]
        sums = [norm(contributions.running_sum[tensor.part]) for tensor in shown]
    numbers = column_of([*shares, *sums], signed=False)
    share, so_far = (
        HeadedColumn(name, numbers, NORM, context.ascii) for name in ("‖share‖", "‖Σ so far‖")
    )
    of = f"  {len(shown)} of {len(every)} tensors" if len(shown) < len(every) else ""
    head = f"{'':9} {share.heading} {so_far.heading}{of}  {batch_words(snapshot)}"
    lines: list[Line] = [((head.rstrip(), "dim"),)]
    for tensor, of_share, of_sum in zip(shown, shares, sums, strict=True):
        numbers_of_it = (share.text(of_share), so_far.text(of_sum))
        if not known:
            numbers_of_it = (
                f"{UNKNOWN:>{len(numbers_of_it[0])}}",
                f"{UNKNOWN:>{len(numbers_of_it[1])}}",
            )
        lines.append(
            (
                (f"   {tensor.spec.name:6} ", ""),
                (numbers_of_it[0], "gradient" if known else "dim"),
                (f" {numbers_of_it[1]}", "" if known else "dim"),
            )
        )
    return tuple(lines)
