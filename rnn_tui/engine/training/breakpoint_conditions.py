"""Breakpoints: conditions that stop a run, and the text they are written as.

    loss<0.01             the newest window's loss; also <=, > and >=
    smoothed<0.01         its moving average
    grad>10               the gradient's norm before clipping
    clipped               clipping changed an entry of the gradient
    saturated f>0.9       the share of gate f's entries in the window within 0.05 of its bounds
    update=500            update 500 is done
    pass=BACKWARD         the first schedule step of that pass, in every update
    t=7                   timestep 7, forward and backward
    pass=BACKWARD t=7     timestep 7 of one pass
    nan                   a number is not finite; always there and always on

A condition on a number is checked once an update. It fires when it becomes true, and again only
after it has been false, so that a run continued after a stop goes on.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from rnn_tui.engine.cells.base import Cell
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
ALLOWED = (
    "loss<X, smoothed<X, grad<X (also <=, >, >=), clipped, saturated GATE>X, update=N, pass=NAME, "
    "t=N, pass=NAME t=N or nan"
)
Compare = Callable[[float, float], bool]


class BreakpointError(ValueError):
    """A condition makes no sense; the message is one line that begins with the condition."""


class Kind(StrEnum):
    """The kinds of conditions, by the word they begin with."""

    LOSS = "loss"
    SMOOTHED = "smoothed"
    GRAD = "grad"
    CLIPPED = "clipped"
    SATURATED = "saturated"
    UPDATE = "update"
    PASS = "pass"  # a place in the schedule: pass=, t= or both
    NAN = "nan"


@dataclass(frozen=True, slots=True)
class Breakpoint:
    """One condition; `str` gives the text that `parse` reads.

    Attributes:
        kind: which number or place it is about.
        comparison: how the number compares with `limit`, a key of `COMPARISONS`.
        limit: the number compared with; UPDATE: the update; CLIPPED: 0, as it counts entries.
        gate: SATURATED: the cell's name of the gate.
        stage: PASS: the pass, None for both passes over time.
        t: PASS: the timestep, 0 for the pass's first schedule step.
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

    def fits(self, cell: Cell, steps: int | None = None) -> None:
        """Check that a cell and, if given, a window of `steps` timesteps have what it is about.

        Raises:
            BreakpointError: there is no such gate, or no such timestep.
        """
        if self.kind is Kind.SATURATED and self.gate not in (gates := saturation_bounds(cell)):
            there = f"whose gates are {', '.join(gates)}" if gates else "which saturates nowhere"
            raise BreakpointError(f"{quote(str(self))} does not fit the {cell.name} cell, {there}")
        if steps is not None and self.t > steps:
            raise BreakpointError(f"{quote(str(self))} does not fit a window of {steps} timesteps")

    def positions(self, schedule: Schedule) -> tuple[int, ...]:
        """Return the positions in `schedule` where it stops; none unless its kind is PASS."""
        if self.kind is not Kind.PASS or self.t > schedule.steps:
            return ()
        if self.stage is None:
            return schedule.forward(self.t), schedule.backward(self.t)
        if self.t:
            forward = self.stage is Pass.FORWARD
            return ((schedule.forward if forward else schedule.backward)(self.t),)
        return (_first_positions(schedule)[self.stage],)


NOT_FINITE = Breakpoint(Kind.NAN)


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


def saturation_bounds(cell: Cell) -> dict[str, tuple[float, float]]:
    """Return the bounds of the gates that have any, by name; the simple cell's one "gate" is h."""
    spans = {row.symbol: row.span for row in cell.rows}
    bounds = {gate or "h": spans.get(f"{gate or 'h'}_t") for gate in cell.gates}
    return {gate: span for gate, span in bounds.items() if span is not None}


# Parsing

_NUMBER = r"(?P<limit>(?:\d{1,40}\.?\d{0,40}|\.\d{1,40})(?:e[+-]?\d{1,4})?)"
_COMPARISON = r"(?P<comparison><=|>=|<|>)"
# Not compiled here: `re` does so, and caches it, when the first condition is parsed.
_COMPARED = rf"(?P<kind>loss|smoothed|grad)\s*{_COMPARISON}\s*{_NUMBER}"
_SATURATED = rf"saturated\s+(?P<gate>[a-z]\w*)\s*{_COMPARISON}\s*{_NUMBER}"
_UPDATE = r"update\s*=\s*(?P<update>\d{1,12})"
_PASS = r"(?:pass\s*=\s*(?P<stage>[a-z]+))?(?:(?:^|\s+)t\s*=\s*(?P<t>\d{1,12}))?"
_STAGES = ", ".join(Pass)
_HINTS = {
    "loss": "must compare with a number of at least 0: loss<0.01 (also <=, >, >=)",
    "smoothed": "must compare with a number of at least 0: smoothed<0.01 (also <=, >, >=)",
    "grad": "must compare with a number of at least 0: grad>10 (also <, <=, >=)",
    "clipped": "stands alone: clipped",
    "saturated": "must be a gate and a share from 0 to 1: saturated f>0.9 (also <, <=, >=)",
    "update": "must be a whole number of at least 1: update=500",
    "pass": f"must be one of {_STAGES}, and t with FORWARD and BACKWARD only: pass=BACKWARD t=7",
    "t": "must be a whole number of at least 1: t=7 or pass=BACKWARD t=7",
    "nan": "stands alone: nan",
}


def parse(text: str) -> Breakpoint:
    """Return the breakpoint that `text` describes; spaces and capitals do not matter.

    Raises:
        BreakpointError: it describes none.
    """
    plain = " ".join(text.lower().split())
    breakpoint = _parse_word(plain) or _parse_comparison(plain) or _parse_pass(plain)
    if breakpoint is None:
        word = re.match("[a-z]*", plain)
        hint = _HINTS.get(word.group() if word else "")
        raise BreakpointError(f"{quote(text)} {hint or f'is no breakpoint; allowed: {ALLOWED}'}")
    return breakpoint


def _parse_word(text: str) -> Breakpoint | None:
    """Parse ``clipped``, ``nan`` and ``update=N``; None where `text` is something else."""
    if text == Kind.CLIPPED:
        return Breakpoint(Kind.CLIPPED, ">")
    if text == Kind.NAN:
        return NOT_FINITE
    if (match := re.fullmatch(_UPDATE, text, re.ASCII)) and int(match["update"]):
        return Breakpoint(Kind.UPDATE, "=", int(match["update"]))
    return None


def _parse_comparison(text: str) -> Breakpoint | None:
    """Parse a number compared with a limit; None where `text` is something else."""
    if match := re.fullmatch(_COMPARED, text, re.ASCII):
        kind, gate, most = Kind(match["kind"]), "", math.inf
    elif match := re.fullmatch(_SATURATED, text, re.ASCII):
        kind, gate, most = Kind.SATURATED, match["gate"], 1.0
    else:
        return None
    limit = float(match["limit"])
    if limit > most or math.isinf(limit):
        return None
    return Breakpoint(kind, match["comparison"], limit, gate)


def _parse_pass(text: str) -> Breakpoint | None:
    """Parse ``pass=NAME``, ``t=N`` or both; None where `text` is something else."""
    match = re.fullmatch(_PASS, text, re.ASCII)
    if not match or not text:
        return None
    name, t = match["stage"], match["t"]
    stage = Pass.__members__.get(name.upper()) if name else None
    if (name and not stage) or (t and not int(t)):
        return None
    if stage and t and stage not in (Pass.FORWARD, Pass.BACKWARD):
        return None
    return Breakpoint(Kind.PASS, stage=stage, t=int(t or 0))
