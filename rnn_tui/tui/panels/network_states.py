"""The states of the network panel: rows of hidden units, and of the gradients' norms.

Where grounds can be seen, a cell has two units: ▀ in the shade of the upper on that of the lower,
or ▄ the other way round; and a norm stands on a ground of heat. Elsewhere units are bars.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from rnn_tui.engine.analysis.magnitudes import Magnitudes
from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.core.value_names import value_name
from rnn_tui.engine.network.layers import name_in_layer, name_without_layer
from rnn_tui.engine.training.schedule import Pass
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.tui.bar_scales import PROOF, magnitudes_of, value_scale
from rnn_tui.tui.bars import UNIT, BarScale, bars
from rnn_tui.tui.draw_context import DrawContext
from rnn_tui.tui.heat_map import heat_role, page_of
from rnn_tui.tui.lines import Line, Run, centre
from rnn_tui.tui.marks import name_cells
from rnn_tui.tui.number_format import NOT_FINITE, UNKNOWN, number
from rnn_tui.tui.strip_numbers import power

UPPER_UNIT, LOWER_UNIT = "▀", "▄"  # the unit that has the colour of the text
SHADES = 4  # on each side of nothing
LEAST_DECADES = 1  # of a scale of heat: what hardly changes looks alike


def states_of(snapshot: Snapshot) -> tuple[str, ...]:
    """Return the names of the cell's states in the first layer, h first: h and c of an LSTM."""
    return ("h", *map(name_without_layer, snapshot.memory_norms))


def is_known(snapshot: Snapshot, symbol: str, t: int) -> bool:
    """Return True if the forward pass has revealed `symbol` at timestep `t`."""
    return any(operation.symbol == symbol for operation in snapshot.forward_revealed(t))


@dataclass(frozen=True, slots=True)
class UnitRows:
    """Rows of a state's units, as many in each cell as there is room for.

    Attributes:
        context: what is drawn.
        state: the state: h, or c of an LSTM.
        width: cells of a timestep.
        rows: the rows there is room for.
    """

    context: DrawContext
    state: str
    width: int
    rows: int

    @property
    def name(self) -> str:
        """The name of the state in the layer shown."""
        return name_in_layer(self.state, self.context.snapshot.layer)

    @property
    def each(self) -> int:
        """How many units a row has."""
        return (self.width - 1) * (2 if self.context.grounds else 1)

    @property
    def shown(self) -> range:
        """The units that are shown: the page that has the selected one."""
        hidden = self.context.snapshot.settings.hidden
        return page_of(self.context.selection.unit, hidden, max(self.rows, 1) * self.each)

    def parts(self) -> list[range]:
        """Return the units of each row; the last of a page may have none."""
        hidden, shown = self.context.snapshot.settings.hidden, self.shown
        rows = min(max(self.rows, 1), -(-hidden // self.each))
        starts = range(shown.start, shown.start + rows * self.each, self.each)
        return [range(start, min(start + self.each, shown.stop)) for start in starts]

    def label(self, units: range) -> str:
        """Return the label of a row."""
        if not units:
            return ""
        return f"{self.name} {words_of(units)}"

    def scale(self) -> BarScale:
        """Return what the units are measured by, at all timesteps."""
        snapshot = self.context.snapshot
        symbol = name_in_layer(f"{self.state}_t", snapshot.layer)
        row = next(row for row in snapshot.rows if row.symbol == symbol)
        return UNIT if row.span else value_scale(row, magnitudes_of(snapshot))

    def cell(self, t: int, units: range, scale: BarScale) -> Line:
        """Return the units of one timestep."""
        snapshot = self.context.snapshot
        if not units:
            return ((" " * self.width, ""),)
        if not is_known(snapshot, name_in_layer(f"{self.state}_t", snapshot.layer), t):
            return ((centre(UNKNOWN, self.width), "dim"),)
        values = snapshot.window.tape[self.name][t, 0, units.start : units.stop]
        drawn: Line
        if self.context.grounds:
            drawn = pairs(values, scale, 2 if snapshot.training else 1)
        else:
            selected = self.context.selection.unit - units.start
            drawn = bars(values, scale, self.context.bar_glyphs, selected)
        blank = " " * (self.width - len(drawn))
        if self.context.mark is not None:
            drawn = self._with_names(drawn, t, units)
        return (*drawn, (blank, ""))

    def _with_names(self, drawn: Line, t: int, units: range) -> Line:
        """Return cells of units with their names; where one has two of them, of both."""
        values, each = self.context.snapshot.window.tape[self.name][t, 0], self.each
        each = -(-each // (self.width - 1))
        named: list[Run] = []
        for place, run in enumerate(drawn):
            first = units.start + place * each
            last = min(first + each, units.stop)
            which = f"{first + 1}:{last}" if last > first + 1 else first + 1
            name = value_name(f"{self.name}_t", t, which)
            named += name_cells((run,), name, "  ".join(map(number, values[first:last])))
        return tuple(named)


def words_of(units: range) -> str:
    """Return the numbers of units as they are written, from 1: 1–8, or 9 for one alone."""
    first, last = units.start + 1, units.stop
    return f"{first}–{last}" if last > first else str(first)


def shade(value: float, scale: BarScale, step: int = 1) -> int:
    """Return which of the shades a unit has: SHADES is that of nothing, more is positive.

    Args:
        value: a finite one.
        scale: what it is measured by.
        step: 2 for every other shade.
    """
    size = round(SHADES / step * scale.share(value)) * step
    return SHADES - size if value < 0 else SHADES + size


def pairs(values: Array, scale: BarScale, step: int = 1) -> tuple[Run, ...]:
    """Return a cell for two units each, the first above the second; see `shade` for the step.

    The lesser of two shades is the text's: half as many pairs of colours are to be sent.
    """
    shades = [shade(float(each), scale, step) if math.isfinite(each) else -1 for each in values]
    return tuple(_pair(*shades[k : k + 2]) for k in range(0, len(shades), 2))


@cache
def _pair(above: int, below: int | None = None) -> Run:
    """Return a cell with two shades, −1 for a value that is not finite; None below the last."""
    if -1 in (above, below):
        return NOT_FINITE, "error"
    if below is None:
        return UPPER_UNIT, f"units-{above}-"
    if above > below:
        return LOWER_UNIT, f"units-{below}-{above}"
    return UPPER_UNIT, f"units-{above}-{below}"


# Norms of gradients


@dataclass(frozen=True, slots=True)
class HeatScale:
    """A logarithmic scale from the smallest to the largest norm of a window.

    Attributes:
        low: the smallest, or a tenth of the largest if that is less.
        high: the largest; 0 if there is none.
    """

    low: float
    high: float

    @classmethod
    def of(cls, norms: Array) -> HeatScale:
        """Return the scale of these norms; those that are 0 or not finite have no part in it."""
        there = norms[np.isfinite(norms) & (norms > 0)]
        if not there.size:
            return cls(0.0, 0.0)
        high = float(there.max())
        return cls(min(float(there.min()), high / 10**LEAST_DECADES), high)

    def share(self, value: float) -> float:
        """Return where a norm is on the scale, from 0 to 1."""
        if not 0 < value < math.inf or not self.high or self.low == self.high:
            return 0.0
        low, high = math.log10(self.low), math.log10(self.high)
        return min(max((math.log10(value) - low) / (high - low), 0.0), 1.0)


@dataclass(frozen=True, slots=True)
class NormRow:
    """The row of ‖∂L/∂h_t‖, or of the same of another state.

    Attributes:
        context: what is drawn.
        state: the state.
        width: cells of a timestep.
    """

    context: DrawContext
    state: str
    width: int

    @property
    def symbol(self) -> str:
        """The gradient's symbol."""
        return name_in_layer(f"d{self.state}_t", self.context.snapshot.layer)

    @property
    def label(self) -> str:
        """The label of the row."""
        return f"‖{self.symbol}‖"

    def norms(self) -> Array:
        """Return the norms of all timesteps, [T]; before the pass has come there they are stale."""
        snapshot = self.context.snapshot
        if self.state == "h":
            return snapshot.gradient_norms
        return snapshot.memory_norms[name_in_layer(self.state, snapshot.layer)]

    def is_known(self, t: int) -> bool:
        """Return whether the backward pass has revealed the gradient at timestep `t`."""
        revealed = self.context.snapshot.backward_revealed(t)
        return any(operation.symbol == self.symbol for operation in revealed)

    def scale(self) -> HeatScale:
        """Return the scale of the window: of all of it if that is known, else of what is shown."""
        snapshot = self.context.snapshot
        name = name_in_layer(self.state, snapshot.layer)
        proved = snapshot.proofs.get(PROOF)
        found = proved.norms.get(name) if isinstance(proved, Magnitudes) else None
        if found is None:
            cursor = snapshot.cursor
            first = {Pass.BACKWARD: cursor.t, Pass.CLIP: 1, Pass.UPDATE: 1}.get(cursor.stage)
            if first is None:
                return HeatScale(0.0, 0.0)
            found = self.norms()[first - self.is_known(first) :]
        return HeatScale.of(found)

    def cell(self, t: int, scale: HeatScale) -> Line:
        """Return the norm at one timestep."""
        snapshot, room = self.context.snapshot, self.width - 1
        if not self.is_known(t):
            blank = snapshot.cursor.stage in (Pass.BATCH, Pass.FORWARD)
            return ((centre("" if blank else UNKNOWN, self.width), "dim"),)
        value = float(self.norms()[t - 1])
        line = self._norm(value, centre(power(value, room), room), scale)
        if self.context.mark is None:
            return line
        return name_cells(line, f"‖{value_name(self.symbol, t)}‖", number(value))

    def _norm(self, value: float, text: str, scale: HeatScale) -> Line:
        """Return a norm, as it is written."""
        if not math.isfinite(value):
            return ((text, "error"), (" ", ""))
        if not self.context.grounds:
            return ((text, "gradient"), (" ", ""))
        share = max(scale.share(value), 1e-9) if value else 0.0  # what is there has a ground
        return ((text, heat_role("strong", "gradient", share)), (" ", ""))


def shown_states(snapshot: Snapshot, chosen: str, room: bool) -> Sequence[str]:
    """Return the states whose gradients have a row: all with room for them, else the chosen one."""
    return states_of(snapshot)[::-1] if room else (chosen,)
