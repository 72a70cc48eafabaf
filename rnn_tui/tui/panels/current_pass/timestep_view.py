"""What the timestep panel shows of one timestep, collected once for each drawing."""

from __future__ import annotations

from dataclasses import dataclass, replace

from rnn_tui.engine.analysis.magnitudes import Magnitudes
from rnn_tui.engine.core.expressions import Array, Values
from rnn_tui.engine.core.operations import Operation
from rnn_tui.engine.network.declaration import NetworkDeclaration
from rnn_tui.engine.network.sample_window import SampleWindow
from rnn_tui.session.snapshot import Snapshot, TaskInfo
from rnn_tui.tui.bar_scales import magnitudes_of
from rnn_tui.tui.bars import BarGlyphs
from rnn_tui.tui.draw_context import DrawContext
from rnn_tui.tui.panels.current_pass.row_columns import (
    SYMBOL,
    RowColumns,
    gradient_exponent,
    row_columns,
)

OUTPUTS = ("y_t", "p_t", "dy_t")  # symbols whose entries are outputs, not hidden units


@dataclass(frozen=True, slots=True)
class TimestepView:
    """One timestep and the part of it that may be shown.

    Attributes:
        values: every symbol's values at this timestep, each [1, entries].
        forward: the operations that the forward pass has revealed.
        backward: the operations that the backward pass has revealed.
        unit: the selected unit, from 0.
        selected: the operation whose equation is shown; None before the first.
        columns: where the parts of a row stand.
        magnitudes: what the strips' bars are measured by.
        glyphs: what they are drawn with.
        has_batch: the window has its data.
        has_state: the states before this timestep are known.
        has_pins: a what-if holds a value or cuts a path in this window.
        before: the values without the newest what-if; None where there is none.
        old: the timestep that this pass was at before, whose values stay until they are
            overwritten; None where there is none, or where nothing is missing.
        width: cells of the panel.
        t: the timestep.
        task: the names and the topology of the task.
        window: the window the timestep belongs to.
        names_cells: cells that show a value have its name, so that one can point at them.
    """

    values: Values
    forward: tuple[Operation, ...]
    backward: tuple[Operation, ...]
    unit: int
    selected: Operation | None
    columns: RowColumns
    magnitudes: Magnitudes
    glyphs: BarGlyphs
    has_batch: bool
    has_state: bool
    has_pins: bool
    before: Values | None
    old: TimestepView | None
    width: int
    t: int
    task: TaskInfo
    window: SampleWindow
    names_cells: bool = False

    @property
    def counts(self) -> bool:
        """True if the loss counts at this timestep, for the sample shown."""
        return self.window.declaration.problem.counts(self.t, self.window.sample)

    @property
    def in_backward(self) -> bool:
        """True if the backward pass has reached this timestep."""
        return bool(self.backward)

    @property
    def revealed(self) -> tuple[Operation, ...]:
        """The revealed operations of the pass that is shown."""
        return self.backward or self.forward

    @property
    def reads(self) -> tuple[str, ...]:
        """The symbols that the equation shown reads."""
        return self.selected.expression.symbols() if self.selected is not None else ()

    def is_revealed(self, symbol: str) -> bool:
        """Return True if an operation that computes `symbol` is revealed."""
        return any(operation.symbol == symbol for operation in (*self.forward, *self.backward))

    def entry(self, array: Array) -> float:
        """Return the selected unit's entry of `array` [entries]; the last one if it has fewer."""
        return float(array[min(self.unit, len(array) - 1)])


def timestep_view(context: DrawContext, width: int) -> TimestepView:
    """Return the view of the timestep that the snapshot looks at, in a panel of `width` cells."""
    snapshot = context.snapshot
    view = _view_at(context, snapshot.t, width, magnitudes_of(snapshot))
    if not view.revealed:
        return view
    return replace(view, selected=selected_operation(context), old=_old(context, view))


def _old(context: DrawContext, view: TimestepView) -> TimestepView | None:
    """Return the timestep before, in this pass, while `view` is not complete."""
    snapshot = context.snapshot
    if view.t != snapshot.cursor.t or snapshot.cursor.complete:
        return None
    t = view.t + (1 if view.in_backward else -1)
    if not 1 <= t <= snapshot.steps:
        return None
    old = _view_at(context, t, view.width, view.magnitudes)
    return replace(old, columns=view.columns, backward=old.backward if view.in_backward else ())


def _view_at(context: DrawContext, t: int, width: int, magnitudes: Magnitudes) -> TimestepView:
    """Return the view of timestep `t` without what is selected."""
    snapshot = context.snapshot
    has_batch, layers, before = snapshot.cursor.has_batch, snapshot.settings.layers, None
    if snapshot.what_if is not None and snapshot.what_if.before:
        before = snapshot.what_if.before.values(t)
    columns = row_columns(
        width,
        SYMBOL + (len(str(layers)) if layers > 1 else 0),
        _label(snapshot),
        _longest(snapshot),
        gradient_exponent(magnitudes, snapshot.layer, t),
        compared=before is not None,
    )
    return TimestepView(
        values=snapshot.window.values(t),
        forward=snapshot.forward_revealed(t),
        backward=snapshot.backward_revealed(t),
        unit=context.selection.unit,
        selected=None,
        columns=columns,
        magnitudes=magnitudes,
        glyphs=context.bar_glyphs,
        has_batch=has_batch,
        has_state=has_batch and (t == 1 or bool(snapshot.forward_complete(t - 1))),
        has_pins=bool(snapshot.pins),
        before=before,
        old=None,
        width=width,
        t=t,
        task=snapshot.task,
        window=snapshot.window,
        names_cells=context.mark is not None,
    )


def selected_operation(context: DrawContext) -> Operation:
    """Return the operation that the user has selected; one at least is revealed."""
    operations = context.snapshot.selectable_operations(context.snapshot.t)
    return operations[max(len(operations) - 1 - context.selection.operation, 0)]


def through_label(operation: Operation, declaration: NetworkDeclaration) -> str:
    """Return the label of a gradient that passes through a row; y_t's goes to the top layer."""
    if operation.symbol == "dh_y":
        return f"→{declaration.layers[-1].name('h')}"
    return operation.symbol


def _label(snapshot: Snapshot) -> int:
    """Return the cells of the longest of these labels."""
    declaration = snapshot.window.declaration
    through = [each for each in declaration.backward_operations if each.column == "through"]
    return max(len(through_label(each, declaration)) for each in through)


def _longest(snapshot: Snapshot) -> int:
    """Return the number of entries of the longest vector of a timestep."""
    sizes = snapshot.window.declaration.architecture
    return max(sizes.features, sizes.hidden, sizes.outputs)
