"""Breakpoints: conditions that stop a run, written as text, checked once an update.

    loss<0.01             the newest window's loss; also <=, > and >=
    smoothed<0.01         its moving average
    grad>10               the gradient's norm before clipping
    clipped               clipping changed an entry of the gradient
    saturated f>0.9       the share of gate f's entries in the window within 0.05 of its bounds
    update=500            update 500 is done
    pass=BACKWARD         the first micro-operation of that pass, in every update
    t=7                   timestep 7, forward and backward
    pass=BACKWARD t=7     timestep 7 of one pass
    nan                   a number is not finite; always there and always on

Conditions on numbers look at edges: one fires when it becomes true, and again only after it has
been false, so that going on after a stop goes on.
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

NEAR = 0.05  # how close to a bound an entry counts as saturated
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
    """A condition that cannot be; the message is one line that begins with the condition."""


class Kind(StrEnum):
    """What a breakpoint looks at, by the word it begins with."""

    LOSS = "loss"
    SMOOTHED = "smoothed"
    GRAD = "grad"
    CLIPPED = "clipped"
    SATURATED = "saturated"
    UPDATE = "update"
    PLACE = "pass"  # or t=
    NAN = "nan"


@dataclass(frozen=True, slots=True)
class Breakpoint:
    """One condition; `str` gives the text that `parse` reads.

    Attributes:
        kind: what it looks at.
        comparison: how the number compares with `limit`, a key of `COMPARISONS`.
        limit: the number compared with; the update of UPDATE; 0 of CLIPPED, which counts entries.
        gate: of SATURATED, by the cell's name for it.
        stage: of PLACE; None for both passes over time.
        t: of PLACE; 0 for the pass's first micro-operation.
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
            case Kind.PLACE:
                stage = f"pass={self.stage}" if self.stage else ""
                return f"{stage} {f't={self.t}' if self.t else ''}".strip()
            case Kind.NAN | Kind.CLIPPED:
                return self.kind.value
            case Kind.SATURATED:
                return f"{self.kind} {self.gate}{self.comparison}{_plain(self.limit)}"
            case _:
                return f"{self.kind}{self.comparison}{_plain(self.limit)}"

    def fits(self, cell: Cell, steps: int | None = None) -> None:
        """Check it against a cell and, if given, a window of `steps` timesteps.

        Raises:
            BreakpointError: there is no such gate, or no such timestep.
        """
        if self.kind is Kind.SATURATED and self.gate not in (gates := saturable(cell)):
            there = f"whose gates are {', '.join(gates)}" if gates else "which saturates nowhere"
            raise BreakpointError(f"{quote(str(self))} does not fit the {cell.name} cell, {there}")
        if steps is not None and self.t > steps:
            raise BreakpointError(f"{quote(str(self))} does not fit a window of {steps} timesteps")

    def positions(self, schedule: Schedule) -> tuple[int, ...]:
        """Positions in `schedule` where a PLACE stands; none for other kinds and places beyond."""
        if self.kind is not Kind.PLACE or self.t > schedule.steps:
            return ()
        if self.stage is None:
            return schedule.forward(self.t), schedule.backward(self.t)
        if self.t:
            forward = self.stage is Pass.FORWARD
            return ((schedule.forward if forward else schedule.backward)(self.t),)
        return (_starts(schedule)[self.stage],)


NOT_FINITE = Breakpoint(Kind.NAN)


def _plain(number: float) -> str:
    """The shortest text that reads back as `number`."""
    return repr(number).removesuffix(".0")


def _starts(schedule: Schedule) -> dict[Pass, int]:
    """The position after the first micro-operation of each pass."""
    return {
        Pass.BATCH: schedule.batch,
        Pass.FORWARD: schedule.forward(1),
        Pass.LOSS: schedule.loss,
        Pass.BACKWARD: schedule.backward(schedule.steps),
        Pass.CLIP: schedule.clip,
        Pass.UPDATE: schedule.end,
    }


def saturable(cell: Cell) -> dict[str, tuple[float, float]]:
    """Gates that can saturate, by name, and their bounds; the simple cell's one "gate" is h."""
    spans = {row.symbol: row.span for row in cell.rows}
    found = {gate or "h": spans.get(f"{gate or 'h'}_t") for gate in cell.gates}
    return {gate: span for gate, span in found.items() if span is not None}


# Reading text

_NUMBER = r"(?P<limit>(?:\d{1,40}\.?\d{0,40}|\.\d{1,40})(?:e[+-]?\d{1,4})?)"
_COMPARISON = r"(?P<comparison><=|>=|<|>)"
# Compiled when one is first read, and kept by `re`.
_COMPARED = rf"(?P<kind>loss|smoothed|grad)\s*{_COMPARISON}\s*{_NUMBER}"
_SATURATED = rf"saturated\s+(?P<gate>[a-z]\w*)\s*{_COMPARISON}\s*{_NUMBER}"
_UPDATE = r"update\s*=\s*(?P<update>\d{1,12})"
_PLACE = r"(?:pass\s*=\s*(?P<stage>[a-z]+))?(?:(?:^|\s+)t\s*=\s*(?P<t>\d{1,12}))?"
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
    """The breakpoint that `text` describes; spaces and capitals are free.

    Raises:
        BreakpointError: it describes none.
    """
    plain = " ".join(text.lower().split())
    found = _parse_word(plain) or _parse_compared(plain) or _parse_place(plain)
    if found is None:
        word = re.match("[a-z]*", plain)
        hint = _HINTS.get(word.group() if word else "")
        raise BreakpointError(f"{quote(text)} {hint or f'is no breakpoint; allowed: {ALLOWED}'}")
    return found


def _parse_word(text: str) -> Breakpoint | None:
    """``clipped``, ``nan`` and ``update=N``."""
    if text == Kind.CLIPPED:
        return Breakpoint(Kind.CLIPPED, ">")
    if text == Kind.NAN:
        return NOT_FINITE
    if (match := re.fullmatch(_UPDATE, text, re.ASCII)) and int(match["update"]):
        return Breakpoint(Kind.UPDATE, "=", int(match["update"]))
    return None


def _parse_compared(text: str) -> Breakpoint | None:
    """A number compared with a limit."""
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


def _parse_place(text: str) -> Breakpoint | None:
    """``pass=NAME``, ``t=N`` or both."""
    match = re.fullmatch(_PLACE, text, re.ASCII)
    if not match or not text:
        return None
    name, t = match["stage"], match["t"]
    stage = Pass.__members__.get(name.upper()) if name else None
    if (name and not stage) or (t and not int(t)):
        return None
    if stage and t and stage not in (Pass.FORWARD, Pass.BACKWARD):
        return None
    return Breakpoint(Kind.PLACE, stage=stage, t=int(t or 0))
