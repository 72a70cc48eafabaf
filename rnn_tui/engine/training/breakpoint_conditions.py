"""Breakpoints: conditions that stop a run, and the texts that they are written as.

    loss<0.01             the newest window's loss; also <=, > and >=
    smoothed<0.01         its moving average
    test<0.01             the newest loss measured on test data
    grad>10               the gradient's norm before clipping
    clipped               clipping changed an entry of the gradient
    saturated f>0.9       the share of gate f's entries in the window within 0.05 of its bounds;
                          of several layers that of the first, f2 is the gate of the second
    update=500            update 500 is done
    pass=BACKWARD         the first schedule step of that pass, in every update
    t=7                   timestep 7, forward and backward
    pass=BACKWARD t=7     timestep 7 of one pass
    nan                   some number is NaN or ±inf; always in the list and always on

A condition on a number is checked after each update. It fires when it becomes true. It fires again
only after it has been false in between: otherwise a run that is continued after a stop would stop
at once.

`rnn_tui.engine.training.breakpoint_parser` reads the texts.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from rnn_tui.engine.cells.base import Cell
from rnn_tui.engine.network.declaration import NetworkDeclaration
from rnn_tui.engine.network.layers import Layer, name_in_layer
from rnn_tui.engine.training.schedule import Pass, Schedule
from rnn_tui.settings import quote

SATURATION_MARGIN = 0.05  # an entry this close to a bound counts as saturated
COMPARISONS: dict[str, Compare] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
}
Compare = Callable[[float, float], bool]


class BreakpointError(ValueError):
    """A condition that makes no sense; the message is one line that begins with the condition."""


class Kind(StrEnum):
    """The kinds of conditions, by the word they begin with."""

    LOSS = "loss"
    SMOOTHED = "smoothed"
    TEST = "test"
    GRAD = "grad"
    CLIPPED = "clipped"
    SATURATED = "saturated"
    UPDATE = "update"
    PASS = "pass"  # a place in the schedule: pass=, t= or both
    NAN = "nan"


@dataclass(frozen=True, slots=True)
class Breakpoint:
    """One condition; `str` gives the text that `breakpoint_parser.parse` reads.

    Attributes:
        kind: the number that is compared, or PASS for a place in the schedule.
        comparison: how the number compares with `limit`, a key of `COMPARISONS`.
        limit: the number to compare with. For UPDATE, the update. For CLIPPED 0: the number
            compared is how many entries clipping changed.
        gate: for SATURATED, the gate by the name that it has in its layer: ``f``, ``f2``.
        stage: for PASS, the pass; None for both passes over time.
        t: for PASS, the timestep; 0 for the first schedule step of the pass.
        enabled: whether it stops the run.
    """

    kind: Kind
    comparison: str = ""
    limit: float = 0.0
    gate: str = ""
    stage: Pass | None = None
    t: int = 0
    enabled: bool = True

    def __str__(self) -> str:
        match self.kind:
            case Kind.PASS:
                stage = f"pass={self.stage}" if self.stage else ""
                return f"{stage} {f't={self.t}' if self.t else ''}".strip()
            case Kind.NAN | Kind.CLIPPED:
                return self.kind.value
            case Kind.SATURATED:
                return f"{self.kind} {self.gate}{self.comparison}{plain_number(self.limit)}"
            case _:
                return f"{self.kind}{self.comparison}{plain_number(self.limit)}"

    def fits(self, declaration: NetworkDeclaration, *, tested: bool = True) -> None:
        """Check that the network of `declaration` has the gate, and its windows the timestep.

        Args:
            declaration: of the network.
            tested: whether the task has test data.

        Raises:
            BreakpointError: there is no such gate, no such timestep, or no test loss.
        """
        layers, steps = declaration.layers, declaration.steps
        if self.kind is Kind.TEST and not tested:
            raise BreakpointError(f"{quote(str(self))} never stops: the task has no test data")
        if self.kind is Kind.SATURATED and self.gate not in saturation_bounds(layers):
            raise BreakpointError(f"{quote(str(self))} does not fit {_gates_in_words(layers)}")
        if self.t > steps:
            raise BreakpointError(f"{quote(str(self))} does not fit a window of {steps} timesteps")

    def positions(self, schedule: Schedule) -> tuple[int, ...]:
        """Return the positions in `schedule` where it stops; empty unless its kind is PASS."""
        if self.kind is not Kind.PASS or self.t > schedule.steps:
            return ()
        if self.stage is None:
            return schedule.forward(self.t), schedule.backward(self.t)
        if self.t:
            forward = self.stage is Pass.FORWARD
            return ((schedule.forward if forward else schedule.backward)(self.t),)
        return (_first_positions(schedule)[self.stage],)


NON_FINITE = Breakpoint(Kind.NAN)


def plain_number(number: float) -> str:
    """Return the shortest text that reads back as `number`."""
    return repr(number).removesuffix(".0")


def _first_positions(schedule: Schedule) -> dict[Pass, int]:
    """Return the position after the first schedule step of each pass."""
    return {
        Pass.BATCH: schedule.batch,
        Pass.FORWARD: schedule.forward(1),
        Pass.LOSS: schedule.loss,
        Pass.BACKWARD: schedule.backward(schedule.steps),
        Pass.CLIP: schedule.clip,
        Pass.UPDATE: schedule.end,
    }


def saturation_bounds(layers: Iterable[Layer]) -> dict[str, tuple[float, float]]:
    """Return (lowest, highest) value of each gate that is bounded, by its name in its layer.

    The simple cell has no gates; its state "h" is returned in their place.
    """
    return {
        name_in_layer(gate, layer.number): span
        for layer in layers
        for gate, span in _cell_bounds(layer.cell).items()
    }


def _cell_bounds(cell: Cell) -> dict[str, tuple[float, float]]:
    """Return the bounds of one cell's gates by its own names."""
    spans = {row.symbol: row.span for row in cell.rows}
    bounds = {gate or "h": spans.get(f"{gate or 'h'}_t") for gate in cell.gates}
    return {gate: span for gate, span in bounds.items() if span is not None}


def _gates_in_words(layers: Sequence[Layer]) -> str:
    """Return which gates there are: "the lstm cell, whose gates are i, f, g, o"."""
    first, last = (", ".join(saturation_bounds([layers[k]])) for k in (0, -1))
    cell = f"the {layers[0].cell.name} cell"
    if not first:
        return f"{cell}, which saturates nowhere"
    if len(layers) == 1:
        return f"{cell}, whose gates are {first}"
    between = ", " if len(layers) == 2 else " … "
    return f"{len(layers)} layers of {cell}, whose gates are {first}{between}{last}"
