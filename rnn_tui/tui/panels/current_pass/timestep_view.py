"""What the timestep panel shows of one timestep, collected once for each drawing."""

from __future__ import annotations

from dataclasses import dataclass

from rnn_tui.engine.analysis.magnitudes import Magnitudes
from rnn_tui.engine.core.expressions import Array, Values
from rnn_tui.engine.core.operations import Operation
from rnn_tui.engine.network.sample_window import SampleWindow
from rnn_tui.session.snapshot import Snapshot, TaskInfo
from rnn_tui.tui.bar_scales import magnitudes_of
from rnn_tui.tui.bars import BarGlyphs
from rnn_tui.tui.draw_context import DrawContext

SYMBOL = 11  # cells of a row's symbol with its marker; in a stack names are longer
NUMBER = 9  # cells of a number
THROUGH = 15  # cells of the third column of the backward pass, see `TimestepView`
OUTPUTS = ("y_t", "p_t", "dy_t")  # symbols whose entries are outputs, not hidden units


@dataclass(frozen=True, slots=True)
class StripWidths:
    """Cells of the two strips of a row: of a value and of its gradient."""

    value: int
    gradient: int

    @classmethod
    def within(cls, width: int, symbol: int, entries: int) -> StripWidths:
        """Divide a panel's `width`, less the `symbol`, between strips of at most `entries`."""
        available = width - symbol - 2 * NUMBER - THROUGH - 6
        value = max(min(entries, available * 3 // 5), 1)
        return cls(value, max(min(entries, available - value), 1))


@dataclass(frozen=True, slots=True)
class TimestepView:
    """One timestep and the part of it that may be shown.

    Attributes:
        values: every symbol's values at this timestep, each [1, entries].
        forward: the operations that the forward pass has revealed.
        backward: the operations that the backward pass has revealed.
        unit: the selected unit, from 0.
        symbol: cells of a row's symbol with its marker.
        strips: the widths of the strips.
        magnitudes: what the strips' bars are measured by.
        glyphs: what they are drawn with.
        has_batch: the window has its data.
        has_state: the states before this timestep are known.
        has_pins: a what-if holds a value or cuts a path in this window.
        before: the values without any what-if; None where there is none.
        width: cells of the panel.
        t: the timestep.
        task: the names and the topology of the task.
        window: the window the timestep belongs to.
    """

    values: Values
    forward: tuple[Operation, ...]
    backward: tuple[Operation, ...]
    unit: int
    symbol: int
    strips: StripWidths
    magnitudes: Magnitudes
    glyphs: BarGlyphs
    has_batch: bool
    has_state: bool
    has_pins: bool
    before: Values | None
    width: int
    t: int
    task: TaskInfo
    window: SampleWindow

    @property
    def counts(self) -> bool:
        """True if the loss counts at this timestep."""
        return self.task.topology.counted[self.t - 1]

    @property
    def in_backward(self) -> bool:
        """True if the backward pass has reached this timestep."""
        return bool(self.backward)

    @property
    def revealed(self) -> tuple[Operation, ...]:
        """The revealed operations of the pass that is shown."""
        return self.backward or self.forward

    @property
    def newest(self) -> Operation | None:
        """The newest revealed operation."""
        return (self.revealed or (None,))[-1]

    def is_revealed(self, symbol: str) -> bool:
        """Return True if an operation that computes `symbol` is revealed."""
        return any(operation.symbol == symbol for operation in (*self.forward, *self.backward))

    def entry(self, array: Array) -> float:
        """Return the selected unit's entry of `array` [entries]; the last one if it has fewer."""
        return float(array[min(self.unit, len(array) - 1)])


def timestep_view(context: DrawContext, width: int) -> TimestepView:
    """Return the view of the timestep that the snapshot looks at, in a panel of `width` cells."""
    snapshot = context.snapshot
    t, has_batch = snapshot.t, snapshot.cursor.has_batch
    layers = snapshot.settings.layers
    symbol = SYMBOL + (len(str(layers)) if layers > 1 else 0)
    return TimestepView(
        values=snapshot.window.values(t),
        forward=snapshot.forward_revealed(t),
        backward=snapshot.backward_revealed(t),
        unit=context.selection.unit,
        symbol=symbol,
        strips=StripWidths.within(width, symbol, _longest(snapshot)),
        magnitudes=magnitudes_of(snapshot),
        glyphs=context.bar_glyphs,
        has_batch=has_batch,
        has_state=has_batch and (t == 1 or bool(snapshot.forward_complete(t - 1))),
        has_pins=bool(snapshot.pins),
        before=_before(snapshot, t),
        width=width,
        t=t,
        task=snapshot.task,
        window=snapshot.window,
    )


def selected_operation(context: DrawContext) -> Operation:
    """Return the operation that the user has selected; one at least is revealed."""
    operations = context.snapshot.selectable_operations(context.snapshot.t)
    return operations[max(len(operations) - 1 - context.selection.operation, 0)]


def _longest(snapshot: Snapshot) -> int:
    """Return the number of entries of the longest vector of a timestep."""
    sizes = snapshot.window.declaration.architecture
    return max(sizes.features, sizes.hidden, sizes.outputs)


def _before(snapshot: Snapshot, t: int) -> Values | None:
    """Return the values at `t` without any what-if, if they are known."""
    what_if = snapshot.what_if
    return what_if.before.values(t) if what_if is not None and what_if.before else None
